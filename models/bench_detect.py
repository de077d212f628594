"""The core of ``lianyue bench detect``: seconds and memory of one detection, best of a few."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, Final

from workstation.domain.ports import Detector, JobContext
from workstation.domain.volume import Volume

STAGES: Final = ("load", "preprocess", "network", "postprocess", "total")


def run(detector: Detector, volume: Volume, job: JobContext, *, repeats: int = 3) -> dict[str, Any]:
    """
    Return ``{"figures": {...}}`` for the ``bench`` JSON shape.

    ``seconds_total`` and the other seconds are of the fastest of ``repeats`` runs, from a decoded
    volume to marks; ``seconds_first`` is the first run, which also opens the network. ``peak_mb``
    is the highest resident memory of this process so far, the volume included.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be positive, got {repeats}")
    # the lungs are kept as long as the voxels: other views of them are searched anew, as those of a new study
    runs = [detector.detect(replace(volume, voxels=volume.voxels.view()), job) for _ in range(repeats)]
    best = min(runs, key=lambda result: result.seconds["total"])
    figures: dict[str, Any] = {f"seconds_{stage}": round(best.seconds[stage], 3) for stage in STAGES}
    figures["seconds_first"] = round(runs[0].seconds["total"], 3)
    figures["peak_mb"] = peak_mb()
    figures["megavoxels"] = round(volume.voxels.size / 1e6, 1)
    figures["provider"] = best.algorithm.provider
    figures["marks_shown"] = sum(mark.shown for mark in best.marks)
    return {"figures": figures}


def peak_mb() -> int | None:
    """Return the highest resident memory of this process in MB, None where the system does not tell."""
    try:
        import resource  # noqa: PLC0415  Unix only
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))
