"""The diagnostic report as Enhanced SR, template TID 2000 (PS3.16)."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.sr import report_words
from workstation.dicom.sr.codes import CATEGORY_CODES
from workstation.dicom.sr.common import (
    DocumentHead,
    coded,
    container,
    dcm,
    document,
    language_items,
    part10,
    person_observer,
    text,
    uid_from,
)
from workstation.dicom.sr.critical_words import critical_section
from workstation.dicom.sr.references import document_references, other_evidence
from workstation.dicom.sr.succession_words import succession_lines
from workstation.dicom.sr.template_numbers import CID_7002, chosen, number_items
from workstation.domain.categories.values import AssignedCategory
from workstation.domain.errors import TemplateViolation
from workstation.domain.finding import FindingList
from workstation.domain.report import Report, ReportKind, ReportState
from workstation.domain.study import Study
from workstation.domain.template import IMPRESSIONS, Code, FieldType, ReportTemplate, TemplateField
from workstation.domain.workitem import WorklistRow

ENHANCED_SR: Final = "1.2.840.10008.5.1.4.1.1.88.22"
SERIES_NUMBER: Final = 9001
FINDING: Final = dcm("121071", "Finding")
IMPRESSION: Final = dcm("121073", "Impression")
ADDENDUM: Final = Code("55107-7", "LN", "Addendum")


def report_identity(report: Report, kind: str) -> tuple[str, str]:
    """Return (Series, SOP) Instance UID of one object of this version of the report."""
    version = f"{report.revision}|{report.state}|{report.signed_at.isoformat() if report.signed_at else ''}"
    return uid_from(report.report_uid, "series", kind), uid_from(report.report_uid, version, kind)


def refuse_research(findings: FindingList) -> None:
    """Raise TemplateViolation where a research model, which nobody trusted vouches for, had a part."""
    if findings.for_research_only or (findings.algorithm is not None and findings.algorithm.research):
        raise TemplateViolation(
            tr("Marks of a research model cannot be written into a report or result."),
            hint=tr("Use a signed model, or mark the finding yourself."),
            detail=findings.algorithm.name if findings.algorithm is not None else "",
        )


def report_head(report: Report, *, kind: str, sop_class_uid: str, number: int, description: str) -> DocumentHead:
    """Return the head of a report object with flags that follow the state. Raises TemplateViolation: research marks."""
    refuse_research(report.findings)
    final = report.state is ReportState.FINAL
    if final and (report.verifier is None or report.signed_at is None):
        raise ValueError("a final report has a verifier and a time of signing")
    series_uid, sop_uid = report_identity(report, kind)
    return DocumentHead(
        sop_class_uid=sop_class_uid,
        series_instance_uid=series_uid,
        sop_instance_uid=sop_uid,
        series_number=number,
        series_description=description,
        at=report.signed_at or report.updated_at,
        final=final,
        complete=report.state in {ReportState.FINAL, ReportState.PRELIMINARY},
        author=report.author,
        verifier=report.verifier if final else None,
        verified_at=report.signed_at if final else None,
        institution=report.author.organisation,
    )


def enhanced_sr(report: Report, template: ReportTemplate, study: Study, row: WorklistRow) -> bytes:
    """
    Return the report as Part 10 bytes.

    The procedure's images are all listed as evidence, what is cited of other studies as other evidence; what
    follows a signed report names that as its predecessor, and an addendum holds its own words only. Raises
    TemplateViolation when a value cannot be stored.
    """
    head = report_head(
        report, kind="report_sr", sop_class_uid=ENHANCED_SR, number=SERIES_NUMBER, description="Diagnostic report"
    )
    children = language_items(report.language)
    children.append(coded(dcm("121058", "Procedure reported"), template.procedure, relationship="HAS CONCEPT MOD"))
    children += person_observer(report.author)
    said = [text(FINDING, line) for line in succession_lines(report)]
    if report.addendum.strip():
        said.append(text(FINDING, report.addendum.strip()))
    if said:
        children.append(container(ADDENDUM, said))
    # an addendum only adds: what it adds to is read in the document that it names
    for section in template.sections if report.kind is not ReportKind.ADDENDUM else ():
        items = [item for field in section.fields for item in _field_items(field, report, study)]
        if section.heading.value == IMPRESSIONS:
            items += [item for category in report.categories for item in _category_items(category, report.language)]
        if items:  # an empty container is not allowed, and an empty heading tells nothing
            children.append(container(section.heading, items))
    children += critical_section(report)
    root = container(template.title_code, children, template="2000", relationship="")
    ds = document(head, study, study.series, root)
    if other := other_evidence(report.cited, study.study_instance_uid):
        ds.PertinentOtherEvidenceSequence = other
    if before := [one for each in report.predecessors for one in each.objects if one.sop_class_uid == ENHANCED_SR]:
        ds.PredecessorDocumentsSequence = document_references(before)
    ds.ReferencedRequestSequence[0].RequestedProcedureDescription = (row.description or study.description)[:64]
    return part10(ds)


def _field_items(item: TemplateField, report: Report, study: Study) -> list[Dataset]:
    concept = _element_name(item.concept)
    if item.type is FieldType.FINDINGS:
        findings = report.findings
        lines = [
            report_words.finding_sentence(one, findings, study, report.language, report.drawn.annotations)
            for one in findings.reported
        ]
        lines.append(report_words.ai_statement(findings, report.language))
        return [text(concept, line) for line in lines]
    value = report_words.field_text(item, report)
    if not value:
        return []
    colon = "：" if report.language.startswith("zh") else ": "
    words = f"{item.label.get(report.language)}{colon}{value}"
    items = [text(concept, words, children=number_items(item, report))]
    option = chosen(item, report)
    if option is not None and option.code is not None:
        items.append(coded(concept, option.code))  # the words for people, the code for machines
    return items


def _category_items(category: AssignedCategory, language: str) -> list[Dataset]:
    """The category for people with the rule and its inputs, and its code where a public scheme has one."""
    items = [text(IMPRESSION, report_words.category_sentence(category, language))]
    inputs = report_words.category_inputs(category, language)
    if inputs:
        items.append(text(IMPRESSION, inputs))
    code = CATEGORY_CODES.get((category.result.scheme, category.chosen.split(" ")[0]))
    if code is not None:
        items.append(coded(IMPRESSION, code))
    return items


def _element_name(concept: Code | None) -> Code:
    return concept if concept is not None and concept.value in CID_7002 else FINDING
