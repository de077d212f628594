"""A worker outlives outages, refusals and its own faults, and no workitem is lost with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resources.translation import use_language
from tests.helpers.detection import ITEM, Bench, Detector, Hub, Waits
from workstation.domain.errors import AlreadyClaimed, Refused, Unreachable, WorkstationError, WrongTransaction
from workstation.services.detection_service import RETRY_WAITS_S, run_worker


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def test_an_empty_queue_is_no_work() -> None:
    assert not Bench(hub=Hub(waiting=[])).work()


def test_a_fault_of_ours_fails_the_workitem_and_the_worker_lives_on(allow_warnings: None) -> None:
    def explode() -> None:
        raise ZeroDivisionError

    bench = Bench(detector=Detector(during=explode))

    assert bench.work()

    assert bench.hub.failed == [(ITEM, "The detector stopped through an internal fault.")]


@pytest.mark.parametrize("step", ["study", "instance", "store", "complete", "progress"])
def test_a_short_outage_at_any_step_costs_only_time(step: str) -> None:
    bench = Bench(hub=Hub(faults={step: [Unreachable("gone"), Unreachable("gone")]}))

    assert bench.work()

    assert len(bench.hub.completed) == 1
    assert bench.stop.waits == ([] if step == "progress" else [1.0, 2.0])


def test_a_long_outage_fails_the_workitem_when_the_hub_is_back() -> None:
    bench = Bench(hub=Hub(faults={"store": [Unreachable("The hub does not answer.")] * 6}))
    bench.work()

    assert bench.hub.failed == [(ITEM, "The hub does not answer.")]
    assert bench.stop.waits == list(RETRY_WAITS_S)


def test_when_not_even_the_failure_can_be_told_the_lease_decides_and_the_worker_lives_on() -> None:
    outage: list[Exception] = [Unreachable("gone")] * 6
    bench = Bench(hub=Hub(faults={"study": list(outage), "fail": list(outage)}))

    assert bench.work()

    assert (bench.hub.failed, bench.hub.completed, bench.hub.released) == ([], [], [])


@pytest.mark.parametrize("step", ["progress", "complete"])
def test_a_workitem_whose_lease_ran_out_is_left_to_its_new_worker(step: str) -> None:
    bench = Bench(hub=Hub(faults={step: [WrongTransaction("not yours")]}))

    assert bench.work()

    assert (bench.hub.failed, bench.hub.completed, bench.hub.released) == ([], [], [])


def test_a_stopped_worker_gives_its_workitem_back() -> None:
    bench = Bench()
    bench.detector.during = bench.stop.event.set

    assert bench.work()

    assert bench.hub.released == [ITEM]
    assert (bench.hub.failed, bench.hub.completed) == ([], [])


def test_a_worker_stopped_during_an_outage_ends_at_once() -> None:
    bench = Bench(hub=Hub(faults={"study": [Unreachable("gone")] * 9, "release": [Unreachable("gone")] * 9}))
    bench.stop.after_waits = 1

    assert bench.work()

    assert bench.stop.waits == [1.0, 1.0]
    assert bench.hub.released == []


def test_the_worker_takes_waiting_work_at_once_and_polls_when_there_is_none() -> None:
    stop = Waits(after_waits=2)
    answers = iter([True, True, False, True, False])

    run_worker(lambda: next(answers), stop, poll_s=5.0)

    assert stop.waits == [5.0, 5.0]
    assert list(answers) == []


def test_the_worker_waits_longer_and_longer_for_a_hub_that_is_away() -> None:
    stop = Waits(after_waits=8)
    calls = iter(["away"] * 6 + ["back", "away"])

    def work() -> bool:
        if next(calls) == "away":
            raise Unreachable("gone")
        return False

    run_worker(work, stop, poll_s=5.0)

    assert stop.waits == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 5.0, 5.0]


@pytest.mark.parametrize("fault", [Refused("no right to run the detector"), AlreadyClaimed("taken")])
def test_a_refusing_hub_does_not_end_the_worker(fault: WorkstationError) -> None:
    stop = Waits(after_waits=1)

    def work() -> bool:
        raise fault

    run_worker(work, stop, poll_s=5.0)

    assert stop.waits == [5.0]
