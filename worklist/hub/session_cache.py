"""Sessions looked up a moment ago, so that a series of image requests asks the database once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from workstation.domain.access import Actor

FRESH_S: Final = 3.0
"""How long a sign-out at another hub process on the same database may go unnoticed here."""
_MOST: Final = 4096


@dataclass(frozen=True, slots=True)
class _Kept:
    actor: Actor
    expires_at: datetime
    stale_at: float


class SessionCache:
    """Keeps actors by the digest of their token. Safe from any thread; what this process ends, ends at once."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def actor(self, digest: str, now: datetime) -> Actor | None:
        """Return whose running session this is, None when the database must be asked."""
        kept = self._kept.get(digest)
        if kept is None or kept.stale_at <= self._monotonic() or kept.expires_at <= now:
            return None
        return kept.actor

    @property
    def generation(self) -> int:
        """Return a number to read before asking the database and to hand to ``keep`` afterwards."""
        return self._generation

    def keep(self, digest: str, actor: Actor, expires_at: datetime, generation: int) -> None:
        """Remember what the database said, unless a session ended meanwhile: the answer may be older than that."""
        with self._lock:
            if generation != self._generation:
                return
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[digest] = _Kept(actor, expires_at, self._monotonic() + FRESH_S)

    def forget(self) -> None:
        """Ask the database for every session again: one ended, or an account changed."""
        with self._lock:
            self._generation += 1
            self._kept.clear()
