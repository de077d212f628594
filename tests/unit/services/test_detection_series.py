"""Which series of a study is read: the next that fits where one is refused, and the reason of the best one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from resources.translation import use_language
from tests.helpers.detection import ITEM, STUDY, Bench, Detector, Hub, Objects
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.outside_use import outside_use_words
from workstation.domain.study import Study


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def _two_chests() -> Study:
    first = STUDY.series[0]
    renamed = tuple(replace(one, sop_instance_uid=f"1.2.3.4.{n}") for n, one in enumerate(first.instances, start=1))
    second = replace(first, series_instance_uid="1.2.3.4", series_number=4, description="5, mm", instances=renamed)
    return replace(STUDY, series=(first, second))


def _refusing(*reasons: str | None) -> Detector:
    """Return a detector that refuses a series for each reason, in order."""
    left = list(reasons)

    def during() -> None:
        reason = left.pop(0)
        if reason is not None:
            raise InputOutsideIntendedUse(reason)

    return Detector(during=during)


def test_a_refused_series_is_followed_by_the_next_that_fits_and_readers_are_told_which() -> None:
    bench = Bench(hub=Hub(study_=_two_chests()), detector=_refusing("No lungs in view.", None))
    bench.objects = Objects(about=bench.hub.study_)

    assert bench.work()

    (made,) = bench.objects.made
    assert (made.series_instance_uid, bench.hub.completed[0][2].series_instance_uid) == ("1.2.3.4", "1.2.3.4")
    for algorithm in (made.algorithm, bench.hub.completed[0][2].algorithm):
        assert algorithm is not None
        assert algorithm.doubts == ("second_choice:2 肺窗 1.0 mm",)
        assert outside_use_words(algorithm.doubts) == (
            "Outside what the model was tested on: the series “2 肺窗 1.0 mm” fits better, but the model refused it."
        )
    assert bench.hub.told == sorted(bench.hub.told)


def test_when_every_series_is_refused_the_reason_is_that_of_the_best_one() -> None:
    bench = Bench(hub=Hub(study_=_two_chests()), detector=_refusing("No lungs in view.", "Slices of 5 mm."))

    assert bench.work()

    assert bench.hub.failed == [(ITEM, "No lungs in view.")]
    assert (bench.hub.completed, bench.hub.stored) == ([], [])


def test_a_study_without_a_suitable_series_fails_with_a_reason() -> None:
    bench = Bench(hub=Hub(study_=replace(STUDY, series=())))
    bench.work()

    assert bench.hub.failed == [(ITEM, "The study holds no CT series that the detector can read.")]
