"""
The frames of a series as stacks: what is scrolled through together, in which order, and how it plays.

Frames with a place in the patient form stacks by Stack ID and orientation; as long as two frames of one
stack lie at the same place, it is split by the next thing that tells them apart (image kind, echo,
b-value, direction, time). Frames without a place stay together object by object: one clip, one stack.
Single images form stacks by the same rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from resources.translation import tr
from workstation.dicom.header import Header
from workstation.dicom.images.cine import cine_of
from workstation.dicom.images.frame_groups import (
    Frame,
    Split,
    by,
    by_turn,
    direction,
    distinct_places,
    frame_count,
    frames_of,
    placed_stack,
    rounded,
    varies,
)
from workstation.dicom.images.single_stacks import single_stacks
from workstation.domain.frames import ImageStack


def stacks_of(images: Sequence[Header]) -> tuple[ImageStack, ...]:
    """
    Return the stacks of a series that is more than one pile of slices, else nothing.

    That is a series with multi-frame objects, or one whose single images face different ways or lie at the same
    places several times: slices of different contrast or time are never scrolled through by turns.
    """
    if not any(frame_count(one) > 1 for one in images):
        return single_stacks(images)
    placed: list[Frame] = []
    loose: list[list[Frame]] = []
    stills: list[Frame] = []
    for owner in images:
        frames = frames_of(owner)
        if all(frame.plane is not None for frame in frames):
            placed += frames
        elif len(frames) == 1:
            if not stills:
                loose.append(stills)
            stills += frames
        else:
            loose.append(frames)
    stacks = [placed_stack(group, label) for group, label in (_divided(placed) if placed else [])]
    stacks += _loose_stacks(loose, alone=not stacks)
    return tuple(stacks)


def _divided(frames: list[Frame]) -> list[tuple[list[Frame], str]]:
    """Split frames until no two of a group lie at the same place, and name the groups by what split them."""
    groups: list[tuple[list[Frame], str]] = []
    for stack, label in by(frames, "", _STACK_ID):
        for turned, name in by(stack, label, _ORIENTATION):
            groups += _unmixed(turned, name, _TELLING)
    return groups


def _unmixed(group: list[Frame], label: str, splits: Sequence[Split]) -> list[tuple[list[Frame], str]]:
    distinct = distinct_places(group)
    if len(group) == distinct:
        return [(group, label)]
    if distinct == 1 and len(group) > 2 and varies(group, (_TIME, _TRIGGER)):
        return [(group, label)]  # one place seen again and again: a film
    if not splits:
        return by_turn(group, label)
    parts = by(group, label, splits[0])
    return [one for part, name in parts for one in _unmixed(part, name, splits[1:])]


def _loose_stacks(groups: list[list[Frame]], *, alone: bool) -> list[ImageStack]:
    found, number = [], 0
    for group in groups:
        is_object = frame_count(group[0].owner) > 1
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


def _orientation(frame: Frame) -> str:
    axes = frame.header.axes
    return "" if axes is None else " ".join(f"{value:.2f}" for axis in axes for value in axis)


def _kind(frame: Frame) -> str:
    header = frame.header
    words = [*header.values.get("FrameType", ())[2:], header.text("ComplexImageComponent")]
    return " ".join(dict.fromkeys(word for word in words if word and word != "NONE"))


_STACK_ID: Final[Split] = (lambda f: f.header.text("StackID"), lambda _, n: tr("Stack {number}", number=n))
_ORIENTATION: Final[Split] = (_orientation, lambda _, n: tr("Orientation {number}", number=n))
_TIME: Final[Split] = (
    lambda f: f.header.text("TemporalPositionIndex") or rounded("TemporalPositionTimeOffset", 2)(f),
    lambda _, n: tr("Time {number}", number=n),
)
_TRIGGER: Final[Split] = (
    rounded("NominalCardiacTriggerDelayTime", 0),
    lambda value, _: tr("Trigger delay {milliseconds} ms", milliseconds=value or "-"),
)
_TELLING: Final[tuple[Split, ...]] = (
    (lambda f: f.header.text("MetaboliteMapDescription"), lambda value, _: value or "-"),
    (_kind, lambda value, _: value or "-"),
    (rounded("EffectiveEchoTime", 1), lambda value, _: f"TE {value or '-'}"),
    (rounded("DiffusionBValue", 0), lambda value, _: f"b {value or '-'}"),
    (direction, lambda _, n: tr("Direction {number}", number=n)),
    _TIME,
    _TRIGGER,
    (lambda f: f.ref.sop_instance_uid, lambda _, n: tr("Object {number}", number=n)),
)
