"""Readers' outlines (LIDC-IDRI) to findings: who outlined the same nodule, where it is and how large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.training.shapes import rasterise, volume_diameter_mm
from workstation.domain.volume import Volume

_SAME_WITHIN: Final = 0.5  # of the mean diameter: outlines whose centres are nearer are the same nodule


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One nodule as ``readers`` outlined it.

    Centre = mean of the readers' centroids, diameter = mean of their volume-equivalent diameters;
    ``outlines`` are (z mm, points (x, y) mm) in LPS.
    """

    centre_lps_mm: tuple[float, float, float]
    diameter_mm: float
    readers: int
    slice_mm: float
    outlines: tuple[tuple[float, tuple[tuple[float, float], ...]], ...]


def findings_of(entry: dict[str, Any], volume: Volume) -> list[Finding]:
    """Return the findings of one scan's annotations; ``volume`` gives the place of pixel (0, 0)."""
    pixel = float(entry["pixel_spacing"])
    slice_mm = volume.spacing_mm[2]
    x0, y0, _ = (float(v) for v in volume.lps_of([0, 0, 0]))
    drawn = []
    for annotation in entry["annotations"]:
        contours = [
            (bool(c["inclusion"]), float(c["z"]), np.array(c["xy"], dtype=np.float64) * pixel + [x0, y0])
            for c in annotation["contours"]
        ]
        alpha, _ = rasterise(contours, slice_mm)
        outer = [(z, points) for inside, z, points in contours if inside]
        area = np.array([_area(points) for _, points in outer])
        middle = np.array([[*_middle(points), z] for z, points in outer])
        centre = (middle * area[:, None]).sum(axis=0) / area.sum()
        drawn.append((centre, volume_diameter_mm(float(alpha.sum())), outer))
    groups: list[list[Any]] = []
    for one in drawn:
        for group in groups:
            gap = np.linalg.norm(np.mean([g[0] for g in group], axis=0) - one[0])
            if gap < _SAME_WITHIN * np.mean([g[1] for g in group] + [one[1]]):
                group.append(one)
                break
        else:
            groups.append([one])
    return [_finding(group, slice_mm) for group in groups]


def _finding(group: list[Any], slice_mm: float) -> Finding:
    x, y, z = (float(v) for v in np.mean([g[0] for g in group], axis=0))
    outlines = tuple(
        (float(height), tuple((float(px), float(py)) for px, py in points))
        for _, _, outer in group
        for height, points in outer
    )
    return Finding((x, y, z), float(np.mean([g[1] for g in group])), len(group), slice_mm, outlines)


def _area(points: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    x, y = points.T
    return max(float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2), 0.1)


def _middle(points: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    x, y = points.mean(axis=0)
    return float(x), float(y)
