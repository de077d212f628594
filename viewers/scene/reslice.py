"""Planes cut from a volume by trilinear interpolation, in plain numpy: the reference the fast path is held to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from viewers.scene.camera import PixelTransform
from viewers.scene.raster import GrayscaleTransform
from viewers.scene.slab import Projection, SlabSampling
from workstation.domain.geometry import ImagePlane
from workstation.domain.volume import Volume

OUTSIDE: Final = -32768
"""Value of samples that miss the volume; painted black whatever the window."""
_EDGE: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ResliceRequest:
    """
    A plane to be cut: ``size`` is (columns, rows) of the grid that ``plane`` spans.

    With ``slab`` every pixel is a projection along the plane's normal.
    """

    volume: Volume
    plane: ImagePlane
    size: tuple[int, int]
    slab: SlabSampling | None = None


def no_patient(volume: Volume) -> tuple[float, float]:
    """Return the inclusive range of cut values that show no patient: what misses the volume, and its padding."""
    if volume.padding is None:
        return float(OUTSIDE), float(OUTSIDE)
    return min(float(OUTSIDE), volume.padding[0]), volume.padding[1]


def look_of_cut(grayscale: GrayscaleTransform) -> GrayscaleTransform:
    """Return how a cut is painted: what shows no patient is black, at least what misses the volume."""
    return grayscale if grayscale.padding is not None else replace(grayscale, padding=(OUTSIDE, OUTSIDE))


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

    The volume reaches half a voxel beyond its outer centres; further out lies OUTSIDE. In a
    slab only the samples inside the volume count, and of them those that are no padding.
    """
    voxels = request.volume.voxels
    matrix = index_matrix(request.volume, request.plane)
    columns, rows = request.size
    i, j = np.meshgrid(np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64))
    offsets = (0.0,) if request.slab is None else request.slab.offsets_mm.tolist()
    layers = [
        sample(voxels, [matrix[a, 0] * i + matrix[a, 1] * j + matrix[a, 2] * offset + matrix[a, 3] for a in range(3)])
        for offset in offsets
    ]
    if request.slab is None:
        return _typed(*layers[0], voxels.dtype)
    padded = -math.inf if request.volume.padding is None else request.volume.padding[1]
    return _typed(
        *_projected([(values, inside & (values > padded)) for values, inside in layers], request.slab.projection),
        voxels.dtype,
    )


def sample(
    voxels: npt.NDArray[Any], index: Sequence[npt.NDArray[np.float64]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """
    Return trilinear values at voxel indices ``(x, y, z)`` and which of them lie inside the volume.

    All arrays have the shape of the index arrays; values outside are those of the nearest rim.
    """
    inside = np.ones(index[0].shape, dtype=np.bool_)
    low, high, weight = [], [], []
    # memory order is z, y, x while an index speaks x, y, z
    for position, length in zip(reversed(index), voxels.shape, strict=True):
        inside &= (position >= -0.5 - _EDGE) & (position <= length - 0.5 + _EDGE)
        clamped = np.clip(position, 0, length - 1)
        base = np.minimum(clamped.astype(np.intp), max(length - 2, 0))
        low.append(base)
        high.append(np.minimum(base + 1, length - 1))
        weight.append(clamped - base)
    total = np.zeros(index[0].shape)
    for corner in range(8):
        picks = [(high if corner >> axis & 1 else low)[axis] for axis in range(3)]
        share = np.prod([weight[a] if corner >> a & 1 else 1.0 - weight[a] for a in range(3)], axis=0)
        total += share * voxels[picks[0], picks[1], picks[2]]
    return total, inside


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
    return ResliceRequest(request.volume, ImagePlane(origin, right, down, (across, along)), size, request.slab)


def coarser(request: ResliceRequest, factor: int, *, thinned: bool = False) -> ResliceRequest:
    """
    Return the request with one pixel, at its middle, for every ``factor`` x ``factor``.

    ``thinned`` takes half of a slab's samples, for pictures while something moves.
    """
    plane = request.plane
    origin = plane.lps_of((factor - 1) / 2, (factor - 1) / 2)
    spacing = plane.spacing_mm[0] * factor, plane.spacing_mm[1] * factor
    columns, rows = (max(1, -(-length // factor)) for length in request.size)
    slab = request.slab.thinned(2) if request.slab is not None and thinned else request.slab
    return ResliceRequest(request.volume, ImagePlane(origin, plane.right, plane.down, spacing), (columns, rows), slab)


def voxel_factor(request: ResliceRequest) -> int:
    """Return how many pixels of a cut lie, along each side, within the finest voxel spacing; at least 1."""
    return max(1, int(min(request.volume.spacing_mm) / max(request.plane.spacing_mm) + 1e-6))


def runs_along_voxels(request: ResliceRequest) -> bool:
    """Tell whether rows and columns of a cut run along those of the volume, which is several times quicker to cut."""
    steps = np.abs(index_matrix(request.volume, request.plane)[:3, :2])
    return bool((steps.sum(axis=0) - steps.max(axis=0) <= _EDGE * steps.max(axis=0)).all())


def _projected(
    layers: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]], projection: Projection
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    values: npt.NDArray[np.float64] = np.stack([layer for layer, _ in layers])
    inside: npt.NDArray[np.bool_] = np.stack([mask for _, mask in layers])
    counted: npt.NDArray[np.bool_] = np.logical_or.reduce(inside, axis=0)
    if projection is Projection.MEAN:
        return np.where(inside, values, 0.0).sum(axis=0) / np.maximum(inside.sum(axis=0), 1), counted
    if projection is Projection.MIP:
        return np.where(inside, values, -np.inf).max(axis=0), counted
    return np.where(inside, values, np.inf).min(axis=0), counted


def _typed(values: npt.NDArray[np.float64], inside: npt.NDArray[np.bool_], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    values[~inside] = OUTSIDE
    return (np.rint(values) if np.issubdtype(dtype, np.integer) else values).astype(dtype)
