"""A pre-reading worker with its queue, its images and its detector, all fakes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.helpers.cases import ALGORITHM, mark, study
from workstation.domain.detection import AiWorkitem, DetectionSummary
from workstation.domain.errors import Refused, WorkstationError
from workstation.domain.finding import AlgorithmIdentity, FindingList, Mark
from workstation.domain.model import SegmentMask
from workstation.domain.ports import JobContext
from workstation.domain.study import Study
from workstation.domain.volume import Volume
from workstation.domain.workitem import Claim, OutputReference
from workstation.services.detection_service import DetectStudy, ModelsInUse, Shadow

ITEM = AiWorkitem(Claim("2.25.7", "2.25.8"), "1.2.3")
ANEW = AiWorkitem(Claim("2.25.17", "2.25.18"), "1.2.3")
"""The same study, scheduled again by the hub"""
STUDY = study(slices=40)
SR = OutputReference("1.2.3", "1.2.3.9", "1.2.840.10008.5.1.4.1.1.88.34", "1.2.3.9.1")


def seg(content: bytes) -> OutputReference:
    return OutputReference("1.2.3", "1.2.3.8", "1.2.840.10008.5.1.4.1.1.66.4", f"1.2.3.8.{len(content)}")


@dataclass
class Hub:
    """The queue, the images and the STOW door of one hub, as far as a worker sees them."""

    waiting: list[AiWorkitem] = field(default_factory=lambda: [ITEM])
    study_: Study = STUDY
    completed: list[tuple[AiWorkitem, tuple[OutputReference, ...], DetectionSummary]] = field(default_factory=list)
    failed: list[tuple[AiWorkitem, str]] = field(default_factory=list)
    released: list[AiWorkitem] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    """What the next calls of a method raise, in order."""
    refused: bytes = b"-"
    """The object that is never stored"""

    def _maybe_raise(self, method: str) -> None:
        if queue := self.faults.get(method):
            raise queue.pop(0)

    def claim_next(self) -> AiWorkitem | None:
        self._maybe_raise("claim_next")
        return self.waiting.pop(0) if self.waiting else None

    def progress(self, item: AiWorkitem, fraction: float, text: str = "") -> None:
        assert item in {ITEM, ANEW}
        assert isinstance(text, str)
        self._maybe_raise("progress")
        self.told.append(fraction)

    def complete(self, item: AiWorkitem, outputs: Sequence[OutputReference], summary: DetectionSummary) -> None:
        self._maybe_raise("complete")
        self.completed.append((item, tuple(outputs), summary))

    def fail(self, item: AiWorkitem, reason: str) -> None:
        self._maybe_raise("fail")
        self.failed.append((item, reason))

    def release(self, item: AiWorkitem) -> None:
        self._maybe_raise("release")
        self.released.append(item)

    def study(self, study_instance_uid: str) -> Study:
        assert study_instance_uid == "1.2.3"
        self._maybe_raise("study")
        return self.study_

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        self._maybe_raise("instance")
        return f"{study_instance_uid}|{series_instance_uid}|{sop_instance_uid}".encode()

    def store(self, study_instance_uid: str, part10_files: Sequence[bytes]) -> list[OutputReference]:
        assert study_instance_uid == "1.2.3"
        self._maybe_raise("store")
        if self.refused in part10_files:
            raise Refused("not this one")
        self.stored += part10_files
        return [seg(one) if one.startswith(b"SEG") else SR for one in part10_files]

    def missing(self, study_instance_uid: str, digests: dict[str, str]) -> set[str]:
        raise AssertionError((study_instance_uid, digests))


@dataclass
class Volumes:
    fault: WorkstationError | None = None
    seen: list[bytes] = field(default_factory=list)

    def from_instances(self, part10_files: Sequence[bytes], job: JobContext) -> Volume:
        job.progress(1.0)
        if self.fault is not None:
            raise self.fault
        self.seen = list(part10_files)
        return Volume(np.zeros((40, 4, 4), np.int16), np.eye(4), "1.9", "1.2.3.2")


@dataclass(frozen=True)
class Result:
    marks: tuple[Mark, ...]
    algorithm: AlgorithmIdentity = ALGORITHM
    seconds: dict[str, float] = field(default_factory=lambda: {"network": 1.5, "total": 2.0})


@dataclass
class Detector:
    marks: tuple[Mark, ...] = (mark(0.7), mark(0.5, (60.0, 100.0, -500.0)), mark(0.2))
    during: Callable[[], None] = lambda: None
    identity: AlgorithmIdentity = ALGORITHM

    def detect(self, volume: Volume, job: JobContext) -> Result:
        assert volume.frame_of_reference_uid == "1.9"
        self.during()
        job.raise_if_cancelled()
        job.progress(0.5)
        return Result(self.marks)


@dataclass
class Objects:
    made: list[FindingList] = field(default_factory=list)
    about: Study = STUDY
    outlined: list[tuple[FindingList, tuple[SegmentMask, ...], int]] = field(default_factory=list)
    fault: Exception | None = None
    segmentations: tuple[bytes, ...] = (b"SEG",)

    def detection_sr(self, study: Study, findings: FindingList) -> bytes:
        assert study is self.about
        self.made.append(findings)
        return b"SR"

    def detection_segmentations(
        self, findings: FindingList, masks: Sequence[SegmentMask], sources: Sequence[bytes], volume: Volume
    ) -> tuple[bytes, ...]:
        self.outlined.append((findings, tuple(masks), len(sources)))
        if self.fault is not None:
            raise self.fault
        return self.segmentations

    def reference(self, part10: bytes) -> OutputReference:
        return seg(part10)


class Waits:
    """A stop signal whose waits take no time and are counted."""

    def __init__(self, after_waits: int | None = None) -> None:
        self.event = threading.Event()
        self.waits: list[float] = []
        self.after_waits = after_waits

    def is_set(self) -> bool:
        return self.event.is_set()

    def wait(self, timeout: float) -> bool:
        self.waits.append(timeout)
        if self.after_waits is not None and len(self.waits) >= self.after_waits:
            self.event.set()
        return self.event.is_set()


@dataclass
class Bench:
    """A worker with everything it touches."""

    hub: Hub = field(default_factory=Hub)
    volumes: Volumes = field(default_factory=Volumes)
    detector: Detector = field(default_factory=Detector)
    objects: Objects = field(default_factory=Objects)
    stop: Waits = field(default_factory=Waits)
    clock: list[float] = field(default_factory=lambda: [0.0])
    shadow: Shadow | None = None
    in_use: ModelsInUse | None = None
    """The detector alone where it is None"""

    def _tick(self) -> float:
        self.clock[0] += 1.0
        return self.clock[0]

    @property
    def work(self) -> DetectStudy:
        return DetectStudy(
            queue=self.hub,
            retrieve=self.hub,
            store=self.hub,
            volumes=self.volumes,
            in_use=lambda: self.in_use or ModelsInUse(self.detector),
            objects=self.objects,
            stop=self.stop,
            shadow=self.shadow,
            clock_s=self._tick,
        )
