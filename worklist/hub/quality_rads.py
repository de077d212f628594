"""
National indicators 6 and 7: how many reports of the prostate and of mammograms give a category.

*Source:* 国卫办医政函〔2024〕150号, annex 4 (quality indicators for radiology, 2024 edition), 6 and 7: reports
with a category over reports of the same kind, as two independent code bases quote it; the original was not at hand.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import Connection, Row

from worklist.hub.quality_reports import steps
from workstation.domain.categories.values import Scheme
from workstation.domain.quality import QualityQuery, RadsRate, Share
from workstation.domain.report_state import ReportKind
from workstation.domain.report_version import VersionStep

_PROSTATE: Final = re.compile(r"前列腺|prostat", re.IGNORECASE)
_PROSTATE_TEMPLATE: Final = "mr-prostate"
_MODALITIES: Final = frozenset({"MR", "MG"})
_SIDES: Final = ("right_category", "left_category")
"""Fields of our mammography template that hold the category of a side, as ``c4a``"""
_CODED_SIDE: Final = re.compile(r"c[0-6][abc]?")
_NO_CATEGORY: Final = re.compile(
    r"v?\d+\.\d+(?:版)?|\bv\d+\b|第\s*\d+\s*版|\d(?:st|nd|rd|th)\b|\d{4}(?:版|年版)?", re.IGNORECASE
)
"""Versions and editions, which stand beside the name of a scheme as its categories do"""
_IN_WORDS: Final = {
    Scheme.PI_RADS: re.compile(r"PI[\s‑-]*RADS\D{0,16}[1-5]", re.IGNORECASE),
    Scheme.BI_RADS: re.compile(r"BI[\s‑-]*RADS\D{0,16}[0-6]", re.IGNORECASE),
}


def rads_rates(connection: Connection, query: QualityQuery) -> tuple[RadsRate, ...]:
    """
    Return the rates of PI-RADS (indicator 6) and BI-RADS (7) over the studies signed in the period.

    A study counts once, by the report signed last that is no addendum; one withdrawn within the period does not count.
    The numerator are coded categories; one that only the words of a report name is told beside it.
    """
    withdrawn = {
        row.report_uid
        for row, _ in steps(connection, query, VersionStep.WITHDRAWN, reads=False, modalities=_MODALITIES)
    }
    last: dict[str, tuple[Row[Any], dict[str, Any]]] = {}
    for row, report in steps(connection, query, VersionStep.SIGNED, modalities=_MODALITIES):
        if row.kind != ReportKind.ADDENDUM:
            last[row.study_instance_uid] = row, report
    counted = [one for one in last.values() if one[0].report_uid not in withdrawn]
    return tuple(_rate(scheme, counted) for scheme in (Scheme.PI_RADS, Scheme.BI_RADS))


def _rate(scheme: Scheme, counted: list[tuple[Row[Any], dict[str, Any]]]) -> RadsRate:
    asked = [report for row, report in counted if _is_of(scheme, row, report)]
    coded = [report for report in asked if _has_category(scheme, report)]
    in_words = sum(_names_it(scheme, report) for report in asked if not _has_category(scheme, report))
    return RadsRate(scheme.value, Share(len(coded), len(asked)), in_words)


def _is_of(scheme: Scheme, row: Row[Any], report: dict[str, Any]) -> bool:
    """Tell whether a report is of the kind that the indicator counts."""
    if scheme is Scheme.BI_RADS:
        return bool(row.modality == "MG")
    is_prostate = _PROSTATE.search(row.description) or report.get("template_id") == _PROSTATE_TEMPLATE
    return row.modality == "MR" and (bool(is_prostate) or _has_category(scheme, report))


def _has_category(scheme: Scheme, report: dict[str, Any]) -> bool:
    if any(one["result"]["scheme"] == scheme for one in report.get("categories") or []):
        return True
    values = report.get("values") or {}
    return scheme is Scheme.BI_RADS and any(_CODED_SIDE.fullmatch(values.get(key, "").strip()) for key in _SIDES)


def _names_it(scheme: Scheme, report: dict[str, Any]) -> bool:
    texts = (_NO_CATEGORY.sub("", text) for text in (report.get("values") or {}).values())
    return any(_IN_WORDS[scheme].search(text) for text in texts)
