"""
Where a mark comes from: how much the network's score at it falls when what lies around it is covered, cube by cube.

*Source:* Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.manifest_values import InputSpec, OutputSpec
from models.engine.preprocess import Prepared, normalised
from workstation.domain.geometry import Point
from workstation.domain.model import OcclusionMap
from workstation.domain.ports import JobContext

FloatArray = npt.NDArray[np.float32]
Heat = Callable[[FloatArray], FloatArray]
"""Takes ``[1, 1, z, y, x]`` as the network does and returns its heat, ``[z, y, x]`` at its stride."""

CUBES: Final = 7
"""Along each axis: the middle one on the mark, three to each side"""
_CUBE_VOXELS: Final = (6, 16)
"""The least hides what spans several of the network's steps; beyond the most the map would be coarser than a lobe"""
_VIEW_VOXELS: Final = 64
"""What the network sees of the lungs at once, at least; half of it stays around what the cubes reach"""
_AERATED_HU: Final = -850.0
"""Of a lung in inspiration: covered is what looks like lung without anything in it"""


class OutsideTheLungs(ValueError):
    """The mark lies outside what the network sees."""


def occlusion_of_mark(
    prepared: Prepared, centre_lps_mm: Point, diameter_mm: float, spec: InputSpec, output: OutputSpec, heat: Heat,
    job: JobContext,
) -> OcclusionMap:  # fmt: skip
    """
    Return how much the heat at a mark falls where a cube is covered with aerated lung, ``CUBES`` along each axis.

    Cubes are half as wide as the mark and overlap by half. Raises OutsideTheLungs, JobCancelled between cubes, and what
    ``heat`` raises.
    """
    shape = np.array(prepared.hu.shape)
    exact = (np.asarray(centre_lps_mm) - prepared.origin_lps_mm)[::-1] / prepared.spacing_mm
    centre = np.rint(exact).astype(np.intp)
    if (centre < 0).any() or (centre >= shape).any():
        raise OutsideTheLungs(centre_lps_mm)
    across = diameter_mm / prepared.spacing_mm
    half = int(np.clip(round(across / 4), _CUBE_VOXELS[0] // 2, _CUBE_VOXELS[1] // 2))
    reach = half * (CUBES // 2 + 1)
    first, view = _view(centre, shape, max(_VIEW_VOXELS, 2 * reach + _VIEW_VOXELS // 2), prepared.hu, spec)
    at_mark = _cells(np.array(view.shape) // output.stride, exact - first, output, across)
    low, high = spec.clip_hu
    covered_with = np.float32((_AERATED_HU - low) / (high - low))

    def score(image: FloatArray) -> float:
        return float(heat(image[None, None])[at_mark].max())

    whole = score(view)
    drop = np.zeros((CUBES,) * 3, np.float32)
    for number, index in enumerate(product(range(CUBES), repeat=3)):
        job.progress(number / drop.size)
        middle = centre - first + half * (np.array(index) - CUBES // 2)
        covered = view.copy()
        covered[tuple(slice(max(0, int(at) - half), max(0, int(at) + half)) for at in middle)] = covered_with
        drop[index] = whole - score(covered)
    job.progress(1.0)
    step = half * prepared.spacing_mm
    grid = np.diag([step] * 3 + [1.0])
    # an even cube around voxel n is centred half a voxel before it
    corner = prepared.origin_lps_mm + prepared.spacing_mm * (centre[::-1] - 0.5)
    grid[:3, 3] = corner - step * (CUBES // 2)
    return OcclusionMap(drop, grid)


def _view(
    centre: npt.NDArray[np.intp], shape: npt.NDArray[np.intp], side: int, hu: npt.NDArray[np.int16], spec: InputSpec
) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Return the first voxel and the normalised values of a cube around the mark, moved into the lungs' box."""
    first = np.clip(centre - side // 2, 0, np.maximum(shape - side, 0))
    inside = tuple(slice(int(a), int(a) + side) for a in first)
    return first, normalised(np.ascontiguousarray(hu[inside]), spec)


def _cells(
    counts: npt.NDArray[np.intp], centre: npt.NDArray[np.float64], output: OutputSpec, across: float
) -> npt.NDArray[np.bool_]:
    """Return which cells of the heat lie in the mark, at least those next to its centre; ``centre`` in voxels."""
    z, y, x = (np.arange(n) * output.stride + output.centre_shift for n in counts)
    away = np.sqrt((z[:, None, None] - centre[0]) ** 2 + (y[None, :, None] - centre[1]) ** 2 + (x - centre[2]) ** 2)
    near: npt.NDArray[np.bool_] = away <= max(across / 2, float(away.min()), output.stride)
    return near
