"""Three planes turned freely about the crosshair: rigid motions of the patient planes, in plain numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from weakref import WeakMethod

import numpy as np
import numpy.typing as npt

from viewers.scene.mpr_plane import MprPlane, PlaneGrid, image_plane, other_planes
from viewers.scene.path_draft import PathDraft
from viewers.scene.slab import Slab
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.volume import Volume

_SAME: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PlanePose:
    """
    Where a plane stands: its standard place moved by a rotation (3 x 3) and then a shift in mm.

    A rigid motion of the whole stack of slices keeps the crosshair where it is on the screen
    while the planes turn about it.
    """

    rotation: npt.NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    shift_mm: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))

    @property
    def is_standard(self) -> bool:
        """Tell whether the plane was never turned."""
        return bool(np.abs(self.rotation - np.eye(3)).max() < _SAME and np.abs(self.shift_mm).max() < _SAME)

    def turned(self, pivot: Point, axis: Point, radians: float) -> PlanePose:
        """Return the pose after a right-handed turn about an axis through a patient point."""
        turn = rotation_about(axis, radians)
        return PlanePose(turn @ self.rotation, turn @ (self.shift_mm - pivot) + pivot)

    def direction(self, standard: Point) -> Point:
        """Return where a direction of the standard plane points now."""
        return _point(self.rotation @ standard)

    def point(self, standard: Point) -> Point:
        """Return where a point of the standard plane lies now."""
        return _point(self.rotation @ standard + self.shift_mm)

    def standard_point(self, lps_mm: Point) -> Point:
        """Return the point of the standard plane that lies at a patient point now."""
        return _point(self.rotation.T @ (np.asarray(lps_mm) - self.shift_mm))

    def plane(self, standard: ImagePlane) -> ImagePlane:
        """Return an image plane moved along."""
        return ImagePlane(
            self.point(standard.origin),
            self.direction(standard.right),
            self.direction(standard.down),
            standard.spacing_mm,
        )


STANDARD: Final = PlanePose()


@dataclass(frozen=True, slots=True, eq=False)
class ObliqueFrame:
    """The poses of the three planes; they begin as axial, coronal and sagittal."""

    poses: Mapping[MprPlane, PlanePose] = field(
        default_factory=lambda: MappingProxyType(dict.fromkeys(MprPlane, STANDARD))
    )

    @property
    def is_standard(self) -> bool:
        """Tell whether all planes are patient planes."""
        return all(pose.is_standard for pose in self.poses.values())

    def normal(self, plane: MprPlane) -> Point:
        """Return the direction in which a plane's slices follow one another."""
        axis = [0.0, 0.0, 0.0]
        axis[plane.axis] = 1.0
        return self.poses[plane].direction((axis[0], axis[1], axis[2]))

    def picture_axes(self, plane: MprPlane) -> tuple[Point, Point]:
        """Return the patient directions to the right and down in a plane's unturned picture."""
        pose = self.poses[plane]
        return pose.direction(plane.right), pose.direction(plane.down)

    def turned(self, shown: MprPlane, pivot: Point, radians: float, *, only: MprPlane | None = None) -> ObliqueFrame:
        """
        Turn the planes that cut ``shown`` about its normal through ``pivot``.

        Positive turns go from the picture's right towards its bottom. Both other planes turn
        together and stay perpendicular; with ``only`` one of them turns alone (double oblique).
        """
        right, down = self.picture_axes(shown)
        axis = _point(np.cross(right, down))
        moving = other_planes(shown) if only is None else (only,)
        poses = {
            plane: pose.turned(pivot, axis, radians) if plane in moving else pose for plane, pose in self.poses.items()
        }
        return ObliqueFrame(MappingProxyType(poses))


class PlaneSet:
    """Frame, slabs and path that the three scenes of a volume share; they watch it to follow each other's turns."""

    def __init__(self) -> None:
        self.frame = ObliqueFrame()
        self.slabs: dict[MprPlane, Slab] = dict.fromkeys(MprPlane, Slab())
        self.path = PathDraft()
        self._watchers: list[WeakMethod[Callable[[], None]]] = []

    def watch(self, changed: Callable[[], None]) -> None:
        """
        Call a bound method back after every change, as long as its object lives.

        Scenes hold what they watch: were they held in turn, the voxels of a closed case would stay in memory.
        """
        self._watchers.append(WeakMethod(changed))

    def change(self, frame: ObliqueFrame) -> None:
        """Take another frame and tell the scenes."""
        self.frame = frame
        self._tell()

    def set_slab(self, plane: MprPlane, slab: Slab) -> None:
        """Give one plane another slab and tell the scenes, which draw each other's limits."""
        self.slabs[plane] = slab
        self._tell()

    def set_path(self, path: PathDraft) -> None:
        """Take another state of the path that is being drawn and tell the scenes."""
        self.path = path
        self._tell()

    def _tell(self) -> None:
        self._watchers = [watcher for watcher in self._watchers if watcher() is not None]
        for watcher in self._watchers:
            if (changed := watcher()) is not None:
                changed()


def rotation_about(axis: Point, radians: float) -> npt.NDArray[np.float64]:
    """Return the 3 x 3 right-handed rotation about a direction. *Source:* Rodrigues' formula."""
    unit = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    x, y, z = unit
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turn: npt.NDArray[np.float64] = np.eye(3) + math.sin(radians) * cross + (1 - math.cos(radians)) * (cross @ cross)
    return turn


def posed_grid(volume: Volume, plane: MprPlane, grid: PlaneGrid, pose: PlanePose) -> PlaneGrid:
    """Return the grid of a turned plane: the same picture frame, scrolled through the volume at its finest spacing."""
    if pose.is_standard:
        return grid
    z, y, x = volume.voxels.shape
    ends = [(i, j, k) for i in (-0.5, x - 0.5) for j in (-0.5, y - 0.5) for k in (-0.5, z - 0.5)]
    along = (volume.lps_of(ends) - pose.shift_mm) @ pose.rotation[:, plane.axis]
    step = grid.spacing_mm
    low, high = float(along.min()), float(along.max())
    count = max(1, round((high - low) / step))
    return PlaneGrid(
        grid.corner, step, grid.size, low + step / 2, step, count, layered=False, acquired=False, on_voxels=False
    )


def posed_plane(grid: PlaneGrid, plane: MprPlane, coordinate_mm: float, pose: PlanePose) -> ImagePlane:
    """Return the image plane of one slice of a turned plane."""
    return pose.plane(image_plane(grid, plane, coordinate_mm))


def turn_between(shown: ImagePlane, pivot: Point, start: Point, end: Point) -> float:
    """Return the angle from ``start`` to ``end`` round ``pivot`` in a displayed plane, right towards down positive."""
    angles = []
    for point in (start, end):
        offset = np.subtract(point, pivot)
        angles.append(math.atan2(float(offset @ shown.down), float(offset @ shown.right)))
    # the short way round: a drag never turns by more than half a circle between two moves
    return math.remainder(angles[1] - angles[0], 2 * math.pi)


def _point(values: npt.NDArray[np.float64]) -> Point:
    x, y, z = values.tolist()
    return x, y, z
