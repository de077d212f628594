"""
What one viewport's place in the patient means in another: pure geometry, no state.

All functions take ``matrix``, the 4 x 4 map of LPS millimetres from the source's frame of reference to the
target's; who has none (``Registrations.matrix``) is not linked.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from viewers.scene.camera import Camera
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.registration import Matrix, moved

PARALLEL_DEGREES: Final = 5.0
"""Planes that lean more against each other are not scrolled together: 100 mm from the middle 5 degrees are 9 mm."""
_PARALLEL: Final = math.cos(math.radians(PARALLEL_DEGREES))

Segment = tuple[tuple[float, float], tuple[float, float]]


def displayed_plane(scene: Scene) -> ImagePlane | None:
    """Return the plane on screen, also of a slice whose pixels are still on their way; a rendered volume has none."""
    if isinstance(scene, VolumeScene):
        return None
    view = scene.view((1.0, 1.0))
    if view is not None:
        return view.plane
    return scene.slots[scene.index].plane if isinstance(scene, StackScene) else None


def displayed_size(scene: Scene) -> tuple[int, int] | None:
    """Return (columns, rows) of the picture on screen, None while there is none."""
    view = scene.view((1.0, 1.0))
    return None if view is None else view.size


def middle_of(plane: ImagePlane, size: tuple[int, int] | None) -> Point:
    """Return the patient point in the middle of a picture, the plane's origin where the size is unknown."""
    return plane.origin if size is None else plane.lps_of((size[0] - 1) / 2, (size[1] - 1) / 2)


def are_parallel(source: ImagePlane, target: ImagePlane, matrix: Matrix) -> bool:
    """Tell whether two planes lie alike once the source is turned into the target's frame; the side does not count."""
    x, y, z = source.normal
    normal = matrix[:3, :3] @ np.array((x, y, z))
    return abs(float(np.dot(normal, target.normal))) >= _PARALLEL


def shifted(matrix: Matrix, offset_mm: Point) -> Matrix:
    """Return the map followed by a shift in the target's frame."""
    result = matrix.copy()
    result[:3, 3] += offset_mm
    return result


def offset_onto(source_point: Point, target: ImagePlane, matrix: Matrix) -> Point:
    """Return the shift along the target's normal that brings a source's point onto the target plane."""
    distance = target.distance_mm(moved(source_point, matrix))
    x, y, z = (-distance * along for along in target.normal)
    return x, y, z


def linked_camera(source: SliceView, target: SliceView, matrix: Matrix) -> Camera | None:
    """
    Return the target's camera at the source's scale: as many pixels for a millimetre.

    Parallel planes also show the same point in the middle. Rotation and flip stay the reader's own.
    None without millimetres on either side.
    """
    wanted, own = source.px_per_mm, target.px_per_mm
    if wanted is None or own is None or source.plane is None or target.plane is None:
        return None
    camera = target.camera.zoomed(wanted / own)
    if not are_parallel(source.plane, target.plane, matrix):
        return camera
    width, height = source.viewport
    middle = moved(source.lps_of(width / 2, height / 2), matrix)
    x, y = SliceView(target.size, target.viewport, camera, target.plane).viewport_of(middle)
    return camera.panned(target.viewport[0] / 2 - x, target.viewport[1] / 2 - y)


def reference_line(source: ImagePlane, size: tuple[int, int], target: SliceView, matrix: Matrix) -> Segment | None:
    """
    Return where the source picture cuts the target picture, in viewport pixels, clipped to both pictures.

    None for planes that do not cross, or cross outside either picture.
    """
    if target.plane is None:
        return None
    corners = [
        moved(source.lps_of(column, row), matrix)
        for column, row in ((-0.5, -0.5), (size[0] - 0.5, -0.5), (size[0] - 0.5, size[1] - 0.5), (-0.5, size[1] - 0.5))
    ]
    ends = _crossing(corners, target.plane)
    if ends is None:
        return None
    pixels = [target.plane.pixel_of(end) for end in ends]
    inside = _clipped(pixels[0], pixels[1], target.size)
    if inside is None:
        return None
    return target.transform.apply(*inside[0]), target.transform.apply(*inside[1])


def _crossing(corners: list[Point], plane: ImagePlane) -> tuple[Point, Point] | None:
    """Return the two points where the outline of a rectangle passes through a plane."""
    heights = [plane.distance_mm(corner) for corner in corners]
    found: list[Point] = []
    for n in range(4):
        first, second = heights[n], heights[(n + 1) % 4]
        if (first < 0) == (second < 0):
            continue
        share = first / (first - second)
        x, y, z = (a + share * (b - a) for a, b in zip(corners[n], corners[(n + 1) % 4], strict=True))
        found.append((x, y, z))
    return (found[0], found[1]) if len(found) == 2 else None


def _clipped(
    first: tuple[float, float], second: tuple[float, float], size: tuple[int, int]
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return the part of a line inside the picture (Liang and Barsky), None when it misses."""
    enter, leave = 0.0, 1.0
    for axis in (0, 1):
        start, step = first[axis], second[axis] - first[axis]
        low, high = -0.5, size[axis] - 0.5
        if step == 0:
            if not low <= start <= high:
                return None
            continue
        near, far = sorted(((low - start) / step, (high - start) / step))
        enter, leave = max(enter, near), min(leave, far)
    if enter >= leave:
        return None
    a, b = (
        (first[0] + share * (second[0] - first[0]), first[1] + share * (second[1] - first[1]))
        for share in (enter, leave)
    )
    return a, b


def projected(point: Point, plane: ImagePlane) -> Point:
    """Return a point's projection on a plane."""
    distance = plane.distance_mm(point)
    x, y, z = (at - distance * along for at, along in zip(point, plane.normal, strict=True))
    return x, y, z
