"""Where a nodule lies: pleura, vessels, lobe, and what weakens a later comparison."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.lungs import LungMask
from models.engine.nodule.region import Region
from models.engine.nodule.sampling import BoolArray, Cube, depth_in, distance_to, gap_between, pieces
from workstation.domain.finding import Lobe, NoduleType
from workstation.domain.geometry import Point
from workstation.domain.mark import GrowthLimit
from workstation.domain.nodule import LEAST_FOR_GROWTH_MM, Attachment, LobeGuess
from workstation.domain.volume import Volume

_Corner = npt.NDArray[np.float64]

_NEAR_MM: Final = 12.0
_TOUCHING_MM: Final = 1.5
_VESSEL_MM2: Final = 3.0  # what is 2 mm across
_LEAVES_STEPS: Final = (2.0, 3.0)  # rims of half-filled voxels and of noise end before: 0 to 1.4 measured
_THICK_SLICE_MM: Final = 1.5  # BTS 2015 and Fleischner 2017 ask for slices of at most 1.5 mm
_LEAST_STEPS_ACROSS: Final = 4.0
_BELIEF_MOST: Final = 0.9  # a position alone is never surer than this
_FISSURE_SOFTNESS: Final = 0.07  # in lung heights


def pleura_distance_mm(region: Region, cube: Cube, lungs: LungMask | None) -> float | None:
    """
    Return the gap between nodule and pleura, 0 where they touch.

    Measured in the cube where it shows the pleura, otherwise in the whole lungs; None without either.
    """
    near, box = region.part(round(_NEAR_MM / cube.step_mm))
    gap = _gap_mm(near, cube.part(box))
    if gap is None or gap > _NEAR_MM:
        gap = _gap_mm(region, cube)
    if gap is not None:
        return max(0.0, round(gap - cube.step_mm, 3))
    if lungs is None:
        return None
    points = cube.lps_of(np.argwhere(region.mask))
    return max(0.0, -float(lungs.distances_mm(points).max()))


def _gap_mm(region: Region, cube: Cube) -> float | None:
    outside = np.asarray(~region.lung & cube.in_scan, dtype=np.bool_)
    return gap_between(region.mask, outside, cube.step_mm) if outside.any() else None


def attachments(region: Region, cube: Cube, pleura_mm: float | None) -> frozenset[Attachment]:
    """
    Return what the nodule touches; a vessel is one connected piece that leaves it through a cross-section.

    Two to three steps away from the nodule that is at least 3 mm2. What lies closer, all round, is the rim of the
    nodule itself, which the opening that cut vessels off left over.
    """
    found = set()
    if pleura_mm is not None and pleura_mm <= _TOUCHING_MM:
        found.add(Attachment.PLEURA)
    if _has_vessel(region, cube.step_mm):
        found.add(Attachment.VESSEL)
    return frozenset(found)


def _has_vessel(region: Region, step_mm: float) -> bool:
    near, far = _LEAVES_STEPS
    region, _ = region.part(math.ceil(far) + 2)
    away = distance_to(region.mask, step_mm)
    labels = pieces(region.tissue & ~region.mask & (away <= (far + 0.01) * step_mm))
    sections = np.bincount(labels[away > near * step_mm], minlength=1)
    sections[0] = 0
    return bool(sections.max() * step_mm**2 >= _VESSEL_MM2)


def growth_limits(
    volume: Volume, *, kind: NoduleType, attached: frozenset[Attachment], cut_off: bool, diameter_mm: float
) -> frozenset[GrowthLimit]:
    """Return what makes this volume a weak baseline or follow-up."""
    limits = set()
    if max(volume.spacing_mm) > _THICK_SLICE_MM:
        limits.add(GrowthLimit.THICK_SLICES)
    if diameter_mm < _LEAST_STEPS_ACROSS * max(volume.spacing_mm):
        limits.add(GrowthLimit.FEW_VOXELS)
    if diameter_mm < LEAST_FOR_GROWTH_MM:
        limits.add(GrowthLimit.TOO_SMALL)
    if attached:
        limits.add(GrowthLimit.ATTACHED)
    if kind in {NoduleType.GROUND_GLASS, NoduleType.PART_SOLID}:
        limits.add(GrowthLimit.SUBSOLID)
    if cut_off:
        limits.add(GrowthLimit.CUT_OFF)
    return frozenset(limits)


def is_cut_off(mask: BoolArray, cube: Cube) -> bool:
    """Tell whether the nodule reaches the end of the scan."""
    if cube.in_scan.all():
        return False
    return float(depth_in(cube.in_scan, cube.step_mm)[mask].min()) <= 2.5 * cube.step_mm


def guess_lobe(centre_lps_mm: Point, lungs: LungMask | None) -> LobeGuess | None:
    """
    Guess the lobe from the position between apex and base, front and back.

    Planes stand for the fissures: the oblique one from three quarters of the height behind to the
    base in front, the horizontal one at half height in front. Not measured against traced lobes,
    hence never surer than 0.9.
    """
    if lungs is None:
        return None
    middle, boxes = _sides(lungs)
    left = centre_lps_mm[0] > middle
    low, high = boxes[int(left)]
    span = np.maximum(high - low, 1.0)
    _, back, height = ((np.asarray(centre_lps_mm) - low) / span).tolist()
    above_oblique = _share(height - 0.75 * (back - 0.1) / 0.9)
    if left:
        shares = {Lobe.LEFT_UPPER: above_oblique, Lobe.LEFT_LOWER: 1 - above_oblique}
    else:
        above_horizontal = _share(height - 0.5)
        shares = {
            Lobe.RIGHT_UPPER: above_oblique * above_horizontal,
            Lobe.RIGHT_MIDDLE: above_oblique * (1 - above_horizontal),
            Lobe.RIGHT_LOWER: 1 - above_oblique,
        }
    # what a position cannot tell is spread over the other lobes of that lung
    spread = (1 - _BELIEF_MOST) / len(shares)
    held = {lobe: _BELIEF_MOST * share + spread for lobe, share in shares.items()}
    return LobeGuess(tuple(sorted(held.items(), key=lambda item: -item[1])))


def _share(offset: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, offset / _FISSURE_SOFTNESS))))


@lru_cache(maxsize=2)
def _sides(lungs: LungMask) -> tuple[float, tuple[tuple[_Corner, _Corner], tuple[_Corner, _Corner]]]:
    """Return the x between both lungs and the box of either, right one first: low and high corner in LPS mm."""
    ijk = np.argwhere(lungs.distance_mm <= 0)[:, ::-1].astype(np.float64)
    points = ijk @ lungs.ijk_to_lps[:3, :3].T + lungs.ijk_to_lps[:3, 3]
    middle = float((points[:, 0].min() + points[:, 0].max()) / 2)
    left = points[:, 0] > middle
    right_lung, left_lung = points[~left], points[left]
    return middle, (
        (right_lung.min(axis=0), right_lung.max(axis=0)),
        (left_lung.min(axis=0), left_lung.max(axis=0)),
    )
