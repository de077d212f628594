"""Thorax phantoms, bundles to tamper with, a minimal ONNX writer and the real test volumes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import jpeg_ls
import numpy as np
import numpy.typing as npt
import pytest

from models.engine.detect_command import LoadVolume, MarkSeries
from models.engine.registry import BUNDLES, Registry
from workstation.domain.errors import JobCancelled, WorkstationError
from workstation.domain.ports import DetectionResult, Detector, JobContext
from workstation.domain.volume import Volume

AXIAL = np.eye(3)
S = "lung-nodule-s"
"""The detector that the product picks, where it can run"""

XS = "lung-nodule-xs"
"""The small detector by its name: for tests of how networks run, and for its own figures"""


class Job:
    """Collects progress; ``cancel_after`` reports it raises JobCancelled."""

    def __init__(self, cancel_after: int | None = None) -> None:
        self.fractions: list[float] = []
        self.cancel_after = cancel_after

    def raise_if_cancelled(self) -> None:
        if self.cancel_after is not None and len(self.fractions) >= self.cancel_after:
            raise JobCancelled

    def progress(self, fraction: float, text: str = "") -> None:
        self.raise_if_cancelled()
        self.fractions.append(fraction)


@contextmanager
def refused(kind: type[WorkstationError], reason: str) -> Iterator[None]:
    """Expect a refusal whose text for the person contains ``reason``."""
    with pytest.raises(kind) as caught:
        yield
    assert reason in caught.value.user_text


def thorax(
    *,
    directions: npt.NDArray[np.float64] = AXIAL,
    spacing_mm: tuple[float, float, float] = (1.3, 1.3, 2.0),
    nodule_lps_mm: tuple[float, float, float] | None = None,
    nodule_mm: float = 14.0,
    shape: tuple[int, int, int] = (96, 156, 210),
    unit: str = "HU",
) -> Volume:
    """
    Make a body of 40 HU with two lungs of -850 HU, centred on LPS (0, 0, 0).

    ``directions`` holds the unit vectors of x, y and z index axes as columns. The lungs are
    ellipsoids round LPS (-60, 0, 0) (right) and (60, 0, 0) (left) with semi-axes 42, 60, 75 mm.
    """
    matrix = np.eye(4)
    matrix[:3, :3] = directions * np.array(spacing_mm)
    middle = (np.array(shape[::-1]) - 1) / 2
    matrix[:3, 3] = -matrix[:3, :3] @ middle
    z, y, x = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    lps = np.stack([x, y, z], axis=-1) @ matrix[:3, :3].T + matrix[:3, 3]
    hu = np.full(shape, -1000.0)
    hu[((lps[..., :2] / [125, 90]) ** 2).sum(-1) < 1] = 40
    for side in (-60.0, 60.0):
        hu[(((lps - [side, 0, 0]) / [42, 60, 75]) ** 2).sum(-1) < 1] = -850
    if nodule_lps_mm is not None:
        hu[((lps - nodule_lps_mm) ** 2).sum(-1) < (nodule_mm / 2) ** 2] = 40
    return Volume(hu.astype(np.int16), matrix, "1.2.3", "1.2.4", unit)


def rotation(degrees: float, axis: int) -> npt.NDArray[np.float64]:
    """Return a rotation matrix about one LPS axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = np.eye(3)
    a, b = [n for n in range(3) if n != axis]
    turned[a, a], turned[a, b], turned[b, a], turned[b, b] = c, -s, s, c
    return turned


def copied_bundle(folder: Path, change: Callable[[dict[str, Any]], None] | None = None) -> Path:
    """Copy the shipped bundle below ``folder``, with a changed manifest."""
    target = folder / XS
    shutil.copytree(BUNDLES / XS, target)
    if change is not None:
        manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
        change(manifest)
        (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return target


def marking(load: LoadVolume) -> MarkSeries:
    """Return what lets a detector mark the one volume that ``load`` gives."""

    def mark(path: Path, detector: Detector, job: JobContext) -> tuple[str, DetectionResult]:
        volume = load(path, job)
        return volume.series_instance_uid, detector.detect(volume, job)

    return mark


def own_bundles(folder: Path, *names: str, peak_mb: int = 1) -> Registry:
    """
    Make a registry whose own models are copies of the small one under these names, each with this need of memory.

    Its weights under the name of a better one stand in for that: what is tested is which of them runs.
    """
    for name in names:
        target = folder / name
        shutil.copytree(BUNDLES / XS, target)
        manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
        manifest["id"], manifest["runtime"]["peak_mb"] = name, peak_mb
        for entry in manifest["files"]:
            if entry["path"].startswith("CARD."):
                card = (target / entry["path"]).read_text(encoding="utf-8").replace(XS, name).encode()
                (target / entry["path"]).write_bytes(card)
                entry["sha256"], entry["bytes"] = hashlib.sha256(card).hexdigest(), len(card)
        (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return Registry((folder,))


def compressed_volume(path: Path) -> Volume:
    """Read one of the JPEG-LS volumes of the shared test data, HU ``[z, y, x]``."""
    with np.load(path, allow_pickle=False) as stored:
        data, offsets, shape = stored["data"], stored["offsets"], tuple(int(n) for n in stored["shape"])
        matrix = stored["index_xyz_to_lps"].astype(np.float64)
    slices = [jpeg_ls.decode(data[start:stop]).reshape(shape[1:]) for start, stop in pairwise(offsets)]
    hu = (np.stack(slices).astype(np.int32) - 1024).astype(np.int16)
    return Volume(hu, matrix, "", path.stem)


def field(number: int, value: int | bytes) -> bytes:
    """Write one protobuf field."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def onnx_model(*, opset: int = 17, node: bytes = b"", tensor: bytes = b"", domain: str = "") -> bytes:
    """Write the skeleton of an ONNX model with one node."""
    graph = field(1, field(4, b"Relu") + field(7, domain.encode()) + node) + field(5, tensor)
    return field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, opset))
