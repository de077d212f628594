"""One image at its own size as it must look: the reference for every surface, and what exports are made of."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from viewers.scene.image import SliceImage
from viewers.scene.raster import GrayscaleTransform, VoiLut, Window, to_gray
from viewers.scene.resample import reduced

_WHITE: Final = 255
_BRIGHT: Final = 128
_TILE: Final = 8
"""Bits this near to each other are of one shade, so that noise does not speckle a letter"""
_BAND: Final = 32 * _TILE
"""So many rows at a time: most hold no bits, and what is made of the others stays in the processor's cache"""
_LEAST_CONTRAST: Final = 32
_LUMINANCE: Final = np.array([77, 150, 29], np.uint16)
"""Of red, green and blue, in 256ths"""


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
    if image.graphics is not None:
        for row in range(0, image.rows, _BAND):
            _draw(levels[row : row + _BAND], image.graphics[row : row + _BAND])
    if image.visible is not None:
        levels[~image.visible] = image.shutter_gray
    return levels


def _draw(levels: npt.NDArray[Any], bits: npt.NDArray[np.bool_]) -> None:
    """Draw bits ``[row, column]`` into levels or colours, apart from the mean of the tile that each lies in."""
    columns = np.flatnonzero(bits.any(axis=0))
    if not columns.size:
        return
    across = slice(columns[0], columns[-1] + 1)
    ground, bits = levels[:, across], bits[:, across]
    light = ground if ground.ndim == 2 else (ground.astype(np.uint16) @ _LUMINANCE >> 8).astype(np.uint8)
    tiles = np.where(reduced(light, _TILE) < _BRIGHT, np.uint8(_WHITE), np.uint8(0))
    shades = tiles.repeat(_TILE, axis=0)[: bits.shape[0]].repeat(_TILE, axis=1)[:, : bits.shape[1]]
    # an edge may cross a tile: nothing is drawn in what it stands on. x ^ 255 is 255 - x
    shades ^= np.where((light ^ shades) < _LEAST_CONTRAST, np.uint8(_WHITE), np.uint8(0))
    if ground.ndim == 3:
        shades, bits = shades[:, :, None], bits[:, :, None]
    np.copyto(ground, shades, where=bits)
