"""Joins the technician's page to scanning, sending, the inbox and verification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QFileDialog

from resources.translation import tr, trn
from workstation.domain.access import Actor
from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.mutual_recognition import RepeatReason
from workstation.domain.ports import InboxPort, JobContext, SendPort, WorklistPort
from workstation.domain.quality_ports import RepeatPort
from workstation.domain.signature import VerificationResult
from workstation.domain.site import ReadingRequest, ReturnedReport
from workstation.domain.study import Study
from workstation.domain.workitem import Priority, ReadingState, WorklistPage, WorklistQuery, WorklistTab
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.returned_report_service import (
    ConfirmReceipt,
    OpenedReport,
    OpenReturnedReport,
    receipt_fault,
)
from workstation.ui.act_words import hint_after_act, try_again
from workstation.ui.commands import Command
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.inbox_paper import InboxPaper
from workstation.ui.notice import Notice, Severity, code_of, in_one_line
from workstation.ui.pages.grassroots_page import GrassrootsPage
from workstation.ui.pages.repeat_asking import RepeatAsking
from workstation.ui.paper_out import PaperServices
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.quality.repeat_dialog import RepeatDialog
from workstation.ui.send_queue import GrassrootsQueue
from workstation.ui.widgets.inbox_panel import which_study
from workstation.ui.widgets.send_panel import SendState
from workstation.ui.widgets.worklist_words import priority_word

__all__ = ["GrassrootsPresenter", "GrassrootsQueue", "GrassrootsServices"]

REFRESH_MS: Final = 10_000
_LINE: Final = "hub"
_NOT_THERE_WHOLE: Final = frozenset({ReadingState.RECEIVING, ReadingState.CANCELLED})
"""What is there in part goes on without a question, and what was withdrawn is asked for anew"""
Pictures = list[npt.NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class GrassrootsServices:
    """What the page needs, joined in bootstrap. ``pictures(pdf, width_px)`` draws pages."""

    scan: Callable[[Path, JobContext], list[Study]]
    sender: SendPort
    inbox: InboxPort
    worklist: WorklistPort
    open_returned: OpenReturnedReport
    pictures: Callable[[bytes, int], Pictures]
    repeated: Callable[[Study], tuple[str, str]] = lambda _study: ("", "")
    """Which recognised result an exam repeats, and when it may be repeated all the same; empty where none."""
    repeats: RepeatPort | None = None
    """Keeps the question why an exam was repeated where it was asked too late; nothing is kept without it"""
    paper: PaperServices | None = None
    """How a returned report leaves the workstation; nowhere without it"""


class GrassrootsPresenter(QObject):
    """One presenter for each made page."""

    def __init__(
        self,
        page: GrassrootsPage,
        services: GrassrootsServices,
        jobs: JobRunner,
        actor: Callable[[], Actor | None],
        queue: GrassrootsQueue,
    ) -> None:
        super().__init__(page)
        self._page, self._services, self._jobs, self._actor, self._queue = page, services, jobs, actor, queue
        self._returned: dict[str, ReturnedReport] = {}
        self._checked: dict[str, VerificationResult] = {}
        """What was found of each PDF object that was looked at, by SOP Instance UID"""
        self.repeats = RepeatAsking(page, queue, jobs, services.repeated, services.repeats)
        self._paper = InboxPaper(page, jobs, services.paper) if services.paper is not None else None
        self._opening: JobHandle[tuple[OpenedReport, Pictures]] | None = None
        self._scans: list[JobHandle[list[Study]]] = []
        self._sent: dict[str, str] = {}
        """By Study Instance UID, on which day the centre received the studies that it has whole"""
        self._refreshing = False
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        page.leave_guard = self._may_leave
        page.closing.connect(self.close)
        page.refresh_requested.connect(self.refresh)
        page.send.zone.dropped.connect(self._dropped)
        page.send.zone.folder_requested.connect(self._choose_folder)
        page.send.zone.file_requested.connect(self._choose_file)
        page.send.send_requested.connect(self.send)
        page.send.stop_requested.connect(queue.stop)
        page.inbox.chosen.connect(self.open_report)
        page.inbox.acknowledge_requested.connect(self.acknowledge)
        page.cases.chosen.connect(self._open_case_report)
        page.commands.add(
            Command(
                "grassroots.new",
                tr("New request"),
                "folder-open",
                "Ctrl+N",
                self._choose_folder,
                tr("Grassroots"),
                everywhere=True,
                editable=True,
            )
        )
        # methods of this object only: a page that was rebuilt takes its connections with it
        queue.changed.connect(self._show_item)
        queue.verified.connect(self._verified)
        queue.interrupted.connect(self._interrupted)
        for item in queue.items:
            page.send.show_item(item)
        self._timer.start()

    def close(self) -> None:
        """Stop looking; what is being sent goes on."""
        self._closed = True
        self._timer.stop()
        if self._opening is not None:
            self._opening.cancel()
        for job in self._scans:
            job.cancel()

    # sending

    def scan(self, path: Path) -> None:
        """Look for studies below a folder or in a file."""

        def work(job: JobContext) -> list[Study]:
            return self._services.scan(path, job)

        def failed(error: Exception) -> None:
            self._scanned()
            self._fail(f"scan:{path}", error)

        def found(studies: list[Study]) -> None:
            self._scanned()
            for study in reversed(studies):  # the newest study comes first and stands on top
                self._queue.add(study)
                self.repeats.look(study)
            self._queue.tell_sent(self._sent)

        for notice in self._page.notices.notices():
            if notice.key.startswith("scan:"):
                self._page.notices.clear_notice(notice.key)
        self._page.send.zone.show_scanning(tr("Looking for studies in {name}…", name=path.name))
        self._scans.append(
            self._jobs.submit(Pool.CPU, work, on_success=found, on_error=failed, on_progress=self._scan_moved)
        )

    def send(self, study_instance_uid: str) -> None:
        """Send a study and ask for its reading; a repeated send keeps what was asked for first."""
        item = self._queue.item(study_instance_uid)
        if item.sent_on and item.state is SendState.FOUND:
            self._confirm(
                study_instance_uid,
                tr("This study was sent on {day} already", day=item.sent_on),
                tr("Only images that the centre lacks travel; what was asked for then stays as it is."),
                tr("Send again"),
                partial(self._send_or_ask, is_again=True),
            )
            return
        asked = bool(self._page.send.question.text().strip()) or self._page.send.priority() is not Priority.LOW
        if asked and item.state is SendState.FOUND and self._queue.other_patients_wait(study_instance_uid):
            wanted = (priority_word(self._page.send.priority()), self._page.send.question.text().strip())
            self._confirm(
                study_instance_uid,
                tr("Does this request belong to this patient?"),
                " · ".join(word for word in wanted if word),
                tr("Send with this request"),
                self._send_or_ask,
            )
            return
        self._send_or_ask(study_instance_uid)

    def _confirm(
        self, study_instance_uid: str, title: str, text: str, act: str, go_on: Callable[[str], object]
    ) -> None:
        dialog = ConfirmDialog(self._page, title, text, act)
        dialog.name_case(self._queue.item(study_instance_uid).case)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: go_on(study_instance_uid))
        dialog.open()

    def _send_or_ask(self, study_instance_uid: str, *, is_again: bool = False) -> None:
        if self._queue.holds_two_patients(study_instance_uid) and not self._queue.request_of(study_instance_uid):
            self._ask_whose(study_instance_uid, is_again=is_again)
        else:
            self._ask_why(study_instance_uid, is_again=is_again)

    def _ask_whose(self, study_instance_uid: str, *, is_again: bool) -> None:
        who = self._queue.item(study_instance_uid).who
        dialog = ConfirmDialog(
            self._page,
            tr("Images of this study name different patients"),
            tr("The reader will see all of them under the name {name}.", name=who),
            tr("Send anyway"),
            hint=tr("Check at the scanner which images belong to this patient, and send only those."),
            danger=True,
        )
        dialog.name_case(self._queue.item(study_instance_uid).case)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._ask_why(study_instance_uid, is_again=is_again))
        dialog.open()

    def _ask_why(self, study_instance_uid: str, *, is_again: bool) -> None:
        """Ask once why an exam is repeated; what was said goes with the request."""
        exists = self._queue.repeats_of(study_instance_uid)
        if not exists or self._queue.request_of(study_instance_uid):
            self._send(study_instance_uid, is_again=is_again)
            return
        dialog = RepeatDialog(self._page, self._queue.item(study_instance_uid).who, exists)
        dialog.name_case(self._queue.item(study_instance_uid).case)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.given.connect(lambda reason: self._send(study_instance_uid, reason, is_again=is_again))
        dialog.open()

    def _send(self, study_instance_uid: str, repeat: RepeatReason | None = None, *, is_again: bool) -> None:
        """Send; what is ``is_again`` takes nothing of what stands above the studies, which is meant for another one."""
        panel = self._page.send
        request = self._queue.request_of(study_instance_uid) or ReadingRequest(
            study_instance_uid,
            Priority.LOW if is_again else panel.priority(),
            "" if is_again else panel.question.text().strip(),
            self._queue.item(study_instance_uid).total,
            repeat,
        )
        self._queue.send(request, self._services.sender, self._jobs)
        if not is_again and not self._queue.more_of_patient(study_instance_uid):
            self._page.send.question.clear()  # the question of one patient is never asked of the next

    # returned reports

    def refresh(self) -> None:
        """Fetch the inbox and the sent cases; rounds never overlap."""
        actor = self._actor()
        if actor is None or self._refreshing:
            return
        self._refreshing = True
        self._page.show_site(actor.site_name)

        def work(_job: JobContext) -> tuple[list[ReturnedReport], WorklistPage]:
            rows = self._services.worklist.query(WorklistQuery(tab=WorklistTab.ALL, limit=200))
            return self._services.inbox.returned(), rows

        def done(answer: tuple[list[ReturnedReport], WorklistPage]) -> None:
            self._refreshing = False
            if not self._closed:
                self._refreshed(answer, actor.site_id)

        def failed(error: Exception) -> None:
            self._refreshing = False
            self._fail(_LINE, error, severity=Severity.DEGRADED)

        self._jobs.submit(Pool.IO, work, on_success=done, on_error=failed)

    def open_report(self, ups_instance_uid: str) -> None:
        """Show a returned report with the verdict on its signature."""
        returned = self._returned[ups_instance_uid]
        parts = (name_or_placeholder(returned.patient_name), which_study(returned), returned.description)
        who = " · ".join(part for part in parts if part)
        self._page.show_report_loading(who)
        self._offer_paper(None)
        width = self._page.paper.page_width_px()
        if self._opening is not None:
            self._opening.cancel()

        def work(_job: JobContext) -> tuple[OpenedReport, Pictures]:
            opened = self._services.open_returned(returned)
            return opened, self._services.pictures(opened.pdf, width)

        def done(result: tuple[OpenedReport, Pictures]) -> None:
            opened, pictures = result
            fault = self._take_verdict(returned, opened.verdict)
            self._page.show_report(who, pictures, opened.verdict, fault.hint if fault is not None else "")
            self._offer_paper(opened)

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if not self._closed and not opening.cancelled:
                self._page.show_report_failed(f"{error.user_text}\n\n{error.hint}".strip())

        opening = self._opening = self._jobs.submit(Pool.IO, work, on_success=done, on_error=failed)

    def _offer_paper(self, opened: OpenedReport | None) -> None:
        if self._paper is not None:
            self._paper.show(opened)

    def _take_verdict(self, returned: ReturnedReport, verdict: VerificationResult) -> WorkstationError | None:
        """Say in the list what was found; return why the receipt cannot be confirmed, None where it can be."""
        self._checked[returned.pdf_sop_instance_uid] = verdict
        fault = receipt_fault(returned, verdict)
        refusal = in_one_line(fault.user_text, fault.hint) if fault is not None else ""
        self._page.inbox.show_verdict(returned, verdict.verdict, refusal)
        return fault

    def acknowledge(self, ups_instance_uid: str) -> None:
        """Confirm the receipt of a report, opened or not: one that was altered is refused."""
        returned = self._returned.get(ups_instance_uid)
        if returned is None:
            return  # the hub took it off the list since
        confirm = ConfirmReceipt(self._services.open_returned, self._services.inbox)
        seen = self._checked.get(returned.pdf_sop_instance_uid)

        def done(answer: tuple[ReturnedReport, VerificationResult]) -> None:
            report, verdict = answer
            if self._closed:
                return
            fault = self._take_verdict(returned, verdict)
            if fault is not None:
                failed(fault)
                return
            self._page.notices.clear_notice("acknowledge")
            self._returned[report.ups_instance_uid] = report
            self._show_returned()
            self._page.toast.emit(tr("Receipt confirmed"))
            self.refresh()

        def failed(error: Exception) -> None:
            self._fail("acknowledge", error, act=lambda: self.acknowledge(ups_instance_uid))
            if not self._closed and self._page.inbox.has(ups_instance_uid):
                self._page.inbox.item(ups_instance_uid).release()

        self._jobs.submit(Pool.IO, lambda _job: confirm(returned, seen), on_success=done, on_error=failed)

    # inside

    def _may_leave(self) -> bool:
        count = self._queue.under_way
        if not count:
            return True
        dialog = ConfirmDialog(
            self._page,
            trn("{count} study is still being sent", "{count} studies are still being sent", count),
            tr("Leaving now stops the sending. The centre does not read a study before all of it has arrived."),
            tr("Stop and leave"),
            hint=tr("To go on later, choose the same folder again: only the missing images travel."),
            danger=True,
        )
        return dialog.exec() == ConfirmDialog.DialogCode.Accepted

    def _scanned(self) -> None:
        self._scans = [job for job in self._scans if job.future is not None and not job.future.done()]
        if not self._closed and not self._scans:
            self._page.send.zone.show_idle()

    def _scan_moved(self, _fraction: float, text: str) -> None:
        if text and not self._closed:
            self._page.send.zone.show_scanning(text)

    def _show_item(self, study_instance_uid: str) -> None:
        self._page.send.show_item(self._queue.item(study_instance_uid))

    def _verified(self, study_instance_uid: str) -> None:
        self._page.notices.clear_notice(_LINE)
        self._page.toast.emit(tr("{who}: sent and verified", who=self._queue.item(study_instance_uid).who))
        self.refresh()

    def _interrupted(self, error: WorkstationError) -> None:
        # one line, one bar: the list that is fetched anew tells of the same outage, and goes when it is over
        notice = Notice(_LINE, Severity.DEGRADED, error.user_text, _meanwhile(error), code_of(error))
        self._page.notices.show_notice(notice)

    def _refreshed(self, answer: tuple[list[ReturnedReport], WorklistPage], site_id: str) -> None:
        reports, page = answer
        self._page.notices.clear_notice(_LINE)
        self._queue.resume(self._services.sender, self._jobs)  # the line carries again
        self.repeats.again()
        self._returned = {report.ups_instance_uid: report for report in reports}
        self._show_returned()
        # the hub answers with the own site only; somebody who may see more still sees the own one here
        mine = [row for row in page.rows if row.site_id == site_id]
        self._page.cases.show_rows(mine)
        self._sent = {
            row.study_instance_uid: row.arrived.astimezone().strftime("%Y-%m-%d")
            for row in mine
            if row.state not in _NOT_THERE_WHOLE
        }
        self._queue.tell_sent(self._sent)

    def _show_returned(self) -> None:
        reports = list(self._returned.values())
        if self._paper is not None:
            self._paper.renew(self._returned)
        self._page.inbox.show_reports(reports)
        self._page.show_inbox_count(sum(not report.acknowledged_at for report in reports))

    def _open_case_report(self, study_instance_uid: str) -> None:
        for ups, report in self._returned.items():
            if report.study_instance_uid == study_instance_uid:
                self.open_report(ups)
                return

    def _fail(
        self,
        key: str,
        error: Exception,
        *,
        severity: Severity = Severity.LOST,
        act: Callable[[], object] | None = None,
    ) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if self._closed:
            return
        hint = _meanwhile(error) if act is None else hint_after_act(error)
        self._page.notices.show_notice(
            Notice(key, severity, error.user_text, hint, code_of(error), try_again(error, act))
        )

    def _dropped(self, paths: list[str]) -> None:
        for path in paths:
            self.scan(Path(path))

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._page, tr("Choose a folder"))
        if folder:
            self.scan(Path(folder))

    def _choose_file(self) -> None:
        file, _filter = QFileDialog.getOpenFileName(self._page, tr("Choose a file or DICOMDIR"))
        if file:
            self.scan(Path(file))


def _meanwhile(error: WorkstationError) -> str:
    """Return the next step in a technician's words: a lost line has nothing to do with drafts here."""
    if isinstance(error, Unreachable):
        return tr("Sending goes on by itself once the centre answers. Check the network line if this lasts.")
    return error.hint
