"""Uptake values wherever a PET is on screen: window, probe, regions and spheres are told in SUV, or why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from PySide6.QtCore import QObject

from resources.translation import tr
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from viewers.scene.uptake import UNIT, Uptake
from workstation.domain.annotation import Annotation
from workstation.domain.ports import JobContext
from workstation.domain.suv import SuvRefusal, SuvScale
from workstation.domain.voi_words import voi_lines
from workstation.domain.volume import Volume
from workstation.services.fusion_service import PreparedOverlay, PrepareOverlay
from workstation.services.jobs import JobHandle, Pool
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.shown_series import ShownSeries


class PetUptake(QObject):
    """Reads the headers of each PET once it is shown, and holds its pixels against them when the volume is here."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images, self._jobs = context.page, context.images, context.jobs
        self._said: dict[str, SuvScale | SuvRefusal | None] = {}
        """By series, of priors too; None while the headers are on their way"""
        self._running: list[JobHandle[SuvScale | SuvRefusal] | JobHandle[PreparedOverlay]] = []
        if context.fusing is None:
            return
        self._prepare: PrepareOverlay = context.fusing.prepare
        self._images.case_closed.connect(self._closed)
        self._images.volume_built.connect(self._built)
        self._images.marks.also.append(self._dress)

    def _closed(self) -> None:
        for job in self._running:
            job.cancel()
        self._running.clear()
        self._said.clear()

    def _built(self, shown: ShownSeries) -> None:
        if shown.series.modality != "PT" or shown.built is None:
            return
        if shown.prepared is not None:
            self._checked(shown, shown.prepared)
            return
        volume = shown.built.volume

        def work(job: JobContext) -> PreparedOverlay:
            return self._prepare(
                volume, study_instance_uid=shown.scene.study_instance_uid, modality=shown.series.modality, job=job
            )

        self._running.append(
            self._jobs.submit(Pool.IO, work, on_success=lambda prepared: self._checked(shown, prepared))
        )

    def _checked(self, shown: ShownSeries, prepared: PreparedOverlay) -> None:
        shown.prepared = prepared
        words = sphere_words(prepared.volume, prepared.suv)
        for scene in (shown.scene, *shown.scenes.values()):
            if isinstance(scene, (StackScene, MprScene)):
                scene.sphere_words = words
        if isinstance(prepared.suv, SuvScale):  # a sphere is measured where the values are those that are told
            shown.scene.measured_volume = replace(prepared.volume, unit=UNIT)
        if prepared.suv is not None:
            self._tell(shown.series_instance_uid, prepared.suv)

    def _ask(self, study_uid: str, series_uid: str) -> None:
        self._said[series_uid] = None

        def read(job: JobContext) -> SuvScale | SuvRefusal:
            return self._prepare.from_headers(study_uid, series_uid, job)

        def heard(found: SuvScale | SuvRefusal) -> None:
            if self._said.get(series_uid) is None:  # what the pixels say counts more
                self._tell(series_uid, found)

        self._running.append(self._jobs.submit(Pool.IO, read, on_success=heard))

    def _tell(self, series_uid: str, found: SuvScale | SuvRefusal) -> None:
        self._said[series_uid] = found
        self._page.grid.change(self._dress)
        self._page.show_window()

    def _dress(self, scene: Scene) -> None:
        if scene.modality != "PT" or not isinstance(scene, (StackScene, MprScene)):
            return
        if scene.series_instance_uid not in self._said:
            self._ask(scene.study_instance_uid, scene.series_instance_uid)
        found = self._said[scene.series_instance_uid]
        scene.uptake = Uptake.of(found) if isinstance(found, SuvScale) else None
        refused = isinstance(found, SuvRefusal) and not found.needs_pixels
        scene.no_uptake = tr("No SUV: {reason}", reason=found.text) if isinstance(found, SuvRefusal) and refused else ""


def sphere_words(volume: Volume, suv: SuvScale | SuvRefusal | None) -> Callable[[Annotation], tuple[str, ...]]:
    """Return the words of spheres on a PET; each is measured once, not at every repaint."""

    @lru_cache(maxsize=64)
    def words(sphere: Annotation) -> tuple[str, ...]:
        return voi_lines(volume, suv, sphere)

    return words
