"""Radiographs for networks: grey values to 0..1, MONOCHROME1 turned round, letter-boxed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK

from models.engine.manifest_values import ImageInput
from workstation.domain.model import PlanarImage

_itk: Any = SimpleITK  # its stubs are partial
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Letterboxed:
    """
    ``image`` is ``[row, column]`` in 0..1 at the network's size.

    The pixel ``(x, y)`` of the stored image, centres at integers, lies at
    ``scale * (x + 0.5) + shift`` in the network's coordinates, in which pixel k covers [k, k + 1].
    """

    image: FloatArray
    scale: float
    shift: tuple[float, float]

    def to_stored(self, corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map ``(n, 4)`` corners (x, y, x, y) back to pixels of the stored image."""
        mapped: npt.NDArray[np.float64] = (corners - np.tile(self.shift, 2)) / self.scale - 0.5
        return mapped

    @property
    def to_stored_matrix(self) -> npt.NDArray[np.float64]:
        """Return the 4 x 4 matrix from indices (column, row) of ``image`` to stored pixels."""
        matrix = np.eye(4)
        matrix[0, 0] = matrix[1, 1] = 1 / self.scale
        matrix[:2, 3] = (0.5 - np.array(self.shift)) / self.scale - 0.5
        return matrix


def letterboxed(image: PlanarImage, spec: ImageInput) -> Letterboxed:
    """Scale to fit, keep the proportions, centre, fill the rest."""
    rows, columns = image.pixels.shape
    scale = min(spec.height / rows, spec.width / columns)
    height, width = (max(1, round(scale * rows)), max(1, round(scale * columns)))
    top, left = (spec.height - height) // 2, (spec.width - width) // 2
    framed = np.full((spec.height, spec.width), spec.fill, np.float32)
    framed[top : top + height, left : left + width] = _resized(_grey(image, spec), height, width, scale)
    return Letterboxed(framed, scale, (float(left), float(top)))


def to_network(image: FloatArray, spec: ImageInput) -> FloatArray:
    """Return ``[1, channels, row, column]``, normalised per channel."""
    mean = np.array(spec.mean, np.float32)[:, None, None]
    deviation = np.array(spec.deviation, np.float32)[:, None, None]
    return np.ascontiguousarray(((image[None] - mean) / deviation)[None], np.float32)


def _grey(image: PlanarImage, spec: ImageInput) -> FloatArray:
    low, high = np.percentile(image.pixels, spec.percentiles)
    grey: FloatArray = np.clip((image.pixels - np.float32(low)) / np.float32(max(high - low, 1e-6)), 0, 1).astype(
        np.float32
    )
    return (1 - grey).astype(np.float32) if image.bright_is_low else grey


def _resized(grey: FloatArray, height: int, width: int, scale: float) -> FloatArray:
    source = _itk.GetImageFromArray(grey)
    if scale < 1:  # else fine structures alias
        source = _itk.DiscreteGaussian(source, (0.35 / scale) ** 2)
    step = (1 / scale, 1 / scale)
    origin = tuple(0.5 * length - 0.5 for length in step)
    nearest_inside = _itk.Resample(
        source, [width, height], _itk.Transform(2, _itk.sitkIdentity), _itk.sitkLinear, origin, step,
        (1.0, 0.0, 0.0, 1.0), 0.0, _itk.sitkFloat32, True,
    )  # fmt: skip
    resized: FloatArray = _itk.GetArrayFromImage(nearest_inside)
    return resized
