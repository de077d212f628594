"""One image at its own size as it must look: the reference for every surface, and what exports are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from viewers.scene.image import SliceImage
from viewers.scene.raster import GrayscaleTransform, VoiLut, Window, to_gray


def picture(image: SliceImage, voi: Window | VoiLut | None = None, *, inverted: bool = False) -> npt.NDArray[np.uint8]:
    """
    Return display levels ``[row, column]``, or ``[row, column, 3]`` RGB for a colour image.

    The image's own window, or ``voi``; then its overlays, in white or black, and its shutter.
    """
    if image.is_color:
        return burned(image.pixels, image)
    transform = GrayscaleTransform(voi or image.default_voi, image.monochrome1 != inverted, image.padding)
    return burned(to_gray(image.pixels, transform), image)


def burned(levels: npt.NDArray[Any], image: SliceImage) -> npt.NDArray[np.uint8]:
    """
    Return levels or colours with overlays and shutter of their image in them; the same array without any.

    Overlays have no colour of their own (PS3.3 C.9.2): they are white on what is dark and black on what is bright, for
    a marker of the side must be seen whatever is under it: air of an inverted picture, padding, which stays black
    there, a coloured layer.
    """
    if image.graphics is None and image.visible is None:
        return levels
    levels = levels.copy()
    if image.overlay_bits is not None:
        image.overlay_bits.draw(levels)
    if image.visible is not None:
        levels[~image.visible] = image.shutter_gray
    return levels
