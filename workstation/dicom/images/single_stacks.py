"""
Single images as stacks: one for each orientation, contrast and time (ADR 0061).

A scout of three planes, discs cut one by one, a dynamic study or a beating heart come as one series.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from resources.translation import tr
from workstation.dicom.header import Header
from workstation.dicom.images.frame_groups import (
    HEART,
    POSITION_IN_TIME,
    Frame,
    Split,
    by,
    by_turn,
    direction,
    distinct_places,
    frames_of,
    place_of,
    placed_stack,
    placement,
    rounded,
    varies,
)
from workstation.dicom.images.stack import DIRECTION_TOLERANCE, describe
from workstation.domain.frames import ImageStack
from workstation.domain.geometry import plane_name

_MANY: Final = 3
"""A stack so many times smaller than the largest of its series comes behind the others"""
_ONE_BEAT_MS: Final = 2000.0
"""Trigger times further apart are phases of a contrast medium, no heart beat (30 a minute at the slowest)"""
_CONTRAST: Final[tuple[Split, ...]] = (
    (lambda f: " ".join(f.header.values.get("ImageType", ())[2:]), lambda value, _: value or "-"),
    (rounded("EchoTime", 1), lambda value, _: f"TE {value or '-'}"),
    (rounded("DiffusionBValue", 0), lambda value, _: f"b {value or '-'}"),
    (direction, lambda _, n: tr("Direction {number}", number=n)),
    POSITION_IN_TIME,
    HEART,
    (lambda f: f.header.text("AcquisitionNumber"), lambda _, n: tr("Time {number}", number=n)),
    (lambda f: f.header.text("AcquisitionTime"), lambda _, n: tr("Time {number}", number=n)),
)
"""What makes single images of one place another contrast or another time, in the order in which it is asked."""


def single_stacks(images: Sequence[Header]) -> tuple[ImageStack, ...]:
    """Return the stacks of single images: one for each orientation, contrast and time; nothing where there is one."""
    frames = [frame for owner in images for frame in frames_of(owner)]
    if not all(frame.plane is not None for frame in frames):
        return ()
    groups = [one for group, label in _turned(frames) for one in _told_apart(group, label, _CONTRAST)]
    is_film = len(groups) == 1 and _is_film(groups[0][0])
    return tuple(placed_stack(group, label) for group, label in groups) if len(groups) > 1 or is_film else ()


def _turned(frames: list[Frame]) -> list[tuple[list[Frame], str]]:
    """
    Split images by where they face, the large stacks first: whoever opens a CT with a scout wants the CT.

    Images that face as no other does stay together: a scout of three planes, slices around an axis.
    """
    alike: list[list[Frame]] = []
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


def _face_alike(one: Frame, other: Frame) -> bool:
    here, there = one.header.axes, other.header.axes
    return here is not None and there is not None and all(
        abs(a - b) <= DIRECTION_TOLERANCE for axes in zip(here, there, strict=True) for a, b in zip(*axes, strict=True)
    )  # fmt: skip


def _first_number(group: list[Frame]) -> int:
    numbers = [n for frame in group if (n := frame.header.optional_integer("InstanceNumber")) is not None]
    return min(numbers, default=0)


def _told_apart(group: list[Frame], label: str, splits: Sequence[Split]) -> list[tuple[list[Frame], str]]:
    """
    Split single images until no two of a group lie at the same place.

    A split counts only where each part sees at least half of the places: a number of its own for every image or for
    a few of them tells no contrasts and no times apart. What nothing tells apart is split by turn.
    """
    places = distinct_places(group)
    if len(group) == places or (places == 1 and _is_film(group)):
        return [(group, label)]
    if _beats(group):
        return _films(group, label)
    parts = by(group, label, splits[0]) if splits else by_turn(group, label)
    if any(len(part) < 2 or 2 * distinct_places(part) < places for part, _ in parts):
        parts = [(group, label)]
    if not splits:
        return parts
    return [one for part, name in parts for one in _told_apart(part, name, splits[1:])]


def _is_film(group: list[Frame]) -> bool:
    """Tell whether images show one place again and again and say when."""
    return len(group) > 2 and distinct_places(group) == 1 and varies(group, (HEART, POSITION_IN_TIME))


def _beats(group: list[Frame]) -> bool:
    """Tell whether images show several places, each throughout one heart beat: every place is a film."""
    times = [frame.header.number("TriggerTime") for frame in group]
    known = [one for one in times if one is not None]
    if len(known) < len(group) or max(known) - min(known) >= _ONE_BEAT_MS:
        return False
    places = _at_places(group)
    return len(places) > 1 and len({len(one) for one in places}) == 1 and all(_is_film(one) for one in places)


def _films(group: list[Frame], label: str) -> list[tuple[list[Frame], str]]:
    geometry = describe([placement(frame) for frame in group])
    films = _at_places([group[n] for n in geometry.order])
    if len(films) > 1 and _first_number(films[0]) > _first_number(films[-1]):
        films.reverse()
    return [(one, f"{label} {tr('Place {number}', number=n)}".strip()) for n, one in enumerate(films, start=1)]


def _at_places(group: list[Frame]) -> list[list[Frame]]:
    places: dict[tuple[int, ...], list[Frame]] = {}
    for frame in group:
        places.setdefault(place_of(frame), []).append(frame)
    return list(places.values())
