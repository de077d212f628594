"""Any grid to an axis-aligned one by linear interpolation: axis by axis, through the affine where axes are turned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import SimpleITK

from models.engine.separable import Axis, interpolated
from workstation.domain.ports import CancelToken
from workstation.domain.volume import Volume

_itk: Any = SimpleITK  # its stubs are partial
Number = TypeVar("Number", np.int16, np.float32)
_ASIDE_VOXELS: Final = 1e-3  # what a scan's axes may lean over the whole grid and still count as parallel
_SLICES_AT_ONCE: Final = 96  # a cancelled job waits for no more than these


@dataclass(frozen=True, slots=True, eq=False)
class TargetGrid:
    """
    Voxel ``(x, y, z)`` lies at ``origin_lps_mm + signs * spacing_mm * (x, y, z)``.

    ``signs`` is (1, 1, 1) where indices grow to L, P, S and (-1, -1, 1) where they grow to R, A, S.
    """

    origin_lps_mm: npt.NDArray[np.float64]
    spacing_mm: tuple[float, float, float]
    size: tuple[int, int, int]
    signs: tuple[int, int, int] = (1, 1, 1)

    @property
    def ijk_to_lps(self) -> npt.NDArray[np.float64]:
        """Return the 4 x 4 matrix from indices ``(x, y, z, 1)`` to LPS mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.diag(np.multiply(self.signs, self.spacing_mm))
        matrix[:3, 3] = self.origin_lps_mm
        return matrix


def box_of(volume: Volume) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the low and high corner of the scan's bounding box, in LPS mm."""
    nz, ny, nx = volume.voxels.shape
    corners = volume.lps_of([[x, y, z] for x in (0, nx - 1) for y in (0, ny - 1) for z in (0, nz - 1)])
    return corners.min(axis=0), corners.max(axis=0)


def grid_over(
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    spacing_mm: tuple[float, float, float],
    signs: tuple[int, int, int] = (1, 1, 1),
) -> TargetGrid:
    """Return the grid that fills a box, beginning at the corner from which its indices grow."""
    nx, ny, nz = (int(n) for n in np.floor((high - low) / np.array(spacing_mm)) + 1)
    return TargetGrid(np.where(np.array(signs) > 0, low, high), spacing_mm, (nx, ny, nz), signs)


def resample(
    volume: Volume, grid: TargetGrid, outside: float, dtype: type[Number], job: CancelToken | None = None
) -> npt.NDArray[Number]:
    """
    Return ``[z, y, x]`` values on the grid, ``outside`` beyond the scan; int16 values are cut off, not rounded.

    Where the axes are parallel it goes axis by axis, a sixth of the work. Else the image is handed over in index
    coordinates and the affine transform goes from LPS to indices, so that oblique and sheared (tilted gantry)
    grids need no special case, in parts of some slices: each takes only the voxels it needs. Raises JobCancelled.
    """
    axes = _parallel_axes(volume, grid)
    if axes is not None:
        return interpolated(volume.voxels, axes, outside, dtype, job)
    nx, ny, nz = grid.size
    values: npt.NDArray[Number] = np.empty((nz, ny, nx), dtype)
    for start in range(0, nz, _SLICES_AT_ONCE):
        if job is not None:
            job.raise_if_cancelled()
        count = min(_SLICES_AT_ONCE, nz - start)
        origin = grid.origin_lps_mm + np.array([0.0, 0.0, grid.signs[2] * grid.spacing_mm[2] * start])
        part = replace(grid, origin_lps_mm=origin, size=(nx, ny, count))
        values[start : start + count] = _resample(volume, part, outside, dtype)
    return values


def _parallel_axes(volume: Volume, grid: TargetGrid) -> tuple[Axis, Axis, Axis] | None:
    """Return where the grid's planes lie along z, y and x of the scan, None where its axes are turned against them."""
    steps = np.linalg.inv(volume.ijk_to_lps)[:3, :3] * np.multiply(grid.signs, grid.spacing_mm)
    along = np.diag(steps)
    if (np.abs(steps - np.diag(along)) * np.array(grid.size) > _ASIDE_VOXELS).any():
        return None
    start = volume.ijk_of(grid.origin_lps_mm[None])[0]
    x, y, z = (Axis.over(volume.voxels.shape[2 - n], float(start[n]), float(along[n]), grid.size[n]) for n in range(3))
    return z, y, x


def _resample(volume: Volume, grid: TargetGrid, outside: float, dtype: type[Number]) -> npt.NDArray[Number]:
    voxels, first = _needed_part(volume, grid)
    lps_to_ijk = np.linalg.inv(volume.ijk_to_lps)
    transform = _itk.AffineTransform(3)
    transform.SetMatrix(lps_to_ijk[:3, :3].ravel().tolist())
    transform.SetTranslation((lps_to_ijk[:3, 3] - first).tolist())
    resampled = _itk.Resample(
        _itk.GetImageFromArray(voxels),
        list(grid.size),
        transform,
        _itk.sitkLinear,
        grid.origin_lps_mm.tolist(),
        grid.spacing_mm,
        np.diag(np.array(grid.signs, dtype=np.float64)).ravel().tolist(),
        outside,
        {"int16": _itk.sitkInt16, "float32": _itk.sitkFloat32}[np.dtype(dtype).name],
    )
    values: npt.NDArray[Number] = _itk.GetArrayFromImage(resampled)
    return values


def _needed_part(volume: Volume, grid: TargetGrid) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Return the voxels that the grid touches and the index ``(x, y, z)`` of the first of them."""
    far = grid.origin_lps_mm + np.multiply(np.array(grid.size) - 1, np.multiply(grid.signs, grid.spacing_mm))
    ends = (grid.origin_lps_mm, far)
    corners = np.array([[ends[a][0], ends[b][1], ends[c][2]] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
    ijk = volume.ijk_of(corners)
    shape = np.array(volume.voxels.shape[::-1])
    low = np.clip(np.floor(ijk.min(axis=0)).astype(np.int64), 0, shape - 1)
    high = np.clip(np.ceil(ijk.max(axis=0)).astype(np.int64), 0, shape - 1)
    part = volume.voxels[low[2] : high[2] + 1, low[1] : high[1] + 1, low[0] : high[0] + 1]
    return np.ascontiguousarray(part), low.astype(np.float64)
