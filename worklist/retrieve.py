"""
Priority retrieval: the first image before the rest, then what the reader scrolls to.

Threads: ``on_slice``, ``on_failed`` and ``on_line`` are called from the retriever's worker
threads, never from the one that constructed it; a UI hands them on to its own thread.
Decoding happens in the same workers, so the UI thread never decodes. The retriever itself
keeps nothing but flags: at most one slice per connection is in memory at a time.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from worklist.retry import Backoff
from workstation.domain.errors import IntegrityMismatch, Unreachable
from workstation.domain.ports import RetrievePort
from workstation.domain.study import Series, Study

T = TypeVar("T")

CONNECTIONS: Final = 3
NEAR: Final = 24
"""Slices on both sides of the scroll position that go before everything else."""
DAMAGED_TRIES: Final = 3


def first_look_order(count: int) -> list[int]:
    """
    Return the order in which slices are fetched while nobody scrolls.

    The middle, the first, the last, every fourth, then the rest, each index once.
    """
    wanted = [count // 2, 0, count - 1, *range(0, count, 4), *range(count)] if count else []
    return list(dict.fromkeys(wanted))


@dataclass(frozen=True, slots=True)
class FirstImage:
    """The image that was fetched while the metadata was still on its way."""

    series_instance_uid: str
    sop_instance_uid: str
    part10: bytes


class FirstLookPort(RetrievePort, Protocol):
    """A ``RetrievePort`` that can also guess the middle image before the metadata is here."""

    def middle_instance(self, study_instance_uid: str) -> tuple[str, str] | None:
        """Return (series, SOP Instance) UID, None for a study without images."""
        ...


def open_study(
    port: FirstLookPort, study_instance_uid: str, on_first: Callable[[FirstImage], None] | None = None
) -> Study:
    """
    Fetch the structure of a study, and the image in the middle of its longest series at the same time.

    ``on_first`` is called from a worker thread as soon as that image is here, at latest before
    this returns; when it cannot be had (the study has none, the line broke), it is not called
    and the retriever fetches it later. Raises Unreachable, Refused.
    """

    def first() -> None:
        found = port.middle_instance(study_instance_uid)
        if found is not None and on_first is not None:
            part10 = port.instance(study_instance_uid, *found)
            on_first(FirstImage(*found, part10))

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="first-image") as pool:
        early = pool.submit(first)
        study = port.study(study_instance_uid)
        early.exception()  # an early failure costs the head start only
    return study


class SeriesRetriever(Generic[T]):
    """
    Fetches and decodes one series over a few keep-alive connections.

    A dead line is tried again with backoff until ``cancel``; what is already here is never
    fetched again. A slice the hub refuses, or that stays damaged, is reported once through
    ``on_failed`` and the others go on. ``have`` names slices that are already cached.
    """

    def __init__(
        self,
        port: RetrievePort,
        study_instance_uid: str,
        series: Series,
        on_slice: Callable[[int, T], None],
        *,
        decode: Callable[[bytes], T],
        on_failed: Callable[[int, Exception], None] | None = None,
        on_line: Callable[[bool], None] | None = None,
        have: Iterable[int] = (),
        connections: int = CONNECTIONS,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._port = port
        self._study = study_instance_uid
        self._series = series
        self._decode = decode
        self._on_slice = on_slice
        self._on_failed = on_failed
        self._on_line = on_line
        self._connections = connections
        self._new_backoff = backoff
        count = len(series.instances)
        self._order = first_look_order(count)
        self._rank = {index: rank for rank, index in enumerate(self._order)}
        self._queue = list(range(count))
        """A heap of ranks; one whose slice is no longer pending is passed over"""
        cached = set(have)
        self._cached = [index in cached for index in range(count)]
        self._failed: set[int] = set()
        self._pending = {index for index in range(count) if index not in cached}
        self._in_flight: set[int] = set()
        self._damaged: dict[int, int] = {}
        self._focus: int | None = None
        self._line_up = True
        self._running = 0
        self._changed = threading.Condition()
        self._cancelled = threading.Event()

    def start(self) -> None:
        """Begin fetching; returns at once."""
        workers = min(self._connections, max(1, len(self._pending)))
        self._running = workers
        for number in range(workers):
            threading.Thread(target=self._work, name=f"retrieve-{number}", daemon=True).start()

    def focus(self, index: int) -> None:
        """Follow the scroll position: slices near ``index`` come next, nearest first."""
        with self._changed:
            self._focus = index

    def cancel(self) -> None:
        """Stop; slices already on their way are dropped when they arrive."""
        self._cancelled.set()
        with self._changed:
            self._changed.notify_all()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until every slice is here or has failed, or ``cancel``; False when the time ran out first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, timeout_s)

    @property
    def cached(self) -> tuple[bool, ...]:
        """Return, slice by slice, whether it is here (the cached-slice bar)."""
        with self._changed:
            return tuple(self._cached)

    @property
    def failed(self) -> frozenset[int]:
        """Return the slices that could not be had."""
        with self._changed:
            return frozenset(self._failed)

    @property
    def complete(self) -> bool:
        """Tell whether every slice is here."""
        return all(self.cached)

    @property
    def on_demand(self) -> bool:
        """Tell whether slices come and go; here each comes once."""
        return False

    def _work(self) -> None:
        backoff = self._new_backoff()
        try:
            while (index := self._next()) is not None:
                self._fetch(index, backoff)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _next(self) -> int | None:
        """Take the most wanted slice; wait while others may still give one back; None at the end."""
        with self._changed:
            while not self._cancelled.is_set():
                if self._pending:
                    index = self._most_wanted()
                    self._pending.discard(index)
                    self._in_flight.add(index)
                    return index
                if not self._in_flight:
                    return None
                self._changed.wait()
            return None

    def _most_wanted(self) -> int:
        """Return the pending slice nearest to the scroll position, else the next of the first look."""
        focus = self._focus
        if focus is not None:
            near = [index for index in range(focus - NEAR, focus + NEAR + 1) if index in self._pending]
            if near:
                return min(near, key=lambda index: abs(index - focus))
        while self._order[self._queue[0]] not in self._pending:
            heapq.heappop(self._queue)
        return self._order[self._queue[0]]

    def _fetch(self, index: int, backoff: Backoff) -> None:
        instance = self._series.instances[index]
        try:
            part10 = self._port.instance(self._study, self._series.series_instance_uid, instance.sop_instance_uid)
            self._tell_line(up=True)
            backoff.reset()
            decoded = self._decode(part10)
        except Unreachable:
            self._settle(index, again=True)
            self._tell_line(up=False)
            self._cancelled.wait(backoff.next_delay_s())
            return
        except IntegrityMismatch as error:
            self._damaged[index] = self._damaged.get(index, 0) + 1
            if self._damaged[index] < DAMAGED_TRIES:
                self._settle(index, again=True)
            else:
                self._give_up(index, error)
            return
        except Exception as error:  # noqa: BLE001  (one bad slice must not stop the others; the receiver judges it)
            self._give_up(index, error)
            return
        if not self._cancelled.is_set():
            self._on_slice(index, decoded)
            with self._changed:
                self._cached[index] = True
        self._settle(index, again=False)

    def _settle(self, index: int, *, again: bool) -> None:
        with self._changed:
            self._in_flight.discard(index)
            if again:
                self._pending.add(index)
                heapq.heappush(self._queue, self._rank[index])
            self._changed.notify_all()

    def _give_up(self, index: int, error: Exception) -> None:
        with self._changed:
            self._failed.add(index)
        if self._on_failed is not None and not self._cancelled.is_set():
            self._on_failed(index, error)
        self._settle(index, again=False)

    def _tell_line(self, *, up: bool) -> None:
        with self._changed:
            changed, self._line_up = self._line_up != up, up
        if changed and self._on_line is not None and not self._cancelled.is_set():
            self._on_line(up)
