"""
Tier B: nodules inserted into real lungs that the network never saw, so that every answer is known.

One round puts a few nodules into one prepared study and runs the detector on it as on any other.
Rounds differ by their number only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from models.engine.preprocess import Prepared
from models.evaluation.froc import Nodule
from models.training.hosts import Known
from models.training.insertion import Insert, composite, from_cube, from_shape
from models.training.sampling import Cube, site, touches
from models.training.shapes import Shape

KINDS: Final = {
    "solid": 0.32, "part_solid": 0.08, "ground_glass": 0.14, "cavity": 0.06, "calcified": 0.06, "spiculated": 0.08,
    "real": 0.26,
}  # fmt: skip
SIZES_MM: Final = ((3.0, 4.0, 0.08), (4.0, 6.0, 0.18), (6.0, 8.0, 0.22), (8.0, 15.0, 0.34), (15.0, 30.0, 0.18))
SITES: Final = {"free": 0.42, "pleura": 0.33, "vessel": 0.25}
_SMALLEST_MM: Final = {"ground_glass": 4.0, "part_solid": 6.0, "cavity": 8.0, "spiculated": 6.0}
_REACH: Final = 40  # voxels of lung round a place that are looked at
_TRIES: Final = 60


def insert_round(
    study: Prepared,
    distance_mm: np.ndarray[tuple[int, ...], np.dtype[np.int8]],
    shapes: list[Shape],
    cubes: list[Cube],
    *,
    known: tuple[Known, ...],
    slice_mm: float,
    noise_hu: float,
    count: int,
    seed: tuple[int, ...],
) -> tuple[Prepared, tuple[Nodule, ...]]:
    """
    Return the study with ``count`` nodules in it (fewer where no place suits) and where they are.

    ``known`` are lesions that were there before: nothing is put on them.
    """
    rng = np.random.default_rng(seed)
    hu = study.hu.copy()
    taken, nodules = list(known), list[Nodule]()
    for _ in range(count):
        kind = _drawn(KINDS, rng)
        insert = _insert(kind, shapes, cubes, rng)
        where = _drawn(SITES, rng)
        for _ in range(_TRIES):
            middle = rng.integers(0, hu.shape)
            if distance_mm[tuple(middle)] > 0:
                continue
            low = np.maximum(middle - _REACH, 0)
            box = tuple(slice(int(a), int(b)) for a, b in zip(low, middle + _REACH, strict=True))
            part = hu[box].astype(np.float32)
            at = site(part, distance_mm[box], (max(insert.alpha.shape) - 4) / 2, where, rng)
            here = [Known(_plus(k.centre_zyx, -low), k.diameter_mm, is_lesion=True) for k in taken]
            if at is None or touches(here, at, float(max(insert.alpha.shape))):
                continue
            placed = composite(
                part, distance_mm[box], insert, at, slice_mm=slice_mm, noise_hu=noise_hu, rng=rng
            )  # fmt: skip
            if placed is None:
                continue
            hu[box] = np.rint(part).astype(np.int16)
            centre = _plus(placed.centre_zyx, low)
            taken.append(Known(centre, placed.diameter_mm, is_lesion=True))
            x, y, z = (float(v) for v in study.origin_lps_mm + study.spacing_mm * np.array(centre)[::-1])
            nodules.append(Nodule((x, y, z), placed.diameter_mm, kind, where))
            break
    return replace(study, hu=hu), tuple(nodules)


def _insert(kind: str, shapes: list[Shape], cubes: list[Cube], rng: np.random.Generator) -> Insert:
    if kind == "real":
        cube = cubes[int(rng.integers(len(cubes)))]
        return from_cube(cube.hu, cube.mask, rng)
    weights = np.array([w for _, _, w in SIZES_MM])
    low, high, _ = SIZES_MM[int(rng.choice(len(weights), p=weights))]
    diameter = max(float(rng.uniform(low, high)), _SMALLEST_MM.get(kind, 0.0) * float(rng.uniform(1, 1.6)))
    sizes = np.array([s.diameter_mm for s in shapes])
    near = np.flatnonzero((sizes > diameter / 1.25) & (sizes < diameter / 0.8))
    number = int(rng.choice(near)) if len(near) else int(np.argmin(np.abs(sizes - diameter)))
    return from_shape(shapes[number], kind, diameter, rng)


def _drawn(weights: dict[str, float], rng: np.random.Generator) -> str:
    names = list(weights)
    return names[int(rng.choice(len(names), p=np.array(list(weights.values()))))]


def _plus(
    centre: tuple[float, float, float], shift: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> tuple[float, float, float]:
    z, y, x = (float(c) + int(s) for c, s in zip(centre, shift, strict=True))
    return z, y, x
