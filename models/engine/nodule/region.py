"""
From a seed to the voxels of its nodule: threshold against the lung around, cut off from wall and vessels.

The chest wall goes by closing the lung with a ball; vessels go by opening to a share of the
nodule's own thickness, after Kuhnigk et al., IEEE TMI 25 (2006) 417. The boundary lies where the
readers of LIDC-IDRI draw it, at a fifth of the way from lung to nodule, not at the half; the
constants were set on half of 68 real nodules (ADR 0017).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.nodule.sampling import (
    BoolArray,
    Cube,
    FloatArray,
    Index,
    ball,
    cut_cube,
    depth_in,
    distance_to,
    filled,
    on_cube,
    piece_at,
    pieces,
    smoothed,
    widened,
    window,
)
from resources.translation import tr
from workstation.domain.errors import NotANodule
from workstation.domain.volume import Volume

_SMOOTHING_MM: Final = 0.5
_FAINT_HU: Final = 400.0
_FAINT_SMOOTHING_MM: Final = 1.0
_LUNG_BELOW_HU: Final = -500.0
_LUNG_PIECE_MM3: Final = 1500.0
_NEAR_MM: Final = 18.0
_PARENCHYMA_PERCENTILE: Final = 40
_CORE_MM: Final = 1.6
_CORE_PERCENTILE: Final = 70
_CORE_CAP_HU: Final = 60.0  # calcium must not push the boundary inwards
_LEAST_CONTRAST_HU: Final = 100.0
_BOUNDARY_SHARE: Final = 0.2
_BOUNDARY_ABOVE_LUNG_HU: Final = 60.0
_CLOSING_MM: Final = (12.0, 20.0)
_CLOSING_STEP: Final = 2.0
_SNAP_MM: Final = 2.5
_OPENING_SHARES: Final = (0.4, 0.52, 0.64, 0.76)
_OPENING_MOST_MM: Final = 3.0
_REGROW_MM: Final = 1.2
_STRETCH: Final = 2.6  # a nodule reaches no farther from its middle than this many times its half-thickness
_TUBE_SHARE: Final = 0.55
_TUBE_STRETCH: Final = 8.0  # 34 real nodules: at most 6.8, all but one under 2.2; 25 real vessels: mostly over 9
_THICK_TUBE: Final = (2.0, 3.9, 2.0)  # half-thickness mm, stretch, elongation
_CAVITY_MOST_MM3: Final = 15_000.0


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """
    A nodule on a cube's grid.

    ``mask`` includes enclosed cavities. ``tissue`` is everything above ``boundary_hu`` that the
    nodule hangs together with, vessels included; ``lung`` the lung with all it encloses.
    """

    mask: BoolArray
    tissue: BoolArray
    lung: BoolArray
    boundary_hu: float
    parenchyma_hu: float
    middle: Index
    half_thickness_mm: float

    def part(self, margin: int) -> tuple[Region, tuple[slice, slice, slice]]:
        """Return the region in the box round its mask, and that box; what is measured inside needs no more."""
        box = window(self.mask, margin)
        z, y, x = (m - side.start for m, side in zip(self.middle, box, strict=True))
        near = replace(self, mask=self.mask[box], tissue=self.tissue[box], lung=self.lung[box], middle=(z, y, x))
        return near, box


def find_region(volume: Volume, cube: Cube) -> Region:
    """Return the nodule round the middle of a cube of the volume. Raises NotANodule with the reason."""
    if not cube.in_scan[cube.middle]:
        raise NotANodule(tr("This point lies outside the images."), hint=tr("Click inside the nodule."))
    values = smoothed(cube.hu, _SMOOTHING_MM, cube.step_mm)
    aerated = _aerated(values, cube)
    parenchyma = _parenchyma_hu(values, aerated, cube)
    seed, core = _seed(values, parenchyma, cube)
    if core - parenchyma < _FAINT_HU:  # ground glass stands little above the noise
        values = smoothed(cube.hu, _FAINT_SMOOTHING_MM, cube.step_mm)
    lung = _closed_lung(volume, cube, seed)
    boundary = parenchyma + max(_BOUNDARY_SHARE * (core - parenchyma), _BOUNDARY_ABOVE_LUNG_HU)
    dense = (values > boundary) & lung & cube.in_scan
    tissue = filled(piece_at(dense, _snapped(dense, seed, cube.step_mm)))
    depth = depth_in(tissue, cube.step_mm)
    middle = _summit(depth, _snapped(tissue, seed, cube.step_mm), cube.step_mm)
    half_thickness = float(depth[middle])
    if half_thickness < cube.step_mm / 2:  # a sheet of one voxel: a fissure, a thin vessel or noise
        raise NotANodule(
            tr("What lies here is too small to measure."), hint=tr("Click inside the nodule, near its middle.")
        )
    _refuse_tube(depth, middle, cube.step_mm)
    mask = _opened(tissue, depth, middle, cube.step_mm)
    return Region(mask, tissue, lung, boundary, parenchyma, middle, half_thickness)


def _aerated(values: FloatArray, cube: Cube) -> BoolArray:
    """Return the large pieces of air-filled lung in the cube."""
    labels = pieces((values < _LUNG_BELOW_HU) & cube.in_scan)
    sizes = np.bincount(labels.ravel()) * cube.step_mm**3
    sizes[0] = 0
    return np.asarray((sizes > _LUNG_PIECE_MM3)[labels], dtype=np.bool_)


def _parenchyma_hu(values: FloatArray, aerated: BoolArray, cube: Cube) -> float:
    near = aerated & ball(cube.hu.shape, cube.middle, _NEAR_MM, cube.step_mm)
    chosen = near if near.sum() * cube.step_mm**3 > 100 else aerated
    if not chosen.any():
        raise NotANodule(
            tr("There is no lung around this point."),
            hint=tr("Click inside a nodule of the lung; measure others by hand."),
        )
    return float(np.percentile(values[chosen], _PARENCHYMA_PERCENTILE))


def _seed(values: FloatArray, parenchyma: float, cube: Cube) -> tuple[Index, float]:
    """Return where to start and how dense the nodule is there; from inside a cavity, its wall."""
    core = _core_hu(values, cube.middle, cube.step_mm)
    if core - parenchyma >= _LEAST_CONTRAST_HU:
        return cube.middle, min(core, _CORE_CAP_HU)
    wall = values > (parenchyma + _CORE_CAP_HU) / 2
    hollow = piece_at(filled(wall) & ~wall, cube.middle)
    if hollow.any() and hollow.sum() * cube.step_mm**3 <= _CAVITY_MOST_MM3:
        gap = distance_to(hollow, cube.step_mm)
        rim = np.argwhere(wall & (gap <= 2 * cube.step_mm))
        start = rim[int(np.argmax(values[tuple(rim.T)]))]
        place = (int(start[0]), int(start[1]), int(start[2]))
        return place, min(float(values[place]), _CORE_CAP_HU)
    raise NotANodule(
        tr("The tissue here is no denser than the lung around it."),
        hint=tr("Click inside the nodule, near its middle."),
    )


def _core_hu(values: FloatArray, place: Index, step_mm: float) -> float:
    chosen = ball(values.shape, place, _CORE_MM, step_mm)
    return float(np.percentile(values[chosen], _CORE_PERCENTILE))


def _closed_lung(volume: Volume, cube: Cube, seed: Index) -> BoolArray:
    """
    Return the lung closed with a ball, a larger one where the seed is not yet inside.

    Worked out on a wider and coarser cube: a ball that leaves the cube would close nothing.
    """
    middle = cube.lps_of(cube.middle)
    step_mm = _CLOSING_STEP * cube.step_mm
    half_mm = (cube.hu.shape[0] // 2) * cube.step_mm + max(_CLOSING_MM)
    wide = cut_cube(volume, (float(middle[0]), float(middle[1]), float(middle[2])), half_mm, step_mm, extended=True)
    aerated = _aerated(wide.hu, wide)
    for radius in _CLOSING_MM:
        inner = depth_in(widened(aerated, radius, step_mm), step_mm)
        # depths run between middles of voxels and the ball ends on one: a flat wall comes back at this depth
        level = float(np.floor(radius / step_mm)) * step_mm - step_mm / 2
        # enclosed tissue is a nodule or a vessel, however large
        inner[filled(inner >= level)] = max(float(inner.max()), radius)
        closed = np.asarray(on_cube(inner, wide, cube) >= level, dtype=np.bool_)
        if closed[seed]:
            return closed
    raise NotANodule(
        tr("This point lies in the chest wall or the mediastinum."),
        hint=tr("Click inside a nodule of the lung; measure others by hand."),
    )


def _snapped(mask: BoolArray, seed: Index, step_mm: float) -> Index:
    """Return the voxel of a mask nearest to the seed."""
    if mask[seed]:
        return seed
    near = np.argwhere(mask & ball(mask.shape, seed, _SNAP_MM, step_mm))
    if not len(near):
        raise NotANodule(
            tr("Nothing can be outlined at this point."), hint=tr("Click inside the nodule, near its middle.")
        )
    z, y, x = near[int(np.argmin(((near - seed) ** 2).sum(axis=1)))]
    return int(z), int(y), int(x)


def _summit(depth: FloatArray, start: Index, step_mm: float) -> Index:
    """Climb to the nearest deepest voxel, as long as the seed stays in or near the ball that fits there."""
    place = start
    while True:
        low = [max(0, p - 2) for p in place]
        near = depth[tuple(slice(a, p + 3) for a, p in zip(low, place, strict=True))]
        step = np.unravel_index(int(np.argmax(near)), near.shape)
        best = (low[0] + int(step[0]), low[1] + int(step[1]), low[2] + int(step[2]))
        away = float(np.linalg.norm(np.subtract(best, start))) * step_mm
        if depth[best] <= depth[place] + 1e-6 or away > depth[best] + _SNAP_MM:
            return place
        place = best


def _refuse_tube(depth: FloatArray, middle: Index, step_mm: float) -> None:
    """A vessel goes on at much the same thickness; a nodule does not."""
    half = float(depth[middle])
    thick = np.argwhere(piece_at(np.asarray(depth >= _TUBE_SHARE * half, dtype=np.bool_), middle))
    stretch = float(np.linalg.norm(thick - middle, axis=1).max() * step_mm - 2 * step_mm) / half
    least, longer, slimmer = _THICK_TUBE
    straight = len(thick) > 3 and half >= least and stretch > longer and _elongation(thick) > slimmer
    if stretch > _TUBE_STRETCH or straight:
        raise NotANodule(
            tr("This looks like a vessel: it goes on at the same thickness."),
            hint=tr("Click inside the nodule, or measure it by hand."),
        )


def _elongation(places: npt.NDArray[np.int64]) -> float:
    """Return the ratio of the two longest principal spreads."""
    _, second, first = np.linalg.eigvalsh(np.cov(places.T) + 0.08 * np.eye(3))
    return float(np.sqrt(first / second))


def _opened(tissue: BoolArray, depth: FloatArray, middle: Index, step_mm: float) -> BoolArray:
    """Cut off what is thin against the nodule; cut harder as long as a long tail remains."""
    half = float(depth[middle])
    reach_mm = _STRETCH * half + 1
    box = _around(tissue.shape, middle, reach_mm + 4 * _OPENING_MOST_MM, step_mm)
    near, deep = tissue[box], depth[box]
    at = (middle[0] - box[0].start, middle[1] - box[1].start, middle[2] - box[2].start)
    mask = near
    for share in _OPENING_SHARES:
        most = _OPENING_MOST_MM * (1 + 2 * (share - _OPENING_SHARES[0]))
        eroded_by = min(share * half, most)
        core = piece_at(np.asarray(deep > eroded_by, dtype=np.bool_), at)
        regrown = near & widened(core, eroded_by + _REGROW_MM, step_mm)
        mask = piece_at(np.asarray(regrown, dtype=np.bool_), at)
        if np.linalg.norm(np.argwhere(mask) - at, axis=1).max() * step_mm <= reach_mm:
            break
    whole = np.zeros(tissue.shape, dtype=np.bool_)
    whole[box] = filled(mask)
    return whole


def _around(shape: Index, middle: Index, radius_mm: float, step_mm: float) -> tuple[slice, slice, slice]:
    reach = int(np.ceil(radius_mm / step_mm))
    z, y, x = (slice(max(0, m - reach), min(n, m + reach + 1)) for m, n in zip(middle, shape, strict=True))
    return z, y, x
