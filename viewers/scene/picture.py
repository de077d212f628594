"""One image at its own size as it must look: the reference for every surface, and what exports are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from viewers.scene.image import SliceImage
from viewers.scene.raster import GrayscaleTransform, VoiLut, Window, to_gray

_BLACK, _WHITE = 0, 255


def picture(image: SliceImage, voi: Window | VoiLut | None = None, *, inverted: bool = False) -> npt.NDArray[np.uint8]:
    """
    Return display levels ``[row, column]``, or ``[row, column, 3]`` RGB for a colour image.

    The image's own window, or ``voi``; then its overlays, in white or in black where it is inverted, and its shutter.
    """
    if image.is_color:
        return burned(image.pixels, image)
    transform = GrayscaleTransform(voi or image.default_voi, image.monochrome1 != inverted, image.padding)
    return burned(to_gray(image.pixels, transform), image, inverted=inverted)


def burned(levels: npt.NDArray[Any], image: SliceImage, *, inverted: bool = False) -> npt.NDArray[np.uint8]:
    """
    Return levels or colours with overlays and shutter of their image in them; the same array without any.

    Overlays have no colour of their own (PS3.3 C.9.2): they go along with the air beside the patient, on which markers
    of the side stand. It is black, and white where the reader or a presentation state inverts the picture.
    """
    if image.graphics is None and image.visible is None:
        return levels
    levels = levels.copy()
    if image.graphics is not None:
        levels[image.graphics] = _WHITE if inverted == image.is_reversed else _BLACK
    if image.visible is not None:
        levels[~image.visible] = image.shutter_gray
    return levels
