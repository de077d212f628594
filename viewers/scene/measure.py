"""The value of one pixel, and why something cannot be measured."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from viewers.scene.image import SliceImage
from viewers.scene.raster import is_padding
from workstation.domain.errors import WorkstationError


class NotMeasurable(WorkstationError):
    """The pixels under a measurement have no value to measure."""


def has_value(pixels: npt.NDArray[Any], padding: tuple[float, float] | None) -> npt.NDArray[np.bool_]:
    """
    Tell which values, any shape, measure anything: neither padding nor what is no finite number.

    Parametric maps in floating point (PS3.3 C.7.6.24) hold NaN outside the organ.
    """
    seen = ~is_padding(pixels, padding)
    return seen & np.isfinite(pixels) if pixels.dtype.kind == "f" else seen


def value_at(image: SliceImage, column: float, row: float) -> float | None:
    """
    Return the value of the pixel nearest to an index.

    None off the image, on colour, under the image's shutter and without ``has_value``.
    """
    x, y = math.floor(column + 0.5), math.floor(row + 0.5)
    if image.is_color or not (0 <= x < image.columns and 0 <= y < image.rows):
        return None
    if image.visible is not None and not image.visible[y, x]:
        return None
    value = image.part(slice(y, y + 1), slice(x, x + 1))[0, 0]
    return float(value) if has_value(np.asarray(value), image.padding).item() else None
