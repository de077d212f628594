"""The report page's way to paper: the signed PDF as it was signed, or a draft marked so on every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject

from resources.translation import tr
from workstation.domain.report import Report, ReportState
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import WorklistRow
from workstation.services.jobs import JobRunner
from workstation.services.paper_service import Paper, paper_name
from workstation.services.reading_session import ReadingSession
from workstation.ui.case_desk import CaseDesk
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.paper_out import PaperOut, PaperServices, ShownPaper


class DraftPdf(Protocol):
    """Lays an unsigned report out."""

    def __call__(self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow) -> bytes:
        """Return a PDF with a watermark that says that it is not signed. Runs off the main thread."""
        ...


@dataclass(frozen=True, slots=True)
class ReportPapers:
    """Where the PDF of a report comes from."""

    signed: Callable[[Report], bytes]
    """Returns it as it was signed; raises SignatureInvalid, SourceError"""
    draft: DraftPdf


class ReportPaper(QObject):
    """Belongs to one report page."""

    def __init__(
        self, page: ReportPage, desk: CaseDesk, jobs: JobRunner, papers: ReportPapers, services: PaperServices
    ) -> None:
        super().__init__(page)
        self._desk, self._papers = desk, papers
        self.out = PaperOut(page, jobs, services, self._shown)
        page.add_to_preview(self.out.save, self.out.print)
        desk.opened.connect(self._turned)
        desk.closed.connect(self.out.forget)
        desk.changed.connect(self._moved)
        self.out.show_state()

    def _turned(self, _session: ReadingSession) -> None:
        self.out.forget()

    def _moved(self, _change: object) -> None:
        self.out.show_state()

    def _shown(self) -> ShownPaper | None:
        session = self._desk.session
        if session is None:
            return None
        report = session.report
        withdrawn = report.state is ReportState.ENTERED_IN_ERROR
        return ShownPaper(
            key=f"{report.report_uid} {report.state}",
            fetch=partial(self._fetch, report, session.template, session.study, session.row),
            refused=tr("This report was withdrawn: nothing of it holds, and it is not given out.") if withdrawn else "",
        )

    def _fetch(self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow) -> Paper:
        signed = report.state is ReportState.FINAL
        pdf = self._papers.signed(report) if signed else self._papers.draft(report, template, study, row)
        name = paper_name(study.accession_number or row.accession_number, study.study_date, signed=signed)
        return Paper(pdf, report.study_instance_uid, name, signed)
