"""
Putting nodules into real lungs: readers' shapes with an appearance, or real cubes with their own texture.

Everything happens on the 1 mm grid that the network sees. What is inserted gets the partial volume
of the host's slices and the host's noise, so that nothing but its shape and density tells it apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.training.shapes import Shape, volume_diameter_mm

FloatArray = npt.NDArray[np.float32]

KINDS: Final = ("solid", "part_solid", "ground_glass", "cavity", "calcified", "spiculated")
_AIR_HU: Final = -860.0  # of aerated lung, what ground glass is denser than
_WATER_HU: Final = 60.0  # ground glass never makes a vessel denser than this
_PLEURA_REACH_MM: Final = 1.5  # a nodule does not grow through the closed lungs' border


@dataclass(frozen=True, slots=True, eq=False)
class Insert:
    """
    A nodule to put somewhere.

    ``alpha`` 0..1 and ``hu`` are ``[z, y, x]`` of 1 mm. ``through`` = vessels of the host stay
    visible in it (ground glass); ``own_texture`` = the HU are real, no noise is added.
    """

    alpha: FloatArray
    hu: FloatArray
    kind: str
    through: bool = False
    own_texture: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a nodule came to lie: centre ``(z, y, x)`` in voxels of the crop, volume-equivalent diameter, kind."""

    centre_zyx: tuple[float, float, float]
    diameter_mm: float
    kind: str


def from_shape(shape: Shape, kind: str, diameter_mm: float, rng: np.random.Generator) -> Insert:
    """Turn a reader's shape, flip it, bring it to ``diameter_mm`` and give it the density of ``kind``."""
    zoom = diameter_mm / shape.diameter_mm
    alpha = _turned(resized(shape.alpha.astype(np.float32) / np.float32(255), zoom), rng)
    if kind == "spiculated":
        alpha = _with_spicules(alpha, diameter_mm, rng)
    core = _inner(alpha, diameter_mm * rng.uniform(0.12, 0.3))
    solid = float(rng.uniform(-60, 90))
    hu = np.full(alpha.shape, solid, np.float32)
    if kind == "ground_glass":
        hu[:] = rng.uniform(-680, -380)
    elif kind == "part_solid":
        hu = (1 - core) * np.float32(rng.uniform(-680, -420)) + core * np.float32(solid)
    elif kind == "cavity":
        wall_mm = rng.uniform(1.5, max(2.0, diameter_mm / 4))
        hollow = _inner(alpha, wall_mm)
        hu = (1 - hollow) * np.float32(solid) + hollow * np.float32(rng.uniform(-980, -850))
    elif kind == "calcified":
        bone = np.float32(rng.uniform(150, 800))
        hu = (1 - core) * np.float32(solid) + core * bone if rng.random() < 0.5 else np.full(alpha.shape, bone)
    return Insert(alpha, hu.astype(np.float32), kind, through=kind in {"ground_glass", "part_solid"})


def from_cube(hu: npt.NDArray[np.int16], mask: npt.NDArray[np.bool_], rng: np.random.Generator) -> Insert:
    """Take a real nodule with 2 mm of what surrounds it, fading out; the mask's volume is its size."""
    where = np.nonzero(mask)
    box = tuple(slice(max(0, int(w.min()) - 5), int(w.max()) + 6) for w in where)
    alpha, values = mask[box].astype(np.float32), hu[box].astype(np.float32)
    order, flips = _turn(rng)
    alpha, values = _apply_turn(alpha, order, flips), _apply_turn(values, order, flips)
    return Insert(alpha, values, "real", own_texture=True)


def composite(
    hu: FloatArray,
    distance_mm: npt.NDArray[np.int8],
    insert: Insert,
    at_zyx: tuple[int, int, int],
    *,
    slice_mm: float,
    noise_hu: float,
    rng: np.random.Generator,
) -> Placed | None:
    """
    Put ``insert`` with its middle at ``at_zyx`` of the crop ``hu``, which is changed.

    None, and nothing changed, when it leaves the crop or less than half of it would lie in the lungs.
    """
    start = np.array(at_zyx) - np.array(insert.alpha.shape) // 2
    stop = start + insert.alpha.shape
    if np.any(start < 0) or np.any(stop > hu.shape):
        return None
    box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    seen = slice_blurred(insert.alpha, slice_mm)
    seen *= np.clip((_PLEURA_REACH_MM + 1 - distance_mm[box].astype(np.float32)) / 2, 0, 1)
    whole, left = float(insert.alpha.sum()), float(seen.sum())
    if whole <= 0 or left < whole / 2:
        return None
    hu[box] = _blend(hu[box], seen, insert, noise_hu, slice_mm, rng)
    grid = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in seen.shape), indexing="ij", sparse=True)
    z, y, x = (float((axis * seen).sum()) / left + int(first) for axis, first in zip(grid, start, strict=True))
    return Placed((z, y, x), volume_diameter_mm(left), insert.kind)


def slice_blurred(values: FloatArray, slice_mm: float) -> FloatArray:
    """Average over the slice thickness along z, as a scanner does; below 1.3 mm nothing changes."""
    if slice_mm <= 1.3:
        return values.copy()
    reach = int(np.ceil((slice_mm - 1) / 2))
    offsets = np.arange(-reach, reach + 1)
    weight = np.clip((slice_mm + 1) / 2 - np.abs(offsets), 0, 1)
    padded = np.pad(values, [(reach, reach), (0, 0), (0, 0)])
    total = np.zeros_like(values)
    for k, w in enumerate(weight / weight.sum()):
        total += np.float32(w) * padded[k : k + values.shape[0]]
    return total


def resized(values: FloatArray, zoom: float) -> FloatArray:
    """Resize a cube by ``zoom`` in every axis, linear, averaging where it shrinks."""
    result = values
    for axis in range(3):
        n = result.shape[axis]
        m = max(3, int(np.ceil(n * zoom)) + 1)
        weights = sampling_matrix(n, (np.arange(m) - (m - 1) / 2) / zoom + (n - 1) / 2, max(1.0, 1 / zoom))
        result = np.moveaxis(np.tensordot(weights, result, (1, axis)), 0, axis)
    return np.ascontiguousarray(result, np.float32)


def sampling_matrix(length: int, positions: npt.NDArray[np.float64], width: float = 1.0) -> FloatArray:
    """
    Return ``(len(positions), length)`` weights that read a row at ``positions``.

    A tent of half-width ``width`` voxels: 1 interpolates linearly, more averages. Positions
    outside the row read nothing.
    """
    gap = np.abs(positions[:, None] - np.arange(length)[None, :])
    weights = np.clip(1 - gap / width, 0, None)
    return (weights / width).astype(np.float32)


def noise(shape: tuple[int, ...], sigma_hu: float, slice_mm: float, rng: np.random.Generator) -> FloatArray:
    """Return noise of this standard deviation, correlated as a reconstruction's is."""
    raw = rng.standard_normal(shape, np.float32)
    for axis in (1, 2):
        raw = raw + np.float32(0.5) * (np.roll(raw, 1, axis) + np.roll(raw, -1, axis))
    if slice_mm > 1.3:
        raw = slice_blurred(raw, slice_mm)
    return raw * np.float32(sigma_hu / max(float(raw.std()), 1e-6))


def noise_sigma_hu(hu: FloatArray, distance_mm: npt.NDArray[np.int8]) -> float:
    """Estimate the noise of aerated lung from neighbours in the slice (median of absolute differences)."""
    quiet = (distance_mm[:, :, 1:] < -3) & (hu[:, :, 1:] < -700) & (hu[:, :, :-1] < -700)
    if quiet.sum() < 100:
        return 15.0
    gaps = np.abs(hu[:, :, 1:] - hu[:, :, :-1])[quiet]
    return float(np.clip(1.4826 / np.sqrt(2) * np.median(gaps), 4.0, 60.0))


def _blend(
    host: FloatArray, alpha: FloatArray, insert: Insert, noise_hu: float, slice_mm: float, rng: np.random.Generator
) -> FloatArray:
    if insert.own_texture:
        fade = _dilated(alpha)
        return host * (1 - fade) + insert.hu * fade
    values = insert.hu + noise(alpha.shape, noise_hu * 0.8, slice_mm, rng)
    if insert.through:  # adds its density, so that vessels run through
        added = host + alpha * (values - np.float32(_AIR_HU))
        return np.where(added > host, np.minimum(added, np.maximum(host, _WATER_HU)), host).astype(np.float32)
    blended = host * (1 - alpha) + values * alpha
    if insert.kind == "cavity":
        return blended
    return np.maximum(blended, np.minimum(host, _WATER_HU))  # the wall beside it stays wall


def _dilated(alpha: FloatArray) -> FloatArray:
    """Return 1 on the nodule, fading to 0 over about 3 mm."""
    fade = alpha
    for _ in range(3):
        for axis in range(3):
            fade = np.maximum(fade, np.float32(0.75) * np.maximum(_shifted(fade, 1, axis), _shifted(fade, -1, axis)))
    clipped: FloatArray = np.clip(fade * np.float32(1.3), 0, 1)
    return clipped


def _inner(alpha: FloatArray, wall_mm: float) -> FloatArray:
    """Return 0..1, what lies deeper than ``wall_mm`` below the surface: repeated erosion, 1 mm a time."""
    inner = alpha
    for _ in range(int(wall_mm)):
        inner = _eroded(inner)
    part = np.float32(wall_mm - int(wall_mm))
    return (1 - part) * inner + part * _eroded(inner)


def _eroded(alpha: FloatArray) -> FloatArray:
    smallest = alpha
    for axis in range(3):
        smallest = np.minimum(smallest, np.minimum(_shifted(alpha, 1, axis), _shifted(alpha, -1, axis)))
    return smallest


def _shifted(values: FloatArray, by: int, axis: int) -> FloatArray:
    """Shift along one axis; what comes in is 0."""
    result = np.zeros_like(values)
    n = values.shape[axis]
    to, source = [slice(None)] * 3, [slice(None)] * 3
    to[axis], source[axis] = (slice(by, n), slice(0, n - by)) if by > 0 else (slice(0, n + by), slice(-by, n))
    result[tuple(to)] = values[tuple(source)]
    return result


def _with_spicules(alpha: FloatArray, diameter_mm: float, rng: np.random.Generator) -> FloatArray:
    """Add 6 to 14 thin rays of up to half a diameter."""
    reach = int(np.ceil(diameter_mm * 0.5)) + 1
    grown = np.pad(alpha, reach)
    middle = (np.array(grown.shape) - 1) / 2
    for _ in range(int(rng.integers(6, 15))):
        direction = rng.standard_normal(3)
        direction /= np.linalg.norm(direction)
        length = diameter_mm * rng.uniform(0.6, 0.95)
        for r in np.arange(diameter_mm * 0.3, length, 0.5):
            place = np.rint(middle + direction * r).astype(int)
            if np.all(place >= 0) and np.all(place < grown.shape):
                z, y, x = place
                strength = 0.9 * (1 - 0.6 * r / length)
                grown[z, y, x] = max(grown[z, y, x], np.float32(strength))
    return grown


def _turned(alpha: FloatArray, rng: np.random.Generator) -> FloatArray:
    order, flips = _turn(rng)
    return _apply_turn(alpha, order, flips)


def _turn(rng: np.random.Generator) -> tuple[tuple[int, int, int], tuple[slice, ...]]:
    """Draw a turn about z and mirrors; z stays z, because readers outlined slice by slice."""
    order = (0, 1, 2) if rng.random() < 0.5 else (0, 2, 1)
    return order, tuple(slice(None, None, -1) if rng.random() < 0.5 else slice(None) for _ in range(3))


def _apply_turn(values: FloatArray, order: tuple[int, int, int], flips: tuple[slice, ...]) -> FloatArray:
    return np.ascontiguousarray(values.transpose(order)[flips])
