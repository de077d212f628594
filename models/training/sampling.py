"""
One training sample from its number: where to look, what to insert, how the scanner would have shown it.

A sample depends on the seed and its number only, so that a run can be resumed or spread over
processes without changing what is learned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from models.training.hosts import INPUT, Host, Known
from models.training.insertion import (
    Insert,
    Placed,
    composite,
    from_cube,
    from_shape,
    noise,
    sampling_matrix,
)  # fmt: skip
from models.training.shapes import Shape
from models.training.targets import Target, draw

FloatArray = npt.NDArray[np.float32]
PATCH: Final = 64
_EDGE: Final = 5  # an inserted centre lies at least this far inside the patch

KIND_WEIGHTS: Final = {
    "solid": 0.26, "part_solid": 0.12, "ground_glass": 0.22, "cavity": 0.10, "calcified": 0.04, "spiculated": 0.08,
    "real": 0.18,
}  # fmt: skip
SIZE_BINS_MM: Final = ((3.2, 4.5, 0.22), (4.5, 6.0, 0.25), (6.0, 8.0, 0.18), (8.0, 15.0, 0.22), (15.0, 32.0, 0.13))
SITES: Final = {"free": 0.36, "pleura": 0.30, "vessel": 0.34}
_SMALLEST_MM: Final = {"ground_glass": 4.5, "part_solid": 6.0, "cavity": 7.0, "spiculated": 6.0}


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """A real nodule, HU and one reader's mask, 1 mm."""

    patient: str
    hu: npt.NDArray[np.int16]
    mask: npt.NDArray[np.bool_]
    diameter_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What samples are made of; ``negatives`` are grid points ``(z, y, x)`` by patient that were wrongly marked."""

    hosts: tuple[Host, ...]
    shapes: tuple[Shape, ...]
    cubes: tuple[Cube, ...]
    negatives: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    _by_size: npt.NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", tuple(sorted(self.shapes, key=lambda s: s.diameter_mm)))
        object.__setattr__(self, "_by_size", np.array([s.diameter_mm for s in self.shapes]))

    def insert(self, rng: np.random.Generator, kind: str | None = None) -> Insert:
        """Draw a nodule: kind, size bin, and a shape of about that size (zoom 0.8 to 1.25)."""
        names = list(KIND_WEIGHTS)
        kind = kind or names[int(rng.choice(len(names), p=np.array(list(KIND_WEIGHTS.values()))))]
        if kind == "real":
            cube = self.cubes[int(rng.integers(len(self.cubes)))]
            return from_cube(cube.hu, cube.mask, rng)
        weights = np.array([b[2] for b in SIZE_BINS_MM])
        low, high, _ = SIZE_BINS_MM[int(rng.choice(len(weights), p=weights))]
        diameter = max(float(rng.uniform(low, high)), _SMALLEST_MM.get(kind, 0.0) * float(rng.uniform(1, 1.6)))
        first, last = np.searchsorted(self._by_size, [diameter / 1.25, diameter / 0.8])
        number = int(rng.integers(first, max(last, first + 1)))
        return from_shape(self.shapes[min(number, len(self.shapes) - 1)], kind, diameter, rng)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """``image`` ``[64, 64, 64]`` in 0..1 and what the network should say about it."""

    image: FloatArray
    target: Target
    placed: tuple[Placed, ...]


def make_sample(sources: Sources, seed: int, number: int) -> Sample:
    """Return sample ``number`` of a run."""
    rng = np.random.default_rng([seed, number])
    host = sources.hosts[int(rng.integers(len(sources.hosts)))]
    scale = np.exp(rng.uniform(-0.16, 0.16, 3) * (rng.random() < 0.7))
    length = np.ceil(PATCH * scale).astype(int) + 2
    wanted = _point(host, sources, rng)
    start = np.rint(wanted - length * rng.uniform(0.25, 0.75, 3)).astype(int)
    hu, distance = crop(host, start, length)
    known = [_moved(k, start) for k in host.known]
    count = int(rng.choice(4, p=[0.15, 0.5, 0.25, 0.1]))
    placed: list[Placed] = []
    for _ in range(count):
        taken = known + [Known(p.centre_zyx, p.diameter_mm, is_lesion=True) for p in placed]
        new = _try(hu, distance, host, sources, taken, rng)
        placed += [] if new is None else [new]
    matrices, origin = _scanner(length, scale, host.slice_mm, rng)
    if rng.random() < 0.5:
        hu += noise(hu.shape, float(np.exp(rng.uniform(np.log(8), np.log(60)))), host.slice_mm, rng)
    for axis in range(3):
        hu = np.moveaxis(np.tensordot(matrices[axis], hu, (1, axis)), 0, axis)
    flips = rng.random(3) < 0.5
    hu = hu[tuple(slice(None, None, -1) if f else slice(None) for f in flips)]
    seen = [_seen(p.centre_zyx, p.diameter_mm, origin, scale, flips) for p in placed]
    seen += [_seen(k.centre_zyx, k.diameter_mm, origin, scale, flips) for k in known if k.is_lesion]
    unclear = [_seen(k.centre_zyx, k.diameter_mm, origin, scale, flips) for k in known if not k.is_lesion]
    low, high = INPUT.clip_hu
    image = (np.clip(hu, low, high) - np.float32(low)) * np.float32(1 / (high - low))
    return Sample(np.ascontiguousarray(image, np.float32), draw(seen, unclear, PATCH), tuple(placed))


def crop(
    host: Host, start: npt.NDArray[np.int64], length: npt.NDArray[np.int64]
) -> tuple[FloatArray, npt.NDArray[np.int8]]:
    """Cut a box out of a host, edge-padded like the product pads; distances beyond the host are far outside."""
    shape = np.array(host.hu.shape)
    low, high = np.clip(start, 0, shape - 1), np.clip(start + length, 1, shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    pads = [(int(a), int(b)) for a, b in zip(low - start, start + length - high, strict=True)]
    hu = np.pad(np.asarray(host.hu[box], np.float32), pads, mode="edge")
    return hu, np.pad(np.asarray(host.distance_mm[box]), pads, constant_values=100)


def site(
    hu: FloatArray, distance_mm: npt.NDArray[np.int8], radius_mm: float, kind: str, rng: np.random.Generator
) -> tuple[int, int, int] | None:
    """Choose a voxel of a crop where a nodule of this radius would lie free, at the pleura or on a vessel."""
    if kind == "pleura":
        fits = (distance_mm > -radius_mm) & (distance_mm < 0.3 * radius_mm - 1) & (hu < -300)
    elif kind == "vessel":
        fits = (distance_mm < -4) & (hu > -400) & (hu < 300)
    else:
        fits = (distance_mm < -radius_mm - 1) & (hu < -600)
    inside = np.zeros_like(fits)
    inside[_EDGE:-_EDGE, _EDGE:-_EDGE, _EDGE:-_EDGE] = True
    places = np.flatnonzero(fits & inside)
    if len(places) == 0:
        return None
    z, y, x = (int(n) for n in np.unravel_index(int(rng.choice(places)), hu.shape))
    if kind == "vessel":  # beside it rather than on its axis
        step = rng.standard_normal(3)
        shift = np.rint(step / np.linalg.norm(step) * radius_mm * rng.uniform(0.3, 0.9)).astype(int)
        z, y, x = (
            int(np.clip(a + b, _EDGE, n - 1 - _EDGE)) for a, b, n in zip((z, y, x), shift, hu.shape, strict=True)
        )
    return z, y, x


def touches(known: list[Known], centre: tuple[float, float, float], diameter_mm: float) -> bool:
    """Tell whether a nodule here would meet something that is already known in this lung."""
    return any(
        float(np.linalg.norm(np.subtract(k.centre_zyx, centre))) < (k.diameter_mm + diameter_mm) / 2 + 2 for k in known
    )


def _point(host: Host, sources: Sources, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return where to look: a real lesion, a hard negative or anywhere in the lungs."""
    choice = rng.random()
    lesions = [k.centre_zyx for k in host.known if k.is_lesion]
    if lesions and choice < 0.06:
        return np.array(lesions[int(rng.integers(len(lesions)))])
    wrong = sources.negatives.get(host.patient, [])
    if wrong and choice > 0.8:
        return np.array(wrong[int(rng.integers(len(wrong)))])
    point = np.array(host.hu.shape) / 2
    for _ in range(200):
        point = rng.integers(0, host.hu.shape).astype(np.float64)
        z, y, x = point.astype(int)
        if host.distance_mm[z, y, x] < 0:
            break
    return point


def _try(
    hu: FloatArray,
    distance: npt.NDArray[np.int8],
    host: Host,
    sources: Sources,
    known: list[Known],
    rng: np.random.Generator,
) -> Placed | None:
    """Insert one nodule away from what is known; None when four places do not suit it."""
    insert = sources.insert(rng)
    size = float(max(insert.alpha.shape)) - 4
    names = list(SITES)
    for _ in range(4):
        where = names[int(rng.choice(len(names), p=np.array(list(SITES.values()))))]
        at = site(hu, distance, size / 2, where, rng)
        if at is None or touches(known, at, size):
            continue
        placed = composite(hu, distance, insert, at, slice_mm=host.slice_mm, noise_hu=host.noise_hu, rng=rng)
        if placed is not None:
            return placed
    return None


def _scanner(
    length: npt.NDArray[np.int64], scale: npt.NDArray[np.float64], slice_mm: float, rng: np.random.Generator
) -> tuple[list[FloatArray], npt.NDArray[np.float64]]:
    """
    Return one matrix per axis from crop to patch: zoom, kernel, and thicker slices in z.

    Host and insert go through it together. The origin is where the patch begins in the crop.
    """
    origin = (length - 1 - (PATCH - 1) * scale) / 2
    matrices = [
        sampling_matrix(int(n), o + np.arange(PATCH) * s, max(1.0, float(s)))
        for n, o, s in zip(length, origin, scale, strict=True)
    ]
    sharpness = float(rng.choice([-0.12, 0.0, 0.0, 0.2]))  # sharp kernel, as it is, soft kernel
    if sharpness:
        kernel = np.eye(PATCH, dtype=np.float32) * (1 - sharpness)
        kernel += np.float32(sharpness / 2) * (
            np.eye(PATCH, k=1, dtype=np.float32) + np.eye(PATCH, k=-1, dtype=np.float32)
        )
        kernel /= kernel.sum(axis=1, keepdims=True)
        matrices[1:] = [(kernel @ m).astype(np.float32) for m in matrices[1:]]
    thick = float(rng.uniform(1.25, 3.2) if rng.random() < 0.85 else rng.uniform(3.2, 5.0))
    if rng.random() < 0.35 and thick > slice_mm:
        matrices[0] = _thick_slices(thick, float(rng.uniform(0, thick))) @ matrices[0]
    return [m / np.maximum(m.sum(axis=1, keepdims=True), 1e-6) for m in matrices], origin


def _thick_slices(thickness: float, phase: float) -> FloatArray:
    """Average into slices of ``thickness`` voxels and interpolate back, for one axis of a patch."""
    middles = np.arange(phase - thickness, PATCH + thickness, thickness)
    overlap = (thickness + 1) / 2 - np.abs(middles[:, None] - np.arange(PATCH)[None, :])
    average = np.clip(overlap, 0, 1)
    average /= np.maximum(average.sum(axis=1, keepdims=True), 1e-6)
    back = np.clip(1 - np.abs(np.arange(PATCH)[:, None] - middles[None, :]) / thickness, 0, None)
    back *= (average.sum(axis=1) > 0)[None, :]
    back /= np.maximum(back.sum(axis=1, keepdims=True), 1e-6)
    return (back @ average).astype(np.float32)


def _moved(known: Known, start: npt.NDArray[np.int64]) -> Known:
    z, y, x = (float(c) - int(s) for c, s in zip(known.centre_zyx, start, strict=True))
    return Known((z, y, x), known.diameter_mm, known.is_lesion)


def _seen(
    centre: tuple[float, float, float],
    diameter_mm: float,
    origin: npt.NDArray[np.float64],
    scale: npt.NDArray[np.float64],
    flips: npt.NDArray[np.bool_],
) -> tuple[tuple[float, float, float], float]:
    """Return centre and diameter as the patch shows them."""
    at = (np.array(centre) - origin) / scale
    z, y, x = np.where(flips, PATCH - 1 - at, at).tolist()
    return (z, y, x), diameter_mm / float(np.prod(scale)) ** (1 / 3)
