"""What one click inside a lung nodule measures: outline, axes, volume, solid part and surroundings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from workstation.domain.finding import Lobe, MarkEvidence, NoduleType
from workstation.domain.geometry import Point, distance_mm
from workstation.domain.mark import GrowthLimit, in_order


class Attachment(StrEnum):
    """What a nodule touches."""

    PLEURA = "pleura"
    VESSEL = "vessel"


LEAST_FOR_GROWTH_MM: Final = 7.0
"""
Diameter of the sphere of its volume below which a nodule is too small for volume growth.

Fleischner's and Lung-RADS's lowest class ends at 6 mm, and our outline lies about 1 mm wider than a sharp edge
(ADR 0017): below that the error is most of the volume (a ball of 3 mm measures three times its own).
"""


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight diameter between two patient points (LPS mm)."""

    start_lps_mm: Point
    end_lps_mm: Point

    @property
    def length_mm(self) -> float:
        """Return the distance of the two ends."""
        return distance_mm(self.start_lps_mm, self.end_lps_mm)


@dataclass(frozen=True, slots=True)
class AxisPair:
    """The longest diameter and the longest diameter perpendicular to it."""

    long: Axis
    short: Axis

    @property
    def mean_mm(self) -> float:
        """Return the mean of long and short axis, unrounded. Source: ACR Lung-RADS v2022."""
        return (self.long.length_mm + self.short.length_mm) / 2


@dataclass(frozen=True, slots=True)
class SliceContour:
    """
    One closed outline on one slice, the last point joining the first.

    ``slice_index`` counts in the volume's own stack; ``hole`` tells an inner outline.
    """

    slice_index: int
    points_lps_mm: tuple[Point, ...]
    hole: bool = False

    def __post_init__(self) -> None:
        if len(self.points_lps_mm) < 3:
            raise ValueError(f"an outline needs at least 3 points, got {len(self.points_lps_mm)}")


@dataclass(frozen=True, slots=True, eq=False)
class NoduleMask:
    """
    The voxels of a nodule on the grid of the volume it was measured in.

    ``voxels`` is ``[z, y, x]``; its voxel ``(0, 0, 0)`` is voxel ``first_ijk`` = ``(x, y, z)`` of
    the volume. ``ijk_to_lps`` is the volume's own matrix. A voxel is in when its centre is.
    """

    voxels: npt.NDArray[np.bool_]
    first_ijk: tuple[int, int, int]
    ijk_to_lps: npt.NDArray[np.float64]
    frame_of_reference_uid: str
    series_instance_uid: str

    def __post_init__(self) -> None:
        if self.voxels.ndim != 3 or self.voxels.dtype != np.bool_:
            raise ValueError(f"voxels must be bool [z, y, x], got {self.voxels.dtype} {self.voxels.shape}")


@dataclass(frozen=True, slots=True)
class HounsfieldSummary:
    """Attenuation inside the outline; ``percentiles`` maps 5, 10, 25, 50, 75, 90, 95 to HU. SD of the population."""

    mean: float
    standard_deviation: float
    minimum: float
    maximum: float
    percentiles: tuple[tuple[int, float], ...]

    def percentile(self, share: int) -> float:
        """Return one of the stored percentiles. KeyError when it is not stored."""
        return dict(self.percentiles)[share]


@dataclass(frozen=True, slots=True)
class SolidPart:
    """
    The part at or above ``threshold_hu``; ``axes`` None where nothing of it is left on any slice.

    ``volume_mm3`` and ``axes`` are those of the largest connected piece.
    """

    threshold_hu: float
    volume_mm3: float
    axes: AxisPair | None


@dataclass(frozen=True, slots=True)
class LobeGuess:
    """
    Which lobe, guessed from the position within the lungs alone: fissures are not traced.

    ``shares`` gives each lobe its share of belief, strongest first; they sum to 1.
    """

    shares: tuple[tuple[Lobe, float], ...]

    def __post_init__(self) -> None:
        if not self.shares or not math.isclose(sum(share for _, share in self.shares), 1.0, abs_tol=1e-6):
            raise ValueError("the shares of a guess sum to 1")

    @property
    def lobe(self) -> Lobe:
        """Return the likeliest lobe."""
        return self.shares[0][0]

    @property
    def confidence(self) -> float:
        """Return the share of the likeliest lobe, in [0, 1]."""
        return self.shares[0][1]


@dataclass(frozen=True, slots=True, eq=False)
class NoduleMeasurement:
    """
    One segmented nodule.

    ``axial`` lies in the slice ``axial_slice_index`` of largest extent; ``extent`` is the longest
    diameter in space and the longest perpendicular to it. ``volume_mm3`` counts sub-voxel.
    ``solid`` is None for calcified and cavitating nodules where a solid part means nothing.
    ``pleura_distance_mm`` is 0 at the pleura, None without lungs in view. ``lobe`` likewise.
    """

    seed_lps_mm: Point
    centre_lps_mm: Point
    mask: NoduleMask
    contours: tuple[SliceContour, ...]
    axial: AxisPair
    axial_slice_index: int
    extent: AxisPair
    volume_mm3: float
    hounsfield: HounsfieldSummary
    nodule_type: NoduleType
    boundary_hu: float
    solid: SolidPart | None = None
    cavity_mm3: float = 0.0
    calcified_mm3: float = 0.0
    attachments: frozenset[Attachment] = frozenset()
    pleura_distance_mm: float | None = None
    lobe: LobeGuess | None = None
    growth_limits: frozenset[GrowthLimit] = frozenset()

    def __post_init__(self) -> None:
        if self.volume_mm3 <= 0:
            raise ValueError(f"volume_mm3 must be positive, got {self.volume_mm3}")

    @property
    def equivalent_diameter_mm(self) -> float:
        """Return the diameter of the sphere of the same volume."""
        return equivalent_diameter_mm(self.volume_mm3)

    def evidence(self) -> MarkEvidence:
        """Return what the evidence table of a mark shows."""
        solid = self.solid
        return MarkEvidence(
            long_axis_mm=self.axial.long.length_mm,
            short_axis_mm=self.axial.short.length_mm,
            volume_mm3=self.volume_mm3,
            long_axis_lps_mm=(self.axial.long.start_lps_mm, self.axial.long.end_lps_mm),
            short_axis_lps_mm=(self.axial.short.start_lps_mm, self.axial.short.end_lps_mm),
            nodule_type=self.nodule_type,
            mean_hu=self.hounsfield.mean,
            standard_deviation_hu=self.hounsfield.standard_deviation,
            percentiles_hu=self.hounsfield.percentiles,
            solid_threshold_hu=None if solid is None else solid.threshold_hu,
            solid_volume_mm3=None if solid is None else solid.volume_mm3,
            solid_long_axis_mm=None if solid is None or solid.axes is None else solid.axes.long.length_mm,
            solid_short_axis_mm=None if solid is None or solid.axes is None else solid.axes.short.length_mm,
            pleura_distance_mm=self.pleura_distance_mm,
            attachments=tuple(sorted(attachment.value for attachment in self.attachments)),
            lobe=Lobe.UNSPECIFIED if self.lobe is None else self.lobe.lobe,
            lobe_confidence=None if self.lobe is None else self.lobe.confidence,
            growth_limits=in_order(self.growth_limits),
        )


def equivalent_diameter_mm(volume_mm3: float) -> float:
    """Return the diameter of the sphere of a volume, in mm. Source: V = pi d^3 / 6."""
    return math.cbrt(6 * volume_mm3 / math.pi)
