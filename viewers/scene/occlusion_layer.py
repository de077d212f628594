"""Where covering a film lowers a classifier's score: a translucent layer over exactly that film."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from viewers.scene.camera import PixelTransform
from viewers.scene.colour_bar import Legend
from viewers.scene.overlay import Tint
from viewers.scene.slice_view import SliceView
from workstation.domain.colour_map import ColourMap, ValueScale, colour_table, legend_values
from workstation.domain.image_place import ImagePlace

LEAST_SHARE: Final = 0.1
"""Share of the full scale below which nothing is drawn; above it the layer fades in."""
_WHOLE_SHARE: Final = 0.4
LEAST_FULL: Final = 0.05
"""A score that hardly falls anywhere must not glow: full colour means a fall of at least this much."""
_OPACITY: Final = 0.5
_FINEST: Final = 512
_COLOURS: Final = ValueScale(-0.5, 1.0)  # the map begins with black, which would hide the film under a faint effect


@dataclass(frozen=True, eq=False)
class OcclusionLayer:
    """
    A map for one image, ``drop`` as in ``OcclusionMap``; ``to_pixels`` maps its indices to pixels of the image.

    ``title`` stands over the legend, ``warning`` among the warnings of the viewport.
    """

    place: ImagePlace
    drop: npt.NDArray[np.float32]
    to_pixels: npt.NDArray[np.float64]
    title: str
    warning: str

    def __post_init__(self) -> None:
        if self.drop.ndim != 2 or not np.isfinite(self.drop).all():
            raise ValueError("an occlusion map of an image is [row, column] and finite")

    @property
    def full(self) -> float:
        """Return the fall of the score that has the strongest colour."""
        return max(float(self.drop.max()), LEAST_FULL)

    def legend(self, count: int = 5) -> Legend:
        """Return the colours from no fall of the score to the full one."""
        entries = _COLOURS.positions(np.linspace(0, 1, 256, dtype=np.float32))
        digits = 2 if self.full >= 0.2 else 3  # even steps read as even
        values = tuple(f"{value:.{digits}f}" for value in legend_values(ValueScale(0.0, self.full), count))
        return Legend(colour_table(ColourMap.HOT_IRON)[entries], values, self.title)

    def tint(self, view: SliceView) -> Tint:
        """Return the layer as it lies in a view of its image, through the matrix on screen."""
        rgba, factor = self._picture
        step_x, step_y = self.to_pixels[0, 0] / factor, self.to_pixels[1, 1] / factor
        # pixel k of the finer picture lies (k + 0.5) / factor - 0.5 on the map
        first = 0.5 / factor - 0.5
        x = self.to_pixels[0, 3] + first * self.to_pixels[0, 0]
        y = self.to_pixels[1, 3] + first * self.to_pixels[1, 1]
        on_screen = view.transform
        placed = PixelTransform(
            on_screen.a * step_x, on_screen.b * step_y, on_screen.c * step_x, on_screen.d * step_y,
            *on_screen.apply(x, y),
        )  # fmt: skip
        columns, rows = view.size
        edges = ((-0.5, -0.5), (columns - 0.5, -0.5), (columns - 0.5, rows - 0.5), (-0.5, rows - 0.5))
        return Tint(rgba, placed, tuple(on_screen.apply(*edge) for edge in edges))

    @cached_property
    def _picture(self) -> tuple[npt.NDArray[np.uint8], int]:
        """Return ``[row, column, 4]`` RGBA, interpolated so that no steps show, and how many times finer it is."""
        factor = max(1, min(16, _FINEST // max(self.drop.shape)))
        share = _finer(_finer(self.drop, factor).T, factor).T / np.float32(self.full)
        rgba = np.empty((*share.shape, 4), dtype=np.uint8)
        rgba[..., :3] = colour_table(ColourMap.HOT_IRON)[_COLOURS.positions(share)]
        fading = np.clip((share - LEAST_SHARE) / (_WHOLE_SHARE - LEAST_SHARE), 0, 1)
        rgba[..., 3] = np.rint(255 * _OPACITY * fading)
        return rgba, factor


def _finer(values: npt.NDArray[np.float32], factor: int) -> npt.NDArray[np.float32]:
    """Interpolate along the first axis; the outer half of the outer cells keeps their value."""
    count = values.shape[0]
    at = np.clip((np.arange(count * factor) + 0.5) / factor - 0.5, 0, count - 1)
    low = np.minimum(at.astype(np.intp), max(count - 2, 0))
    high = np.minimum(low + 1, count - 1)
    weight = (at - low).astype(np.float32)[:, None]
    finer: npt.NDArray[np.float32] = values[low] * (1 - weight) + values[high] * weight
    return finer
