"""Figures of quality: published intervals, and silence where there are too few cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workstation.domain.image_quality import GivenGrade, GradeReason, ImageGrade, ImageGrading, standing
from workstation.domain.quality import (
    QualityQuery,
    RatedPair,
    SchemeFigures,
    Share,
    TurnaroundFigures,
    percentile,
)
from workstation.domain.report_version import DoubleReadingState
from workstation.domain.workitem import Priority

AT = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        # Newcombe RG. Stat Med 1998;17:857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_share_is_the_published_score_interval(
    count: int, total: int, low: float, high: float
) -> None:
    found = Share(count, total).interval

    assert found is not None
    assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)


def test_a_share_of_too_few_cases_is_not_told() -> None:
    assert (Share(9, 9).value, Share(9, 9).interval) == (None, None)
    assert Share(5, 10).value == 0.5
    with pytest.raises(ValueError, match="3 of 2"):
        Share(3, 2)


def pairs(*ratings: tuple[str, str]) -> SchemeFigures:
    made = tuple(
        RatedPair("Q-1", one, two, "甲", "乙", DoubleReadingState.AGREED, "CT", "清水", AT) for one, two in ratings
    )
    return SchemeFigures("lung-rads", made)


def test_kappa_comes_with_its_interval_and_its_table() -> None:
    # Wikipedia, "Cohen's kappa", the grant proposals: 0.4; SE by hand sqrt(0.7 * 0.3 / (50 * 0.25)) = 0.12961
    found = pairs(
        *[("yes", "yes")] * 20, *[("yes", "no")] * 5, *[("no", "yes")] * 10, *[("no", "no")] * 15
    )  # fmt: skip

    assert found.agreement is not None
    assert found.agreement.kappa == pytest.approx(0.4)
    assert found.interval is not None
    assert [found.interval.low, found.interval.high] == pytest.approx([0.14596, 0.65404], abs=5e-5)
    assert found.categories == ("no", "yes")
    assert found.table() == ((15, 10), (5, 20))


def test_kappa_of_few_pairs_or_of_one_category_is_not_told() -> None:
    few, same = pairs(*[("2", "2"), ("3", "2")] * 4), pairs(*[("2", "2")] * 12)

    assert (few.agreement, few.interval) == (None, None)
    assert same.agreement is not None
    assert (same.agreement.kappa, same.interval) == (None, None)


def test_times_are_told_as_nearest_ranks_from_ten_reports_on() -> None:
    times = tuple(float(minute) for minute in range(1, 11))

    found = TurnaroundFigures(Priority.HIGH, Share(10, 10), times)

    assert (found.percentile_s(0.5), found.percentile_s(0.9), found.percentile_s(1)) == (5.0, 9.0, 10.0)
    assert TurnaroundFigures(Priority.HIGH, Share(9, 9), times[:9]).percentile_s(0.5) is None
    for values, fraction in (((), 0.5), ((1.0,), 0.0)):
        with pytest.raises(ValueError, match="percentile"):
            percentile(values, fraction)


def test_a_period_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match="after it begins"):
        QualityQuery(AT, AT)


def test_a_grade_below_the_best_says_why() -> None:
    assert ImageGrading(ImageGrade.A).reasons == ()
    for reasons, words in (((), ""), ((GradeReason.OTHER,), " ")):
        with pytest.raises(ValueError, match=r"reason"):
            ImageGrading(ImageGrade.C, reasons, words)


def test_the_physicians_last_grade_stands_before_the_technicians() -> None:
    def given(grade: ImageGrade, minute: int, *, by_reader: bool) -> GivenGrade:
        reasons = () if grade is ImageGrade.A else (GradeReason.MOTION,)
        return GivenGrade(ImageGrading(grade, reasons), "", by_reader, AT + timedelta(minutes=minute))

    technician = (given(ImageGrade.C, 0, by_reader=False), given(ImageGrade.A, 9, by_reader=False))
    physician = (given(ImageGrade.D, 1, by_reader=True), given(ImageGrade.B, 2, by_reader=True))

    assert standing(()) is None
    assert standing(technician) == technician[1]
    assert standing((*technician, *physician)) == physician[1]
