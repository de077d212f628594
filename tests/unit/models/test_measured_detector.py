"""Shown marks are measured; the network's size stays on record."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from models.engine.measured_detector import MeasuringDetector
from tests.helpers.nodules import FreeJob, lung, volume_of
from tests.unit.domain.test_nodule import nodule
from workstation.domain.errors import JobCancelled, NotANodule
from workstation.domain.finding import AlgorithmIdentity, Mark
from workstation.domain.geometry import Point
from workstation.domain.nodule import NoduleMeasurement
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume

MODEL = AlgorithmIdentity("net", "1", "0" * 64)
CT = volume_of(lung((4, 4, 4)))
NODULE, VESSEL = (1.0, 0.0, 0.0), (2.0, 0.0, 0.0)


@dataclass(frozen=True)
class Result:
    marks: tuple[Mark, ...]
    algorithm: AlgorithmIdentity = MODEL
    seconds: dict[str, float] = field(default_factory=lambda: {"postprocess": 1.0, "total": 5.0})
    warnings: tuple[str, ...] = ("thick slices",)


class PlainResult:
    def __init__(self, result: Result) -> None:
        self.marks, self.algorithm, self.seconds = result.marks, result.algorithm, result.seconds


class FakeDetector:
    def __init__(self, result: Result | PlainResult) -> None:
        self.result, self.closed = result, False

    @property
    def identity(self) -> AlgorithmIdentity:
        return MODEL

    def detect(self, volume: Volume, job: JobContext) -> Result | PlainResult:
        return self.result

    def close(self) -> None:
        self.closed = True


class FakeMeasurer:
    """Knows one nodule of 268 mm3 (8 mm) and refuses everything else."""

    def segment(
        self, volume: Volume, seed_lps_mm: Point, job: JobContext, *, diameter_mm: float | None = None
    ) -> NoduleMeasurement:
        job.progress(0.5)
        if seed_lps_mm != NODULE:
            raise NotANodule("A vessel.")
        return nodule()


def mark(centre: Point = NODULE, *, mm: float = 6.0, shown: bool = True, label: str = "nodule") -> Mark:
    return Mark(centre, mm, 0.9, shown=shown, label=label)


def detect(*marks: Mark, volume: Volume = CT) -> tuple[Mark, ...]:
    found = MeasuringDetector(FakeDetector(Result(marks)), FakeMeasurer()).detect(volume, FreeJob())
    return found.marks


def test_a_shown_mark_takes_the_size_of_its_outline_and_keeps_the_networks_on_record() -> None:
    found = detect(mark(mm=6.0))[0]
    assert found.diameter_mm == pytest.approx(8.0, abs=0.01)
    assert (found.long_axis_mm, found.short_axis_mm, found.volume_mm3) == (10.0, 6.0, 268.0)
    assert found.evidence is not None
    assert found.evidence.network_diameter_mm == 6.0


def test_what_cannot_be_outlined_keeps_the_networks_size_and_says_so() -> None:
    found = detect(mark(VESSEL, mm=6.0))[0]
    assert (found.diameter_mm, found.long_axis_mm) == (6.0, None)
    assert found.evidence is not None
    assert found.evidence.network_diameter_mm == 6.0


@pytest.mark.parametrize("mm", [2.0, 30.0])
def test_an_outline_of_quite_another_size_is_not_believed(mm: float) -> None:
    found = detect(mark(mm=mm))[0]
    assert (found.diameter_mm, found.volume_mm3) == (mm, None)


def test_marks_that_nobody_sees_and_other_findings_are_not_measured() -> None:
    hidden, other = mark(shown=False), mark(label="effusion")
    assert detect(hidden, other) == (hidden, other)


def test_only_ct_is_measured() -> None:
    assert detect(mark(), volume=replace(CT, unit="SUV")) == (mark(),)


def test_the_time_of_measuring_counts_and_warnings_stay() -> None:
    found = MeasuringDetector(FakeDetector(Result((mark(),))), FakeMeasurer()).detect(CT, FreeJob())
    assert isinstance(found, Result)
    assert found.warnings == ("thick slices",)
    assert found.seconds["total"] > 5.0
    assert found.algorithm.seconds_s == found.seconds["total"]
    assert found.seconds["postprocess"] - 1.0 == pytest.approx(found.seconds["total"] - 5.0)


def test_any_detector_can_be_measured_and_closed() -> None:
    inner = FakeDetector(PlainResult(Result((mark(),))))
    detector = MeasuringDetector(inner, FakeMeasurer())
    assert detector.detect(CT, FreeJob()).marks[0].volume_mm3 == 268.0
    assert detector.identity is MODEL
    detector.close()
    assert inner.closed
    MeasuringDetector(_Endless(), FakeMeasurer()).close()


@pytest.mark.usefixtures("allow_warnings")
def test_a_fault_in_measuring_costs_the_size_and_never_the_marks(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeMeasurer):
        def segment(
            self, volume: Volume, seed_lps_mm: Point, job: JobContext, *, diameter_mm: float | None = None
        ) -> NoduleMeasurement:
            raise ZeroDivisionError

    found = MeasuringDetector(FakeDetector(Result((mark(),))), Broken()).detect(CT, FreeJob())
    assert found.marks == (mark(),)
    assert "could not be measured" in caplog.text


def test_a_cancelled_job_stops_between_marks() -> None:
    with pytest.raises(JobCancelled):
        MeasuringDetector(FakeDetector(Result((mark(),))), FakeMeasurer()).detect(CT, FreeJob(cancelled=True))


class _Endless:
    """A detector that holds nothing to give back."""

    identity = MODEL

    def detect(self, volume: Volume, job: JobContext) -> Result:
        raise AssertionError("nobody asked")
