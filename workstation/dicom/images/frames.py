"""
The frames of a series as stacks: what is scrolled through together, in which order, and how it plays.

Frames with a place in the patient form stacks by Stack ID and orientation; as long as two frames of one
stack lie at the same place, it is split by the next thing that tells them apart (image kind, echo,
b-value, direction, time). Frames without a place stay together object by object: one clip, one stack.
Single images form stacks by the same rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from resources.translation import tr
from workstation.dicom.header import Header
from workstation.dicom.images.stack import DIRECTION_TOLERANCE, SAME_POSITION_MM, Placement, describe
from workstation.domain.frames import DEFAULT_INTERVAL_MS, Cine, FrameRef, ImageStack, StackFrame
from workstation.domain.geometry import ImagePlane, plane_name

_MOVING: Final = frozenset({"US", "XA", "RF", "IVUS", "ES", "XC", "GM", "OP", "ECHO"})
"""Modalities whose frames follow each other in time even where the object does not say how fast."""
_SLOWEST_MS: Final = 60_000.0
_MANY: Final = 3
"""A stack so many times smaller than the largest of its series comes behind the others"""
_ONE_BEAT_MS: Final = 2000.0
"""Trigger times further apart are phases of a contrast medium, no heart beat (30 a minute at the slowest)"""


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

    That is a series with multi-frame objects, or one whose single images face different ways or lie at the same
    places several times: slices of different contrast or time are never scrolled through by turns.
    """
    if not any(_count(one) > 1 for one in images):
        return _single_stacks(images)
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


def _single_stacks(images: Sequence[Header]) -> tuple[ImageStack, ...]:
    """Return the stacks of single images: one for each orientation, contrast and time; nothing where there is one."""
    frames = [frame for owner in images for frame in _frames(owner)]
    if not all(frame.plane is not None for frame in frames):
        return ()
    groups = [one for group, label in _turned(frames) for one in _told_apart(group, label, _CONTRAST)]
    is_film = len(groups) == 1 and _is_film(groups[0][0])
    return tuple(_placed_stack(group, label) for group, label in groups) if len(groups) > 1 or is_film else ()


def _turned(frames: list[_Frame]) -> list[tuple[list[_Frame], str]]:
    """
    Split images by where they face, the large stacks first: whoever opens a CT with a scout wants the CT.

    Images that face as no other does stay together: a scout of three planes, slices around an axis.
    """
    alike: list[list[_Frame]] = []
    for frame in frames:
        group = next((one for one in alike if _face_alike(one[0], frame)), None)
        if group is None:
            alike.append([frame])
        else:
            group.append(frame)
    several, alone = [one for one in alike if len(one) > 1], [one[0] for one in alike if len(one) == 1]
    if not several or len(alike) == 1:
        return [(frames, "")]
    if len(alone) == 1:
        several, alone = [*several, alone], []
    largest = max(len(one) for one in several)
    several.sort(key=lambda one: (len(one) * _MANY < largest, _first_number(one)))
    names = [plane_name(plane.normal) if (plane := one[0].plane) is not None else "oblique" for one in several]
    titles = {"axial": tr("Axial"), "coronal": tr("Coronal"), "sagittal": tr("Sagittal"), "oblique": tr("Oblique")}
    found = []
    for at, (group, name) in enumerate(zip(several, names, strict=True)):
        number = f" {names[: at + 1].count(name)}" if names.count(name) > 1 else ""
        found.append((group, f"{titles[name]}{number}"))
    return [*found, (alone, tr("Single images"))] if alone else found


def _face_alike(one: _Frame, other: _Frame) -> bool:
    here, there = one.header.axes, other.header.axes
    return here is not None and there is not None and all(
        abs(a - b) <= DIRECTION_TOLERANCE for axes in zip(here, there, strict=True) for a, b in zip(*axes, strict=True)
    )  # fmt: skip


def _first_number(group: list[_Frame]) -> int:
    numbers = [n for frame in group if (n := frame.header.optional_integer("InstanceNumber")) is not None]
    return min(numbers, default=0)


def _told_apart(group: list[_Frame], label: str, splits: Sequence[Split]) -> list[tuple[list[_Frame], str]]:
    """
    Split single images until no two of a group lie at the same place.

    A split counts only where each part sees at least half of the places: a number of its own for every image or for
    a few of them tells no contrasts and no times apart. What nothing tells apart is split by turn.
    """
    places = _distinct_places(group)
    if len(group) == places or (places == 1 and _is_film(group)):
        return [(group, label)]
    if _beats(group):
        return _films(group, label)
    parts = _by(group, label, splits[0]) if splits else _by_turn(group, label)
    if any(len(part) < 2 or 2 * _distinct_places(part) < places for part, _ in parts):
        parts = [(group, label)]
    if not splits:
        return parts
    return [one for part, name in parts for one in _told_apart(part, name, splits[1:])]


def _is_film(group: list[_Frame]) -> bool:
    """Tell whether images show one place again and again and say when."""
    return len(group) > 2 and _distinct_places(group) == 1 and _varies(group, (_HEART, _POSITION_IN_TIME))


def _beats(group: list[_Frame]) -> bool:
    """Tell whether images show several places, each throughout one heart beat: every place is a film."""
    times = [frame.header.number("TriggerTime") for frame in group]
    known = [one for one in times if one is not None]
    if len(known) < len(group) or max(known) - min(known) >= _ONE_BEAT_MS:
        return False
    places = _at_places(group)
    return len(places) > 1 and len({len(one) for one in places}) == 1 and all(_is_film(one) for one in places)


def _films(group: list[_Frame], label: str) -> list[tuple[list[_Frame], str]]:
    geometry = describe([_placement(frame) for frame in group])
    films = _at_places([group[n] for n in geometry.order])
    if len(films) > 1 and _first_number(films[0]) > _first_number(films[-1]):
        films.reverse()
    return [(one, f"{label} {tr('Place {number}', number=n)}".strip()) for n, one in enumerate(films, start=1)]


def _at_places(group: list[_Frame]) -> list[list[_Frame]]:
    places: dict[tuple[int, ...], list[_Frame]] = {}
    for frame in group:
        places.setdefault(_place(frame), []).append(frame)
    return list(places.values())


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
        group = sorted(group, key=_trigger_ms) if _varies(group, (_HEART,)) else group
        cine = cine_of(first.owner, len(group)) or _beat(group)
        cine = cine or Cine((DEFAULT_INTERVAL_MS,) * len(group), declared=False)
        return ImageStack(tuple(frame.shown() for frame in group), label, cine)
    geometry = describe([_placement(frame) for frame in group])
    ordered = [group[n] for n in geometry.order]
    # the position decides the order; the numbers only at which end to begin
    if ordered[0].ref.frame_number > ordered[-1].ref.frame_number and len({f.ref.sop_instance_uid for f in group}) == 1:
        ordered.reverse()
    return ImageStack(tuple(frame.shown() for frame in ordered), label)


def _trigger_ms(frame: _Frame) -> float:
    return frame.header.number("TriggerTime") or 0.0


def _beat(group: list[_Frame]) -> Cine | None:
    """Return how single images of one heart beat play: each stands until the trigger time of the next."""
    times = [frame.header.number("TriggerTime") for frame in group]
    known = [one for one in times if one is not None]
    steps = [later - earlier for earlier, later in pairwise(known)]
    if len(known) < len(group) or not steps or min(steps) <= 0:
        return None
    return Cine((*steps, sum(steps) / len(steps)))


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
_HEART: Final[Split] = (
    _rounded("TriggerTime", 0),
    lambda value, _: tr("Trigger delay {milliseconds} ms", milliseconds=value or "-"),
)
_POSITION_IN_TIME: Final[Split] = (
    lambda f: f.header.text("TemporalPositionIdentifier"),
    lambda _, n: tr("Time {number}", number=n),
)
_CONTRAST: Final[tuple[Split, ...]] = (
    (lambda f: " ".join(f.header.values.get("ImageType", ())[2:]), lambda value, _: value or "-"),
    (_rounded("EchoTime", 1), lambda value, _: f"TE {value or '-'}"),
    (_rounded("DiffusionBValue", 0), lambda value, _: f"b {value or '-'}"),
    (_direction, lambda _, n: tr("Direction {number}", number=n)),
    _POSITION_IN_TIME,
    _HEART,
    (lambda f: f.header.text("AcquisitionNumber"), lambda _, n: tr("Time {number}", number=n)),
    (lambda f: f.header.text("AcquisitionTime"), lambda _, n: tr("Time {number}", number=n)),
)
"""What makes single images of one place another contrast or another time, in the order in which it is asked."""
