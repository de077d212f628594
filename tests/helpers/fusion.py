"""A body with organs and one lesion, seen by any modality on any grid: what fusion and registration are tested with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from workstation.dicom.images.phantom import ct_slice_dataset
from workstation.domain.geometry import Point
from workstation.domain.volume import Volume

# centre and half axes (LPS mm) of the parts, HU in CT, uptake in PET
_PARTS: tuple[tuple[Point, Point, float, float], ...] = (
    ((0.0, 0.0, 0.0), (140.0, 95.0, 130.0), 40.0, 1.0),
    ((-62.0, -5.0, 15.0), (48.0, 62.0, 85.0), -850.0, 0.4),
    ((64.0, 2.0, 20.0), (44.0, 60.0, 80.0), -850.0, 0.4),
    ((0.0, 70.0, 0.0), (16.0, 14.0, 125.0), 500.0, 1.6),
    ((18.0, -25.0, -5.0), (38.0, 30.0, 40.0), 50.0, 3.0),
    ((-45.0, -10.0, -90.0), (75.0, 60.0, 32.0), 60.0, 2.3),
)


def grid(size: tuple[int, int, int], spacing: tuple[float, float, float], centre: Point) -> npt.NDArray[np.float64]:
    """Return the matrix of an axial grid of ``(x, y, z)`` voxels round a point."""
    matrix = np.diag([*spacing, 1.0])
    matrix[:3, 3] = np.array(centre) - (np.array(size) - 1) / 2 * np.array(spacing)
    return matrix


def body(
    modality: str,
    size: tuple[int, int, int],
    matrix: npt.NDArray[np.float64],
    *,
    lesion: Point = (-50.0, 10.0, 30.0),
    radius_mm: float = 9.0,
    uid: str = "1.2.840.1",
    moved: npt.NDArray[np.float64] | None = None,
) -> Volume:
    """Return CT (HU) or PT (g/ml) of the body; ``moved`` maps the body's millimetres to those of this frame."""
    x, y, z = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in size), indexing="ij")
    to_body = matrix if moved is None else np.linalg.inv(moved) @ matrix
    points = np.stack([x, y, z], axis=-1) @ to_body[:3, :3].T + to_body[:3, 3]
    is_ct = modality == "CT"
    values = np.full(size, -1000.0 if is_ct else 0.0, dtype=np.float32)
    for centre, half, hu, uptake in (*_PARTS, (lesion, (radius_mm,) * 3, 45.0, 12.0)):
        distance = (np.sqrt((((points - centre) / half) ** 2).sum(axis=-1)) - 1) * min(half)
        # edges as wide as a voxel in CT, as the resolution of a scanner in PET
        share = 1 / (1 + np.exp(np.clip(distance / (0.5 if is_ct else 2.0), -40, 40)))
        values += (share * ((hu if is_ct else uptake) - values)).astype(np.float32)
    voxels = np.ascontiguousarray(values.transpose(2, 1, 0))
    series = f"{uid}.9.{modality}"
    if is_ct:
        return Volume(np.rint(voxels).astype(np.int16), matrix, uid, series, unit="HU")
    return Volume(voxels, matrix, uid, series, unit="g/ml")


def turned(degrees: Point, shift_mm: Point) -> npt.NDArray[np.float64]:
    """Return a rigid 4 x 4 matrix: turns about L, P and H in this order, then a shift."""
    matrix = np.eye(4)
    for axis, angle in enumerate(np.radians(degrees)):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        one = np.eye(4)
        one[a, a] = one[b, b] = np.cos(angle)
        one[a, b], one[b, a] = -np.sin(angle), np.sin(angle)
        matrix = one @ matrix
    matrix[:3, 3] = shift_mm
    return matrix


def write_ct_partner(folder: Path, pet: Volume, lesion: Point, radius_mm: float = 12.0) -> list[Path]:
    """
    Write a CT series of a body with one lesion in the frame of reference of a PET volume; return its files.

    The grid is another one: 1.5 mm pixels, 4 mm slices, begun elsewhere.
    """
    size, spacing = (160, 160, 20), (1.5, 1.5, 4.0)
    centre = (lesion[0] + 11.3, lesion[1] - 7.7, lesion[2] + 5.1)
    matrix = grid(size, spacing, centre)
    ct = body("CT", size, matrix, lesion=lesion, radius_mm=radius_mm)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for n, pixels in enumerate(ct.voxels):
        x, y, z = (matrix[:3, 3] + matrix[:3, 2] * n).tolist()
        dataset = ct_slice_dataset(
            n,
            pixels.astype(np.int16),
            position=(x, y, z),
            pixel_mm=1.5,
            slice_mm=4.0,
            frame_of_reference_uid=pet.frame_of_reference_uid,
        )
        path = folder / f"{n:03}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths
