"""The page of shared documents, joined to hub, judges and the printed report."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from resources.translation import language as tongue
from resources.translation import tr
from workstation.bootstrap.documents import fetch_documents
from workstation.dicom.recognition import parse_recognition_policy, recognition_words
from workstation.domain.finding import FindingList
from workstation.domain.letterhead import Letterhead
from workstation.domain.measurement import MeasurementSet
from workstation.domain.mutual_recognition import ExamFacts, recognise
from workstation.domain.report import Person, Report
from workstation.domain.report_state import ReportState
from workstation.domain.study import Patient, Study
from workstation.domain.template_draft import Draft
from workstation.domain.workitem import AiState, AiSummary, Priority, ReadingState, WorkitemCode, WorklistRow
from workstation.exchange.paper.letterheads import OneLetterhead, unpacked_letterhead
from workstation.exchange.paper.pdf_pages import page_pictures
from workstation.exchange.paper.report_pdf import ReportPdf
from workstation.exchange.site_documents import blank_document, document_problems, with_logo
from workstation.exchange.templates.library import GENERAL, TemplateLibrary
from workstation.services.site_documents import EditDocuments
from workstation.ui.documents.document_preview import Pictures, Trials

if TYPE_CHECKING:
    from workstation.bootstrap.adapters import Hub


def edit_documents(hub: Hub, data_dir: Path) -> EditDocuments:
    """Return the acts of the page."""
    return EditDocuments(hub.documents, blank_document, document_problems, fetch_documents(hub, data_dir))


def document_trials() -> Trials:
    """Return what the previews of the page ask."""
    return Trials(_paper, _recognised, with_logo)


def empty_report_pdf(letterhead: Letterhead, language: str) -> bytes:
    """Return the pages of a report that says nothing of nobody, under a letterhead."""
    now = datetime.now(UTC)
    template = TemplateLibrary().get(GENERAL)
    report = Report(
        report_uid="",
        study_instance_uid="",
        ups_instance_uid="",
        template_id=template.template_id,
        template_version=template.version,
        language=language,
        state=ReportState.DRAFTED,
        values={},
        findings=FindingList(""),
        measurements=MeasurementSet(""),
        author=Person("", "", ""),
        updated_at=now,
    )
    row = WorklistRow(
        "", "", WorkitemCode.INTERPRETATION, ReadingState.READING, Priority.LOW, "", "", "", "", "", "", "", "", "",
        now, None, now, 0, 0, AiSummary(AiState.NOT_APPLICABLE),
    )  # fmt: skip
    study = Study("", Patient("", ""))
    return ReportPdf(OneLetterhead(letterhead)).render(report, template, study, row, draft=True)


def _paper(draft: Draft, language: str, width_px: int) -> Pictures:
    pdf = empty_report_pdf(unpacked_letterhead(json.dumps(draft), "letterhead"), language)
    return page_pictures(pdf, width_px)[:1]


def _recognised(draft: Draft, modality: str, description: str, grade: str) -> str:
    policy = parse_recognition_policy(json.dumps(draft), "policy")
    today = datetime.now().astimezone().date()
    facts = ExamFacts(modality, description, today, is_signed_final=True, grade=grade)
    found, item = recognise(facts, policy, today=today), policy.item_for(modality, description)
    words = recognition_words(found, tongue())
    return words if item is None else f"{tr('Item: {name}', name=item.label.get(tongue()))}\n{words}"
