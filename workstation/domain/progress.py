"""Progress of a step as a stretch of the whole job's, and of one that begins anew."""

from __future__ import annotations

from workstation.domain.ports import JobContext


class JobPart:
    """A ``JobContext`` whose 0..1 is ``start``..``stop`` of another one."""

    def __init__(self, job: JobContext, start: float, stop: float) -> None:
        self._job = job
        self._start = start
        self._stop = stop

    def raise_if_cancelled(self) -> None:
        """Raise ``JobCancelled`` once the whole job was asked to stop."""
        self._job.raise_if_cancelled()

    def progress(self, fraction: float, text: str = "") -> None:
        """Report progress of this part in [0, 1]."""
        self._job.progress(self._start + (self._stop - self._start) * fraction, text)


class RisingJob:
    """A ``JobContext`` that never goes back: work that begins anew stands still until it is further than before."""

    def __init__(self, job: JobContext) -> None:
        self._job = job
        self._reached = 0.0

    def raise_if_cancelled(self) -> None:
        """Raise ``JobCancelled`` once the job was asked to stop."""
        self._job.raise_if_cancelled()

    def progress(self, fraction: float, text: str = "") -> None:
        """Report the furthest that was reached, in [0, 1]."""
        self._reached = max(self._reached, fraction)
        self._job.progress(self._reached, text)
