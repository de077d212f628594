"""
BI-RADS (5th edition) for mammography: from described findings to one assessment of the examination.

*Source:* ACR BI-RADS Atlas, 5th edition 2013. The table gives the least assessment that a described finding has; a
radiologist may go higher or lower with a reason, which the report keeps. The density of the breast never decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workstation.domain.categories.values import CategoryResult, Scheme, Unclassifiable, inputs_of

VERSION: Final = "5th edition"
ORDER: Final = ("1", "2", "3", "6", "0", "4A", "4B", "4C", "5")
"""From the least to the most abnormal; which one an examination with several findings takes."""
CATEGORIES: Final = ("0", "1", "2", "3", "4A", "4B", "4C", "5", "6")


class Purpose(StrEnum):
    """Why the mammogram was made: a screening recalls, only a work-up says 3."""

    SCREENING = "screening"
    DIAGNOSTIC = "diagnostic"


class Density(StrEnum):
    """Composition of the breast, a to d."""

    A = "a"
    B = "b"
    C = "c"
    D = "d"


class Descriptor(StrEnum):
    """What was seen, in the words of the lexicon."""

    BENIGN_CALCIFICATION = "benign_calcification"
    FAT_CONTAINING = "fat_containing"
    INTRAMAMMARY_NODE = "intramammary_node"
    SIMPLE_CYST = "simple_cyst"
    PUNCTATE_GROUP = "punctate_group"
    CIRCUMSCRIBED_MASS = "circumscribed_mass"
    FOCAL_ASYMMETRY = "focal_asymmetry"
    PARTLY_CIRCUMSCRIBED_MASS = "partly_circumscribed_mass"
    INDISTINCT_MASS = "indistinct_mass"
    AMORPHOUS_CALCIFICATION = "amorphous_calcification"
    COARSE_HETEROGENEOUS_CALCIFICATION = "coarse_heterogeneous_calcification"
    FINE_PLEOMORPHIC_CALCIFICATION = "fine_pleomorphic_calcification"
    ARCHITECTURAL_DISTORTION = "architectural_distortion"
    IRREGULAR_INDISTINCT_MASS = "irregular_indistinct_mass"
    FINE_LINEAR_CALCIFICATION = "fine_linear_calcification"
    SPICULATED_MASS = "spiculated_mass"
    PROVEN_CANCER = "proven_cancer"


ASSESSMENTS: Final = {
    Descriptor.BENIGN_CALCIFICATION: "2",
    Descriptor.FAT_CONTAINING: "2",
    Descriptor.INTRAMAMMARY_NODE: "2",
    Descriptor.SIMPLE_CYST: "2",
    Descriptor.PUNCTATE_GROUP: "3",
    Descriptor.CIRCUMSCRIBED_MASS: "3",
    Descriptor.FOCAL_ASYMMETRY: "3",
    Descriptor.PARTLY_CIRCUMSCRIBED_MASS: "4A",
    Descriptor.INDISTINCT_MASS: "4B",
    Descriptor.AMORPHOUS_CALCIFICATION: "4B",
    Descriptor.COARSE_HETEROGENEOUS_CALCIFICATION: "4B",
    Descriptor.FINE_PLEOMORPHIC_CALCIFICATION: "4B",
    Descriptor.ARCHITECTURAL_DISTORTION: "4B",
    Descriptor.IRREGULAR_INDISTINCT_MASS: "4C",
    Descriptor.FINE_LINEAR_CALCIFICATION: "4C",
    Descriptor.SPICULATED_MASS: "5",
    Descriptor.PROVEN_CANCER: "6",
}


class BreastSide(StrEnum):
    """Which breast."""

    RIGHT = "right"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreastFinding:
    """One finding in one breast."""

    side: BreastSide
    descriptor: Descriptor


@dataclass(frozen=True, slots=True, kw_only=True)
class Mammogram:
    """One examination; ``needs_more`` = priors or further views are awaited before anybody can tell."""

    purpose: Purpose
    density: Density | None
    needs_more: bool
    findings: tuple[BreastFinding, ...]


def bi_rads(exam: Mammogram) -> CategoryResult:
    """
    Return the assessment of the examination: that of its most abnormal finding.

    A finding of a screening that is not surely benign is recalled (0); a proven cancer (6) never hides another
    suspicious finding. Raises Unclassifiable without a density.
    """
    if exam.density is None:
        raise Unclassifiable("density")
    judged = [_finding(finding, exam.purpose) for finding in exam.findings]
    if exam.needs_more:
        judged.append(("0", "needs_more"))
    category, rule = max(judged, key=lambda one: ORDER.index(one[0]), default=("1", "none"))
    return CategoryResult(Scheme.BI_RADS, VERSION, category, rule, category, inputs=inputs_of(exam))


def _finding(finding: BreastFinding, purpose: Purpose) -> tuple[str, str]:
    category = ASSESSMENTS[finding.descriptor]
    if purpose is Purpose.SCREENING and category not in {"2", "6"}:
        return "0", "recalled"
    return category, finding.descriptor.value
