"""A regular stack of slices in patient space."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from workstation.domain.acquisition import Acquisition


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
    padding: tuple[float, float] | None = None
    """The inclusive range of values that show no patient, None where nothing names one for the whole series"""

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
