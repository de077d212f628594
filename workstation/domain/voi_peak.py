"""The highest mean over a sphere of 1 cm³, fast enough to be told while the hand lets go of a sphere."""

from __future__ import annotations

import math
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workstation.domain.volume import Volume

PEAK_RADIUS_MM: Final = 10.0 * (3.0 / (4.0 * math.pi)) ** (1.0 / 3.0)
"""Radius of the sphere of 1 cm³ (6.2035 mm). Source: PERCIST 1.0, Wahl et al., J Nucl Med 2009;50:122S."""


class _Run(NamedTuple):
    """Voxels of a sphere in one row of the grid: ``length`` of them from ``first`` on, seen from its middle."""

    row: int
    first: int
    length: int


LEAST_OF_A_PEAK: Final = 0.5
"""A sphere of which a smaller share holds data gives no peak: its mean is that of a rest, not of 1 cm³."""


class Peak(NamedTuple):
    """
    The highest mean of a sphere and the voxel ``(z, y, x)`` in its middle.

    ``counted`` marks, in the box that was asked for, the voxels whose sphere holds enough data to have a peak.
    """

    mean: float
    place: npt.NDArray[np.intp]
    counted: npt.NDArray[np.bool_]


def peak(volume: Volume, marks: npt.NDArray[np.bool_], first: tuple[int, int, int]) -> Peak | None:
    """
    Return the highest mean over a sphere of 1 cm³ round a marked voxel; ``marks`` mark values of the patient.

    ``marks`` is a box ``[z, y, x]`` that begins at voxel ``first``. At the edge of the volume, beside padding and where
    there is no number, what is there counts, as long as it is half of the sphere; None where no sphere holds as much.
    """
    layers = _layers(volume, PEAK_RADIUS_MM)
    reach = tuple(math.ceil(far) for far in reversed(reach_of(volume, PEAK_RADIUS_MM)))
    low = [at - far for at, far in zip(first, reach, strict=True)]
    high = [at + length + far for at, length, far in zip(first, marks.shape, reach, strict=True)]
    here = tuple(slice(max(0, a), min(b, length)) for a, b, length in zip(low, high, volume.voxels.shape, strict=True))
    around = [
        (part.start - a, b - part.stop) for a, b, part in zip(low, high, here, strict=True)
    ]  # what lies outside the volume
    inside = volume.voxels[here]
    whole = sum(run.length for runs in layers.values() for run in runs)
    is_data = volume.shows_patient(inside) & np.isfinite(inside)
    values = np.where(is_data, inside, 0).astype(np.float64)
    total = _sums(np.pad(values, around), layers, marks.shape, reach)
    counts = np.full(marks.shape, whole, dtype=np.float64)
    if any(side for sides in around for side in sides) or not is_data.all():
        counts = _sums(np.pad(is_data.astype(np.float64), around), layers, marks.shape, reach)
    counted = marks & (counts >= LEAST_OF_A_PEAK * whole)
    if not counted.any():
        return None
    means = np.divide(total, counts, out=np.full(marks.shape, -np.inf), where=counted)
    place = np.array(np.unravel_index(int(np.argmax(means)), means.shape), dtype=np.intp)
    return Peak(float(means[tuple(place)]), place + np.array(first), counted)


def reach_of(volume: Volume, radius_mm: float) -> list[float]:
    """Return how far a sphere reaches along the ``(x, y, z)`` index axes, also on a sheared grid."""
    inverse = np.linalg.inv(volume.ijk_to_lps[:3, :3])
    reach: list[float] = (radius_mm * np.linalg.norm(inverse, axis=1)).tolist()
    return reach


def _layers(volume: Volume, radius_mm: float) -> dict[int, tuple[_Run, ...]]:
    """Return the voxels whose centres lie within a radius, as runs along the rows of each layer: a sphere is convex."""
    reach = [math.ceil(far) for far in reach_of(volume, radius_mm)]
    columns, rows, layers = (range(-far, far + 1) for far in reach)
    matrix = volume.ijk_to_lps[:3, :3]
    found: dict[int, list[_Run]] = {}
    for z, y in product(layers, rows):
        near = [x for x in columns if float(np.linalg.norm(matrix @ np.array((x, y, z)))) <= radius_mm]
        if near:
            found.setdefault(z, []).append(_Run(y, near[0], len(near)))
    return {z: tuple(runs) for z, runs in found.items()}


def _sums(
    padded: npt.NDArray[np.float64],
    layers: dict[int, tuple[_Run, ...]],
    shape: tuple[Any, ...],
    reach: tuple[int, ...],
) -> npt.NDArray[np.float64]:
    """
    Return the sum over the sphere round every voxel of a box.

    One layer after another, so that what is added lies in the processor's cache; layers of the sphere that look
    alike are summed once. Rows are laid end to end: a step within the padded layer is a step along one line.
    """
    stride = padded.shape[2]
    width = (shape[1] - 1) * stride + shape[2]
    total = np.zeros((shape[0], shape[1] * stride))
    longest = max(run.length for runs in layers.values() for run in runs)
    for at, layer in enumerate(padded):
        meant = {z: at - reach[0] - z for z in layers if 0 <= at - reach[0] - z < shape[0]}
        line, of_runs = layer.ravel(), {1: layer.ravel()}
        for length in range(2, longest + 1):
            before = of_runs[length - 1]
            of_runs[length] = before[:-1] + line[length - 1 :]
        discs: dict[tuple[_Run, ...], npt.NDArray[np.float64]] = {}
        for z, target in meant.items():
            runs = layers[z]
            if runs not in discs:
                discs[runs] = disc = np.zeros(width)
                for run in runs:
                    start = (reach[1] + run.row) * stride + reach[2] + run.first
                    disc += of_runs[run.length][start : start + width]
            total[target, :width] += discs[runs]
    return total.reshape(shape[0], shape[1], stride)[:, :, : shape[2]]
