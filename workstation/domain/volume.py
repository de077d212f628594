"""A regular stack of slices in patient space."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from workstation.domain.acquisition import Acquisition

Range = tuple[float, float]
_STEPS: Final = 1024
"""So many times padding lies closer to the patient's lowest value than that lies to the highest, among fractions"""
_ROUNDING: Final = 1e-5
"""Relative: what is interpolated in 32 bits is off by less"""


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """
    A three-dimensional image on a regular, possibly oblique, grid.

    ``voxels`` is indexed ``[z, y, x]`` = slice, row, column; values are after the modality
    transform (HU for CT). ``ijk_to_lps`` maps homogeneous ``(x, y, z, 1)`` voxel indices
    (column, row, slice) to DICOM patient millimetres (L, P, S), voxel centres at integers.
    Source: PS3.3 C.7.6.2.1.1.
    """

    voxels: npt.NDArray[np.int16] | npt.NDArray[np.float32]
    ijk_to_lps: npt.NDArray[np.float64]
    frame_of_reference_uid: str
    series_instance_uid: str
    unit: str = "HU"
    acquisition: Acquisition = field(default=Acquisition())
    stack_number: int = 0
    """Which stack of the series it is made of (``Series.split``)"""
    padding: Range | None = None
    """
    The inclusive range of values that show no patient, None where there are none.

    It lies below every value of the patient (``set_apart``), so that planes between the voxels and projections tell
    padding as slices do.
    """

    def __post_init__(self) -> None:
        if self.voxels.ndim != 3:
            raise ValueError(f"voxels must be [z, y, x], got shape {self.voxels.shape}")
        if self.ijk_to_lps.shape != (4, 4):
            raise ValueError(f"ijk_to_lps must be 4 x 4, got {self.ijk_to_lps.shape}")

    def shows_patient(self, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Tell which values of the volume, any shape, are no padding."""
        if self.padding is None:
            return np.ones(values.shape, dtype=np.bool_)
        shown: npt.NDArray[np.bool_] = (values < self.padding[0]) | (values > self.padding[1])
        return shown

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Return the distances between voxel centres along ``(x, y, z)`` index axes, in mm."""
        lengths = np.linalg.norm(self.ijk_to_lps[:3, :3], axis=0)
        return float(lengths[0]), float(lengths[1]), float(lengths[2])

    def lps_of(self, ijk: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Map ``(..., 3)`` voxel indices ``(x, y, z)`` to LPS millimetres."""
        points = np.asarray(ijk, dtype=np.float64)
        mapped: npt.NDArray[np.float64] = points @ self.ijk_to_lps[:3, :3].T + self.ijk_to_lps[:3, 3]
        return mapped

    def ijk_of(self, lps_mm: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Map ``(..., 3)`` LPS millimetres to fractional voxel indices ``(x, y, z)``."""
        inverse = np.linalg.inv(self.ijk_to_lps)
        points = np.asarray(lps_mm, dtype=np.float64)
        mapped: npt.NDArray[np.float64] = points @ inverse[:3, :3].T + inverse[:3, 3]
        return mapped


def set_apart(
    voxels: npt.NDArray[np.int16] | npt.NDArray[np.float32],
    padding_of: Callable[[int], npt.NDArray[np.bool_] | None],
    *,
    below: float = math.inf,
) -> Range | None:
    """
    Give the padding of ``voxels`` one value below all others, in place, and return the range that is padding then.

    ``padding_of`` tells which ``[row, column]`` of a layer are padding, None for none; it is asked twice, so that no
    mask of the whole volume is held. The value lies next to the patient's lowest: what is interpolated between the
    patient and padding looks like an edge to air, while a padding of 4095 would shine there. It lies under ``below``
    too, where that is what air has. None where nothing is padding, or where the type has no room under the patient.
    """
    lowest, highest, padded = below, -math.inf, []
    for layer, values in enumerate(voxels):
        mask = padding_of(layer)
        if mask is not None and mask.any():
            padded.append(layer)
            if mask.all():
                continue
            # any value of the patient in place of what is none
            seen: npt.NDArray[Any] = np.where(mask, values.flat[int(mask.argmin())], values)
        else:
            seen = values
        lowest = min(lowest, float(np.fmin.reduce(seen, axis=None)))
        highest = max(highest, float(np.fmax.reduce(seen, axis=None)))
    apart = _below(lowest, highest, voxels.dtype) if padded else None
    if apart is not None:
        for layer in padded:
            voxels[layer][cast("npt.NDArray[np.bool_]", padding_of(layer))] = apart[0]  # told the first time
    return apart


def _below(lowest: float, highest: float, kind: np.dtype[Any]) -> Range | None:
    """Return the value for padding below a patient's values, and up to where a value is padding."""
    if not math.isfinite(lowest):
        return (0.0, 0.0) if lowest == math.inf else None  # without any patient every voxel becomes it
    if kind.kind != "f":
        return (lowest - 1, lowest - 0.5) if lowest - 1 >= np.iinfo(kind.type).min else None
    step = max((highest - lowest) / _STEPS, abs(lowest) * _ROUNDING) or 1.0
    # half a step for what a factor and interpolation round
    return float(np.float32(lowest - step)), float(np.float32(lowest - step / 2))
