"""Grey values to display levels: VOI functions, inversion and padding through one lookup table."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from viewers.scene.two_cores import share

Gray = npt.NDArray[np.uint8]
"""Display levels ``[row, column]``, 0 black to 255 white."""

_LEVELS: Final = 65536
_TABLES_KEPT: Final = 64
_AT_ONCE: Final = 65536


class VoiFunction(StrEnum):
    """VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


_NARROWEST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Window:
    """
    Window centre and width in the unit of the pixels after the modality transform.

    LINEAR needs a width of at least 1, the others more than 0. Source: PS3.3 C.11.2.1.2.
    """

    centre: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR

    def __post_init__(self) -> None:
        if not np.isfinite(self.centre) or not np.isfinite(self.width):
            raise ValueError(f"window must be finite, got {self.width}/{self.centre}")
        if self.width < 1 if self.function is VoiFunction.LINEAR else self.width <= 0:
            raise ValueError(f"{self.function} window width {self.width} is too small")

    def dragged(self, *, centre: float, width: float) -> Window:
        """Return the window moved to a new centre and width, the width kept legal."""
        least = 1.0 if self.function is VoiFunction.LINEAR else _NARROWEST
        return replace(self, centre=centre, width=max(least, width))


@dataclass(frozen=True, slots=True, eq=False)
class VoiLut:
    """
    One VOI LUT Sequence item; values outside its span take its first or last entry. Source: PS3.3 C.11.2.1.1.

    ``step`` is how far apart the values of neighbouring entries lie: 1 in every table of the standard.
    """

    first_value: float
    entries: npt.NDArray[np.uint16]
    bits: int
    step: float = 1.0


@dataclass(frozen=True, slots=True)
class GrayscaleTransform:
    """
    How pixel values become display levels.

    ``inverse`` is MONOCHROME1 or the reader's inversion, but not both. ``padding`` is an
    inclusive range of values painted black whatever the window. Source: PS3.3 C.7.5.1.1.2.
    """

    voi: Window | VoiLut
    inverse: bool = False
    padding: tuple[float, float] | None = None


def voi(values: npt.ArrayLike, window: Window) -> npt.NDArray[np.float64]:
    """
    Apply a window; return display levels 0.0 to 255.0, any shape.

    Source: PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.2 (LINEAR_EXACT), C.11.2.1.3.1 (SIGMOID).
    """
    x = np.asarray(values, dtype=np.float64)
    centre, width = window.centre, window.width
    if window.function is VoiFunction.SIGMOID:
        # beyond +-500 the exponential leaves the range of a double while the level has long saturated
        exponent = np.clip(-4.0 * (x - centre) / width, -500.0, 500.0)
        curve: npt.NDArray[np.float64] = 255.0 / (1.0 + np.exp(exponent))
        return curve
    if window.function is VoiFunction.LINEAR:
        centre, width = centre - 0.5, width - 1.0
    if width == 0:
        step: npt.NDArray[np.float64] = np.where(x > centre, 255.0, 0.0)
        return step
    ramp: npt.NDArray[np.float64] = np.clip(((x - centre) / width + 0.5) * 255.0, 0.0, 255.0)
    return ramp


def voi_lut(values: npt.ArrayLike, lut: VoiLut) -> npt.NDArray[np.float64]:
    """Apply a VOI LUT; return display levels 0.0 to 255.0, any shape."""
    steps = np.rint((np.asarray(values, dtype=np.float64) - lut.first_value) / lut.step)
    index = np.clip(steps, 0, len(lut.entries) - 1)
    levels: npt.NDArray[np.float64] = lut.entries[index.astype(np.intp)] * (255.0 / (2**lut.bits - 1))
    return levels


def to_gray(pixels: npt.NDArray[Any], transform: GrayscaleTransform) -> Gray:
    """
    Turn ``[row, column]`` values into display levels of the same shape.

    16-bit integers go through a cached 64k table, anything else is computed.
    """
    gray: Gray = np.empty(pixels.shape, dtype=np.uint8)
    # a few rows at a time: what numpy makes of them in wider types stays in the processor's cache
    rows = max(1, _AT_ONCE // max(1, pixels[:1].size))
    parts = [slice(start, start + rows) for start in range(0, pixels.shape[0], rows)]
    if pixels.dtype in {np.dtype(np.int16), np.dtype(np.uint16)}:
        table = lookup_table(transform, signed=pixels.dtype == np.int16)
        indices = pixels.view(np.uint16)

        def look_up(part: slice) -> None:
            # "clip" never clips a uint16 index: it only spares numpy the bounds pass
            np.take(table, indices[part], mode="clip", out=gray[part])

        share(parts, look_up, look_up)
        return gray

    def compute(part: slice) -> None:
        gray[part] = _levels(pixels[part], transform)

    share(parts, compute, compute)
    return gray


@lru_cache(maxsize=_TABLES_KEPT)
def lookup_table(transform: GrayscaleTransform, *, signed: bool) -> Gray:
    """Return the 65536 levels indexed by the unsigned bit pattern of a 16-bit value; read-only."""
    lowest = -_LEVELS // 2 if signed else 0
    highest = lowest + _LEVELS - 1
    below, above = _saturation(transform.voi)
    # a window is dragged at full speed: only values that it does not clip are worth computing one by one
    first = min(max(math.floor(below), lowest), highest)
    last = min(max(math.ceil(above), first), highest)
    plain = replace(transform, padding=None)
    table = np.empty(_LEVELS, dtype=np.uint8)
    table[: first - lowest], table[last - lowest + 1 :] = _levels(np.array([lowest, highest]), plain)
    table[first - lowest : last - lowest + 1] = _levels(np.arange(first, last + 1), plain)
    if transform.padding is not None:
        low, high = transform.padding
        table[max(math.ceil(low) - lowest, 0) : max(math.floor(high) - lowest + 1, 0)] = 0
    # negative numbers come after the positive ones when their bits are read as unsigned
    table = np.roll(table, lowest)
    table.flags.writeable = False
    return table


def _saturation(function: Window | VoiLut) -> tuple[float, float]:
    """Return values at and beyond which every level is the first or the last one."""
    if isinstance(function, VoiLut):
        return function.first_value, function.first_value + len(function.entries) * function.step
    # a sigmoid is within half a level of its end at 1.6 widths from the centre
    reach = function.width * (2.0 if function.function is VoiFunction.SIGMOID else 0.5) + 1.0
    return function.centre - reach, function.centre + reach


def is_padding(pixels: npt.NDArray[Any], padding: tuple[float, float] | None) -> npt.NDArray[np.bool_]:
    """Tell which values lie in the inclusive padding range."""
    if padding is None:
        return np.zeros(pixels.shape, dtype=np.bool_)
    inside: npt.NDArray[np.bool_] = (pixels >= padding[0]) & (pixels <= padding[1])
    return inside


def _levels(values: npt.NDArray[Any], transform: GrayscaleTransform) -> Gray:
    lacking = None
    if values.dtype.kind == "f" and not (seen := np.isfinite(values)).all():
        lacking, values = ~seen, np.where(seen, values, values.dtype.type(0))
    levels = voi_lut(values, transform.voi) if isinstance(transform.voi, VoiLut) else voi(values, transform.voi)
    if transform.inverse:
        levels = 255.0 - levels
    gray = np.rint(levels).astype(np.uint8)
    gray[is_padding(values, transform.padding)] = 0
    if lacking is not None:
        gray[lacking] = 0  # no number shows nothing, as padding
    return gray
