"""The three orthogonal planes in patient axes and the grid on which each is cut."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import product
from typing import Final

import numpy as np

from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.volume import Volume

_PARALLEL: Final = 1.0 - 1e-6
_SAME_SPACING: Final = 1e-5
"""Over a thousand pixels the last one is a hundredth of a voxel off then"""


class MprPlane(StrEnum):
    """Patient planes."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"

    @property
    def right(self) -> Point:
        """Return the patient direction to the right of the unturned picture."""
        return (0.0, 1.0, 0.0) if self is MprPlane.SAGITTAL else (1.0, 0.0, 0.0)

    @property
    def down(self) -> Point:
        """Return the patient direction downwards in the unturned picture."""
        return (0.0, 1.0, 0.0) if self is MprPlane.AXIAL else (0.0, 0.0, -1.0)

    @property
    def axis(self) -> int:
        """Return the patient axis (0 L, 1 P, 2 H) the plane is perpendicular to."""
        return {MprPlane.SAGITTAL: 0, MprPlane.CORONAL: 1, MprPlane.AXIAL: 2}[self]

    @property
    def token(self) -> str:
        """Return the theme colour of the plane."""
        return f"plane.{self.value}"


@dataclass(frozen=True, slots=True)
class PlaneGrid:
    """
    Where all slices of one MPR plane lie: a box in the patient, cut every ``step_mm`` along ``axis``.

    ``first_mm`` is the coordinate of slice 0 on that axis. ``layered`` means that slices
    coincide with voxel layers of the volume; ``acquired`` that they are the acquired images; ``on_voxels`` that
    their pixels are voxels, of whichever images.
    """

    corner: Point
    spacing_mm: float
    size: tuple[int, int]
    first_mm: float
    step_mm: float
    count: int
    layered: bool
    acquired: bool
    on_voxels: bool

    def index_of(self, coordinate_mm: float) -> int:
        """Return the slice nearest to a coordinate, clamped to the volume."""
        return min(max(round((coordinate_mm - self.first_mm) / self.step_mm), 0), self.count - 1)

    def coordinate_of(self, index: int) -> float:
        """Return the coordinate of a slice on the plane's axis."""
        return self.first_mm + index * self.step_mm


def plane_grid(volume: Volume, plane: MprPlane) -> PlaneGrid:
    """Return the grid of one plane that covers the whole volume at its finest voxel spacing."""
    low, high = _bounds(volume)
    axis = plane.axis
    spacing = min(volume.spacing_mm)
    layer_axis = _voxel_axis_along(volume, axis)
    if layer_axis is None:
        step, first = spacing, low[axis] + spacing / 2
        count = max(1, round((high[axis] - low[axis]) / spacing))
    else:
        step, count = volume.spacing_mm[layer_axis], volume.voxels.shape[2 - layer_axis]
        first = low[axis] + step / 2
    corner = list(low)
    extents = [abs(np.dot(direction, np.subtract(high, low))) for direction in (plane.right, plane.down)]
    # growing rows run towards the feet in coronal and sagittal pictures, so those start at the head
    corner[2] = high[2] if plane is not MprPlane.AXIAL else low[2]
    size = max(1, math.ceil(extents[0] / spacing - 1e-6)), max(1, math.ceil(extents[1] / spacing - 1e-6))
    x, y, z = (float(value) for value in corner)
    return PlaneGrid(
        (x, y, z),
        spacing,
        size,
        float(first),
        float(step),
        count,
        layer_axis is not None,
        _is_acquired(volume, plane),
        _is_on_voxels(volume, plane),
    )


def _is_acquired(volume: Volume, plane: MprPlane) -> bool:
    """Tell whether the pixels of this plane are voxels: same layers, rows and columns along theirs, same spacing."""
    along = [_voxel_axis_along(volume, int(np.argmax(np.abs(way)))) for way in (plane.right, plane.down)]
    column, row, layer = volume.spacing_mm
    is_finest = math.isclose(column, row, rel_tol=1e-4) and column <= layer * (1 + 1e-4)
    return _voxel_axis_along(volume, plane.axis) == 2 and set(along) == {0, 1} and is_finest


def _is_on_voxels(volume: Volume, plane: MprPlane) -> bool:
    """Tell whether every pixel of this plane is one voxel: rows and columns along theirs, at the same spacing."""
    if _is_acquired(volume, plane):
        return True
    axes = [_voxel_axis_along(volume, int(np.argmax(np.abs(way)))) for way in (plane.right, plane.down)]
    finest = min(volume.spacing_mm)
    return _voxel_axis_along(volume, plane.axis) is not None and all(
        axis is not None and math.isclose(volume.spacing_mm[axis], finest, rel_tol=_SAME_SPACING) for axis in axes
    )


def image_plane(grid: PlaneGrid, plane: MprPlane, coordinate_mm: float) -> ImagePlane:
    """Return the image plane of one slice at a coordinate of the plane's axis."""
    half = grid.spacing_mm / 2
    origin = np.asarray(grid.corner) + half * np.add(plane.right, plane.down)
    origin[plane.axis] = coordinate_mm
    x, y, z = origin.tolist()
    return ImagePlane((x, y, z), plane.right, plane.down, (grid.spacing_mm, grid.spacing_mm))


@cache
def other_planes(plane: MprPlane) -> tuple[MprPlane, ...]:
    """Return the two planes that cut this one."""
    return tuple(other for other in MprPlane if other is not plane)


def _bounds(volume: Volume) -> tuple[list[float], list[float]]:
    z, y, x = volume.voxels.shape
    corners = volume.lps_of(list(product((-0.5, x - 0.5), (-0.5, y - 0.5), (-0.5, z - 0.5))))
    low: list[float] = corners.min(axis=0).tolist()
    high: list[float] = corners.max(axis=0).tolist()
    return low, high


def _voxel_axis_along(volume: Volume, patient_axis: int) -> int | None:
    """Return the voxel axis parallel to a patient axis when the other two are perpendicular to it, else None."""
    directions = volume.ijk_to_lps[:3, :3] / np.linalg.norm(volume.ijk_to_lps[:3, :3], axis=0)
    row = np.abs(directions[patient_axis])
    strongest = int(np.argmax(row))
    # a tilted gantry leans the slice axis: then layers are not perpendicular to anything
    others_flat = all(row[axis] < 1e-4 for axis in range(3) if axis != strongest)
    return strongest if row[strongest] > _PARALLEL and others_flat else None
