"""What a volume's grid owes the reader a word about: tilted gantry and unequal spacing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from resources.translation import tr
from workstation.domain.volume import Volume

_TILT_DEG: Final = 0.05
"""Below this the words would say 0.0 degrees."""
_UNEQUAL: Final = 1.01
"""Spacings within one per cent are shown as they are."""


@dataclass(frozen=True, slots=True)
class GridFacts:
    """
    How a volume's voxels depart from upright cubes.

    ``tilt_deg`` is the angle between the slices' normal and the way from slice to slice; ``slices_mm`` how far the
    acquired slices lie apart along their normal.
    """

    tilt_deg: float
    finest_mm: float
    slices_mm: float
    is_isotropic: bool

    @property
    def is_tilted(self) -> bool:
        """Tell whether planes undo a tilt."""
        return self.tilt_deg >= _TILT_DEG

    def warnings(self) -> tuple[str, ...]:
        """Return the words about a tilt, for the red lines of the corner."""
        return (tr("Tilt corrected {degrees}°", degrees=f"{self.tilt_deg:.1f}".removesuffix(".0")),) * self.is_tilted

    def resampled_text(self, *, is_acquired: bool = False) -> str:
        """
        Return the size of the voxels; of unequal ones what they are resampled to, and how far apart slices are.

        ``is_acquired`` is for an image as it was acquired: its pixels are its own.
        """
        if self.is_isotropic:
            return tr("Isotropic {mm} mm", mm=f"{self.finest_mm:.2f}")
        gap = f"{self.slices_mm:.3f}".rstrip("0").rstrip(".")
        is_same = round(self.finest_mm, 3) == round(self.slices_mm, 3)  # one length, one number
        mm = gap if is_same else f"{self.finest_mm:.2f}"
        if is_acquired:
            return tr("Pixels {mm} mm, slices {gap} mm apart", mm=mm, gap=gap)
        return tr("Resampled to {mm} mm, acquired {gap} mm apart", mm=mm, gap=gap)


def grid_facts(volume: Volume) -> GridFacts:
    """Return what is uncommon about a volume's grid."""
    columns, rows, slices = volume.ijk_to_lps[:3, :3].T
    normal = np.cross(columns, rows)
    across = float(np.linalg.norm(np.cross(normal, slices)))
    tilt = float(np.degrees(np.arctan2(across, abs(float(normal @ slices)))))
    apart = abs(float(normal @ slices)) / float(np.linalg.norm(normal))
    return GridFacts(tilt, min(volume.spacing_mm), apart, max(volume.spacing_mm) <= _UNEQUAL * min(volume.spacing_mm))
