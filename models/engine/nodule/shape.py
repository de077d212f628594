"""Outlines and diameters of a nodule in patient millimetres."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.nodule.contours import is_hole, rings
from models.engine.nodule.sampling import BoolArray, Cube, on_volume_grid, smoothed
from workstation.domain import outline
from workstation.domain.geometry import Point
from workstation.domain.nodule import Axis, AxisPair, NoduleMask, SliceContour
from workstation.domain.volume import Volume

_LEVEL: Final = 0.5
_SOFTENING: Final = 0.7  # in grid steps; turns stairs into a surface and keeps the volume
_AXIAL: Final = 0.8
_LEAST_RING_MM2: Final = 0.5


def outlined(mask: BoolArray, cube: Cube, volume: Volume) -> tuple[NoduleMask, tuple[SliceContour, ...]]:
    """Return a cube's mask on the volume's own grid, and its outlines on the volume's slices."""
    soft = smoothed(mask.astype(np.float32), _SOFTENING * cube.step_mm, cube.step_mm)
    first, size = _box(mask, cube, volume)
    level = on_volume_grid(soft, cube, volume, first, size)
    x, y, z = (int(value) for value in first)
    native = NoduleMask(
        level > _LEVEL, (x, y, z), volume.ijk_to_lps, volume.frame_of_reference_uid, volume.series_instance_uid
    )
    contours = []
    column_mm, row_mm, _ = volume.spacing_mm
    for number, plane in enumerate(level):
        if plane.max() <= _LEVEL:
            continue
        for ring in rings(plane, _LEVEL):
            if len(ring) < 3 or outline.area(ring) * column_mm * row_mm < _LEAST_RING_MM2:
                continue
            points = volume.lps_of(np.column_stack([ring + first[:2], np.full(len(ring), first[2] + number)]))
            contours.append(SliceContour(z + number, _points(points), is_hole(ring)))
    return native, tuple(contours)


def axial_axes(
    mask: BoolArray, cube: Cube, volume: Volume, contours: tuple[SliceContour, ...]
) -> tuple[AxisPair, int] | None:
    """
    Return long and short axis in the slice of largest extent, and that slice's index in the volume.

    The volume's own slices serve where they are near axial; otherwise planes of constant z of the
    cube. None where no slice holds an outline.
    """
    normal = np.cross(volume.ijk_to_lps[:3, 0], volume.ijk_to_lps[:3, 1])
    if abs(normal[2]) > _AXIAL * np.linalg.norm(normal):
        flat = [(c.slice_index, np.array(c.points_lps_mm)) for c in contours if not c.hole]
    else:
        flat = _cube_outlines(mask, cube, volume)
    best: tuple[float, int, npt.NDArray[np.float64]] | None = None
    for number, points in flat:
        a, b = outline.longest_diameter(points)
        length = float(np.linalg.norm(points[a] - points[b]))
        if best is None or length > best[0]:
            best = (length, number, points)
    return None if best is None else (_pair_in_plane(best[2]), best[1])


def spatial_axes(mask: BoolArray, cube: Cube) -> AxisPair:
    """Return the longest diameter in space and the longest perpendicular to it; ``mask`` is not empty."""
    surface = cube.lps_of(np.argwhere(_surface(mask)))
    middle = surface.mean(axis=0)
    # voxel centres lie half a step inside the surface
    away = surface - middle
    surface = surface + away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9) * cube.step_mm / 2
    if len(surface) == 1:
        half = np.array([cube.step_mm / 2, 0, 0])
        return AxisPair(_axis(middle - half, middle + half), _axis(middle - half[[1, 0, 2]], middle + half[[1, 0, 2]]))
    surface = _thinned(surface)
    a, b = outline.longest_diameter(surface)
    direction = surface[b] - surface[a]
    direction = direction / np.linalg.norm(direction)
    flat = surface - np.outer((surface - middle) @ direction, direction)
    c, d = outline.longest_diameter(flat)
    return AxisPair(_axis(surface[a], surface[b]), _axis(flat[c], flat[d]))


def pair_of_mask(mask: BoolArray, cube: Cube) -> AxisPair | None:
    """Return long and short axis of a mask in its axial plane of largest extent, None for an empty one."""
    soft = smoothed(mask.astype(np.float32), _SOFTENING * cube.step_mm, cube.step_mm)
    best: tuple[float, npt.NDArray[np.float64]] | None = None
    for z in np.nonzero(soft.max(axis=(1, 2)) > _LEVEL)[0]:
        for ring in rings(soft[z], _LEVEL):
            if len(ring) < 3 or is_hole(ring):
                continue
            points = cube.lps_of(np.column_stack([np.full(len(ring), z), ring[:, ::-1]]))
            a, b = outline.longest_diameter(points)
            length = float(np.linalg.norm(points[a] - points[b]))
            if best is None or length > best[0]:
                best = (length, points)
    return None if best is None else _pair_in_plane(best[1])


def _pair_in_plane(points: npt.NDArray[np.float64]) -> AxisPair:
    """Return both axes of one outline whose ``(n, 3)`` points share a plane."""
    a, b = outline.longest_diameter(points)
    origin = points[a]
    right = (points[b] - origin) / np.linalg.norm(points[b] - origin)
    offsets = points - origin
    across = offsets - np.outer(offsets @ right, right)
    farthest = across[int(np.argmax(np.linalg.norm(across, axis=1)))]
    down = farthest / np.linalg.norm(farthest)
    flat = np.column_stack([offsets @ right, offsets @ down])
    start, end = outline.chord_across(flat, flat[a], flat[b])
    return AxisPair(
        _axis(points[a], points[b]),
        _axis(origin + start[0] * right + start[1] * down, origin + end[0] * right + end[1] * down),
    )


def _cube_outlines(mask: BoolArray, cube: Cube, volume: Volume) -> list[tuple[int, npt.NDArray[np.float64]]]:
    soft = smoothed(mask.astype(np.float32), _SOFTENING * cube.step_mm, cube.step_mm)
    found = []
    for z in np.nonzero(soft.max(axis=(1, 2)) > _LEVEL)[0]:
        for ring in rings(soft[z], _LEVEL):
            if len(ring) >= 3 and not is_hole(ring):
                points = cube.lps_of(np.column_stack([np.full(len(ring), z), ring[:, ::-1]]))
                found.append((round(float(volume.ijk_of(points.mean(axis=0))[2])), points))
    return found


def _box(mask: BoolArray, cube: Cube, volume: Volume) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the volume's box round a mask: index ``(x, y, z)`` of its first voxel, and its size."""
    where = np.argwhere(mask)
    low, high = where.min(axis=0) - 1, where.max(axis=0) + 1
    ends = (low, high)
    corners = cube.lps_of([[ends[a][0], ends[b][1], ends[c][2]] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
    ijk = volume.ijk_of(corners)
    last = np.array(volume.voxels.shape[::-1]) - 1
    first = np.clip(np.floor(ijk.min(axis=0)).astype(np.int64), 0, last)
    final = np.clip(np.ceil(ijk.max(axis=0)).astype(np.int64), 0, last)
    return first, final - first + 1


def _surface(mask: BoolArray) -> BoolArray:
    padded = np.pad(mask, 1)
    buried = mask.copy()
    for axis in range(3):
        for step in (-1, 1):
            buried &= np.roll(padded, step, axis=axis)[1:-1, 1:-1, 1:-1]
    return np.asarray(mask & ~buried, dtype=np.bool_)


def _thinned(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Keep the points that are extreme in some of 200 directions: the ends of a diameter are among them or near."""
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(200)
    z = 1 - (2 * np.arange(200) + 1) / 200
    directions = np.column_stack([np.sqrt(1 - z * z) * np.cos(turn), np.sqrt(1 - z * z) * np.sin(turn), z])
    kept: npt.NDArray[np.float64] = points[np.unique(np.argmax(points @ directions.T, axis=0))]
    return kept if len(kept) > 1 else points


def _axis(start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]) -> Axis:
    return Axis(_point(start), _point(end))


def _point(values: npt.NDArray[np.float64]) -> Point:
    return float(values[0]), float(values[1]), float(values[2])


def _points(values: npt.NDArray[np.float64]) -> tuple[Point, ...]:
    return tuple((x, y, z) for x, y, z in values.tolist())
