"""The value of one pixel, and why something cannot be measured."""

from __future__ import annotations

import math

import numpy as np

from viewers.scene.image import SliceImage
from viewers.scene.raster import is_padding
from workstation.domain.errors import WorkstationError


class NotMeasurable(WorkstationError):
    """The pixels under a measurement have no value to measure."""


def value_at(image: SliceImage, column: float, row: float) -> float | None:
    """Return the value of the pixel nearest to an index; None outside the image, on padding and on colour."""
    x, y = math.floor(column + 0.5), math.floor(row + 0.5)
    if image.is_color or not (0 <= x < image.columns and 0 <= y < image.rows):
        return None
    value = image.part(slice(y, y + 1), slice(x, x + 1))[0, 0]
    return None if is_padding(np.asarray(value), image.padding) else float(value)
