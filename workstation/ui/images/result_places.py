"""Where in the images of a study the results of another system lie: what a reader is brought to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from workstation.domain.annotation import Annotation
from workstation.domain.geometry import Point
from workstation.domain.study import Series
from workstation.services.foreign_objects_service import ForeignObject

_MOST: Final = 12
_LOOKED_AT: Final = 24
"""Marks, and outlines: each is held against every image, in the window's thread"""


@dataclass(frozen=True, slots=True)
class ResultPlace:
    """One image of a stack, from 0, and the point in patient millimetres where the result has one."""

    series: Series
    index: int
    point_lps_mm: Point | None = None


def places_of(one: ForeignObject, stacks: Sequence[Series]) -> tuple[ResultPlace, ...]:
    """Return the places of marks and outlines, those on one image once, at most twelve; none beyond the images."""
    found: dict[tuple[str, int], ResultPlace] = {}
    for place in _places(one, stacks):
        found.setdefault((place.series.key, place.index), place)
        if len(found) == _MOST:
            break
    return tuple(found.values())


def _places(one: ForeignObject, stacks: Sequence[Series]) -> Iterator[ResultPlace]:
    for mark in one.marks[:_LOOKED_AT]:
        place = _on_image(mark, stacks) if mark.points_px else None
        if place is None and mark.points_lps_mm:
            series = (mark.series_instance_uid, mark.referenced_sop_instance_uid)
            place = _in_patient(_middle(mark.points_lps_mm), mark.frame_of_reference_uid, stacks, series)
        if place is not None:
            yield place
    if one.outlines is None:
        return
    for structure in one.outlines.structures[:_LOOKED_AT]:
        if structure.contours:
            middle = _middle(structure.contours[len(structure.contours) // 2])
            place = _in_patient(middle, one.outlines.frame_of(structure), stacks)
            if place is not None:
                yield place


def _middle(points: Sequence[Point] | np.ndarray) -> Point:
    x, y, z = np.asarray(points, dtype=np.float64).mean(axis=0)
    return float(x), float(y), float(z)


def _on_image(mark: Annotation, stacks: Sequence[Series]) -> ResultPlace | None:
    for series in stacks:
        for at, frame in enumerate(series.frames):
            is_it = frame.ref.sop_instance_uid == mark.referenced_sop_instance_uid
            if is_it and mark.referenced_frame in {None, frame.ref.frame_number}:
                return ResultPlace(series, at)
    return None


def _in_patient(
    point: Point, frame_of_reference_uid: str, stacks: Sequence[Series], named: tuple[str, str] = ("", "")
) -> ResultPlace | None:
    """Return the nearest image of the frame of reference; the series that the mark itself names comes first."""
    best: tuple[bool, float, ResultPlace] | None = None
    for series in stacks:
        frames_of = {one.sop_instance_uid: one.frame_of_reference_uid for one in series.instances}
        is_named = series.series_instance_uid == named[0] or named[1] in frames_of
        for at, frame in enumerate(series.frames):
            if frame.plane is None or not frame_of_reference_uid:
                continue
            if frames_of.get(frame.ref.sop_instance_uid) != frame_of_reference_uid:
                continue
            away = abs(frame.plane.distance_mm(point))
            if best is None or (not is_named, away) < best[:2]:
                best = not is_named, away, ResultPlace(series, at, point)
    return None if best is None else best[2]
