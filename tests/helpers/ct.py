"""Small CT series written slice by slice, so that a test can also write them wrong."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset

from workstation.dicom.images.phantom import ct_slice_dataset
from workstation.domain.geometry import Point

Change = Callable[[int, FileDataset], None]
SIZE = 16


def slice_pixels(n: int) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Return a recognisable slice: HU = 10 * slice + column - 2 * row."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    values: np.ndarray[tuple[int, int], np.dtype[np.int16]] = (10 * n + columns - 2 * rows).astype(np.int16)
    return values


def datasets(
    positions: Sequence[Point],
    *,
    orientation: Sequence[float] = (1, 0, 0, 0, 1, 0),
    change: Change | None = None,
) -> list[FileDataset]:
    """Return one slice per position; ``change`` may alter each."""
    found = []
    for n, position in enumerate(positions):
        dataset = ct_slice_dataset(n, slice_pixels(n), position=position, orientation=orientation)
        dataset.PixelSpacing = ["0.5", "0.8"]
        if change is not None:
            change(n, dataset)
        found.append(dataset)
    return found


def part10(dataset: FileDataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def write(folder: Path, positions: Sequence[Point], **options: object) -> list[Path]:
    """Write a series whose file names and instance numbers say nothing about the order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for n, dataset in enumerate(datasets(positions, **options)):  # type: ignore[arg-type] # passed through
        path = folder / f"{(n * 7) % 31:02}-{n}.dcm"
        path.write_bytes(part10(dataset))
        paths.append(path)
    return paths


def axial(heights: Sequence[float]) -> list[Point]:
    """Return positions of axial slices at the given heights."""
    return [(-3.0, -4.0, height) for height in heights]
