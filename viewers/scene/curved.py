"""Curved planes: a path drawn through the volume, straightened, with the way back to patient millimetres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from viewers.scene.reslice import OUTSIDE, sample
from workstation.domain.geometry import Point
from workstation.domain.volume import Volume

_DENSITY: Final = 32
"""Spline samples between two points before they are spaced evenly."""
_SAME_MM: Final = 0.5
"""Points closer together than this count once."""


@dataclass(frozen=True)
class CurvedPath:
    """A smooth way through at least two patient points, in the order in which they were drawn."""

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise ValueError("a path needs two points")
        if any(math.dist(a, b) < _SAME_MM for a, b in pairwise(self.points)):
            raise ValueError("neighbouring points of a path must lie apart")

    @cached_property
    def length_mm(self) -> float:
        """Return the length along the path."""
        return float(self._dense[1][-1])

    def positions(self, step_mm: float) -> npt.NDArray[np.float64]:
        """Return points ``(n, 3)`` every ``step_mm`` along the path, from its first point on."""
        points, lengths = self._dense
        wanted = np.arange(math.floor(self.length_mm / step_mm + 1e-9) + 1) * step_mm
        return np.stack([np.interp(wanted, lengths, points[:, axis]) for axis in range(3)], axis=1)

    @cached_property
    def _dense(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return dense points of the spline and their distances along it."""
        knots = np.asarray(self.points, dtype=np.float64)
        # square roots of the distances keep tight turns from swinging out
        steps = np.sqrt(np.linalg.norm(np.diff(knots, axis=0), axis=1))
        at = np.concatenate([[0.0], np.cumsum(steps)])
        fine = np.concatenate([np.linspace(a, b, _DENSITY, endpoint=False) for a, b in pairwise(at)])
        points = natural_spline(at, knots, np.append(fine, at[-1]))
        lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        return points, lengths


def natural_spline(
    at: npt.NDArray[np.float64], values: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """
    Return the natural cubic spline through ``values`` ``(n, d)`` at ``wanted`` parameters, as ``(m, d)``.

    Its second derivative vanishes at both ends; two points give a straight line.
    """
    h = np.diff(at)[:, None]
    slope = np.diff(values, axis=0) / h
    second = np.zeros_like(values)
    if len(at) > 2:
        matrix = np.diag(2 * (h[:-1, 0] + h[1:, 0])) + np.diag(h[1:-1, 0], 1) + np.diag(h[1:-1, 0], -1)
        second[1:-1] = np.linalg.solve(matrix, 6 * np.diff(slope, axis=0))
    piece = np.clip(np.searchsorted(at, wanted, side="right") - 1, 0, len(at) - 2)
    left = (wanted - at[piece])[:, None]
    width, before, after = h[piece], second[piece], second[piece + 1]
    linear = slope[piece] - width * (2 * before + after) / 6
    curve: npt.NDArray[np.float64] = (
        values[piece] + left * linear + left**2 * before / 2 + left**3 * (after - before) / (6 * width)
    )
    return curve


@dataclass(frozen=True, eq=False)
class Straightened:
    """
    A path laid straight: row n lies n steps along the path, columns run across it.

    ``places`` are the patient points ``[row, column, (L, P, S)]`` of the pixels of ``values``.
    """

    values: npt.NDArray[Any]
    places: npt.NDArray[np.float64]
    step_mm: float

    def lps_of(self, column: float, row: float) -> Point | None:
        """Return the patient point of the nearest pixel; None beside the picture."""
        x, y = math.floor(column + 0.5), math.floor(row + 0.5)
        if not (0 <= y < self.places.shape[0] and 0 <= x < self.places.shape[1]):
            return None
        a, b, c = self.places[y, x].tolist()
        return a, b, c

    def row_of(self, lps_mm: Point) -> int:
        """Return the row whose point on the path is nearest to a patient point."""
        middle = self.places[:, self.places.shape[1] // 2]
        return int(np.argmin(np.linalg.norm(middle - np.asarray(lps_mm), axis=1)))


def straighten(volume: Volume, path: CurvedPath, *, half_width_mm: float, turn_deg: float = 0.0) -> Straightened:
    """
    Cut a band along a path at the volume's finest spacing.

    The band turns as little as possible along the path; ``turn_deg`` turns all of it about the path.
    *Source:* W. Wang et al., Computation of rotation minimizing frames, ACM TOG 27(1), 2008.
    """
    step = min(volume.spacing_mm)
    middle = path.positions(step)
    across = _across(middle, turn_deg)
    half = math.ceil(half_width_mm / step)
    offsets = np.arange(-half, half + 1) * step
    places = middle[:, None, :] + offsets[None, :, None] * across[:, None, :]
    index = volume.ijk_of(places)
    values, inside = sample(volume.voxels, [index[..., axis] for axis in range(3)])
    if np.issubdtype(volume.voxels.dtype, np.integer):
        values = np.rint(values)
    values[~inside] = OUTSIDE
    return Straightened(values.astype(volume.voxels.dtype), places, step)


def _across(points: npt.NDArray[np.float64], turn_deg: float) -> npt.NDArray[np.float64]:
    """Return unit directions ``(n, 3)`` perpendicular to the path that turn no more than it does."""
    if len(points) < 2:
        raise ValueError("a path is shorter than one step")
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1)[:, None]
    frame = np.empty_like(points)
    # begin across the patient: left to the right of the picture, unless the path runs that way
    start = np.array([1.0, 0.0, 0.0]) if abs(tangents[0, 0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    start -= (start @ tangents[0]) * tangents[0]
    frame[0] = start / np.linalg.norm(start)
    for n in range(len(points) - 1):
        along = points[n + 1] - points[n]
        squared = float(along @ along)
        mirrored = frame[n] - 2 / squared * (along @ frame[n]) * along
        ahead = tangents[n] - 2 / squared * (along @ tangents[n]) * along
        between = tangents[n + 1] - ahead
        length = float(between @ between)
        frame[n + 1] = mirrored - (2 / length * (between @ mirrored) * between if length > 1e-18 else 0.0)
    turn = math.radians(turn_deg)
    turned: npt.NDArray[np.float64] = math.cos(turn) * frame + math.sin(turn) * np.cross(tangents, frame)
    return turned
