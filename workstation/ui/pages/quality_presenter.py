"""Joins the quality manager's page to the hub; figures are fetched and tables written in jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog
from shiboken6 import isValid

from resources.translation import tr
from workstation.domain.errors import WorkstationError
from workstation.domain.ports import Clock
from workstation.domain.quality import QualityFigures, QualityQuery
from workstation.domain.quality_ports import QualityPort
from workstation.domain.report_version import ReportPolicy
from workstation.domain.workflow_ports import WorkflowPort
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.quality_export import as_csv
from workstation.ui.notice import Severity
from workstation.ui.pages.quality_page import QualityPage
from workstation.ui.quality.periods import days_of, midnight

T = TypeVar("T")


class QualityPresenter(QObject):
    """One page, one quality manager or administrator. ``write(path, content)`` replaces a file as a whole."""

    def __init__(
        self,
        page: QualityPage,
        quality: QualityPort,
        workflow: WorkflowPort,
        jobs: JobRunner,
        clock: Clock,
        write: Callable[[Path, bytes], object],
    ) -> None:
        super().__init__(page)
        self._page, self._quality, self._workflow, self._jobs = page, quality, workflow, jobs
        self._clock, self._write = clock, write
        self._asking: JobHandle[tuple[QualityFigures, ReportPolicy]] | None = None
        page.asked.connect(self.refresh)
        page.export_requested.connect(self._choose_file)
        page.policy.changed.connect(self._put_into_force)
        self.refresh()

    def query(self) -> QualityQuery:
        """Return what the filters ask."""
        period, site, reader, modality = self._page.filters.chosen
        first, after = days_of(period, self._clock.now().astimezone().date())
        return QualityQuery(midnight(first), midnight(after), site, reader, modality)

    def refresh(self) -> None:
        """Ask for what is chosen; the newest question wins."""
        query = self.query()
        if self._asking is not None:
            self._asking.cancel()

        def show(found: tuple[QualityFigures, ReportPolicy]) -> None:
            self._page.show_figures(found[0])
            self._page.policy.show_policy(found[1])

        self._asking = self._run(lambda: (self._quality.figures(query), self._workflow.policy()), show)

    def save(self, path: Path) -> None:
        """Write what is shown as a table, and have that written into the audit trail first."""
        figures = self._page.figures
        if figures is None:
            return

        def work() -> None:
            self._quality.exported(figures.query)
            self._write(path, as_csv(figures))

        self._run(work, lambda _none: self._page.toast.emit(tr("Saved: {path}", path=str(path))))

    def _choose_file(self) -> None:
        figures = self._page.figures
        if figures is None:
            return
        proposed = f"lianyue-quality-{figures.query.since.astimezone():%Y%m%d}.csv"
        chosen, _filter = QFileDialog.getSaveFileName(self._page, tr("Save as a table…"), proposed, tr("Table (*.csv)"))
        if chosen:
            self.save(Path(chosen))

    def _put_into_force(self, policy: ReportPolicy) -> None:
        def done(stored: ReportPolicy) -> None:
            self._page.policy.show_policy(stored)
            self._page.toast.emit(tr("The rules are in force"))

        self._run(lambda: self._workflow.set_policy(policy), done)

    def _run(self, work: Callable[[], T], done: Callable[[T], object]) -> JobHandle[T]:
        def arrived(value: T) -> None:
            if isValid(self):  # the page may have gone with its person meanwhile
                self._page.notices.clear_notice("quality")
                done(value)

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if isValid(self):
                self._page.show_error(error, key="quality", severity=Severity.DEGRADED)

        return self._jobs.submit(Pool.IO, lambda _job: work(), on_success=arrived, on_error=failed)
