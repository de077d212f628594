"""What a report says in coded fields, for the norm gate to hold against its findings, categories and texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workstation.domain.categories import bi_rads
from workstation.domain.categories.values import Scheme
from workstation.domain.norm.values import NormSide
from workstation.domain.report import Report
from workstation.domain.template import ReportTemplate

_SIDES: Final = {"right_category": "right", "left_category": "left"}
"""Fields that hold a category of their side, with options such as ``c4a``"""
_ABSENT: Final = "absent"


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
