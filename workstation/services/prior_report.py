"""What the signed report of an earlier study says, as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.coded_value import code_value
from workstation.dicom.objects.document_text import encapsulated_document, sr_text
from workstation.dicom.objects.key_objects import KEY_OBJECT_SELECTION, rejected_by
from workstation.dicom.quiet import quiet
from workstation.dicom.sr import report_words
from workstation.dicom.sr.common import MANUFACTURER, read_part10
from workstation.dicom.sr.critical_words import critical_lines
from workstation.dicom.sr.critical_words import reported as reported_values
from workstation.dicom.sr.succession_words import succession_lines
from workstation.domain.errors import DecodeError
from workstation.domain.ports import RetrievePort
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import IMPRESSIONS, FieldType, ReportTemplate, Text

_DOCUMENT_SERIES: Final = frozenset({"SR", "DOC", "KO"})
_IMAGING_MEASUREMENTS: Final = "126000"
"""Root concept of measurement reports (TID 1500), which people's and machines' marks are kept in."""

_ADDENDUM: Final = Text("补充报告", "Addendum")
_VERSION: Final = Text("版本", "Version")
_CATEGORY: Final = Text("分类", "Category")
_CRITICAL: Final = Text("危急值", "Critical value")


@dataclass(frozen=True, slots=True)
class PriorReport:
    """
    A prior's report as lines of (caption, text); ``signed`` names who signed it and when.

    ``keys`` are the template fields of the lines where it was written here, each empty for what is no field and all
    left out for a document of another make. ``impression`` is what the report concludes, empty where that is not
    known.
    """

    title: str
    lines: tuple[tuple[str, str], ...]
    signed: str = ""
    keys: tuple[str, ...] = ()
    impression: str = ""

    @property
    def text(self) -> str:
        """Return the whole report as plain text."""
        return "\n\n".join(f"{caption}\n{text}" if caption else text for caption, text in self.lines)


def of_report(report: Report, template: ReportTemplate, study: Study, language: str) -> PriorReport:
    """
    Return a report of our own in words: what was added after it first, then its fields, findings and categories.

    A value that the installed version of the template has no field for is told under the key that it was typed under.
    """
    lines = [*_added(report, language), *_body(report, template, study, language)]
    signed = ""
    if report.signed_at is not None:
        who = report.verifier or report.author
        signed = f"{who.name} · {report.signed_at.astimezone().strftime('%Y-%m-%d %H:%M')}"
    concluded = {
        item.key for section in template.sections if section.heading.value == IMPRESSIONS for item in section.fields
    }
    words = [text for key, _caption, text in lines if key in concluded]
    return PriorReport(
        template.title.get(language),
        tuple((caption, text) for _key, caption, text in lines),
        signed,
        tuple(key for key, _caption, _text in lines),
        "\n".join([*([report.addendum.strip()] if report.addendum.strip() else []), *words]),
    )


def _added(report: Report, language: str) -> Iterator[tuple[str, str, str]]:
    if report.addendum.strip():
        yield "", _ADDENDUM.get(language), report.addendum.strip()
    if said := succession_lines(report):
        yield "", _VERSION.get(language), "\n".join(said)


def _body(report: Report, template: ReportTemplate, study: Study, language: str) -> Iterator[tuple[str, str, str]]:
    for section in template.sections:
        for item in section.fields:
            label = item.label.get(language)
            if item.type is FieldType.FINDINGS:
                findings = report.findings
                drawn = report.drawn.annotations
                words = [
                    report_words.finding_sentence(one, findings, study, language, drawn) for one in findings.reported
                ]
                if words:
                    yield "", label, "\n".join(words)
                continue
            value = report.values.get(item.key, "").strip()
            text = next((choice.label.get(language) for choice in item.choices if choice.key == value), value)
            if text:
                yield item.key, label, f"{text} {item.unit_words}".strip()
        if section.heading.value == IMPRESSIONS and report.categories:
            said = "\n".join(report_words.category_sentence(one, language) for one in report.categories)
            yield "", _CATEGORY.get(language), said
    known = {item.key for item in template.fields}
    for key, value in report.values.items():
        if key not in known and value.strip():
            yield "", key, value.strip()
    for critical in reported_values(report):
        yield "", _CRITICAL.get(language), "\n".join(critical_lines(critical, language))


def of_documents(retrieve: RetrievePort, study: Study, pdf_text: Callable[[bytes], str]) -> tuple[tuple[str, str], ...]:
    """
    Return the signed reports that came as objects with a study, as (series, text), the one signed last first.

    What nobody verified (preliminary reports, what a model found), what was taken out of use and measurement reports
    are no results. A document that does not say whether it was verified counts: most systems leave that out of a PDF.
    Raises Unreachable, Refused.
    """
    found: list[_Signed] = []
    rejected: set[str] = set()
    for series in study.series:
        for instance in series.instances if series.modality in _DOCUMENT_SERIES else ():
            part10 = retrieve.instance(study.study_instance_uid, series.series_instance_uid, instance.sop_instance_uid)
            try:
                with quiet():
                    ds = read_part10(part10)
                    if str(ds.get("SOPClassUID", "")) == KEY_OBJECT_SELECTION:
                        rejected |= rejected_by(ds)
                    elif _is_result(ds) and (text := _text_of(part10, ds, pdf_text)):
                        found.append(_signed(ds, series.description, text))
            except DecodeError:
                continue  # a document of another make: the others may still be readable
    valid = sorted((one for one in found if one.uid not in rejected), key=lambda one: one.at, reverse=True)
    # a report of our own replaces those before it, which the archive keeps
    newest = {one.kind: one for one in reversed(valid) if one.is_own}
    return tuple((one.caption, one.text) for one in valid if not one.is_own or one is newest[one.kind])


@dataclass(frozen=True, slots=True)
class _Signed:
    uid: str
    kind: str
    is_own: bool
    at: str
    caption: str
    text: str


def _signed(ds: Dataset, caption: str, text: str) -> _Signed:
    verified = [str(one.get("VerificationDateTime") or "") for one in ds.get("VerifyingObserverSequence") or ()]
    made = f"{ds.get('ContentDate') or ''}{ds.get('ContentTime') or ''}"
    own = str(ds.get("Manufacturer") or "") == MANUFACTURER
    return _Signed(str(ds.SOPInstanceUID), str(ds.SOPClassUID), own, max([*verified, made]), caption, text)


def _is_result(ds: Dataset) -> bool:
    root = next(iter(ds.get("ConceptNameCodeSequence") or ()), Dataset())
    is_measured = "ContentSequence" in ds and code_value(root) == _IMAGING_MEASUREMENTS
    is_unsigned = str(ds.get("VerificationFlag") or "") == "UNVERIFIED" or str(ds.get("PreliminaryFlag") or "") == (
        "PRELIMINARY"
    )
    return not (is_measured or is_unsigned)


def _text_of(part10: bytes, ds: Dataset, pdf_text: Callable[[bytes], str]) -> str:
    if "EncapsulatedDocument" in ds:
        return pdf_text(encapsulated_document(part10))
    return sr_text(part10) if "ContentSequence" in ds else ""
