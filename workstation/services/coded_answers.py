"""What a report says in coded fields, for the norm gate to hold against its findings, categories and texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workstation.domain.categories import bi_rads
from workstation.domain.categories.values import Scheme
from workstation.domain.finding_traits import contradicted
from workstation.domain.norm.values import NormDenial, NormSide
from workstation.domain.report import Report
from workstation.domain.template import ReportTemplate, Text

_NUMBER: Final = Text("{number} 号", "No. {number}")
_SIDES: Final = {"right_category": "right", "left_category": "left"}
"""Fields that hold a category of their side, with options such as ``c4a``"""
_ABSENT: Final = "absent"


def contradictions(report: Report, template: ReportTemplate) -> Iterator[NormDenial]:
    """Yield what the reader answered for a finding although the prior that was confirmed for it says otherwise."""
    language = report.language
    for item in template.fields:
        for finding in report.findings.reported if item.each else ():
            found = contradicted(item.each, finding)
            if found is not None:
                said, follows = found
                number = _NUMBER.get(language).format(number=finding.number)
                quote = f"{number} {said.label.get(language)} {said.value.get(language)}"
                yield NormDenial(item.key, quote, follows.value.get(language))


def sides_of(report: Report, template: ReportTemplate) -> Iterator[NormSide]:
    """Yield the BI-RADS that was chosen for each breast; a side that is not filled yet is left out."""
    if Scheme.BI_RADS not in template.categories:
        return
    for item in template.fields:
        chosen = report.values.get(item.key, "").strip()
        value = chosen.removeprefix("c").upper()
        if item.key in _SIDES and (value in bi_rads.CATEGORIES or chosen == _ABSENT):
            label = f"{item.label.get(report.language)} {value}"
            yield NormSide(item.key, _SIDES[item.key], Scheme.BI_RADS, "" if chosen == _ABSENT else value, label)
