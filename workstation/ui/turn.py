"""One turn of the window, shared by everything that waits for idle time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Final

from PySide6.QtCore import QAbstractEventDispatcher, QCoreApplication, QObject, QTimer
from shiboken6 import isValid

_BUDGET_S: Final = 0.008
_PATIENCE: Final = 4
"""Turns in a row that may be left to input and painting alone"""

Work = Callable[[], bool]
"""Does one step; returns whether there is more."""


class Turn(QObject):
    """
    Does waiting work in rounds, some milliseconds a turn.

    A turn that painting or input has used up already is left to them: two pieces that are short
    enough each must not meet in one turn.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: deque[Work] = deque()
        self._left_out = 0
        self._began = thread_time()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._do)
        QAbstractEventDispatcher.instance().awake.connect(self._begin)

    def add(self, work: Work, *, first: bool = False) -> None:
        """Let work take part from the next turn on; ``first`` puts it before the rest."""
        if work not in self._waiting:
            self._waiting.appendleft(work) if first else self._waiting.append(work)
        self._timer.start()

    def remove(self, work: Work) -> None:
        """Let work take part no longer."""
        if work in self._waiting:
            self._waiting.remove(work)

    def _begin(self) -> None:
        self._began = thread_time()

    def _do(self) -> None:
        if thread_time() - self._began > _BUDGET_S and self._left_out < _PATIENCE:
            self._left_out += 1
            return
        self._left_out = 0
        until = perf_counter() + _BUDGET_S
        while self._waiting and perf_counter() < until:
            work = self._waiting.popleft()  # out while it runs: a dialog in it has turns of its own
            if work() and work not in self._waiting:
                self._waiting.append(work)
        if not self._waiting:
            self._timer.stop()


_turns: Final[list[Turn]] = []


def shared_turn() -> Turn:
    """Return the one of the application. Raises RuntimeError without one."""
    app = QCoreApplication.instance()
    if app is None:
        raise RuntimeError("there is no application yet")
    if not _turns or not isValid(_turns[0]):
        _turns[:] = [Turn(app)]
    return _turns[0]
