"""
The values that a presentation state starts from: its own transform of the stored values, not the image's.

A state repeats the modality transform, and what it leaves out is identity: then the stored values themselves.
*Source:* PS3.4 N.2.1, N.2.1.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from resources.translation import tr
from viewers.scene.image import SliceImage
from viewers.scene.raster import is_padding
from viewers.scene.two_cores import share
from workstation.dicom.images.decode import rescaled
from workstation.dicom.images.lookup import LookupTable
from workstation.dicom.images.padding import is_stored_padding, rescaled_padding, through_table
from workstation.dicom.objects.presentation import FramePresentation
from workstation.domain.errors import DecodeError

_LEVELS: Final = 1 << 16
_SIGN: Final = 1 << 15
_AT_ONCE: Final = 1 << 16
Values = npt.NDArray[Any]


def in_state_values(image: SliceImage, state: FramePresentation) -> SliceImage:
    """
    Return a grey image with the modality values of a state; the same one where both transforms are equal.

    Raises DecodeError where the image's own transform merged stored values that the state tells apart.
    """
    table = _as_signed_as(image, state.modality_lut)
    rescale = None if table is not None else (state.slope, state.intercept)
    if image.rescale == rescale and _equal(image.modality_table, table):
        return image

    def transformed(stored: Values) -> Values:
        if table is None:
            return rescaled(stored, state.slope, state.intercept)
        return through_table(stored, table, image.stored_padding, image.stored_range)[0]

    if image.modality_table is not None:
        pixels = _looked_up(image.pixels, 0, _table_to_table(image, image.modality_table, transformed))
    elif image.pixels.dtype in {np.dtype(np.int16), np.dtype(np.uint16)}:
        low, high = int(image.pixels.min()), int(image.pixels.max())
        every = np.arange(low, high + 1).astype(image.pixels.dtype)
        pixels = _looked_up(image.pixels, low, transformed(_stored(image, every)))
    else:
        pixels = transformed(_stored(image, image.pixels))
    return replace(
        image,
        pixels=pixels,
        padding=_padding(image, rescale, table),
        unit=state.unit,
        rescale=rescale,
        modality_table=table,
    )


def _as_signed_as(image: SliceImage, table: LookupTable | None) -> LookupTable | None:
    """Return the table with the first value read in the sign of the pixels, which a state does not tell."""
    is_signed = image.stored_range is not None and image.stored_range[0] < 0
    if table is None or not is_signed or table.first < _SIGN:
        return table
    return replace(table, first=table.first - _LEVELS)


def _equal(one: LookupTable | None, other: LookupTable | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.first, one.bits) == (other.first, other.bits) and np.array_equal(one.values, other.values)


def _stored(image: SliceImage, values: Values) -> Values:
    """
    Return what was stored for values of an image with slope and intercept, in the narrowest type that holds it.

    What is padding was stored as padding, whatever value it was given since (``build_volume``).
    """
    slope, intercept = image.rescale or (1.0, 0.0)
    if slope == 0:
        raise _merged()
    if values.dtype.kind == "f":
        exact: Values = (values.astype(np.float64) - intercept) / slope
        if image.stored_range is None:
            return exact.astype(np.float32)  # they were stored as numbers with a point
        stored = np.rint(exact).astype(np.int64)
    else:
        stored = (values.astype(np.int64) - int(intercept)) // int(slope)
    if image.stored_padding is not None and image.padding is not None:
        stored[is_padding(values, image.padding)] = image.stored_padding[0]
    low, high = (int(stored.min()), int(stored.max())) if stored.size else (0, 0)
    for kind in (np.int16, np.uint16):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return stored.astype(kind)
    return stored


def _table_to_table(image: SliceImage, own: LookupTable, transformed: Callable[[Values], Values]) -> Values:
    """Return the state's value for each value that an image may have behind a table of its own."""
    low, high = image.stored_range or (0, _LEVELS)
    if high - low >= _LEVELS:
        raise _merged()
    every = np.arange(low, high + 1).astype(np.int16 if low < 0 else np.uint16)
    theirs, apart = through_table(every, own, image.stored_padding, image.stored_range)
    ours = transformed(every)
    if apart is not None and image.stored_padding is not None:
        padded = is_stored_padding(every, image.stored_padding)
        ours[padded] = ours[padded][:1]  # one value there, one value here
    found = np.zeros(_LEVELS, ours.dtype)
    found[theirs] = ours
    if not np.array_equal(found[theirs], ours):
        raise _merged()
    return found


def _looked_up(pixels: Values, first: int, table: Values) -> Values:
    """Return ``table[pixels - first]`` of 16-bit pixels that all lie in the table; a mammogram has 14 million."""
    found: Values = np.empty(pixels.shape, table.dtype)
    rows = max(1, _AT_ONCE // max(1, pixels[:1].size))

    def look_up(part: slice) -> None:
        # modulo 2^16 the difference is right because it is known to fit
        index = pixels[part].view(np.uint16) - np.uint16(first & (_LEVELS - 1))
        np.take(table, index, mode="clip", out=found[part])

    share([slice(start, start + rows) for start in range(0, pixels.shape[0], rows)], look_up, look_up)
    return found


def _padding(
    image: SliceImage, rescale: tuple[float, float] | None, table: LookupTable | None
) -> tuple[float, float] | None:
    """Return the padding in the state's values; None also where the image's own table left none apart."""
    stored = image.stored_padding
    if stored is None or image.padding is None:
        return None
    if rescale is not None:
        return rescaled_padding(stored, np.dtype(np.int64), *rescale)
    if table is None:
        return None
    return through_table(np.array([stored[0]]), table, stored, image.stored_range)[1]


def _merged() -> DecodeError:
    return DecodeError(tr("The image no longer tells apart the values that the presentation state starts from"))
