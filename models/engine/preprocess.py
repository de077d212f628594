"""From a volume in any orientation to the network's grid: isotropic, ascending in LPS, cropped to the lungs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.engine.intended_use import check_intended_use
from models.engine.lungs import LungMask, has_lung_tissue, lungs_of
from models.engine.manifest_values import AppliesTo, InputSpec
from models.engine.resample import box_of, grid_over, resample
from resources.translation import tr
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.ports import CancelToken
from workstation.domain.study import DecodeWarning
from workstation.domain.volume import Volume

__all__ = ["Prepared", "check_intended_use", "lungs_in_view", "normalised", "prepare"]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """
    What the network sees and how to come back from it.

    ``hu`` is ``[z, y, x]``, int16, isotropic; voxel ``(0, 0, 0)`` lies at ``origin_lps_mm`` and
    every axis ascends in LPS by ``spacing_mm``. ``warnings`` are the manifest's.
    """

    hu: npt.NDArray[np.int16]
    origin_lps_mm: npt.NDArray[np.float64]
    spacing_mm: float
    lungs: LungMask
    warnings: tuple[DecodeWarning, ...] = ()


def prepare(volume: Volume, applies_to: AppliesTo, spec: InputSpec, job: CancelToken | None = None) -> Prepared:
    """Check, find the lungs, resample. Raises InputOutsideIntendedUse with the reason, JobCancelled."""
    warnings = check_intended_use(volume, applies_to)
    lungs = lungs_in_view(volume, applies_to, job)
    low, high = lungs.box_lps_mm(spec.margin_mm)
    first, last = box_of(volume)
    grid = grid_over(np.maximum(low, first), np.minimum(high, last), (spec.spacing_mm,) * 3)
    hu = resample(volume, grid, spec.clip_hu[0], np.int16, job)
    return Prepared(hu, grid.origin_lps_mm, spec.spacing_mm, lungs, warnings)


def lungs_in_view(volume: Volume, applies_to: AppliesTo, job: CancelToken | None = None) -> LungMask:
    """
    Return the lungs.

    Raises InputOutsideIntendedUse without lungs as large as the manifest wants, and says whether some of them are in
    view; JobCancelled.
    """
    lungs = lungs_of(volume, job)
    if lungs is None or lungs.volume_ml < applies_to.min_lung_ml:
        cut = has_lung_tissue(volume)
        raise InputOutsideIntendedUse(
            tr("The detector refuses this series: only a part of the lungs is in view.")
            if cut
            else tr("The detector refuses this series: no lungs in view."),
            hint=tr("Give the detector the whole chest, or read it without AI."),
        )
    return lungs


def normalised(hu: npt.NDArray[np.int16], spec: InputSpec) -> npt.NDArray[np.float32]:
    """Return HU clipped and scaled to 0..1, edge-padded to multiples of ``multiple_of`` at the high ends."""
    low, high = (int(bound) for bound in spec.clip_hu)
    share = np.float32(1 / (high - low))
    depth, height, width = hu.shape
    values = np.empty([n + -n % spec.multiple_of for n in hu.shape], np.float32)
    for number in range(depth):  # slice by slice: what a pass leaves is still at hand for the next
        inner = values[number, :height, :width]
        np.subtract(np.clip(hu[number], low, high), np.float32(low), out=inner)
        inner *= share
        values[number, :height, width:] = inner[:, -1:]
        values[number, height:] = values[number, height - 1]
    values[depth:] = values[depth - 1]
    return values
