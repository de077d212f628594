"""What the network should say about a patch: heat, size, offset and where it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Ball = tuple[tuple[float, float, float], float]
"""Centre ``(z, y, x)`` in voxels and diameter in mm."""

STRIDE: Final = 4
SHIFT: Final = 1.5  # voxel position = 4 k + 1.5 + 4 offset
SIZE_REFERENCE_MM: Final = 8.0
_SIGMA_PER_MM: Final = 0.04  # grid cells of heat sigma per mm of diameter
_SIGMA: Final = (0.55, 1.5)
_NEAR: Final = 0.8  # cells whose offset the head can state


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """
    Arrays on the stride-4 grid ``[z, y, x]``.

    ``heat`` 0..1 (1 = centre of a nodule), ``judged`` 0 or 1 (0: neither positive nor negative),
    ``size`` ln(d / 8 mm), ``offset`` ``[3, z, y, x]`` in cells, ``near`` weight of size and offset.
    """

    heat: FloatArray
    judged: FloatArray
    size: FloatArray
    offset: FloatArray
    near: FloatArray


def draw(nodules: list[Ball], unclear: list[Ball], patch: int) -> Target:
    """
    Draw targets for a cubic patch of ``patch`` voxels.

    A nodule whose centre lies outside, or that is cut by the edge so that its centre is within two
    voxels of it, is not judged: its sphere is left out of the loss, like what is ``unclear``.
    """
    n = patch // STRIDE
    axes = [np.arange(n, dtype=np.float32).reshape([-1 if a == axis else 1 for a in range(3)]) for axis in range(3)]
    heat, judged = np.zeros((n, n, n), np.float32), np.ones((n, n, n), np.float32)
    size, near = np.zeros_like(heat), np.zeros_like(heat)
    offset = np.zeros((3, n, n, n), np.float32)
    whole = [b for b in nodules if all(2 <= c <= patch - 3 for c in b[0])]
    for centre, diameter in [b for b in nodules if b not in whole] + unclear:
        cell = [(c - SHIFT) / STRIDE for c in centre]
        square = sum((axis - np.float32(c)) ** 2 for axis, c in zip(axes, cell, strict=True))
        judged[square < (diameter / 2 / STRIDE + 0.75) ** 2] = 0
    for centre, diameter in whole:
        cell = [(c - SHIFT) / STRIDE for c in centre]
        gaps = [np.float32(c) - axis for axis, c in zip(axes, cell, strict=True)]
        square = gaps[0] ** 2 + gaps[1] ** 2 + gaps[2] ** 2
        sigma = float(np.clip(_SIGMA_PER_MM * diameter, *_SIGMA))
        blob = np.exp(-square / np.float32(2 * sigma**2))
        z, y, x = (int(np.clip(round(c), 0, n - 1)) for c in cell)
        blob[z, y, x] = 1
        heat = np.maximum(heat, blob)
        close = np.maximum(np.maximum(abs(gaps[0]), abs(gaps[1])), abs(gaps[2])) < _NEAR
        mine = close & (blob > near)
        near[mine] = blob[mine]
        size[mine] = np.log(diameter / SIZE_REFERENCE_MM)
        for axis in range(3):
            offset[axis][mine] = np.broadcast_to(gaps[axis], mine.shape)[mine]
        judged[blob > 0.3] = 1
    return Target(heat, judged, size, offset, near)
