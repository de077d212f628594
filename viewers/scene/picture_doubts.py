"""What must be said in red of one image as it is shown: loss, odd pixels, a window that misses it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from resources.translation import tr
from viewers.scene.image import SliceImage
from viewers.scene.raster import VoiFunction, VoiLut, Window, is_padding
from viewers.scene.viewtext import lossy_text, spacing_text

_SQUARE: Final = 0.01
"""How far width and height of a pixel may differ and still be called equal; smaller differences are rounding"""
_COARSE: Final = 8


@dataclass(frozen=True, slots=True)
class MadeOf:
    """What the images that a plane or a volume is made of say of themselves; a stack asks each of its own images."""

    lossy_ratio: float | None = None
    """The worst compression ratio, 0 where it is unknown, None where nothing was lost"""
    lossy_method: str = ""
    """What did it, like ``JPEG``; empty where it is unknown"""
    burned_in: bool | None = None
    """Whether they carry the patient's name; None where nobody knows"""

    @property
    def doubt(self) -> str:
        """Return what must be said in red of what is made of them, empty where nothing must."""
        return "" if self.lossy_ratio is None else lossy_text(self.lossy_ratio, self.lossy_method)


def image_doubts(image: SliceImage, voi: Window | VoiLut, shown: SliceImage | None = None) -> tuple[str, ...]:
    """
    Return the doubts about an image that is shown with a window.

    ``shown`` has the values that the window is over, where a presentation state makes others of the image.
    """
    lossy = "" if image.lossy_ratio is None else lossy_text(image.lossy_ratio, image.lossy_method)
    spacing = spacing_text(image.pixel_size) if image.plane is None else ""
    found = (
        lossy,
        _shape_doubt(image),
        _window_doubt(shown or image, voi),
        spacing,
        *(one.text for one in image.side_doubts),
    )
    return tuple(one for one in found if one)


def _shape_doubt(image: SliceImage) -> str:
    """Return that the pixels are not square; they are drawn in their true shape."""
    width, height = (1.0, image.aspect) if image.plane is None else image.plane.spacing_mm
    return "" if math.isclose(width, height, rel_tol=_SQUARE) else tr("Non-square pixels")


def _window_doubt(image: SliceImage, voi: Window | VoiLut) -> str:
    """Return that every value lies beyond the window: a picture black or white all over is not an empty one."""
    if isinstance(voi, VoiLut):
        return tr("Outside window levels") if not image.is_color and _is_missed(voi, image.value_range) else ""
    if image.is_color or voi.function is VoiFunction.SIGMOID:
        return ""
    low, high = voi.centre - voi.width / 2, voi.centre + voi.width / 2
    # a few values answer nearly always, and each drag of the window asks
    some = image.pixels[::_COARSE, ::_COARSE]
    some = some[~is_padding(some, image.padding)]
    if (some <= high).any() and (some >= low).any():
        return ""
    span = image.value_range
    return tr("Outside window levels") if span is not None and (span[0] > high or span[1] < low) else ""


def _is_missed(table: VoiLut, span: tuple[float, float] | None) -> bool:
    """Tell whether the values of a span lie beside a table, or differ and find one level in it."""
    if span is None:
        return False
    most = len(table.entries) - 1
    if span[1] < table.first_value or span[0] > table.first_value + most * table.step:
        return True
    first, last = (min(max(round((end - table.first_value) / table.step), 0), most) for end in span)
    reached = table.entries[first : last + 1]
    return span[0] < span[1] and int(reached.min()) == int(reached.max())
