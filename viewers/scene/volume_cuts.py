"""What is cut away from a volume before it is rendered: half spaces and scissors, as values in patient millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import Point

_MASK_CELLS: Final = 1024
"""Most cells along one side of a scissors mask."""


@dataclass(frozen=True, slots=True)
class CutPlane:
    """Everything before ``origin`` against the direction ``normal`` is removed."""

    origin: Point
    normal: Point


@dataclass(frozen=True, slots=True)
class Scissors:
    """
    A free-hand outline through the view: what projects into it is removed.

    ``outline_mm`` are (right, down) distances from ``centre`` along the picture's axes at the
    time of cutting; the cut goes through the whole patient.
    """

    centre: Point
    right: Point
    down: Point
    outline_mm: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.outline_mm) < 3:
            raise ValueError(f"scissors need three points, got {len(self.outline_mm)}")


def outline_of(plane: CutPlane, corners: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """
    Return the corners, in order round it, of the polygon in which a plane cuts a box; none where it misses.

    ``corners`` are the eight of the box as (x, y, z), the last axis of the box changing first.
    """
    heights = (corners - np.asarray(plane.origin)) @ np.asarray(plane.normal)
    points = [
        corners[a] + heights[a] / (heights[a] - heights[b]) * (corners[b] - corners[a])
        for a in range(8)
        for b in (a ^ 1, a ^ 2, a ^ 4)
        if a < b and (heights[a] < 0) != (heights[b] < 0)
    ]
    if len(points) < 3:
        return []
    middle = np.mean(points, axis=0)
    across = points[0] - middle
    along = np.cross(plane.normal, across)
    return sorted(points, key=lambda one: float(np.arctan2((one - middle) @ along, (one - middle) @ across)))


def removed(
    cuts: tuple[Scissors, ...], shape: tuple[int, ...], ijk_to_lps: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return which voxels ``[z, y, x]`` of a grid are cut away, as a boolean array."""
    gone = np.zeros(shape, dtype=np.bool_)
    for cut in cuts:
        mask, low, cell = _mask(cut)
        rows = np.stack([cut.right, cut.down])
        linear = rows @ ijk_to_lps[:3, :3]
        offset = rows @ (ijk_to_lps[:3, 3] - np.asarray(cut.centre))
        z, y, x = (np.arange(length, dtype=np.float32) for length in shape)
        # in cells of the mask, as sums of one term per axis: no array of all coordinates is needed
        terms = [
            [(linear[n, 0] * x + offset[n] - low[n]) / cell, linear[n, 1] * y / cell, linear[n, 2] * z / cell]
            for n in range(2)
        ]
        for layer in range(shape[0]):
            u, v = (
                (along_x[None, :] + along_y[:, None] + along_z[layer]).astype(np.int32)
                for along_x, along_y, along_z in terms
            )
            inside = (u >= 0) & (v >= 0) & (u < mask.shape[1]) & (v < mask.shape[0])
            gone[layer] |= inside & mask[np.where(inside, v, 0), np.where(inside, u, 0)]
    return gone


def inside_polygon(
    outline: npt.NDArray[np.float64], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Tell which points lie in a closed polygon ``(n, 2)`` by the even-odd rule."""
    inside = np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=np.bool_)
    for (x1, y1), (x2, y2) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        between = (y1 > y) != (y2 > y)
        inside ^= between & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


def _mask(cut: Scissors) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64], float]:
    """Return the outline as cells, its low corner and the size of a cell in mm."""
    outline = np.asarray(cut.outline_mm, dtype=np.float64)
    low, high = outline.min(axis=0), outline.max(axis=0)
    cell = max(float((high - low).max()) / _MASK_CELLS, 0.05)
    columns, rows = (max(1, int(length)) for length in np.ceil((high - low) / cell))
    x = (low[0] + (np.arange(columns) + 0.5) * cell)[None, :]
    y = (low[1] + (np.arange(rows) + 0.5) * cell)[:, None]
    return inside_polygon(outline, x, y), low, cell
