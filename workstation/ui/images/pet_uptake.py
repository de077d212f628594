"""Uptake values wherever a PET is on screen: window, probe, regions and spheres are told in SUV, or why not."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QObject

from resources.translation import tr
from viewers.scene.curved_scene import CurvedScene
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from viewers.scene.uptake import Uptake
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.frames import FrameRef
from workstation.domain.ports import JobContext
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType
from workstation.domain.voi_words import SphereUptake
from workstation.domain.volume import Volume
from workstation.services.fusion_service import PreparedOverlay, PrepareOverlay, UptakeFacts
from workstation.services.jobs import JobHandle, Pool
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.hung_volumes import HungVolume
from workstation.ui.images.shown_series import ShownSeries

_CUT: Final = (MprScene, CurvedScene, VolumeScene)
"""Scenes that are cut from a volume"""


class PetUptake(QObject):
    """Reads the headers of each PET once it is shown, and holds its pixels against them when the volume is here."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images, self._jobs = context.page, context.images, context.jobs
        self._said: dict[str, SuvScale | SuvRefusal | None] = {}
        """By series, of priors too; None while the headers are on their way"""
        self._prepared: dict[str, _Prepared] = {}
        """By stack, once its volume is here"""
        self._hung: WeakKeyDictionary[HungVolume, _Prepared] = WeakKeyDictionary()
        """By volume of a cell, as long as its stage is on screen"""
        self._checking: dict[HungVolume, JobHandle[_Prepared]] = {}
        self._facts: dict[str, UptakeFacts] = {}
        """By series, what its headers say"""
        self._running: list[JobHandle[UptakeFacts] | JobHandle[_Prepared]] = []
        self.choice = context.images.suv
        if context.fusing is None:
            return
        self.choice.changed.connect(self._chosen)
        self._images.series_shown.connect(lambda _shown: self._offer())
        self._prepare: PrepareOverlay = context.fusing.prepare
        self._images.case_closed.connect(self._closed)
        self._images.volume_built.connect(self._built)
        self._images.uptake_prepared.connect(self._hung_prepared)
        self._images.marks.also.append(self._dress)

    def _closed(self) -> None:
        for job in (*self._running, *self._checking.values()):
            job.cancel()
        self._checking.clear()
        self._running.clear()
        self._said.clear()
        self._prepared.clear()
        self._hung.clear()
        self._facts.clear()
        self.choice.forget()

    def _offer(self) -> None:
        """Offer what the PET on screen allows."""
        facts = self._facts.get(self._images.series_instance_uid)
        self.choice.offer(facts.by_type if facts is not None else {})

    def _chosen(self) -> None:
        """Tell every PET in the value that was chosen; pixels that are here are prepared anew."""
        for series, facts in self._facts.items():
            self._said[series] = facts.by_type[self.choice.wanted]
        shown = self._images.shown
        if shown is not None:
            self._built(shown)
        self._page.grid.change(self._dress)
        self._page.show_window()

    def _built(self, shown: ShownSeries) -> None:
        if shown.series.modality != "PT" or shown.built is None:
            return
        volume, wanted = shown.built.volume, self.choice.wanted
        known = shown.prepared if wanted is SuvType.BW else None

        def work(job: JobContext) -> _Prepared:
            prepared = known or self._prepare(
                volume,
                study_instance_uid=shown.scene.study_instance_uid,
                modality=shown.series.modality,
                job=job,
                wanted=wanted,
            )
            return _Prepared.of(prepared, volume)

        def checked(found: _Prepared) -> None:
            if wanted is self.choice.wanted:
                self._checked(shown, found)

        self._running.append(self._jobs.submit(Pool.IO, work, on_success=checked))

    def _checked(self, shown: ShownSeries, found: _Prepared) -> None:
        if self.choice.wanted is SuvType.BW:
            shown.prepared = found.prepared
        found.frames = frozenset(shown.scene.ref(index) for index in range(shown.scene.count))
        found.follow(self._prepared.get(shown.key))
        self._prepared[shown.key] = found
        if found.prepared.suv is not None:
            self._tell(shown.series_instance_uid, found.prepared.suv)
        for scene in (shown.scene, *shown.scenes.values()):  # those that are not on screen as well
            self._dress(scene)

    def _hung_prepared(self, hung: HungVolume) -> None:
        """Tell what a cell cuts from a PET in uptake values as well."""
        built, prepared, stack = hung.built, hung.prepared, hung.stack
        if built is None or prepared is None or stack.series.modality != "PT":
            return

        wanted = self.choice.wanted

        def checked(found: _Prepared) -> None:
            self._checking.pop(hung, None)  # what came of it would keep the volume
            if wanted is not self.choice.wanted:
                return
            found.frames = frozenset(hung.refs)
            found.follow(self._hung.get(hung))
            self._hung[hung] = found
            if prepared.suv is not None:
                self._tell(stack.series.series_instance_uid, prepared.suv)

        former = self._checking.pop(hung, None)
        if former is not None:
            former.cancel()
        self._checking[hung] = self._jobs.submit(
            Pool.IO, lambda _job: _Prepared.of(prepared, built.volume), on_success=checked
        )

    def _ask(self, study_uid: str, series_uid: str) -> None:
        self._said[series_uid] = None

        def read(job: JobContext) -> UptakeFacts:
            return self._prepare.from_headers(study_uid, series_uid, job)

        def heard(facts: UptakeFacts) -> None:
            self._facts[series_uid] = facts
            self._offer()
            # what the pixels say counts more
            self._tell(series_uid, self._said.get(series_uid) or facts.by_type[self.choice.wanted])

        self._running.append(self._jobs.submit(Pool.IO, read, on_success=heard))

    def _tell(self, series_uid: str, found: SuvScale | SuvRefusal) -> None:
        self._said[series_uid] = found
        self._page.grid.change(self._dress)
        self._page.show_window()

    def _dress(self, scene: Scene) -> None:
        if scene.modality != "PT" or not isinstance(scene, (StackScene, *_CUT)):
            return
        series = scene.series_instance_uid
        if series not in self._said:
            self._ask(scene.study_instance_uid, series)
        found = self._said[series]
        known = chain(self._prepared.values(), self._hung.values())
        prepared = next((one for one in known if one.is_of(scene)), None)
        scene.uptake, scene.no_uptake = uptake_of(found)
        if found is None:
            scene.no_uptake = tr("SUV is being worked out: values are as they were stored")
        facts = self._facts.get(series)
        if facts is not None:
            given = " · ".join(part for part in (facts.tracer, facts.elapsed) if part)
            scene.captions = replace(scene.captions, contrast=given)
        if prepared is not None:
            scene.measured_volume = prepared.measured
            self._images.spheres.dress(scene, prepared.spheres)
        if isinstance(scene, _CUT) and scene.uptake is not None and scene.uptake.own:
            if prepared is None:
                scene.uptake, scene.no_uptake = None, tr("No SUV yet: every slice has a factor of its own.")
            else:
                scene.volume = prepared.shown


class _Prepared:
    """What the pixels of one series became: what is shown of them and what is measured in space."""

    def __init__(self, prepared: PreparedOverlay, raw: Volume, measured: Volume, shown: Volume) -> None:
        self.prepared = prepared
        self.measured = measured
        """Uptake values, or the stored ones where there are none: spheres, nodules and regions are told in these"""
        self.shown = shown
        """Stored values; those of the first slice's factor where every slice has its own"""
        self.spheres = SphereUptake(prepared.volume, prepared.suv)
        self.frames: frozenset[FrameRef] = frozenset()
        self._volumes: tuple[Volume, ...] = (raw, shown)

    @classmethod
    def of(cls, prepared: PreparedOverlay, raw: Volume) -> _Prepared:
        """Return it for a series; takes as long as a pass over its voxels."""
        if not isinstance(prepared.suv, SuvScale):
            return cls(prepared, raw, prepared.volume, raw)
        shown = raw
        if prepared.suv.factor is None:
            first, padding = np.float32(prepared.suv.factors[0]), prepared.volume.padding
            voxels = (prepared.volume.voxels / first).astype(np.float32, copy=False)
            if padding is not None:
                padding = float(np.float32(padding[0]) / first), float(np.float32(padding[1]) / first)
            shown = replace(raw, voxels=voxels, padding=padding)
        return cls(prepared, raw, replace(prepared.volume, unit=prepared.suv.suv_type.measured_unit), shown)

    def follow(self, former: _Prepared | None) -> None:
        """Count for the scenes that were given what the series was before, in another uptake value."""
        if former is not None:
            self._volumes = (*self._volumes, *former._volumes)  # noqa: SLF001 - its own kind

    def is_of(self, scene: Scene) -> bool:
        """Tell whether a scene shows this stack; a series may hold several, of other times or energies."""
        if isinstance(scene, _CUT):
            return any(scene.volume is one for one in self._volumes)
        return isinstance(scene, StackScene) and all(scene.ref(index) in self.frames for index in range(scene.count))


def uptake_of(found: SuvScale | SuvRefusal | None) -> tuple[Uptake | None, str]:
    """Return the uptake of a series, or why there is none; neither while its headers or pixels are on their way."""
    if isinstance(found, SuvScale):
        uptake = Uptake.of(found)
        return uptake, "" if uptake is not None else tr("No SUV: the slices do not say which factor is theirs.")
    if found is None or found.needs_pixels:
        return None, ""
    return None, tr("No SUV: {reason}", reason=found.text)
