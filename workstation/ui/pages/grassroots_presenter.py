"""Joins the technician's page to scanning, sending, the inbox and verification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog

from resources.translation import tr
from workstation.domain.access import Actor
from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.ports import InboxPort, JobContext, SendPort, WorklistPort
from workstation.domain.site import ReadingRequest, ReturnedReport, SendProgress
from workstation.domain.study import Study
from workstation.domain.workitem import WorklistPage, WorklistQuery, WorklistTab
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.returned_report_service import OpenedReport, OpenReturnedReport
from workstation.ui.commands import Command
from workstation.ui.notice import Severity
from workstation.ui.pages.grassroots_page import GrassrootsPage
from workstation.ui.widgets.send_panel import QueueItem, SendState

REFRESH_MS: Final = 10_000
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


@dataclass(slots=True)
class _Queued:
    study: Study
    item: QueueItem
    job: JobHandle[str] | None = None


class GrassrootsQueue:
    """What was found and sent; outlives the page, so that a language switch loses nothing."""

    def __init__(self) -> None:
        self.entries: dict[str, _Queued] = {}


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
        self._opening: JobHandle[tuple[OpenedReport, Pictures]] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        page.send.zone.dropped.connect(self._dropped)
        page.send.zone.folder_requested.connect(self._choose_folder)
        page.send.zone.file_requested.connect(self._choose_file)
        page.send.send_requested.connect(self.send)
        page.send.stop_requested.connect(self.stop)
        page.inbox.chosen.connect(self.open_report)
        page.inbox.acknowledge_requested.connect(self.acknowledge)
        page.commands.add(
            Command("grassroots.new", tr("New request"), "folder-open", "Ctrl+N", self._choose_folder, tr("Grassroots"))
        )
        for entry in queue.entries.values():
            page.send.show_item(entry.item)
        self._timer.start()

    # sending

    def scan(self, path: Path) -> None:
        """Look for studies below a folder or in a file."""

        def work(job: JobContext) -> list[Study]:
            return self._services.scan(path, job)

        self._page.notices.clear_notice("scan")
        self._jobs.submit(Pool.CPU, work, on_success=self._found, on_error=lambda error: self._fail("scan", error))

    def send(self, study_instance_uid: str) -> None:
        """Send a study and ask for its reading."""
        entry = self._queue.entries[study_instance_uid]
        if entry.job is not None and entry.item.state in {SendState.SENDING, SendState.INTERRUPTED}:
            return
        request = ReadingRequest(
            study_instance_uid, self._page.send.priority(), self._page.send.question.text().strip(), entry.item.total
        )
        self._show(entry, state=SendState.SENDING, message="")

        def work(job: JobContext) -> str:
            def tell(progress: SendProgress) -> None:
                done = progress.sent + progress.already_there
                job.progress(done / max(1, progress.total), str(done))

            return self._services.sender.send(entry.study, request, job, tell)

        def moved(_fraction: float, text: str) -> None:
            if text.isdigit():
                self._show(entry, done=int(text))

        def verified(_ups: str) -> None:
            self._show(entry, state=SendState.VERIFIED, done=entry.item.total, message="")
            self._page.toast.emit(tr("{who}: sent and verified", who=entry.item.who))
            self.refresh()

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            self._show(entry, state=SendState.FAILED, message=f"{error.user_text} {error.hint}".strip())
            if isinstance(error, Unreachable):
                self._page.show_error(error, key="send", severity=Severity.DEGRADED)

        entry.job = self._jobs.submit(Pool.IO, work, on_success=verified, on_error=failed, on_progress=moved)

    def stop(self, study_instance_uid: str) -> None:
        """Stop sending; what arrived stays there and is not sent again."""
        entry = self._queue.entries[study_instance_uid]
        if entry.job is not None:
            entry.job.cancel()
        self._show(entry, state=SendState.FAILED, message=tr("Stopped; sending again goes on from here."))

    # returned reports

    def refresh(self) -> None:
        """Fetch the inbox and the sent cases."""
        actor = self._actor()
        if actor is None:
            return
        self._page.show_site(actor.site_name)

        def work(_job: JobContext) -> tuple[list[ReturnedReport], WorklistPage]:
            rows = self._services.worklist.query(WorklistQuery(tab=WorklistTab.ALL, limit=200))
            return self._services.inbox.returned(), rows

        self._jobs.submit(Pool.IO, work, on_success=self._refreshed, on_error=lambda error: self._fail("hub", error))

    def open_report(self, ups_instance_uid: str) -> None:
        """Show a returned report with the verdict on its signature."""
        returned = self._returned[ups_instance_uid]
        who = f"{returned.patient_name} · {returned.description}"
        self._page.show_report_loading(who)
        width = self._page.paper.page_width_px()
        if self._opening is not None:
            self._opening.cancel()

        def work(_job: JobContext) -> tuple[OpenedReport, Pictures]:
            opened = self._services.open_returned(returned)
            return opened, self._services.pictures(opened.pdf, width)

        def done(result: tuple[OpenedReport, Pictures]) -> None:
            opened, pictures = result
            self._page.show_report(who, pictures, opened.verdict)

        self._opening = self._jobs.submit(
            Pool.IO, work, on_success=done, on_error=lambda error: self._fail("returned", error)
        )

    def acknowledge(self, ups_instance_uid: str) -> None:
        """Confirm the receipt of a report."""

        def done(report: ReturnedReport) -> None:
            self._returned[report.ups_instance_uid] = report
            self._page.toast.emit(tr("Receipt confirmed"))
            self.refresh()

        self._jobs.submit(
            Pool.IO,
            lambda _job: self._services.inbox.acknowledge(ups_instance_uid),
            on_success=done,
            on_error=lambda error: self._fail("acknowledge", error),
        )

    # inside

    def _found(self, studies: list[Study]) -> None:
        for study in studies:
            warnings = [w.text for w in study.warnings]
            warnings += [w.text for series in study.series for w in series.warnings]
            item = QueueItem(
                study.study_instance_uid,
                study.patient.name or study.patient.patient_id,
                " · ".join(part for part in ("/".join(study.modalities), study.description) if part),
                study.instance_count,
                warnings=tuple(dict.fromkeys(warnings)),
            )
            known = self._queue.entries.get(study.study_instance_uid)
            if known is not None and known.item.state in {SendState.SENDING, SendState.INTERRUPTED}:
                continue
            entry = _Queued(study, item)
            self._queue.entries[study.study_instance_uid] = entry
            self._page.send.show_item(item)

    def _refreshed(self, answer: tuple[list[ReturnedReport], WorklistPage]) -> None:
        reports, page = answer
        self._page.notices.clear_notice("hub")
        self._returned = {report.ups_instance_uid: report for report in reports}
        self._page.inbox.show_reports(reports)
        self._page.show_inbox_count(sum(not report.acknowledged_at for report in reports))
        self._page.cases.show_rows(page.rows)

    def _show(
        self, entry: _Queued, *, state: SendState | None = None, done: int | None = None, message: str | None = None
    ) -> None:
        item = entry.item
        entry.item = replace(
            item,
            state=item.state if state is None else state,
            done=item.done if done is None else done,
            message=item.message if message is None else message,
        )
        self._page.send.show_item(entry.item)

    def _fail(self, key: str, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self._page.show_error(error, key=key)

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
