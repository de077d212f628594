"""Joins the reading page to the desk: findings, decisions, measurements and the report beside the images."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Final

from PySide6.QtCore import QObject

from resources.translation import language, tr, trn
from workstation.domain.access import Permission
from workstation.domain.annotation import AnnotationList
from workstation.domain.errors import NotSignable, WorkstationError
from workstation.domain.finding import Decision, Finding, Lobe, NoduleType
from workstation.domain.finding_size import size_of
from workstation.domain.geometry import Point
from workstation.domain.key_image import KeyImage
from workstation.domain.observation import FollowUp
from workstation.domain.rejection import RejectReason
from workstation.domain.report import CATEGORY_TARGET, ReportState
from workstation.domain.workitem import AiState, WorklistRow
from workstation.services.jobs import JobRunner
from workstation.services.open_report import Changed
from workstation.services.reading_ai import ReadingAi
from workstation.services.reading_session import ReadingSession
from workstation.services.report_service import image_of_finding, require_storable, slice_number
from workstation.ui.case_desk import CaseDesk
from workstation.ui.finding_words import marked_kind, one_with_own_words
from workstation.ui.images.comparing import Comparing
from workstation.ui.images.foreign_reading import ForeignReading
from workstation.ui.images.fusing import Fusing
from workstation.ui.images.shown_series import ImagePlace
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.other_version import OtherVersion
from workstation.ui.pages.act_order import Act, ActKind
from workstation.ui.pages.act_steps import ActSteps
from workstation.ui.pages.ai_reading import AiReading
from workstation.ui.pages.explaining import Explaining
from workstation.ui.pages.film_findings import FilmFindings
from workstation.ui.pages.image_presenter import ImagePresenter
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.reading_words import (
    impression_field,
    lock_words,
    no_findings_words,
    patient_differs,
    person_line,
    report_rows,
)
from workstation.ui.slice_feed import OpenStream
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.finding_card import CardFacts

NEW_FINDING_MM: Final = 6.0
_FINDING: Final = Act(ActKind.FINDING)
_KEY: Final = Act(ActKind.KEY)
_QUIET: Final = "t3"


class ReadingPresenter(QObject):
    """Owns nothing that must survive a language switch: a new page gets a new presenter on the same desk."""

    def __init__(
        self,
        page: ReadingPage,
        desk: CaseDesk,
        jobs: JobRunner,
        *,
        open_stream: OpenStream,
        comparing: Comparing | None = None,
        fusing: Fusing | None = None,
        foreign: ForeignReading | None = None,
        reading_ai: ReadingAi | None = None,
        in_steps: bool = False,
    ) -> None:
        super().__init__(page)
        self._page = page
        self._desk = desk
        self.images = ImagePresenter(
            page, jobs, open_stream, comparing=comparing, fusing=fusing, foreign=foreign, in_steps=in_steps
        )
        self.images.spheres.pending = desk.pending
        self._acts = ActSteps(page, desk, self.images, self._finish_showing)
        self._gone = False
        self._in_steps = in_steps
        self._showing: Stepwise | None = None
        explain = None if reading_ai is None else reading_ai.explain
        self.explaining = Explaining(page, self.images, desk, jobs, explain)
        self.other = OtherVersion(page, desk)
        self.films = FilmFindings(page, self.images, self._writable)
        self.ai = AiReading(page, desk, jobs, reading_ai)
        page.jump_requested.connect(self.jump)
        page.add_requested.connect(self._add)
        page.measured_add_requested.connect(self._add)
        page.accept_requested.connect(lambda: self._accept(page.findings.selected))
        page.reject_asked.connect(lambda: page.findings.ask_reason(page.findings.selected))
        page.edit_asked.connect(self._ask_edit)
        page.follow_requested.connect(self._follow)
        page.unfollow_requested.connect(self._part)
        page.undo_requested.connect(lambda: self._acts.step(undo=True))
        page.redo_requested.connect(lambda: self._acts.step(undo=False))
        page.key_image_asked.connect(self._mark_key)
        page.rejected_shown.connect(lambda on: self.images.show_rejected(shown=on))
        page.save_requested.connect(self._save)
        page.report_requested.connect(lambda: page.go_to.emit("report"))
        page.finish_requested.connect(self._finish)
        page.findings.accept_requested.connect(self._accept)
        page.findings.reject_requested.connect(self._reject)
        page.findings.edit_requested.connect(self._edit)
        page.findings.remove_requested.connect(lambda uid: self._reject(uid, RejectReason.OTHER))
        page.report.edited.connect(self._write)
        page.going_away.connect(self._leave)
        page.keep_place = self._place
        page.place_given.connect(self._go_on)
        self.images.measured.connect(self._measured)
        self.images.measured_on_prior.connect(self._acts.drew)
        self._hear(desk)
        if desk.session is not None:
            self._show(desk.session)

    def _hear(self, desk: CaseDesk) -> None:
        desk.opening.connect(self._opening)
        desk.opened.connect(self._show)
        desk.refused.connect(lambda _row, _error: self._page.show_nothing())
        desk.closing.connect(self.images.case_closing)
        desk.closed.connect(self._close)
        desk.changed.connect(self._changed)
        desk.image_wanted.connect(self._page.image_wanted)
        desk.draft_saved.connect(self._saved)
        desk.draft_failed.connect(self._not_saved)

    # the case comes and goes

    @property
    def joining(self) -> Iterator[None]:
        """Return what is left to do for the features and for a case that was open before, in steps."""
        yield from self.images.joining
        if self._showing is not None:
            yield from self._showing

    def _finish_showing(self) -> None:
        """Show the rest of a case now: whoever acts on it finds it whole."""
        if self._showing is not None:
            self._showing.finish()

    def _stop_showing(self) -> None:
        if self._showing is not None:
            self._showing.stop()
            self._showing.deleteLater()
            self._showing = None

    def _opening(self, row: WorklistRow) -> None:
        self._stop_showing()
        self.images.clear()
        self._page.show_opening()
        self._show_header(row)

    def _show(self, session: ReadingSession) -> None:
        if self._gone:
            return
        self._stop_showing()
        self._acts.begin_anew()
        session.review.decided = partial(self._acts.did, _FINDING)
        self._showing = Stepwise(self._steps_of(session), self)
        if self._in_steps:
            self._showing.start()
        else:
            self._showing.finish()

    def _steps_of(self, session: ReadingSession) -> Iterator[None]:
        self._saved_words = ("", _QUIET)  # that of the case before says nothing about this one
        self._page.show_opening()
        self._show_header(session.row)
        yield
        row, study = session.row, session.study
        if study.study_instance_uid != row.study_instance_uid:
            self._page.notices.show_notice(
                Notice("patient", Severity.LOST, tr("The hub sent another study"), tr("No images are shown."))
            )
            return
        self._page.show_content()
        if patient_differs(study, row):
            text = tr("The images name patient {images}, the worklist {worklist}",
                      images=study.patient.patient_id, worklist=row.patient_id)  # fmt: skip
            self._page.notices.show_notice(
                Notice("patient", Severity.LOST, text, tr("Check the identity before you read."))
            )
        try:
            require_storable(study)
        except NotSignable as refused:
            text = tr("No report can be stored: the patient ID of the images is not a valid one")
            self._page.notices.show_notice(Notice("patient_id", Severity.LOST, text, refused.hint))
        yield
        yield from self.images.showing(session)
        yield
        self._show_state(session)
        yield
        self._show_findings(session)
        self._page.show_window()

    def _close(self) -> None:
        self._stop_showing()
        self._acts.begin_anew()
        self.ai.closed()
        self.images.clear()
        self._page.show_nothing()

    def _leave(self) -> None:
        self._stop_showing()
        self._gone = True

    def _place(self) -> object:
        return self.images.place(), self._page.findings.selected

    def _go_on(self, state: object) -> None:
        """Stand where the reader stood before the language changed."""
        session = self._desk.session
        if session is None or not isinstance(state, tuple):
            return
        self._finish_showing()
        place, selected = state
        self._page.findings.select(selected)
        self.images.show_findings(session.displayed, selected=selected)
        if isinstance(place, ImagePlace):
            self.images.go_on(place)
        self._page.show_window()

    def _show_header(self, row: WorklistRow) -> None:
        self._page.question.show_text(row.clinical_question)
        who = name_or_placeholder(row.patient_name)
        self._page.header.show_case(row.priority, who, person_line(row), row.description, row.site_name)
        self._page.header.timer.show_times(row.arrived, row.due)

    # showing

    def _changed(self, change: object) -> None:
        session = self._desk.session
        if session is None or self._gone:
            return
        if change not in {Changed.STATE, Changed.PRIORS}:  # of these nothing waits to be saved
            self._saved_words = (tr("Not saved yet"), _QUIET)
        if self._showing is not None and not self._showing.is_done:
            if change is Changed.STATE:
                self._show_state(session)
            return  # what is still to be shown shows it: the hub's news are no reason to do the rest in one turn
        if change is Changed.STATE:
            self._show_state(session)
            self._show_findings(session)
        elif change is Changed.FINDINGS:
            self._show_findings(session)
        elif change is Changed.VALUES:
            self._show_report(session)

    def _show_state(self, session: ReadingSession) -> None:
        lock = lock_words(session)
        self._page.header.show_lock(lock.text, lock.kind, lock.reason, lock.icon)
        if session.report.state is ReportState.FINAL:
            self._page.header.timer.show_times(None, None)
        actor = self._desk.signer
        senior = actor is not None and actor.may(Permission.SIGN_FINAL)
        self._page.footer.finish.set_text(
            tr("Sign") if senior else tr("Submit"), "quill-pen" if senior else "send-plane"
        )
        self._page.footer.finish.enable(not session.read_only, lock.reason)
        add = self._page.view_commands.action("findings.add")
        add.setEnabled(not session.read_only)
        self._show_report(session)

    def _show_findings(self, session: ReadingSession) -> None:
        findings = session.displayed
        reason = lock_words(session).reason
        cards = [
            CardFacts(
                one,
                slice_number(session.study, self._slices_of(session), one),
                reason,
                self._image_of(session, one),
                marked_kind(one, session.study),
            )
            for one in findings.findings
        ]
        self._page.findings.show_cards(cards, "" if cards or session.ai_hidden else no_findings_words(session))
        self.ai.show(session)
        selected = self._page.findings.selected
        self._page.findings.select(selected)
        self._page.show_counts(len(cards))
        self._page.dock.give_report_room(given=not cards and session.row.ai.state is AiState.NOT_APPLICABLE)
        self.images.show_findings(findings, selected=self._page.findings.selected)
        self._show_report(session)

    def _image_of(self, session: ReadingSession, finding: Finding) -> str:
        """Return the view or the number of the image that a finding lies on, empty for one in the patient."""
        if finding.on_image is None:
            return ""
        words = image_of_finding(finding, session.findings, session.study)
        return tr("Image {number}", number=words) if words.isdigit() else words

    def _slices_of(self, session: ReadingSession) -> str:
        return session.findings.series_instance_uid or self.images.series_instance_uid

    def _show_report(self, session: ReadingSession) -> None:
        lock = lock_words(session)
        dock = self._page.report
        dock.show_heading(session.template.title.get(language()))
        dock.show_rows(report_rows(session))
        item = impression_field(session.template)
        if item is not None:
            caption = item.label.get(language()) + (" *" if item.required else "")
            text = session.report.values.get(item.key, "")
            dock.show_impression(item.key, caption, text, writable=not session.read_only, reason=lock.reason)
        else:
            dock.show_impression("", "", "", writable=False, reason="")
        if lock.reason:
            self._page.footer.say(lock.reason)
        else:
            self._say_what_is_left(session)
        self._page.footer.show_ready(ready=not session.read_only and not session.blockers)

    def _finish(self) -> None:
        """Go to the report, and there to the first thing that keeps it from being signed."""
        self._page.go_to.emit("report")
        session = self._desk.session
        fields = {CATEGORY_TARGET, *(item.key for item in session.template.fields)} if session is not None else set()
        blocker = next(iter(session.blockers), None) if session is not None and not session.read_only else None
        if blocker is not None and blocker.target in fields:  # a mark is decided here, beside its image
            self._desk.place_wanted.emit(blocker.target)

    def _say_what_is_left(self, session: ReadingSession) -> None:
        """Say how much is missing beside the button that waits for it, then when the draft was saved."""
        left, (saved, tone) = len(session.blockers), self._saved_words
        missing = trn("{count} left to do", "{count} left to do", left) if left else ""
        words = " · ".join(part for part in (missing, saved) if part)
        self._page.footer.say(words, "warn" if left and tone == _QUIET else tone)

    _saved_words = ("", _QUIET)

    def _saved(self, at: object) -> None:
        session = self._desk.session
        if isinstance(at, datetime) and session is not None and not self._gone:
            self._page.notices.clear_notice("draft")
            self._say_saved(tr("Saved {time}", time=at.astimezone().strftime("%H:%M")))

    def _not_saved(self, error: WorkstationError) -> None:
        if self._gone:
            return
        save = NoticeAction(tr("Save now"), self._desk.flush)
        self._page.show_error(error, key="draft", actions=(save,))
        self._say_saved(tr("Not saved"), "bad")

    def _say_saved(self, text: str, tone: str = _QUIET) -> None:
        self._saved_words = (text, tone)
        session = self._desk.session
        if session is not None and not session.displayed.undecided and not session.read_only:
            self._say_what_is_left(session)

    # deciding

    def jump(self, tracking_uid: str) -> None:
        """Choose a finding and bring it into every view."""
        session = self._desk.session
        if session is None or self._page.findings.selected == tracking_uid == "":
            return
        self._finish_showing()
        try:
            finding = session.displayed.get(tracking_uid)
        except KeyError:
            return
        self._page.findings.select(tracking_uid)
        self.images.show_findings(session.displayed, selected=tracking_uid)
        if finding.on_image is not None:
            self.images.show_place(finding.on_image)
        if finding.centre_lps_mm is None:
            return
        frame, series = session.findings.frame_of_reference_uid, session.findings.series_instance_uid
        if series and frame and self.images.frame_of_reference_uid not in {"", frame}:
            self.images.show_series(series)
        self.images.show_point(finding.centre_lps_mm)

    def _writable(self) -> ReadingSession | None:
        session = self._desk.session
        if session is None:
            return None
        self._finish_showing()
        if session.read_only:
            self._page.toast.emit(lock_words(session).reason)
            return None
        return session

    def _ask_edit(self) -> None:
        session, chosen = self._desk.session, self._page.findings.selected
        finding = session.findings.get(chosen) if session is not None and chosen else None
        place = None if finding is None or finding.original is None else finding.on_image
        if place is not None and place.box_px is None:
            self._page.toast.emit(tr("A finding without a place is accepted or rejected as it is"))
            return
        self._page.findings.start_editing(chosen)

    def _accept(self, tracking_uid: str) -> None:
        session = self._writable()
        if session is None or not tracking_uid:
            return
        decision = session.findings.get(tracking_uid).decision
        if decision in {Decision.UNDECIDED, Decision.REJECTED}:
            accepted = session.review.accept(tracking_uid)
            if decision is Decision.UNDECIDED and accepted.own is not None:
                self._page.toast.emit(one_with_own_words(accepted.own))
            self._go_on_deciding(tracking_uid, decision)

    def _reject(self, tracking_uid: str, reason: RejectReason) -> None:
        session = self._writable()
        if session is not None and tracking_uid:
            decision = session.findings.get(tracking_uid).decision
            session.review.reject(tracking_uid, RejectReason(reason))
            self._go_on_deciding(tracking_uid, decision)

    def _go_on_deciding(self, tracking_uid: str, before: Decision) -> None:
        """Go to the next mark that waits for a decision; who changes a former one stays there."""
        session = self._desk.session
        if session is None or before is not Decision.UNDECIDED:
            return
        shown = session.displayed
        order = [one.tracking_uid for one in shown.findings]
        waiting = [one.tracking_uid for one in shown.undecided]
        at = order.index(tracking_uid) if tracking_uid in order else -1
        later = [uid for uid in waiting if order.index(uid) > at]
        if waiting:
            self.jump((later or waiting)[0])

    def _follow(self, tracking_uid: str, follow_up: FollowUp) -> None:
        session = self._writable()
        if session is not None:
            followed = session.review.follow(tracking_uid, follow_up)
            self._page.findings.select(followed.tracking_uid)
            self.images.show_findings(session.displayed, selected=followed.tracking_uid)

    def _part(self, tracking_uid: str, study_instance_uid: str) -> None:
        session = self._writable()
        if session is not None and session.findings.get(tracking_uid).follow_up is not None:
            parted = session.review.part(tracking_uid, study_instance_uid)
            self._page.findings.select(parted.tracking_uid)
            self.images.show_findings(session.displayed, selected=parted.tracking_uid)

    def _edit(self, tracking_uid: str, diameter_mm: float, nodule_type: NoduleType, lobe: Lobe) -> None:
        session = self._writable()
        if session is None or not tracking_uid:
            return
        before = session.findings.get(tracking_uid)
        size = size_of(before)
        if size is None:
            return  # a finding on an image has no size, type or lobe
        same = (abs(size.mm - diameter_mm) < 0.05, before.nodule_type == nodule_type, before.lobe == lobe)
        if all(same) and before.decision is not Decision.UNDECIDED:
            return
        session.review.edit(
            tracking_uid,
            diameter_mm=None if same[0] else float(diameter_mm),
            nodule_type=NoduleType(nodule_type),
            lobe=Lobe(lobe),
        )

    def _add(self, point: Point, diameter_mm: float = NEW_FINDING_MM) -> None:
        session = self._writable()
        if session is None:
            return
        try:
            finding = session.review.add(
                point,
                diameter_mm,
                frame_of_reference_uid=self.images.frame_of_reference_uid,
                series_instance_uid=self.images.series_instance_uid,
            )
        except WorkstationError as error:
            self._page.show_error(error, key="finding", severity=Severity.DEGRADED)
            return
        self._page.findings.select(finding.tracking_uid)
        self.images.show_findings(session.displayed, selected=finding.tracking_uid)
        self._page.findings.start_editing(finding.tracking_uid)

    def _measured(self, annotations: AnnotationList) -> None:
        session = self._desk.session
        if session is None or session.read_only:
            return  # images stay fully usable; what is measured read-only is gone with the case
        session.set_annotations(annotations)
        notes = self.images.annotations
        if notes is not None:
            self._acts.drew(notes)

    def _mark_key(self, image: KeyImage) -> None:
        session = self._writable()
        if session is not None:
            session.toggle_key(image)
            self._acts.did(_KEY)

    # the report beside the images

    def _write(self, key: str, text: str) -> None:
        session = self._desk.session
        if session is not None and not session.read_only:
            session.set_value(key, text)

    def _save(self) -> None:
        self._desk.flush()
        if self._desk.session is not None:
            self._saved(self._desk.session.report.updated_at)
