"""How a report leaves the workstation as PDF or on paper, joined for its pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resources.translation import tr
from workstation.domain.errors import DecodeError
from workstation.services.paper_service import SignedPaper, TakePaperOut
from workstation.ui.paper_out import PaperServices
from workstation.ui.report.paper import ReportPaper, ReportPapers

if TYPE_CHECKING:  # the hub's clients load while one signs in
    from workstation.bootstrap.adapters import Hub, LocalStorage
    from workstation.domain.report import Report
    from workstation.domain.study import Study
    from workstation.domain.template import ReportTemplate
    from workstation.domain.workitem import WorklistRow
    from workstation.services.jobs import JobRunner
    from workstation.ui.case_desk import CaseDesk
    from workstation.ui.pages.report_page import ReportPage


def paper_services(hub: Hub) -> PaperServices:
    """Join what saving and printing need."""
    from workstation.exchange.paper.pdf_pages import page_count, page_picture
    from workstation.storage.files import replace_file

    return PaperServices(TakePaperOut(hub.audit, replace_file), page_count, page_picture)


def paper_of_report(
    page: ReportPage,
    desk: CaseDesk,
    jobs: JobRunner,
    hub: Hub,
    storage: LocalStorage,
    *,
    trusted: Path | None,
    data_dir: Path,
) -> ReportPaper:
    """Join the report page to paper."""

    def signed(report: Report) -> bytes:
        from workstation.bootstrap.adapters import verifier

        return SignedPaper(hub.images, storage.outbox.pending, verifier(trusted, data_dir), pdf_in)(report)

    def draft(report: Report, template: ReportTemplate, study: Study, row: WorklistRow) -> bytes:
        from workstation.bootstrap.letterheads import site_letterheads
        from workstation.exchange.paper.report_pdf import ReportPdf

        return ReportPdf(site_letterheads(storage.documents.known)).render(report, template, study, row, draft=True)

    return ReportPaper(page, desk, jobs, ReportPapers(signed, draft), paper_services(hub))


def pdf_in(part10: bytes) -> bytes:
    """Return the PDF inside an Encapsulated PDF object. Raises DecodeError."""
    from workstation.dicom.objects.encapsulated import taken_apart

    try:
        return taken_apart(part10).pdf
    except ValueError as exc:
        raise DecodeError(tr("The returned report is damaged"), detail=str(exc)) from exc
