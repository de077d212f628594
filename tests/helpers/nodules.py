"""Nodules of known size in a lung of known density, and a job that nobody cancels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workstation.domain.errors import JobCancelled
from workstation.domain.geometry import Point
from workstation.domain.volume import Volume

LUNG_HU = -860.0
WALL_HU = 40.0
MIDDLE: Point = (40.0, 40.0, 40.0)


class FreeJob:
    """A job context that goes on; ``cancelled`` makes it stop."""

    def __init__(self, *, cancelled: bool = False) -> None:
        self.cancelled = cancelled

    def raise_if_cancelled(self) -> None:
        if self.cancelled:
            raise JobCancelled

    def progress(self, fraction: float, text: str = "") -> None:
        self.raise_if_cancelled()


def lung(shape: tuple[int, int, int] = (80, 80, 80), *, wall_from_x: int | None = None) -> npt.NDArray[np.float64]:
    """Return lung ``[z, y, x]`` with a little noise, and chest wall beyond an x where asked for."""
    field = np.random.default_rng(7).normal(LUNG_HU, 15.0, shape)
    if wall_from_x is not None:
        field[:, :, wall_from_x:] = WALL_HU
    return field


def with_ball(
    field: npt.NDArray[np.float64], centre: Point, diameter_mm: float, hu: float, spacing: Point = (1.0, 1.0, 1.0)
) -> npt.NDArray[np.float64]:
    """Return the field with a ball of one density; its rim has partial volume."""
    z, y, x = np.meshgrid(*(np.arange(n) for n in field.shape), indexing="ij", sparse=True)
    away = np.sqrt(
        (x * spacing[0] - centre[0]) ** 2 + (y * spacing[1] - centre[1]) ** 2 + (z * spacing[2] - centre[2]) ** 2
    )
    share = np.clip((diameter_mm / 2 - away) / min(spacing) + 0.5, 0, 1)
    return np.asarray(field * (1 - share) + hu * share, dtype=np.float64)


def with_tube(
    field: npt.NDArray[np.float64], y: float, z: float, diameter_mm: float, hu: float = 30.0
) -> npt.NDArray[np.float64]:
    """Return the field with a vessel along x."""
    rows, slices = np.arange(field.shape[1])[None, :, None], np.arange(field.shape[0])[:, None, None]
    share = np.clip(diameter_mm / 2 - np.hypot(rows - y, slices - z) + 0.5, 0, 1)
    return np.asarray(field * (1 - share) + hu * share, dtype=np.float64)


def volume_of(
    field: npt.NDArray[np.float64], affine: npt.NDArray[np.float64] | None = None, unit: str = "HU"
) -> Volume:
    """Return a field as a volume; 1 mm voxels from the origin by default."""
    return Volume(np.rint(field).astype(np.int16), np.eye(4) if affine is None else affine, "1.2", "1.3", unit)
