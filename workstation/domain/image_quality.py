"""
The grade of a study's images, and why it is not the best one.

*Source:* four grades 甲/乙/丙/废 and what they look at (marks, density, layers, posture, field, artefacts, windows) as
in provincial guides for image quality, cited in CLINICAL B9; the codes are ours. No threshold of a score is built in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class ImageGrade(StrEnum):
    """How good the images are; D is not fit for a diagnosis and has to be repeated."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class GradeReason(StrEnum):
    """What the images lack."""

    MARKS = "marks"
    """Side or identity marks are wrong or missing."""
    DENSITY = "density"
    """Too dark, too light or too noisy."""
    LAYERS = "layers"
    """Contrast does not show the layers of the tissue."""
    POSTURE = "posture"
    FIELD = "field"
    """Field or range does not cover the organ."""
    MOTION = "motion"
    EXTERNAL = "external"
    """Artefact of something on or in the patient."""
    SCANNER = "scanner"
    """Artefact of the machine."""
    SERIES = "series"
    """A window, phase or reconstruction is missing."""
    OTHER = "other"


ARTEFACTS: Final = frozenset({GradeReason.MOTION, GradeReason.EXTERNAL, GradeReason.SCANNER})
"""Reasons that national indicator 1 counts as artefacts."""


@dataclass(frozen=True, slots=True)
class ImageGrading:
    """A grade as somebody gives it; below A it has a reason, and OTHER has words."""

    grade: ImageGrade
    reasons: tuple[GradeReason, ...] = ()
    words: str = ""

    def __post_init__(self) -> None:
        if self.grade is not ImageGrade.A and not self.reasons:
            raise ValueError("a grade below A has a reason")
        if GradeReason.OTHER in self.reasons and not self.words.strip():
            raise ValueError("another reason needs words")


@dataclass(frozen=True, slots=True)
class GivenGrade:
    """A grade that the hub keeps. ``by_reader``: given by a physician, whose grade stands before a technician's."""

    grading: ImageGrading
    by: str
    by_reader: bool
    at: datetime


def standing(grades: tuple[GivenGrade, ...]) -> GivenGrade | None:
    """Return the grade that counts: the physician's last one, else the technician's last one."""
    of_readers = [one for one in grades if one.by_reader]
    return max(of_readers or grades, key=lambda one: one.at, default=None)
