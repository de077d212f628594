"""From a volume in any orientation to the network's grid: isotropic, ascending in LPS, cropped to the lungs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import SimpleITK

from models.engine.lungs import LungMask, find_lungs
from models.engine.manifest import AppliesTo, InputSpec
from resources.translation import tr, trn
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.volume import Volume

_itk: Any = SimpleITK  # its stubs are partial

_TOLERANCE_MM: Final = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """
    What the network sees and how to come back from it.

    ``hu`` is ``[z, y, x]``, int16, isotropic; voxel ``(0, 0, 0)`` lies at ``origin_lps_mm`` and
    every axis ascends in LPS by ``spacing_mm``.
    """

    hu: npt.NDArray[np.int16]
    origin_lps_mm: npt.NDArray[np.float64]
    spacing_mm: float
    lungs: LungMask


def prepare(volume: Volume, applies_to: AppliesTo, spec: InputSpec) -> Prepared:
    """Check, find the lungs, resample. Raises InputOutsideIntendedUse with the reason."""
    check_intended_use(volume, applies_to)
    lungs = find_lungs(volume)
    if lungs is None or lungs.volume_ml < applies_to.min_lung_ml:
        raise InputOutsideIntendedUse(tr("The detector refuses this series: no lungs in view."))
    low, high = _box_in_scan(volume, *lungs.box_lps_mm(spec.margin_mm))
    size = [int(n) for n in np.floor((high - low) / spec.spacing_mm) + 1]
    hu = _resample(volume, low, size, spec)
    return Prepared(hu, low, spec.spacing_mm, lungs)


def check_intended_use(volume: Volume, applies_to: AppliesTo) -> None:
    """Refuse what the model was not measured on. Raises InputOutsideIntendedUse."""
    if volume.unit != "HU":
        raise InputOutsideIntendedUse(tr("The detector refuses this series: it is not a CT."))
    slices = volume.voxels.shape[0]
    if slices < applies_to.min_slices:
        raise InputOutsideIntendedUse(
            trn(
                "The detector refuses this series: {count} slice, at least {least} are needed.",
                "The detector refuses this series: {count} slices, at least {least} are needed.",
                slices,
                least=applies_to.min_slices,
            )
        )
    x_mm, y_mm, z_mm = volume.spacing_mm
    if z_mm > applies_to.max_slice_mm + _TOLERANCE_MM:
        raise InputOutsideIntendedUse(
            tr(
                "The detector refuses this series: slices are {spacing} mm apart, at most {limit} mm are allowed.",
                spacing=f"{z_mm:.1f}",
                limit=f"{applies_to.max_slice_mm:g}",
            )
        )
    if max(x_mm, y_mm) > applies_to.max_pixel_mm + _TOLERANCE_MM:
        raise InputOutsideIntendedUse(
            tr(
                "The detector refuses this series: pixels of {spacing} mm are too large.",
                spacing=f"{max(x_mm, y_mm):.2f}",
            )
        )


def normalised(hu: npt.NDArray[np.int16], spec: InputSpec) -> npt.NDArray[np.float32]:
    """Return HU clipped and scaled to 0..1, edge-padded to multiples of ``multiple_of`` at the high ends."""
    low, high = spec.clip_hu
    values = np.clip(hu, int(low), int(high)).astype(np.float32)
    values -= np.float32(low)
    values *= np.float32(1 / (high - low))
    return np.pad(values, [(0, -n % spec.multiple_of) for n in hu.shape], mode="edge")


def _box_in_scan(
    volume: Volume, low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Clip a box to the bounding box of the scan, in LPS."""
    nz, ny, nx = volume.voxels.shape
    corners = volume.lps_of([[x, y, z] for x in (0, nx - 1) for y in (0, ny - 1) for z in (0, nz - 1)])
    return np.maximum(low, corners.min(axis=0)), np.minimum(high, corners.max(axis=0))


def _resample(
    volume: Volume, origin_lps_mm: npt.NDArray[np.float64], size: list[int], spec: InputSpec
) -> npt.NDArray[np.int16]:
    """
    Interpolate linearly on the target grid.

    The image is handed over in index coordinates and the affine transform goes from LPS to
    indices, so that oblique, flipped and sheared (tilted gantry) grids need no special case.
    """
    voxels, first = _needed_part(volume, origin_lps_mm, size, spec.spacing_mm)
    lps_to_ijk = np.linalg.inv(volume.ijk_to_lps)
    transform = _itk.AffineTransform(3)
    transform.SetMatrix(lps_to_ijk[:3, :3].ravel().tolist())
    transform.SetTranslation((lps_to_ijk[:3, 3] - first).tolist())
    resampled = _itk.Resample(
        _itk.GetImageFromArray(voxels),
        size,
        transform,
        _itk.sitkLinear,
        origin_lps_mm.tolist(),
        (spec.spacing_mm,) * 3,
        (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
        spec.clip_hu[0],
        _itk.sitkInt16,
    )
    hu: npt.NDArray[np.int16] = _itk.GetArrayFromImage(resampled)
    return hu


def _needed_part(
    volume: Volume, origin_lps_mm: npt.NDArray[np.float64], size: list[int], spacing_mm: float
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Return the voxels that the target box touches and the index ``(x, y, z)`` of the first of them."""
    far = origin_lps_mm + (np.array(size) - 1) * spacing_mm
    ends = (origin_lps_mm, far)
    corners = np.array([[ends[a][0], ends[b][1], ends[c][2]] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
    ijk = volume.ijk_of(corners)
    shape = np.array(volume.voxels.shape[::-1])
    low = np.clip(np.floor(ijk.min(axis=0)).astype(np.int64), 0, shape - 1)
    high = np.clip(np.ceil(ijk.max(axis=0)).astype(np.int64), 0, shape - 1)
    part = volume.voxels[low[2] : high[2] + 1, low[1] : high[1] + 1, low[0] : high[0] + 1]
    return np.ascontiguousarray(part), low.astype(np.float64)
