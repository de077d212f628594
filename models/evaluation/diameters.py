"""
How far the outlined size of a nodule lies from its readers': real cubes of nodules that at least three outlined.

Cubes with an even number set the outliner's constants, the others judge it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.engine.nodule.segmenter import NoduleSegmenter
from models.evaluation.froc import BOOTSTRAPS, SEED
from models.evaluation.measure import Quiet
from resources.lidc import nodule_table
from workstation.domain.errors import NotANodule
from workstation.domain.volume import Volume

HALVES: Final = {"set": 0, "other": 1}
"""Which cubes are in a half: the remainder of their number by two."""

_LEAST_READERS: Final = 3
_EDGE: Final = 51


@dataclass(frozen=True, slots=True)
class Sizes:
    """Logarithms of outlined over readers' mean diameter, and how many nodules were refused."""

    logs: tuple[float, ...]
    refused: int


def cube_sizes(data: Path, half: str) -> Sizes:
    """
    Outline the real nodules of one half; ``data`` is the folder with ``train``.

    The reference is the mean of all who outlined the nodule, volume-equivalent.
    """
    entries = json.loads((data / "train" / "nodule_cubes.json").read_text(encoding="utf-8"))
    known: dict[int, list[float]] = {}
    for row in nodule_table()["nodules"]:
        known.setdefault(row[0], []).append(row[3])
    with np.load(data / "train" / "nodule_cubes.npz", allow_pickle=False) as stored:
        hu, masks = stored["hu"], stored["mask"]
    segmenter, logs, refused = NoduleSegmenter(), list[float](), 0
    for number in range(HALVES[half], len(entries), len(HALVES)):
        entry = entries[number]
        drawn = known.get(int(entry["patient"][-4:]), [])
        if int(entry["n_readers_marks"]) < _LEAST_READERS or not drawn:
            continue
        marked = float(entry["eq_diam_mm"])
        reference = min(drawn, key=lambda one: abs(math.log(one / marked)))
        mask = np.unpackbits(masks[number])[: _EDGE**3].reshape((_EDGE,) * 3).astype(bool)
        z, y, x = np.argwhere(mask).mean(axis=0).tolist()
        try:
            found = segmenter.segment(Volume(hu[number], np.eye(4), "", ""), (x, y, z), Quiet())
        except NotANodule:
            refused += 1
            continue
        logs.append(math.log(found.equivalent_diameter_mm / reference))
    return Sizes(tuple(logs), refused)


def size_figures(sizes: Sizes) -> dict[str, Any]:
    """Return spread (with its 95 % bootstrap interval over nodules), bias and counts."""
    low, high = spread_interval(sizes.logs)
    return {
        "outlined": len(sizes.logs), "of": len(sizes.logs) + sizes.refused,
        "log_sd": {"value": round(float(np.std(sizes.logs)), 4), "low": round(low, 4), "high": round(high, 4)},
        "bias": round(float(np.mean(sizes.logs)), 4),
    }  # fmt: skip


def spread_interval(logs: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the standard deviation. Raises ValueError without two values."""
    if len(logs) < 2:
        raise ValueError("a spread needs at least two values")
    values = np.asarray(logs)
    rng = np.random.default_rng(SEED)
    spreads = [float(values[rng.integers(0, len(values), len(values))].std()) for _ in range(BOOTSTRAPS)]
    low, high = np.percentile(spreads, [2.5, 97.5]).tolist()
    return low, high
