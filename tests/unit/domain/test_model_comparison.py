"""Two models that say something of whole studies are compared by what they tell, finding by finding."""

from __future__ import annotations

import pytest

from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import Statement
from workstation.domain.model_comparison import (
    CaseComparison,
    LabelAgreement,
    ModelComparison,
    SaidByBoth,
    said_by_both,
)

A, B = AlgorithmIdentity("a", "1.0.0", "a" * 8), AlgorithmIdentity("b", "1.0.0", "b" * 8)


def _said(label: str, first: float, second: float, threshold: float = 0.5) -> SaidByBoth:
    return SaidByBoth(label, first, second, first >= threshold, second >= threshold)


def _case(uid: str, *said: SaidByBoth) -> CaseComparison:
    return CaseComparison(uid, (), (), (), said)


def test_only_findings_that_both_models_know_are_compared() -> None:
    first = (Statement("effusion", 0.8, shown=True), Statement("fracture", 0.9, shown=True))
    second = (Statement("pneumothorax", 0.7, shown=True), Statement("effusion", 0.3, shown=False))

    assert said_by_both(first, second) == (SaidByBoth("effusion", 0.8, 0.3, first_shown=True, second_shown=False),)


def test_agreement_is_counted_by_finding() -> None:
    cases = (
        _case("1.1", _said("effusion", 0.9, 0.8), _said("fracture", 0.1, 0.2)),
        _case("1.2", _said("effusion", 0.9, 0.1)),
        _case("1.3", _said("effusion", 0.2, 0.7)),
        _case("1.4", _said("effusion", 0.2, 0.1)),
        _case("1.5"),
    )
    comparison = ModelComparison(A, B, cases)

    assert comparison.labels() == (LabelAgreement("effusion", 1, 1, 1, 1), LabelAgreement("fracture", 0, 0, 0, 1))
    assert [one.cases for one in comparison.labels()] == [4, 1]


def test_studies_on_which_they_differ_are_named_widest_apart_first() -> None:
    near, wide = _said("effusion", 0.6, 0.4), _said("effusion", 0.05, 0.95)
    comparison = ModelComparison(
        A, B, (_case("1.1", near), _case("1.2", _said("effusion", 0.9, 0.6)), _case("1.3", wide))
    )

    assert comparison.discordant() == (("1.3", wide), ("1.1", near))


def test_kappa_is_cohens() -> None:
    # Cohen's own arithmetic for 20, 5, 10 and 15 of 50: 0.7 observed, 0.5 by chance
    assert LabelAgreement("effusion", 20, 5, 10, 15).kappa == pytest.approx(0.4)
    assert LabelAgreement("effusion", 20, 5, 10, 15).alike == 35
    # nobody ever tells it: agreement by chance alone is complete
    assert LabelAgreement("effusion", 0, 0, 0, 9).kappa is None
