"""Follow-up: the nodules of the case beside those of the prior on screen; the reader says which are the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, Qt

from resources.translation import tr
from viewers.scene.scene import Scene
from workstation.domain.errors import WorkstationError
from workstation.domain.finding import FindingList
from workstation.domain.follow_up import (
    Compared,
    Matrix,
    PairState,
    SeenNodule,
    StudyDay,
    candidates,
    compare,
    nodules_of,
    nodules_of_prior,
)
from workstation.domain.geometry import Point
from workstation.domain.hanging import day_of
from workstation.domain.nodule_history import StudyNodules, Timeline
from workstation.domain.ports import JobContext
from workstation.domain.registration import inverted, moved
from workstation.domain.study import Study
from workstation.services.foreign_objects_service import ForeignObjects, wanted
from workstation.services.image_service import PlacedSlice, build_volume
from workstation.services.jobs import JobHandle, Pool
from workstation.services.nodule_service import MeasuredNodule
from workstation.ui.commands import Command
from workstation.ui.follow_up_words import follow_up_facts, interval_words, undecided_words
from workstation.ui.images.cell_images import CellStack
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.hanging import Hanging
from workstation.ui.images.nodule_history import NoduleHistory
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.prior_alignment import PriorAlignment
from workstation.ui.images.priors import Priors
from workstation.ui.keymap import shown_key
from workstation.ui.notice import Notice, Severity
from workstation.ui.timeline_words import study_words, timeline_facts
from workstation.ui.widgets.follow_up_panel import ALIGN_KEY, FollowUpPanel, FollowUpState
from workstation.ui.widgets.nodule_timeline import TimelineFacts
from workstation.ui.widgets.panning import bring

COMMAND: Final = "follow.panel"
_NOTICE: Final = "follow"
_AROUND_MM: Final = 70.0
"""How much of the prior above and below the place is read for measuring: the largest nodule and its lung."""


class FollowUpView(QObject):
    """Nothing of it outlives the case; what was confirmed lives in the case's findings."""

    def __init__(self, context: FeatureContext, hanging: Hanging, alignment: PriorAlignment, priors: Priors) -> None:
        super().__init__(context.page)
        self._page, self._images, self._jobs = context.page, context.images, context.jobs
        self._hanging, self._alignment, self._priors = hanging, alignment, priors
        self._reads = context.foreign is not None
        self._case: OpenImages | None = None
        self._findings: FindingList | None = None
        self._objects: dict[str, ForeignObjects] = {}
        self._chosen: dict[str, str] = {}
        self._job: JobHandle[MeasuredNodule] | None = None
        self._pointed_out: SeenNodule | None = None
        self.lines: tuple[Compared, ...] = ()
        self.history = NoduleHistory(context, priors)
        self.panel = FollowUpPanel()
        self._page.view_commands.beside.append(self.panel.commands)
        self._page.add_side(self.panel)
        self._page.view_commands.of_images(
            Command(COMMAND, tr("Follow-up of nodules"), "line-chart", "Shift+U", self.toggle, tr("Images"),
                    checkable=True)
        )  # fmt: skip
        self._page.header.menu.addAction(self._page.view_commands.action(COMMAND))
        self._connect()

    def _connect(self) -> None:
        images, panel = self._images, self.panel
        images.case_opened.connect(self._opened)
        images.case_closed.connect(self._closed)
        images.findings_shown.connect(self._found)
        images.measured.connect(lambda _drawn: self.show_lines())
        images.objects_read.connect(self._read)
        images.volume_built.connect(lambda _shown: self.show_lines())
        self._hanging.changed.connect(self._hung)
        self._hanging.stack_settled.connect(lambda _stack: self.show_lines())
        self._alignment.changed.connect(self.show_lines)
        panel.chosen.connect(self.choose)
        panel.confirm_asked.connect(self.confirm)
        panel.part_asked.connect(self.part)
        panel.other_asked.connect(self.other)
        panel.measure_asked.connect(self.measure)
        panel.align_asked.connect(self._align)
        panel.tell_asked.connect(self.tell)
        panel.study_asked.connect(self.beside)
        self.history.changed.connect(self.show_lines)
        panel.closed.connect(self.toggle)
        panel.left.connect(self._leave)
        panel.keys_taken.connect(lambda taken: self._page.findings.show_keys(shown=not taken))

    # the case

    def _opened(self, case: OpenImages) -> None:
        self._case = case

    def _closed(self) -> None:
        self._stop()
        self._case = self._findings = None
        self._objects, self._chosen, self.lines, self._pointed_out = {}, {}, (), None
        self.panel.hide()
        self.panel.show_cards((), "")
        self.panel.timeline.show_facts(TimelineFacts())
        self._page.view_commands.action(COMMAND).setChecked(False)

    def _found(self, findings: FindingList) -> None:
        if findings != self._findings:
            self._findings = findings
            self.show_lines()

    def _read(self, found: ForeignObjects) -> None:
        self._objects[found.study_instance_uid] = found
        self.show_lines()

    def _hung(self) -> None:
        for cell in self._hanging.prior_cells():
            if cell.stack is not None:
                self._images.beside.emit(cell.stack.study)
        self.show_lines()

    def toggle(self) -> None:
        """Show the panel with the keys in it, or put it away; the newest prior is put beside the case."""
        show = self.panel.isHidden() and self._case is not None
        self.panel.setVisible(show)
        self._page.view_commands.action(COMMAND).setChecked(show)
        if not show:
            self._point_out()
            self._leave()
            return
        if self._beside() is None:
            self._priors.toggle()
        self.history.read()
        self.show_lines()
        self.panel.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if not self.panel.selected and self.lines:
            self.choose(self.lines[0].key)

    def _leave(self) -> None:
        self._page.grid.active.setFocus(Qt.FocusReason.OtherFocusReason)

    # what there is to compare

    def _beside(self) -> tuple[Scene, Scene, CellStack] | None:
        return self._alignment.pair() if self._case is not None else None

    def _matrix(self) -> Matrix | None:
        """Return the map from the prior's millimetres to the case's, None before they are aligned."""
        pair = self._beside()
        return None if pair is None else self._page.grid.links.matrix(pair[1], pair[0])

    def _of_prior(self, stack: CellStack) -> tuple[SeenNodule, ...]:
        """Return what was reported of the prior, and what was measured in it now."""
        frames = _frames(stack)
        read = self._objects.get(stack.study.study_instance_uid)
        reported = (one for each in (() if read is None else read.objects) for one in each.nodules)
        placed = (one for one in reported if one.frame_of_reference_uid in frames)
        return nodules_of_prior(placed, stack.scene.annotations.items)

    def _marks_of_prior(self, stack: CellStack) -> tuple[SeenNodule, ...]:
        """Return what a model marked in the prior and nobody decided."""
        read, frames = self._objects.get(stack.study.study_instance_uid), _frames(stack)
        return () if read is None else tuple(m for m in read.undecided_marks if m.frame_of_reference_uid in frames)

    def _unknown(self, prior: Study) -> str:
        """Return why the prior's records are not known whole, empty where they are."""
        read = self._objects.get(prior.study_instance_uid)
        if read is None:
            return tr("its records are being read…") if self._reads and wanted(prior) else ""
        return tr("not all of its records could be read") if read.unread else ""

    def show_lines(self) -> None:
        """Compare anew and show it; nothing is worked out while nobody looks."""
        if self.panel.isHidden():
            return
        why = self._compare()
        self.panel.show_cards([follow_up_facts(one) for one in self.lines], why)
        self._show_studies()
        self._show_state()

    def _show_studies(self) -> None:
        """Offer every earlier study with nodules on record, and the one on screen, the newest first."""
        pair = self._beside()
        known = {one.day.study_instance_uid: one for one in self.history.studies}
        uid = "" if pair is None else pair[2].study.study_instance_uid
        day = None if pair is None else day_of(pair[2].study.study_date)
        note, is_known = "", True
        if pair is not None and day is not None:
            seen, unknown = self._of_prior(pair[2]), self._unknown(pair[2].study)
            here = StudyNodules(StudyDay(uid, day), seen)
            # also what was measured in it just now
            known[uid] = max(known.get(uid, here), here, key=lambda one: len(one.nodules))
            is_known = bool(known[uid].nodules) or not unknown
            note = " · ".join(filter(None, (undecided_words(self._marks_of_prior(pair[2])), unknown)))
        listed = sorted(known.values(), key=lambda one: (one.day.on, one.day.study_instance_uid), reverse=True)
        self.panel.show_studies([
            (each, study_words(one) if is_known or each != uid else one.day.on.isoformat())
            for one in listed if (each := one.day.study_instance_uid)
        ], uid, note)  # fmt: skip

    def beside(self, study_instance_uid: str) -> None:
        """Put another earlier study beside the case."""
        pair = self._beside()
        if pair is None or pair[2].study.study_instance_uid != study_instance_uid:
            self._priors.open(study_instance_uid)
        self._show_studies()

    def _compare(self) -> str:
        """Fill ``lines``; return why there are none."""
        self.lines = ()
        case, findings, pair = self._case, self._findings, self._beside()
        if case is None or findings is None:
            return ""
        if pair is None:
            return tr("No prior stands beside the case. O puts one there.")
        days = self._days(case.session.study, pair[2].study)
        if days is None:
            return tr("A study without a date cannot be compared.")
        self.lines = compare(
            nodules_of(findings, case.annotations.items),
            self._of_prior(pair[2]),
            case=days[0],
            before=days[1],
            prior_to_current=self._matrix(),
            confirmed={
                one.tracking_uid: said
                for one in findings.findings
                for said in one.confirmed
                if said.prior_study_instance_uid == days[1].study_instance_uid
            },
            chosen=self._chosen,
            carried={one.tracking_uid for one in findings.findings if one.confirmed},
            undecided=self._marks_of_prior(pair[2]),
        )
        if self.lines:
            return ""
        return tr("No nodule in the case, none confirmed in the prior.")

    def _days(self, case: Study, prior: Study) -> tuple[StudyDay, StudyDay] | None:
        now, then = day_of(case.study_date), day_of(prior.study_date)
        if now is None or then is None:
            return None
        return StudyDay(case.study_instance_uid, now), StudyDay(prior.study_instance_uid, then)

    def _timeline(self) -> Timeline:
        """Return the chosen nodule over all studies, and show it."""
        line, pair, findings = self._line(), self._beside(), self._findings
        if line is None or findings is None:
            self.panel.timeline.show_facts(TimelineFacts(hint="" if line else tr("Choose a nodule first")))
            return Timeline()
        beside = None if pair is None else (pair[2].study, self._of_prior(pair[2]))
        found = self.history.timeline(line, findings, beside)
        uid = "" if self._case is None else self._case.session.study.study_instance_uid
        self.panel.timeline.show_facts(timeline_facts(found, case_uid=uid, hint=self._missing(line, found)))
        return found

    def _missing(self, line: Compared, found: Timeline) -> str:
        """Return what the time-line lacks, the most important first."""
        if self.history.is_reading:
            return tr("Former reports are being read…")
        if self.history.unread:
            return tr("Not readable: {dates}", dates=", ".join(self.history.unread))
        if len(found.points) < 2 and line.state is PairState.PROPOSED:
            return tr("Confirm the pair: only confirmed ones are counted")
        return "" if len(found.points) > 1 else tr("No earlier size is confirmed")

    def tell(self) -> None:
        """Take the sizes of all studies into the report's words on the chosen nodule, or out of them again."""
        line, findings = self._line(), self._findings
        if line is None or line.current is None or findings is None or not self.panel.tell.isEnabled():
            return
        said = self.history.word_of(line, findings)
        if said is not None:
            told = replace(said, others=()) if said.others else self._timeline().told_by(said)
            self._page.follow_requested.emit(line.current.tracking_uid, told)
            self.choose(line.current.tracking_uid)

    def _is_told(self, line: Compared) -> bool:
        said = None if self._findings is None else self.history.word_of(line, self._findings)
        return said is not None and bool(said.others)

    def _cannot_tell(self, line: Compared, found: Timeline) -> str:
        said = None if self._findings is None else self.history.word_of(line, self._findings)
        if said is None:
            return tr("Confirm a pair first: only confirmed sizes enter the report")
        return "" if said.others or len(found.points) > 2 else tr("There is no third study of this nodule")

    def _show_state(self) -> None:
        line, pair, case = self._line(), self._beside(), self._case
        self._point_out()
        found = self._timeline()
        if case is None or pair is None:
            none = tr("No prior stands beside the case")
            self.panel.show_state(FollowUpState("", none, none, none, none, none, none, none))
            return
        days = self._days(case.session.study, pair[2].study)
        heading = "" if days is None else interval_words(days[0].on, days[1].on)
        linked = self._alignment.linked
        aligned = self._matrix() is not None
        nothing = tr("Choose a nodule first") if line is None else ""
        locked = tr("This case is open for reading only") if case.session.read_only else ""
        is_pair = line is not None and line.follow_up is not None
        is_confirmed = line is not None and line.state is PairState.CONFIRMED
        not_here = "" if line is None or line.current is not None else tr("This nodule was found in the prior only")
        take_back = (
            tr("Take the pair back first ({key})", key=shown_key("follow.part", "Backspace")) if is_confirmed else ""
        )
        self.panel.show_state(
            FollowUpState(
                heading=" · ".join(filter(None, (heading, linked))),
                warning=""
                if aligned
                else tr(
                    "{prior} · not aligned yet: press {key}", prior=heading, key=shown_key("follow.align", ALIGN_KEY)
                ),
                confirm=locked or nothing or take_back or ("" if is_pair else tr("There is no pair here")),
                part=locked or nothing or ("" if is_confirmed else tr("This pair is not confirmed")),
                other=nothing or not_here or take_back,
                measure=nothing or not_here or take_back or self._cannot_measure(line, pair[2]),
                align=tr("Case and prior are aligned") if aligned else "",
                tell=locked or nothing or ("" if line is None else self._cannot_tell(line, found)),
                is_told=line is not None and self._is_told(line),
            )
        )

    def _cannot_measure(self, line: Compared | None, stack: CellStack) -> str:
        if self._page.measure_nodule is None:
            return tr("Measuring is not available here")
        if stack.missing:
            return tr("The nodule is measured once all slices are here.")
        if line is not None and line.prior is None and self._matrix() is None:
            return tr("Align the prior first ({key})", key=shown_key("follow.align", ALIGN_KEY))
        return ""

    def _line(self) -> Compared | None:
        return next((one for one in self.lines if one.key == self.panel.selected), None)

    def _point_out(self) -> None:
        """Have the mark drawn that the chosen line tells of and nobody decided: words alone do not show where."""
        line, pair = self._line(), self._beside()
        mark = None if line is None or pair is None or self.panel.isHidden() else line.undecided
        if mark != self._pointed_out:
            self._pointed_out = mark
            self._images.pointed_out.emit("" if pair is None else pair[2].study.study_instance_uid, mark)

    # going there

    def choose(self, key: str) -> None:
        """Choose a nodule and bring both images to it."""
        self.panel.select(key)
        line, pair = self._line(), self._beside()
        self._show_state()
        if line is None or pair is None:
            return
        here, there = self._places(line)
        if line.current is not None:
            self._page.jump_requested.emit(line.current.tracking_uid)
        elif here is not None:
            self._images.show_point(here)
        stack = pair[2]
        for cell in self._hanging.prior_cells():
            frame = self._page.grid.frame(cell.key)
            if there is not None and cell.stack is stack and frame.scene is not None:
                frame.scene.show_point(there)
                bring(frame, there)
                frame.refresh()
                self._page.grid.viewport_scrolled.emit(cell.key, frame.scene.index)

    def _places(self, line: Compared) -> tuple[Point | None, Point | None]:
        """Return where the nodule lies in the case and in the prior, by the alignment where it was not seen."""
        matrix = self._matrix()
        here = line.current.centre_lps_mm if line.current is not None else None
        seen = line.prior or line.undecided
        there = seen.centre_lps_mm if seen is not None else None
        if matrix is not None and here is None and there is not None:
            here = moved(there, matrix)
        elif matrix is not None and there is None and here is not None:
            there = moved(here, inverted(matrix))
        return here, there

    # the reader's word

    def confirm(self) -> None:
        """Keep the chosen pair as one nodule, and go on to the next that waits."""
        line = self._line()
        if line is None or line.current is None or line.follow_up is None or not self.panel.confirm.isEnabled():
            return
        self._chosen.pop(line.current.tracking_uid, None)
        at = self.lines.index(line)
        self._page.follow_requested.emit(line.current.tracking_uid, line.follow_up)
        waiting = [one for one in (*self.lines[at + 1 :], *self.lines[:at]) if one.state is PairState.PROPOSED]
        self.choose(waiting[0].key if waiting else self.lines[min(at, len(self.lines) - 1)].key)

    def part(self) -> None:
        """Take a confirmed pair back."""
        line = self._line()
        if line is None or line.current is None or not self.panel.part.isEnabled():
            return
        at = self.lines.index(line)
        study = line.follow_up.prior_study_instance_uid if line.follow_up is not None else ""
        self._page.unfollow_requested.emit(line.current.tracking_uid, study)
        self.choose(self.lines[min(at, len(self.lines) - 1)].key)

    def other(self, by: int) -> None:
        """Pair the chosen nodule with the next (1) or previous (-1) of the prior that may be meant, or with none."""
        line = self._line()
        if line is None or line.current is None or not self.panel.other.isEnabled():
            return
        known = (*candidates(line, self.lines, self._matrix()), "")
        now = line.prior.tracking_uid if line.prior is not None else ""
        self._chosen[line.current.tracking_uid] = known[(known.index(now) + by) % len(known)]
        self.show_lines()
        self.choose(line.key)

    def _align(self) -> None:
        if self.panel.align.isEnabled():
            self._alignment.propose()

    # measuring in the prior

    def measure(self) -> None:
        """Outline and measure in the prior what lies where the chosen nodule lies in the case."""
        line, pair, measurer, case = self._line(), self._beside(), self._page.measure_nodule, self._case
        if line is None or line.current is None or pair is None or measurer is None or case is None:
            return
        seed = self._places(line)[1]
        if seed is None or not self.panel.measure.isEnabled() or self._job is not None:
            return
        stack, current = pair[2], line.current
        frame, series = stack.scene.frame_of_reference_uid, stack.series.series_instance_uid
        author = case.session.reader.name
        slices = _near(stack, seed)

        def work(job: JobContext) -> MeasuredNodule:
            built = build_volume(slices, frame_of_reference_uid=frame, series_instance_uid=series, job=job)
            uid, size = current.tracking_uid, current.diameter_mm
            return measurer(built.volume, seed, job, author=author, tracking_uid=uid, diameter_mm=size)

        self._job = self._jobs.submit(
            Pool.CPU, work, on_success=lambda found: self._measured(stack, found), on_error=self._refused
        )

    def _measured(self, stack: CellStack, found: MeasuredNodule) -> None:
        self._job = None
        notes, uid = stack.scene.annotations, found.annotation.tracking_uid
        for former in [one for one in notes.items if one.tracking_uid == uid]:
            notes.delete(stack.study.study_instance_uid, former.uid)
        notes.add(stack.study.study_instance_uid, found.annotation)
        self._chosen[uid] = uid
        self._page.notices.clear_notice(_NOTICE)
        self._page.grid.refresh()
        self.show_lines()
        self.choose(uid)

    def _refused(self, error: Exception) -> None:
        self._job = None
        if not isinstance(error, WorkstationError):
            raise error
        self._page.notices.show_notice(
            Notice(_NOTICE, Severity.DEGRADED, tr("Not measured in the prior: {why}", why=error.user_text), error.hint)
        )

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._job = None


def _frames(stack: CellStack) -> set[str]:
    """Return the frames of reference of a stack, as far as it is here."""
    return {stack.scene.frame_of_reference_uid, *(one.frame_of_reference_uid for one in stack.images.values())}


def _near(stack: CellStack, seed: Point) -> list[PlacedSlice]:
    """Return the slices of a stack around a point."""
    found = []
    for _n, image in sorted(stack.images.items()):
        plane = image.plane
        away = 0.0 if plane is None else float(np.dot(np.subtract(seed, plane.origin), plane.normal))
        if abs(away) <= _AROUND_MM:
            found.append(PlacedSlice(image.pixels, plane, image.padding))
    return found
