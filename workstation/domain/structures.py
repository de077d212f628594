"""Outlined structures of other systems: structure sets and segmentations as contours and points in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import ImagePlane

FloatArray = npt.NDArray[np.float64]
_UPRIGHT: Final = 1e-6
"""Cosine between a wall and a plane, below which the plane goes straight up the wall."""


@dataclass(frozen=True, slots=True, eq=False)
class FilmOutline:
    """
    A closed outline on an image that has no place in the patient.

    ``corners_px`` is ``(n, 2)``: columns and rows, pixel centres at integers. It belongs to an image of ``rows`` times
    ``columns`` only. ``frame`` counts from 1, None for every frame.
    """

    sop_instance_uid: str
    frame: int | None
    rows: int
    columns: int
    corners_px: FloatArray


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
    on_films: tuple[FilmOutline, ...] = ()

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
    ``sources`` are the UIDs of the series and the images that the object says it was drawn on.
    """

    origin: str
    label: str
    frame_of_reference_uid: str
    structures: tuple[Structure, ...]
    unusable: int = 0
    sources: frozenset[str] = frozenset()

    def frame_of(self, structure: Structure) -> str:
        """Return the frame of reference of one structure, empty where the object tells none."""
        return structure.frame_of_reference_uid or self.frame_of_reference_uid

    @property
    def elsewhere(self) -> int:
        """Return how many structures lie in another frame of reference than most."""
        return sum(self.frame_of(one) != self.frame_of_reference_uid for one in self.structures)


def wall_cut(
    contours: Sequence[FloatArray], normal: FloatArray, half_gap_mm: float, plane: ImagePlane
) -> list[FloatArray]:
    """
    Return the lines ``(n, 3)``, n at least 2, in which a plane meets the walls that stand on contours.

    A wall reaches ``half_gap_mm`` to either side along ``normal``, the contours' own unit normal: each stands for
    half the gap to its neighbours. Where a contour begins a line ends, so that one around all of it meets itself.
    """
    if not contours:
        return []
    facing = np.asarray(plane.normal)
    rise = float(normal @ facing)
    begins = np.concatenate(contours)
    ring_starts = np.cumsum([0, *(len(one) for one in contours[:-1])])
    following = np.arange(1, len(begins) + 1)
    following[[*(ring_starts[1:] - 1), -1]] = ring_starts
    away = begins @ facing - float(np.dot(plane.origin, facing))
    ends, change = begins[following], away[following] - away
    if abs(rise) < _UPRIGHT:
        through = np.flatnonzero((away < 0) != (away[following] < 0))
        feet = begins[through] - (away[through] / change[through])[:, None] * (ends - begins)[through]
        return list(np.stack([feet - normal * half_gap_mm, feet + normal * half_gap_mm], axis=1))
    reach, is_level = half_gap_mm * abs(rise), change == 0
    slope = np.where(is_level, 1.0, change)
    first, last = (-reach - away) / slope, (reach - away) / slope
    begin = np.where(is_level, 0.0, np.clip(np.minimum(first, last), 0, 1))
    end = np.where(is_level, np.abs(away) <= reach, np.clip(np.maximum(first, last), 0, 1))
    kept = end > begin
    goes_on = kept & (begin == 0) & np.roll(kept & (end == 1), 1)
    goes_on[ring_starts] = False

    def points(which: npt.NDArray[np.bool_], share: FloatArray) -> FloatArray:
        part = share[which][:, None]
        height = np.clip(-(away[which, None] + part * change[which, None]) / rise, -half_gap_mm, half_gap_mm)
        return np.asarray(begins[which] + part * (ends - begins)[which] + height * normal)

    starts = kept & ~goes_on
    parts = np.split(points(kept, end), np.flatnonzero(starts[kept])[1:])
    return [np.vstack([at, part]) for at, part in zip(points(starts, begin), parts, strict=False)]


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
