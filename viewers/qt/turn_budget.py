"""The time that all planes of one turn of the window may take together: three linked planes move at once."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

from PySide6.QtCore import QTimer

_TURN_S: Final = 0.025
"""Of the 50 ms that the window may stand still; the rest is painting"""
_LEAST: Final = 0.25
"""The share of an even part that a plane is left with once the others took more than theirs"""


class TurnBudget:
    """
    Shares the time of one turn among the planes that are cut in it; main thread only.

    How many will come is not known when the first one asks: as many as in the last turn are expected. Seconds are those
    that a cut is expected to take; no clock is read.
    """

    def __init__(self, turn_s: float = _TURN_S) -> None:
        self._turn_s = turn_s
        self._expected = 1
        self._count, self._spent_s = 0, 0.0
        self._ends = False
        """Whether the window was asked to tell when this turn is over"""

    def share_s(self) -> float:
        """Return the seconds that the next cut of this turn may take, always more than 0."""
        if math.isinf(self._turn_s):
            return self._turn_s
        even = self._turn_s / max(self._expected, self._count + 1)
        return max(_LEAST * even, min(even, self._turn_s - self._spent_s))

    def spend(self, seconds: float) -> None:
        """Note a cut of this turn that is expected to take so long; the turn ends when the window is idle again."""
        self._count += 1
        self._spent_s += seconds
        if not self._ends:
            self._ends = True
            QTimer.singleShot(0, self.end_turn)

    def end_turn(self) -> None:
        """Begin a new turn, in which as many planes are expected as in this one."""
        self._ends = False
        self._expected, self._count, self._spent_s = max(1, self._count), 0, 0.0


@cache
def shared_budget() -> TurnBudget:
    """Return the budget of this process's window."""
    return TurnBudget()
