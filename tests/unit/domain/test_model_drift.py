"""A model that starts to mark otherwise than it was measured is noticed; a quiet week is no alarm."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.helpers.cases import mark
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import DriftLimits, StoredRun
from workstation.domain.model_drift import drift_report, histogram, psi

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
LIMITS = DriftLimits(0.1, 3.6)
WHO = AlgorithmIdentity("a", "1.0.0", "ab")


def _run(number: int, day: int, scores: tuple[float, ...]) -> StoredRun:
    marks = tuple(mark(score) for score in scores)
    return StoredRun(f"1.2.{number}", WHO, marks, MONDAY + timedelta(days=day, hours=23))


def test_runs_are_sorted_into_weeks_that_begin_on_monday() -> None:
    runs = [_run(1, 0, (0.5, 0.9)), _run(2, 6, ()), _run(3, 7, (0.6, 0.2))]
    first, second = drift_report(runs, LIMITS).weeks

    assert (first.monday, first.scans, first.marks_per_scan) == (date(2026, 11, 2), 2, 1.0)
    assert first.median_score == pytest.approx(0.7)
    # 0.2 lies below the threshold: no reader saw it
    assert (second.monday, second.scans, second.marks_per_scan, second.median_score) == (date(2026, 11, 9), 1, 1.0, 0.6)


def test_a_week_without_a_mark_has_no_score() -> None:
    (week,) = drift_report([_run(1, 0, ())], None).weeks

    assert (week.marks_per_scan, week.median_score) == (0.0, None)


@pytest.mark.parametrize(
    ("scans", "each", "alarm"),
    [(10, (0.6,) * 4, True), (10, (), True), (10, (0.6,), False), (9, (0.6,) * 4, False)],
    ids=["too many", "none at all", "as measured", "too few scans to say"],
)
def test_the_last_week_is_judged_by_the_limits_of_the_evaluation(
    scans: int, each: tuple[float, ...], *, alarm: bool
) -> None:
    report = drift_report([_run(n, 1, each) for n in range(scans)], LIMITS)

    assert report.alarm is alarm
    assert not drift_report([_run(n, 1, each) for n in range(scans)], None).alarm


def test_an_earlier_week_outside_raises_no_alarm_any_more() -> None:
    runs = [_run(n, 1, (0.6,) * 4) for n in range(10)] + [_run(100 + n, 8, (0.6,)) for n in range(10)]

    assert [week.outside(LIMITS) for week in drift_report(runs, LIMITS).weeks] == [True, False]
    assert not drift_report(runs, LIMITS).alarm


def test_scores_that_shift_after_the_first_weeks_raise_the_alarm() -> None:
    before = [_run(100 * week + n, 7 * week, (0.95,)) for week in range(4) for n in range(5)]
    same = [_run(1000 + n, 28, (0.95,)) for n in range(20)]
    other = [_run(1000 + n, 28, (0.45,)) for n in range(20)]
    few = [_run(1000 + n, 28, (0.45,)) for n in range(19)]

    assert drift_report(before + same, LIMITS).psi == 0.0
    assert not drift_report(before + same, LIMITS).alarm
    assert drift_report(before + other, LIMITS).alarm
    assert drift_report(before + few, LIMITS).psi is None
    assert drift_report(before, LIMITS).psi is None  # four weeks are what is compared with


def test_the_index_is_that_of_the_formula() -> None:
    # (0.5 - 0.8) ln(0.5 / 0.8) + (0.5 - 0.2) ln(0.5 / 0.2) = 0.1410 + 0.2749
    assert psi((80, 20), (50, 50)) == pytest.approx(0.4159, abs=1e-4)
    assert psi((1, 1), (0, 2)) == pytest.approx(0.5 * 0.6931 + 0.4999 * 8.5170, abs=1e-3)  # an empty bin counts 0.0001


def test_a_score_outside_0_to_1_counts_at_the_edge() -> None:
    assert histogram([-0.1, 0.0, 0.05, 0.999, 1.0, 1.5]) == (3, 0, 0, 0, 0, 0, 0, 0, 0, 3)


@pytest.mark.parametrize(
    ("before", "now"), [((1, 2), (1, 2, 3)), ((0, 0), (1, 2)), ((1, 2), (0, 0)), ((3, -1), (1, 2)), ((), ())]
)
def test_histograms_that_cannot_be_compared_are_refused(before: tuple[int, ...], now: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="histogram"):
        psi(before, now)


@pytest.mark.parametrize(("low", "high"), [(-0.1, 1.0), (2.0, 1.0)])
def test_limits_rise(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="limits"):
        DriftLimits(low, high)
