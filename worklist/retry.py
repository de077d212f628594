"""When to try a dead line again: exponential backoff with jitter, never longer than a minute."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 60.0


@dataclass(slots=True)
class Backoff:
    """
    Delays between attempts in seconds; ``reset`` after every success.

    Jitter spreads the clients of a hub that comes back, so that they do not return all at once:
    each delay is drawn from the upper half of the exponential step.
    """

    first_s: float = FIRST_DELAY_S
    longest_s: float = LONGEST_DELAY_S
    attempts: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def next_delay_s(self) -> float:
        """Count one failed attempt and return how long to wait before the next, in seconds."""
        step = min(self.longest_s, self.first_s * 2.0 ** min(self.attempts, 30))
        self.attempts += 1
        return step * self.chance.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Forget the failures; the next delay is the first one again."""
        self.attempts = 0
