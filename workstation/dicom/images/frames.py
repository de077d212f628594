"""
The frames of a series as stacks: what is scrolled through together, in which order, and how it plays.

Frames with a place in the patient form stacks by Stack ID and orientation; as long as two frames of one
stack lie at the same place, it is split by the next thing that tells them apart (image kind, echo,
b-value, direction, time). Frames without a place stay together object by object: one clip, one stack.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from resources.translation import tr
from workstation.dicom.header import Header
from workstation.dicom.images.stack import SAME_POSITION_MM, Placement, describe
from workstation.domain.frames import DEFAULT_INTERVAL_MS, Cine, FrameRef, ImageStack, StackFrame
from workstation.domain.geometry import ImagePlane

_MOVING: Final = frozenset({"US", "XA", "RF", "IVUS", "ES", "XC", "GM", "OP", "ECHO"})
"""Modalities whose frames follow each other in time even where the object does not say how fast."""
_SLOWEST_MS: Final = 60_000.0


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame on its way into a stack."""

    ref: FrameRef
    header: Header
    owner: Header

    @property
    def plane(self) -> ImagePlane | None:
        return self.header.plane

    def shown(self) -> StackFrame:
        return StackFrame(self.ref, self.plane)


Split = tuple[Callable[[_Frame], str], Callable[[str, int], str]]


def stacks_of(images: Sequence[Header]) -> tuple[ImageStack, ...]:
    """
    Return the stacks of a series that is more than one pile of slices, else nothing.

    That is a series with multi-frame objects, or one whose single images lie at the same places several times and
    tell why (echo, b-value, kind of image): slices of different contrast are never scrolled through by turns.
    """
    if not any(_count(one) > 1 for one in images):
        return _contrasts(images)
    placed: list[_Frame] = []
    loose: list[list[_Frame]] = []
    stills: list[_Frame] = []
    for owner in images:
        frames = _frames(owner)
        if all(frame.plane is not None for frame in frames):
            placed += frames
        elif len(frames) == 1:
            if not stills:
                loose.append(stills)
            stills += frames
        else:
            loose.append(frames)
    stacks = [_placed_stack(group, label) for group, label in (_divided(placed) if placed else [])]
    stacks += _loose_stacks(loose, alone=not stacks)
    return tuple(stacks)


def _contrasts(images: Sequence[Header]) -> tuple[ImageStack, ...]:
    """Return one stack for each contrast of single images; nothing unless that leaves no place in a stack twice."""
    frames = [frame for owner in images for frame in _frames(owner)]
    turned = _by(frames, "", _ORIENTATION) if all(frame.plane is not None for frame in frames) else []
    if all(len(group) == _distinct_places(group) for group, _label in turned):
        return ()
    groups = turned
    for split in _CONTRAST:
        groups = [one for group, label in groups for one in _by(group, label, split)]
    is_told_apart = all(1 < len(group) == _distinct_places(group) for group, _label in groups)
    return tuple(_placed_stack(group, label) for group, label in groups) if is_told_apart else ()


def cine_of(header: Header, count: int) -> Cine | None:
    """
    Return how a multi-frame object plays, None for one that does not move.

    Recommended Display Frame Rate, Frame Time Vector, Frame Time, Cine Rate, in this order; a modality
    that films without saying so plays at a default speed. Source: PS3.3 C.7.6.5.
    """
    if count < 2:
        return None
    sweeps = header.integer("PreferredPlaybackSequencing") == 1
    rate = header.number("RecommendedDisplayFrameRate")
    vector = header.numbers("FrameTimeVector", count)
    frame_time = header.number("FrameTime")
    slower = header.number("CineRate")
    if rate is not None and rate > 0:
        found: tuple[float, ...] | None = (1000.0 / rate,) * count
    elif vector is not None and all(step > 0 for step in vector[1:]):
        # each value is the time since the frame before: a frame stands until the next one comes
        found = (*vector[1:], sum(vector[1:]) / (count - 1))
    elif frame_time is not None and frame_time > 0:
        found = (frame_time,) * count
    elif slower is not None and slower > 0:
        found = (1000.0 / slower,) * count
    else:
        found = None
    if found is not None and max(found) <= _SLOWEST_MS:
        return Cine(found, sweeps)
    return Cine((DEFAULT_INTERVAL_MS,) * count, sweeps, declared=False) if header.text("Modality") in _MOVING else None


def _count(header: Header) -> int:
    return max(1, header.integer("NumberOfFrames", 1))


def _frames(owner: Header) -> list[_Frame]:
    uid, count = owner.text("SOPInstanceUID"), _count(owner)
    if len(owner.frames) == count:
        return [_Frame(FrameRef(uid, n), frame, owner) for n, frame in enumerate(owner.frames, start=1)]
    # without per-frame positions a plane at the top would be that of the first frame only
    header = owner if count == 1 else Header({})
    return [_Frame(FrameRef(uid, n), header, owner) for n in range(1, count + 1)]


def _divided(frames: list[_Frame]) -> list[tuple[list[_Frame], str]]:
    """Split frames until no two of a group lie at the same place, and name the groups by what split them."""
    groups: list[tuple[list[_Frame], str]] = []
    for stack, label in _by(frames, "", _STACK_ID):
        for turned, name in _by(stack, label, _ORIENTATION):
            groups += _unmixed(turned, name, _TELLING)
    return groups


def _unmixed(group: list[_Frame], label: str, splits: Sequence[Split]) -> list[tuple[list[_Frame], str]]:
    distinct = _distinct_places(group)
    if len(group) == distinct:
        return [(group, label)]
    if distinct == 1 and len(group) > 2 and _varies(group, (_TIME, _TRIGGER)):
        return [(group, label)]  # one place seen again and again: a film
    if not splits:
        return _by_turn(group, label)
    parts = _by(group, label, splits[0])
    return [one for part, name in parts for one in _unmixed(part, name, splits[1:])]


def _by(group: list[_Frame], label: str, split: Split) -> list[tuple[list[_Frame], str]]:
    key, words = split
    parts: dict[str, list[_Frame]] = {}
    for frame in group:
        parts.setdefault(key(frame), []).append(frame)
    if len(parts) < 2:
        return [(group, label)]
    ordered = sorted(parts, key=_number_then_text)
    return [(parts[one], f"{label} {words(one, n)}".strip()) for n, one in enumerate(ordered, start=1)]


def _by_turn(group: list[_Frame], label: str) -> list[tuple[list[_Frame], str]]:
    """Split what nothing tells apart: the first frame at each place, the second, and so on."""
    turns: dict[tuple[int, ...], int] = {}
    parts: dict[int, list[_Frame]] = {}
    for frame in group:
        place = _place(frame)
        turns[place] = turns.get(place, 0) + 1
        parts.setdefault(turns[place], []).append(frame)
    return [(part, f"{label} {tr('Pass {number}', number=n)}".strip()) for n, part in parts.items()]


def _varies(group: list[_Frame], splits: Iterable[Split]) -> bool:
    return any(len({key(frame) for frame in group}) == len(group) for key, _ in splits)


def _distinct_places(group: list[_Frame]) -> int:
    return len({_place(frame) for frame in group})


def _place(frame: _Frame) -> tuple[int, ...]:
    position = frame.header.position
    return () if position is None else tuple(round(value / (10 * SAME_POSITION_MM)) for value in position)


def _placed_stack(group: list[_Frame], label: str) -> ImageStack:
    first = group[0]
    if _distinct_places(group) == 1 and len(group) > 1:
        cine = cine_of(first.owner, len(group)) or Cine((DEFAULT_INTERVAL_MS,) * len(group), declared=False)
        return ImageStack(tuple(frame.shown() for frame in group), label, cine)
    geometry = describe([_placement(frame) for frame in group])
    ordered = [group[n] for n in geometry.order]
    # the position decides the order; the numbers only at which end to begin
    if ordered[0].ref.frame_number > ordered[-1].ref.frame_number and len({f.ref.sop_instance_uid for f in group}) == 1:
        ordered.reverse()
    return ImageStack(tuple(frame.shown() for frame in ordered), label)


def _placement(frame: _Frame) -> Placement | None:
    plane = frame.plane
    size = frame.owner.integer("Rows"), frame.owner.integer("Columns")
    return None if plane is None else Placement(plane.origin, plane.right, plane.down, plane.spacing_mm, size)


def _loose_stacks(groups: list[list[_Frame]], *, alone: bool) -> list[ImageStack]:
    found, number = [], 0
    for group in groups:
        is_object = _count(group[0].owner) > 1
        cine = cine_of(group[0].owner, len(group)) if is_object else None
        number += is_object
        if alone and len(groups) == 1:
            label = ""
        elif not is_object:
            label = tr("Single images")
        elif cine is not None:
            label = tr("Clip {number}", number=number)
        else:
            label = tr("Object {number}", number=number)
        found.append(ImageStack(tuple(frame.shown() for frame in group), label, cine))
    return found


def _number_then_text(value: str) -> tuple[bool, float, str]:
    try:
        number = float(value)
    except ValueError:
        return True, 0.0, value
    return not math.isfinite(number), number if math.isfinite(number) else 0.0, value


def _rounded(keyword: str, digits: int) -> Callable[[_Frame], str]:
    def key(frame: _Frame) -> str:
        number = frame.header.number(keyword)
        return "" if number is None else f"{number:.{digits}f}"

    return key


def _orientation(frame: _Frame) -> str:
    axes = frame.header.axes
    return "" if axes is None else " ".join(f"{value:.2f}" for axis in axes for value in axis)


def _kind(frame: _Frame) -> str:
    header = frame.header
    words = [*header.values.get("FrameType", ())[2:], header.text("ComplexImageComponent")]
    return " ".join(dict.fromkeys(word for word in words if word and word != "NONE"))


def _direction(frame: _Frame) -> str:
    return " ".join(f"{value:.3f}" for value in frame.header.numbers("DiffusionGradientOrientation", 3) or ())


_STACK_ID: Final[Split] = (lambda f: f.header.text("StackID"), lambda _, n: tr("Stack {number}", number=n))
_ORIENTATION: Final[Split] = (_orientation, lambda _, n: tr("Orientation {number}", number=n))
_TIME: Final[Split] = (
    lambda f: f.header.text("TemporalPositionIndex") or _rounded("TemporalPositionTimeOffset", 2)(f),
    lambda _, n: tr("Time {number}", number=n),
)
_TRIGGER: Final[Split] = (
    _rounded("NominalCardiacTriggerDelayTime", 0),
    lambda value, _: tr("Trigger delay {milliseconds} ms", milliseconds=value or "-"),
)
_TELLING: Final[tuple[Split, ...]] = (
    (lambda f: f.header.text("MetaboliteMapDescription"), lambda value, _: value or "-"),
    (_kind, lambda value, _: value or "-"),
    (_rounded("EffectiveEchoTime", 1), lambda value, _: f"TE {value or '-'}"),
    (_rounded("DiffusionBValue", 0), lambda value, _: f"b {value or '-'}"),
    (_direction, lambda _, n: tr("Direction {number}", number=n)),
    _TIME,
    _TRIGGER,
    (lambda f: f.ref.sop_instance_uid, lambda _, n: tr("Object {number}", number=n)),
)
_CONTRAST: Final[tuple[Split, ...]] = (
    (lambda f: " ".join(f.header.values.get("ImageType", ())[2:]), lambda value, _: value or "-"),
    (_rounded("EchoTime", 1), lambda value, _: f"TE {value or '-'}"),
    (_rounded("DiffusionBValue", 0), lambda value, _: f"b {value or '-'}"),
)
"""What makes single images of one place another contrast; other times of it stay together, as a film does."""
