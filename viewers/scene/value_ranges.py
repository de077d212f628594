"""
The window over the values of a picture, for images that bring none: padding and what is no number is left out.

Values of 16 bits are counted instead of sorted, with the same result: a film has fourteen million.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from viewers.scene.raster import VoiFunction, Window, is_padding

_LEVELS: Final = 1 << 16
_AT_ONCE: Final = 1 << 19
"""Pixels counted at once: numpy widens them to 64 bits"""
_WORTH_COUNTING: Final = 1 << 16
_FEW_STEPS: Final = 100.0
"""Below this span the one unit that LINEAR takes from each width is seen in values that are not whole."""
Range = tuple[float, float]


def extent(pixels: npt.NDArray[Any], padding: Range | None = None) -> Range | None:
    """Return the lowest and the highest value that is neither padding nor no number; None without any."""
    if _is_counted(pixels):
        counted = _Counts.of(pixels, padding)
        return (counted.percentile(0), counted.percentile(100)) if counted.total else None
    shown = pixels if padding is None else pixels[~is_padding(pixels, padding)]
    if shown.dtype.kind == "f":
        shown = shown[np.isfinite(shown)]
    return (float(shown.min()), float(shown.max())) if shown.size else None


def full_range(pixels: npt.NDArray[Any], padding: Range | None = None) -> Window:
    """Return the window from the lowest to the highest value that is not padding."""
    return window_over(pixels, extent(pixels, padding), padding)


def percentile_range(pixels: npt.NDArray[Any], padding: Range | None = None) -> Window:
    """Return the window from the 1st to the 99th percentile, for images that bring none of their own."""
    if _is_counted(pixels):
        counted = _Counts.of(pixels, padding)
        return window_over(pixels, (counted.percentile(1), counted.percentile(99)) if counted.total else None)
    seen = pixels[~is_padding(pixels, padding) & np.isfinite(pixels)]
    if seen.size == 0:
        return window_over(seen, None)
    first, last = np.percentile(seen, (1.0, 99.0)).tolist()
    return window_over(seen, (first, last))


def window_over(pixels: npt.NDArray[Any], span: Range | None, padding: Range | None = None) -> Window:
    """Return the window over a span of the values of ``pixels`` beside padding; None is the span of no value at all."""
    if span is None:
        return Window(centre=0.0, width=1.0)
    first, last = span
    if 0 < last - first < _FEW_STEPS and _has_fractions(pixels, padding):
        return Window((first + last) / 2.0, last - first, VoiFunction.LINEAR_EXACT)
    # LINEAR reaches black at the first and white at the last value with exactly this centre and width
    width = last - first + 1.0
    return Window(centre=first + width / 2.0, width=width)


def _is_counted(pixels: npt.NDArray[Any]) -> bool:
    return pixels.dtype in {np.dtype(np.int16), np.dtype(np.uint16)} and pixels.size >= _WORTH_COUNTING


def _has_fractions(pixels: npt.NDArray[Any], padding: Range | None) -> bool:
    """Tell whether finite values beside padding lie between whole numbers."""
    if pixels.dtype.kind != "f":
        return False
    return not bool(np.all((pixels == np.rint(pixels)) | ~np.isfinite(pixels) | is_padding(pixels, padding)))


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """How often each value of 16 bits occurs; ``upto[n]`` counts the values to ``lowest + n``."""

    lowest: int
    upto: npt.NDArray[np.int64]

    @classmethod
    def of(cls, pixels: npt.NDArray[Any], padding: Range | None) -> _Counts:
        lowest = int(np.iinfo(pixels.dtype.type).min)
        counts = np.zeros(_LEVELS, dtype=np.int64)
        rows = max(1, _AT_ONCE // max(1, pixels[:1].size))
        for start in range(0, pixels.shape[0], rows):
            bits = np.ascontiguousarray(pixels[start : start + rows]).view(np.uint16)
            counts += np.bincount(bits.ravel(), minlength=_LEVELS)
        # negative numbers come after the positive ones when their bits are read as unsigned
        counts = np.roll(counts, -lowest)
        if padding is not None:
            low, high = padding
            counts[max(math.ceil(low) - lowest, 0) : max(math.floor(high) - lowest + 1, 0)] = 0
        return cls(lowest, np.cumsum(counts))

    @property
    def total(self) -> int:
        """Return how many values there are."""
        return int(self.upto[-1])

    def percentile(self, percent: float) -> float:
        """Return a percentile, between two values in proportion, as numpy's ``linear`` method does."""
        place = percent / 100 * (self.total - 1)
        below, above = (self._at(rank) for rank in (math.floor(place), math.ceil(place)))
        return below + (above - below) * (place - math.floor(place))

    def _at(self, rank: int) -> int:
        """Return the value of a rank, the lowest value having 0."""
        return self.lowest + int(np.searchsorted(self.upto, rank, side="right"))
