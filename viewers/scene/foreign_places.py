"""Marks that other systems drew on an image, in the patient: so that planes cut from its stack show them too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from workstation.domain.annotation import Annotation
from workstation.domain.geometry import ImagePlane
from workstation.domain.study import Series

StackKey = tuple[str, int]
"""Series Instance UID and number of the stack, as ``Scene.stack_key``."""


@dataclass(frozen=True, slots=True)
class PlacedMark:
    """A mark in patient millimetres, and the stack on whose image it was drawn; no other stack's planes show it."""

    stack_key: StackKey
    mark: Annotation


def placed_marks(marks: Iterable[Annotation], stacks: Iterable[Series]) -> tuple[PlacedMark, ...]:
    """
    Return the marks on images as they lie in the patient; those whose image is not there or has no place are left out.

    A mark that names no frame of its object is on all of them.
    ``stacks`` are the stacks of the marks' study. *Source:* PS3.3 C.7.6.2.1.1 (from pixels to millimetres).
    """
    drawn = [one for one in marks if one.points_px]
    if not drawn:
        return ()
    wanted = {one.referenced_sop_instance_uid for one in drawn}
    places: dict[str, list[tuple[int, StackKey, ImagePlane]]] = {}
    for stack in stacks:
        for frame in stack.frames:
            if frame.plane is not None and frame.ref.sop_instance_uid in wanted:
                key = stack.series_instance_uid, stack.stack_number
                places.setdefault(frame.ref.sop_instance_uid, []).append((frame.ref.frame_number, key, frame.plane))
    found = []
    for one in drawn:
        for number, key, plane in places.get(one.referenced_sop_instance_uid, ()):
            if one.referenced_frame in {None, number}:
                points = tuple(plane.lps_of(*point) for point in one.points_px)
                found.append(PlacedMark(key, replace(one, points_lps_mm=points, points_px=())))
    return tuple(found)
