"""
What padding becomes behind a modality transform: pixels that show no patient are named by their stored values.

*Source:* PS3.3 C.7.5.1.1.2: value and limit are stored values, an inclusive range, before any transform.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from workstation.dicom.images.decode import DecodedFrame, rescaled
from workstation.dicom.images.lookup import LookupTable

Values = npt.NDArray[Any]
Range = tuple[float, float]
_LEVELS: Final = 1 << 16


def modality_pixels(frame: DecodedFrame) -> tuple[Values, Range | None]:
    """Return the pixels of a frame after its modality transform, and the inclusive range of those that are padding."""
    if frame.is_colour or frame.padding is None:
        return frame.modality_values(), None
    if frame.modality_lut is not None:
        return through_table(frame.pixels, frame.modality_lut, frame.padding, frame.stored_range)
    return frame.modality_values(), rescaled_padding(frame.padding, frame.pixels.dtype, frame.slope, frame.intercept)


def rescaled_padding(padding: tuple[int, int], kind: np.dtype[Any], slope: float, intercept: float) -> Range | None:
    """
    Return the range that padding takes behind slope and intercept, None where no pixel of ``kind`` can be padding.

    The ends are computed as the pixels are, in the same type: rounded another way, none of them would be padding.
    """
    low, high = padding
    if kind.kind != "f":
        limits = np.iinfo(kind.type)
        low, high = max(low, int(limits.min)), min(high, int(limits.max))
        if low > high:
            return None
    ends = rescaled(np.array([low, high], dtype=kind), slope, intercept)
    return float(ends.min()), float(ends.max())


def through_table(
    stored: Values, table: LookupTable, padding: tuple[int, int] | None, stored_range: tuple[int, int] | None
) -> tuple[Values, Range | None]:
    """
    Return stored values behind a table, padding as one value that no patient has, and that value as a range.

    None for the range where nothing is padding, or where the patient takes every value that 16 bits have.
    """
    values = table.apply(stored)
    if padding is None:
        return values, None
    apart = _value_apart(table, padding, stored_range)
    if apart is None:
        return values, None
    values[is_stored_padding(stored, padding)] = apart
    return values, (float(apart), float(apart))


def is_stored_padding(stored: Values, padding: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Tell which stored values are padding."""
    inside: npt.NDArray[np.bool_] = (stored >= padding[0]) & (stored <= padding[1])
    return inside


def _value_apart(table: LookupTable, padding: tuple[int, int], stored_range: tuple[int, int] | None) -> int | None:
    """Return a value that no stored value of a patient has behind the table: that of the padding itself if it can."""
    first, last = table.first, table.first + len(table.values) - 1
    lowest, highest = stored_range or (first, last)
    inputs = np.arange(first, last + 1)
    taken = np.zeros(_LEVELS, dtype=np.bool_)
    taken[table.values[(inputs >= lowest) & (inputs <= highest) & ~is_stored_padding(inputs, padding)]] = True
    # what is stored beside the table takes its ends
    if lowest < first and not (padding[0] <= lowest and first - 1 <= padding[1]):
        taken[table.values[0]] = True
    if highest > last and not (padding[0] <= last + 1 and highest <= padding[1]):
        taken[table.values[-1]] = True
    own = int(table.apply(np.array([padding[0]]))[0])
    free = np.flatnonzero(~taken)
    return own if not taken[own] else int(free[0]) if free.size else None
