"""Geometry of closed outlines in a plane: area, perimeter, longest diameter and the chord across it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def area(outline: FloatArray) -> float:
    """Return the area of an ``(n, 2)`` outline, in its squared unit. Source: the shoelace formula."""
    x, y = (outline - outline[0]).T  # near the origin, where the products keep their digits
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def perimeter(outline: FloatArray) -> float:
    """Return the length of an ``(n, 2)`` closed outline."""
    return float(np.linalg.norm(np.roll(outline, -1, axis=0) - outline, axis=1).sum())


def longest_diameter(points: FloatArray) -> tuple[int, int]:
    """
    Return the indices of the two points farthest apart; ``points`` is ``(n, 2)`` or ``(n, 3)``, n >= 2.

    Source: RECIST 1.1 s.3.
    """
    if len(points) < 2:
        raise ValueError(f"need at least 2 points, got {len(points)}")
    norms = (points**2).sum(axis=1)
    squares = norms[:, None] + norms[None, :] - 2 * points @ points.T
    first, second = np.unravel_index(int(np.argmax(squares)), squares.shape)
    return int(first), int(second)


def chord_across(outline: FloatArray, first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    """
    Return both ends of the longest chord inside an outline at right angles to a line.

    ``outline`` is ``(n, 2)``, the line runs from ``first`` to ``second``. A chord that leaves the
    outline and comes back counts by its longest piece. Raises ValueError where nothing is crossed.
    """
    along = second - first
    length = float(np.linalg.norm(along))
    if length == 0:
        raise ValueError("the line has no direction")
    along = along / length
    across = np.array([-along[1], along[0]])
    u, v = (outline - first) @ along, (outline - first) @ across
    # the length of a chord is linear between vertices, so the longest one passes close by a vertex
    hair = 1e-9 * max(float(np.ptp(u)), length)
    stations = np.unique(np.concatenate([u - hair, u + hair]))
    u2, v2 = np.roll(u, -1), np.roll(v, -1)
    spans = (u <= stations[:, None]) != (u2 <= stations[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        met = np.where(spans, v + (stations[:, None] - u) / (u2 - u) * (v2 - v), np.inf)
    met.sort(axis=1)
    met = met[:, : 2 * (met.shape[1] // 2)]
    with np.errstate(invalid="ignore"):
        pieces = np.where(np.isfinite(met[:, 1::2]), met[:, 1::2] - met[:, ::2], -1.0)
    if not pieces.size or pieces.max() < 0:
        raise ValueError("no chord crosses the outline")
    row, piece = np.unravel_index(int(np.argmax(pieces)), pieces.shape)
    foot = first + stations[row] * along
    return foot + met[row, 2 * piece] * across, foot + met[row, 2 * piece + 1] * across


def inside(outline: FloatArray, points: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell which ``(m, 2)`` points lie inside an ``(n, 2)`` outline, by the even-odd rule."""
    odd = np.zeros(len(points), dtype=np.bool_)
    x, y = points.T
    for (x1, y1), (x2, y2) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        spans = (y1 <= y) != (y2 <= y)
        odd ^= spans & (x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return odd
