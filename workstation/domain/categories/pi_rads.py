"""
PI-RADS v2.1: the category of a prostate MR from the scores of its sequences.

*Source:* Turkbey et al., European Urology 2019;76:340-351. In the peripheral zone diffusion decides and contrast
raises a 3; in the transition zone T2 decides, and diffusion raises a 2 (from 4) or a 3 (only from 5). Without adequate
diffusion and without contrast the examination serves staging alone and has no category.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workstation.domain.categories.values import CategoryResult, Scheme, Unclassifiable, inputs_of

VERSION: Final = "v2.1"
CATEGORIES: Final = ("1", "2", "3", "4", "5")


class Zone(StrEnum):
    """Zone of origin; central zone and anterior stroma are judged like the zone they lie in."""

    PERIPHERAL = "peripheral"
    TRANSITION = "transition"


class Contrast(StrEnum):
    """Early focal enhancement of the lesion."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProstateLesion:
    """Scores 1 to 5 of one lesion; ``dwi`` is None where diffusion was not adequate, which has to be said."""

    zone: Zone
    t2: int
    dwi: int | None
    contrast: Contrast


@dataclass(frozen=True, slots=True, kw_only=True)
class ProstateExam:
    """All lesions of one examination."""

    lesions: tuple[ProstateLesion, ...]


def pi_rads(exam: ProstateExam) -> CategoryResult:
    """Return the highest category of the lesions, 1 without any. Raises Unclassifiable."""
    judged = [_lesion(lesion) for lesion in exam.lesions]
    category, rule = max(judged, key=lambda one: one[0], default=(1, "none"))
    return CategoryResult(Scheme.PI_RADS, VERSION, str(category), rule, str(category), inputs=inputs_of(exam))


def _lesion(lesion: ProstateLesion) -> tuple[int, str]:
    if lesion.t2 not in range(1, 6):
        raise Unclassifiable("t2")
    if lesion.dwi is not None and lesion.dwi not in range(1, 6):
        raise Unclassifiable("dwi")
    if lesion.dwi is None and lesion.contrast is Contrast.NOT_DONE:
        raise Unclassifiable("contrast")  # without both the examination serves staging only
    return _peripheral(lesion) if lesion.zone is Zone.PERIPHERAL else _transition(lesion.t2, lesion.dwi)


def _peripheral(lesion: ProstateLesion) -> tuple[int, str]:
    deciding, rule = (lesion.dwi, "peripheral_dwi") if lesion.dwi is not None else (lesion.t2, "peripheral_t2")
    if deciding == 3 and lesion.contrast is Contrast.POSITIVE:
        return 4, "peripheral_contrast"
    return deciding, rule


def _transition(t2: int, dwi: int | None) -> tuple[int, str]:
    if dwi is None:
        return t2, "transition_no_dwi"
    if t2 == 2 and dwi >= 4:
        return 3, "transition_2_raised"
    if t2 == 3 and dwi == 5:
        return 4, "transition_3_raised"
    return t2, "transition_t2"
