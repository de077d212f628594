"""Brings what background jobs deliver to the main thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from workstation.services.jobs import JobRunner


class MainThread(QObject):
    """
    Runs callables on the thread that made it, in the order in which they arrive.

    Make it on the main thread and give ``post`` to ``JobRunner(deliver=...)``. An exception in a
    callable reaches ``sys.excepthook`` and with it the crash page.
    """

    _posted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._open = True
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, callback: Callable[[], None]) -> None:
        """Run ``callback`` soon on the main thread; safe from any thread; nothing happens after ``close``."""
        if self._open:
            self._posted.emit(callback)

    def close(self) -> None:
        """Drop everything that is still to come; the window is going away."""
        self._open = False

    @property
    def is_here(self) -> bool:
        """Tell whether the caller runs on the main thread."""
        return QThread.currentThread() == self.thread()

    @Slot(object)
    def _run(self, callback: Callable[[], None]) -> None:
        if self._open:
            callback()


def runner_on_main_thread() -> tuple[JobRunner, MainThread]:
    """Return a runner whose callbacks all run on the calling thread, and its door to that thread."""
    main_thread = MainThread()
    return JobRunner(deliver=main_thread.post), main_thread
