"""Lengths, angles and ratios of drawn points; plain geometry, any unit, two or three dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import Point, distance_mm

FloatArray = npt.NDArray[np.float64]
_NO_LENGTH = 1e-9
_ALONG = math.cos(math.radians(30))
"""Two lines so near to the way between them would be end plates of a curve of 120 degrees and more"""
_COVERED = 0.4
"""End plates, 30 to 50 mm wide, cover less of the way across such a curve; axes of neighbouring bones most of it"""
_ON_THE_WAY = math.cos(math.radians(4))
"""No end plate lies so near to the way: curves of 172 degrees are not seen"""


def angle_deg(first: Sequence[float], vertex: Sequence[float], second: Sequence[float]) -> float:
    """Return the angle at a vertex in [0, 180] degrees. ValueError where an arm has no length."""
    return _between(np.subtract(first, vertex), np.subtract(second, vertex))


def cobb_deg(first: tuple[Sequence[float], Sequence[float]], second: tuple[Sequence[float], Sequence[float]]) -> float:
    """
    Return the angle between two lines in [0, 180] degrees, whichever way each was drawn.

    Lines across a spine are taken from the same side of it to the other: the way from the middle of one to the middle
    of the other runs along the chord of the curve, and on an arc of less than 180 degrees every end plate crosses it.
    Lines that follow that way, as the axes of two bones do, and lines that lie on each other tell no curve: the
    smaller angle counts. Short tangents far apart look as the end plates of a severe curve do and are told
    as those: whoever shows more than 90 degrees shows the smaller angle beside it; tangents and axes have a tool of
    their own (``between_lines_deg``).
    Source: Cobb's method, lines along the end plates. ValueError where a line has no length.
    """
    one, other = np.subtract(first[1], first[0]), np.subtract(second[1], second[0])
    found = _between(one, other)
    chord = (np.add(second[0], second[1]) - np.add(first[0], first[1])) / 2
    if float(np.linalg.norm(chord)) < _NO_LENGTH or _follow(chord, one, other):
        return min(found, 180 - found)
    chord = chord / _length(chord)
    across = float((one - (one @ chord) * chord) @ (other - (other @ chord) * chord))
    if abs(across) < _NO_LENGTH:
        return min(found, 180 - found)
    return found if across > 0 else 180 - found


def between_lines_deg(
    first: tuple[Sequence[float], Sequence[float]], second: tuple[Sequence[float], Sequence[float]]
) -> float:
    """
    Return the smaller angle between two lines in [0, 90] degrees, wherever they lie and whichever way they were drawn.

    ValueError where a line has no length.
    """
    found = _between(np.subtract(first[1], first[0]), np.subtract(second[1], second[0]))
    return min(found, 180 - found)


def squared_to(long: tuple[Point, Point], short: tuple[Point, Point]) -> tuple[Point, Point]:
    """
    Return the short axis turned to a right angle with the long one, about its own middle, its length kept.

    Both axes share a plane; a short axis along the long one is turned in no known direction and refused.
    """
    along = np.subtract(long[1], long[0])
    along = along / _length(along)
    start, end = np.asarray(short[0], dtype=np.float64), np.asarray(short[1], dtype=np.float64)
    across = (end - start) - ((end - start) @ along) * along
    direction = across / _length(across)
    middle, half = (start + end) / 2, float(np.linalg.norm(end - start)) / 2
    return _point(middle - half * direction), _point(middle + half * direction)


def cardiothoracic(heart: tuple[Point, Point], chest: tuple[Point, Point]) -> tuple[float, float, float]:
    """
    Return the width of the heart, of the chest, and their ratio.

    The heart's borders lie at different heights: its width is taken along the line across the chest.
    """
    across = np.subtract(chest[1], chest[0])
    width = _length(across)
    heart_width = abs(float(np.subtract(heart[1], heart[0]) @ across)) / width
    return heart_width, width, heart_width / width


def sphere_volume(centre: Point, surface: Point) -> tuple[float, float]:
    """Return diameter and volume of a sphere. Source: V = pi d^3 / 6."""
    diameter = 2 * distance_mm(centre, surface)
    return diameter, math.pi * diameter**3 / 6


def _follow(chord: FloatArray, one: FloatArray, other: FloatArray) -> bool:
    """Tell whether lines run along the way between their middles: one lies on it, or both cover a good part of it."""
    way = _length(chord)
    along = [abs(float(line @ chord)) / way for line in (one, other)]
    nearness = [part / _length(line) for part, line in zip(along, (one, other), strict=True)]
    covered = sum(along) / 2 / way
    return max(nearness) >= _ON_THE_WAY or (covered >= _COVERED and min(nearness) >= _ALONG)


def _between(first: FloatArray, second: FloatArray) -> float:
    # atan2 keeps its digits near 0 and 180 degrees, where acos loses half of them
    a, b = first / _length(first), second / _length(second)
    return math.degrees(2 * math.atan2(float(np.linalg.norm(a - b)), float(np.linalg.norm(a + b))))


def _length(vector: FloatArray) -> float:
    length = float(np.linalg.norm(vector))
    if length < _NO_LENGTH:
        raise ValueError("a line needs a length")
    return length


def _point(values: FloatArray) -> Point:
    return float(values[0]), float(values[1]), float(values[2])
