"""Where a plane meets the structures of another system: contours, borders of cuts, open lines and single points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import ImagePlane
from workstation.domain.structures import FloatArray, Structure, line_on, points_on, wall_cut

_PARALLEL: Final = 0.999
_LEVEL_MM: Final = 0.05
"""A contour that lies level within this has one place only: no part of it reaches into a slice that is not its own."""
_LEAST_AREA_MM2: Final = 1e-3
"""Less is a line: contours are told in hundredths of a millimetre at best."""


@dataclass(frozen=True, slots=True, eq=False)
class Met:
    """
    What a plane shows of one structure, in LPS millimetres: rings, lines ``(n, 3)``, and ``(n, 3)`` single places.

    It is never empty.
    """

    structure: Structure
    rings: tuple[FloatArray, ...]
    lines: tuple[FloatArray, ...]
    places: FloatArray


class StructureIndex:
    """The lines of a structure in one array, so that a plane asks all of them at once."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        contours, lines = structure.contours, structure.open_lines
        self._normal, self._half_gap = _normal_of(contours), 0.5
        if contours and not self._normal.any():  # each goes there and back: it lies in no plane of its own
            lines = (*lines, *(np.concatenate([one, one[:1]]) for one in contours))
            contours = ()
        self._closed, self._open = _Lines(contours), _Lines(lines)
        places = np.unique(np.round([float(one[0] @ self._normal) for one in contours], 2))
        if len(places) > 1:
            self._half_gap = float(np.median(np.diff(places))) / 2

    def on(self, plane: ImagePlane, half: float) -> Met | None:
        """Return what lies within ``half`` millimetres of the plane or crosses it, None where it misses all."""
        rings, lines = self._closed_on(plane, half)
        touched = [points_on(self.structure.points, plane, half)]
        for line in self._open.near(plane, half):
            parts, places = line_on(line, plane, half)
            lines += parts
            touched.append(places)
        places = np.concatenate(touched)
        found = rings or lines or len(places)
        return Met(self.structure, tuple(rings), tuple(lines), places) if found else None

    def _closed_on(self, plane: ImagePlane, half: float) -> tuple[list[FloatArray], list[FloatArray]]:
        """Return closed contours that lie in the plane whole, and the lines where it meets the walls of the others."""
        rise = abs(float(np.asarray(plane.normal) @ self._normal))
        rings, others = self._closed.parted(plane, half if rise > _PARALLEL else 0.0, self._half_gap * rise)
        return rings, wall_cut(others, self._normal, self._half_gap, plane)


class _Lines:
    """Lines of points that are asked together how far they lie from a plane."""

    def __init__(self, lines: Sequence[FloatArray]) -> None:
        self._lines = lines
        self._points = np.concatenate(lines) if lines else np.empty((0, 3))
        self._starts = np.cumsum([0, *(len(one) for one in lines[:-1])])

    def parted(self, plane: ImagePlane, half: float, reach: float) -> tuple[list[FloatArray], list[FloatArray]]:
        """
        Return the lines that lie within ``half`` of the plane whole, and others that come within ``reach`` of it.

        With no ``half`` the plane stands across the lines, and all are others; else what lies level counts whole only.
        """
        least, most = self._reach(plane)
        whole = (-half < least) & (most <= half) & (half > 0)
        touched = (least <= reach) & (most >= -reach) & ~whole
        return self._of(whole), self._of(touched & ((half == 0) | (most - least > _LEVEL_MM)))

    def near(self, plane: ImagePlane, half: float) -> list[FloatArray]:
        """Return the lines that come within half a slice of the plane or cross it."""
        least, most = self._reach(plane)
        return self._of((least <= half) & (most >= -half))

    def _of(self, which: npt.NDArray[np.bool_]) -> list[FloatArray]:
        return [self._lines[int(n)] for n in np.flatnonzero(which)]

    def _reach(self, plane: ImagePlane) -> tuple[FloatArray, FloatArray]:
        if not len(self._points):
            return np.empty(0), np.empty(0)
        normal = np.asarray(plane.normal)
        away = self._points @ normal - float(np.dot(plane.origin, normal))
        return np.minimum.reduceat(away, self._starts), np.maximum.reduceat(away, self._starts)


def _normal_of(contours: Sequence[FloatArray]) -> FloatArray:
    """
    Return the unit normal of the contour with the most points that encloses anything, zeros where none does.

    Any one may be a slip of the pen: three points on a line, or at one place.
    """
    for one in sorted(contours, key=len, reverse=True):
        corners = np.cross(one - one[0], np.roll(one, -1, axis=0) - one[0]).sum(axis=0)
        size = float(np.linalg.norm(corners))
        if size >= 2 * _LEAST_AREA_MM2:
            return np.asarray(corners / size)
    return np.zeros(3)
