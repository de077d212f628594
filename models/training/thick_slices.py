"""
What thicker slices cost a bundle: ``python -m models.training.thick_slices BUNDLE --data DIR``.

Nodules of held-back patients are inserted into the training lungs of thinner slices; these are averaged to 5 mm
and marked again. Both answers are counted at each operating point and printed as JSON. Weights have learned from
these lungs: what is lost between the two is told, false marks on new lungs are not (ADR 0057).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.engine.detector import LungNoduleDetector
from models.engine.registry import read_bundle
from models.engine.session import Provider
from models.evaluation.froc import Nodule, within_radius
from models.evaluation.measure import Quiet, scored_marks
from models.training.lungs_with_nodules import AS_IT_IS, Plan, rounds_of
from workstation.domain.finding import Mark

THICK_MM: Final = 5
SMALL_MM: Final = 6.0
PLAN: Final = Plan(rounds=2, per_round=6, seed=911, held_back=True)
_APART_MM: Final = 4.0

Counts = dict[str, list[int]]
"""Nodules found and present, below 6 mm and from there up, and false marks over runs"""


def thickened(hu: npt.NDArray[np.int16], thick: int, first: int = 0) -> npt.NDArray[np.int16]:
    """
    Return a volume ``[z, y, x]`` of 1 mm as slices of ``thick`` mm side by side would give it on the same grid.

    Each slice is the mean of its voxels, those between two slices lie on the line between them. ``first`` is where
    the first slice begins. Raises ValueError for fewer than two slices.
    """
    starts = np.arange(first, hu.shape[0] - thick + 1, thick)
    if len(starts) <= 1:
        raise ValueError(f"{hu.shape[0]} mm are too short for slices of {thick} mm")
    slices = np.stack([hu[at : at + thick].mean(axis=0, dtype=np.float32) for at in starts])
    place = np.clip((np.arange(hu.shape[0]) - starts[0] - (thick - 1) / 2) / thick, 0, len(starts) - 1)
    below = np.minimum(place.astype(int), len(starts) - 2)
    share = (place - below).astype(np.float32)[:, None, None]
    between: npt.NDArray[np.float32] = slices[below] * (1 - share) + slices[below + 1] * share
    return np.rint(between).astype(np.int16)


def counted(marks: Sequence[Mark], nodules: Sequence[Nodule], known: Sequence[Nodule], at: float, into: Counts) -> None:
    """Add one run to ``into`` at one score; a mark at a known lesion is neither right nor false."""
    shown = [mark for mark in scored_marks(tuple(marks)) if mark.score >= at]
    for nodule in nodules:
        group = into["small" if nodule.diameter_mm < SMALL_MM else "larger"]
        group[0] += any(within_radius(mark, nodule) for mark in shown)
        group[1] += 1
    for mark in shown:
        touched = any(within_radius(mark, one) for one in nodules) or any(
            np.linalg.norm(np.subtract(mark.centre_lps_mm, one.centre_lps_mm)) <= one.diameter_mm / 2 + _APART_MM
            for one in known
        )
        into["false"][0] += not touched
    into["false"][1] += 1


def compared(folder: Path, data: Path, prepared_data: Path) -> dict[str, dict[str, Counts]]:
    """Return the counts of each operating point for slices as they are and thick ones. Raises Leak."""
    bundle = read_bundle(folder)
    detector = LungNoduleDetector(bundle, Provider.CPU)
    points = {point.name: point.score for point in bundle.manifest.operating_points}
    empty = [0, 0]
    found: dict[str, dict[str, Counts]] = {
        name: {kind: {group: empty.copy() for group in ("small", "larger", "false")} for kind in ("thin", "thick")}
        for name in points
    }
    for one in rounds_of(data, prepared_data, PLAN, lambda _patient, number: number != AS_IT_IS):
        if one.slice_mm >= THICK_MM:
            continue
        thick = replace(one.study, hu=thickened(one.study.hu, THICK_MM, one.number % THICK_MM))
        for kind, study in (("thin", one.study), ("thick", thick)):
            marks = detector.detect_prepared(study, Quiet())
            for name, at in points.items():
                counted(marks, one.nodules, one.known, at, found[name][kind])
        sys.stderr.write(f"{one.patient} {one.number}\n")
    return found


def lines(found: dict[str, dict[str, Counts]]) -> Iterable[dict[str, Any]]:
    """Yield each operating point in figures."""
    for name, kinds in found.items():
        for kind, counts in kinds.items():
            false, runs = counts["false"]
            yield {
                "point": name, "slices": kind, "below_6_mm": counts["small"], "from_6_mm": counts["larger"],
                "false_marks_per_run": round(false / max(1, runs), 2),
            }  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Print what thick slices cost the bundle named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.training.thick_slices", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with volumes, nodule_cubes.npz, curated.json")
    parser.add_argument("--prepared", type=Path, default=Path(".train"), help="where training keeps its shapes")
    chosen = parser.parse_args(arguments)
    json.dump(list(lines(compared(chosen.bundle, chosen.data, chosen.prepared))), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
