"""
Hard negatives: what the network marks in training lungs where nothing is known.

Training lungs have unmarked lesions, so that nothing is learned as negative before a person looked
at it: ``python -m models.training.mining --data DIR MODEL`` lists candidates; those judged to be
vessels, scars or normal anatomy go into ``review.json`` as ``negative``, all that may be disease as
``ignore``. Calcified granulomas are never negatives.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.engine.decoders.heatmap_3d import decode
from models.engine.manifest import OutputSpec, PostSpec
from models.engine.preprocess import normalised
from models.engine.session import InferenceSession, Provider
from models.engine.tiling import run_tiled
from models.training.hosts import INPUT, Host
from models.training.prepare_data import open_hosts
from workstation.domain.ports import JobContext

OUTPUT: Final = OutputSpec("heat", "size", "off", stride=4, size_reference_mm=8.0, centre_shift=1.5)
POST: Final = PostSpec(min_score=0.02, max_marks=100, lung_margin_mm=3.0, merge_min_mm=4.0, diameter_mm=(1.0, 100.0))
_CALCIFIED_HU: Final = 200.0
_ROUND_IT_MM: Final = 4.0


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


def as_json(host: Host, marks: list[Candidate]) -> list[dict[str, Any]]:
    """Return marks as ``review.json`` writes them: centre LPS mm, and the radius that would be ignored."""
    return [
        {
            "centre_lps_mm": [round(float(v), 1) for v in host.origin_lps_mm + np.array(mark.centre_zyx)[::-1]],
            "ignore_radius_mm": round(mark.diameter_mm / 2 + _ROUND_IT_MM, 1),
            "score": round(mark.score, 3),
        }
        for mark in marks
    ]


def _in_lungs(host: Host, centre: npt.NDArray[np.float64]) -> bool:
    at = np.rint(centre).astype(int)
    if np.any(at < 0) or np.any(at >= host.hu.shape):
        return False
    z, y, x = at
    return bool(host.distance_mm[z, y, x] <= POST.lung_margin_mm)


class _Quiet:
    """A job that nobody watches."""

    def progress(self, fraction: float, text: str = "") -> None:
        """Say nothing."""

    def raise_if_cancelled(self) -> None:
        """Go on."""


def main(arguments: list[str] | None = None) -> None:
    """List the candidates of every training lung."""
    parser = argparse.ArgumentParser(prog="python -m models.training.mining", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--prepared", type=Path, default=Path(".train"))
    parser.add_argument("--least", type=float, default=0.3)
    parser.add_argument("--json", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    with InferenceSession.open(chosen.model.read_bytes(), Provider.CPU) as session:
        found = {
            host.patient: as_json(host, candidates(host, session, _Quiet(), least=chosen.least))
            for host in open_hosts(chosen.data, chosen.prepared)
        }
    chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
