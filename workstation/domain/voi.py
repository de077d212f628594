"""
Uptake inside a volume of interest: maximum, peak, mean and metabolic tumour volume.

Works on any volume; with ``suv_volume`` the numbers are uptake values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import Point
from workstation.domain.volume import Volume

PEAK_RADIUS_MM: Final = 10.0 * (3.0 / (4.0 * math.pi)) ** (1.0 / 3.0)
"""Radius of the sphere of 1 cm³ (6.2035 mm). Source: PERCIST 1.0, Wahl et al., J Nucl Med 2009;50:122S."""


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
    the marks. ``metabolic`` in the order of the thresholds asked for.
    """

    maximum: float
    maximum_lps_mm: Point
    peak: float
    peak_lps_mm: Point
    mean: float
    minimum: float
    standard_deviation: float
    volume_ml: float
    voxel_count: int
    metabolic: tuple[MetabolicVolume, ...]
    unit: str


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
    reach = _reach(volume, radius_mm)
    low = [max(0, math.floor(at - far)) for at, far in zip(centre.tolist(), reach, strict=True)]
    high = [min(length - 1, math.ceil(at + far)) for at, far, length in zip(centre.tolist(), reach, shape, strict=True)]
    axes = [np.arange(a, b + 1, dtype=np.float64) - at for a, b, at in zip(low, high, centre.tolist(), strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    offsets = np.stack([x, y, z], axis=-1) @ volume.ijk_to_lps[:3, :3].T
    marks = np.sum(offsets**2, axis=-1) <= radius_mm**2 * (1 + _RIM)
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

    Source: IBSI reference manual, global intensity peak (0F91), for ``peak``.
    """
    values = voi.box(volume.voxels)[voi.marks].astype(np.float64)
    places = np.argwhere(voi.marks) + np.array(voi.first)
    voxel_ml = abs(float(np.linalg.det(volume.ijk_to_lps[:3, :3]))) / 1000.0
    highest = int(np.argmax(values))
    maximum = float(values[highest])
    peak, peak_place = _peak(volume, voi)
    return VoiStatistics(
        maximum=maximum,
        maximum_lps_mm=_lps(volume, places[highest]),
        peak=peak,
        peak_lps_mm=_lps(volume, peak_place),
        mean=float(values.mean()),
        minimum=float(values.min()),
        standard_deviation=float(values.std()),
        volume_ml=len(values) * voxel_ml,
        voxel_count=len(values),
        metabolic=tuple(_metabolic(values, maximum, one, voxel_ml) for one in thresholds),
        unit=volume.unit,
    )


def _metabolic(
    values: npt.NDArray[np.float64], maximum: float, threshold: Threshold, voxel_ml: float
) -> MetabolicVolume:
    level = threshold.absolute(maximum)
    hot = values[values >= level]
    volume_ml = len(hot) * voxel_ml
    mean = float(hot.mean()) if len(hot) else 0.0
    return MetabolicVolume(threshold, level, volume_ml, mean, volume_ml * mean)


def _peak(volume: Volume, voi: Voi) -> tuple[float, npt.NDArray[np.intp]]:
    """Return the highest mean over a sphere of 1 cm³ round a marked voxel, and that voxel ``(z, y, x)``."""
    total = np.zeros(voi.marks.shape)
    count = np.zeros(voi.marks.shape)
    first = np.array(voi.first)
    for offset in _sphere_offsets(volume, PEAK_RADIUS_MM):
        # the part of the shifted box that lies inside the volume
        start = first + offset
        low = np.maximum(0, -start)
        high = np.minimum(voi.marks.shape, np.array(volume.voxels.shape) - start)
        if (low >= high).any():
            continue
        inner = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        outer = tuple(slice(a, b) for a, b in zip(start + low, start + high, strict=True))
        total[inner] += volume.voxels[outer]
        count[inner] += 1
    means = np.where(voi.marks, total / count, -np.inf)
    place = np.array(np.unravel_index(int(np.argmax(means)), means.shape), dtype=np.intp)
    return float(means[tuple(place)]), place + first


def _sphere_offsets(volume: Volume, radius_mm: float) -> list[npt.NDArray[np.intp]]:
    """Return the ``(z, y, x)`` steps to all voxels whose centres lie within a radius."""
    reach = [math.ceil(far) for far in _reach(volume, radius_mm)]
    steps = product(*(range(-far, far + 1) for far in reach))
    matrix = volume.ijk_to_lps[:3, :3]
    near = [step for step in steps if float(np.linalg.norm(matrix @ np.array(step))) <= radius_mm]
    return [np.array(step[::-1], dtype=np.intp) for step in near]


def _reach(volume: Volume, radius_mm: float) -> list[float]:
    """Return how far a sphere reaches along the ``(x, y, z)`` index axes, also on a sheared grid."""
    inverse = np.linalg.inv(volume.ijk_to_lps[:3, :3])
    reach: list[float] = (radius_mm * np.linalg.norm(inverse, axis=1)).tolist()
    return reach


def _lps(volume: Volume, place: npt.NDArray[np.intp]) -> Point:
    x, y, z = volume.lps_of(place[::-1]).tolist()
    return x, y, z
