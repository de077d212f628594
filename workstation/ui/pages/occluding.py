"""Explaining what a model says of a film or a whole series: its words and score, and on demand what it comes from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject

from resources.translation import tr
from viewers.scene.occlusion_layer import OcclusionLayer
from viewers.scene.scene import Scene
from workstation.domain.errors import WorkstationError
from workstation.domain.finding import AlgorithmIdentity, Finding
from workstation.domain.image_place import ImageMark
from workstation.domain.model import OcclusionMap
from workstation.domain.volume import Volume
from workstation.services.explain_service import Occluder
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.case_desk import CaseDesk
from workstation.ui.finding_words import ai_word, image_place_word
from workstation.ui.notice import Severity
from workstation.ui.pages.image_presenter import ImagePresenter
from workstation.ui.pages.reading_page import ReadingPage


class Occluding(QObject):
    """One finding at a time; what is not wanted any more is cancelled at once."""

    def __init__(
        self, page: ReadingPage, images: ImagePresenter, desk: CaseDesk, jobs: JobRunner, occluder: Occluder | None
    ) -> None:
        super().__init__(page)
        self._page = page
        self._images = images
        self._desk = desk
        self._jobs = jobs
        self.occluder = occluder
        self.volume: Callable[[], Volume | None] = lambda: None
        self.lay_in_space: Callable[[OcclusionMap, Volume], None] = lambda _found, _volume: None
        self.take_away: Callable[[], None] = lambda: None
        """What shows a map in the patient over stack and planes"""
        self._finding: Finding | None = None
        self._job: JobHandle[OcclusionMap | None] | None = None
        self._layer: OcclusionLayer | None = None
        self._in_space = False
        images.marks.also.append(self._dress)

    @property
    def is_open(self) -> bool:
        """Tell whether the evidence of a finding on a film is shown."""
        return self._finding is not None

    def clear(self) -> None:
        """Stop, and take the map away."""
        self._finding = None
        self._stop()

    def explain(self, finding: Finding) -> None:
        """Show what the model said of an image; a finding without a place can be asked where it comes from."""
        session, pane = self._desk.session, self._page.findings.evidence
        mark = finding.original
        if session is None or not isinstance(mark, ImageMark):
            return
        self._stop()
        self._finding = finding
        algorithm = session.displayed.algorithm
        offered = mark.place.box_px is None and algorithm is not None and self.occluder is not None
        view = pane.start(finding.tracking_uid, finding.number, heat=offered, offer=tr("Occlusion map"))
        view.show_rows(_rows(mark, finding, algorithm))

    def toggle(self) -> None:
        """Compute the map, stop computing it, or take it away."""
        session, finding = self._desk.session, self._finding
        if self._job is not None or self._layer is not None or self._in_space:
            self._stop()
            return
        algorithm = None if session is None else session.displayed.algorithm
        if session is None or finding is None or algorithm is None or self.occluder is None:
            return
        mark, occluder, study = finding.original, self.occluder, session.study
        if not isinstance(mark, ImageMark):
            return
        pane = self._page.findings.evidence
        self._images.show_place(mark.place)
        volume = self.volume() if mark.place.series_instance_uid else None
        if mark.place.series_instance_uid and volume is None:
            self._page.toast.emit(tr("Computed as soon as all slices of the series are here; ask again then"))
            return
        pane.show_heat(tr("Stop · {percent} %", percent=0))

        def arrived(found: OcclusionMap | None) -> None:
            self._job = None
            if found is None:
                pane.show_heat("")
                self._page.toast.emit(tr("There is no occlusion map: this machine does not have the model"))
                return
            if volume is None:
                self._lay(found, mark)
                return
            self._in_space = True
            pane.show_heat(tr("Hide"))
            self.lay_in_space(found, volume)

        def failed(error: Exception) -> None:
            self._job = None
            pane.show_heat("")
            if not isinstance(error, WorkstationError):
                raise error
            self._page.show_error(error, key="occlusion", severity=Severity.DEGRADED)

        self._job = self._jobs.submit(
            Pool.CPU,
            lambda job: (
                occluder.occlusion(algorithm, study, mark.place, mark.label, job)
                if volume is None
                else occluder.occlusion_in_space(algorithm, volume, mark.label, job)
            ),
            on_success=arrived,
            on_error=failed,
            on_progress=lambda share, _text: pane.show_heat(tr("Stop · {percent} %", percent=f"{100 * share:.0f}")),
        )

    def _lay(self, found: OcclusionMap, mark: ImageMark) -> None:
        self._layer = OcclusionLayer(
            mark.place,
            np.ascontiguousarray(found.drop, dtype=np.float32),
            found.ijk_to_lps,
            tr("Score falls by"),
            tr("Explanation, no finding: {finding}", finding=ai_word(mark)),
        )
        self._page.findings.evidence.show_heat(tr("Hide"))
        self._page.grid.change(self._dress)

    def _dress(self, scene: Scene) -> None:
        session = self._desk.session
        own = session is not None and scene.study_instance_uid == session.study.study_instance_uid
        scene.explained = self._layer if own else None

    def _stop(self) -> None:
        if self._job is None and self._layer is None and not self._in_space:
            return
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._page.findings.evidence.show_heat("")
        if self._in_space:
            self._in_space = False
            self.take_away()
        if self._layer is not None:
            self._layer = None
            self._page.grid.change(self._dress)


def _rows(mark: ImageMark, finding: Finding, algorithm: AlgorithmIdentity | None) -> list[tuple[str, str]]:
    rows = [(tr("The model says"), ai_word(mark)), (tr("Place"), image_place_word(finding))]
    rows.append((tr("Score"), f"{mark.score:.2f}"))
    told = tr("not calibrated") if mark.out_of_ten is None else tr("true in about {count} of 10", count=mark.out_of_ten)
    rows.append((tr("Reliability"), told))
    if algorithm is not None:
        rows.append((tr("Model"), f"{algorithm.name} {algorithm.version}"))
    whole = bool(mark.place.series_instance_uid)
    film, series = tr("none: a film has no place in the patient"), tr("none: the model speaks of the whole series")
    rows.append((tr("Size"), series if whole else film))
    return rows
