"""Two independent readings of one case: when they agree, and how they are rated."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from workstation.domain.agreement import Agreement
from workstation.domain.report import Report

CONCLUSION_FIELDS: Final = ("impression", "conclusion", "diagnosis", "summary", "opinion")
"""Template fields that state the conclusion, the first that is filled counts."""


@dataclass(frozen=True, slots=True)
class SchemeAgreement:
    """Agreement over all double readings that both readers put into a category of one scheme."""

    scheme: str
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class AgreementFigures:
    """The alliance's double readings; ``unrated`` have no category in common and are in no kappa."""

    concluded: int
    agreed: int
    arbitrated: int
    unrated: int
    schemes: tuple[SchemeAgreement, ...]


def ratings(report: Report) -> dict[str, str]:
    """Return the category of each scheme that the reader chose."""
    return {one.result.scheme.value: one.chosen for one in report.categories}


def conclusion(report: Report) -> str:
    """Return the text of the conclusion, empty without one."""
    for key in CONCLUSION_FIELDS:
        text = report.values.get(key, "").strip()
        if text:
            return text
    return ""


def readings_agree(first: Report, second: Report) -> bool:
    """
    Tell whether two readers came to the same.

    Categories decide where a reader gave any: the same schemes with the same category. Without any, only
    the same words of the conclusion agree (spaces, width and case aside); all else is for a third doctor.
    """
    rated, other = ratings(first), ratings(second)
    if rated or other:
        return rated == other
    return _plain(conclusion(first)) == _plain(conclusion(second)) != ""


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
