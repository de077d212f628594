"""
C-Lung-RADS: the Chinese table for lung nodules found by screening.

*Source:* Wang et al., Nature Medicine 2024;30:3184-3195 (PMC11564084), table 1. Sizes are mean diameters in mm,
rounded to 0.1 mm before they are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workstation.domain.categories.lung_rads import LungKind
from workstation.domain.categories.values import CategoryResult, Scheme, Unclassifiable, inputs_of, size_mm

VERSION: Final = "2024"
CATEGORIES: Final = ("0", "1", "2", "3", "4")
MALIGNANT_FROM: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChineseNodule:
    """
    One nodule; ``calcified`` = a benign calcification and nothing else.

    ``malignancy`` is the probability in [0, 1] of the published multidimensional model, None where it was not run.
    """

    kind: LungKind
    mean_diameter_mm: float | None
    solid_diameter_mm: float | None = None
    calcified: bool = False
    malignancy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChineseExam:
    """All nodules of one examination."""

    nodules: tuple[ChineseNodule, ...]


def c_lung_rads(exam: ChineseExam) -> CategoryResult:
    """Return the category of the highest nodule, 0 for an examination without any. Raises Unclassifiable."""
    judged = [_nodule(nodule) for nodule in exam.nodules]
    category, rule = max(judged, key=lambda one: CATEGORIES.index(one[0]), default=("0", "none"))
    return CategoryResult(Scheme.C_LUNG_RADS, VERSION, category, rule, category, inputs=inputs_of(exam))


def _nodule(nodule: ChineseNodule) -> tuple[str, str]:
    if nodule.calcified:
        return "0", "calcified"
    category, rule = _by_size(nodule)
    if nodule.malignancy is None:
        return category, rule
    if not 0 <= nodule.malignancy <= 1:
        raise Unclassifiable("malignancy")
    if category in {"2", "3"} and nodule.malignancy >= MALIGNANT_FROM:
        return "4", "malignancy"
    return category, rule


def _by_size(nodule: ChineseNodule) -> tuple[str, str]:
    size = size_mm(nodule.mean_diameter_mm, "mean_diameter_mm")
    if nodule.kind is LungKind.GROUND_GLASS:
        return ("1", "ground_glass_lt_6") if size < 6 else ("2", "ground_glass_6_20") if size < 20 else (
            "3", "ground_glass_ge_20")  # fmt: skip
    if size < 6:
        return "1", f"{nodule.kind}_lt_6"
    if nodule.kind is LungKind.SOLID:
        return ("2", "solid_6_10") if size < 10 else ("3", "solid_10_18") if size < 18 else ("4", "solid_ge_18")
    solid = size_mm(nodule.solid_diameter_mm, "solid_diameter_mm")
    if solid > size:
        raise Unclassifiable("solid_diameter_mm")
    return ("2", "part_solid_lt_6_solid") if solid < 6 else ("3", "part_solid_6_10_solid") if solid < 10 else (
        "4", "part_solid_ge_10_solid")  # fmt: skip
