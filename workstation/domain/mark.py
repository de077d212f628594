"""What a model gave: who it is, and one mark of its with what was measured there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from workstation.domain.finding_class import FindingMeaning, NamedClass
from workstation.domain.geometry import Point

WIDER_COUNTS_MM: Final = 12.0
"""From this diameter on 1 mm is less than the 25 % of volume that are taken for measurement error (ADR 0017)"""


class NoduleType(StrEnum):
    """Attenuation of a nodule."""

    UNSPECIFIED = "unspecified"
    SOLID = "solid"
    PART_SOLID = "part_solid"
    GROUND_GLASS = "ground_glass"
    CALCIFIED = "calcified"


DENSITIES: Final = frozenset({NoduleType.SOLID, NoduleType.PART_SOLID, NoduleType.GROUND_GLASS})
"""Types that exclude one another; calcified is said beside any of them"""


class Lobe(StrEnum):
    """Lobe of the lung; UNSPECIFIED until the reader says."""

    UNSPECIFIED = "unspecified"
    RIGHT_UPPER = "right_upper"
    RIGHT_MIDDLE = "right_middle"
    RIGHT_LOWER = "right_lower"
    LEFT_UPPER = "left_upper"
    LEFT_LOWER = "left_lower"


class GrowthLimit(StrEnum):
    """Why a volume of this nodule says little about growth."""

    THICK_SLICES = "thick_slices"
    FEW_VOXELS = "few_voxels"
    ATTACHED = "attached"
    SUBSOLID = "subsolid"
    CUT_OFF = "cut_off"
    TOO_SMALL = "too_small"


def in_order(limits: Iterable[GrowthLimit]) -> tuple[GrowthLimit, ...]:
    """Return limits each once, as they are declared: the same in every stored form."""
    known = set(limits)
    return tuple(one for one in GrowthLimit if one in known)


@dataclass(frozen=True, slots=True)
class AlgorithmIdentity:
    """
    Which model, in which form and where, produced a mark.

    ``research`` marks come from a model that nobody trusted here vouches for: they are shown with
    a banner and never reach a report. ``operating_points`` pairs names ("sensitive", "balanced",
    "specific") with scores, lowest score first. ``doubts`` are codes of what lay outside the model's tested use
    (``outside_use``); whoever is shown its marks is told. ``classes`` is what its manifest says of its labels; each
    mark that is kept carries its own, so that the identity is the same with and without them.
    """

    name: str
    version: str
    sha256: str
    provider: str = ""
    threshold: float | None = None
    seconds_s: float | None = None
    manufacturer: str = "Lianyue"
    research: bool = False
    operating_points: tuple[tuple[str, float], ...] = ()
    doubts: tuple[str, ...] = ()
    classes: tuple[NamedClass, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MarkEvidence:
    """
    What was measured at a mark; None or empty where it was not measured.

    Axes lie in the axial slice of largest extent. ``percentiles_hu`` pairs a percentile with its
    HU. ``lobe`` is a guess from the position with ``lobe_confidence`` in [0, 1].
    ``network_diameter_mm`` is the size that the network itself gave. ``growth_limits`` are the known weaknesses for
    which the volume is not compared over time (ADR 0017); where nobody judged them there are none.
    """

    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    volume_mm3: float | None = None
    long_axis_lps_mm: tuple[Point, Point] | None = None
    short_axis_lps_mm: tuple[Point, Point] | None = None
    nodule_type: NoduleType = NoduleType.UNSPECIFIED
    mean_hu: float | None = None
    standard_deviation_hu: float | None = None
    percentiles_hu: tuple[tuple[int, float], ...] = ()
    solid_threshold_hu: float | None = None
    solid_volume_mm3: float | None = None
    solid_long_axis_mm: float | None = None
    solid_short_axis_mm: float | None = None
    pleura_distance_mm: float | None = None
    attachments: tuple[str, ...] = ()
    lobe: Lobe = Lobe.UNSPECIFIED
    lobe_confidence: float | None = None
    network_diameter_mm: float | None = None
    growth_limits: tuple[GrowthLimit, ...] = ()

    @property
    def is_drawn_wider(self) -> bool:
        """
        Tell whether our outline measured a nodule so small that its known bias counts.

        It lies where readers draw, about 1 mm wider than a sharp edge (ADR 0017). Ours is what was measured after
        a network gave its own size; what a model for masks or another system measured is not.
        """
        if self.network_diameter_mm is None or self.volume_mm3 is None:
            return False
        return math.cbrt(6 * self.volume_mm3 / math.pi) < WIDER_COUNTS_MM


@dataclass(frozen=True, slots=True)
class Mark:
    """
    One detector output, never changed after it was made.

    ``score`` is the raw network score in [0, 1]; ``out_of_ten`` the calibrated "true in x of
    10", None where the model has no calibration. ``shown`` = at or above the operating point.
    ``diameter_mm`` is volume-equivalent: of the segmentation where ``evidence`` has a volume, of
    the network otherwise. ``meaning`` is what the model's manifest says of the label.
    """

    centre_lps_mm: Point
    diameter_mm: float
    score: float
    shown: bool
    label: str = "nodule"
    out_of_ten: int | None = None
    evidence: MarkEvidence | None = None
    meaning: FindingMeaning | None = None

    def __post_init__(self) -> None:
        if self.diameter_mm <= 0:
            raise ValueError(f"diameter_mm must be positive, got {self.diameter_mm}")
        if not 0 <= self.score <= 1:
            raise ValueError(f"score must lie in [0, 1], got {self.score}")

    @property
    def long_axis_mm(self) -> float | None:
        """Return the measured long axis, None where the mark was not segmented."""
        return None if self.evidence is None else self.evidence.long_axis_mm

    @property
    def short_axis_mm(self) -> float | None:
        """Return the measured short axis, None where the mark was not segmented."""
        return None if self.evidence is None else self.evidence.short_axis_mm

    @property
    def volume_mm3(self) -> float | None:
        """Return the measured volume, None where the mark was not segmented."""
        return None if self.evidence is None else self.evidence.volume_mm3

    @property
    def nodule_type_guess(self) -> NoduleType:
        """Return the attenuation type that the measurement suggests; the reader decides."""
        return NoduleType.UNSPECIFIED if self.evidence is None else self.evidence.nodule_type
