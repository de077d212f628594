"""
Planes cut from an overlay's voxels for the pixels of another image.

An overlay is coarse and mostly lies along the axes of the image under it: then two small interpolations along
the axes do what eight gathers per pixel would, ten times as fast. Turned ones go through the reslicer. Slabs along
the axes are sampled between the layers as well: VTK's quick way takes whole layers, and one of a PET is several
millimetres thick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from viewers.scene.reslice import OUTSIDE, ResliceRequest, index_matrix
from viewers.scene.slab import Projection, SlabSampling
from workstation.domain.volume import Volume

_STRAIGHT_VOXELS: Final = 0.01
_EDGE: Final = 1e-6

Reslicer = Callable[[ResliceRequest], npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class OverlayCut:
    """Values of an overlay ``[row, column]`` and where it has any."""

    values: npt.NDArray[np.float32]
    inside: npt.NDArray[np.bool_]


def overlay_cut(request: ResliceRequest, reslicer: Reslicer) -> OverlayCut:
    """
    Return trilinear values of the request's plane; the volume reaches half a voxel beyond its outer centres.

    Padding, and what is no number, lies outside: nothing was acquired there that a colour could stand for.
    """
    straight = _straight(request)
    if straight is not None:
        return _acquired(straight, request.volume)
    values = reslicer(request).astype(np.float32, copy=False)
    return _acquired(OverlayCut(values, values != OUTSIDE), request.volume)


def _acquired(cut: OverlayCut, volume: Volume) -> OverlayCut:
    shown = np.isfinite(cut.values) if volume.padding is None else cut.values > volume.padding[1]  # as ``no_patient``
    return cut if shown.all() else OverlayCut(np.where(shown, cut.values, np.float32(0)), cut.inside & shown)


def _straight(request: ResliceRequest) -> OverlayCut | None:
    """Return the cut of a plane or slab along the voxel axes, None for any other."""
    matrix = index_matrix(request.volume, request.plane)
    columns, rows = request.size
    across, down = matrix[:3, 0], matrix[:3, 1]
    column_axis, row_axis = int(np.argmax(np.abs(across))), int(np.argmax(np.abs(down)))
    drift = max(
        *(abs(across[axis]) * columns for axis in range(3) if axis != column_axis),
        *(abs(down[axis]) * rows for axis in range(3) if axis != row_axis),
    )
    if column_axis == row_axis or drift > _STRAIGHT_VOXELS:
        return None
    layer_axis = 3 - column_axis - row_axis
    depths = _depths(request.slab, matrix[:3, 2], layer_axis)
    if depths is None:
        return None
    start = matrix[:3, 3]
    shape = request.volume.voxels.shape[::-1]
    found = (_layer(request.volume, layer_axis, float(start[layer_axis]) + depth) for depth in depths)
    # what is left of [z, y, x] without the layer axis still has its higher axis first
    layers = [one.T if row_axis < column_axis else one for one in found if one is not None]
    inside = np.zeros((rows, columns), dtype=np.bool_)
    if not layers:
        return OverlayCut(np.zeros((rows, columns), dtype=np.float32), inside)
    on_rows = _Axis.along(start[row_axis], down[row_axis], rows, shape[row_axis])
    on_columns = _Axis.along(start[column_axis], across[column_axis], columns, shape[column_axis])

    def flat(layer: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return on_columns.interpolated(on_rows.interpolated(layer).T).T

    if request.slab is None or request.slab.projection is Projection.MEAN:
        values = flat(sum(layers[1:], start=layers[0]) / np.float32(len(layers)))  # a mean may be taken before
    else:
        extreme = np.maximum if request.slab.projection is Projection.MIP else np.minimum
        values = flat(layers[0])
        for layer in layers[1:]:
            extreme(values, flat(layer), out=values)
    np.logical_and(on_rows.inside[:, None], on_columns.inside[None, :], out=inside)
    return OverlayCut(values, inside)


def _depths(slab: SlabSampling | None, normal: npt.NDArray[np.float64], layer_axis: int) -> list[float] | None:
    """Return how many layers off the plane each sample lies; None where the slab does not run along the layer axis."""
    if slab is None:
        return [0.0]
    offsets = slab.offsets_mm
    aside = max(abs(float(normal[axis])) for axis in range(3) if axis != layer_axis)
    if aside * float(np.abs(offsets).max()) > _STRAIGHT_VOXELS:
        return None
    depths: list[float] = (offsets * normal[layer_axis]).tolist()
    return depths


def _layer(volume: Volume, axis: int, position: float) -> npt.NDArray[np.float32] | None:
    """Return the two-dimensional layer at a fractional index of an ``(x, y, z)`` axis, None outside the volume."""
    length = volume.voxels.shape[2 - axis]
    if not -0.5 - _EDGE <= position <= length - 0.5 + _EDGE:
        return None
    clamped = min(max(position, 0.0), length - 1.0)
    low = min(int(clamped), max(length - 2, 0))
    weight = np.float32(clamped - low)
    first: npt.NDArray[np.float32] = volume.voxels.take(low, axis=2 - axis).astype(np.float32)
    if weight == 0:
        return first
    second = volume.voxels.take(low + 1, axis=2 - axis).astype(np.float32)
    mixed: npt.NDArray[np.float32] = first + (second - first) * weight
    return mixed


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """Where the pixels of one direction fall between the voxels of one axis."""

    low: npt.NDArray[np.intp]
    high: npt.NDArray[np.intp]
    weight: npt.NDArray[np.float32]
    inside: npt.NDArray[np.bool_]

    @classmethod
    def along(cls, start: float, step: float, count: int, length: int) -> _Axis:
        position = start + step * np.arange(count)
        inside = (position >= -0.5 - _EDGE) & (position <= length - 0.5 + _EDGE)
        clamped = np.clip(position, 0, length - 1)
        low = np.minimum(clamped.astype(np.intp), max(length - 2, 0))
        return cls(low, np.minimum(low + 1, length - 1), (clamped - low).astype(np.float32), inside)

    def interpolated(self, source: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return rows of ``source`` at the fractional places."""
        first = source[self.low]
        mixed: npt.NDArray[np.float32] = first + (source[self.high] - first) * self.weight[:, None]
        return mixed
