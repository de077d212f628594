"""Joins the report page to the desk: what is shown, when the preview is drawn, how signing goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Qt, QTimer

from resources.translation import tr
from workstation.domain.access import Permission
from workstation.domain.errors import WorkstationError
from workstation.domain.key_image import KeyImage
from workstation.domain.marked_images import StudyImages
from workstation.domain.norm.category_rules import CATEGORY_FORM
from workstation.domain.report import ADDENDUM_TARGET, CATEGORY_TARGET, Report, ReportKind, ReportState
from workstation.domain.signature import CertificateFacts
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.text_link import LinkKind, TextLink
from workstation.domain.workitem import WorklistRow
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.norm_answers import signing_lines
from workstation.services.open_report import Changed
from workstation.services.reading_session import ReadingSession
from workstation.services.report_service import with_normal_phrases
from workstation.services.signing_service import SignedReport
from workstation.ui.act_words import hint_after_act, try_again
from workstation.ui.case_desk import CaseDesk
from workstation.ui.certificate_details import DetailsInDialog
from workstation.ui.certificate_watch import CertificateWatch
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.further_templates import FurtherTemplates
from workstation.ui.key_image_words import image_words
from workstation.ui.keymap import shown_key
from workstation.ui.notice import Notice, NoticeAction, Severity, in_one_line
from workstation.ui.other_version import OtherVersion
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.report_tools import ReportTools
from workstation.ui.patient_words import case_words, exam_words, name_or_placeholder, patient_identity, patient_line
from workstation.ui.reading_words import impression_field
from workstation.ui.report.aids import WritingAids
from workstation.ui.report.checks import CRITICAL_TARGET, checks_of
from workstation.ui.report.citing import CitingInDialog
from workstation.ui.report.finding_rows import finding_rows
from workstation.ui.report.former import FormerReports
from workstation.ui.report.speaking import speaking
from workstation.ui.report.way import ReportWay, WayServices
from workstation.ui.report.way_dialogs import SendBackDialog
from workstation.ui.report.way_words import status_words
from workstation.ui.report.writing import ReportWriting
from workstation.ui.report_steps import steps
from workstation.ui.sign_dialog import SignDialog, SigningFacts

PREVIEW_PAUSE_MS: Final = 500
_CONCLUSION_LINES: Final = 6
Pictures = list[npt.NDArray[np.uint8]]


class PreviewPort(Protocol):
    """Draws a report as page pictures."""

    def __call__(
        self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow, width_px: int
    ) -> Pictures:
        """Return ``(height, width, 3)`` RGB pages, ``width_px`` wide. Runs off the main thread."""
        ...


class ReportPresenter(QObject):
    """Owns nothing that must survive a language switch: a new page gets a new presenter on the same desk."""

    def __init__(
        self,
        page: ReportPage,
        desk: CaseDesk,
        jobs: JobRunner,
        *,
        preview: PreviewPort,
        certificate_subject: Callable[[str], str],
        certificate_facts: Callable[[str], CertificateFacts | None] | None = None,
        aids: WritingAids | None = None,
        way: WayServices | None = None,
    ) -> None:
        super().__init__(page)
        self._page = page
        self._desk = desk
        self._jobs = jobs
        self._preview = preview
        self.certificates = CertificateWatch(self, certificate_subject, jobs)
        self._certificate_facts = certificate_facts
        self.guards: list[Callable[[Callable[[], None]], bool]] = []
        """Each may hold the signature up, and goes on with it by itself once it is answered"""
        self._drawing: JobHandle[Pictures] | None = None
        self._drawn: str = ""
        self.dialog: SignDialog | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PREVIEW_PAUSE_MS)
        self._pause.timeout.connect(self._draw)
        self.tools = ReportTools(page, desk, jobs)
        self.other = OtherVersion(page, desk)
        self.further = FurtherTemplates(page, desk, self.tools.use_template)
        self.way = ReportWay(page, page.way, desk, jobs, way)
        self.tools.faults_changed.connect(self._show_state)
        self.writing = ReportWriting(page, desk, jobs, self.tools, aids)
        self.writing.image_asked.connect(self._show_linked)
        self.speaking = speaking(page, desk, self.writing, aids)
        self.former = FormerReports(page, desk, jobs, self.writing, None if aids is None else aids.priors)
        page.leave_guard = self._may_leave
        self._listen_to_the_form()
        self._listen_to_the_page(page)
        # methods of this object only: a page that was rebuilt takes its connections with it
        desk.opened.connect(self._opened)
        desk.closed.connect(self._show_nothing)
        desk.changed.connect(self._changed)
        desk.busy_changed.connect(self._show_busy)
        desk.draft_saved.connect(self._show_saved)
        desk.draft_failed.connect(self._draft_failed)
        desk.failed.connect(self._failed)
        desk.not_handed_over.connect(self._not_handed_over)
        desk.signed.connect(self._signed)
        desk.sign_failed.connect(self._sign_failed)
        desk.submitted.connect(self._submitted)
        desk.place_wanted.connect(self._locate)
        desk.returned.connect(self._returned)
        if desk.session is not None:
            self._show(desk.session)

    def _listen_to_the_page(self, page: ReportPage) -> None:
        page.paper.width_changed.connect(self._draw_later)
        page.submit_requested.connect(self.submit)
        page.sign_requested.connect(self.ask_signature)
        page.return_requested.connect(self._ask_reason)
        page.save_requested.connect(self._save)
        page.normal_requested.connect(self._fill_normal)
        page.locate_requested.connect(self._locate)
        page.images_requested.connect(self._go_to_images)
        page.key_image_requested.connect(self._show_image)
        page.closing.connect(self._stop_drawing)

    def _listen_to_the_form(self) -> None:
        form = self._page.form
        form.edited.connect(self._edit)
        form.finding_chosen.connect(self._show_finding)
        form.finding_said.connect(self._say_of)

    # showing

    def _opened(self, session: ReadingSession) -> None:
        if self._page.isVisible():
            self._show(session)
        else:  # the images are what the reader waits for: the report takes the turn after theirs
            QTimer.singleShot(0, self, self._catch_up)

    def _catch_up(self) -> None:
        if self._desk.session is not None:
            self._show(self._desk.session)

    def _show(self, session: ReadingSession) -> None:
        row = session.row
        self._page.notices.clear_notice("report")
        self._page.show_case(
            name_or_placeholder(row.patient_name),
            patient_line(row, with_name=False),
            session.template,
            session.report.values,
            read_only=session.content_locked,
            report_language=session.report.language,
        )
        self._page.show_urgency(row.priority, row.arrived, None if session.report.is_closed else row.due)
        self._page.show_saved("")
        self._show_state()
        self._show_findings()
        self._show_key_images()
        if self._drawn != session.report.report_uid:  # never show one patient's pages under another's name
            self._stop_drawing()
            self._page.paper.show_message(tr("Drawing the preview…"))
        self._pause.start()

    def _show_nothing(self) -> None:
        self._stop_drawing()
        self._page.show_saved("")
        for key in ("report", "draft"):
            if key != "draft" or not self._desk.has_unsaved:
                self._page.notices.clear_notice(key)
        self._page.show_nothing()

    def _changed(self, change: object) -> None:
        session = self._desk.session
        if session is None:
            return
        if change is Changed.STATE:
            self._show(session)
            return
        if change is Changed.FINDINGS:
            self._show_findings()
        if change is Changed.KEY_IMAGES:
            self._show_key_images()
        if change is Changed.VALUES:
            self._page.form.show_values(session.report.values)
            self._page.show_saved(tr("Not saved yet"))
        self._show_state()
        self._pause.start()

    def _show_findings(self) -> None:
        session = self._desk.session
        if session is not None:
            self._page.show_nodules(finding_rows(session))

    def _show_key_images(self) -> None:
        session = self._desk.session
        if session is not None:
            images = StudyImages(session.study)
            rows = [(image, image_words(images, image)) for image in session.report.key_images]
            self._page.key_images.show_images(rows)

    def _show_image(self, image: KeyImage) -> None:
        self._page.go_to.emit("reading")
        self._desk.image_wanted.emit(image)

    def _show_state(self) -> None:
        session = self._desk.session
        if session is None:
            return
        report, actor = session.report, self._desk.signer
        looking = self.tools.looking
        checks = checks_of(session, self.tools.sentences(), self._signer_id(session), looking=looking)
        missing = len(session.blockers)
        self._page.show_checks(checks.blocking, checks.passed, checks.messages, missing=missing, looking=looking)
        senior = actor is not None and actor.may(Permission.SIGN_FINAL)
        junior = actor is not None and actor.may(Permission.SUBMIT_PRELIMINARY)
        open_for_me = not session.read_only
        if report.is_closed:
            lock = tr("Signed") if report.state is ReportState.FINAL else status_words(report.status)
        else:
            lock = tr("Locked by me") if open_for_me else tr("Read only")
        self._page.show_buttons(
            lock=lock,
            submit=open_for_me and junior and report.state in {ReportState.DRAFTED, ReportState.RETURNED},
            give_back=open_for_me and senior and report.state is ReportState.PRELIMINARY,
            sign=open_for_me and actor is not None and senior and session.rules.may_sign(report, actor.user_id),
            reason=checks.missing,
            missing=missing,
            ready=not checks.blocking,
        )
        if self._desk.busy:
            self._page.show_busy(busy=True)
        self._page.show_steps(steps(session))

    def _signer_id(self, session: ReadingSession) -> str:
        actor = self._desk.signer
        return session.reader.user_id if actor is None else actor.user_id

    def _show_busy(self, busy: bool) -> None:  # noqa: FBT001 - the signal's argument
        self._page.show_busy(busy=busy)
        if not busy:
            self._show_state()

    def _show_saved(self, at: object) -> None:
        if isinstance(at, datetime):
            self._page.notices.clear_notice("draft")
            self._page.show_saved(tr("Draft saved {time}", time=at.astimezone().strftime("%H:%M:%S")))

    # the preview: drawn after a pause, the newest wins

    def _draw_later(self, _width_px: int = 0) -> None:
        self._pause.start()

    def _draw(self) -> None:
        session = self._desk.session
        if session is None:
            return
        if self._drawing is not None:
            self._drawing.cancel()
        report, width = session.report, self._page.paper.page_width_px()

        def show(pictures: Pictures) -> None:
            self._drawn = report.report_uid
            self._page.show_pages(pictures)

        self._drawing = self._jobs.submit(
            Pool.CPU,
            lambda _job: self._preview(report, session.template, session.study, session.row, width),
            on_success=show,
            on_error=self._preview_failed,
        )

    def _stop_drawing(self) -> None:
        self._pause.stop()
        self._drawn = ""
        if self._drawing is not None:
            self._drawing.cancel()
            self._drawing = None

    def _preview_failed(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if self._drawing is not None and not self._drawing.cancelled:
            self._page.paper.show_message(f"{error.user_text}\n\n{error.hint}".strip())

    # acting

    def _edit(self, key: str, text: str) -> None:
        if self._desk.session is not None and not self._desk.session.content_locked:
            self._desk.session.set_value(key, text)

    def _say_of(self, tracking_uid: str, key: str, option: str) -> None:
        if self._desk.session is not None and not self._desk.session.content_locked:
            self._desk.session.review.say_of(tracking_uid, key, option)

    def _save(self) -> None:
        session = self._desk.session
        if session is not None and not session.read_only and self._desk.flush():
            self._show_saved(session.report.updated_at)

    def _fill_normal(self) -> None:
        session = self._desk.session
        if session is None or session.content_locked:
            return
        filled = with_normal_phrases(session.report, session.template, has_priors=session.has_priors)
        for key, text in filled.values.items():
            session.set_value(key, text)

    def _locate(self, target: str) -> None:
        session = self._desk.session
        if session is None:
            return
        key, _, words = target.partition("\n")
        if any(one.tracking_uid == key for one in session.findings.findings):
            self._show_finding(key)
        elif words:
            self._page.locate(key, words)
        elif key == CRITICAL_TARGET:
            self._page.critical_requested.emit()
        elif (target := key) == CATEGORY_TARGET or target.startswith(CATEGORY_FORM):
            self.tools.ask_category(target.removeprefix(CATEGORY_TARGET).removeprefix(":"))
        elif target == ADDENDUM_TARGET:
            self.way.focus_addendum()
        elif not target:
            self._show_finding(target)  # the marks that nobody has looked at
        else:
            self._page.locate(target)

    def _show_finding(self, tracking_uid: str) -> None:
        self._page.go_to.emit("reading")
        self._desk.finding_wanted.emit(tracking_uid)

    def _show_linked(self, link: TextLink) -> None:
        session = self._desk.session
        if session is None:
            return
        if link.kind is LinkKind.FINDING:
            found = (f for f in session.findings.findings if link.target in {f.tracking_uid, f.parted().tracking_uid})
            self._show_finding(next((f.tracking_uid for f in found), link.target))
        else:
            self._page.go_to.emit("reading")
            self._desk.annotation_wanted.emit(link.target)

    def _go_to_images(self) -> None:
        self._page.go_to.emit("reading")

    def _ask_reason(self) -> None:
        if self._desk.session is None:
            return
        dialog = SendBackDialog(self._page, self._desk.session.report.author.name)
        dialog.name_case(case_words(self._desk.session.row))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.confirmed.connect(lambda _key, reason: self._desk.send_back(reason, dialog.codes))
        dialog.open()

    def _may_leave(self) -> bool:
        if not self._desk.has_unsaved or self._desk.flush():
            return True
        dialog = ConfirmDialog(
            self._page,
            tr("The draft cannot be saved"),
            tr("The disk does not take the report. What was typed since the last saving is lost if you close now."),
            tr("Close and lose it"),
            hint=tr(
                "Make room on the disk and press {key}, or submit the report.", key=shown_key("report.save", "Ctrl+S")
            ),
            danger=True,
        )
        return dialog.exec() == ConfirmDialog.DialogCode.Accepted

    def ask_signature(self, *, preliminary: bool = False) -> None:
        """Open the sign dialog for the report as it stands."""
        session, actor = self._desk.session, self._desk.signer
        if session is None or actor is None or session.blockers or session.read_only:
            return
        again = partial(self.ask_signature, preliminary=preliminary)
        if self.dialog is not None or self._desk.busy or self._measures_still(again) or self.tools.hold_up(again):
            return
        if not preliminary and any(guard(self.ask_signature) for guard in self.guards):
            return
        row = session.row
        facts = SigningFacts(
            patient=patient_identity(row),
            study=exam_words(row),
            receiver=tr("{site} (SR + PDF)", site=row.site_name),
            conclusion=_conclusion(session),
            signer=actor.display_name,
            recognition=self._desk.foreseen_recognition(),
            preliminary=preliminary,
            answered=signing_lines(session.report, actor.user_id, session.template),
        )
        self.dialog = SignDialog(self._page, facts)
        self.dialog.sign_requested.connect(self._desk.submit if preliminary else self._desk.sign)
        self.dialog.sign_requested.connect(self.certificates.rest)  # the token is at work
        self.dialog.finished.connect(self._forget_dialog)
        if self._certificate_facts is not None:
            ask, now = self._certificate_facts, session.now
            DetailsInDialog(self.dialog, actor.user_id, session.report, ask, self._jobs, now)
        self.certificates.told.connect(self.dialog.show_certificate)
        if not preliminary and self._desk.citing is not None:
            CitingInDialog(self.dialog, session.report, self._desk.citing, self._jobs)
        self.dialog.open()
        self.certificates.watch(actor.user_id)

    def submit(self) -> None:
        """Hand the report to a senior; an author with a certificate is asked for a signature first."""
        session, actor = self._desk.session, self._desk.signer
        if self._measures_still(self.submit):
            return
        if actor is None:
            self._desk.submit()
            return
        if self.certificates.asking:
            return  # pressed twice, or the dialog is open

        def go_on(subject: str) -> None:
            if self._desk.session is not session:
                return  # the case was closed while a token was asked
            if subject:
                self.ask_signature(preliminary=True)
            else:
                self._desk.submit()

        self.certificates.ask(actor.user_id, go_on)

    def _measures_still(self, go_on: Callable[[], None]) -> bool:
        """Wait until what is being measured stands in the report; tell whether it has to be waited for."""
        waits = self._desk.pending.hold_up(go_on)
        if waits:
            self._page.toast.emit(tr("A sphere is still being measured: this goes on as soon as its values are there."))
        return waits

    def _forget_dialog(self, _result: int) -> None:
        self.certificates.rest()
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _signed(self, signed: SignedReport) -> None:
        if self.dialog is not None:
            self.dialog.accept()
        words = tr("Signed; the report is on its way to the sender")
        if signed.pdf.awaits_time_stamp:
            words = tr("Signed without a time stamp, its authority does not answer; the report is on its way")
        self._page.toast.emit(words)

    def _submitted(self, _report: Report) -> None:
        if self.dialog is not None:
            self.dialog.accept()
        self._page.toast.emit(tr("Submitted for review"))

    def _returned(self, _report: Report) -> None:
        self._page.toast.emit(tr("Sent back to the author"))

    def _failed(self, error: WorkstationError) -> None:
        self._page.show_error(error, key="report")

    def _not_handed_over(self, error: WorkstationError, act: Callable[[], None]) -> None:
        if self.dialog is not None:  # an author's signature that could not be stored
            self.dialog.done(0)
        act = self.submit if act == self._desk.submit else act
        again = try_again(error, partial(self._hand_over_again, act))
        self._page.notices.show_notice(
            Notice("report", Severity.LOST, error.user_text, hint_after_act(error), actions=again)
        )

    def _hand_over_again(self, act: Callable[[], None]) -> None:
        self._page.notices.clear_notice("report")
        act()

    def _draft_failed(self, error: WorkstationError) -> None:
        self._page.show_saved(tr("Not saved"))
        hint = error.hint or tr("What you typed is kept here and saved as soon as the disk takes it.")
        retry = NoticeAction(tr("Save now"), self._save)
        self._page.notices.show_notice(Notice("draft", Severity.LOST, error.user_text, hint, actions=(retry,)))

    def _sign_failed(self, error: WorkstationError) -> None:
        text = in_one_line(error.user_text, error.hint)
        if self.dialog is not None:
            self.dialog.say(text)
            if self._desk.signer is not None:
                self.certificates.watch(self._desk.signer.user_id)
        else:
            retry = NoticeAction(tr("Try again"), self.ask_signature)
            self._page.notices.show_notice(
                Notice("report", Severity.LOST, error.user_text, error.hint, actions=(retry,))
            )


def _conclusion(session: ReadingSession) -> str:
    """Return the impression as it will be signed, its beginning where it is long."""
    if session.report.kind is ReportKind.ADDENDUM:  # all that is new in it
        return session.report.addendum.strip() or "—"
    item = impression_field(session.template)
    lines = session.report.values.get(item.key, "").strip().splitlines() if item is not None else []
    return "\n".join([*lines[:_CONCLUSION_LINES], "…"] if len(lines) > _CONCLUSION_LINES else lines) or "—"
