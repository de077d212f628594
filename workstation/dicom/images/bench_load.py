"""
``lianyue bench load``: reading a series against ``cat`` of the same files, in one run.

Both see a warm page cache. ``cat`` is timed as the whole process, as a shell would; pydicom alone
(``dcmread`` and ``pixel_array`` of every file, sorted and stacked) is measured beside it.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from pydicom.encaps import get_frame

from workstation.dicom.images.fast_codecs import FAST, decode_words
from workstation.dicom.images.fast_reader import EXPLICIT
from workstation.dicom.images.source import read_file_header, scan
from workstation.dicom.images.volumes import load_volume

SLICES: Final = 300
SIZE: Final = 512
RUNS: Final = 5


def run(series_dir: Path | None = None) -> dict[str, Any]:
    """
    Measure scan and volume load of one series; 300 uncompressed CT slices of 512 x 512 when none is given.

    Returns the JSON object of ``lianyue bench``: seconds are medians of five runs.
    """
    if series_dir is not None:
        largest = max((one for study in scan(series_dir) for one in study.series), key=lambda one: len(one.instances))
        return _measure([Path(one.path) for one in largest.instances if one.path], series_dir)
    with tempfile.TemporaryDirectory() as folder:
        return _measure(_write_series(Path(folder)), Path(folder))


def _measure(files: Sequence[Path], folder: Path) -> dict[str, Any]:
    with_cat = _median(lambda: _cat(files))
    with_us = _median(lambda: load_volume(files))
    with_scan = _median(lambda: scan(folder))
    with_pydicom = _median(lambda: _by_pydicom(files), runs=2)
    with_codec = _codec(files)
    return {
        "bench": "load",
        "machine": {"cores": os.cpu_count() or 1, "gl": ""},
        "figures": {
            "files": len(files),
            "megabytes": round(sum(path.stat().st_size for path in files) / 1e6, 1),
            "cat_seconds": with_cat,
            "volume_seconds": with_us,
            "scan_seconds": with_scan,
            "pydicom_seconds": with_pydicom,
            **({"codec_seconds": with_codec} if with_codec else {}),
        },
        "ratios": {
            "volume_over_cat": round(with_us / with_cat, 2),
            "scan_over_cat": round(with_scan / with_cat, 2),
            "pydicom_over_cat": round(with_pydicom / with_cat, 2),
            # how much of the codec's own rate on all cores a whole load reaches
            **({"codec_rate_share": round(with_codec / with_us, 2)} if with_codec else {}),
        },
    }


def _median(act: Callable[[], object], *, runs: int = RUNS) -> float:
    act()  # warm the page cache and the imports
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - start)
    return round(statistics.median(seconds), 4)


def _cat(files: Sequence[Path]) -> None:
    program = shutil.which("cat")
    if program is None:
        # no cat (Windows): the same reads in this process
        for path in files:
            path.read_bytes()
        return
    subprocess.run([program, *map(str, files)], stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - fixed program


def _codec(files: Sequence[Path]) -> float:
    """Return the seconds that the codec alone takes for the frames on all cores; 0.0 where there is no fast codec."""
    found = [read_file_header(path) for path in files]
    if any(header.transfer_syntax_uid not in FAST or fast is None for header, fast in found):
        return 0.0
    work = [
        (
            get_frame(path.read_bytes()[fast.pixel_offset :], 0, number_of_frames=1),
            header.transfer_syntax_uid,
            (header.integer("Rows"), header.integer("Columns")),
            header.integer("PixelRepresentation") == 1,
        )
        for path, (header, fast) in zip(files, found, strict=True)
        if fast is not None
    ]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return _median(
            lambda: list(pool.map(lambda one: decode_words(one[0], one[1], one[2], is_signed=one[3]), work)), runs=3
        )


def _by_pydicom(files: Sequence[Path]) -> object:
    datasets = [pydicom.dcmread(path) for path in files]
    datasets.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    return np.stack(
        [one.pixel_array.astype(np.int32) * int(one.RescaleSlope) + int(one.RescaleIntercept) for one in datasets]
    )


def _write_series(folder: Path) -> list[Path]:
    from workstation.dicom.images.phantom import ct_slice_dataset  # noqa: PLC0415 - only the generated case needs it

    noise = np.random.default_rng(0).integers(0, 4096, (SIZE, SIZE), dtype=np.uint16)
    files = []
    for n in range(SLICES):
        dataset = ct_slice_dataset(n, np.roll(noise, n, axis=0).astype(np.int16), position=(0.0, 0.0, float(n)))
        path = folder / f"{SLICES - n:04}.dcm"
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(EXPLICIT)
        dataset.save_as(path, enforce_file_format=True)
        files.append(path)
    return files
