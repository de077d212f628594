"""The garbage collector of the window: it stops everything while it looks, so it looks at little and seldom."""

from __future__ import annotations

import gc
from typing import Final

_SELDOM: Final = (10_000, 5, 20)
"""A full look takes 20 to 60 ms of an open case alone, and by default comes some ten times while it opens."""


class QuietCollector:
    """While somebody works, what was loaded is out of its sight and the rest is looked at seldom."""

    def __init__(self) -> None:
        self._before: tuple[int, int, int] | None = None

    def settle(self) -> None:
        """Take everything made so far out of its sight; what is made later is collected as ever."""
        if self._before is None:
            self._before = gc.get_threshold()
            gc.set_threshold(*_SELDOM)
        gc.freeze()

    def release(self) -> None:
        """Give everything back."""
        gc.unfreeze()
        if self._before is not None:
            gc.set_threshold(*self._before)
            self._before = None
