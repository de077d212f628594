"""What a report says, as sections of plain text in its own language; the same words as on paper and in the SR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from workstation.dicom.objects.document_text import sr_text
from workstation.dicom.sr import report_words
from workstation.dicom.sr.structured_report import ENHANCED_SR
from workstation.dicom.sr.template_numbers import chosen, field_concept, template_number
from workstation.domain.dispatch import Consignment
from workstation.domain.errors import DecodeError, TemplateViolation, Undeliverable
from workstation.domain.report import Report
from workstation.domain.report_state import ReportStatus
from workstation.domain.study import Patient, Study
from workstation.domain.template import IMPRESSIONS, Code, FieldType, ReportTemplate, TemplateSection, Text
from workstation.exchange.templates.library import parse_template

TemplateOf: TypeAlias = Callable[[str], ReportTemplate]

REPORT_CODE: Final = Code("18748-4", "LN", "Diagnostic imaging study")
FINDINGS: Final = Code("59776-5", "LN", "Procedure findings")
ADDENDUM: Final = Code("55107-7", "LN", "Addendum Document")
_ADDENDUM: Final = Text("补充报告", "Addendum")
_ENDED: Final = Text("本报告已撤回，请勿作为诊疗依据。原因：", "This report is withdrawn; do not act on it. Reason: ")
_UNSIGNED: Final = Text(
    "初步报告：尚未经上级医师审核签发，以正式报告为准。",
    "Preliminary report: not yet verified and signed; the final report takes its place.",
)
_CHANGED: Final = Text("修订原因：", "Reason of the change: ")
_FOUND: Final = "59776-5"
"""LOINC of the section of the findings (CID 7001)."""
_COLON: Final = Text("：", ": ")


@dataclass(frozen=True, slots=True)
class BodySection:
    """A heading with its code and what stands below it."""

    code: Code
    title: str
    text: str
    is_conclusion: bool = False


@dataclass(frozen=True, slots=True)
class FieldFact:
    """
    What a number or a chosen option of the findings says, for machines beside the words.

    ``code`` is the quantity or the field itself. A number has ``value`` and its UCUM ``unit``, an option its code,
    or neither is, where no public scheme has the option: then the words say it.
    """

    key: str
    code: Code
    label: str
    words: str
    value: float | None = None
    unit: str = ""
    option: Code | None = None
    site: Code | None = None


@dataclass(frozen=True, slots=True)
class ReportBody:
    """The whole report in words, and what its template says in numbers and codes."""

    code: Code
    title: str
    sections: tuple[BodySection, ...]
    facts: tuple[FieldFact, ...] = ()

    @property
    def conclusion(self) -> str:
        """Return what the reader concludes."""
        return "\n".join(section.text for section in self.sections if section.is_conclusion)


def words_of(consignment: Consignment, template_of: TemplateOf) -> ReportBody:
    """Return the words of a report. Raises Undeliverable where they cannot be told."""
    try:
        return report_body(consignment, template_of)
    except (TemplateViolation, DecodeError) as exc:
        raise Undeliverable(exc.user_text, hint=exc.hint, detail=exc.detail) from exc


def report_body(consignment: Consignment, template_of: TemplateOf) -> ReportBody:
    """
    Return the words of a report.

    Where its template is not installed here they are read from the signed SR, as one section: never guessed
    from keys. Raises TemplateViolation where there is no SR either.
    """
    report = consignment.report
    try:
        template = _template(consignment, template_of)
    except TemplateViolation:
        signed = next((one for one in consignment.objects if one.sop_class_uid == ENHANCED_SR), None)
        if signed is None:
            raise
        whole = BodySection(FINDINGS, "", sr_text(signed.read()), is_conclusion=True)
        return ReportBody(REPORT_CODE, REPORT_CODE.meaning, (*_head(report), whole))
    sections = (*_head(report), *_sections(report, template, consignment))
    return ReportBody(
        template.title_code, template.title.get(report.language), sections, tuple(_facts(report, template))
    )


def _template(consignment: Consignment, template_of: TemplateOf) -> ReportTemplate:
    """Return the very version that the report was written with, where the hub has it. Raises TemplateViolation."""
    if consignment.template:
        return parse_template(consignment.template, consignment.report.template_id)
    return template_of(consignment.report.template_id)


def _head(report: Report) -> Iterator[BodySection]:
    language = report.language
    if report.status is ReportStatus.PRELIMINARY:
        yield BodySection(FINDINGS, "", _UNSIGNED.get(language), is_conclusion=True)
    if report.ended_reason:
        yield BodySection(FINDINGS, "", _ENDED.get(language) + report.ended_reason, is_conclusion=True)
    if report.addendum.strip():
        yield BodySection(ADDENDUM, _ADDENDUM.get(language), report.addendum.strip(), is_conclusion=True)
    if report.change_reason.strip():
        yield BodySection(ADDENDUM, "", _CHANGED.get(language) + report.change_reason.strip())


def _sections(report: Report, template: ReportTemplate, consignment: Consignment) -> Iterator[BodySection]:
    for section in template.sections:
        text = "\n".join(_paragraphs(section, report, consignment))
        if text:
            is_conclusion = section.heading.value == IMPRESSIONS
            yield BodySection(section.heading, section.label.get(report.language), text, is_conclusion)


def _facts(report: Report, template: ReportTemplate) -> Iterator[FieldFact]:
    language = report.language
    for section in template.sections:
        for item in section.fields if section.heading.value == _FOUND else ():
            label, words = item.label.get(language), ""
            number, option = template_number(item, report), chosen(item, report)
            if number is not None:
                words = report_words.field_text(item, report)
                yield FieldFact(
                    item.key, number.concept, label, words, number.value, number.unit.value, site=number.site
                )
            elif option is not None:
                code = field_concept(item, report.template_id)
                yield FieldFact(item.key, code, label, option.label.get(language), option=option.code)


def _paragraphs(section: TemplateSection, report: Report, consignment: Consignment) -> Iterator[str]:
    language = report.language
    for item in section.fields:
        if item.type is FieldType.FINDINGS:
            yield from finding_sentences(consignment).values()
            yield report_words.ai_statement(report.findings, language)
        elif text := report_words.field_text(item, report):
            label = item.label.get(language)
            single = len(section.fields) == 1 or label == section.label.get(language)
            yield text if single else f"{label}{_COLON.get(language)}{text}"
    if section.heading.value == IMPRESSIONS:
        for category in report.categories:
            yield report_words.category_sentence(category, language)


def finding_sentences(consignment: Consignment) -> dict[str, str]:
    """Return each reported finding in words by its tracking UID."""
    findings, language = consignment.report.findings, consignment.report.language
    patient, drawn = consignment.patient, consignment.report.drawn.annotations
    unplaced = Study(
        study_instance_uid=consignment.study.study_instance_uid,
        patient=Patient(patient.patient_id, patient.name, patient.birth_date, patient.sex),
        series=(),
    )
    return {
        finding.tracking_uid: report_words.finding_sentence(finding, findings, unplaced, language, drawn)
        for finding in findings.reported
    }
