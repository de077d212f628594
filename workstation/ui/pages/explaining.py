"""Explaining a finding on demand: evidence below the cards, the model's heat over the images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject

from resources.translation import tr
from viewers.scene.heat_layer import HeatLayer
from viewers.scene.occlusion_layer import LEAST_FULL
from viewers.scene.scene import Scene
from workstation.domain.errors import WorkstationError
from workstation.domain.finding import AlgorithmIdentity, Finding
from workstation.domain.model import OcclusionMap
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume
from workstation.services.explain_service import Explained, ExplainFindings
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.case_desk import CaseDesk
from workstation.ui.notice import Severity
from workstation.ui.pages.image_presenter import ImagePresenter
from workstation.ui.pages.occluding import Occluding
from workstation.ui.pages.reading_page import ReadingPage

MakeMap = Callable[[AlgorithmIdentity, Volume, JobContext], OcclusionMap | None]


class Explaining(QObject):
    """One finding is explained at a time; what is not wanted any more is cancelled."""

    def __init__(
        self,
        page: ReadingPage,
        images: ImagePresenter,
        desk: CaseDesk,
        jobs: JobRunner,
        explain: ExplainFindings | None,
    ) -> None:
        super().__init__(page)
        self._page = page
        self._images = images
        self._desk = desk
        self._jobs = jobs
        self._explain = explain
        self._measuring: JobHandle[Explained] | None = None
        self._heating: JobHandle[OcclusionMap | None] | None = None
        self._heat: Volume | None = None
        self._heat_title = ""
        self._say: Callable[[str], None] | None = None
        """Tells at its button how far the map in space is"""
        self.occluding = Occluding(page, images, desk, jobs, None if explain is None else explain.occluder)
        self.occluding.volume = self._volume
        self.occluding.lay_in_space = self._lay_occlusion
        self.occluding.take_away = self._take_heat_away
        panel = page.findings
        panel.evidence_asked.connect(self.explain)
        panel.evidence.heat_asked.connect(self.toggle_heat)
        panel.evidence.occlusion_asked.connect(self.toggle_occlusion)
        panel.evidence.closed.connect(self.clear)
        page.evidence_asked.connect(lambda: self.explain(panel.selected))
        images.case_closed.connect(self.clear)
        images.series_shown.connect(lambda _shown: self._dress())
        images.volume_built.connect(lambda _shown: self._dress())
        page.going_away.connect(self.clear)
        desk.changed.connect(lambda _what: self._leave_what_is_gone())

    def clear(self) -> None:
        """Stop, and take everything away."""
        self._stop_measuring()
        self._stop_heating()
        self.occluding.clear()
        self._page.findings.evidence.hide()

    def explain(self, tracking_uid: str) -> None:
        """Measure at a finding and show what is alike; a second request for the same one closes it."""
        session, pane = self._desk.session, self._page.findings.evidence
        if session is None or not tracking_uid or self._explain is None:
            return
        if pane.isVisible() and pane.view.tracking_uid == tracking_uid:
            self.clear()
            return
        finding = session.displayed.get(tracking_uid)
        if finding.on_image is not None:
            self._stop_measuring()
            self._stop_heating()
            self.occluding.explain(finding)
            return
        self.occluding.clear()
        is_known = session.displayed.algorithm is not None
        if pane.view.tracking_uid != tracking_uid and self._say == pane.show_occlusion:
            self._stop_heating()  # it spoke of the other mark
        view = pane.start(tracking_uid, finding.number, heat=is_known, occlusion=is_known and finding.mark is not None)
        self._stop_measuring()
        volume, explain = self._volume(), self._explain
        if volume is None:
            view.show_message(tr("Measured as soon as all slices of the series are here; ask again then."))
            return
        if session.findings.frame_of_reference_uid not in {"", volume.frame_of_reference_uid}:
            view.show_message(_other_series())
            return

        def refused(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                view.show_message(tr("This finding could not be measured."))
                raise error
            view.show_message(f"{error.user_text} {error.hint}".strip())

        self._measuring = self._jobs.submit(
            Pool.CPU, lambda job: explain(volume, finding, job), on_success=view.show_explained, on_error=refused
        )

    def _asked(self) -> Finding | None:
        """Return the finding whose evidence is shown, None where the operating point hides it or it is gone."""
        session, uid = self._desk.session, self._page.findings.evidence.view.tracking_uid
        shown = () if session is None else session.displayed.findings
        return next((one for one in shown if one.tracking_uid == uid), None)

    def _leave_what_is_gone(self) -> None:
        """Take evidence and maps of a finding away that is not shown any more."""
        if self._page.findings.evidence.isVisible() and self._asked() is None:
            self.clear()

    def _stop_measuring(self) -> None:
        if self._measuring is not None:
            self._measuring.cancel()
            self._measuring = None

    def _stop_heating(self) -> None:
        if self._heating is not None:
            self._heating.cancel()
            self._heating = None
        self._take_heat_away()
        said, self._say = self._say, None
        (said or self._page.findings.evidence.show_heat)("")

    # heat

    def toggle_heat(self) -> None:
        """Compute the map of what the evidence stands for, stop computing it, or take it away."""
        if self.occluding.is_open:
            self.occluding.toggle()
            return
        explain = self._explain
        if explain is not None:
            self._toggle(
                self._page.findings.evidence.show_heat,
                explain.heat.heat,
                tr("There is no heat map: this machine does not have the model"),
            )

    def toggle_occlusion(self) -> None:
        """Compute where the score of the mark comes from, stop computing it, or take it away."""
        session, explain, pane = self._desk.session, self._explain, self._page.findings.evidence
        finding, volume = self._asked(), self._volume()
        if session is None or explain is None or finding is None or finding.mark is None:
            return
        mark = finding.mark
        if volume is not None and session.findings.series_instance_uid not in {"", volume.series_instance_uid}:
            self._page.toast.emit(_other_series())
            return
        self._toggle(
            pane.show_occlusion,
            lambda algorithm, volume, job: explain.heat.occlusion(algorithm, volume, mark, job),
            tr("There is no occlusion map: this machine does not have the model"),
            is_fall=True,
        )

    def _toggle(self, say: Callable[[str], None], make: MakeMap, missing: str, *, is_fall: bool = False) -> None:
        """Take one map in space away where it is asked for again, else put it in the place of the other."""
        was, session, volume = self._say, self._desk.session, self._volume()
        if was is not None:
            self._stop_heating()
        elif volume is None:
            self._page.toast.emit(tr("Computed as soon as all slices of the series are here; ask again then"))
        algorithm = None if session is None else session.displayed.algorithm
        if was == say or volume is None or algorithm is None:
            return
        self._say = say
        say(tr("Stop · {percent} %", percent=0))

        def arrived(found: OcclusionMap | None) -> None:
            self._heating = None
            if found is None:
                self._stop_heating()
                self._page.toast.emit(missing)
            elif is_fall:
                self._lay_occlusion(found, volume)
            else:
                self._lay(found, volume)

        def failed(error: Exception) -> None:
            self._heating = None
            self._stop_heating()
            if not isinstance(error, WorkstationError):
                raise error
            self._page.show_error(error, key="heat", severity=Severity.DEGRADED)

        self._heating = self._jobs.submit(
            Pool.CPU,
            lambda job: make(algorithm, volume, job),
            on_success=arrived,
            on_error=failed,
            on_progress=lambda share, _text: say(tr("Stop · {percent} %", percent=f"{100 * share:.0f}")),
        )

    def _lay(self, found: OcclusionMap, volume: Volume, title: str = "") -> None:
        voxels: Any = np.ascontiguousarray(found.drop, dtype=np.float32)
        self._heat = Volume(
            voxels, found.ijk_to_lps, volume.frame_of_reference_uid, volume.series_instance_uid, unit=""
        )
        self._heat_title = title or tr("Heat")
        (self._say or self._page.findings.evidence.show_heat)(tr("Hide"))
        self._dress()

    def _lay_occlusion(self, found: OcclusionMap, volume: Volume) -> None:
        """Show where covering lowers the score, as a share of the strongest fall."""
        full = max(float(found.drop.max()), LEAST_FULL)
        self._lay(replace(found, drop=np.clip(found.drop / full, 0.0, 1.0)), volume, tr("Share of the strongest fall"))

    def _dress(self) -> None:
        heat = self._heat
        if heat is None:
            return

        def dress(scene: Scene) -> None:
            same = scene.frame_of_reference_uid == heat.frame_of_reference_uid
            if same and (scene.fused is None or isinstance(scene.fused, HeatLayer)):
                scene.fuse(HeatLayer(heat, self._heat_title))

        self._page.grid.change(dress)

    def _take_heat_away(self) -> None:
        if self._heat is None:
            return
        self._heat = None

        def undress(scene: Scene) -> None:
            if isinstance(scene.fused, HeatLayer):
                scene.fuse(None)

        self._page.grid.change(undress)

    def _volume(self) -> Volume | None:
        shown = self._images.shown
        return None if shown is None or shown.built is None else shown.built.volume


def _other_series() -> str:
    return tr("The model marked another series: show that one, then ask again")
