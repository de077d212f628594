"""Jobs that a page asks for: what the world refuses stands in its notice bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from shiboken6 import isValid

from workstation.domain.errors import WorkstationError
from workstation.domain.ports import JobContext
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.notice import Severity
from workstation.ui.pages.page import Page

T = TypeVar("T")


class PageJobs:
    """Does work for one page in jobs; ``key`` names its notice, which each new work takes away."""

    def __init__(self, page: Page, jobs: JobRunner, key: str) -> None:
        self._page, self._jobs, self._key = page, jobs, key

    def run(self, work: Callable[[], T], done: Callable[[T], object]) -> None:
        """Do it in a job and give ``done`` the answer, if the page is still there: it may go with its person."""
        self.run_long(lambda _job: work(), done)

    def run_long(
        self, work: Callable[[JobContext], T], done: Callable[[T], object], ended: Callable[[], object] = lambda: None
    ) -> JobHandle[T]:
        """As ``run``, for work that can be cancelled; ``ended`` is called before the page is told how it ended."""

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if isValid(self._page):
                ended()
                self._page.show_error(error, key=self._key, severity=Severity.DEGRADED)

        def arrived(value: T) -> None:
            if isValid(self._page):
                ended()
                done(value)

        self._page.notices.clear_notice(self._key)
        return self._jobs.submit(Pool.IO, work, on_success=arrived, on_error=failed)
