"""Frames on their way into a stack: how they are grouped, by what they are told apart, and how a group plays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from resources.translation import tr
from workstation.dicom.frame_headers import MAX_FRAMES
from workstation.dicom.header import Header
from workstation.dicom.images.cine import cine_of
from workstation.dicom.images.stack import SAME_POSITION_MM, Placement, describe
from workstation.domain.frames import DEFAULT_INTERVAL_MS, Cine, FrameRef, ImageStack, StackFrame
from workstation.domain.geometry import ImagePlane


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame on its way into a stack."""

    ref: FrameRef
    header: Header
    owner: Header

    @property
    def plane(self) -> ImagePlane | None:
        """Return where the frame lies, None without complete and valid geometry."""
        return self.header.plane

    def shown(self) -> StackFrame:
        """Return the frame as a place in a stack."""
        return StackFrame(self.ref, self.plane)


Split = tuple[Callable[[Frame], str], Callable[[str, int], str]]
"""What is read from each frame, and how a part is called: from what was read and the part's number, from 1"""


def frame_count(header: Header) -> int:
    """
    Return how many frames an object holds, one where it does not say.

    One that claims more than any holds is one place in a stack, whose viewport says why it is refused.
    """
    count = header.integer("NumberOfFrames", 1)
    return count if 1 <= count <= MAX_FRAMES else 1


def frames_of(owner: Header) -> list[Frame]:
    """Return the frames of an object in their stored order."""
    uid, count = owner.text("SOPInstanceUID"), frame_count(owner)
    if len(owner.frames) == count:
        return [Frame(FrameRef(uid, n), frame, owner) for n, frame in enumerate(owner.frames, start=1)]
    # without per-frame positions a plane at the top would be that of the first frame only
    header = owner if count == 1 else Header({})
    return [Frame(FrameRef(uid, n), header, owner) for n in range(1, count + 1)]


def by(group: list[Frame], label: str, split: Split) -> list[tuple[list[Frame], str]]:
    """Return the parts of a group that a split tells apart, each with its name behind the label; itself where none."""
    key, words = split
    parts: dict[str, list[Frame]] = {}
    for frame in group:
        parts.setdefault(key(frame), []).append(frame)
    if len(parts) < 2:
        return [(group, label)]
    ordered = sorted(parts, key=_number_then_text)
    return [(parts[one], f"{label} {words(one, n)}".strip()) for n, one in enumerate(ordered, start=1)]


def by_turn(group: list[Frame], label: str) -> list[tuple[list[Frame], str]]:
    """Split what nothing tells apart: the first frame at each place, the second, and so on."""
    turns: dict[tuple[int, ...], int] = {}
    parts: dict[int, list[Frame]] = {}
    for frame in group:
        place = place_of(frame)
        turns[place] = turns.get(place, 0) + 1
        parts.setdefault(turns[place], []).append(frame)
    return [(part, f"{label} {tr('Pass {number}', number=n)}".strip()) for n, part in parts.items()]


def varies(group: list[Frame], splits: Iterable[Split]) -> bool:
    """Tell whether one of the splits has another value for each frame."""
    return any(len({key(frame) for frame in group}) == len(group) for key, _ in splits)


def distinct_places(group: list[Frame]) -> int:
    """Return at how many places frames lie."""
    return len({place_of(frame) for frame in group})


def place_of(frame: Frame) -> tuple[int, ...]:
    """Return what is equal for frames at one place, within 0.1 mm; empty without a position."""
    position = frame.header.position
    return () if position is None else tuple(round(value / (10 * SAME_POSITION_MM)) for value in position)


def placed_stack(group: list[Frame], label: str) -> ImageStack:
    """Return a group in display order; one place seen again and again is a film."""
    first = group[0]
    if distinct_places(group) == 1 and len(group) > 1:
        group = sorted(group, key=_trigger_ms) if varies(group, (HEART,)) else group
        cine = cine_of(first.owner, len(group)) or _beat(group)
        cine = cine or Cine((DEFAULT_INTERVAL_MS,) * len(group), declared=False)
        return ImageStack(tuple(frame.shown() for frame in group), label, cine)
    geometry = describe([placement(frame) for frame in group])
    ordered = [group[n] for n in geometry.order]
    # the position decides the order; the numbers only at which end to begin
    if _is_backwards(ordered):
        ordered.reverse()
    return ImageStack(tuple(frame.shown() for frame in ordered), label)


def _is_backwards(ordered: list[Frame]) -> bool:
    """Tell whether a stack ends where its numbers begin: phases whose frames are stored in any order run alike."""
    ends = [one.header.optional_integer("InStackPositionNumber") for one in (ordered[0], ordered[-1])]
    if ends[0] is not None and ends[1] is not None and ends[0] != ends[1]:
        return ends[0] > ends[1]
    is_one_object = len({one.ref.sop_instance_uid for one in ordered}) == 1
    return is_one_object and ordered[0].ref.frame_number > ordered[-1].ref.frame_number


def _trigger_ms(frame: Frame) -> float:
    return frame.header.number("TriggerTime") or 0.0


def _beat(group: list[Frame]) -> Cine | None:
    """Return how single images of one heart beat play: each stands until the trigger time of the next."""
    times = [frame.header.number("TriggerTime") for frame in group]
    known = [one for one in times if one is not None]
    steps = [later - earlier for earlier, later in pairwise(known)]
    if len(known) < len(group) or not steps or min(steps) <= 0:
        return None
    return Cine((*steps, sum(steps) / len(steps)))


def placement(frame: Frame) -> Placement | None:
    """Return where a frame lies and its size, None without geometry."""
    plane = frame.plane
    size = frame.owner.integer("Rows"), frame.owner.integer("Columns")
    return None if plane is None else Placement(plane.origin, plane.right, plane.down, plane.spacing_mm, size)


def _number_then_text(value: str) -> tuple[bool, float, str]:
    try:
        number = float(value)
    except ValueError:
        return True, 0.0, value
    return not math.isfinite(number), number if math.isfinite(number) else 0.0, value


def rounded(keyword: str, digits: int) -> Callable[[Frame], str]:
    """Return what reads a number with so many digits from a frame, empty where it is absent."""

    def key(frame: Frame) -> str:
        number = frame.header.number(keyword)
        return "" if number is None else f"{number:.{digits}f}"

    return key


def direction(frame: Frame) -> str:
    """Return the direction of a diffusion gradient, empty where it is absent."""
    return " ".join(f"{value:.3f}" for value in frame.header.numbers("DiffusionGradientOrientation", 3) or ())


HEART: Final[Split] = (
    rounded("TriggerTime", 0),
    lambda value, _: tr("Trigger delay {milliseconds} ms", milliseconds=value or "-"),
)
POSITION_IN_TIME: Final[Split] = (
    lambda f: f.header.text("TemporalPositionIdentifier"),
    lambda _, n: tr("Time {number}", number=n),
)
