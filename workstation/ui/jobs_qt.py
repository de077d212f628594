"""Brings what background jobs deliver to the main thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from workstation.services.jobs import JobRunner
from workstation.ui.turn import shared_turn


class MainThread(QObject):
    """
    Runs callables on the thread that made it, in the order in which they arrive.

    Make it on the main thread and give ``post`` to ``JobRunner(deliver=...)``. An exception in a
    callable reaches ``sys.excepthook`` and with it the crash page. What arrives together does not
    run together: it shares the turns of the window with all that waits.
    """

    _posted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._open = True
        self._waiting: deque[Callable[[], None]] = deque()
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, callback: Callable[[], None]) -> None:
        """Run ``callback`` soon on the main thread; safe from any thread; nothing happens after ``close``."""
        if self._open:
            self._waiting.append(callback)
            self._posted.emit()

    def close(self) -> None:
        """Drop everything that is still to come; the window is going away."""
        self._open = False
        self._waiting.clear()

    @property
    def is_here(self) -> bool:
        """Tell whether the caller runs on the main thread."""
        return QThread.currentThread() == self.thread()

    @Slot()
    def _run(self) -> None:
        if self._waiting:
            shared_turn().add(self._next, first=True)

    def _next(self) -> bool:
        if not self._open or not self._waiting:
            return False
        callback = self._waiting.popleft()
        try:
            callback()
        except BaseException:  # a bug in one must not hold the others up
            self._run()
            raise
        return bool(self._waiting)


def runner_on_main_thread() -> tuple[JobRunner, MainThread]:
    """Return a runner whose callbacks all run on the calling thread, and its door to that thread."""
    main_thread = MainThread()
    return JobRunner(deliver=main_thread.post), main_thread
