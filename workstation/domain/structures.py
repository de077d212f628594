"""Outlined structures of other systems: structure sets and segmentations as contours and points in the patient."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import ImagePlane

FloatArray = npt.NDArray[np.float64]
Segment = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """
    One outlined structure; all arrays hold LPS millimetres.

    A contour is ``(n, 3)``, n at least 3, whose last point joins the first; an open line is ``(n, 3)``, n at least 2.
    ``points`` is ``(n, 3)``: places that stand for themselves.
    """

    number: int
    name: str
    contours: tuple[FloatArray, ...]
    colour: tuple[int, int, int] | None = None
    """Red, green, blue 0 to 255 as its maker wishes it shown, None for no wish."""
    open_lines: tuple[FloatArray, ...] = ()
    points: FloatArray = field(default_factory=lambda: np.empty((0, 3)))
    frame_of_reference_uid: str = ""
    """Where it lies, empty for the frame of its set"""

    def __post_init__(self) -> None:
        if not all(_is_line(contour, 3) for contour in self.contours):
            raise ValueError("a contour has at least three finite points in space")
        if not all(_is_line(line, 2) for line in self.open_lines):
            raise ValueError("an open line has at least two finite points in space")
        if not _is_line(self.points, 0):
            raise ValueError("points are finite and lie in space")


@dataclass(frozen=True, slots=True, eq=False)
class StructureSet:
    """
    The structures of one object, with where it came from (its SOP Instance UID) and in which frame most of them lie.

    ``unusable`` counts the contours that nobody sees: without usable points, of an unknown kind or of no structure.
    """

    origin: str
    label: str
    frame_of_reference_uid: str
    structures: tuple[Structure, ...]
    unusable: int = 0

    def frame_of(self, structure: Structure) -> str:
        """Return the frame of reference of one structure, empty where the object tells none."""
        return structure.frame_of_reference_uid or self.frame_of_reference_uid

    @property
    def elsewhere(self) -> int:
        """Return how many structures lie in another frame of reference than most."""
        return sum(self.frame_of(one) != self.frame_of_reference_uid for one in self.structures)


def outlines_on(structure: Structure, plane: ImagePlane, half_step_mm: float) -> list[FloatArray]:
    """Return the contours that lie in the plane, within ``half_step_mm`` on either side of it."""
    normal = np.asarray(plane.normal)
    origin = float(np.dot(plane.origin, normal))
    found = []
    for contour in structure.contours:
        away = contour @ normal - origin
        if -half_step_mm < away.min() and away.max() <= half_step_mm:
            found.append(contour)
    return found


def cuts_of(structure: Structure, plane: ImagePlane) -> list[Segment]:
    """
    Return the segments in which the contours' own planes cut across the displayed plane.

    A contour that crosses the plane is cut at an even number of points; inside lies between each
    odd one and the next. Contours parallel to the plane give none (``outlines_on`` has them).
    """
    normal = np.asarray(plane.normal)
    origin = float(np.dot(plane.origin, normal))
    segments: list[Segment] = []
    for contour in structure.contours:
        away = contour @ normal - origin
        following = np.roll(away, -1)
        crossing = np.flatnonzero((away < 0) != (following < 0))
        if len(crossing) < 2:
            continue
        share = (away[crossing] / (away[crossing] - following[crossing]))[:, None]
        points = contour[crossing] * (1 - share) + np.roll(contour, -1, axis=0)[crossing] * share
        along = points - points[0]
        direction = along[int(np.argmax((along**2).sum(axis=1)))]
        points = points[np.argsort(points @ direction)]
        for first, second in zip(points[::2], points[1::2], strict=True):
            segments.append((_point(first), _point(second)))
    return segments


def line_on(line: FloatArray, plane: ImagePlane, half_step_mm: float) -> tuple[list[FloatArray], FloatArray]:
    """
    Return the parts of an open line that lie within ``half_step_mm`` of the plane, and ``(n, 3)`` single places.

    A part has two points or more. The places are where the line only touches the plane's slice or goes through it.
    """
    normal = np.asarray(plane.normal)
    away = line @ normal - float(np.dot(plane.origin, normal))
    inside = (-half_step_mm < away) & (away <= half_step_mm)
    runs = np.split(np.arange(len(line)), np.flatnonzero(np.diff(inside)) + 1)
    held = [run for run in runs if inside[run[0]]]
    through = np.flatnonzero(((away[:-1] < 0) != (away[1:] < 0)) & ~inside[:-1] & ~inside[1:])
    share = (away[through] / (away[through] - away[through + 1]))[:, None]
    crossings = line[through] * (1 - share) + line[through + 1] * share
    touched = [line[run] for run in held if len(run) == 1]
    return [line[run] for run in held if len(run) > 1], np.concatenate([*touched, crossings])


def points_on(points: FloatArray, plane: ImagePlane, half_step_mm: float) -> FloatArray:
    """Return those of ``(n, 3)`` points that lie within ``half_step_mm`` of the plane."""
    away = (points - np.asarray(plane.origin)) @ np.asarray(plane.normal)
    near: FloatArray = points[(-half_step_mm < away) & (away <= half_step_mm)]
    return near


def _is_line(points: FloatArray, least: int) -> bool:
    return points.ndim == 2 and points.shape[1] == 3 and len(points) >= least and bool(np.isfinite(points).all())


def _point(values: FloatArray) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
