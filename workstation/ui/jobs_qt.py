"""Brings what background jobs deliver to the main thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Final

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal, Slot

from workstation.services.jobs import JobRunner

_BUDGET_S: Final = 0.008


class MainThread(QObject):
    """
    Runs callables on the thread that made it, in the order in which they arrive.

    Make it on the main thread and give ``post`` to ``JobRunner(deliver=...)``. An exception in a
    callable reaches ``sys.excepthook`` and with it the crash page. What arrives together does not
    run together: after a few milliseconds the window has its turn before the next.
    """

    _posted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._open = True
        self._waiting: deque[Callable[[], None]] = deque()
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(0)
        self._rest.timeout.connect(self._run)

    def post(self, callback: Callable[[], None]) -> None:
        """Run ``callback`` soon on the main thread; safe from any thread; nothing happens after ``close``."""
        if self._open:
            self._waiting.append(callback)
            self._posted.emit()

    def close(self) -> None:
        """Drop everything that is still to come; the window is going away."""
        self._open = False
        self._rest.stop()
        self._waiting.clear()

    @property
    def is_here(self) -> bool:
        """Tell whether the caller runs on the main thread."""
        return QThread.currentThread() == self.thread()

    @Slot()
    def _run(self) -> None:
        if self._rest.isActive():
            return  # the window has its turn first
        until = perf_counter() + _BUDGET_S
        try:
            while self._open and self._waiting:
                self._waiting.popleft()()
                if perf_counter() > until:
                    break
        finally:  # a bug in one must not hold the others up
            if self._waiting:
                self._rest.start()


def runner_on_main_thread() -> tuple[JobRunner, MainThread]:
    """Return a runner whose callbacks all run on the calling thread, and its door to that thread."""
    main_thread = MainThread()
    return JobRunner(deliver=main_thread.post), main_thread
