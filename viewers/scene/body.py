"""Where the body is in a CT, so that the couch can be left out of a rendering. SimpleITK loads at first use."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_TISSUE_HU: Final = -300.0
"""Fat begins at about -120 HU, foam and clothes end at about -500: halfway between."""
_GRID_MM: Final = 4.0
_THIN_MM: Final = 6.0
"""Shells of couches are thinner than twice this, limbs are thicker."""
_SMALLEST_SHARE: Final = 0.05
"""A part of at least this share of the largest one is body too: the other leg, an arm beside the chest."""
_SMALLEST_BODY_MM3: Final = 300_000.0
"""What is smaller is a specimen, a finger or a test object: nothing is left out then."""
Mask = npt.NDArray[np.bool_]


def body_mask(
    voxels: npt.NDArray[Any], spacing_mm: tuple[float, float, float]
) -> tuple[Mask, tuple[int, int, int]] | None:
    """
    Return which cells ``[z, y, x]`` hold the body and how many voxels a cell is long (z, y, x); None without a body.

    Voxels are in HU, ``spacing_mm`` is (x, y, z). What is denser than foam and thicker than a shell is body, with
    everything inside it: lungs and bowel stay.
    """
    steps = tuple(max(1, round(_GRID_MM / spacing)) for spacing in reversed(spacing_mm))
    coarse = voxels[:: steps[0], :: steps[1], :: steps[2]]
    tissue = coarse > _TISSUE_HU
    if not tissue.any():
        return None
    sitk: Any = import_module("SimpleITK")  # loads slowly, and has no types
    cells = [step * spacing for step, spacing in zip(reversed(steps), spacing_mm, strict=True)]
    radius = [max(1, round(_THIN_MM / cell)) for cell in cells]
    image = sitk.GetImageFromArray(tissue.astype(np.uint8))
    thick = sitk.BinaryMorphologicalOpening(image, radius)
    parts = sitk.GetArrayFromImage(sitk.RelabelComponent(sitk.ConnectedComponent(thick)))  # largest first, from 1
    sizes = np.bincount(parts.ravel())[1:]
    if sizes.size == 0 or sizes[0] * math.prod(cells) < _SMALLEST_BODY_MM3:
        return None
    kept = int((sizes >= _SMALLEST_SHARE * sizes[0]).sum())
    body = sitk.GetImageFromArray(((parts > 0) & (parts <= kept)).astype(np.uint8))
    grown = sitk.GetArrayFromImage(sitk.BinaryDilate(body, radius)).astype(np.bool_) & tissue
    filled = np.stack([_filled(sitk, layer) for layer in grown])
    # a cell on the skin holds some of it
    skin = sitk.BinaryDilate(sitk.GetImageFromArray(filled.astype(np.uint8)), [1, 1, 1])
    return sitk.GetArrayFromImage(skin).astype(np.bool_), (steps[0], steps[1], steps[2])


def outside(mask: Mask, cell: tuple[int, int, int], shape: tuple[int, ...], step: int) -> Mask:
    """Return which voxels of a volume reduced by ``step`` lie outside the body."""
    places = [
        np.minimum(np.arange(length) * step // size, count - 1)
        for length, size, count in zip(shape, cell, mask.shape, strict=True)
    ]
    return ~mask[np.ix_(*places)]


def _filled(sitk: Any, layer: Mask) -> Mask:  # noqa: ANN401 - the module has no types
    image = sitk.GetImageFromArray(layer.astype(np.uint8))
    filled: Mask = sitk.GetArrayFromImage(sitk.BinaryFillhole(image)).astype(np.bool_)
    return filled
