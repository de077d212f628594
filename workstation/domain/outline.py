"""Geometry of closed outlines in a plane: area, perimeter, longest diameter and the chord across it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def area(outline: FloatArray) -> float:
    """
    Return the area inside an ``(n, 2)`` outline by the even-odd rule, in its squared unit: that of ``inside``.

    The shoelace formula alone would take the two halves of a figure 8 from each other. Between two neighbouring
    heights of corners the width is linear unless lines cross; where they do, the band is cut at every crossing.
    """
    points = outline - outline[0]  # near the origin, where the products keep their digits
    start, end = points, np.roll(points, -1, axis=0)
    slanted = start[:, 1] != end[:, 1]
    if not slanted.any():
        return 0.0
    up = start[slanted, 1] < end[slanted, 1]
    low = np.where(up[:, None], start[slanted], end[slanted])
    high = np.where(up[:, None], end[slanted], start[slanted])
    levels = np.unique(points[:, 1])
    first = np.searchsorted(levels, low[:, 1])
    count = np.searchsorted(levels, high[:, 1]) - first
    # one row for each line in each band that it passes
    line = np.repeat(np.arange(len(low)), count)
    band = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    slope = (high[:, 0] - low[:, 0]) / (high[:, 1] - low[:, 1])
    bottom = low[line, 0] + (levels[band] - low[line, 1]) * slope[line]
    top = low[line, 0] + (levels[band + 1] - low[line, 1]) * slope[line]
    order = np.lexsort((bottom + top, band))
    line, band, bottom, top = line[order], band[order], bottom[order], top[order]
    heights = np.diff(levels)
    # every band is passed an even number of times, so the turns of a band are those of the whole list
    turn = np.where(np.arange(len(band)) % 2, 1.0, -1.0)
    hair = 1e-9 * float(np.ptp(points[:, 0]))
    swapped = (band[1:] == band[:-1]) & ((np.diff(bottom) < -hair) | (np.diff(top) < -hair))
    crossed = np.unique(band[1:][swapped])
    plain = ~np.isin(band, crossed)
    found = float((turn * heights[band] * (bottom + top))[plain].sum()) / 2
    for one in crossed:
        here = slice(*np.searchsorted(band, (one, one + 1)))
        found += float(heights[one]) * _crossed_width(bottom[here], top[here])
    return found


def _crossed_width(bottom: FloatArray, top: FloatArray) -> float:
    """Return the mean even-odd width of a band of unit height whose lines cross; ``bottom``, ``top`` are their ends."""
    below, above = bottom[:, None] - bottom, top[:, None] - top
    meet = below * above < 0
    # each meeting is found twice: the second cut leaves a piece without height
    cuts = np.sort(np.concatenate([[0.0, 1.0], below[meet] / (below[meet] - above[meet])]))
    middles = ((cuts[1:] + cuts[:-1]) / 2)[:, None]
    lines = np.sort(bottom + middles * (top - bottom), axis=1)
    widths = (lines[:, 1::2] - lines[:, ::2]).sum(axis=1)
    return float(widths @ np.diff(cuts))


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
