"""How long the window's thread works between two looks at its event queue."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QAbstractEventDispatcher

_YARD_ROUNDS: Final = 100_000


@dataclass(slots=True, weakref_slot=True)  # signals hold their receivers weakly
class Turns:
    """
    The processor time of each turn of the event loop that runs in this thread, in milliseconds.

    ``stage`` names what is being done; turns are kept under the name that stands at their end. The
    clock would count other programs; processor time still grows where cores are shared, so that
    ``yard_ms`` tells what a fixed piece of Python took in between: 6 to 7 ms on a quiet core of 2020.
    """

    stage: str = ""
    longest: dict[str, float] = field(default_factory=dict)
    yards: list[float] = field(default_factory=list)
    _awake: float = 0.0

    def start(self) -> None:
        """Begin to watch."""
        dispatcher = QAbstractEventDispatcher.instance()
        self._awake = time.thread_time()
        dispatcher.awake.connect(self._wake)
        dispatcher.aboutToBlock.connect(self._wake)

    def stop(self) -> None:
        """Watch no longer."""
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.awake.disconnect(self._wake)
        dispatcher.aboutToBlock.disconnect(self._wake)

    def enter(self, stage: str) -> None:
        """Begin another stage; what ran outside the event loop since the last turn counts for none."""
        started = time.thread_time()
        total = 0
        for n in range(_YARD_ROUNDS):
            total += n * n
        self._awake = time.thread_time()
        self.yards.append((self._awake - started) * 1000)
        self.stage = stage

    @property
    def yard_ms(self) -> float:
        """Return what the fixed piece of work took, at the median."""
        return sorted(self.yards)[len(self.yards) // 2] if self.yards else 0.0

    def _wake(self) -> None:
        now = time.thread_time()
        self.longest[self.stage] = max(self.longest.get(self.stage, 0.0), (now - self._awake) * 1000)
        self._awake = now
