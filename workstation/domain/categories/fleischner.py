"""
Fleischner Society 2017: what to do about a nodule found by chance.

*Source:* MacMahon et al., Radiology 2017;284:228-243. Not for screening, below 35 years, known cancer or
immunosuppression. Diameters are the mean of both axes rounded to whole millimetres (Bankier et al., Radiology
2017;285:584-600), so that 5.4 mm is 5 and 8.4 mm is 8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workstation.domain.categories.lung_rads import LungKind
from workstation.domain.categories.values import CategoryResult, Scheme, Unclassifiable, inputs_of, rounded, size_mm

VERSION: Final = "2017"
YOUNGEST_YEARS: Final = 35
CATEGORIES: Final = (
    "none",
    "optional_12",
    "6_12",
    "6_12_subsolid",
    "3_6",
    "3_6_part_solid",
    "3_6_subsolid",
    "3_pet_biopsy",
)


class Risk(StrEnum):
    """The reader's estimate of the risk of cancer."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentalNodule:
    """
    The dominant nodule of an examination that was not a screening; nothing is assumed.

    ``volume_mm3`` decides where it was measured, the diameter otherwise.
    """

    kind: LungKind
    multiple: bool
    risk: Risk
    age_years: int | None
    known_cancer: bool
    immunosuppressed: bool
    screening: bool
    mean_diameter_mm: float | None = None
    volume_mm3: float | None = None
    solid_diameter_mm: float | None = None


def fleischner(nodule: IncidentalNodule) -> CategoryResult:
    """
    Return the recommended follow-up; the category is the key of the recommendation.

    Raises Unclassifiable for patients the guideline is not made for, naming the condition.
    """
    _require_scope(nodule)
    small, large = _size(nodule)
    _check_solid_part(nodule)
    if nodule.kind is LungKind.SOLID:
        category, rule = _solid(nodule, small=small, large=large)
    elif nodule.multiple:
        category, rule = "3_6_subsolid", "subsolid_multiple_lt_6" if small else "subsolid_multiple_ge_6"
    elif small:
        category, rule = "none", f"{nodule.kind}_lt_6"
    elif nodule.kind is LungKind.GROUND_GLASS:
        category, rule = "6_12_subsolid", "ground_glass_ge_6"
    else:
        solid = size_mm(nodule.solid_diameter_mm, "solid_diameter_mm", places=0)
        category, rule = "3_6_part_solid", "part_solid_ge_6_solid" if solid >= 6 else "part_solid_lt_6_solid"
    return CategoryResult(Scheme.FLEISCHNER, VERSION, category, rule, rule, inputs=inputs_of(nodule))


def _require_scope(nodule: IncidentalNodule) -> None:
    if nodule.age_years is None or not YOUNGEST_YEARS <= nodule.age_years < 150:
        raise Unclassifiable("age_years")
    for condition in ("known_cancer", "immunosuppressed", "screening"):
        if getattr(nodule, condition):
            raise Unclassifiable(condition)


def _size(nodule: IncidentalNodule) -> tuple[bool, bool]:
    """
    Tell whether the nodule is below 6 mm (100 mm³) and whether it is above 8 mm (250 mm³).

    A volume beside a diameter of more than twice or less than half its sphere is a slip of typing, not a shape.
    """
    if nodule.volume_mm3 is None:
        size = size_mm(nodule.mean_diameter_mm, "mean_diameter_mm", places=0)
        return size < 6, size > 8
    if nodule.volume_mm3 <= 0:
        raise Unclassifiable("volume_mm3")
    if nodule.mean_diameter_mm is not None:
        sphere = math.pi / 6 * nodule.mean_diameter_mm**3
        if not sphere / 2 <= nodule.volume_mm3 <= sphere * 2:
            raise Unclassifiable("volume_mm3")
    return nodule.volume_mm3 < 100, nodule.volume_mm3 > 250


def _check_solid_part(nodule: IncidentalNodule) -> None:
    """Refuse a solid part that is larger than its nodule, in whole millimetres."""
    solid, whole = nodule.solid_diameter_mm, nodule.mean_diameter_mm
    if solid is not None and whole is not None and rounded(solid, 0) > rounded(whole, 0):
        raise Unclassifiable("solid_diameter_mm")


def _solid(nodule: IncidentalNodule, *, small: bool, large: bool) -> tuple[str, str]:
    count = "multiple" if nodule.multiple else "single"
    if small:
        return ("none" if nodule.risk is Risk.LOW else "optional_12"), f"solid_{count}_lt_6_{nodule.risk}"
    if nodule.multiple:
        return "3_6", f"solid_multiple_ge_6_{nodule.risk}"
    if large:
        return "3_pet_biopsy", "solid_single_gt_8"
    return "6_12", f"solid_single_6_8_{nodule.risk}"
