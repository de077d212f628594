"""Whoever cancels is let go at once, whatever stage the detector is in: counted in work, not by a clock."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from models.engine.lungs import find_lungs, lungs_of
from models.engine.manifest_values import HeatmapSpec
from models.engine.measured_detector import MeasuringDetector
from models.engine.nodule.segmenter import NoduleSegmenter
from models.engine.preprocess import prepare
from models.engine.registry import Registry
from tests.helpers.models import XS, thorax
from tests.helpers.nodules import lung, volume_of
from tests.unit.models.test_measured_detector import FakeDetector, FakeMeasurer, Result, mark
from workstation.domain.errors import JobCancelled
from workstation.domain.geometry import Point
from workstation.domain.nodule import NoduleMeasurement
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume

SCAN = thorax(nodule_lps_mm=(-55.0, 10.0, -12.0))
CT = volume_of(lung((4, 4, 4)))


class Watched:
    """A job that counts how often somebody looks whether it was cancelled."""

    def __init__(self, *, cancel_at: int | None = None) -> None:
        self.looks = 0
        self._cancel_at = cancel_at

    def raise_if_cancelled(self) -> None:
        self.looks += 1
        if self._cancel_at is not None and self.looks >= self._cancel_at:
            raise JobCancelled

    def progress(self, fraction: float, text: str = "") -> None:
        self.raise_if_cancelled()


def _prepared(job: Watched) -> object:
    manifest = Registry().load(XS).manifest
    assert isinstance(manifest.spec, HeatmapSpec)
    return prepare(thorax(), manifest.applies_to, manifest.input, job)


STAGES: dict[str, tuple[Callable[[Watched], object], int]] = {
    "lungs": (lambda job: find_lungs(SCAN, job), 5),
    "preparing": (_prepared, 6),
    "measuring": (lambda job: NoduleSegmenter().segment(SCAN, (-55.0, 10.0, -12.0), job, diameter_mm=14.0), 3),
}


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_looks_often_whether_it_is_still_wanted(stage: str) -> None:
    work, least = STAGES[stage]

    work(job := Watched())

    assert job.looks >= least


@pytest.mark.parametrize("stage", STAGES)
def test_every_look_can_end_a_stage(stage: str) -> None:
    work, least = STAGES[stage]

    for look in range(1, least + 1):
        with pytest.raises(JobCancelled):
            work(job := Watched(cancel_at=look))
        assert job.looks == look


def test_a_search_for_the_lungs_that_was_cancelled_is_not_taken_for_an_answer() -> None:
    scan = thorax()
    with pytest.raises(JobCancelled):
        lungs_of(scan, Watched(cancel_at=3))

    found = lungs_of(scan)

    assert found is not None
    assert lungs_of(scan) is found


def test_the_lungs_of_another_place_are_another_answer() -> None:
    scan = thorax()
    matrix = scan.ijk_to_lps.copy()
    matrix[:3, 3] += 100
    moved = Volume(scan.voxels, matrix, "1.2.3", "1.2.4")

    here, there = lungs_of(scan), lungs_of(moved)

    assert here is not None
    assert there is not None
    assert there.box_lps_mm(0.0)[0].tolist() == pytest.approx((here.box_lps_mm(0.0)[0] + 100).tolist())


class Stuck(FakeMeasurer):
    """Measures until it is told to stop."""

    def __init__(self) -> None:
        self.measuring, self.given_up, self._never = threading.Event(), threading.Event(), threading.Event()

    def segment(
        self, volume: Volume, seed_lps_mm: Point, job: JobContext, *, diameter_mm: float | None = None
    ) -> NoduleMeasurement:
        self.measuring.set()
        try:
            while not self._never.wait(0.001):
                job.raise_if_cancelled()
        except JobCancelled:
            self.given_up.set()
            raise
        raise AssertionError("nobody told it to stop")


class CancelledWhileMeasuring:
    """Is cancelled once a mark is being measured."""

    def __init__(self, measurer: Stuck) -> None:
        self._measurer = measurer

    def raise_if_cancelled(self) -> None:
        if self._measurer.measuring.is_set():
            raise JobCancelled

    def progress(self, fraction: float, text: str = "") -> None:
        self.raise_if_cancelled()


def test_a_mark_that_is_being_measured_is_given_up_and_waited_for_by_nobody() -> None:
    measurer = Stuck()

    with pytest.raises(JobCancelled):
        MeasuringDetector(FakeDetector(Result((mark(), mark()))), measurer).detect(
            CT, CancelledWhileMeasuring(measurer)
        )

    assert measurer.given_up.wait(60)
