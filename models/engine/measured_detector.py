"""A detector whose shown marks are measured: outline, axes and volume replace the network's rough size."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, is_dataclass, replace
from typing import Any, Final, cast

from models.engine.session import usable_cores
from workstation.domain.errors import JobCancelled, NotANodule
from workstation.domain.finding import AlgorithmIdentity, Mark, MarkEvidence
from workstation.domain.nodule_ports import NoduleMeasurer
from workstation.domain.ports import DetectionResult, Detector, JobContext
from workstation.domain.progress import JobPart
from workstation.domain.study import DecodeWarning
from workstation.domain.volume import Volume

_log = logging.getLogger(__name__)
_LABEL: Final = "nodule"
_MOST: Final = 30
"""Marks measured per study, strongest first: a run that shows more has other troubles than sizes."""
_MOST_AT_ONCE: Final = 4
_ASK_EVERY_S: Final = 0.05
_PLAUSIBLE: Final = 3.0
"""A size that differs from the network's by more than this factor outlined something else."""


@dataclass(frozen=True, slots=True)
class MeasuredResult:
    """A detection whose shown marks carry evidence, of a detector whose results are no dataclass."""

    marks: tuple[Mark, ...]
    algorithm: AlgorithmIdentity
    seconds: dict[str, float]
    warnings: tuple[DecodeWarning, ...] = ()


class MeasuringDetector:
    """Wraps a detector; implements ``workstation.domain.ports.Detector``."""

    def __init__(self, detector: Detector, measurer: NoduleMeasurer) -> None:
        self.detector = detector
        self._measurer = measurer

    @property
    def identity(self) -> AlgorithmIdentity:
        """Return the model's name, version and sha256."""
        return self.detector.identity

    def close(self) -> None:
        """Give the network's memory back where the detector holds any."""
        close = getattr(self.detector, "close", None)
        if close is not None:
            close()

    def detect(self, volume: Volume, job: JobContext) -> DetectionResult:
        """Mark and measure; raises what the detector raises, and JobCancelled between two marks."""
        found = self.detector.detect(volume, JobPart(job, 0.0, 0.9))
        if volume.unit != "HU":
            return found
        started = time.perf_counter()
        marks = list(found.marks)
        wanted = [n for n, mark in enumerate(marks) if mark.shown and mark.label == _LABEL][:_MOST]
        for number, mark in self._measured_beside(volume, {n: marks[n] for n in wanted}, JobPart(job, 0.9, 1.0)):
            marks[number] = mark
        job.progress(1.0)
        spent = time.perf_counter() - started
        seconds = dict(found.seconds)
        for name in ("postprocess", "total"):
            seconds[name] = seconds.get(name, 0.0) + spent
        algorithm = replace(found.algorithm, seconds_s=seconds["total"])
        kept: Any = found
        if is_dataclass(kept):
            # warnings, masks and findings stay as the detector gave them
            return cast(DetectionResult, replace(kept, marks=tuple(marks), algorithm=algorithm, seconds=seconds))  # type: ignore[type-var]  # any dataclass
        return MeasuredResult(tuple(marks), algorithm, seconds)

    def _measured_beside(self, volume: Volume, marks: dict[int, Mark], job: JobContext) -> Iterator[tuple[int, Mark]]:
        """Yield the marks measured, on as many cores as there are; a cancelled job waits for none of them."""
        if not marks:
            return
        given_up = _GivenUp()
        pool = ThreadPoolExecutor(min(_MOST_AT_ONCE, usable_cores(), len(marks)), "measure-mark")
        try:
            running = {pool.submit(self._measured, volume, mark, given_up): number for number, mark in marks.items()}
            while running:
                job.raise_if_cancelled()
                ended, _ = wait(running, timeout=_ASK_EVERY_S, return_when=FIRST_COMPLETED)
                for one in ended:
                    yield running.pop(one), one.result()
                job.progress(1 - len(running) / len(marks))
        finally:
            given_up.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _measured(self, volume: Volume, mark: Mark, job: JobContext) -> Mark:
        """Return the mark with its evidence; as it was where nothing plausible can be outlined."""
        try:
            found = self._measurer.segment(volume, mark.centre_lps_mm, job, diameter_mm=mark.diameter_mm)
        except NotANodule:
            return replace(mark, evidence=MarkEvidence(network_diameter_mm=mark.diameter_mm))
        except JobCancelled:
            raise
        except Exception:  # noqa: BLE001  a mark without evidence beats a study without marks
            _log.exception("a mark could not be measured")
            return mark
        factor = found.equivalent_diameter_mm / mark.diameter_mm
        if not 1 / _PLAUSIBLE <= factor <= _PLAUSIBLE:
            return replace(mark, evidence=MarkEvidence(network_diameter_mm=mark.diameter_mm))
        evidence = replace(found.evidence(), network_diameter_mm=mark.diameter_mm)
        return replace(mark, diameter_mm=found.equivalent_diameter_mm, evidence=evidence)


class _GivenUp(threading.Event):
    """The job of those that measure: ends when it is set."""

    def raise_if_cancelled(self) -> None:
        """Raise JobCancelled when nobody waits any more."""
        if self.is_set():
            raise JobCancelled

    def progress(self, fraction: float, text: str = "") -> None:  # noqa: ARG002  whole marks are counted, not their parts
        """Raise as ``raise_if_cancelled``."""
        self.raise_if_cancelled()
