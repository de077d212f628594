"""Playing a stack as a film: which frame stands at a moment, and how fast it really goes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from workstation.domain.frames import DEFAULT_INTERVAL_MS, Cine

_MEASURED_MS = 2000.0


class CinePlayer:
    """
    Plays by the caller's clock; whoever asks decides how often.

    A frame that is not decoded yet is waited for, never skipped: the clock stands meanwhile. When the
    machine is too slow to paint every frame, frames are left out and the film keeps its speed.
    """

    def __init__(self, cine: Cine | None, count: int) -> None:
        if count < 2:
            raise ValueError("a film has two frames at least")
        fits = cine is not None and len(cine.intervals_ms) == count
        self.cine = cine if cine is not None and fits else Cine((DEFAULT_INTERVAL_MS,) * count, declared=False)
        self._origin_ms: float | None = None
        self._last_ms = 0.0
        self._place = 0
        self._shown: deque[float] = deque()

    @property
    def is_playing(self) -> bool:
        """Tell whether the film runs."""
        return self._origin_ms is not None

    @property
    def frames_per_second(self) -> float:
        """Return how many frames were really shown per second of late."""
        if len(self._shown) < 2:
            return 0.0
        return 1000.0 * (len(self._shown) - 1) / max(1e-9, self._shown[-1] - self._shown[0])

    @property
    def speed(self) -> float:
        """Return the frames per second that are shown, those that are meant until some were."""
        return self.frames_per_second or self.cine.frames_per_second

    def start(self, now_ms: float, place: int) -> None:
        """Play from the frame at ``place`` (from 0)."""
        self._origin_ms = now_ms - self.cine.start_ms(place)
        self._last_ms, self._place = now_ms, place
        self._shown.clear()

    def stop(self) -> None:
        """Stand still."""
        self._origin_ms = None

    def tick(self, now_ms: float, is_here: Callable[[int], bool]) -> int:
        """Return the frame (from 0) that stands now; ``is_here`` tells which frames are decoded."""
        if self._origin_ms is None:
            return self._place
        place = self.cine.place_at(now_ms - self._origin_ms)
        if place != self._place and not is_here(place):
            self._origin_ms += now_ms - self._last_ms
            place = self._place
        elif place != self._place:
            self._place = place
            self._shown.append(now_ms)
            while self._shown[0] < now_ms - _MEASURED_MS:
                self._shown.popleft()
        self._last_ms = now_ms
        return place
