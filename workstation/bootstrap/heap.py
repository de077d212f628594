"""
What a closed case took goes back to the system, not only to the allocator.

Slices arrive in several threads, each with a heap of its own, and what is freed there stays in the process for the
next case: 100 to 200 MB of a CT of 275 slices, 330 MB after some cases. glibc gives it back when it is asked to.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer

from workstation.services.jobs import JobRunner, Pool

_AFTER_MS: Final = 2000
"""By then everything of the case that had to end has ended; the next one may already be loading, which is no harm."""


def give_back() -> None:
    """Return free memory to the system: some milliseconds, without the interpreter; elsewhere than on glibc nothing."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library; on Windows None names no library
        return
    trim(ctypes.c_size_t(0))


class HeapAfterCases(QObject):
    """Has memory given back by a job, a moment after a case was closed."""

    def __init__(
        self, jobs: JobRunner, *, give_back: Callable[[], None] = give_back, after_ms: int = _AFTER_MS
    ) -> None:
        super().__init__()
        self._jobs = jobs
        self._give_back = give_back
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(after_ms)
        self._timer.timeout.connect(self._submit)

    def case_closed(self) -> None:
        """Learn that a case was closed; several within a moment count as one."""
        if not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Give nothing back any more; the window is going away."""
        self._timer.stop()

    def _submit(self) -> None:
        self._jobs.submit(Pool.IO, lambda _job: self._give_back())
