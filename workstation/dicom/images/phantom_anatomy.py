"""Shapes of the chest phantom, in LPS millimetres round the middle of the chest; densities in HU."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import Point

Plane = npt.NDArray[np.float32]

_AIR: Final = -1000.0
_FAT: Final = -95.0
_MUSCLE: Final = 45.0
_BLOOD: Final = 42.0
_LIVER: Final = 58.0
_LUNG: Final = -855.0
_CORTEX: Final = 520.0
_SPONGY: Final = 190.0
_NODULE: Final = 35.0
_HILA: Final = ((-26.0, 8.0, 8.0), (28.0, 10.0, 12.0))
_ARCH_MM: Final = 55.0  # where the descending aorta begins
_THINNEST_MM: Final = 0.25
_TAPER: Final = 0.055  # a vessel is no thicker than this share of its depth below the pleura, and ends there
_FULL_CONTRAST_MM: Final = 0.9  # radius below which the pixel averages a vessel with the lung round it
_SUBSLICES: Final = (-1 / 3, 0.0, 1 / 3)


@dataclass(frozen=True, slots=True)
class Capsule:
    """A piece of vessel: a segment that tapers from ``radius_mm`` to ``end_radius_mm``."""

    start: Point
    end: Point
    radius_mm: float
    end_radius_mm: float

    def distance_mm(self, point: Point) -> float:
        """Return the distance of a point from the segment's axis."""
        axis = [b - a for a, b in zip(self.start, self.end, strict=True)]
        away = [p - a for a, p in zip(self.start, point, strict=True)]
        length = sum(d * d for d in axis)
        along = min(max(sum(p * d for p, d in zip(away, axis, strict=True)) / max(length, 1e-9), 0.0), 1.0)
        return math.dist(away, [along * d for d in axis])


def vessel_tree(seed: int) -> list[Capsule]:
    """Grow pulmonary vessels from both hila: a stem that tapers and bends gently, with thinner side branches."""
    rng = np.random.default_rng([seed, 5])
    found: list[Capsule] = []
    for side, hilum in zip((-1.0, 1.0), _HILA, strict=True):
        for direction in _first_directions(side):
            _grow(hilum, direction, 3.6, rng, found)
    return found


def slice_hu(
    axis: Plane,
    z: float,
    thickness_mm: float,
    vessels: Sequence[Capsule],
    spheres: Sequence[tuple[float, float, float, float]],
) -> Plane:
    """
    Return one axial slice ``(rows, columns)`` in HU, without noise.

    ``axis`` holds the coordinates of columns (L) and of rows (P); ``spheres`` are (L, P, S, radius).
    """
    x, y = axis[None, :], axis[:, None]
    pixel = float(axis[1] - axis[0])
    hu = np.full((len(axis), len(axis)), _AIR, dtype=np.float32)
    _oval(hu, axis, (0, 0), (168, 112), _FAT)
    _oval(hu, axis, (0, 0), (154, 100), _MUSCLE)
    _bones_of_the_wall(hu, axis, z)
    lungs = _lungs(x, y, z)
    density = (_LUNG + 0.35 * y + 0 * x).astype(np.float32)
    _blend(hu, lungs, density, pixel)
    _blend_inside(hu, lungs, vessels, axis, z, thickness_mm)
    _mediastinum(hu, axis, z, lungs)
    for sphere in spheres:
        _paint_sphere(hu, axis, z, thickness_mm, sphere)
    return hu


def _first_directions(side: float) -> list[tuple[float, float, float]]:
    return [(side, y, z) for y, z in ((-0.5, 0.9), (0.4, 0.8), (-0.8, 0.1), (0.5, -0.1), (-0.4, -0.9), (0.6, -1.0))]


def _grow(start: Point, direction: Point, radius: float, rng: np.random.Generator, found: list[Capsule]) -> None:
    if radius < _THINNEST_MM or (radius < 2 and _outside_lungs(start)):
        return
    along = _unit(direction)
    length = 5.0 * radius + rng.uniform(2, 5)
    end = (start[0] + along[0] * length, start[1] + along[1] * length, start[2] + along[2] * length)
    thinner = radius * 0.88
    found.append(Capsule(start, end, radius, thinner))
    any_way: list[float] = rng.normal(size=3).tolist()
    across = _unit(
        (
            along[1] * any_way[2] - along[2] * any_way[1],
            along[2] * any_way[0] - along[0] * any_way[2],
            along[0] * any_way[1] - along[1] * any_way[0],
        )
    )
    _grow(end, _turned(along, across, -rng.uniform(0.05, 0.25)), thinner, rng, found)
    _grow(end, _turned(along, across, rng.uniform(0.6, 1.0)), radius * 0.62, rng, found)


def _unit(vector: Point) -> Point:
    length = math.hypot(*vector)
    return vector[0] / length, vector[1] / length, vector[2] / length


def _turned(direction: Point, across: Point, share: float) -> Point:
    return (
        direction[0] + share * across[0],
        direction[1] + share * across[1],
        direction[2] + share * across[2],
    )


def _outside_lungs(point: Point) -> bool:
    """Tell for one point what ``_lungs`` tells for a slice; thousands of branches ask."""
    x, y, z = point
    nearest = 1e3
    for centre, half_axes, width in _lungs_at(z):
        level = math.hypot((x - centre[0] * (0.75 + 0.25 * width)) / half_axes[0], (y - centre[1]) / half_axes[1])
        dome = -62 - 45 * (((x - centre[0]) / 70) ** 2 + ((y + 5) / 85) ** 2) - z
        nearest = min(nearest, max((level - 1) * min(half_axes), dome))
    return nearest > -3


def _lungs_at(z: float) -> Iterator[tuple[tuple[float, float], tuple[float, float], float]]:
    """Yield centre, half axes and width of each lung at a height: full in the middle, narrowing to the apex."""
    for centre, half_axes, height in (((-74.0, 0.0), (62.0, 80.0), 128.0), ((76.0, 4.0), (58.0, 78.0), 126.0)):
        share = 1 - (abs(z) / height) ** (2.2 if z > 0 else 4.0)
        if share > 0.02:
            width = math.sqrt(share)
            yield centre, (half_axes[0] * width, half_axes[1] * width), width


def _ellipse(x: Plane, y: Plane, centre: tuple[float, float], half_axes: tuple[float, float]) -> Plane:
    """Return the approximate signed distance from an ellipse in mm, negative inside."""
    level = np.sqrt(((x - centre[0]) / half_axes[0]) ** 2 + ((y - centre[1]) / half_axes[1]) ** 2)
    found: Plane = ((level - 1) * min(half_axes)).astype(np.float32)
    return found


def _blend(hu: Plane, distance: Plane, value: float | Plane, pixel: float) -> None:
    """Paint a shape with edges one pixel wide, as a scanner would average them."""
    share = np.clip(0.5 - distance / np.float32(pixel), 0, 1)
    hu += share * (np.float32(value) - hu if isinstance(value, float) else value - hu)


def _oval(
    hu: Plane,
    axis: Plane,
    centre: tuple[float, float],
    half_axes: tuple[float, float],
    value: float,
    *,
    inset_mm: float = 0.0,
) -> None:
    """Paint an ellipse, shrunk by ``inset_mm``, touching only the pixels it can reach."""
    columns = _window(axis, centre[0] - half_axes[0] - 2, centre[0] + half_axes[0] + 2)
    rows = _window(axis, centre[1] - half_axes[1] - 2, centre[1] + half_axes[1] + 2)
    distance = _ellipse(axis[None, columns], axis[rows, None], centre, half_axes) + np.float32(inset_mm)
    _blend(hu[rows, columns], distance, value, float(axis[1] - axis[0]))


def _lungs(x: Plane, y: Plane, z: float) -> Plane:
    """Return the distance from both lungs: ellipsoids with a rounded base over the diaphragm."""
    found = np.full(np.broadcast_shapes(x.shape, y.shape), 1e3, dtype=np.float32)
    for centre, half_axes, width in _lungs_at(z):
        shape = _ellipse(x, y, (centre[0] * (0.75 + 0.25 * width), centre[1]), half_axes)
        dome = np.sqrt(((x - centre[0]) / 70) ** 2 + ((y + 5) / 85) ** 2)
        diaphragm = (-62 - 45 * dome**2 - z).astype(np.float32)
        found = np.minimum(found, np.maximum(shape, diaphragm))
    return found


def _blend_inside(
    hu: Plane, lungs: Plane, vessels: Sequence[Capsule], axis: Plane, z: float, thickness_mm: float
) -> None:
    """Paint vessels averaged over the slice thickness; they thin out and fade towards the pleura, as real ones do."""
    pixel = float(axis[1] - axis[0])
    share = np.zeros_like(hu)
    beyond = thickness_mm / 3 + pixel  # the farthest part of the slice, and the soft edge
    heights = (z + thickness_mm * np.array(_SUBSLICES, dtype=np.float32))[:, None, None]
    for vessel in vessels:
        (ax, ay, az), (bx, by, bz) = vessel.start, vessel.end
        reach = vessel.radius_mm + beyond
        if (az < z - reach and bz < z - reach) or (az > z + reach and bz > z + reach):
            continue
        rows = _window(axis, min(ay, by) - reach, max(ay, by) + reach)
        columns = _window(axis, min(ax, bx) - reach, max(ax, bx) + reach)
        x, y = axis[None, columns], axis[rows, None]
        thickest = np.maximum(-_TAPER * lungs[rows, columns], 0)
        if not thickest.any():
            continue
        dx, dy, dz = bx - ax, by - ay, bz - az
        flat = (x - ax) * dx + (y - ay) * dy
        along = ((flat + (heights - az) * dz) / (dx * dx + dy * dy + dz * dz)).clip(0, 1)
        gap = np.sqrt((x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2 + (heights - az - along * dz) ** 2)
        radius = np.minimum(vessel.radius_mm + along * (vessel.end_radius_mm - vessel.radius_mm), thickest)
        inside = (0.5 - (gap - radius) / np.float32(1.3 * pixel)).clip(0, 1)
        drawn = (inside * np.minimum(radius / _FULL_CONTRAST_MM, 1) ** 2).sum(axis=0) / len(_SUBSLICES)
        share[rows, columns] = np.maximum(share[rows, columns], drawn)
    hu += share * (np.float32(_BLOOD) - hu)


def _window(axis: Plane, low: float, high: float) -> slice:
    """Return the pixels between two coordinates; those of ``axis`` are evenly spaced."""
    first, pixel = float(axis[0]), float(axis[1] - axis[0])
    return slice(max(math.ceil((low - first) / pixel), 0), max(math.ceil((high - first) / pixel), 0))


def _bones_of_the_wall(hu: Plane, axis: Plane, z: float) -> None:
    x, y, pixel = axis[None, :], axis[:, None], float(axis[1] - axis[0])
    # ribs fall forwards and repeat every 26 mm
    if -120 < z < 135:
        ring = np.abs(_ellipse(x, y, (0, 2), (143, 91))) - np.float32(3.4)
        beside = np.abs(np.mod(z + np.float32(0.45) * y + 130, 26) - 13) - np.float32(5.5)
        ribs = np.maximum(ring, beside)
        _blend(hu, ribs, _CORTEX * 0.75, pixel)
        _blend(hu, ribs + np.float32(2), _SPONGY, pixel)
    if -60 < z < 110:
        _box(hu, axis, (0, -88), (17, 5), _SPONGY)
    disc = abs((z + 300) % 27 - 13.5) > 11.5
    _oval(hu, axis, (0, 64), (19, 15), 95.0 if disc else _CORTEX * 0.8)
    _oval(hu, axis, (0, 64), (19, 15), 80.0 if disc else _SPONGY, inset_mm=1.6)
    _box(hu, axis, (0, 96), (4, 9), _SPONGY + 120)
    _oval(hu, axis, (0, 84), (12, 8), _CORTEX * 0.6)
    _oval(hu, axis, (0, 84), (9, 6), 30.0)


def _box(hu: Plane, axis: Plane, centre: tuple[float, float], half: tuple[float, float], value: float) -> None:
    columns = _window(axis, centre[0] - half[0], centre[0] + half[0])
    rows = _window(axis, centre[1] - half[1], centre[1] + half[1])
    hu[rows, columns] = value


def _mediastinum(hu: Plane, axis: Plane, z: float, lungs: Plane) -> None:
    heart = ((z + 48) / 52) ** 2
    if heart < 1:
        width = float(np.sqrt(1 - heart))
        _oval(hu, axis, (24, -30), (60 * width, 42 * width), _BLOOD)
    if z > -20:
        # wide over the heart, narrow above the arch of the aorta, so that neither ends as a ball in the lung
        low, beside = float(np.clip((40 - z) / 60, 0, 1)), float(np.clip((92 - z) / 40, 0, 1))
        _oval(hu, axis, (4 + 14 * low, -8 - 10 * low), (25 + 16 * low, 38 + 4 * low), _FAT * 0.3)
        _oval(hu, axis, (8 + 14 * beside, 18 + 18 * beside), (20 + 4 * beside, 28), _FAT * 0.3)
        _oval(hu, axis, (-14, -22), (10, 11), _BLOOD)
        _oval(hu, axis, (8, -30), (14, 13), _BLOOD)
    if z < _ARCH_MM:
        _oval(hu, axis, (24, 42), (12, 12), _BLOOD)
    dome = (z - _ARCH_MM) / 12
    for step in np.linspace(0, 1, 9) if abs(dome) < 1 else ():
        radius = 12 * float(np.sqrt(1 - dome**2))
        _oval(hu, axis, (24 - 38 * float(step), 42 - 64 * float(step)), (radius, radius), _BLOOD)
    if z > 22:
        _oval(hu, axis, (0, 12), (10.5, 10), 20.0)
        _oval(hu, axis, (0, 12), (9, 8.5), _AIR)
    if z < -62:
        liver = _ellipse(axis[None, :], axis[:, None], (-42, -4), (96, 82))
        _blend(hu, np.maximum(liver, 2 - lungs), _LIVER, float(axis[1] - axis[0]))


def _paint_sphere(
    hu: Plane, axis: Plane, z: float, thickness_mm: float, sphere: tuple[float, float, float, float]
) -> None:
    """Paint a sphere averaged over the slice thickness, so that its volume is right."""
    cx, cy, cz, radius = sphere
    if abs(z - cz) > radius + thickness_mm:
        return
    rows, columns = _window(axis, cy - radius - 2, cy + radius + 2), _window(axis, cx - radius - 2, cx + radius + 2)
    pixel = float(axis[1] - axis[0])
    x, y = axis[None, columns], axis[rows, None]
    share = np.zeros((x.shape[1], y.shape[0]), dtype=np.float32).T
    offsets = (np.arange(5) - 2) / 5 * thickness_mm
    for offset in offsets:
        distance = np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z + offset - cz) ** 2) - radius
        share += np.clip(0.5 - distance / pixel, 0, 1) / len(offsets)
    view = hu[rows, columns]
    view += share * (np.float32(_NODULE) - view)
