"""Places for labels beside findings: inside the viewport and never on a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_GAP_PX = 4.0
_RINGS = 6


@dataclass(frozen=True, slots=True)
class Rect:
    """A box in viewport pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Return the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Return the lower edge."""
        return self.y + self.height

    def overlap(self, other: Rect) -> float:
        """Return the common area in square pixels."""
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(0.0, width) * max(0.0, height)


def box_around(x: float, y: float, radius: float) -> Rect:
    """Return the square box round a point."""
    return Rect(x - radius, y - radius, 2 * radius, 2 * radius)


def place_label(
    target: Rect, size: tuple[float, float], viewport: tuple[float, float], obstacles: Sequence[Rect] = ()
) -> Rect:
    """
    Return where the label of ``target`` goes: right-top, left-top, right-bottom, left-bottom, then further out.

    Where nothing is free (a finding that fills the viewport) the place that covers least wins.
    """
    blocked = (target, *obstacles)
    tried: list[tuple[float, int, Rect]] = []
    for ring in range(_RINGS):
        for place in _places(target, size, _GAP_PX + ring * size[1]):
            inside = _moved_inside(place, viewport)
            covered = sum(inside.overlap(rect) for rect in blocked)
            if covered == 0:
                return inside
            tried.append((covered, len(tried), inside))
    return min(tried)[2]


def _places(target: Rect, size: tuple[float, float], gap: float) -> tuple[Rect, ...]:
    width, height = size
    above, below = target.y - height / 2 - gap / 2, target.bottom - height / 2 + gap / 2
    right, left = target.right + gap, target.x - gap - width
    return (
        Rect(right, above, width, height),
        Rect(left, above, width, height),
        Rect(right, below, width, height),
        Rect(left, below, width, height),
        Rect(target.x + target.width / 2 - width / 2, target.y - gap - height, width, height),
        Rect(target.x + target.width / 2 - width / 2, target.bottom + gap, width, height),
    )


def _moved_inside(place: Rect, viewport: tuple[float, float]) -> Rect:
    x = max(0.0, min(place.x, viewport[0] - place.width))
    y = max(0.0, min(place.y, viewport[1] - place.height))
    return Rect(x, y, place.width, place.height)
