"""
Where training data comes from, who may never be in it, and what exactly was used.

*Source:* the licences and traps are those of the collections' own documents; the card repeats them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

RESERVED: Final = frozenset(
    {
        # test patients: their figures are on the card
        "LIDC-IDRI-0314", "LIDC-IDRI-0002", "LIDC-IDRI-0055", "QIN-LSC-0028", "COVIDMD-normal001",
        # acceptance patients: never seen here
        "LIDC-IDRI-0063", "LIDC-IDRI-0144", "LIDC-IDRI-0379", "LIDC-IDRI-0447",
        "QIN-LSC-0014", "QIN-LSC-0088", "COVIDMD-normal002", "C3N-00247",
    }
)  # fmt: skip
"""Patients of whom no image, shape or hard negative may be learned from."""

DEVELOPMENT: Final = frozenset({"LCTSC-S1-102", "LCTSC-S1-203", "COVIDMD-cap002", "QIN-LSC-0003", "LCTSC-S1-202"})
"""Lungs kept out of training: operating points and calibration are read from them."""

_HELD_BACK_IN: Final = 5


class Leak(ValueError):
    """A reserved patient is among the training data."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One input of a training run: what it is, which patients are in it, and its fingerprint."""

    path: str
    sha256: str
    bytes: int
    patients: tuple[str, ...]


def is_held_back(patient: str) -> bool:
    """
    Tell whether shapes and cubes of this patient are kept for evaluation.

    One patient in five, by a hash of the name, so that the split never moves.
    """
    return int(hashlib.sha256(patient.encode()).hexdigest(), 16) % _HELD_BACK_IN == 0


def refuse_leaks(patients: Iterable[str]) -> None:
    """Raise Leak when a reserved patient is among ``patients``."""
    leaked = sorted(set(patients) & RESERVED)
    if leaked:
        raise Leak(f"reserved patients in the training data: {', '.join(leaked)}")


def index_entry(path: Path, root: Path, patients: Iterable[str]) -> IndexEntry:
    """Fingerprint one input; raises Leak when it holds a reserved patient."""
    names = tuple(sorted(set(patients)))
    refuse_leaks(names)
    data = path.read_bytes()
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return IndexEntry(name, hashlib.sha256(data).hexdigest(), len(data), names)


def index_as_json(entries: Iterable[IndexEntry]) -> dict[str, Any]:
    """Return the index with a sha256 over all of it, entries by path."""
    listed = [
        {"path": e.path, "sha256": e.sha256, "bytes": e.bytes, "patients": list(e.patients)}
        for e in sorted(entries, key=lambda e: e.path)
    ]
    digest = hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()
    return {"sha256": digest, "inputs": listed}


def index_patients(index: Mapping[str, Any]) -> set[str]:
    """Return every patient named in an index."""
    return {str(patient) for entry in index["inputs"] for patient in entry["patients"]}
