"""The bar that says what the colours of an overlay are worth, as values in viewport pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from workstation.domain.colour_map import ColourTable

_RIGHT_PX: Final = 40.0
"""Leaves room for the orientation letter at the edge."""
_WIDTH_PX: Final = 10.0
_HIGHEST_PX: Final = 220.0
_LOWEST_PX: Final = 80.0
_SHARE: Final = 0.4
_EDGE_PX: Final = 8.0
_VALUES_PX: Final = 40.0
"""What the values left of the bar need"""
_TITLE_PX: Final = 30.0
"""What the title above it needs"""
_SHORTEST_PX: Final = 56.0
"""Five values still stand apart: their figures are 10 px high"""
_LETTER_PX: Final = 12.0
"""Half of the orientation letter, with a gap"""
_APART_PX: Final = 8.0


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


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies in the viewport beside the bar, in its pixels: the picture and the corner text at the right."""

    picture_right: float
    picture_bottom: float
    text_ends: float = 0.0
    """Where the lines of the upper right corner end"""
    text_begins: float = math.inf
    """Where those of the lower right corner begin"""


def colour_bar(legend: Legend, viewport: tuple[float, float], around: Surroundings | None = None) -> ColourBar | None:
    """
    Return the bar at the right, None where the viewport has no room for it.

    It stands in the middle beside the letter. Where it would cover the picture there, it moves to the very edge,
    below the letter: below the picture as well if there is room; above the letter where text leaves none.
    """
    width, height = viewport
    length = min(_HIGHEST_PX, height * _SHARE)
    if length < _LOWEST_PX or width < 4 * _RIGHT_PX:
        return None
    middle = ColourBar(legend, width - _RIGHT_PX - _WIDTH_PX, (height - length) / 2, _WIDTH_PX, length)
    if around is None or around.picture_right <= middle.x - _VALUES_PX:
        return middle
    below = max(height / 2 + _LETTER_PX, 0.0), min(around.text_begins, height) - _APART_PX
    above = around.text_ends, height / 2 - _LETTER_PX
    beneath = max(below[0], around.picture_bottom), below[1]
    x = width - _EDGE_PX - _WIDTH_PX
    for top, bottom in (beneath, below, above):
        room = bottom - top - _TITLE_PX
        if room >= _SHORTEST_PX:
            return ColourBar(legend, x, top + _TITLE_PX, _WIDTH_PX, min(length, room))
    return middle
