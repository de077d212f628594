"""The bar that says what the colours of an overlay are worth, as values in viewport pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from workstation.domain.colour_map import ColourTable, ValueScale

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
"""Six values still stand apart: their figures are 10 px high"""
_MOST_STEPS: Final = 5
_ROUND: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_APART_SHARE: Final = 0.19
"""Of the shortest bar, what the figures of two values need"""
_HAIR: Final = 1e-9
_LETTER_PX: Final = 12.0
"""Half of the orientation letter, with a gap"""
_APART_PX: Final = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Legend:
    """
    Colours from the low to the high end, and the values from top to bottom with their unit.

    ``places`` are their shares of the way down; without any they stand at even steps.
    """

    colours: ColourTable
    values: tuple[str, ...]
    title: str
    places: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ColourBar:
    """A legend with its place: an upright bar, the high end on top; values stand left of it."""

    legend: Legend
    x: float
    y: float
    width: float
    height: float

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Return the height and the text of each value."""
        steps = max(1, len(self.legend.values) - 1)
        places = self.legend.places or [n / steps for n in range(len(self.legend.values))]
        return tuple(
            (self.y + self.height * place, text) for place, text in zip(places, self.legend.values, strict=True)
        )


def round_values(scale: ValueScale) -> tuple[float, ...]:
    """
    Return what a bar writes from the high to the low end: both ends, and between them at most four round values.

    Round are 1, 2, 2.5 and 5 times a power of ten; of steps that divide the scale the finest is taken.
    """
    reach = scale.high - scale.low
    power = 10.0 ** math.floor(math.log10(reach / _MOST_STEPS))
    steps = [one * power for one in _ROUND if one * power >= reach / _MOST_STEPS * (1 - _HAIR)]
    step = next((one for one in steps if _divides(one, scale)), steps[0])
    first, last = math.ceil(scale.low / step - _HAIR), math.floor(scale.high / step + _HAIR)
    apart = reach * _APART_SHARE
    between = (n * step for n in range(last, first - 1, -1))
    return (scale.high, *(one for one in between if scale.low + apart < one < scale.high - apart), scale.low)


def _divides(step: float, scale: ValueScale) -> bool:
    return all(abs(end / step - round(end / step)) < _HAIR for end in (scale.low, scale.high))


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
    below the letter: below the picture as well if there is room; above the letter where text leaves none. Neither bar
    nor title lies over the text of a corner: in the middle it is shortened between the two.
    """
    width, height = viewport
    length = min(_HIGHEST_PX, height * _SHARE)
    if length < _LOWEST_PX or width < 4 * _RIGHT_PX:
        return None
    middle = ColourBar(legend, width - _RIGHT_PX - _WIDTH_PX, (height - length) / 2, _WIDTH_PX, length)
    if around is None:
        return middle
    if around.picture_right <= middle.x - _VALUES_PX:
        return _between_texts(middle, around)
    below = max(height / 2 + _LETTER_PX, 0.0), min(around.text_begins, height) - _APART_PX
    above = around.text_ends, height / 2 - _LETTER_PX
    beneath = max(below[0], around.picture_bottom), below[1]
    x = width - _EDGE_PX - _WIDTH_PX
    for top, bottom in (beneath, below, above):
        room = bottom - top - _TITLE_PX
        if room >= _SHORTEST_PX:
            return ColourBar(legend, x, top + _TITLE_PX, _WIDTH_PX, min(length, room))
    return _between_texts(middle, around)


def _between_texts(bar: ColourBar, around: Surroundings) -> ColourBar:
    """Return a bar without the parts that would lie over the text above and below, whole where too little is left."""
    top = max(bar.y, around.text_ends + _TITLE_PX)
    bottom = min(bar.y + bar.height, around.text_begins - _APART_PX)
    return replace(bar, y=top, height=bottom - top) if bottom - top >= _SHORTEST_PX else bar
