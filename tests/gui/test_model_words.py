"""The model page says in words how two classifiers agree."""

from __future__ import annotations

from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model_comparison import CaseComparison, ModelComparison, SaidByBoth
from workstation.ui.pages.model_words import comparison_words

A, B = AlgorithmIdentity("a", "1.0.0", "a" * 8), AlgorithmIdentity("b", "1.0.0", "b" * 8)


def _case(number: int, first: float, second: float) -> CaseComparison:
    one = SaidByBoth("pneumothorax", first, second, first >= 0.5, second >= 0.5)
    return CaseComparison(f"1.2.{number}", (), (), (), (one,))


def test_findings_and_the_cases_that_differ_are_told() -> None:
    words = comparison_words(ModelComparison(A, B, (_case(1, 0.9, 0.8), _case(2, 0.91, 0.12), _case(3, 0.1, 0.2))))

    assert words == [
        "pneumothorax: the same in 2 of 3 cases; both 1, first alone 1, second alone 0; kappa 0.40",
        "Cases on which they differ, the widest apart first:",
        "pneumothorax · 0.91 / 0.12 · 1.2.2",
    ]


def test_full_agreement_is_said() -> None:
    words = comparison_words(ModelComparison(A, B, (_case(1, 0.1, 0.2),)))

    assert words == [
        "pneumothorax: the same in 1 of 1 cases; both 0, first alone 0, second alone 0",
        "No case on which they differ.",
    ]


def test_a_long_list_is_cut_and_says_so() -> None:
    words = comparison_words(ModelComparison(A, B, tuple(_case(n, 0.9, 0.1) for n in range(23))))

    assert len(words) == 1 + 1 + 20 + 1
    assert words[-1] == "and 3 more"


def test_models_without_a_word_on_the_study_are_compared_by_place_alone() -> None:
    found = ModelComparison(A, B, (CaseComparison("1.2.3", (), (), ()),))

    assert comparison_words(found) == ["1 cases: 0.0 marks a case against 0.0; 0 marks in common"]
