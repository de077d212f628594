"""Volumes for networks that state their own grid: any spacing, LPS or RAS, either axis order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.engine.intended_use import check_intended_use
from models.engine.lungs import LungMask
from models.engine.manifest_values import AppliesTo, GridInput
from models.engine.preprocess import lungs_in_view
from models.engine.resample import TargetGrid, box_of, grid_over, resample
from workstation.domain.ports import CancelToken
from workstation.domain.study import DecodeWarning
from workstation.domain.volume import Volume

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedGrid:
    """
    What the network sees.

    ``image`` is ``[z, y, x]``, scaled and padded at the high ends; ``grid`` tells where its
    unpadded voxels lie. ``lungs`` is None where the manifest does not ask for them.
    """

    image: FloatArray
    grid: TargetGrid
    lungs: LungMask | None
    warnings: tuple[DecodeWarning, ...]


def prepare_grid(
    volume: Volume, applies_to: AppliesTo, spec: GridInput, job: CancelToken | None = None
) -> PreparedGrid:
    """Check, crop, resample, scale, pad. Raises InputOutsideIntendedUse with the reason, JobCancelled."""
    warnings = check_intended_use(volume, applies_to)
    low, high = box_of(volume)
    lungs = lungs_in_view(volume, applies_to, job) if spec.roi == "lungs" or applies_to.min_lung_ml > 0 else None
    if lungs is not None and spec.roi == "lungs":
        first, last = lungs.box_lps_mm(spec.margin_mm)
        low, high = np.maximum(low, first), np.minimum(high, last)
    grid = grid_over(low, high, spec.spacing_mm, (1, 1, 1) if spec.orientation == "LPS" else (-1, -1, 1))
    values = resample(volume, grid, spec.clip[0], np.float32, job)
    return PreparedGrid(_padded(_scaled(values, spec), spec), grid, lungs, warnings)


def to_network(image: FloatArray, spec: GridInput) -> FloatArray:
    """Return ``[z, y, x]`` as the tensor that the network reads."""
    axes = image if spec.layout == "bczyx" else image.transpose(2, 1, 0)
    return np.ascontiguousarray(axes[None, None])


def z_axis(spec: GridInput) -> int:
    """Return which axis of the tensors is z."""
    return 2 if spec.layout == "bczyx" else 4


def _scaled(values: FloatArray, spec: GridInput) -> FloatArray:
    (low, high), (start, stop) = spec.clip, spec.scale
    clipped = np.clip(values, np.float32(low), np.float32(high))
    clipped -= np.float32(low)
    clipped *= np.float32((stop - start) / (high - low))
    clipped += np.float32(start)
    return clipped


def _padded(image: FloatArray, spec: GridInput) -> FloatArray:
    missing = [(0, -n % m) for n, m in zip(image.shape, spec.multiple_of[::-1], strict=True)]
    if spec.pad == "edge":
        return np.pad(image, missing, mode="edge")
    return np.pad(image, missing, constant_values=np.float32(spec.scale[0]))
