"""Outlined structures of other systems: structure sets and segmentations as closed contours in the patient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import ImagePlane

FloatArray = npt.NDArray[np.float64]
Segment = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """One outlined structure; a contour is an ``(n, 3)`` array of LPS millimetres whose last point joins the first."""

    number: int
    name: str
    contours: tuple[FloatArray, ...]
    colour: tuple[int, int, int] | None = None
    """Red, green, blue 0 to 255 as its maker wishes it shown, None for no wish."""

    def __post_init__(self) -> None:
        for contour in self.contours:
            if contour.ndim != 2 or contour.shape[1] != 3 or len(contour) < 3 or not np.isfinite(contour).all():
                raise ValueError("a contour has at least three finite points in space")


class LeftOut(StrEnum):
    """Why something in an object is not drawn."""

    POINT = "point"
    """Contours that are one point"""
    OPEN = "open"
    """Contours that are not closed"""
    OTHER_FRAME = "other_frame"
    """Whole structures in another frame of reference than the rest"""
    DAMAGED = "damaged"
    """Contours without usable points, of a kind that is not known, or of no named structure"""


@dataclass(frozen=True, slots=True, eq=False)
class StructureSet:
    """
    The structures of one object, with where it came from (its SOP Instance UID) and in which frame they lie.

    ``left_out`` counts what the object holds and nobody sees.
    """

    origin: str
    label: str
    frame_of_reference_uid: str
    structures: tuple[Structure, ...]
    left_out: tuple[tuple[LeftOut, int], ...] = ()


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


def _point(values: FloatArray) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
