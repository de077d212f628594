"""The bar that says what the colours of an overlay are worth, as values in viewport pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workstation.domain.colour_map import ColourTable

_RIGHT_PX: Final = 40.0
"""Leaves room for the orientation letter at the edge."""
_WIDTH_PX: Final = 10.0
_HIGHEST_PX: Final = 220.0
_LOWEST_PX: Final = 80.0
_SHARE: Final = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Legend:
    """Colours from the low to the high end, and the values from top to bottom with their unit."""

    colours: ColourTable
    values: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True, eq=False)
class ColourBar:
    """A legend with its place: an upright bar, the high end on top; values stand left of it at even steps."""

    legend: Legend
    x: float
    y: float
    width: float
    height: float

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Return the height and the text of each value."""
        steps = max(1, len(self.legend.values) - 1)
        return tuple((self.y + self.height * n / steps, text) for n, text in enumerate(self.legend.values))


def colour_bar(legend: Legend, viewport: tuple[float, float]) -> ColourBar | None:
    """Return the bar at the right edge, None where the viewport has no room for it."""
    width, height = viewport
    length = min(_HIGHEST_PX, height * _SHARE)
    if length < _LOWEST_PX or width < 4 * _RIGHT_PX:
        return None
    return ColourBar(legend, width - _RIGHT_PX - _WIDTH_PX, (height - length) / 2, _WIDTH_PX, length)
