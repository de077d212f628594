"""
The picture by which a person judges a monitor: grey steps, squares of five per cent, ramp, line pairs, grid.

Drawn for the screen's own pixels, one value for one pixel, so that nothing is interpolated. *Source:* the elements
follow the quality control patterns of AAPM TG18 and the five per cent squares of SMPTE RP 133.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from workstation.domain.grayscale import PATCHES

BACKGROUND: Final = 51
"""20 % of full drive"""
GRID_LINE: Final = 96
DARK_STEP: Final = 13
"""5 % on black"""
BRIGHT_STEP: Final = 242
"""95 % on white"""
LEVELS: Final = tuple(15 * n for n in range(PATCHES))
_SMALLEST: Final = (640, 360)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels: left and top, width and height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def centre(self) -> tuple[int, int]:
        """Return the pixel in its middle, ``(row, column)``."""
        return self.y + self.height // 2, self.x + self.width // 2


@dataclass(frozen=True, slots=True, eq=False)
class GrayscalePattern:
    """``pixels`` ``(rows, columns)`` uint8, and where its parts lie; ``patches`` from black to white."""

    pixels: npt.NDArray[np.uint8]
    patches: tuple[Box, ...]
    dark: Box
    bright: Box
    ramp: Box
    line_pairs: tuple[Box, ...]


def grayscale_pattern(width: int, height: int) -> GrayscalePattern:
    """Return the pattern for so many pixels. ValueError below 640 x 360, where its parts have no room."""
    if width < _SMALLEST[0] or height < _SMALLEST[1]:
        raise ValueError(f"the pattern needs {_SMALLEST[0]} x {_SMALLEST[1]} pixels, got {width} x {height}")
    pixels = np.full((height, width), BACKGROUND, dtype=np.uint8)
    _grid(pixels)
    side = min(width // 12, height // 7)
    left, top = (width - 9 * side) // 2, side // 2 + side
    # the first row rises to the right, the second comes back: neighbours differ by one step only
    places = [(n, 0) for n in range(9)] + [(8 - n, 1) for n in range(9)]
    patches = tuple(Box(left + column * side, top + row * side, side, side) for column, row in places)
    for box, level in zip(patches, LEVELS, strict=True):
        _fill(pixels, box, level)
    squares = top + 2 * side + side // 2
    dark = _square_in_square(pixels, Box(left, squares, 2 * side, side + side // 2), 0, DARK_STEP)
    bright = _square_in_square(pixels, Box(left + 7 * side, squares, 2 * side, side + side // 2), 255, BRIGHT_STEP)
    ramp = Box(left + 2 * side + side // 2, squares + side // 4, 4 * side, side)
    pixels[ramp.y : ramp.y + ramp.height, ramp.x : ramp.x + ramp.width] = np.rint(np.linspace(0, 255, ramp.width))
    pairs = _line_pairs(pixels, side)
    return GrayscalePattern(pixels, patches, dark, bright, ramp, pairs)


def _grid(pixels: npt.NDArray[np.uint8]) -> None:
    """Draw lines of one pixel at even distances from the middle, and the outermost pixels in white."""
    height, width = pixels.shape
    step = min(width, height) // 12
    pixels[:, (width // 2) % step :: step] = GRID_LINE
    pixels[(height // 2) % step :: step, :] = GRID_LINE
    pixels[[0, -1], :] = 255
    pixels[:, [0, -1]] = 255


def _fill(pixels: npt.NDArray[np.uint8], box: Box, level: int) -> None:
    pixels[box.y : box.y + box.height, box.x : box.x + box.width] = level


def _square_in_square(pixels: npt.NDArray[np.uint8], box: Box, outer: int, inner: int) -> Box:
    _fill(pixels, box, outer)
    side = box.height // 3
    small = Box(box.x + (box.width - side) // 2, box.y + (box.height - side) // 2, side, side)
    _fill(pixels, small, inner)
    return small


def _line_pairs(pixels: npt.NDArray[np.uint8], side: int) -> tuple[Box, ...]:
    """Draw black and white lines of one and of two pixels, upright and level, in the corners and in the middle."""
    height, width = pixels.shape
    edge = side // 2
    margin = 2 * edge + 4
    found = []
    for x, y in (
        (4, 4),
        (width - margin, 4),
        (4, height - margin),
        (width - margin, height - margin),
        (width // 2 - edge, side // 4),
    ):
        for column, row, thickness, upright in ((0, 0, 1, True), (1, 0, 1, False), (0, 1, 2, True), (1, 1, 2, False)):
            box = Box(x + column * edge, y + row * edge, edge, edge)
            lines = (np.arange(edge) // thickness % 2 * 255).astype(np.uint8)
            block = np.broadcast_to(lines[None, :] if upright else lines[:, None], (edge, edge))
            pixels[box.y : box.y + edge, box.x : box.x + edge] = block
            found.append(box)
    return tuple(found)
