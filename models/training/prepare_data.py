"""From the data folder to what samples are made of, once; the index says what was used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from models.training.hosts import (
    Host,
    KnownLps,
    grid_of,
    known_of,
    load_host,
    make_host,
    read_volume,
    save_host,
)  # fmt: skip
from models.training.neither_way import spheres_of
from models.training.sampling import Cube, Sources
from models.training.shapes import Shape, lidc_database, load_shapes, read_shapes, save_shapes, volume_diameter_mm
from models.training.sources import DEVELOPMENT, index_as_json, index_entry, is_held_back, refuse_leaks

_HOSTS = "hosts"
_SHAPES = "shapes.npz"
REVIEW = Path(__file__).with_name("review.json")
"""Marks of earlier weights in training lungs, judged by eye (not by a radiologist): ignore or negative."""


def prepare_data(data: Path, root: Path) -> dict[str, Any]:
    """
    Prepare hosts and shapes below ``root`` where they are missing; return the data index.

    The index names the inputs that training learns from: not the development lungs, not the
    patients held back. Raises Leak when a reserved patient is among them.
    """
    volumes = sorted((data / "volumes").glob("*.npz"))
    for path in volumes:
        if not (root / _HOSTS / f"{path.stem}.json").is_file():
            save_host(root / _HOSTS, make_host(read_volume(path), path.stem))
    if not (root / _SHAPES).is_file():
        save_shapes(root / _SHAPES, list(read_shapes(lidc_database())))
    hosts = [path for path in volumes if path.stem not in DEVELOPMENT]
    entries = [index_entry(path, data, [path.stem]) for path in hosts]
    names = [path.stem for path in hosts]
    entries += [index_entry(data / name, data, names) for name in ("lesions.json", "curated.json")]
    entries.append(index_entry(data / "nodule_cubes.npz", data, (c.patient for c in read_cubes(data, held_back=False))))
    shapes = training_shapes(root)
    entries.append(index_entry(root / _SHAPES, root, (s.patient for s in shapes)))
    entries.append(index_entry(REVIEW, REVIEW.parent, _json(REVIEW)))
    return index_as_json(entries)


def open_sources(data: Path, root: Path) -> Sources:
    """Return what training samples are made of. Raises Leak."""
    hosts = open_hosts(data, root)
    cubes = tuple(read_cubes(data, held_back=False))
    shapes = tuple(training_shapes(root))
    refuse_leaks([*(c.patient for c in cubes), *(s.patient for s in shapes)])
    return Sources(hosts, shapes, cubes, {host.patient: reviewed_negatives(host) for host in hosts})


def read_known(data: Path, patient: str) -> list[KnownLps]:
    """Return what is known to be in a training or development lung. Raises Leak."""
    listed = known_of(patient, _json(data / "lesions.json"), _json(data / "curated.json"), _json(REVIEW))
    return listed + spheres_of(patient)


def reviewed_negatives(host: Host) -> list[tuple[float, float, float]]:
    """Return the false marks of a lung that a person judged to be no lesion, grid points ``(z, y, x)``."""
    judged = _json(REVIEW).get(host.patient, {}).get("negative", [])
    return [grid_of(entry["centre_lps_mm"], host.origin_lps_mm) for entry in judged]


def open_hosts(data: Path, root: Path) -> tuple[Host, ...]:
    """Return the prepared lungs that may be learned from. Raises Leak."""
    names = sorted(path.stem for path in (data / "volumes").glob("*.npz") if path.stem not in DEVELOPMENT)
    refuse_leaks(names)
    return tuple(load_host(root / _HOSTS, name, read_known(data, name)) for name in names)


def training_shapes(root: Path) -> list[Shape]:
    """Return the outlines that may be learned from."""
    return [s for s in load_shapes(root / _SHAPES) if not is_held_back(s.patient)]


def held_back_shapes(root: Path) -> list[Shape]:
    """Return the outlines that are measured with and never learned from."""
    return [s for s in load_shapes(root / _SHAPES) if is_held_back(s.patient)]


def read_cubes(data: Path, *, held_back: bool) -> list[Cube]:
    """Return the real nodules of the patients that are learned from, or of those held back."""
    with np.load(data / "nodule_cubes.npz", allow_pickle=False) as stored:
        hu, masks, patients = stored["hu"], stored["mask"], stored["patient"]
    cubes = []
    for values, packed, patient in zip(hu, masks, patients, strict=True):
        if is_held_back(str(patient)) is held_back:
            mask = np.unpackbits(packed)[: values.size].reshape(values.shape).astype(bool)
            cubes.append(Cube(str(patient), values, mask, volume_diameter_mm(float(mask.sum()))))
    return cubes


def _json(path: Path) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return stored
