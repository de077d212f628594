"""
Colour tables for overlays, built from the definition of the standard's palettes.

Source: PS3.6 Annex B.1.1 (hot iron), B.1.2 (PET). Each channel is a handful of straight runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from resources.translation import tr

ColourTable = npt.NDArray[np.uint8]
"""``(256, 3)`` red, green, blue; entry 0 for the low end of the window."""

_Run = tuple[int, int]
"""Step from entry to entry, and how many such steps."""

_HOT_IRON: Final[tuple[tuple[_Run, ...], ...]] = (
    ((2, 127), (1, 1), (0, 127)),
    ((0, 128), (2, 126), (3, 1)),
    ((0, 191), (4, 63), (3, 1)),
)
_PET: Final[tuple[tuple[_Run, ...], ...]] = (
    ((0, 63), (1, 1), (2, 42), (1, 1), (2, 42), (1, 1), (2, 42), (0, 63)),
    ((2, 31), (3, 1), (2, 30), (3, 1), (-2, 32), (-1, 1), (-2, 31), (-1, 1), (2, 126), (3, 1)),
    ((1, 1), (2, 127), (-3, 1), (-4, 63), (4, 20), (5, 1), (4, 20), (5, 1), (4, 20), (5, 1)),
)


class ColourMap(StrEnum):
    """How values of an overlay become colours."""

    HOT_IRON = "hot_iron"
    PET = "pet"
    INVERSE_GRAY = "inverse_gray"

    @property
    def full_name(self) -> str:
        """Return the name for menus."""
        titles = {
            ColourMap.HOT_IRON: tr("Hot iron"),
            ColourMap.PET: tr("PET colours"),
            ColourMap.INVERSE_GRAY: tr("Inverse grey"),
        }
        return titles[self]


@dataclass(frozen=True, slots=True)
class ValueScale:
    """Values that take the first and the last colour, in the unit of the overlay: SUV 0 to 5 and the like."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"a scale rises from low to high, got {self.low} to {self.high}")

    def positions(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
        """Return entries of a colour table, any shape; values beyond the ends take the end's colour."""
        scaled = (values - np.float32(self.low)) * np.float32(255.0 / (self.high - self.low))
        entries: npt.NDArray[np.uint8] = np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)
        return entries


SUV_SCALES: Final = tuple(ValueScale(0.0, top) for top in (3.0, 5.0, 7.0, 8.0, 10.0, 15.0))
DEFAULT_SUV_SCALE: Final = ValueScale(0.0, 5.0)


@cache
def colour_table(colour_map: ColourMap) -> ColourTable:
    """Return the 256 colours of a map; read-only."""
    if colour_map is ColourMap.INVERSE_GRAY:
        channel = np.arange(255, -1, -1, dtype=np.uint8)
        table = np.stack([channel] * 3, axis=1)
    else:
        runs = _HOT_IRON if colour_map is ColourMap.HOT_IRON else _PET
        table = np.stack([_channel(one) for one in runs], axis=1)
    table.flags.writeable = False
    return table


def legend_values(scale: ValueScale, count: int = 5) -> tuple[float, ...]:
    """Return ``count`` even values from the high to the low end, as a legend bar writes them from top to bottom."""
    return tuple(float(value) for value in np.linspace(scale.high, scale.low, count))


def _channel(runs: tuple[_Run, ...]) -> npt.NDArray[np.uint8]:
    steps = np.concatenate([np.full(count, step, dtype=np.int64) for step, count in runs])
    channel: npt.NDArray[np.uint8] = np.concatenate([[0], np.cumsum(steps)]).astype(np.uint8)
    return channel
