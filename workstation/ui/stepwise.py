"""Work of the window that is too long for one turn, done a little in each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

_BUDGET_S: Final = 0.008


class Stepwise(QObject):
    """Runs a generator on the main thread, some steps in each turn; who cannot wait calls ``finish``."""

    finished = Signal()
    """The last step is done; not emitted after ``stop``."""

    def __init__(self, steps: Iterator[None], parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Iterator[None] | None = steps
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._turn)

    def start(self) -> None:
        """Begin with the next turn."""
        if self._steps is not None:
            self._timer.start()

    @property
    def is_done(self) -> bool:
        """Tell whether no step is left."""
        return self._steps is None

    def __iter__(self) -> Iterator[None]:
        """Do what is left as part of other work that is done in steps."""
        while self._step():
            yield

    def finish(self) -> None:
        """Do all that is left now."""
        while self._step():
            pass

    def stop(self) -> None:
        """Leave the rest undone."""
        self._timer.stop()
        self._steps = None

    def _turn(self) -> None:
        until = time.perf_counter() + _BUDGET_S
        while self._step() and time.perf_counter() < until:
            pass

    def _step(self) -> bool:
        steps = self._steps
        if steps is None:
            return False
        try:
            next(steps)
        except StopIteration:
            self.stop()
            self.finished.emit()
            return False
        return True
