"""
Rigid registration of two volumes by mutual information, coarse to fine, with SimpleITK.

It runs in a worker thread: SimpleITK lets the interpreter go on meanwhile, and cancelling takes effect at the
next iteration, a few tens of milliseconds later. Nothing is resampled for display; the result is a matrix.
Sources: Mattes et al., IEEE Trans Med Imaging 2003;22:120; Studholme et al., Pattern Recognition 1999;32:71.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import SimpleITK

from resources.translation import tr
from workstation.domain.errors import JobCancelled, NotRegistrable
from workstation.domain.ports import JobContext
from workstation.domain.progress import JobPart
from workstation.domain.registration import BESIDE_MM, RegistrationQuality, RigidRegistration, inverted
from workstation.domain.volume import Volume

_itk: Any = SimpleITK  # its stubs are partial

_LEVELS_MM: Final = (12.0, 6.0, 3.0)
"""Voxel sizes from coarse to fine; finer adds minutes and no accuracy a fused picture could show."""
_BINS: Final = 64
_JUDGING_BINS: Final = 32
_SAMPLES: Final = 40_000
_SEED: Final = 1
_ITERATIONS: Final = 200
_SMALLEST_MM: Final = 20.0
_FEWEST_VOXELS: Final = 4
_FILL: Final = -1e9
_BLOCK_LAYERS: Final = 4

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """One image at one resolution: SimpleITK's form and its voxels ``[z, y, x]``."""

    image: Any
    voxels: npt.NDArray[np.float32]
    ijk_to_lps: Matrix


class RigidRegistrationBySimpleItk:
    """The ``RigidRegistrar`` port."""

    def register(self, fixed: Volume, moving: Volume, job: JobContext) -> RigidRegistration:
        """
        Return the turn and shift that lay ``moving`` over ``fixed``, as a proposal.

        Raises NotRegistrable for sheared, tiny or empty images, JobCancelled.
        """
        for volume in (fixed, moving):
            _check(volume)
        job.progress(0.0, tr("Preparing images"))
        pyramid = [
            (_reduced(fixed, millimetres, job), _reduced(moving, millimetres, job)) for millimetres in _LEVELS_MM
        ]
        coarse_fixed, coarse_moving = pyramid[0]
        starts = list(_starts(coarse_fixed, coarse_moving))
        agreements = [_agreement(coarse_fixed, coarse_moving, one) for one in starts]
        transform = starts[int(np.argmax(agreements))]
        for number, (level_fixed, level_moving) in enumerate(pyramid):
            stretch = JobPart(job, 0.1 + 0.28 * number, 0.1 + 0.28 * (number + 1))
            transform = _refined(level_fixed, level_moving, transform, _LEVELS_MM[number], stretch)
        quality_fixed, quality_moving = pyramid[1]
        matrix = inverted(_matrix(transform))
        result = RigidRegistration(
            fixed_uid=fixed.frame_of_reference_uid,
            moving_uid=moving.frame_of_reference_uid,
            matrix=matrix,
            quality=RegistrationQuality(
                agreement=_agreement(quality_fixed, quality_moving, transform),
                agreement_before=_agreement(quality_fixed, quality_moving, starts[0]),
                overlap=_overlap(coarse_fixed, coarse_moving, matrix),
                agreement_beside=_agreement_beside(quality_fixed, quality_moving, transform, job),
            ),
            pivot_mm=_middle(moving),
        )
        job.progress(1.0)
        return result


def _check(volume: Volume) -> None:
    directions = volume.ijk_to_lps[:3, :3] / np.array(volume.spacing_mm)
    if not np.allclose(directions.T @ directions, np.eye(3), atol=1e-3):
        raise NotRegistrable(tr("A tilted series must be corrected before it is registered."))
    extent = np.multiply(volume.spacing_mm, volume.voxels.shape[::-1])
    if min(volume.voxels.shape) < _FEWEST_VOXELS or extent.min() < _SMALLEST_MM:
        raise NotRegistrable(tr("The series is too small to be registered."))


def _reduced(volume: Volume, target_mm: float, job: JobContext) -> _Level:
    """Return block means with voxels of about ``target_mm``, clipped to the values of most voxels."""
    factors = [max(1, round(target_mm / spacing)) for spacing in volume.spacing_mm]
    # a thin series keeps enough layers to be interpolated
    factors = [min(f, max(1, n // _FEWEST_VOXELS)) for f, n in zip(factors, volume.voxels.shape[::-1], strict=True)]
    fx, fy, fz = factors
    depth, rows, columns = (n // f for n, f in zip(volume.voxels.shape, (fz, fy, fx), strict=True))
    found = np.empty((depth, rows, columns), dtype=np.float32)
    for start in range(0, depth, _BLOCK_LAYERS):
        job.raise_if_cancelled()
        stop = min(start + _BLOCK_LAYERS, depth)
        block = volume.voxels[start * fz : stop * fz, : rows * fy, : columns * fx]
        shaped = block.reshape(stop - start, fz, rows, fy, columns, fx)
        found[start:stop] = shaped.mean(axis=(1, 3, 5), dtype=np.float32)
    low, high = np.percentile(found, (0.5, 99.5))
    if not np.isfinite(found).all() or low >= high:
        raise NotRegistrable(tr("The series shows nothing that could be registered."))
    found = np.clip(found, low, high)
    matrix = volume.ijk_to_lps.copy()
    matrix[:3, 3] = volume.lps_of([(f - 1) / 2 for f in factors])
    matrix[:3, :3] = volume.ijk_to_lps[:3, :3] * np.array(factors)
    return _Level(_image(found, matrix), found, matrix)


def _image(voxels: npt.NDArray[np.float32], matrix: Matrix) -> Any:  # noqa: ANN401  SimpleITK's image type is not typed
    image = _itk.GetImageFromArray(voxels)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    # rounded header values are orthogonal to 1e-3; SimpleITK wants it exactly
    left, _, right = np.linalg.svd(matrix[:3, :3] / spacing)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(matrix[:3, 3].tolist())
    image.SetDirection((left @ right).ravel().tolist())
    return image


def _starts(fixed: _Level, moving: _Level) -> Iterator[Any]:
    """Yield transforms to begin with: as the images lie, their middles together, their contents together."""
    centre = _centre(fixed)
    pairs = ((centre, centre), (centre, _centre(moving)), (_balance_point(fixed), _balance_point(moving)))
    for here, there in pairs:
        transform = _itk.Euler3DTransform()
        transform.SetCenter(centre.tolist())
        transform.SetTranslation((there - here).tolist())
        yield transform


def _refined(
    fixed: _Level,
    moving: _Level,
    start: Any,  # noqa: ANN401  SimpleITK's transform type is not typed
    spacing_mm: float,
    job: JobContext,
) -> Any:  # noqa: ANN401  as above
    job.progress(0.0, tr("Registering at {spacing} mm", spacing=f"{spacing_mm:g}"))
    transform = _itk.Euler3DTransform(start)
    method = _itk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(_BINS)
    # samples on a grid of their own would beat against the other image's grid
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(min(1.0, _SAMPLES / fixed.voxels.size), _SEED)
    method.SetInterpolator(_itk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(spacing_mm / 2, spacing_mm / 1000, _ITERATIONS, 0.7)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(transform, inPlace=True)
    method.AddCommand(_itk.sitkIterationEvent, _watched(method, job))
    try:
        method.Execute(fixed.image, moving.image)
    except RuntimeError as exc:
        job.raise_if_cancelled()
        raise NotRegistrable(tr("The images do not overlap enough to be registered."), detail="metric") from exc
    # a stopped registration returns as if it had ended
    job.raise_if_cancelled()
    return transform


def _watched(method: Any, job: JobContext) -> Callable[[], None]:  # noqa: ANN401  SimpleITK's method type is not typed
    def told() -> None:
        # an exception may not cross into SimpleITK, so that a cancelled job asks it to stop
        try:
            job.progress(min(1.0, method.GetOptimizerIteration() / _ITERATIONS))
        except JobCancelled:
            method.StopRegistration()

    return told


def _agreement(fixed: _Level, moving: _Level, transform: Any) -> float:  # noqa: ANN401  as above
    """Return the normalised mutual information of what both images show, 1 where they share next to nothing."""
    found = _shared_information(fixed, moving, transform)
    return 1.0 if found is None else found


def _agreement_beside(fixed: _Level, moving: _Level, transform: Any, job: JobContext) -> float:  # noqa: ANN401  as above
    """
    Return the mean agreement ``BESIDE_MM`` beside a result, along each axis both ways.

    Where hardly anything of a thin image is left in common nothing is measured; with no such place at all it is
    the agreement of the result itself: nothing tells the two apart.
    """
    found = []
    for step in (side * BESIDE_MM * axis for axis in np.eye(3) for side in (-1, 1)):
        job.raise_if_cancelled()
        beside = _itk.Euler3DTransform(transform)
        beside.SetTranslation((np.array(transform.GetTranslation()) + step).tolist())
        agreement = _shared_information(fixed, moving, beside)
        if agreement is not None:
            found.append(agreement)
    return float(np.mean(found)) if found else _agreement(fixed, moving, transform)


def _shared_information(fixed: _Level, moving: _Level, transform: Any) -> float | None:  # noqa: ANN401  as above
    """Return the normalised mutual information of what both images show, None where that is next to nothing."""
    resampled = _itk.Resample(moving.image, fixed.image, transform, _itk.sitkLinear, _FILL)
    seen = _itk.GetArrayFromImage(resampled)
    common = seen > _FILL / 2
    if common.sum() < _JUDGING_BINS**2:
        return None
    counts, _, _ = np.histogram2d(fixed.voxels[common], seen[common], bins=_JUDGING_BINS)
    joint = counts / counts.sum()
    together = _entropy(joint)
    return 1.0 if together == 0 else (_entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))) / together


def _entropy(share: npt.NDArray[np.float64]) -> float:
    present = share[share > 0]
    return float(-(present * np.log(present)).sum())


def _overlap(fixed: _Level, moving: _Level, matrix: Matrix) -> float:
    """Return the share of the moving image's brighter voxels that come to lie inside the fixed image."""
    places = np.argwhere(moving.voxels > moving.voxels.mean())[:, ::-1]
    to_fixed = np.linalg.inv(fixed.ijk_to_lps) @ matrix @ moving.ijk_to_lps
    index = places @ to_fixed[:3, :3].T + to_fixed[:3, 3]
    inside = (index >= -0.5) & (index <= np.array(fixed.voxels.shape[::-1]) - 0.5)
    return float(inside.all(axis=1).mean()) if len(places) else 0.0


def _matrix(transform: Any) -> Matrix:  # noqa: ANN401  as above
    """Return the 4 x 4 matrix of a transform that turns about its own centre."""
    turn = np.array(transform.GetMatrix()).reshape(3, 3)
    centre = np.array(transform.GetCenter())
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = np.array(transform.GetTranslation()) + centre - turn @ centre
    return matrix


def _centre(level: _Level) -> npt.NDArray[np.float64]:
    z, y, x = level.voxels.shape
    found: npt.NDArray[np.float64] = (level.ijk_to_lps @ [(x - 1) / 2, (y - 1) / 2, (z - 1) / 2, 1.0])[:3]
    return found


def _balance_point(level: _Level) -> npt.NDArray[np.float64]:
    """Return the centre of gravity of what is brighter than the image's mean: the body, not the air round it."""
    places = np.argwhere(level.voxels > level.voxels.mean())[:, ::-1]
    x, y, z = places.mean(axis=0) if len(places) else (0.0, 0.0, 0.0)
    found: npt.NDArray[np.float64] = (level.ijk_to_lps @ [x, y, z, 1.0])[:3]
    return found


def _middle(volume: Volume) -> tuple[float, float, float]:
    z, y, x = volume.voxels.shape
    a, b, c = volume.lps_of(((x - 1) / 2, (y - 1) / 2, (z - 1) / 2)).tolist()
    return a, b, c
