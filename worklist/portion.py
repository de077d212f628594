"""How many slices one connection asks for at once."""

from __future__ import annotations

from typing import Final

MOST: Final = 4
"""More at once fall out of the processor's cache between being read, sent, checked and turned into values."""
LONGEST_S: Final = 0.1
"""What the reader scrolls to waits for about this: a portion on its way is not called back."""
_BEGIN: Final = 2
_REFUSALS: Final = 2


class Portion:
    """Grows while portions come quickly and shrinks where they take long; used by one thread."""

    def __init__(self) -> None:
        self._size = _BEGIN
        self._refused = 0

    @property
    def size(self) -> int:
        """Return how many to ask for; 1 where nobody gives several."""
        return self._size if self._refused < _REFUSALS else 1

    def came(self, seconds: float) -> None:
        """Learn how long a portion took."""
        if seconds > LONGEST_S:
            self._size = max(1, self._size // 2)
        elif seconds < LONGEST_S / 2:
            self._size = min(MOST, self._size * 2)

    def none_came(self) -> None:
        """Learn that none of a portion could be had."""
        self._refused += 1
