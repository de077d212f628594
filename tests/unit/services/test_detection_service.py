"""No AI workitem is lost: each ends done, failed with a reason, or back in the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from resources.translation import use_language
from tests.helpers.cases import ALGORITHM, mark, study
from workstation.domain.detection import AiWorkitem, DetectionSummary
from workstation.domain.errors import (
    AlreadyClaimed,
    InputOutsideIntendedUse,
    NotAVolume,
    Refused,
    Unreachable,
    WorkstationError,
    WrongTransaction,
)
from workstation.domain.finding import AlgorithmIdentity, FindingList, Mark
from workstation.domain.model import ModelOutput, SegmentMask
from workstation.domain.outside_use import outside_use_words
from workstation.domain.ports import DetectionResult, JobContext
from workstation.domain.study import Instance, Series, Study
from workstation.domain.volume import Volume
from workstation.domain.workitem import Claim, OutputReference
from workstation.services.detection_findings import findings_of
from workstation.services.detection_service import RETRY_WAITS_S, DetectStudy, ModelsInUse, Shadow, Stop, run_worker

ITEM = AiWorkitem(Claim("2.25.7", "2.25.8"), "1.2.3")
ANEW = AiWorkitem(Claim("2.25.17", "2.25.18"), "1.2.3")
"""The same study, scheduled again by the hub"""
STUDY = study(slices=40)
SR = OutputReference("1.2.3", "1.2.3.9", "1.2.840.10008.5.1.4.1.1.88.34", "1.2.3.9.1")


def seg(content: bytes) -> OutputReference:
    return OutputReference("1.2.3", "1.2.3.8", "1.2.840.10008.5.1.4.1.1.66.4", f"1.2.3.8.{len(content)}")


@dataclass
class _Hub:
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
class _Volumes:
    fault: WorkstationError | None = None
    seen: list[bytes] = field(default_factory=list)

    def from_instances(self, part10_files: Sequence[bytes], job: JobContext) -> Volume:
        job.progress(1.0)
        if self.fault is not None:
            raise self.fault
        self.seen = list(part10_files)
        return Volume(np.zeros((40, 4, 4), np.int16), np.eye(4), "1.9", "1.2.3.2")


@dataclass(frozen=True)
class _Result:
    marks: tuple[Mark, ...]
    algorithm: AlgorithmIdentity = ALGORITHM
    seconds: dict[str, float] = field(default_factory=lambda: {"network": 1.5, "total": 2.0})


@dataclass
class _Detector:
    marks: tuple[Mark, ...] = (mark(0.7), mark(0.5, (60.0, 100.0, -500.0)), mark(0.2))
    during: Callable[[], None] = lambda: None
    identity: AlgorithmIdentity = ALGORITHM

    def detect(self, volume: Volume, job: JobContext) -> _Result:
        assert volume.frame_of_reference_uid == "1.9"
        self.during()
        job.raise_if_cancelled()
        job.progress(0.5)
        return _Result(self.marks)


@dataclass
class _Objects:
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


class _Stop:
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
class _Bench:
    """A worker with everything it touches."""

    hub: _Hub = field(default_factory=_Hub)
    volumes: _Volumes = field(default_factory=_Volumes)
    detector: _Detector = field(default_factory=_Detector)
    objects: _Objects = field(default_factory=_Objects)
    stop: _Stop = field(default_factory=_Stop)
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


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def test_a_study_is_pre_read_stored_and_completed_with_its_provenance() -> None:
    bench = _Bench()

    assert bench.work()

    ((item, outputs, summary),) = bench.hub.completed
    assert (item, outputs, bench.hub.stored) == (ITEM, (SR,), [b"SR"])
    assert summary.series_instance_uid == "1.2.3.2"
    assert (summary.algorithm.provider, summary.algorithm.sha256) == ("cpu", "ab" * 32)
    assert (summary.finding_count, summary.top_score, summary.top_out_of_ten) == (2, 0.7, None)
    assert {"fetch", "decode", "network", "total"} <= set(summary.seconds)
    assert summary.seconds["total"] > 2.0
    assert (bench.hub.failed, bench.hub.released) == ([], [])


def test_every_image_of_the_series_reaches_the_detector_in_order() -> None:
    bench = _Bench()
    bench.work()

    assert bench.volumes.seen == [f"1.2.3|1.2.3.2|1.2.3.2.{n}".encode() for n in range(1, 41)]


def test_only_marks_above_the_operating_point_become_undecided_findings() -> None:
    bench = _Bench()
    bench.work()

    (made,) = bench.objects.made
    assert [(f.number, f.diameter_mm, f.decision.value) for f in made.findings] == [
        (1, 16.1, "undecided"),
        (2, 16.1, "undecided"),
    ]
    assert [f.original for f in made.findings] == list(bench.detector.marks[:2])
    assert (made.study_instance_uid, made.series_instance_uid, made.frame_of_reference_uid, made.algorithm) == (
        "1.2.3",
        "1.2.3.2",
        "1.9",
        ALGORITHM,
    )


@dataclass
class _Outliner(_Detector):
    """A model that gives a mask with its marks."""

    def detect(self, volume: Volume, job: JobContext) -> ModelOutput:  # type: ignore[override]  # another kind of result
        found = super().detect(volume, job)
        mask = SegmentMask("nodule", np.ones(volume.voxels.shape, np.bool_))
        return ModelOutput(ALGORITHM, marks=found.marks, masks=(mask,), seconds=found.seconds)


def test_the_masks_of_a_model_are_stored_with_its_marks_through_the_same_door() -> None:
    bench = _Bench(detector=_Outliner())

    assert bench.work()

    assert bench.hub.stored == [b"SEG", b"SR"]
    ((findings, masks, files),) = bench.objects.outlined
    assert (findings, [mask.label for mask in masks], files) == (bench.objects.made[0], ["nodule"], 40)
    assert findings.algorithm is not None
    assert findings.algorithm.doubts == ()
    assert len(bench.hub.completed) == 1


@pytest.mark.parametrize("fault", ["cannot be made", "refused by the hub"])
def test_masks_that_cannot_be_stored_cost_no_mark_and_the_reader_is_told(fault: str) -> None:
    made = NotAVolume("other images") if fault == "cannot be made" else None
    bench = _Bench(detector=_Outliner(), objects=_Objects(fault=made))
    if made is None:
        bench.hub.faults["store"] = [Refused("no segmentations here")]

    assert bench.work()

    assert bench.hub.stored == [b"SR"]
    (told,) = bench.objects.made
    assert len(told.findings) == 2
    assert told.algorithm is not None
    assert outside_use_words(told.algorithm.doubts) == (
        "The outlines of the AI marks could not be stored with the study; the marks themselves are complete."
    )
    assert [told.algorithm for _item, _outputs, told in bench.hub.completed] == [told.algorithm]
    assert bench.hub.failed == []


def test_where_one_of_two_kinds_is_refused_the_other_is_kept_and_the_reader_is_not_told_that_none_is() -> None:
    bench = _Bench(detector=_Outliner(), objects=_Objects(segmentations=(b"SEG", b"SEG 2")))
    bench.hub.refused = b"SEG"

    assert bench.work()

    assert bench.hub.stored == [b"SEG 2", b"SR"]
    ((_item, outputs, summary),) = bench.hub.completed
    assert outputs == (SR, seg(b"SEG 2"))
    assert bench.objects.made[0].algorithm == summary.algorithm
    assert outside_use_words(summary.algorithm.doubts) == (
        "The outlines of some AI marks could not be stored with the study; the marks themselves are complete."
    )


def test_after_a_workers_death_the_next_one_gives_the_same_marks_the_same_names_and_stores_no_segments_twice() -> None:
    dead, later = (_Bench(hub=_Hub(waiting=[item]), detector=_Outliner()) for item in (ITEM, ANEW))
    dead.hub.faults["complete"] = [WrongTransaction("dead")]
    dead.work()
    assert dead.hub.stored == [b"SEG", b"SR"]
    left = Series("1.2.3.8", "SEG", 9, "", "", (Instance("1.2.3.8.3", "1.2.840.10008.5.1.4.1.1.66.4", 1),))
    later.hub.study_ = later.objects.about = replace(STUDY, series=(*STUDY.series, left))

    assert later.work()

    assert later.hub.stored == [b"SR"]
    assert later.hub.completed[0][1] == (SR, seg(b"SEG"))
    assert later.hub.completed[0][2].algorithm.doubts == ()
    names, again = (
        [one.tracking_uid for one in bench.objects.made[0].findings] for bench in (dead, later)
    )  # fmt: skip
    assert names == again
    assert len(set(names)) == 2


def test_marks_of_another_place_model_or_series_are_other_findings() -> None:
    marks, moved = (mark(0.7), mark(0.7)), (mark(0.7, (60.0, 100.0, -500.0)),)
    series, volume = STUDY.series[0], Volume(np.zeros((40, 4, 4), np.int16), np.eye(4), "1.9", "1.2.3.2")
    other = replace(ALGORITHM, sha256="cd" * 32)
    lists = [
        findings_of(STUDY, series, volume, _Result(marks)),
        findings_of(STUDY, series, volume, _Result(moved)),
        findings_of(STUDY, series, volume, _Result(marks, other)),
        findings_of(STUDY, replace(series, series_instance_uid="1.2.3.4"), volume, _Result(marks)),
    ]

    assert len({one.tracking_uid for found in lists for one in found.findings}) == 7


def test_a_study_without_marks_is_completed_with_none() -> None:
    bench = _Bench(detector=_Detector(marks=()))
    bench.work()

    summary = bench.hub.completed[0][2]
    assert (summary.finding_count, summary.top_score) == (0, None)


def test_a_research_model_stores_nothing_with_a_study() -> None:
    bench = _Bench(detector=_Detector(identity=replace(ALGORITHM, research=True)))

    assert bench.work()

    assert bench.hub.stored == []
    ((item, reason),) = bench.hub.failed
    assert item == ITEM
    assert reason.startswith("A research model pre-reads no studies: its marks may not be stored with them.")


def test_the_shadow_looks_after_the_pre_read_is_complete() -> None:
    bench = _Bench()
    seen: list[tuple[str, int, int]] = []

    def shadow(study_instance_uid: str, volume: Volume, result: DetectionResult, stop: Stop) -> None:
        seen.append((study_instance_uid, len(result.marks), len(bench.hub.completed)))

    bench.shadow = shadow
    bench.work()

    assert seen == [("1.2.3", 3, 1)]


def test_what_is_chosen_holds_from_the_next_study_on() -> None:
    bench = _Bench(hub=_Hub(waiting=[ITEM, ITEM]))
    newer = replace(ALGORITHM, name="newer")
    other = _Detector()

    def detect(volume: Volume, job: JobContext) -> _Result:
        return _Result((), newer)

    other.detect = detect  # type: ignore[method-assign]  # another model
    work = bench.work

    work()
    bench.in_use = ModelsInUse(other)
    work()

    assert [summary.algorithm.name for _item, _outputs, summary in bench.hub.completed] == ["lung-nodule-xs", "newer"]


def test_where_ai_is_switched_off_no_model_marks_and_the_case_says_so() -> None:
    bench = _Bench(in_use=ModelsInUse(None))

    assert bench.work()

    assert bench.hub.failed == [
        (ITEM, "AI pre-reading is switched off: no model marks anything. Read the study without AI.")
    ]
    assert (bench.hub.completed, bench.hub.stored, bench.objects.made) == ([], [], [])


def test_an_empty_queue_is_no_work() -> None:
    assert not _Bench(hub=_Hub(waiting=[])).work()


def test_progress_rises_and_is_told_at_most_every_two_seconds() -> None:
    bench = _Bench()
    bench.work()

    assert bench.hub.told == sorted(bench.hub.told)
    assert 1 < len(bench.hub.told) < 40
    assert bench.hub.told[0] == 0.0


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (
            NotAVolume("The slices have gaps.", hint="Send the series again."),
            "The slices have gaps. Send the series again.",
        ),
        (InputOutsideIntendedUse("No lungs in view."), "No lungs in view."),
    ],
)
def test_what_cannot_be_pre_read_fails_with_the_reason_a_person_understands(
    fault: WorkstationError, reason: str
) -> None:
    bench = _Bench(volumes=_Volumes(fault=fault))

    assert bench.work()

    assert bench.hub.failed == [(ITEM, reason)]
    assert (bench.hub.completed, bench.hub.stored) == ([], [])


def _two_chests() -> Study:
    first = STUDY.series[0]
    renamed = tuple(replace(one, sop_instance_uid=f"1.2.3.4.{n}") for n, one in enumerate(first.instances, start=1))
    second = replace(first, series_instance_uid="1.2.3.4", series_number=4, description="5, mm", instances=renamed)
    return replace(STUDY, series=(first, second))


def _refusing(*reasons: str | None) -> _Detector:
    """Return a detector that refuses a series for each reason, in order."""
    left = list(reasons)

    def during() -> None:
        reason = left.pop(0)
        if reason is not None:
            raise InputOutsideIntendedUse(reason)

    return _Detector(during=during)


def test_a_refused_series_is_followed_by_the_next_that_fits_and_readers_are_told_which() -> None:
    bench = _Bench(hub=_Hub(study_=_two_chests()), detector=_refusing("No lungs in view.", None))
    bench.objects = _Objects(about=bench.hub.study_)

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
    bench = _Bench(hub=_Hub(study_=_two_chests()), detector=_refusing("No lungs in view.", "Slices of 5 mm."))

    assert bench.work()

    assert bench.hub.failed == [(ITEM, "No lungs in view.")]
    assert (bench.hub.completed, bench.hub.stored) == ([], [])


def test_a_study_without_a_suitable_series_fails_with_a_reason() -> None:
    bench = _Bench(hub=_Hub(study_=replace(STUDY, series=())))
    bench.work()

    assert bench.hub.failed == [(ITEM, "The study holds no CT series that the detector can read.")]


def test_an_empty_image_fails_instead_of_being_left_out() -> None:
    bench = _Bench()
    bench.hub.instance = lambda *_: b""  # type: ignore[method-assign]  # a hub that answers with nothing
    bench.work()

    assert bench.hub.failed == [(ITEM, "An image of the series is empty on the hub.")]


def test_a_fault_of_ours_fails_the_workitem_and_the_worker_lives_on(allow_warnings: None) -> None:
    def explode() -> None:
        raise ZeroDivisionError

    bench = _Bench(detector=_Detector(during=explode))

    assert bench.work()

    assert bench.hub.failed == [(ITEM, "The detector stopped through an internal fault.")]


@pytest.mark.parametrize("step", ["study", "instance", "store", "complete", "progress"])
def test_a_short_outage_at_any_step_costs_only_time(step: str) -> None:
    bench = _Bench(hub=_Hub(faults={step: [Unreachable("gone"), Unreachable("gone")]}))

    assert bench.work()

    assert len(bench.hub.completed) == 1
    assert bench.stop.waits == ([] if step == "progress" else [1.0, 2.0])


def test_a_long_outage_fails_the_workitem_when_the_hub_is_back() -> None:
    bench = _Bench(hub=_Hub(faults={"store": [Unreachable("The hub does not answer.")] * 6}))
    bench.work()

    assert bench.hub.failed == [(ITEM, "The hub does not answer.")]
    assert bench.stop.waits == list(RETRY_WAITS_S)


def test_when_not_even_the_failure_can_be_told_the_lease_decides_and_the_worker_lives_on() -> None:
    outage: list[Exception] = [Unreachable("gone")] * 6
    bench = _Bench(hub=_Hub(faults={"study": list(outage), "fail": list(outage)}))

    assert bench.work()

    assert (bench.hub.failed, bench.hub.completed, bench.hub.released) == ([], [], [])


@pytest.mark.parametrize("step", ["progress", "complete"])
def test_a_workitem_whose_lease_ran_out_is_left_to_its_new_worker(step: str) -> None:
    bench = _Bench(hub=_Hub(faults={step: [WrongTransaction("not yours")]}))

    assert bench.work()

    assert (bench.hub.failed, bench.hub.completed, bench.hub.released) == ([], [], [])


def test_a_stopped_worker_gives_its_workitem_back() -> None:
    bench = _Bench()
    bench.detector.during = bench.stop.event.set

    assert bench.work()

    assert bench.hub.released == [ITEM]
    assert (bench.hub.failed, bench.hub.completed) == ([], [])


def test_a_worker_stopped_during_an_outage_ends_at_once() -> None:
    bench = _Bench(hub=_Hub(faults={"study": [Unreachable("gone")] * 9, "release": [Unreachable("gone")] * 9}))
    bench.stop.after_waits = 1

    assert bench.work()

    assert bench.stop.waits == [1.0, 1.0]
    assert bench.hub.released == []


def test_the_worker_takes_waiting_work_at_once_and_polls_when_there_is_none() -> None:
    stop = _Stop(after_waits=2)
    answers = iter([True, True, False, True, False])

    run_worker(lambda: next(answers), stop, poll_s=5.0)

    assert stop.waits == [5.0, 5.0]
    assert list(answers) == []


def test_the_worker_waits_longer_and_longer_for_a_hub_that_is_away() -> None:
    stop = _Stop(after_waits=8)
    calls = iter(["away"] * 6 + ["back", "away"])

    def work() -> bool:
        if next(calls) == "away":
            raise Unreachable("gone")
        return False

    run_worker(work, stop, poll_s=5.0)

    assert stop.waits == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 5.0, 5.0]


@pytest.mark.parametrize("fault", [Refused("no right to run the detector"), AlreadyClaimed("taken")])
def test_a_refusing_hub_does_not_end_the_worker(fault: WorkstationError) -> None:
    stop = _Stop(after_waits=1)

    def work() -> bool:
        raise fault

    run_worker(work, stop, poll_s=5.0)

    assert stop.waits == [5.0]


def test_marks_down_to_the_sensitive_point_are_stored_and_only_shown_ones_are_counted() -> None:
    points = (("sensitive", 0.3), ("balanced", 0.5))
    algorithm = replace(ALGORITHM, operating_points=points)
    marks = (mark(0.7), replace(mark(0.4), shown=False), replace(mark(0.2), shown=False))
    bench = _Bench()

    def detect(volume: Volume, job: JobContext) -> _Result:
        return _Result(marks, algorithm)

    bench.detector.detect = detect  # type: ignore[method-assign]  # another result

    assert bench.work()

    stored = [finding.original.score for finding in bench.objects.made[0].findings if finding.original]
    assert stored == [0.7, 0.4]
    assert bench.hub.completed[0][2].finding_count == 1
