"""
Learn when two marks lie in one lesion: ``python -m models.training.one_lesion BUNDLE --data DIR``.

Nodules are inserted into the training lungs (``--lungs``) and the bundle marks them. Pairs of marks of one inserted
nodule and pairs of two lesions are counted by what lies between them. Writes the bound into the manifest and the
counts into ``eval/one-lesion.json``; measure and build come after. Goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.engine.detector import LungNoduleDetector
from models.engine.one_lesion import least_between
from models.engine.preprocess import Prepared
from models.engine.registry import Bundle, read_bundle
from models.engine.session import Provider
from models.evaluation.froc import Nodule
from models.evaluation.measure import Quiet
from models.training.hosts import grid_of
from models.training.lungs_with_nodules import (
    Lungs,
    Plan,
    data_index,
    rounds_of,
    volumes_in,
    with_post,
    write_learned,
)  # fmt: skip
from workstation.domain.finding import Mark

LEAST_HU: Final = -500.0
"""Lung lies below, tissue above: the middle between -1000 and 0."""

PLAN: Final = Plan(rounds=3, per_round=8, seed=31)
LEAST_SCORE: Final = 0.05
_FARTHEST_MM: Final = 40.0
_BESIDE_MM: Final = 10.0  # a second mark on the far end of a nodule lies a little outside its sphere
_NAME: Final = "one-lesion.json"

Run = dict[str, Any]


def run_of(marks: Sequence[Mark], study: Prepared, nodules: Sequence[Nodule], known: Sequence[Nodule]) -> Run:
    """Return the marks of one run, what is known there, and the least HU between marks that are near each other."""
    told = [mark for mark in marks if mark.score >= LEAST_SCORE]
    places = [np.array(grid_of(mark.centre_lps_mm, study.origin_lps_mm)) for mark in told]
    pairs = [
        [first, second, round(least_between(study.hu, places[first], places[second]))]
        for first in range(len(told))
        for second in range(first + 1, len(told))
        if np.linalg.norm(places[first] - places[second]) <= _FARTHEST_MM
    ]
    return {
        "marks": [[*mark.centre_lps_mm, mark.score, mark.diameter_mm] for mark in told],
        "nodules": [[*one.centre_lps_mm, one.diameter_mm] for one in nodules],
        "known": [[*one.centre_lps_mm, one.diameter_mm] for one in known],
        "pairs": pairs,
    }


def counts(runs: Sequence[Run], least_hu: float = LEAST_HU) -> dict[str, Any]:
    """
    Return how many pairs of one and of two lesions there are, how many overlap, and how many the rule joins.

    A mark belongs to the nearest inserted nodule within its sphere or 10 mm beyond, or else to the known lesion whose
    sphere it lies in; pairs of which one mark belongs to neither tell nothing.
    """
    found = {name: {"pairs": 0, "overlapping": 0, "joined": 0} for name in ("one_lesion", "two_lesions")}
    for run in runs:
        owner = [_owner(mark, run) for mark in run["marks"]]
        for first, second, least in run["pairs"]:
            if owner[first] is None or owner[second] is None:
                continue
            if owner[first] == owner[second] and owner[first][0] == "known":
                continue  # two lesions side by side may be listed as one
            group = found["one_lesion" if owner[first] == owner[second] else "two_lesions"]
            a, b = run["marks"][first], run["marks"][second]
            overlap = float(np.linalg.norm(np.subtract(a[:3], b[:3]))) < (a[4] + b[4]) / 2
            group["pairs"] += 1
            group["overlapping"] += overlap
            group["joined"] += overlap and least > least_hu
    return {"least_hu": least_hu, **found}


def collect(bundle: Bundle, data: Path, prepared_data: Path, kept: Path, lungs: Lungs = Lungs.ALL) -> list[Run]:
    """Return the runs of these lungs, those that ``kept`` holds from there. Raises Leak."""
    done = {(run["patient"], run["round"]): run for run in _lines(kept)}
    detector = LungNoduleDetector(with_post(bundle, one_lesion_hu=None), Provider.CPU)
    plan = replace(PLAN, lungs=lungs)
    for one in rounds_of(data, prepared_data, plan, lambda patient, number: (patient, number) not in done):
        run = run_of(detector.detect_prepared(one.study, Quiet()), one.study, one.nodules, one.known)
        done[one.patient, one.number] = run
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"patient": one.patient, "round": one.number, **run}) + "\n")
    return list(done.values())


def install(folder: Path, runs: Sequence[Run], index: dict[str, Any], lungs: int) -> dict[str, Any]:
    """Write the bound into the bundle's manifest and the counts beside it; return the counts."""
    record = {"lungs": lungs, "runs": len(runs), **counts(runs)}
    write_learned(folder, {"one_lesion_hu": LEAST_HU}, _NAME, {**record, "data": index})
    return record


def _owner(mark: Sequence[float], run: Run) -> tuple[str, int] | None:
    gaps = [(float(np.linalg.norm(np.subtract(mark[:3], n[:3]))) - n[3] / 2, k) for k, n in enumerate(run["nodules"])]
    gap, number = min(gaps, default=(np.inf, -1))
    if gap <= _BESIDE_MM:
        return "inserted", number
    inside = [k for k, n in enumerate(run["known"]) if np.linalg.norm(np.subtract(mark[:3], n[:3])) <= n[3] / 2]
    return ("known", inside[0]) if inside else None


def _lines(path: Path) -> Iterator[Run]:
    if path.is_file():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def main(arguments: list[str] | None = None) -> None:
    """Learn the rule for the bundle named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.training.one_lesion", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with volumes, nodule_cubes.npz, curated.json")
    parser.add_argument("--prepared", type=Path, default=Path(".train"), help="where training keeps its shapes")
    parser.add_argument("--lungs", type=Lungs, choices=list(Lungs), default=Lungs.ALL)
    chosen = parser.parse_args(arguments)
    bundle, lungs = read_bundle(chosen.bundle), chosen.lungs
    kept = chosen.prepared / f"one-lesion-{bundle.identity.sha256[:8]}-{lungs}.jsonl"
    runs = collect(bundle, chosen.data, chosen.prepared, kept, lungs)
    index = data_index(chosen.data, chosen.prepared, lungs)
    install(chosen.bundle, runs, index, len(volumes_in(chosen.data, lungs)))


if __name__ == "__main__":
    main()
