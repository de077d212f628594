"""Images come first look first, follow the reader, and survive a bad line."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from worklist.retrieve import SeriesRetriever, first_look_order
from worklist.retry import Backoff
from workstation.domain.errors import IntegrityMismatch, Refused, Unreachable
from workstation.domain.study import Instance, Patient, Series, Study

STUDY_UID = "1.2.3"


def series_of(count: int) -> Series:
    instances = tuple(Instance(f"1.2.3.4.{n}", "1.2.840.10008.5.1.4.1.1.2", n + 1) for n in range(count))
    return Series("1.2.3.4", "CT", 2, instances=instances)


class Archive:
    """A fake RetrievePort: says what was asked in which order; ``before`` may raise or wait."""

    def __init__(self, before: Callable[[int], None] = lambda _: None) -> None:
        self.before = before
        self.asked: list[int] = []
        self.structure = Study(STUDY_UID, Patient("P1", "张三"), series=(series_of(9),))

    def study(self, study_instance_uid: str) -> Study:
        assert study_instance_uid == STUDY_UID
        return self.structure

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        assert (study_instance_uid, series_instance_uid) == (STUDY_UID, "1.2.3.4")
        index = int(sop_instance_uid.rsplit(".", 1)[-1])
        self.asked.append(index)
        self.before(index)
        return str(index).encode()


def impatient() -> Backoff:
    return Backoff(first_s=0.001, longest_s=0.01)


class Screen:
    """Collects what arrives, as a viewer would."""

    def __init__(self) -> None:
        self.slices: dict[int, int] = {}
        self.order: list[int] = []
        self.failed: dict[int, Exception] = {}
        self.line: list[bool] = []
        self.threads: set[str] = set()
        self.lock = threading.Lock()

    def show(self, index: int, decoded: int) -> None:
        with self.lock:
            assert index not in self.slices
            self.slices[index] = decoded
            self.order.append(index)
            self.threads.add(threading.current_thread().name)

    def fail(self, index: int, error: Exception) -> None:
        with self.lock:
            self.failed[index] = error


def retriever(archive: Archive, screen: Screen, count: int, **more: object) -> SeriesRetriever[int]:
    return SeriesRetriever(
        archive,
        STUDY_UID,
        series_of(count),
        screen.show,
        decode=int,
        on_failed=screen.fail,
        on_line=screen.line.append,
        backoff=impatient,
        **more,  # type: ignore[arg-type]  # forwarded keyword by keyword
    )


def test_the_first_look_is_middle_first_last_then_every_fourth() -> None:
    assert first_look_order(10) == [5, 0, 9, 4, 8, 1, 2, 3, 6, 7]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 275])
def test_every_slice_is_asked_for_exactly_once(count: int) -> None:
    assert sorted(first_look_order(count)) == list(range(count))


def test_one_connection_fetches_in_first_look_order() -> None:
    archive, screen = Archive(), Screen()
    fetch = retriever(archive, screen, 10, connections=1)
    fetch.start()

    assert fetch.wait(10)
    assert archive.asked == [5, 0, 9, 4, 8, 1, 2, 3, 6, 7]
    assert screen.slices == {n: n for n in range(10)}
    assert fetch.complete


def test_decoding_never_happens_on_the_callers_thread() -> None:
    archive, screen = Archive(), Screen()
    fetch = retriever(archive, screen, 20)
    fetch.start()

    assert fetch.wait(10)
    assert threading.current_thread().name not in screen.threads


def test_scrolling_brings_the_slices_around_the_reader_first() -> None:
    asked, scrolled = threading.Event(), threading.Event()

    def slow(_: int) -> None:
        asked.set()
        scrolled.wait(10)

    archive, screen = Archive(slow), Screen()
    fetch = retriever(archive, screen, 200, connections=1)
    fetch.start()
    assert asked.wait(10)
    fetch.focus(150)
    scrolled.set()

    assert fetch.wait(10)
    after_the_first = archive.asked[1:50]
    assert archive.asked[1] == 150
    assert sorted(after_the_first) == list(range(126, 175))


def test_what_is_cached_is_not_fetched_again() -> None:
    archive, screen = Archive(), Screen()
    fetch = retriever(archive, screen, 10, have=[0, 5, 9])
    fetch.start()

    assert fetch.wait(10)
    assert sorted(archive.asked) == [1, 2, 3, 4, 6, 7, 8]
    assert fetch.cached == (True,) * 10


def test_a_fully_cached_series_asks_for_nothing() -> None:
    archive, screen = Archive(), Screen()
    fetch = retriever(archive, screen, 3, have=range(3))
    fetch.start()

    assert fetch.wait(10)
    assert archive.asked == []


def test_a_dead_line_is_tried_again_and_only_the_rest_is_fetched() -> None:
    down = {3: 4, 7: 1}

    def line(index: int) -> None:
        if down.get(index, 0) > 0:
            down[index] -= 1
            raise Unreachable("gone")

    archive, screen = Archive(line), Screen()
    fetch = retriever(archive, screen, 10, connections=1)
    fetch.start()

    assert fetch.wait(10)
    assert screen.slices == {n: n for n in range(10)}
    assert len(archive.asked) == 10 + 5
    assert screen.line[0] is False
    assert screen.line[-1] is True
    assert screen.failed == {}


def test_a_refused_slice_is_reported_once_and_the_others_arrive() -> None:
    def refuse(index: int) -> None:
        if index == 4:
            raise Refused("no such image")

    archive, screen = Archive(refuse), Screen()
    fetch = retriever(archive, screen, 10)
    fetch.start()

    assert fetch.wait(10)
    assert sorted(screen.slices) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert list(screen.failed) == [4]
    assert fetch.failed == {4}
    assert fetch.cached[4] is False
    assert not fetch.complete


def test_a_damaged_slice_is_fetched_again_three_times_at_most() -> None:
    def damage(index: int) -> None:
        if index == 4 and archive.asked.count(4) < 2:
            raise IntegrityMismatch("cut")
        if index == 5:
            raise IntegrityMismatch("cut")

    archive, screen = Archive(damage), Screen()
    fetch = retriever(archive, screen, 10)
    fetch.start()

    assert fetch.wait(10)
    assert archive.asked.count(4) == 2
    assert archive.asked.count(5) == 3
    assert list(screen.failed) == [5]


def test_a_slice_that_cannot_be_decoded_does_not_stop_the_others() -> None:
    def decode(part10: bytes) -> int:
        if part10 == b"4":
            raise ArithmeticError("a decoder's bug")
        return int(part10)

    archive, screen = Archive(), Screen()
    fetch = SeriesRetriever(archive, STUDY_UID, series_of(10), screen.show, decode=decode, on_failed=screen.fail)
    fetch.start()

    assert fetch.wait(10)
    assert len(screen.slices) == 9
    assert type(screen.failed[4]) is ArithmeticError


def test_a_failure_nobody_listens_to_ends_all_the_same() -> None:
    def refuse(_: int) -> None:
        raise Refused("no")

    archive, screen = Archive(refuse), Screen()
    fetch = SeriesRetriever(archive, STUDY_UID, series_of(3), screen.show, decode=int)
    fetch.start()

    assert fetch.wait(10)
    assert fetch.failed == {0, 1, 2}


def test_cancelling_stops_at_once_even_on_a_dead_line() -> None:
    def gone(_: int) -> None:
        raise Unreachable("gone")

    archive, screen = Archive(gone), Screen()
    fetch = SeriesRetriever(
        archive, STUDY_UID, series_of(50), screen.show, decode=int, backoff=lambda: Backoff(first_s=60)
    )
    fetch.start()
    fetch.cancel()

    assert fetch.wait(10)
    assert screen.slices == {}


def test_slices_that_arrive_after_cancelling_are_dropped() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(_: int) -> None:
        asked.set()
        go_on.wait(10)

    archive, screen = Archive(slow), Screen()
    fetch = retriever(archive, screen, 10, connections=1)
    fetch.start()
    assert asked.wait(10)
    fetch.cancel()
    go_on.set()

    assert fetch.wait(10)
    assert screen.slices == {}
    assert fetch.cached == (False,) * 10


def test_waiting_has_an_end() -> None:
    go_on = threading.Event()

    def slow(_: int) -> None:
        go_on.wait(10)

    archive, screen = Archive(slow), Screen()
    fetch = retriever(archive, screen, 3)
    fetch.start()

    assert not fetch.wait(0.01)
    go_on.set()
    assert fetch.wait(10)


def test_at_most_one_slice_per_connection_is_in_flight() -> None:
    lock = threading.Lock()
    now = most = 0

    def count(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)

    def shown(index: int, decoded: int) -> None:
        nonlocal now
        assert index == decoded
        with lock:
            now -= 1

    fetch = SeriesRetriever(Archive(count), STUDY_UID, series_of(100), shown, decode=int, connections=3)
    fetch.start()

    assert fetch.wait(10)
    assert most <= 3
