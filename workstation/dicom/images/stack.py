"""
Is a series one regular stack of slices? Pure geometry, told in words a reader understands.

Slices are ordered by their position along the normal, never by instance number (PS3.3 C.7.6.2.1.1).
What counts as regular:

* silent: slice positions within 1 % of the spacing of an even grid (rounded decimals in the header);
* ``unequal`` with a volume: off by up to 10 % of the spacing, less than interpolation itself smears;
  the reader is told the largest error in millimetres;
* anything more (a gap, a tilted gantry, duplicates, mixed orientation, size or pixel spacing, missing
  geometry) still shows as a stack of 2D images, and makes no volume: nothing is interpolated silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from resources.translation import tr, trn
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.study import DecodeWarning, Instance

SAME_POSITION_MM: Final = 0.01
GAP_FACTOR: Final = 1.5
SILENT_FRACTION: Final = 0.01
ALLOWED_FRACTION: Final = 0.1
DIRECTION_TOLERANCE: Final = 1e-3
"""Largest difference of direction cosines within one stack, about 0.06 degrees."""
SPACING_TOLERANCE: Final = 1e-3
"""Largest relative difference of pixel spacing within one stack."""
TILT_PIXELS: Final = 0.5
"""In-plane drift from the first to the last slice that counts as tilt, in pixels."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Position and directions of one slice, with pixel spacing and size where known."""

    origin: Point
    right: Point
    down: Point
    spacing_mm: tuple[float, float] | None = None
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class StackGeometry:
    """
    What the positions of a series say.

    ``order`` holds input indices by position along the normal. ``spacing_mm`` is the typical distance
    between slices along the normal and ``step`` the mean vector from slice to slice, both None below
    two positions. ``blockers`` are the warnings that forbid a volume.
    """

    order: tuple[int, ...]
    spacing_mm: float | None = None
    step: Point | None = None
    tilt_degrees: float = 0.0
    warnings: tuple[DecodeWarning, ...] = ()
    blockers: tuple[DecodeWarning, ...] = ()

    @property
    def is_regular(self) -> bool:
        """Return whether the stack is one regular grid, small irregularities of position included."""
        return self.step is not None and not self.blockers


def describe_stack(instances: Sequence[Instance]) -> StackGeometry:
    """Describe the stack that single-frame instances form."""
    return describe([_placement(one.plane, (one.rows, one.columns)) for one in instances])


def describe(placements: Sequence[Placement | None]) -> StackGeometry:
    """Describe a stack from placements in any order; None stands for an image without position."""
    placed = [n for n, one in enumerate(placements) if one is not None]
    blockers = _missing(placements)
    known = [one for one in placements if one is not None]
    if not known:
        return StackGeometry(tuple(range(len(placements))), warnings=tuple(blockers), blockers=tuple(blockers))
    blockers += _mixed(known)
    if _orientation_groups(known).max(initial=0) > 0:
        order = _grouped_order(known, placed)
        order += [n for n in range(len(placements)) if n not in set(placed)]
        return StackGeometry(tuple(order), warnings=tuple(blockers), blockers=tuple(blockers))
    along = _along_normal(known)
    ranking = np.argsort(along, kind="stable")
    order = [placed[k] for k in ranking] + [n for n, one in enumerate(placements) if one is None]
    sorted_along = along[ranking]
    steps = np.diff(sorted_along)
    origins = np.array([known[k].origin for k in ranking])
    distinct = np.concatenate(([True], steps > SAME_POSITION_MM))
    if not distinct.all():
        blockers.append(_duplicates(int((~distinct).sum())))
    if distinct.sum() < 2:
        return StackGeometry(tuple(order), warnings=tuple(blockers), blockers=tuple(blockers))
    positions, origins = sorted_along[distinct], origins[distinct]
    spacing = float(np.median(np.diff(positions)))
    mean_step = (origins[-1] - origins[0]) / (len(origins) - 1)
    tilt, tilted = _tilt(known, mean_step, len(origins))
    if tilted:
        blockers.append(_tilted(tilt))
    uneven, blocking = _evenness(positions, spacing)
    warnings = [*blockers, *uneven]
    return StackGeometry(
        order=tuple(order),
        spacing_mm=spacing,
        step=(float(mean_step[0]), float(mean_step[1]), float(mean_step[2])),
        tilt_degrees=tilt,
        warnings=tuple(warnings),
        blockers=(*blockers, *(uneven if blocking else [])),
    )


def _placement(plane: ImagePlane | None, size: tuple[int, int]) -> Placement | None:
    return None if plane is None else Placement(plane.origin, plane.right, plane.down, plane.spacing_mm, size)


def _missing(placements: Sequence[Placement | None]) -> list[DecodeWarning]:
    without_position = sum(one is None for one in placements)
    without_spacing = sum(one is not None and one.spacing_mm is None for one in placements)
    found = []
    if without_position:
        text = trn(
            "{count} of {total} images has no position or orientation.",
            "{count} of {total} images have no position or orientation.",
            without_position,
            total=len(placements),
        )
        found.append(DecodeWarning("position", text))
    if without_spacing:
        text = trn(
            "{count} of {total} images has no pixel spacing: distances cannot be measured.",
            "{count} of {total} images have no pixel spacing: distances cannot be measured.",
            without_spacing,
            total=len(placements),
        )
        found.append(DecodeWarning("spacing", text))
    return found


def _mixed(known: Sequence[Placement]) -> list[DecodeWarning]:
    found = []
    if _orientation_groups(known).max(initial=0) > 0:
        found.append(DecodeWarning("mixed_orientation", tr("The images of this series have different orientations.")))
    if len({one.size for one in known}) > 1:
        found.append(DecodeWarning("mixed_size", tr("The images of this series have different sizes.")))
    spacings = np.array([one.spacing_mm for one in known if one.spacing_mm is not None]).reshape(-1, 2)
    if len(spacings) and (np.ptp(spacings, axis=0) > SPACING_TOLERANCE * spacings.min(axis=0)).any():
        found.append(DecodeWarning("mixed_spacing", tr("The images of this series have different pixel spacings.")))
    return found


def _orientation_groups(known: Sequence[Placement]) -> npt.NDArray[np.int64]:
    """Number the distinct orientations by first appearance."""
    cosines = np.array([[*one.right, *one.down] for one in known])
    groups = np.full(len(known), -1, dtype=np.int64)
    count = 0
    while (groups < 0).any():
        reference = cosines[int(np.argmax(groups < 0))]
        same = (np.abs(cosines - reference) <= DIRECTION_TOLERANCE).all(axis=1)
        groups[same & (groups < 0)] = count
        count += 1
    return groups


def _grouped_order(known: Sequence[Placement], placed: Sequence[int]) -> list[int]:
    groups = _orientation_groups(known)
    order: list[int] = []
    for group in range(int(groups.max()) + 1):
        members = np.flatnonzero(groups == group)
        along = _along_normal([known[int(k)] for k in members])
        order += [placed[int(members[k])] for k in np.argsort(along, kind="stable")]
    return order


def _along_normal(known: Sequence[Placement]) -> npt.NDArray[np.float64]:
    normal = np.cross(known[0].right, known[0].down)
    along: npt.NDArray[np.float64] = np.array([one.origin for one in known], dtype=np.float64) @ normal
    return along


def _duplicates(count: int) -> DecodeWarning:
    text = trn(
        "{count} image lies at the same position as another.",
        "{count} images lie at the same position as another.",
        count,
    )
    return DecodeWarning("duplicate", text)


def _tilt(known: Sequence[Placement], mean_step: npt.NDArray[np.float64], count: int) -> tuple[float, bool]:
    normal = np.cross(known[0].right, known[0].down)
    along = float(mean_step @ normal)
    across = float(np.linalg.norm(mean_step - along * normal))
    pixel = min((min(one.spacing_mm) for one in known if one.spacing_mm is not None), default=1.0)
    return float(np.degrees(np.arctan2(across, along))), across * (count - 1) > TILT_PIXELS * pixel


def _tilted(degrees: float) -> DecodeWarning:
    text = tr("The slices are tilted by {degrees} degrees against the stack.", degrees=f"{degrees:.1f}")
    return DecodeWarning("tilt", text)


def _evenness(positions: npt.NDArray[np.float64], spacing: float) -> tuple[list[DecodeWarning], bool]:
    """Return the warnings about uneven positions and whether they forbid a volume."""
    steps = np.diff(positions)
    gaps = np.flatnonzero(steps > GAP_FACTOR * spacing)
    if len(gaps):
        first = int(gaps[0])
        text = trn(
            "Slices are missing in {count} place, after image {number}: {gap} mm instead of {spacing} mm.",
            "Slices are missing in {count} places, first after image {number}: {gap} mm instead of {spacing} mm.",
            len(gaps),
            number=first + 1,
            gap=f"{steps[first]:.2f}",
            spacing=f"{spacing:.2f}",
        )
        return [DecodeWarning("gap", text)], True
    even = np.linspace(positions[0], positions[-1], len(positions))
    # both views: a drift from the even grid, and a single step out of line
    error = max(float(np.abs(positions - even).max()), float(np.abs(steps - spacing).max()))
    if error <= max(SILENT_FRACTION * spacing, SAME_POSITION_MM):
        return [], False
    text = tr("Slice distances are unequal, by up to {error} mm.", error=f"{error:.2f}")
    return [DecodeWarning("unequal", text)], error > ALLOWED_FRACTION * spacing
