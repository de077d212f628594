"""Lengths, angles and ratios of drawn points; plain geometry, any unit, two or three dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import Point, distance_mm

FloatArray = npt.NDArray[np.float64]
_NO_LENGTH = 1e-9


def angle_deg(first: Sequence[float], vertex: Sequence[float], second: Sequence[float]) -> float:
    """Return the angle at a vertex in [0, 180] degrees. ValueError where an arm has no length."""
    return _between(np.subtract(first, vertex), np.subtract(second, vertex))


def cobb_deg(first: tuple[Sequence[float], Sequence[float]], second: tuple[Sequence[float], Sequence[float]]) -> float:
    """
    Return the angle between two lines across a spine in [0, 180] degrees, whichever way each was drawn.

    Both are taken from the same side of the spine to the other: the way from the middle of one line to the middle of
    the other runs along the chord of the curve, and on an arc of less than 180 degrees every end plate crosses it.
    Where they lie on each other no curve is told, and the smaller angle counts.
    Source: Cobb's method, lines along the end plates. ValueError where a line has no length.
    """
    one, other = np.subtract(first[1], first[0]), np.subtract(second[1], second[0])
    found = _between(one, other)
    chord = (np.add(second[0], second[1]) - np.add(first[0], first[1])) / 2
    if float(np.linalg.norm(chord)) < _NO_LENGTH:
        return min(found, 180 - found)
    chord = chord / _length(chord)
    across = float((one - (one @ chord) * chord) @ (other - (other @ chord) * chord))
    if abs(across) < _NO_LENGTH:
        return min(found, 180 - found)
    return found if across > 0 else 180 - found


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
