"""
Background work: four pools, cancellation, throttled progress, results on the main thread.

Work runs off the main thread and returns a value; it never touches a widget. Results, errors
and progress go through ``deliver``, which the UI sets to a function that posts to its thread.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from workstation.domain.errors import JobCancelled

T = TypeVar("T")

Deliver = Callable[[Callable[[], None]], None]

_PROGRESS_INTERVAL_S: Final = 1 / 30  # unthrottled progress froze a GUI for 322 ms
_log = logging.getLogger(__name__)


class Pool(StrEnum):
    """Which threads a job runs on; INFER and DB have one each, so their jobs never overlap."""

    IO = "io"
    CPU = "cpu"
    INFER = "infer"
    DB = "db"


_WORKERS: Final = {Pool.IO: 6, Pool.CPU: 2, Pool.INFER: 1, Pool.DB: 1}


class _Context:
    """The ``JobContext`` handed to the work."""

    def __init__(self, report: Callable[[float, str], None] | None) -> None:
        self.cancelled = threading.Event()
        self._report = report
        self._last = 0.0

    def raise_if_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise JobCancelled

    def progress(self, fraction: float, text: str = "") -> None:
        self.raise_if_cancelled()
        if self._report is None:
            return
        now = time.monotonic()
        if fraction < 1.0 and now - self._last < _PROGRESS_INTERVAL_S:
            return
        self._last = now
        self._report(min(max(fraction, 0.0), 1.0), text)


class NoJob:
    """A ``JobContext`` for work that runs in the foreground: never cancelled, progress dropped."""

    def raise_if_cancelled(self) -> None:
        """Do nothing: foreground work is not cancelled."""

    def progress(self, fraction: float, text: str = "") -> None:
        """Drop the progress."""


class JobHandle(Generic[T]):
    """One submitted job."""

    def __init__(self, context: _Context) -> None:
        self._context = context
        self.future: Future[T] | None = None

    def cancel(self) -> None:
        """Ask the job to stop; its callbacks stay silent from now on."""
        self._context.cancelled.set()
        if self.future is not None:
            self.future.cancel()

    @property
    def cancelled(self) -> bool:
        """Tell whether the job was asked to stop."""
        return self._context.cancelled.is_set()

    def result(self, timeout_s: float | None = None) -> T:
        """Wait for the value; for headless callers and tests, never for the UI thread."""
        if self.future is None:
            raise RuntimeError("the job was never started")
        return self.future.result(timeout_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """The work and whom its end is told: mostly methods of what stands on the screen."""

    work: Callable[[_Context], Any]
    on_success: Callable[[Any], None] | None
    on_error: Callable[[Exception], None] | None
    on_progress: Callable[[float, str], None] | None


def _run_here(callback: Callable[[], None]) -> None:
    callback()


class JobRunner:
    """
    Runs jobs on named pools and delivers what comes of them.

    Work and callbacks are held here and let go where results are delivered, also those of a cancelled job: a page
    that was closed meanwhile must not end in a thread of a pool, its timers belong to the window's.
    """

    def __init__(self, deliver: Deliver = _run_here) -> None:
        self._deliver = deliver
        self._pools = {
            pool: ThreadPoolExecutor(workers, thread_name_prefix=f"lianyue-{pool}")
            for pool, workers in _WORKERS.items()
        }
        self._closed = False
        self._asked: dict[int, _Asked] = {}
        self._numbers = itertools.count()

    def submit(
        self,
        pool: Pool,
        work: Callable[[_Context], T],
        *,
        on_success: Callable[[T], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        on_progress: Callable[[float, str], None] | None = None,
    ) -> JobHandle[T]:
        """
        Run ``work`` on a pool; exactly one of the callbacks is delivered unless it is cancelled.

        Without ``on_error`` an unexpected exception is delivered by raising it in ``deliver``'s
        thread, where the crash page catches it. After ``close`` a job counts as cancelled: what a
        window that goes still asks for concerns nobody.
        """
        number = next(self._numbers)
        self._asked[number] = _Asked(work, on_success, on_error, on_progress)

        def report(fraction: float, text: str) -> None:
            self._deliver(lambda: self._tell(number, context, fraction, text))

        context = _Context(report if on_progress is not None else None)
        handle: JobHandle[T] = JobHandle(context)

        def run() -> T:
            context.raise_if_cancelled()
            try:
                value: T = self._asked[number].work(context)
            except BaseException as exc:
                _let_go(exc)
                raise
            return value

        def finished(future: Future[T]) -> None:
            self._deliver(lambda: self._end(number, context, future))

        future = handle.future = self._started(pool, run)
        future.add_done_callback(finished)
        return handle

    def _tell(self, number: int, context: _Context, fraction: float, text: str) -> None:
        asked = self._asked.get(number)
        if asked is not None and asked.on_progress is not None and not context.cancelled.is_set():
            asked.on_progress(fraction, text)

    def _end(self, number: int, context: _Context, future: Future[Any]) -> None:
        asked = self._asked.pop(number)
        if context.cancelled.is_set() or future.cancelled():
            return
        error = future.exception()
        if isinstance(error, JobCancelled):
            return
        if error is None:
            if asked.on_success is not None:
                asked.on_success(future.result())
        elif isinstance(error, Exception):
            _hand_over(error, asked.on_error)
        else:
            _log.error("a job ended with %s", type(error).__name__)

    def _started(self, pool: Pool, run: Callable[[], T]) -> Future[T]:
        try:
            return self._pools[pool].submit(run)
        except RuntimeError:
            if not self._closed:
                raise
            nobodys = Future[T]()
            nobodys.cancel()
            return nobodys

    def close(self) -> None:
        """Stop taking jobs and wait for those that run."""
        self._closed = True
        for executor in self._pools.values():
            executor.shutdown(wait=True, cancel_futures=True)


def _let_go(error: BaseException) -> None:
    """
    Empty the frames that an error and its causes came through: their lines are told, what they held is not kept.

    The future keeps the error until a thread of the pool drops it, and the work's frame holds the page.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        waiting += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]


def _hand_over(error: Exception, on_error: Callable[[Exception], None] | None) -> None:
    if on_error is None:
        raise error
    on_error(error)
