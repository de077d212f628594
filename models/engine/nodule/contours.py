"""Sub-pixel outlines of a level on a grid: marching squares, linked to closed rings."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
_Edge = tuple[int, int, int]

# corners of a cell: 1 = (row, column), 2 = (row, column + 1), 4 = (row + 1, column + 1), 8 = (row + 1, column);
# sides 0 top, 1 right, 2 bottom, 3 left; every piece has the inside on the same hand
_SIDES: Final[dict[int, tuple[tuple[int, int], ...]]] = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((2, 0),),
    11: ((2, 1),),
    12: ((1, 3),),
    13: ((1, 0),),
    14: ((0, 3),),
}
_SADDLES: Final[dict[tuple[int, bool], tuple[tuple[int, int], ...]]] = {
    # (corners, middle inside): joined through the middle, or two separate corners
    (5, True): ((3, 2), (1, 0)),
    (5, False): ((3, 0), (1, 2)),
    (10, True): ((0, 3), (2, 1)),
    (10, False): ((0, 1), (2, 3)),
}


def rings(values: npt.NDArray[np.float32], level: float) -> list[FloatArray]:
    """
    Return the closed outlines ``(n, 2)`` of ``values > level`` as (column, row), sub-pixel, longest first.

    The array's own rim counts as outside.
    """
    padded = np.pad(values.astype(np.float64), 1, constant_values=min(float(values.min()), level - 1))
    inside = padded > level
    codes = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    following: dict[_Edge, _Edge] = {}
    for row, column in np.argwhere((codes > 0) & (codes < 15)).tolist():
        code = int(codes[row, column])
        sides = _SIDES.get(code)
        if sides is None:
            middle = bool(padded[row : row + 2, column : column + 2].mean() > level)
            sides = _SADDLES[code, middle]
        for start, end in sides:
            following[_edge(row, column, start)] = _edge(row, column, end)
    found = []
    while following:
        first, place = following.popitem()
        ring = [first]
        while place != first:
            ring.append(place)
            place = following.pop(place)
        found.append(np.array([_point(padded, edge, level) for edge in ring]) - 1.0)
    return sorted(found, key=len, reverse=True)


def is_hole(ring: FloatArray) -> bool:
    """Tell whether a ring of ``rings`` runs round a hole: those turn the other way."""
    x, y = ring.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) > 0


def _edge(row: int, column: int, side: int) -> _Edge:
    """Name a grid edge: 0 along a row, 1 along a column, by its upper left corner."""
    return {0: (0, row, column), 1: (1, row, column + 1), 2: (0, row + 1, column), 3: (1, row, column)}[side]


def _point(values: FloatArray, edge: _Edge, level: float) -> tuple[float, float]:
    along_column, row, column = edge
    here = values[row, column]
    there = values[row + 1, column] if along_column else values[row, column + 1]
    share = (level - here) / (there - here)
    return (float(column), row + share) if along_column else (column + share, float(row))
