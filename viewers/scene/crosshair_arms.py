"""The crosshair of a turned view: where the other planes cut it, grips to turn them, limits of their slabs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from viewers.scene.marks import MarkOutline
from viewers.scene.mpr_plane import MprPlane, other_planes
from viewers.scene.oblique import ObliqueFrame
from viewers.scene.overlay import PixelPoint, Stroke, crosshair_gap, gapped_line
from viewers.scene.slab import Slab
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import Point

ARM_PX: Final = 6.0
"""How near to an arm a press with the crosshair tool takes hold of it."""
GRIP_PX: Final = 9.0
"""How near to a grip a press with any tool takes hold of its arm."""
_GRIP_AT: Final = 0.3
"""Distance of the grips from the crosshair, in parts of the smaller side of the viewport."""
_GRIP_RADIUS_PX: Final = 5.0
_CENTRE_PX: Final = 40.0
"""Nearer to the crosshair than this, the crosshair itself is meant."""
_PARALLEL: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Arm:
    """The line in which ``plane`` cuts the displayed one: a unit direction in viewport pixels."""

    plane: MprPlane
    direction: PixelPoint


def arms(view: SliceView, shown: MprPlane, frame: ObliqueFrame) -> tuple[Arm, ...]:
    """Return the two arms; a plane turned parallel to the displayed one has none."""
    plane = view.plane
    if plane is None:
        return ()
    found = []
    m = view.transform
    for other in other_planes(shown):
        normal = frame.normal(other)
        # the in-plane direction without a component along the other plane's normal lies in both
        u, v = -float(np.dot(plane.down, normal)), float(np.dot(plane.right, normal))
        if math.hypot(u, v) < _PARALLEL:
            continue
        column, row = u / plane.spacing_mm[0], v / plane.spacing_mm[1]
        x, y = m.a * column + m.b * row, m.c * column + m.d * row
        length = math.hypot(x, y)
        found.append(Arm(other, (x / length, y / length)))
    return tuple(found)


def strokes(
    view: SliceView, centre_lps_mm: Point, crossing: Iterable[Arm], marks: Iterable[MarkOutline] = ()
) -> tuple[Stroke, ...]:
    """Return the arms, with a gap round the point that is wider over a finding."""
    centre = view.viewport_of(centre_lps_mm)
    gap = crosshair_gap(centre, marks)
    return tuple(
        stroke for arm in crossing for stroke in gapped_line(view.viewport, centre, arm.direction, gap, arm.plane.token)
    )


def guides(
    view: SliceView, centre_lps_mm: Point, crossing: Iterable[Arm], slabs: Mapping[MprPlane, Slab]
) -> tuple[Stroke, ...]:
    """Return the grips that turn the arms and dashed lines where a plane's slab ends."""
    centre, scale = view.viewport_of(centre_lps_mm), view.px_per_mm or 1.0
    drawn: list[Stroke] = []
    for arm in crossing:
        (dx, dy), token, slab = arm.direction, arm.plane.token, slabs[arm.plane]
        for grip in _grips(view, centre, arm):
            drawn += _diamond(grip, token)
        for side in (-0.5, 0.5) if slab.is_thick else ():
            away = side * slab.thickness_mm * scale
            beside = centre[0] - dy * away, centre[1] + dx * away
            drawn += gapped_line(view.viewport, beside, arm.direction, 0.0, token, dashed=True)
    return tuple(drawn)


def arm_at(
    view: SliceView, centre_lps_mm: Point, crossing: Iterable[Arm], at: PixelPoint, *, whole: bool
) -> MprPlane | None:
    """Return the plane whose arm (``whole``) or grip lies under a viewport pixel."""
    centre = view.viewport_of(centre_lps_mm)
    for arm in crossing:
        if any(math.dist(grip, at) <= GRIP_PX for grip in _grips(view, centre, arm)):
            return arm.plane
    if not whole or math.dist(centre, at) < _CENTRE_PX:
        return None
    for arm in crossing:
        across = (at[0] - centre[0]) * -arm.direction[1] + (at[1] - centre[1]) * arm.direction[0]
        if abs(across) <= ARM_PX:
            return arm.plane
    return None


def _grips(view: SliceView, centre: PixelPoint, arm: Arm) -> tuple[PixelPoint, ...]:
    away = _GRIP_AT * min(view.viewport)
    (x, y), (dx, dy) = centre, arm.direction
    return (x - away * dx, y - away * dy), (x + away * dx, y + away * dy)


def _diamond(at: PixelPoint, token: str) -> list[Stroke]:
    x, y = at
    r = _GRIP_RADIUS_PX
    corners = [(x, y - r), (x + r, y), (x, y + r), (x - r, y)]
    return [Stroke(start, end, token) for start, end in zip(corners, (*corners[1:], corners[0]), strict=True)]
