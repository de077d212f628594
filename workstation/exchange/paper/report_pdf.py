"""The report on A4: what a person reads, prints and archives."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from workstation.dicom.objects.report_manifest import MANIFEST_NAME
from workstation.domain.letterhead import Letterhead
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate, Text
from workstation.domain.workitem import WorklistRow
from workstation.exchange.paper.key_image_figures import figures, put_figures
from workstation.exchange.paper.letterheads import Letterheads, OneLetterhead
from workstation.exchange.paper.page_flow import Flow
from workstation.exchange.paper.page_frame import Frame
from workstation.exchange.paper.page_items import GREY, Page, Style, line_of
from workstation.exchange.paper.page_sections import Sections
from workstation.exchange.paper.page_words import facts, shown_name, studied, words
from workstation.exchange.paper.pdf_writer import pdf_of
from workstation.exchange.paper.report_layout import LINE, MARGIN, SIGNATURES_FROM

__all__ = ["ReportPdf", "shown_name"]


@dataclass(frozen=True, slots=True)
class ReportPdf:
    """
    Implements ReportRenderer.

    ``letterheads`` says what heads the reports of each site; a bare text is the name of all of them. The same
    report gives the same bytes.
    """

    letterheads: Letterheads | Text

    def render(
        self,
        report: Report,
        template: ReportTemplate,
        study: Study,
        row: WorklistRow,
        *,
        draft: bool,
        attachments: Mapping[str, bytes] | None = None,
    ) -> bytes:
        """
        Return a PDF with embedded fonts; ``draft`` adds the watermark.

        Raises TemplateViolation when a character has no glyph in the shipped fonts.
        """
        heads = OneLetterhead(Letterhead(self.letterheads)) if isinstance(self.letterheads, Text) else self.letterheads
        manifest = (attachments or {}).get(MANIFEST_NAME)
        title = template.title.get(report.language)
        frame = Frame(
            report=report,
            letterhead=heads.for_site(row.site_id),
            title=title,
            who=_who(report, study, title),
            digest="" if manifest is None else hashlib.sha256(manifest).hexdigest(),
            draft=draft,
        )
        return pdf_of(
            laid_out(frame, template, study, row),
            title=title,
            language=report.language,
            at=report.signed_at or report.updated_at,
            watermark=words("watermark", report.language) if draft else "",
            attachments=attachments,
        )


def laid_out(frame: Frame, template: ReportTemplate, study: Study, row: WorklistRow) -> list[Page]:
    """Return the pages of a report."""
    report = frame.report
    flow = Flow(frame.begin)
    parts = Sections(flow, report, template, study)
    parts.facts(facts(study, row, report.language))
    parts.standing()
    parts.critical()
    parts.sections()
    put_figures(flow, figures(report, study), report.language)
    parts.recognition()
    if flow.y > SIGNATURES_FROM:
        flow.new_page()
        flow.put(line_of(MARGIN, flow.y, LINE, words("nothing", report.language), Style(9.0, colour=GREY)))
    frame.sign(flow.page)
    for number, page in enumerate(flow.pages, 1):
        frame.foot(page, number, len(flow.pages))
    return flow.pages


def _who(report: Report, study: Study, title: str) -> str:
    language = report.language
    patient = study.patient
    return "　".join(
        (
            title,
            shown_name(patient.name),
            f"{words('id', language)} {patient.patient_id or '—'}",
            f"{words('accession', language)} {study.accession_number or '—'}",
            studied(study),
        )
    )
