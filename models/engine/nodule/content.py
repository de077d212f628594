"""What a nodule is made of: attenuation, solid part, calcium, cavity, and the type that follows."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.engine.nodule.region import Region
from models.engine.nodule.sampling import BoolArray, Cube, depth_in, pieces
from models.engine.nodule.shape import pair_of_mask
from workstation.domain.finding import NoduleType
from workstation.domain.nodule import HounsfieldSummary, SolidPart

SOLID_HU: Final = -300.0
"""Where solid begins. Source: Scholten et al., Eur Radiol 25 (2015) 488: 90 % sensitivity, 88 % specificity."""
_CALCIUM_HU: Final = 200.0
_CALCIFIED_SHARE: Final = 0.25
_GROUND_GLASS_MOST: Final = 0.06  # share of the core; the volume cut-off at -300 HU is 6 % in the literature, too
_SOLID_LEAST: Final = 0.6
_RIM_MM: Final = 1.5  # partial volume: voxels this near the outline say nothing about the tissue
_GAS_HU: Final = -900.0
_DARK_HU: Final = -600.0
_LEAST_GAS_MM3: Final = 30.0
_PERCENTILES: Final = (5, 10, 25, 50, 75, 90, 95)


def hounsfield(region: Region, cube: Cube) -> HounsfieldSummary:
    """Return the attenuation inside the outline, cavities included."""
    values = cube.hu[region.mask].astype(np.float64)
    found = np.percentile(values, _PERCENTILES)
    return HounsfieldSummary(
        mean=float(values.mean()),
        standard_deviation=float(values.std()),
        minimum=float(values.min()),
        maximum=float(values.max()),
        percentiles=tuple((share, float(value)) for share, value in zip(_PERCENTILES, found, strict=True)),
    )


def cavity(region: Region, cube: Cube) -> BoolArray:
    """Return enclosed gas: dark voxels off the rim, in pieces of a size that a reader would call a cavity."""
    depth = depth_in(region.mask, cube.step_mm)
    dark = region.mask & (depth > 2 * cube.step_mm) & (cube.hu < _DARK_HU)
    gas = dark & (cube.hu < (region.parenchyma_hu + _GAS_HU) / 2)
    labels = pieces(np.asarray(dark, dtype=np.bool_))
    held = np.bincount(labels[gas], minlength=int(labels.max()) + 1) * cube.step_mm**3
    held[0] = 0
    return np.asarray((held >= _LEAST_GAS_MM3)[labels], dtype=np.bool_)


def nodule_type(region: Region, cube: Cube, hollow: BoolArray) -> NoduleType:
    """Guess the type from the shares of solid and calcified tissue off the rim."""
    depth = depth_in(region.mask, cube.step_mm)
    rim = min(_RIM_MM, 0.6 * float(depth.max()))
    core = cube.hu[(depth > rim) & ~hollow] if hollow.any() else cube.hu[depth > rim]
    if not core.size:
        core = cube.hu[region.mask]
    if float((core > _CALCIUM_HU).mean()) >= _CALCIFIED_SHARE:
        return NoduleType.CALCIFIED
    solid = float((core > SOLID_HU).mean())
    if hollow.any() or solid >= _SOLID_LEAST:
        return NoduleType.SOLID
    return NoduleType.GROUND_GLASS if solid < _GROUND_GLASS_MOST else NoduleType.PART_SOLID


def solid_part(region: Region, cube: Cube) -> SolidPart:
    """Return the largest connected piece at or above the solid threshold."""
    labels = pieces(np.asarray(region.mask & (cube.hu >= SOLID_HU), dtype=np.bool_))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    if not sizes.any():
        return SolidPart(SOLID_HU, 0.0, None)
    largest = labels == int(np.argmax(sizes))
    return SolidPart(SOLID_HU, float(sizes.max() * cube.step_mm**3), pair_of_mask(largest, cube))


def calcium_mm3(region: Region, cube: Cube) -> float:
    """Return the volume above 200 HU."""
    return float((cube.hu[region.mask] > _CALCIUM_HU).sum() * cube.step_mm**3)
