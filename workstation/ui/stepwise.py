"""Work of the window that is too long for one turn, done a little in each."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from workstation.ui.turn import shared_turn


class Stepwise(QObject):
    """Runs a generator on the main thread, some steps in each turn; who cannot wait calls ``finish``."""

    finished = Signal()
    """The last step is done; not emitted after ``stop``."""

    def __init__(self, steps: Iterator[None], parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Iterator[None] | None = steps

    def start(self) -> None:
        """Begin with the next turn."""
        if self._steps is not None:
            shared_turn().add(self._step)

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
        shared_turn().remove(self._step)
        self._steps = None

    def _step(self) -> bool:
        steps = self._steps
        if steps is None or not isValid(self):  # whoever wanted it is gone
            return False
        try:
            next(steps)
        except StopIteration:
            self.stop()
            self.finished.emit()
            return False
        return True
