"""The garbage collector of the window: it looks in the window's own thread only, at little, and seldom."""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

_SELDOM: Final = (10_000, 5, 20)
"""A full look takes 20 to 60 ms of an open case alone, and by default comes some ten times while it opens."""
_LOADED: Final = 20_000
"""More young objects than that, before anybody works, are loaded modules: 20 000 take some 5 ms to look at."""
_BREATH_MS: Final = 200


def look() -> None:
    """Look for garbage now, in this thread, if Python would: at the oldest generation whose threshold is passed."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    if counts[0] <= thresholds[0]:
        return
    gc.collect(max(at for at in range(3) if counts[at] > thresholds[at]))


class QuietCollector(QObject):
    """
    Looks for garbage between two turns of the window; what is loaded while somebody works is out of its sight.

    Left alone, Python looks in whichever thread happens to make objects. A Qt object that ends in such a thread
    takes Qt's locks and then waits for the interpreter, while the window holds it and waits for the lock: for ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self._was_enabled = gc.isenabled()
        self._before: tuple[int, int, int] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_BREATH_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Keep every other thread from looking, until ``stop``."""
        gc.disable()
        self._timer.start()

    def _look(self) -> None:
        """
        Look, but not at what the sign-in job has just loaded: that stays, and would hold the window for 100 ms.

        Without a look of its own nothing of it was ever seen, so that it counts as young however much it is.
        """
        if self._before is None and gc.get_count()[0] > _LOADED:
            gc.freeze()
        else:
            look()

    def settle(self) -> None:
        """Take everything made so far out of its sight; what is made later is collected as ever."""
        if self._before is None:
            self._before = gc.get_threshold()
            gc.set_threshold(*_SELDOM)
        gc.freeze()

    def release(self) -> None:
        """Give back what ``settle`` took."""
        gc.unfreeze()
        if self._before is not None:
            gc.set_threshold(*self._before)
            self._before = None

    def stop(self) -> None:
        """Leave the collector to Python, as it was before."""
        self.release()
        self._timer.stop()
        if self._was_enabled:
            gc.enable()
