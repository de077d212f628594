"""
The rule that a screening of the lungs ends with a category of its table.

What a screening is: the examination or the question calls it one. A low dose alone does not, for follow-ups are scanned
so, too; with a nodule in the table it is asked for a category all the same, of whichever table the reader takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workstation.domain.categories.values import Scheme
from workstation.domain.norm.category_rules import CATEGORY_FORM, named_in
from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind

_OF_A_SCREENING: Final = frozenset({Scheme.LUNG_RADS.value, Scheme.C_LUNG_RADS.value})


def category_of_a_screening(text: ReportText) -> Iterator[NormFault]:
    """A screening CT of the lungs has its Lung-RADS (or C-Lung-RADS), chosen in its form or written in the report."""
    subject, terms = text.subject, text.terms
    asked = [one for one in subject.asked_categories if one in _OF_A_SCREENING]
    if not asked:
        return
    has = {one.scheme for one in subject.categories}
    stated = (*text.findings, *text.impression, *text.recommendation)
    has |= {one for one in subject.asked_categories if _names_one(one) and named_in(text, stated, one)}
    called = terms.pattern("screening").search(f"{subject.examination}. {subject.question}")
    low_dose = terms.pattern("low_dose").search(subject.examination)
    target = f"{CATEGORY_FORM}{asked[0]}"
    if called is not None and not has & _OF_A_SCREENING:
        yield NormFault(NormKind.CONCLUSION, "screening_without_category", target, called.group(0))
    elif low_dose is not None and subject.nodules and not has:
        yield NormFault(NormKind.CONCLUSION, "low_dose_without_category", target, low_dose.group(0))


def _names_one(scheme: str) -> bool:
    """Tell whether a text names a category of a table by its value; Fleischner has follow-ups instead."""
    return scheme != Scheme.FLEISCHNER
