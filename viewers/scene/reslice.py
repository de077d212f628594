"""Planes cut from a volume by trilinear interpolation, in plain numpy: the reference the fast path is held to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from viewers.scene.camera import PixelTransform
from workstation.domain.geometry import ImagePlane
from workstation.domain.volume import Volume

OUTSIDE: Final = -32768
"""Value of samples that miss the volume; painted black whatever the window."""
_EDGE: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ResliceRequest:
    """A plane to be cut: ``size`` is (columns, rows) of the grid that ``plane`` spans."""

    volume: Volume
    plane: ImagePlane
    size: tuple[int, int]


def index_matrix(volume: Volume, plane: ImagePlane) -> npt.NDArray[np.float64]:
    """Return the 4 x 4 matrix from plane pixel ``(column, row, 0, 1)`` to voxel index ``(x, y, z, 1)``."""
    grid = np.eye(4)
    grid[:3, 0] = np.multiply(plane.right, plane.spacing_mm[0])
    grid[:3, 1] = np.multiply(plane.down, plane.spacing_mm[1])
    grid[:3, 2] = plane.normal
    grid[:3, 3] = plane.origin
    matrix: npt.NDArray[np.float64] = np.linalg.inv(volume.ijk_to_lps) @ grid
    return matrix


def reslice(request: ResliceRequest) -> npt.NDArray[Any]:
    """
    Return ``[row, column]`` values of the plane, in the dtype of the voxels.

    The volume reaches half a voxel beyond its outer centres; further out lies OUTSIDE.
    """
    voxels = request.volume.voxels
    matrix = index_matrix(request.volume, request.plane)
    columns, rows = request.size
    i, j = np.meshgrid(np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64))
    # memory order is z, y, x while the matrix speaks x, y, z
    index = [matrix[axis, 0] * i + matrix[axis, 1] * j + matrix[axis, 3] for axis in (2, 1, 0)]
    inside = np.ones(i.shape, dtype=np.bool_)
    low, high, weight = [], [], []
    for position, length in zip(index, voxels.shape, strict=True):
        inside &= (position >= -0.5 - _EDGE) & (position <= length - 0.5 + _EDGE)
        clamped = np.clip(position, 0, length - 1)
        base = np.minimum(clamped.astype(np.intp), max(length - 2, 0))
        low.append(base)
        high.append(np.minimum(base + 1, length - 1))
        weight.append(clamped - base)
    total = np.zeros(i.shape)
    for corner in range(8):
        picks = [(high if corner >> axis & 1 else low)[axis] for axis in range(3)]
        share = np.prod([weight[a] if corner >> a & 1 else 1.0 - weight[a] for a in range(3)], axis=0)
        total += share * voxels[picks[0], picks[1], picks[2]]
    values = np.rint(total) if np.issubdtype(voxels.dtype, np.integer) else total
    values[~inside] = OUTSIDE
    return values.astype(voxels.dtype)


def as_displayed(request: ResliceRequest, transform: PixelTransform, size: tuple[int, int]) -> ResliceRequest:
    """
    Return the request cut on the screen's own pixels instead of its grid.

    ``transform`` maps grid pixels to device pixels; ``size`` is the (width, height) in device
    pixels. One interpolation from voxels to screen is sharper than two.
    """
    inverse = transform.inverted()
    plane = request.plane
    origin = plane.lps_of(*inverse.apply(0.5, 0.5))
    steps = []
    for columns, rows in ((inverse.a, inverse.c), (inverse.b, inverse.d)):
        step = np.multiply(plane.right, columns * plane.spacing_mm[0]) + np.multiply(
            plane.down, rows * plane.spacing_mm[1]
        )
        length = float(np.linalg.norm(step))
        x, y, z = (step / length).tolist()
        steps.append(((x, y, z), length))
    (right, across), (down, along) = steps
    return ResliceRequest(request.volume, ImagePlane(origin, right, down, (across, along)), size)
