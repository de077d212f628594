"""
Priority retrieval: a first look at the whole series, then what the reader scrolls to.

Threads: ``on_slice``, ``on_failed`` and ``on_line`` are called from the retriever's worker
threads, never from the one that constructed it; a UI hands them on to its own thread.
Decoding happens in the same workers, so the UI thread never decodes. The retriever itself
keeps nothing but flags: at most one slice per connection is in memory at a time, also where
several come in one answer.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

from worklist.portion import Portion
from worklist.retry import Backoff
from workstation.domain.errors import IntegrityMismatch, Unreachable, WorkstationError
from workstation.domain.frame_ports import Together
from workstation.domain.ports import RetrievePort
from workstation.domain.study import Series

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
        port, portion = self._port, Portion()
        try:
            while wanted := self._next(portion.size if isinstance(port, Together) else 1):
                if len(wanted) > 1 and isinstance(port, Together):
                    self._fetch_together(port, wanted, portion, backoff)
                else:
                    self._fetch(wanted[0], backoff)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _next(self, most: int) -> list[int]:
        """Take the most wanted slices; wait while others may still give one back; none at the end."""
        with self._changed:
            while not self._cancelled.is_set():
                if self._pending:
                    wanted = []
                    for _ in range(min(most, -(-len(self._pending) // self._connections))):
                        wanted.append(index := self._most_wanted())
                        self._pending.discard(index)
                    self._in_flight.update(wanted)
                    return wanted
                if not self._in_flight:
                    return []
                self._changed.wait()
            return []

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

    def _fetch_together(self, port: Together, wanted: list[int], portion: Portion, backoff: Backoff) -> None:
        """Fetch several slices in one answer; those that do not come wait on, the first is asked for by itself."""
        uids = {self._series.instances[index].sop_instance_uid: index for index in wanted}
        began = time.monotonic()
        try:
            for uid, part10 in port.instances(self._study, self._series.series_instance_uid, tuple(uids)):
                if self._cancelled.is_set():
                    break
                self._here(uids.pop(uid), part10, backoff)
        except Unreachable:
            self._lost(uids.values(), backoff)
            return
        except WorkstationError:
            pass  # by itself each tells what is wrong
        left = list(uids.values())
        if len(left) < len(wanted):
            portion.came(time.monotonic() - began)
        else:
            portion.none_came()
        alone = [] if self._cancelled.is_set() else left[:1]
        for index in left[len(alone) :]:
            self._settle(index, again=True)
        for index in alone:
            self._fetch(index, backoff)

    def _fetch(self, index: int, backoff: Backoff) -> None:
        instance = self._series.instances[index]
        part10: bytes | Exception
        try:
            part10 = self._port.instance(self._study, self._series.series_instance_uid, instance.sop_instance_uid)
        except Unreachable:
            self._lost([index], backoff)
            return
        except Exception as error:  # noqa: BLE001  (one bad slice must not stop the others; the receiver judges it)
            part10 = error
        self._here(index, part10, backoff)

    def _lost(self, indices: Iterable[int], backoff: Backoff) -> None:
        for index in indices:
            self._settle(index, again=True)
        self._tell_line(up=False)
        self._cancelled.wait(backoff.next_delay_s())

    def _here(self, index: int, part10: bytes | Exception, backoff: Backoff) -> None:
        """Decode and show a slice, or judge what came instead of it."""
        try:
            decoded = self._decoded(part10, backoff)
        except IntegrityMismatch as error:
            self._damaged[index] = self._damaged.get(index, 0) + 1
            if self._damaged[index] < DAMAGED_TRIES:
                self._settle(index, again=True)
            else:
                self._give_up(index, error)
            return
        except Exception as error:  # noqa: BLE001  (as above)
            self._give_up(index, error)
            return
        if not self._cancelled.is_set():
            self._on_slice(index, decoded)
            with self._changed:
                self._cached[index] = True
        self._settle(index, again=False)

    def _decoded(self, part10: bytes | Exception, backoff: Backoff) -> T:
        if isinstance(part10, Exception):
            raise part10
        self._tell_line(up=True)
        backoff.reset()
        return self._decode(part10)

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
