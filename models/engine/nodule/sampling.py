"""A cube of a volume on an isotropic grid, and the few image operations on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import SimpleITK

from workstation.domain.geometry import Point
from workstation.domain.volume import Volume

_itk: Any = SimpleITK  # its stubs are partial

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.uint32]
Index = tuple[int, int, int]

_OUTSIDE_HU: Final = -4000.0
_QUICK_STEPS: Final = 12  # distances up to here are found faster step by step than by a transform
_IDENTITY: Final = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """
    ``hu`` ``[z, y, x]`` on axes that ascend in LPS by ``step_mm`` from ``origin_lps_mm``; the seed is in its middle.

    ``in_scan`` is false where the cube reaches beyond the volume; ``hu`` is air there.
    """

    hu: FloatArray
    in_scan: BoolArray
    origin_lps_mm: npt.NDArray[np.float64]
    step_mm: float

    @property
    def middle(self) -> Index:
        """Return the index of the seed."""
        half = self.hu.shape[0] // 2
        return half, half, half

    def part(self, box: tuple[slice, slice, slice]) -> Cube:
        """Return a box of the cube; it need not be a cube any more."""
        start = np.array([side.start for side in box])
        return Cube(self.hu[box], self.in_scan[box], self.lps_of(start), self.step_mm)

    def lps_of(self, zyx: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Map ``(..., 3)`` indices ``(z, y, x)`` to LPS mm."""
        points: npt.NDArray[np.float64] = (
            self.origin_lps_mm + np.asarray(zyx, dtype=np.float64)[..., ::-1] * self.step_mm
        )
        return points


def window(mask: BoolArray, margin: int) -> tuple[slice, slice, slice]:
    """Return the box round a mask that is not empty, widened by some voxels as far as the array goes."""
    where = [np.nonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))[0] for axis in range(3)]
    z, y, x = (slice(max(0, int(w[0]) - margin), int(w[-1]) + margin + 1) for w in where)
    return z, y, x


def cut_cube(volume: Volume, centre_lps_mm: Point, half_mm: float, step_mm: float, *, extended: bool = False) -> Cube:
    """
    Interpolate a cube linearly; oblique, flipped and sheared grids need no special case.

    ``extended`` continues the outermost voxels beyond the scan instead of air.
    """
    half = int(np.ceil(half_mm / step_mm))
    count = 2 * half + 1
    origin = np.asarray(centre_lps_mm, dtype=np.float64) - half * step_mm
    corners = origin + (count - 1) * step_mm * np.array(
        [[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float64
    )
    ijk = volume.ijk_of(corners)
    last = np.array(volume.voxels.shape[::-1]) - 1
    low = np.clip(np.floor(ijk.min(axis=0)).astype(np.int64), 0, last)
    high = np.clip(np.ceil(ijk.max(axis=0)).astype(np.int64), 0, last)
    part = np.ascontiguousarray(volume.voxels[low[2] : high[2] + 1, low[1] : high[1] + 1, low[0] : high[0] + 1])
    inverse = np.linalg.inv(volume.ijk_to_lps)
    transform = _itk.AffineTransform(3)
    transform.SetMatrix(inverse[:3, :3].ravel().tolist())
    transform.SetTranslation((inverse[:3, 3] - low).tolist())
    resample = _itk.ResampleImageFilter()
    resample.SetSize([count] * 3)
    resample.SetOutputOrigin(origin.tolist())
    resample.SetOutputSpacing((step_mm,) * 3)
    resample.SetTransform(transform)
    resample.SetOutputPixelType(_itk.sitkFloat32)
    resample.SetDefaultPixelValue(_OUTSIDE_HU)
    resample.SetUseNearestNeighborExtrapolator(extended)
    sampled: FloatArray = _itk.GetArrayFromImage(resample.Execute(_itk.GetImageFromArray(part)))
    in_scan = sampled > _OUTSIDE_HU / 2
    return Cube(np.maximum(sampled, np.float32(-1024)), in_scan, origin, step_mm)


def on_volume_grid(
    values: FloatArray, cube: Cube, volume: Volume, first_ijk: npt.NDArray[np.int64], size_xyz: npt.NDArray[np.int64]
) -> FloatArray:
    """Interpolate values of the cube at the voxel centres of a box of the volume, 0 outside the cube."""
    image = _itk.GetImageFromArray(values)
    # index of the volume's box -> LPS -> index of the cube, both images in index coordinates
    matrix = volume.ijk_to_lps[:3, :3] / cube.step_mm
    shift = (volume.lps_of(first_ijk) - cube.origin_lps_mm) / cube.step_mm
    transform = _itk.AffineTransform(3)
    transform.SetMatrix(matrix.ravel().tolist())
    transform.SetTranslation(shift.tolist())
    sampled: FloatArray = _itk.GetArrayFromImage(
        _itk.Resample(
            image,
            size_xyz.tolist(),
            transform,
            _itk.sitkLinear,
            (0.0, 0.0, 0.0),
            (1.0, 1.0, 1.0),
            _IDENTITY,
            0.0,
            _itk.sitkFloat32,
        )
    )
    return sampled


def on_cube(values: FloatArray, wide: Cube, cube: Cube) -> FloatArray:
    """Interpolate values of a wider, coarser cube at the voxels of another."""
    image = _itk.GetImageFromArray(values)
    image.SetOrigin(wide.origin_lps_mm.tolist())
    image.SetSpacing((wide.step_mm,) * 3)
    sampled: FloatArray = _itk.GetArrayFromImage(
        _itk.Resample(
            image,
            list(cube.hu.shape[::-1]),
            _itk.Transform(3, _itk.sitkIdentity),
            _itk.sitkLinear,
            cube.origin_lps_mm.tolist(),
            (cube.step_mm,) * 3,
            _IDENTITY,
            0.0,
            _itk.sitkFloat32,
        )
    )
    return sampled


def smoothed(values: FloatArray, sigma_mm: float, step_mm: float) -> FloatArray:
    """Return the array under a Gaussian."""
    result: FloatArray = _itk.GetArrayFromImage(_itk.SmoothingRecursiveGaussian(_image(values, step_mm), sigma_mm))
    return result


def distance_to(mask: BoolArray, step_mm: float) -> FloatArray:
    """Return the distance to a mask in mm, 0 inside."""
    return np.maximum(_signed_distance(mask, step_mm), np.float32(0))


def gap_between(one: BoolArray, other: BoolArray, step_mm: float) -> float:
    """Return the least distance in mm from a voxel of one mask to a voxel of the other; neither is empty."""
    steps = _QUICK_STEPS
    nearest = int(_squares(other, steps)[one].min())
    if nearest <= steps**2:
        return float(np.sqrt(nearest)) * step_mm
    return float(distance_to(other, step_mm)[one].min())


def widened(mask: BoolArray, radius_mm: float, step_mm: float) -> BoolArray:
    """Return the voxels within a radius of a mask."""
    reach = radius_mm / step_mm
    return np.asarray(_squares(mask, int(reach)) <= reach**2, dtype=np.bool_)


def depth_in(mask: BoolArray, step_mm: float) -> FloatArray:
    """Return how deep each voxel lies in a mask in mm, 0 outside."""
    return np.maximum(-_signed_distance(mask, step_mm), np.float32(0))


def _squares(mask: BoolArray, steps: int) -> npt.NDArray[np.int16]:
    """Return the squared distance to a mask in steps: right up to ``steps``, something larger beyond."""
    squares = np.where(mask, np.int16(0), np.int16(min(4 * steps**2 + 1, 16_000)))  # whole numbers compare quickly
    for axis in range(3):
        before = np.moveaxis(squares, axis, 0)
        after = before.copy(order="K")
        for count in range(1, min(steps, len(before) - 1) + 1):
            away = np.int16(count**2)
            np.minimum(after[count:], before[:-count] + away, out=after[count:])
            np.minimum(after[:-count], before[count:] + away, out=after[:-count])
        squares = np.moveaxis(after, 0, axis)
    return squares


def pieces(mask: BoolArray) -> Labels:
    """Return the connected pieces (faces) of a mask numbered from 1, 0 outside."""
    labels: Labels = _itk.GetArrayFromImage(_itk.ConnectedComponent(_itk.GetImageFromArray(mask.view(np.uint8))))
    return labels


def piece_at(mask: BoolArray, place: Index) -> BoolArray:
    """Return the connected piece of a mask that holds a voxel; empty where the voxel is not in the mask."""
    piece = np.zeros(mask.shape, dtype=np.bool_)
    if mask[place]:
        box = window(mask, 0)
        labels = pieces(mask[box])
        z, y, x = (at - side.start for at, side in zip(place, box, strict=True))
        piece[box] = labels == labels[z, y, x]
    return piece


def filled(mask: BoolArray) -> BoolArray:
    """Return a mask with its enclosed holes filled."""
    whole = mask.copy()
    if mask.any():
        box = window(mask, 1)  # no hole lies outside it
        gaps = pieces(~mask[box])
        open_to_outside = np.zeros(int(gaps.max()) + 1, dtype=np.bool_)
        open_to_outside[0] = True
        for face in (gaps[0], gaps[-1], gaps[:, 0], gaps[:, -1], gaps[:, :, 0], gaps[:, :, -1]):
            open_to_outside[face] = True
        whole[box] |= ~open_to_outside[gaps]
    return whole


def ball(shape: Index, centre: Index, radius_mm: float, step_mm: float) -> BoolArray:
    """Return the voxels within a radius of one."""
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    squares = (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2
    return np.asarray(squares * step_mm**2 <= radius_mm**2, dtype=np.bool_)


def _signed_distance(mask: BoolArray, step_mm: float) -> FloatArray:
    result: FloatArray = _itk.GetArrayFromImage(
        _itk.SignedMaurerDistanceMap(
            _image(mask.astype(np.uint8), step_mm), insideIsPositive=False, squaredDistance=False, useImageSpacing=True
        )
    )
    return result


def _image(values: npt.NDArray[Any], step_mm: float) -> Any:  # noqa: ANN401  SimpleITK's image type is not typed
    image = _itk.GetImageFromArray(values)
    image.SetSpacing((step_mm,) * 3)
    return image
