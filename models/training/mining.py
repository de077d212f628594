"""
Hard negatives: what the network marks in training lungs where nothing is known.

Training lungs have unmarked lesions, so that nothing is learned as negative before a person looked
at it: ``candidates`` are listed for review, ``accepted`` keeps those judged to be vessels, scars
or normal anatomy. Calcified granulomas are never negatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.decoders.heatmap_3d import decode
from models.engine.manifest import OutputSpec, PostSpec
from models.engine.preprocess import normalised
from models.engine.session import InferenceSession
from models.engine.tiling import run_tiled
from models.training.hosts import INPUT, Host
from workstation.domain.ports import JobContext

OUTPUT: Final = OutputSpec("heat", "size", "off", stride=4, size_reference_mm=8.0, centre_shift=1.5)
POST: Final = PostSpec(min_score=0.02, max_marks=100, lung_margin_mm=3.0, merge_min_mm=4.0, diameter_mm=(1.0, 100.0))
_CALCIFIED_HU: Final = 200.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mark in a training lung, grid mm ``(z, y, x)``."""

    centre_zyx: tuple[float, float, float]
    diameter_mm: float
    score: float


def candidates(host: Host, session: InferenceSession, job: JobContext, *, least: float) -> list[Candidate]:
    """Return the marks of at least ``least`` in a lung that touch nothing known and are not calcified."""
    heat, size, offset = run_tiled(
        normalised(np.asarray(host.hu), INPUT),
        lambda slab: session.run(("heat", "size", "off"), {"image": slab}),
        slab=INPUT.slab,
        halo=INPUT.halo,
        stride=OUTPUT.stride,
        job=job,
    )
    found = decode(heat[0, 0], size[0, 0], offset[0], OUTPUT, POST)
    marks = []
    for centre, diameter, score in zip(found.centre_zyx, found.diameter_mm, found.score, strict=True):
        z, y, x = (float(v) for v in centre)
        mark = Candidate((z, y, x), float(diameter), float(score))
        if score >= least and _in_lungs(host, centre) and is_unknown(host, mark) and not is_calcified(host, mark):
            marks.append(mark)
    return marks


def is_unknown(host: Host, mark: Candidate) -> bool:
    """Tell whether a mark is clear of every lesion and every ignore sphere of its lung."""
    return all(
        float(np.linalg.norm(np.subtract(known.centre_zyx, mark.centre_zyx))) > known.diameter_mm / 2 + 4
        for known in host.known
    )


def is_calcified(host: Host, mark: Candidate) -> bool:
    """Tell whether a mark is denser than soft tissue: a granuloma, which is a finding and never a negative."""
    z, y, x = (round(c) for c in mark.centre_zyx)
    around = np.asarray(host.hu[max(0, z - 1) : z + 2, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2])
    return around.size > 0 and float(np.mean(around)) > _CALCIFIED_HU


def accepted(
    found: dict[str, list[Candidate]], rejected: dict[str, set[int]]
) -> dict[str, list[tuple[float, float, float]]]:
    """Return the reviewed negatives by patient; ``rejected`` are the numbers that may be lesions."""
    return {
        patient: [mark.centre_zyx for number, mark in enumerate(marks) if number not in rejected.get(patient, set())]
        for patient, marks in found.items()
    }


def _in_lungs(host: Host, centre: npt.NDArray[np.float64]) -> bool:
    at = np.rint(centre).astype(int)
    if np.any(at < 0) or np.any(at >= host.hu.shape):
        return False
    z, y, x = at
    return bool(host.distance_mm[z, y, x] <= POST.lung_margin_mm)
