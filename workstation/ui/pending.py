"""What is still being measured for the report: whoever hands the report over waits until it is done."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from PySide6.QtCore import QObject


class Pending(QObject):
    """Knows by key what is under way. Main thread only."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._keys: set[Hashable] = set()
        self._waiting: Callable[[], None] | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether anything is under way."""
        return bool(self._keys)

    def begin(self, key: Hashable) -> None:
        """Note that something is under way."""
        self._keys.add(key)

    def end(self, key: Hashable) -> None:
        """Note that it is done, or will not be; the last one lets go on who waited."""
        self._keys.discard(key)
        if not self._keys and self._waiting is not None:
            go_on, self._waiting = self._waiting, None
            go_on()

    def hold_up(self, go_on: Callable[[], None]) -> bool:
        """Tell whether who asks has to wait; the last ``go_on`` is then called once everything is done."""
        if self.is_running:
            self._waiting = go_on
        return self.is_running
