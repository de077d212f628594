"""What a desk has done in the background: nobody hears of it once the desk has stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from workstation.domain.ports import JobContext
from workstation.services.jobs import JobHandle, JobRunner, Pool

T = TypeVar("T")


class DeskJobs:
    """Jobs of one desk. Submit and stop on the main thread; ``wait`` blocks and belongs off it."""

    def __init__(self, jobs: JobRunner) -> None:
        self._jobs = jobs
        self._running: list[JobHandle[Any]] = []
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Tell whether the desk takes no answers any more."""
        return self._stopped

    def stop(self) -> None:
        """Drop every answer that comes from now on."""
        self._stopped = True

    def submit(
        self,
        pool: Pool,
        work: Callable[[JobContext], T],
        *,
        on_success: Callable[[T], None] = lambda _value: None,
        on_error: Callable[[Exception], None],
    ) -> JobHandle[T]:
        """Run work in the background; its answer is dropped once the desk has stopped."""

        def succeed(value: T) -> None:
            if not self._stopped:
                on_success(value)

        def fail(error: Exception) -> None:
            if not self._stopped:
                on_error(error)

        job = self._jobs.submit(pool, work, on_success=succeed, on_error=fail)
        self._running = [one for one in self._running if one.future is not None and not one.future.done()] + [job]
        return job

    def wait(self) -> None:
        """Block until everything that was under way has ended, however it ended."""
        for job in self._running:
            with contextlib.suppress(Exception, CancelledError):  # whoever started it has been told
                job.result()
