"""Marks that other systems drew on an image, in the patient: so that planes cut from its stack show them too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from workstation.domain.annotation import Annotation
from workstation.domain.frames import FrameRef
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

    ``stacks`` are the stacks of the marks' study. *Source:* PS3.3 C.7.6.2.1.1 (from pixels to millimetres).
    """
    drawn = [one for one in marks if one.points_px]
    if not drawn:
        return ()
    wanted = {_ref(one) for one in drawn}
    places = {
        frame.ref: ((stack.series_instance_uid, stack.stack_number), frame.plane)
        for stack in stacks
        for frame in stack.frames
        if frame.plane is not None and frame.ref in wanted
    }
    found = []
    for one in drawn:
        key, plane = places.get(_ref(one), (("", 0), None))
        if plane is not None:
            points = tuple(plane.lps_of(*point) for point in one.points_px)
            found.append(PlacedMark(key, replace(one, points_lps_mm=points, points_px=())))
    return tuple(found)


def _ref(mark: Annotation) -> FrameRef:
    return FrameRef(mark.referenced_sop_instance_uid, mark.referenced_frame or 1)
