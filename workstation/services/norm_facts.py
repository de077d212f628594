"""Facts of a report beside its texts that the norm gate compares: coded nodules, known priors, and "first exam"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from resources.categories import input_name, input_value
from workstation.dicom.sr import report_words
from workstation.dicom.sr.size_words import size_numbers
from workstation.domain.finding import Finding, Lobe
from workstation.domain.finding_size import size_of
from workstation.domain.mark import DENSITIES
from workstation.domain.norm.category_rules import CATEGORY_FORM
from workstation.domain.norm.values import NormChoice, NormNodule, NormPrior
from workstation.domain.report import Report, ReportKind
from workstation.domain.template import FieldType, ReportTemplate, Text
from workstation.domain.text_link import LinkKind
from workstation.domain.told_fields import day_words

_NUMBER: Final = Text("{number} 号", "No. {number}")
_CHANGE: Final = "change"
_SCREENING: Final = "screening"
"""The option of a field that calls the examination a screening"""
_PLACES: Final = {
    Lobe.UNSPECIFIED: ("", ""),
    Lobe.RIGHT_UPPER: ("right", "upper"),
    Lobe.RIGHT_MIDDLE: ("right", "middle"),
    Lobe.RIGHT_LOWER: ("right", "lower"),
    Lobe.LEFT_UPPER: ("left", "upper"),
    Lobe.LEFT_LOWER: ("left", "lower"),
}


def nodules_of(report: Report, template: ReportTemplate) -> Iterator[NormNodule]:
    """Yield the nodules of the table as they are coded; nothing where the template has no table, and no film."""
    table = next((item.key for item in template.fields if item.type is FieldType.FINDINGS), "")
    for finding in report.findings.reported if table else ():
        if finding.on_image is None:
            side, lobe = _PLACES[finding.lobe]
            density = finding.nodule_type.value if finding.nodule_type in DENSITIES else ""
            name = _NUMBER.get(report.language).format(number=finding.number)
            words = f"{name} {report_words.located_words(finding, report.language)}"
            yield NormNodule(table, finding.tracking_uid, name, words, side, lobe, density, _sizes(finding, report))


def _sizes(finding: Finding, report: Report) -> tuple[float, ...]:
    size = size_of(finding, report.drawn.annotations)
    return () if size is None else tuple(one.value_mm for one in size_numbers(size))


def priors_of(report: Report) -> Iterator[NormPrior]:
    """
    Yield the studies that could be compared with, those with a report of their own and those compared already.

    Every day that ``report_words.compared_with`` names is among them: the report's own sentence is no question.
    """
    for one in report.known_priors:
        yield NormPrior(report_words.prior_words(one), one.is_reported)
    told = {one.study_date for one in report.known_priors}
    compared = {one.prior.observed_on for finding in report.findings.reported for one in finding.confirmed}
    for finding in report.findings.reported:
        if finding.follow_up is not None:
            compared |= {one.observed_on for one in finding.follow_up.others}
    for day in sorted(compared, reverse=True):
        if f"{day:%Y%m%d}" not in told:
            yield NormPrior(day.isoformat(), is_reported=True)


def studies_relied_on(report: Report) -> dict[str, str]:
    """
    Return the earlier studies that a report tells of beyond naming them, each with the finding or field, else empty.

    By Study Instance UID: nodules that were paired, what was measured there, and words that were taken over as long as
    any of them stand.
    """
    found = {
        one.prior_study_instance_uid: finding.tracking_uid
        for finding in report.findings.reported
        for one in finding.confirmed
    }
    for link in report.links:
        if link.kind is LinkKind.COPY and link.target:
            found.setdefault(link.target, link.field)
    for uid in (*report.still_carried, *(one.study_instance_uid for one in report.prior_measurements)):
        found.setdefault(uid, "")
    return found


def doubted_of(report: Report) -> Iterator[NormChoice]:
    """
    Yield the studies that the report relies on and that may be another person's, by their day.

    None of an addendum: it only adds, so nobody could answer or take anything out there.
    """
    if report.kind is ReportKind.ADDENDUM:
        return
    relied_on = studies_relied_on(report)
    for one in report.prior_persons:
        if not one.is_confirmed and one.study_instance_uid in relied_on:
            yield NormChoice(relied_on[one.study_instance_uid], day_words(one.study_date) or one.study_instance_uid)


def purpose_of(report: Report, template: ReportTemplate) -> Iterator[str]:
    """Yield the words of a screening where the reader chose that this is one."""
    for item in template.fields:
        value = report.values.get(item.key, "").strip()
        yield from (one.label.get(report.language) for one in item.choices if one.key == value == _SCREENING)


def firsts_of(report: Report, template: ReportTemplate) -> Iterator[NormChoice]:
    """Yield where the reader chose that this is the first examination: a field, a finding, the input of a category."""
    words = report.language
    colon = "：" if words.startswith("zh") else ": "
    for item in template.fields:
        value = report.values.get(item.key, "").strip()
        chosen = next((one for one in item.choices if one.key == value == report_words.FIRST), None)
        if chosen is not None:
            yield NormChoice(item.key, f"{item.label.get(words)}{colon}{chosen.label.get(words)}")
    for finding in report.findings.reported:
        number = _NUMBER.get(words).format(number=finding.number)
        for trait in finding.traits:
            if trait.option == report_words.FIRST:
                said = f"{number} {trait.label.get(words)}{colon}{trait.value.get(words)}"
                yield NormChoice(finding.tracking_uid, said)
    for category in report.categories:
        target = f"{CATEGORY_FORM}{category.result.scheme.value}"
        for name, value in category.result.inputs:
            if name.rpartition(".")[2] == _CHANGE and value == report_words.FIRST:
                yield NormChoice(target, f"{input_name(name, words)} {input_value(value, words)}")
