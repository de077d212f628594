"""
Which side is which on a radiograph: what the tags say, and when only the marker burned into the image can tell.

A radiograph has no plane in the patient; Patient Orientation (0020,0020) names its rows and columns. Terms that
are not those of an upright human (animals, hands and feet by palm and sole) give no letters rather than wrong ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from resources.translation import tr

PROJECTIONS: Final = frozenset({"CR", "DX", "MG", "RG", "RF", "IO", "PX"})
"""Modalities whose images are seen through the patient and carry no plane."""

_AXIS: Final = {"L": 0, "R": 0, "A": 1, "P": 1, "H": 2, "F": 2}
_PAIRED: Final = frozenset(
    [
        "ANKLE",
        "ARM",
        "BREAST",
        "CALCANEUS",
        "CLAVICLE",
        "EAR",
        "ELBOW",
        "EXTREMITY",
        "EYE",
        "FEMUR",
        "FIBULA",
        "FINGER",
        "FOOT",
        "FOREARM",
        "HAND",
        "HEEL",
        "HIP",
        "HUMERUS",
        "KNEE",
        "LEG",
        "ORBIT",
        "PATELLA",
        "RADIUS",
        "SCAPULA",
        "SHOULDER",
        "THIGH",
        "THUMB",
        "TIBIA",
        "TIBFIB",
        "TOE",
        "ULNA",
        "WRIST",
    ]
)
"""Body Part Examined (0018,0015) of which a person has two. Source: PS3.16 Annex L."""
_LEFT_WORDS: Final = re.compile(r"\bleft\b|\blt\b|左", re.IGNORECASE)
_RIGHT_WORDS: Final = re.compile(r"\bright\b|\brt\b|右", re.IGNORECASE)


class SideDoubt(StrEnum):
    """Why the side of an image must be read from its burned-in marker."""

    ORIENTATION_MISSING = "orientation_missing"
    ORIENTATION_UNUSABLE = "orientation_unusable"
    LATERALITY_MISSING = "laterality_missing"
    LATERALITY_CONFLICT = "laterality_conflict"
    DESCRIPTION_CONFLICT = "description_conflict"

    @property
    def text(self) -> str:
        """Return the warning that stands on the image."""
        texts = {
            SideDoubt.ORIENTATION_MISSING: tr("Orientation not tagged: use the marker in the image"),
            SideDoubt.ORIENTATION_UNUSABLE: tr("Orientation tags unusable: use the marker in the image"),
            SideDoubt.LATERALITY_MISSING: tr("Side not tagged: use the marker in the image"),
            SideDoubt.LATERALITY_CONFLICT: tr("Side tags contradict each other: use the marker in the image"),
            SideDoubt.DESCRIPTION_CONFLICT: tr("Side tag and description contradict each other"),
        }
        return texts[self]


@dataclass(frozen=True, slots=True)
class SideTags:
    """
    What the header of one image says about sides.

    ``orientation`` is Patient Orientation as it stands, ``laterality`` (0020,0060), ``image_laterality``
    (0020,0062), ``anatomical_type`` (0010,2210); ``descriptions`` are texts written by people.
    """

    modality: str
    orientation: tuple[str, ...] = ()
    laterality: str = ""
    image_laterality: str = ""
    body_part: str = ""
    anatomical_type: str = ""
    descriptions: tuple[str, ...] = ()


def patient_orientation(values: Sequence[str], anatomical_type: str = "") -> tuple[str, str] | None:
    """
    Return the letters of rows and columns of a human, None when they name no two different directions.

    Source: PS3.3 C.7.6.1.1.1: one to three of A P R L H F, the strongest first.
    """
    if len(values) != 2 or anatomical_type.upper() == "QUADRUPED":
        return None
    along_row, along_column = (value.strip().upper() for value in values)
    for letters in (along_row, along_column):
        axes = [_AXIS.get(letter) for letter in letters]
        if not letters or None in axes or len(set(axes)) != len(axes):
            return None
    return None if _AXIS[along_row[0]] == _AXIS[along_column[0]] else (along_row, along_column)


def side_doubts(tags: SideTags) -> tuple[SideDoubt, ...]:
    """Return what is missing or contradictory about the sides of a radiograph; other modalities have planes."""
    if tags.modality not in PROJECTIONS:
        return ()
    found = []
    if patient_orientation(tags.orientation, tags.anatomical_type) is None:
        said = any(value.strip() for value in tags.orientation)
        found.append(SideDoubt.ORIENTATION_UNUSABLE if said else SideDoubt.ORIENTATION_MISSING)
    sides = {one.strip().upper() for one in (tags.laterality, tags.image_laterality)} & {"L", "R", "B"}
    paired = tags.modality == "MG" or tags.body_part.strip().upper() in _PAIRED
    if paired and not sides:
        found.append(SideDoubt.LATERALITY_MISSING)
    if {"L", "R"} <= sides:
        found.append(SideDoubt.LATERALITY_CONFLICT)
    elif _described(tags.descriptions) - sides and len(sides & {"L", "R"}) == 1 and "B" not in sides:
        found.append(SideDoubt.DESCRIPTION_CONFLICT)
    return tuple(found)


def _described(texts: Sequence[str]) -> set[str]:
    """Return the one side that texts name; naming both says nothing about an image."""
    left = any(_LEFT_WORDS.search(text) for text in texts)
    right = any(_RIGHT_WORDS.search(text) for text in texts)
    return set() if left == right else {"L"} if left else {"R"}
