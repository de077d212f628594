"""Joins the report's way to the open case: history, what follows a signed report, giving up, withdrawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from PySide6.QtCore import QObject, Qt

from resources.translation import tr
from workstation.domain.access import Actor, Permission
from workstation.domain.errors import WorkstationError
from workstation.domain.report import Report, ReportKind, ReportState
from workstation.domain.report_state import ReturnCode, WithdrawalCode
from workstation.domain.report_version import DoubleReadingState, ReportVersion
from workstation.domain.study import Study
from workstation.domain.withdrawn import Withdrawn
from workstation.domain.workitem import Claim, ReadingState, WorklistRow
from workstation.services.carry_over import CarryOver
from workstation.services.critical_addendum import record_words
from workstation.services.jobs import JobRunner, Pool
from workstation.services.reading_session import ReadingSession
from workstation.services.report_difference import differences
from workstation.services.report_workflow import CancelReport, ReportHistory, StartSuccessor, WithdrawReport
from workstation.ui.case_desk import CaseDesk
from workstation.ui.dialogs import Dialog
from workstation.ui.notice import Notice, Severity
from workstation.ui.pages.page import Page
from workstation.ui.patient_words import case_words, name_or_placeholder
from workstation.ui.report.carrying import Carrying
from workstation.ui.report.version_dialog import Comparable, VersionDialog
from workstation.ui.report.way_dialogs import cancel_dialog, follow_up_dialog, withdraw_dialog
from workstation.ui.report.way_panel import WayPanel
from workstation.ui.report.way_words import kind_words, return_words, version_words, when, withdrawal_words

T = TypeVar("T")
_KEY: Final = "report-way"
_RETURNED: Final = "report-returned"


@dataclass(frozen=True, slots=True)
class WayServices:
    """The use cases of the report's way, joined in bootstrap."""

    start: StartSuccessor
    cancel: CancelReport
    withdraw: WithdrawReport
    history: ReportHistory
    carry: CarryOver | None = None


class ReportWay(QObject):
    """Belongs to one report page. Without services only what the document is and why it came back is shown."""

    def __init__(
        self, page: Page, panel: WayPanel, desk: CaseDesk, jobs: JobRunner, services: WayServices | None
    ) -> None:
        super().__init__(page)
        self._page, self._panel, self._desk, self._jobs, self._services = page, panel, desk, jobs, services
        self.dialog: Dialog | None = None
        self.carrying = Carrying(page, desk, jobs, None if services is None else services.carry)
        self.carrying.looked.connect(self._changed)
        panel.carry_asked.connect(self.carrying.ask)
        panel.versions_asked.connect(self.show_versions)
        panel.follow_up_asked.connect(self.ask_follow_up)
        panel.withdraw_asked.connect(self.ask_withdrawal)
        panel.cancel_asked.connect(self.ask_cancel)
        panel.readings_asked.connect(self.show_readings)
        panel.double_asked.connect(self.order_double_reading)
        panel.record_asked.connect(self.take_call_record)
        panel.addendum_written.connect(self._write_addendum)
        desk.opened.connect(self._opened)
        desk.changed.connect(self._changed)
        desk.closed.connect(self._closed)
        desk.given_up.connect(self._given_up)
        if desk.session is not None:
            self._opened(desk.session)

    # showing

    def _opened(self, session: ReadingSession) -> None:
        self._page.notices.clear_notice(_KEY)
        self._show_return(session)
        self._show(session)

    def _changed(self, _change: object) -> None:
        if self._desk.session is not None:
            self._show_return(self._desk.session)
            self._show(self._desk.session)

    def _closed(self) -> None:
        for key in (_KEY, _RETURNED):
            self._page.notices.clear_notice(key)
        if self.dialog is not None:
            self.dialog.reject()
        self._panel.show_nothing()

    def _show_return(self, session: ReadingSession) -> None:
        """Keep in its author's sight why the report came back, until it is handed over again."""
        report = session.report
        if report.state is not ReportState.RETURNED or session.read_only:
            self._page.notices.clear_notice(_RETURNED)
            return
        said = return_sentence(report.return_codes, report.return_reason)
        title = tr("This report was sent back to you")
        self._page.notices.show_notice(Notice(_RETURNED, Severity.DEGRADED, title, said))

    def _show(self, session: ReadingSession) -> None:
        report, actor = session.report, self._desk.signer
        is_addendum = report.kind is ReportKind.ADDENDUM
        self._panel.show_way(
            standing(report),
            self._rule(session, actor),
            addendum=report.addendum if is_addendum else None,
            read_only=session.read_only,
            acts=self._acts(session, actor),
        )

    def _rule(self, session: ReadingSession, actor: Actor | None) -> str:
        if session.read_only or actor is None:
            return ""
        if session.rules.double_reading is DoubleReadingState.READING:
            return tr("This case is read twice, blind: submit your report; it is compared with the other one.")
        if session.rules.double_reading is DoubleReadingState.ARBITRATION:
            return tr("Two readings disagree: look at both and decide.")
        if not session.rules.may_sign(session.report, actor.user_id):
            return tr("A second doctor has to sign: submit the report for review.")
        return ""

    def _acts(self, session: ReadingSession, actor: Actor | None) -> frozenset[str]:
        if self._services is None or actor is None:
            return frozenset()
        report, acts = session.report, {"versions"}
        senior = actor.may(Permission.SIGN_FINAL)
        signed_here = report.state is ReportState.FINAL and session.row.state in _SIGNED
        if signed_here and (senior or report.author.user_id == actor.user_id):
            acts.add("follow_up")
        if signed_here and senior:
            acts.add("withdraw")
        if not session.read_only and session.claim is not None:
            acts.add("give_up")
        if self.carrying.may(session):
            acts.add("carry")
        if report.kind is ReportKind.ADDENDUM and not session.read_only and record_words(report):
            acts.add("record")
        if session.rules.double_reading in {DoubleReadingState.ARBITRATION, DoubleReadingState.AGREED}:
            acts.add("readings")
        waiting = session.claim is None and session.row.state in _WAITING
        if waiting and session.rules.double_reading is None and actor.may(Permission.ORDER_DOUBLE_READING):
            acts.add("double")
        return frozenset(acts)

    def focus_addendum(self) -> None:
        """Lead to the words of the addendum."""
        self._panel.addendum.setFocus()

    # acting

    def _write_addendum(self, text: str) -> None:
        session = self._desk.session
        if session is not None and not session.read_only and session.report.kind is ReportKind.ADDENDUM:
            session.set_addendum(text)

    def take_call_record(self) -> None:
        """Put what was recorded of the critical values below the words of the addendum."""
        session = self._desk.session
        if session is None or session.read_only or session.report.kind is not ReportKind.ADDENDUM:
            return
        written, record = session.report.addendum.rstrip(), record_words(session.report)
        if record and record not in written:
            session.set_addendum(f"{written}\n{record}".strip())

    def show_versions(self) -> None:
        """Fetch the history and show it."""
        session, services = self._desk.session, self._services
        if session is None or services is None:
            return
        ups, study, user_id = session.row.ups_instance_uid, session.study.study_instance_uid, session.reader.user_id

        def ask() -> tuple[tuple[ReportVersion, ...], tuple[Report, ...]]:
            return services.history(ups), services.history.own(study, user_id)

        def show(answer: tuple[tuple[ReportVersion, ...], tuple[Report, ...]]) -> None:
            versions, own = answer
            found = [Comparable(version_words(one), one.reason, one.report) for one in versions]
            written = {session.report.report_uid} if not session.read_only else set()
            found += [
                Comparable(tr("Draft on this machine · {time}", time=when(one.updated_at)), one.change_reason, one)
                for one in own
                if one.report_uid not in written
            ]
            if not session.read_only:
                found.append(Comparable(tr("What is being written now"), session.report.change_reason, session.report))
            self._show_comparison(session, found)

        self._run(session, ask, show)

    def show_readings(self) -> None:
        """Show both readings of a case that was read twice."""
        session, services = self._desk.session, self._services
        if session is None or services is None:
            return
        ups = session.row.ups_instance_uid

        def show(readings: tuple[Report, ...]) -> None:
            found = [
                Comparable(tr("Reading {number}: {name}", number=number, name=report.author.name), "", report)
                for number, report in enumerate(readings, 1)
            ]
            self._show_comparison(session, found)

        self._run(session, lambda: services.history.workflow.readings(ups), show)

    def order_double_reading(self) -> None:
        """Have the case read twice."""
        session, services = self._desk.session, self._services
        if session is None or services is None:
            return
        ups = session.row.ups_instance_uid

        def done(_none: None) -> None:
            self._tell(Severity.NEWS, tr("The case will be read twice"), tr("Neither reader sees the other's report."))

        self._run(session, lambda: services.history.workflow.order_double_reading(ups), done)

    def ask_follow_up(self) -> None:
        """Ask what follows the signed report and why, then open it."""
        session, actor, services = self._desk.session, self._desk.signer, self._services
        if session is None or actor is None or services is None:
            return
        row, signed = session.row, session.report
        dialog = follow_up_dialog(self._page)
        dialog.name_case(case_words(row))

        def begin(kind: str, reason: str) -> None:
            self._run(session, lambda: services.start(row, signed, ReportKind(kind), reason, actor), self._desk.open)

        dialog.confirmed.connect(begin)
        self._open(dialog)

    def ask_withdrawal(self) -> None:
        """Ask why nothing of the signed report holds, then withdraw it."""
        session, actor, services = self._desk.session, self._desk.signer, self._services
        if session is None or actor is None or services is None:
            return
        row, study, report = session.row, session.study, session.report
        dialog = withdraw_dialog(self._page, name_or_placeholder(row.patient_name))
        dialog.name_case(case_words(row))

        def withdraw(code: str, reason: str) -> None:
            self._withdraw(session, services.withdraw, (row, study, report), WithdrawalCode(code), reason, actor)

        dialog.confirmed.connect(withdraw)
        self._open(dialog)

    def _withdraw(
        self,
        session: ReadingSession,
        act: WithdrawReport,
        what: tuple[WorklistRow, Study, Report],
        code: WithdrawalCode,
        reason: str,
        actor: Actor,
    ) -> None:
        def acted() -> tuple[Report, WorkstationError | None]:
            withdrawn = act(*what, code, reason, actor)
            return withdrawn, self.carrying.keep(Withdrawn(withdrawn, what[1], code))  # at once: a crash may follow

        def done(answer: tuple[Report, WorkstationError | None]) -> None:
            withdrawn, not_kept = answer
            session.moved_to(withdrawn)
            title = tr("The report was withdrawn: {reason}", reason=withdrawal_words(code))
            if not_kept is None:
                said = tr(
                    "The sender is told; the case waits to be read anew. Its text waits, encrypted on this machine, "
                    "until you take it over in the right study or discard it; it stays in the versions of this case."
                )
                self._tell(Severity.NEWS, title, said)
                return
            lost = tr(
                "The sender is told; the case waits to be read anew. This machine could not keep its text for the "
                "right study: {reason}. It stays in the versions of this case.",
                reason=not_kept.user_text,
            )
            self._tell(Severity.DEGRADED, title, lost)

        self._run(session, acted, done, also_left=lambda _answer: self.carrying.look())

    def ask_cancel(self) -> None:
        """Ask why the report is given up, then cancel it."""
        session, services = self._desk.session, self._services
        if session is None or services is None or session.claim is None:
            return
        user_id = session.reader.user_id
        dialog = cancel_dialog(self._page, session.report.kind)
        dialog.name_case(case_words(session.row))

        def cancel(_key: str, reason: str) -> None:
            def act(report: Report, claim: Claim) -> Report:
                return services.cancel(report, claim, reason, user_id=user_id)

            self._desk.give_up(act)

        dialog.confirmed.connect(cancel)
        self._open(dialog)

    def _given_up(self, report: object) -> None:
        if isinstance(report, Report):
            self._tell(Severity.NEWS, tr("Given up: {kind}", kind=kind_words(report.kind)), report.ended_reason)

    # inside

    def _show_comparison(self, session: ReadingSession, found: list[Comparable]) -> None:
        template, study = session.template, session.study
        self._open(VersionDialog(self._page, found, lambda before, after: differences(before, after, template, study)))

    def _open(self, dialog: Dialog) -> None:
        if self.dialog is not None:
            dialog.deleteLater()
            return
        self.dialog = dialog
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._forget)
        dialog.open()

    def _forget(self, _result: int) -> None:
        self.dialog = None

    def _run(
        self,
        session: ReadingSession,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        also_left: Callable[[T], None] | None = None,
    ) -> None:
        """Ask the hub in the background; of an answer for a case that was left only ``also_left`` is told."""

        def arrived(value: T) -> None:
            if also_left is not None:
                also_left(value)
            if self._desk.session is session:
                done(value)

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if self._desk.session is session:
                self._tell(Severity.DEGRADED, error.user_text, error.hint)

        self._jobs.submit(Pool.IO, lambda _job: work(), on_success=arrived, on_error=failed)

    def _tell(self, severity: Severity, title: str, text: str) -> None:
        self._page.notices.show_notice(Notice(_KEY, severity, title, text))


_SIGNED: Final = frozenset({ReadingState.FINAL, ReadingState.ACKNOWLEDGED})
_WAITING: Final = frozenset({ReadingState.READY, ReadingState.AI_RUNNING, ReadingState.AI_FAILED})


def standing(report: Report) -> str:
    """Return what a document is to the one before it, or why it does not hold; empty for a plain report."""
    if report.ended_reason:
        return tr("Does not hold: {reason}", reason=report.ended_reason)
    before = report.predecessor
    if before is None:
        return ""
    return tr(
        "{kind} to what {signer} signed at {time}. Reason: {reason}",
        kind=kind_words(report.kind),
        signer=before.signer,
        time=when(before.signed_at),
        reason=report.change_reason,
    )


def return_sentence(codes: tuple[ReturnCode, ...], reason: str) -> str:
    """Return why a report was sent back: the coded reasons, then the words."""
    coded = " · ".join(return_words(code) for code in codes)
    return tr("{codes}: {reason}", codes=coded, reason=reason) if coded else reason
