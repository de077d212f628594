"""
The second stage: what lies at a candidate, in a few measured numbers, corrects the network's score.

A vessel that ends or branches, a rib's cartilage or a bulging pleura can look like a nodule to a
small network. How dense a candidate is against its surroundings, how blob-like and how connected it
is tells more; a logistic regression weighs these numbers together with the score. Only HU round the
candidate are read, so that a box cut out of a scan is judged as the scan itself.

*Source:* the eigenvalues of the Hessian tell blobs from tubes: Sato et al., Medical Image Analysis 2 (1998) 143.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.manifest_values import SecondStage

FloatArray = npt.NDArray[np.float32]
HuArray = npt.NDArray[np.int16]

_REACH_MM: Final = 26
_MOST_SAMPLES: Final = 20
_RADIUS_MM: Final = (1.5, 20.0)
_AIR_HU: Final = -1000.0
_AERATED_HU: Final = -500.0
_AERATED_PERCENTILE: Final = 40
_FEW_VOXELS: Final = 50
_USUAL_LUNG_HU: Final = -850.0
_WATER_HU: Final = 60.0  # calcium counts as dense, not as denser
_LEAST_CONTRAST_HU: Final = 50.0
_SHELLS: Final = ((1.0, 1.5), (1.5, 2.0), (2.0, 3.0))  # in radii
_SCALE: Final = 0.5  # of the radius
_LEAST_CURVATURE: Final = 0.02

FEATURES: Final = (
    "score", "log_diameter", "core_hu", "core_p90_hu", "core_p10_hu", "lung_hu", "contrast_hu", "fill",
    "shell_1", "shell_2", "shell_3", "dense_1", "dense_2", "dense_3",
    "curve_1", "curve_2", "curve_3", "blob", "tube",
    "elongation", "flatness", "off_centre", "dense_around",
)  # fmt: skip
"""The numbers in their order; a manifest names those that its weights are for."""


def features(hu: HuArray, centre_zyx: npt.NDArray[np.float64], diameter_mm: float, score: float) -> dict[str, float]:
    """
    Return the numbers of one candidate by name.

    ``hu`` is ``[z, y, x]`` of 1 mm; beyond its edge there is air, as where the weights were fitted.
    """
    radius = float(np.clip(diameter_mm / 2, *_RADIUS_MM))
    step = max(1, round(radius / 6))
    near = _around(hu, centre_zyx, step)
    grid, away = _grid(near.shape[0] // 2, step)
    core = near[away <= max(1.5, 0.5 * radius, step)]
    inside = near[away <= max(radius, 1.5 * step)]
    aerated = near[(away <= radius + 10) & (near < _AERATED_HU)]
    lung = float(np.percentile(aerated, _AERATED_PERCENTILE)) if aerated.size >= _FEW_VOXELS else _USUAL_LUNG_HU
    middle = float(np.median(core))
    contrast = max(min(middle, _WATER_HU) - lung, _LEAST_CONTRAST_HU)
    share = np.clip((near - np.float32(lung)) / np.float32(contrast), 0, 1)
    clipped = min(max(score, 1e-4), 1 - 1e-4)
    found = {
        "score": float(np.log(clipped / (1 - clipped))),
        "log_diameter": float(np.log(max(diameter_mm, 1.0))),
        "core_hu": middle,
        "core_p90_hu": float(np.percentile(inside, 90)),
        "core_p10_hu": float(np.percentile(near[away <= max(0.8 * radius, 1.5 * step)], 10)),
        "lung_hu": lung,
        "contrast_hu": contrast,
        "fill": float(share[away <= max(radius, 1.5 * step)].mean()),
    }
    for number, (first, last) in enumerate(_SHELLS, start=1):
        shell = share[(away > first * radius + 0.5) & (away <= last * radius + 1.5 * step)]
        found[f"shell_{number}"] = float(shell.mean())
        found[f"dense_{number}"] = float((shell > 0.5).mean())
    first, second, third = _curvatures(share, max(1.0, _SCALE * radius, step), step)
    strongest = max(-first, _LEAST_CURVATURE)
    found |= {"curve_1": first, "curve_2": second, "curve_3": third}
    found |= {"blob": -third / strongest, "tube": -second / strongest}
    return found | _form(share, grid, away, radius)


def rescored(
    hu: HuArray,
    centre_zyx: npt.NDArray[np.float64],
    diameter_mm: npt.NDArray[np.float64],
    score: npt.NDArray[np.float64],
    stage: SecondStage,
) -> npt.NDArray[np.float64]:
    """Return the corrected scores in [0, 1] of candidates at ``(n, 3)`` voxels ``(z, y, x)``."""
    rows = []
    for centre, diameter, value in zip(centre_zyx, diameter_mm, score, strict=True):
        found = features(hu, centre, float(diameter), float(value))
        rows.append([found[name] for name in stage.features])
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(stage.features))
    standard = np.clip((table - np.array(stage.mean)) / np.array(stage.scale), -stage.clip, stage.clip)
    logit = stage.bias + standard @ np.array(stage.weight)
    result: npt.NDArray[np.float64] = 0.5 * (1 + np.tanh(0.5 * logit))
    return result


def _around(hu: HuArray, centre_zyx: npt.NDArray[np.float64], step: int) -> FloatArray:
    """Return a cube round a voxel, every ``step``-th sample, air where it leaves the array."""
    half = min(_MOST_SAMPLES, _REACH_MM // step)
    offsets = step * np.arange(-half, half + 1)
    middle = np.rint(centre_zyx).astype(np.int64)
    wanted = [m + offsets for m in middle.tolist()]
    axes = [np.clip(axis, 0, n - 1) for axis, n in zip(wanted, hu.shape, strict=True)]
    near = hu[np.ix_(*axes)].astype(np.float32)
    for number, (axis, inside) in enumerate(zip(wanted, axes, strict=True)):
        np.moveaxis(near, number, 0)[axis != inside] = _AIR_HU
    return near


@lru_cache(maxsize=8)
def _grid(half: int, step: int) -> tuple[FloatArray, FloatArray]:
    """Return offsets ``[3, z, y, x]`` and distances in mm from the middle of a cube."""
    one = np.arange(-half, half + 1, dtype=np.float32) * step
    grid = np.stack(np.meshgrid(one, one, one, indexing="ij"))
    return grid, np.sqrt((grid**2).sum(axis=0))


def _curvatures(share: FloatArray, sigma_mm: float, step: int) -> tuple[float, float, float]:
    """Return the rising eigenvalues of the Hessian under a Gaussian at the middle, times its variance."""
    half = share.shape[0] // 2
    t = np.arange(-half, half + 1) * step / sigma_mm
    plain = np.exp(-(t**2) / 2)
    plain /= plain.sum()
    slope = t * plain
    curve = (t**2 - 1) * plain
    curve -= plain * curve.sum()  # a constant has no curvature, however coarse the samples
    hessian = np.empty((3, 3))
    for i in range(3):
        for j in range(i, 3):
            kernels = [plain, plain, plain]
            kernels[i] = curve if i == j else slope
            if i != j:
                kernels[j] = slope
            hessian[i, j] = hessian[j, i] = float(share @ kernels[2] @ kernels[1] @ kernels[0])
    first, second, third = np.linalg.eigvalsh(hessian).tolist()
    return first, second, third


def _form(share: FloatArray, grid: FloatArray, away: FloatArray, radius: float) -> dict[str, float]:
    """Return how long, flat and off-centre the dense part is, and how much else is dense around."""
    weight = np.where((away <= 1.5 * radius + 1) & (share >= 0.3), share, 0).astype(np.float64)
    total = weight.sum() + 1e-6
    shift = (grid * weight).sum(axis=(1, 2, 3)) / total
    gap = (grid - shift[:, None, None, None]).reshape(3, -1)
    spread = (gap * weight.ravel()) @ gap.T / total + 0.08 * np.eye(3)
    least, middle, most = np.sqrt(np.linalg.eigvalsh(spread)).tolist()
    around = (away > radius + 2) & (away <= _MOST_SAMPLES)
    return {
        "elongation": most / middle,
        "flatness": middle / least,
        "off_centre": float(np.linalg.norm(shift)) / radius,
        "dense_around": float((share[around] > 0.5).mean()) if around.any() else 0.0,
    }
