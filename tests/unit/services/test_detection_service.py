"""No AI workitem is lost: each ends done, failed with a reason, or back in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from resources.translation import use_language
from tests.helpers.cases import ALGORITHM, mark
from tests.helpers.detection import ITEM, SR, Bench, Detector, Hub, Result, Volumes
from workstation.domain.errors import InputOutsideIntendedUse, NotAVolume, WorkstationError
from workstation.domain.ports import DetectionResult, JobContext
from workstation.domain.volume import Volume
from workstation.services.detection_service import ModelsInUse, Stop


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def test_a_study_is_pre_read_stored_and_completed_with_its_provenance() -> None:
    bench = Bench()

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
    bench = Bench()
    bench.work()

    assert bench.volumes.seen == [f"1.2.3|1.2.3.2|1.2.3.2.{n}".encode() for n in range(1, 41)]


def test_only_marks_above_the_operating_point_become_undecided_findings() -> None:
    bench = Bench()
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


def test_a_study_without_marks_is_completed_with_none() -> None:
    bench = Bench(detector=Detector(marks=()))
    bench.work()

    summary = bench.hub.completed[0][2]
    assert (summary.finding_count, summary.top_score) == (0, None)


def test_a_research_model_stores_nothing_with_a_study() -> None:
    bench = Bench(detector=Detector(identity=replace(ALGORITHM, research=True)))

    assert bench.work()

    assert bench.hub.stored == []
    ((item, reason),) = bench.hub.failed
    assert item == ITEM
    assert reason.startswith("A research model pre-reads no studies: its marks may not be stored with them.")


def test_the_shadow_looks_after_the_pre_read_is_complete() -> None:
    bench = Bench()
    seen: list[tuple[str, int, int]] = []

    def shadow(study_instance_uid: str, volume: Volume, result: DetectionResult, stop: Stop) -> None:
        seen.append((study_instance_uid, len(result.marks), len(bench.hub.completed)))

    bench.shadow = shadow
    bench.work()

    assert seen == [("1.2.3", 3, 1)]


def test_what_is_chosen_holds_from_the_next_study_on() -> None:
    bench = Bench(hub=Hub(waiting=[ITEM, ITEM]))
    newer = replace(ALGORITHM, name="newer")
    other = Detector()

    def detect(volume: Volume, job: JobContext) -> Result:
        return Result((), newer)

    other.detect = detect  # type: ignore[method-assign]  # another model
    work = bench.work

    work()
    bench.in_use = ModelsInUse(other)
    work()

    assert [summary.algorithm.name for _item, _outputs, summary in bench.hub.completed] == ["lung-nodule-xs", "newer"]


def test_where_ai_is_switched_off_no_model_marks_and_the_case_says_so() -> None:
    bench = Bench(in_use=ModelsInUse(None))

    assert bench.work()

    assert bench.hub.failed == [
        (ITEM, "AI pre-reading is switched off: no model marks anything. Read the study without AI.")
    ]
    assert (bench.hub.completed, bench.hub.stored, bench.objects.made) == ([], [], [])


def test_progress_rises_and_is_told_at_most_every_two_seconds() -> None:
    bench = Bench()
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
    bench = Bench(volumes=Volumes(fault=fault))

    assert bench.work()

    assert bench.hub.failed == [(ITEM, reason)]
    assert (bench.hub.completed, bench.hub.stored) == ([], [])


def test_an_empty_image_fails_instead_of_being_left_out() -> None:
    bench = Bench()
    bench.hub.instance = lambda *_: b""  # type: ignore[method-assign]  # a hub that answers with nothing
    bench.work()

    assert bench.hub.failed == [(ITEM, "An image of the series is empty on the hub.")]


def test_marks_down_to_the_sensitive_point_are_stored_and_only_shown_ones_are_counted() -> None:
    points = (("sensitive", 0.3), ("balanced", 0.5))
    algorithm = replace(ALGORITHM, operating_points=points)
    marks = (mark(0.7), replace(mark(0.4), shown=False), replace(mark(0.2), shown=False))
    bench = Bench()

    def detect(volume: Volume, job: JobContext) -> Result:
        return Result(marks, algorithm)

    bench.detector.detect = detect  # type: ignore[method-assign]  # another result

    assert bench.work()

    stored = [finding.original.score for finding in bench.objects.made[0].findings if finding.original]
    assert stored == [0.7, 0.4]
    assert bench.hub.completed[0][2].finding_count == 1
