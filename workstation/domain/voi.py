"""
Uptake inside a volume of interest: maximum, peak, mean and metabolic tumour volume.

Works on any volume; with ``suv_volume`` the numbers are uptake values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import Point
from workstation.domain.voi_peak import peak, reach_of
from workstation.domain.volume import Volume

_RIM: Final = 1e-9
"""Centres on the rim count on every side, whatever rounding makes of them."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a metabolic volume begins: a share of the maximum, or an absolute value; voxels at it count."""

    value: float
    relative: bool = False

    def absolute(self, maximum: float) -> float:
        """Return the threshold in the unit of the voxels."""
        return self.value * maximum if self.relative else self.value


MTV_THRESHOLDS: Final = (Threshold(0.41, relative=True), Threshold(2.5), Threshold(4.0))
"""41 % of the maximum (EANM procedure guideline 2.0), and the fixed uptake values 2.5 and 4.0."""


@dataclass(frozen=True, slots=True, eq=False)
class Voi:
    """
    Voxels of one volume: a box of marks ``[z, y, x]`` that begins at voxel ``first`` ``(z, y, x)``.

    At least one voxel is marked.
    """

    marks: npt.NDArray[np.bool_]
    first: tuple[int, int, int] = (0, 0, 0)

    def __post_init__(self) -> None:
        if self.marks.ndim != 3 or not self.marks.any():
            raise ValueError("a volume of interest marks at least one voxel of [z, y, x]")

    def box(self, voxels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the voxels under the box of marks."""
        z, y, x = (slice(at, at + length) for at, length in zip(self.first, self.marks.shape, strict=True))
        return voxels[z, y, x]


@dataclass(frozen=True, slots=True)
class MetabolicVolume:
    """Voxels at or above a threshold: their volume, mean and total (volume times mean, TLG for uptake values)."""

    threshold: Threshold
    level: float
    volume_ml: float
    mean: float
    total: float


@dataclass(frozen=True, slots=True)
class VoiStatistics:
    """
    What is measured in a volume of interest, in the unit of its volume.

    ``peak`` is the highest mean of a 1 cm³ sphere round any marked voxel; the sphere may reach beyond
    the marks. Spheres of which less than half holds data are left out: ``peak`` is None where none other is there, and
    ``peak_without_maximum`` says that the highest voxel was in the middle of such a sphere. ``metabolic`` in the order
    of the thresholds asked for.
    """

    maximum: float
    maximum_lps_mm: Point
    peak: float | None
    peak_lps_mm: Point | None
    mean: float
    minimum: float
    standard_deviation: float
    volume_ml: float
    voxel_count: int
    metabolic: tuple[MetabolicVolume, ...]
    unit: str
    peak_without_maximum: bool = False


def sphere_voi(volume: Volume, centre_lps_mm: Point, radius_mm: float) -> Voi:
    """
    Return the voxels whose centres lie in a sphere, at least the one nearest to its centre.

    ValueError when the centre lies outside the volume.
    """
    centre = volume.ijk_of(centre_lps_mm)
    nearest = [math.floor(one + 0.5) for one in centre.tolist()]
    shape = volume.voxels.shape[::-1]
    if radius_mm <= 0 or any(not 0 <= at < length for at, length in zip(nearest, shape, strict=True)):
        raise ValueError("the sphere has its centre outside the volume, or no radius")
    reach = reach_of(volume, radius_mm)
    low = [max(0, math.floor(at - far)) for at, far in zip(centre.tolist(), reach, strict=True)]
    high = [min(length - 1, math.ceil(at + far)) for at, far, length in zip(centre.tolist(), reach, shape, strict=True)]
    axes = [np.arange(a, b + 1, dtype=np.float64) - at for a, b, at in zip(low, high, centre.tolist(), strict=True)]
    x, y, z = np.ix_(*axes)
    squared = sum((a * x + b * y + c * z) ** 2 for a, b, c in volume.ijk_to_lps[:3, :3].tolist())
    marks: npt.NDArray[np.bool_] = np.asarray(squared <= radius_mm**2 * (1 + _RIM))
    marks[tuple(at - a for at, a in zip(nearest, low, strict=True))] = True
    return Voi(marks.transpose(2, 1, 0), (low[2], low[1], low[0]))


def mask_voi(mask: npt.NDArray[np.bool_]) -> Voi:
    """Return the marked voxels of a mask ``[z, y, x]`` on the volume's own grid. ValueError when none is marked."""
    found = np.argwhere(mask)
    if not len(found):
        raise ValueError("the mask marks no voxel")
    low, high = found.min(axis=0), found.max(axis=0) + 1
    box = mask[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    return Voi(box.astype(np.bool_), (int(low[0]), int(low[1]), int(low[2])))


def voi_statistics(volume: Volume, voi: Voi, thresholds: tuple[Threshold, ...] = MTV_THRESHOLDS) -> VoiStatistics:
    """
    Return the statistics of the marked voxels; the standard deviation is the population's.

    Source: IBSI reference manual, global intensity peak (0F91), for ``peak``. Padding counts nowhere; ValueError
    where nothing else is marked.
    """
    inside = voi.box(volume.voxels)
    voi = replace(voi, marks=voi.marks & volume.shows_patient(inside) & np.isfinite(inside))
    values = voi.box(volume.voxels)[voi.marks].astype(np.float64)
    places = np.flatnonzero(voi.marks)
    voxel_ml = abs(float(np.linalg.det(volume.ijk_to_lps[:3, :3]))) / 1000.0
    highest = int(np.argmax(values))
    maximum = float(values[highest])
    maximum_place = np.array(np.unravel_index(places[highest], voi.marks.shape)) + np.array(voi.first)
    found = peak(volume, voi.marks, voi.first)
    return VoiStatistics(
        maximum=maximum,
        maximum_lps_mm=_lps(volume, maximum_place),
        peak=None if found is None else found.mean,
        peak_lps_mm=None if found is None else _lps(volume, found.place),
        mean=float(values.mean()),
        minimum=float(values.min()),
        standard_deviation=float(values.std()),
        volume_ml=len(values) * voxel_ml,
        voxel_count=len(values),
        metabolic=tuple(_metabolic(values, maximum, one, voxel_ml) for one in thresholds),
        unit=volume.unit,
        peak_without_maximum=found is not None and not np.any(found.counted[voi.marks] & (values == maximum)),
    )


def _metabolic(
    values: npt.NDArray[np.float64], maximum: float, threshold: Threshold, voxel_ml: float
) -> MetabolicVolume:
    level = threshold.absolute(maximum)
    hot = values[values >= level]
    volume_ml = len(hot) * voxel_ml
    mean = float(hot.mean()) if len(hot) else 0.0
    return MetabolicVolume(threshold, level, volume_ml, mean, volume_ml * mean)


def _lps(volume: Volume, place: npt.NDArray[np.intp]) -> Point:
    x, y, z = volume.lps_of(place[::-1]).tolist()
    return x, y, z
