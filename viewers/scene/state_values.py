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
from workstation.dicom.images.decode import rescaled
from workstation.dicom.images.lookup import LookupTable
from workstation.dicom.objects.presentation import FramePresentation
from workstation.domain.errors import DecodeError

_LEVELS: Final = 1 << 16
_SIGN: Final = 1 << 15
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
        return rescaled(stored, state.slope, state.intercept) if table is None else table.apply(stored)

    if image.modality_table is not None:
        pixels = _carried(image, image.modality_table, transformed)
    else:
        pixels = transformed(_stored(image))
    return replace(
        image, pixels=pixels, padding=_padding(image, rescale), unit=state.unit, rescale=rescale, modality_table=table
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


def _stored(image: SliceImage) -> Values:
    """Return the stored values behind a slope and an intercept, in the narrowest type that holds them."""
    slope, intercept = image.rescale or (1.0, 0.0)
    if slope == 0:
        raise _merged()
    if image.pixels.dtype.kind == "f":
        values: Values = (image.pixels.astype(np.float64) - intercept) / slope
        if image.stored_range is None:
            return values.astype(np.float32)  # they were stored as numbers with a point
        stored = np.rint(values).astype(np.int64)
    else:
        stored = (image.pixels.astype(np.int64) - int(intercept)) // int(slope)
    low, high = (int(stored.min()), int(stored.max())) if stored.size else (0, 0)
    for kind in (np.int16, np.uint16):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return stored.astype(kind)
    return stored


def _carried(image: SliceImage, own: LookupTable, transformed: Callable[[Values], Values]) -> Values:
    """Return the state's values of an image behind a table of its own, each looked up by what that table gave."""
    low, high = image.stored_range or (0, _LEVELS)
    if high - low >= _LEVELS:
        raise _merged()
    every = np.arange(low, high + 1).astype(np.int16 if low < 0 else np.uint16)
    theirs, ours = own.apply(every), transformed(every)
    found = np.zeros(_LEVELS, ours.dtype)
    found[theirs] = ours
    if not np.array_equal(found[theirs], ours):
        raise _merged()
    carried: Values = found[image.pixels]
    return carried


def _padding(image: SliceImage, rescale: tuple[float, float] | None) -> tuple[float, float] | None:
    if image.padding is None or image.rescale is None or rescale is None:
        return None  # as with images: behind a table padding may share its value with the patient
    (was, less), (slope, intercept) = image.rescale, rescale
    ends = [(value - less) / was * slope + intercept for value in image.padding]
    return min(ends), max(ends)


def _merged() -> DecodeError:
    return DecodeError(tr("The image no longer tells apart the values that the presentation state starts from"))
