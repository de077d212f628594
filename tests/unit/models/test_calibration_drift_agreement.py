"""What a score means, whether it still means that, and whether readers agree: against published examples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from models.evaluation.agreement import Agreement, cohen_kappa, size_agreement
from models.evaluation.calibrate import Weighted, expected_error, isotonic, logistic, reliability


def _marks(score: list[float], true: list[int], weight: list[float] | None = None) -> Weighted:
    return Weighted(np.array(score), np.array(true, dtype=float), np.array(weight or [1.0] * len(score)))


def test_isotonic_regression_pools_neighbours_that_contradict_each_other() -> None:
    # 1, 0 in falling order are pooled to 1/2; Barlow et al.
    score, chance = isotonic(_marks([0.1, 0.2, 0.3, 0.4], [0, 1, 0, 1]))

    assert score == [0.1, 0.2, 0.3, 0.4]
    assert chance == [0.0, 0.5, 0.5, 1.0]


def test_a_true_mark_that_counts_a_third_lowers_the_chance_accordingly() -> None:
    _, chance = isotonic(_marks([0.1, 0.5, 0.5, 0.9], [0, 1, 0, 1], [1.0, 1 / 3, 1.0, 1.0]))

    assert chance == [0.0, 0.25, 1.0]


def test_scores_rise_and_chances_never_fall_however_many_marks_there_are() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(3000)
    score, chance = isotonic(Weighted(scores, (rng.random(3000) < scores).astype(float), np.ones(3000)))

    assert len(score) <= 40
    assert all(a < b for a, b in itertools.pairwise(score))
    assert all(a <= b for a, b in itertools.pairwise(chance))


def test_one_score_is_not_enough_for_a_calibration() -> None:
    with pytest.raises(ValueError, match="two scores"):
        isotonic(_marks([0.5, 0.5], [0, 1]))


def test_a_logistic_calibration_leaves_scores_that_are_chances_as_they_are() -> None:
    # of marks scored 0.2 a fifth is true, of 0.5 a half, of 0.9 nine tenths
    marks = _marks([0.2] * 10 + [0.5] * 10 + [0.9] * 10, [1] * 2 + [0] * 8 + [1] * 5 + [0] * 5 + [1] * 9 + [0])
    score, chance = logistic(marks)

    assert [pytest.approx(np.interp(at, score, chance), abs=0.02) for at in (0.2, 0.5, 0.9)] == [0.2, 0.5, 0.9]


def test_a_logistic_calibration_promises_less_where_false_marks_may_be_unseen() -> None:
    marks = _marks([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    seen, charged = logistic(marks), logistic(marks, unseen_false=0.5)

    assert np.interp(0.85, *seen) > 0.94
    assert 0.7 < np.interp(0.85, *charged) < 0.9


def test_no_mark_is_said_to_be_true_in_ten_of_ten_where_no_false_one_was_seen_above_it() -> None:
    # below 0.4 all false, above 0.6 all true: a line of Platt's alone goes on to 1.00
    low, high = np.linspace(0.1, 0.4, 50), np.linspace(0.6, 0.9, 50)

    _, chance = logistic(_marks([*low, *high], [0] * 50 + [1] * 50))

    assert chance[-1] == 0.945
    assert round(10 * chance[-1]) == 9


def test_a_logistic_calibration_needs_true_and_false_marks_and_scores_that_rise_with_truth() -> None:
    with pytest.raises(ValueError, match="true and false"):
        logistic(_marks([0.5, 0.6], [1, 1]))
    with pytest.raises(ValueError, match="higher score"):
        logistic(_marks([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0]))


def test_expected_calibration_error_is_the_gap_between_said_and_so() -> None:
    # ten marks said 0.8 of which six were true: error 0.2; ten said 0.2, two true: error 0
    marks = _marks([0.8] * 10 + [0.2] * 10, [1] * 6 + [0] * 4 + [1] * 2 + [0] * 8)

    assert pytest.approx(expected_error(reliability(marks, marks.score))) == 0.1


def test_certainty_is_counted_in_the_last_bin() -> None:
    marks = _marks([1.0, 0.95], [1, 1])

    assert [b.weight for b in reliability(marks, marks.score)] == [2.0]


def test_kappa_of_two_readers_is_the_textbooks() -> None:
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: observed 0.7, chance 0.5, kappa 0.4
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15

    assert pytest.approx(cohen_kappa(first, second)) == 0.4


def test_kappa_says_nothing_where_everybody_always_says_the_same() -> None:
    assert cohen_kappa(["yes", "yes"], ["yes", "yes"]) is None
    with pytest.raises(ValueError, match="same items"):
        cohen_kappa(["yes"], [])


def test_size_agreement_is_in_logarithms() -> None:
    ratio, spread = size_agreement([10.0, 20.0, 40.0], [10.0, 10.0, 10.0])

    assert pytest.approx(ratio) == 2.0
    assert np.log(2) == pytest.approx(spread)
    with pytest.raises(ValueError, match="two pairs"):
        size_agreement([1.0], [1.0])


def test_the_share_of_accepted_marks_is_unknown_before_the_first() -> None:
    assert Agreement(0, 0).precision is None
    assert Agreement(3, 1).precision == 0.75
