"""
Learn when two marks lie in one lesion: ``python -m models.training.one_lesion BUNDLE --data DIR``.

Nodules are inserted into the training lungs and the bundle marks them. Pairs of marks of one inserted nodule and
pairs of two lesions are counted by what lies between them. Writes the bound into the manifest and the counts into
``eval/one-lesion.json``; measure and build come after. Goes on where it was interrupted.
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
from models.engine.manifest_values import HeatmapSpec
from models.engine.one_lesion import least_between
from models.engine.preprocess import Prepared, prepare
from models.engine.registry import Bundle, read_bundle
from models.engine.session import Provider
from models.evaluation.froc import Nodule
from models.evaluation.inserted import insert_round
from models.evaluation.measure import Quiet
from models.training.hosts import INPUT, UNBOUNDED, Known, distance_map, grid_of, read_volume
from models.training.insertion import noise_sigma_hu
from models.training.prepare_data import read_cubes, read_known, training_shapes
from models.training.second_stage import data_index
from models.training.sources import refuse_leaks
from workstation.domain.finding import Mark

LEAST_HU: Final = -500.0
"""Lung lies below, tissue above: the middle between -1000 and 0."""

ROUNDS: Final = 3
PER_ROUND: Final = 8
LEAST_SCORE: Final = 0.05
_FARTHEST_MM: Final = 40.0
_BESIDE_MM: Final = 10.0  # a second mark on the far end of a nodule lies a little outside its sphere
_SEED: Final = 31
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


def collect(bundle: Bundle, data: Path, prepared_data: Path, kept: Path) -> list[Run]:
    """Return the runs of all training lungs, those that ``kept`` holds from there. Raises Leak."""
    done = {(run["patient"], run["round"]): run for run in _lines(kept)}
    volumes = sorted((data / "volumes").glob("*.npz"))
    shapes, cubes = training_shapes(prepared_data), read_cubes(data, held_back=False)
    refuse_leaks([*(path.stem for path in volumes), *(s.patient for s in shapes), *(c.patient for c in cubes)])
    detector = LungNoduleDetector(_without_rule(bundle), Provider.CPU)
    for path in volumes:
        missing = [number for number in range(-1, ROUNDS) if (path.stem, number) not in done]
        if not missing:
            continue
        volume = read_volume(path)
        study = prepare(volume, UNBOUNDED, INPUT)
        distance = distance_map(study)
        noise_hu = noise_sigma_hu(study.hu[::4].astype(np.float32), distance[::4])
        known = tuple(Nodule((c[0], c[1], c[2]), mm) for c, mm, _ in read_known(data, path.stem))
        taken = tuple(
            Known(grid_of(n.centre_lps_mm, study.origin_lps_mm), n.diameter_mm, is_lesion=True) for n in known
        )
        for number in missing:
            changed, nodules = (study, ()) if number < 0 else insert_round(
                study, distance, shapes, cubes, known=taken, slice_mm=volume.spacing_mm[2], noise_hu=noise_hu,
                count=PER_ROUND, seed=(_SEED, *path.stem.encode(), number),
            )  # fmt: skip
            run = run_of(detector.detect_prepared(changed, Quiet()), changed, nodules, known)
            done[path.stem, number] = run
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"patient": path.stem, "round": number, **run}) + "\n")
    return list(done.values())


def install(folder: Path, runs: Sequence[Run], index: dict[str, Any], lungs: int) -> dict[str, Any]:
    """Write the bound into the bundle's manifest and the counts beside it; return the counts."""
    record = {"lungs": lungs, "runs": len(runs), **counts(runs)}
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["post"]["one_lesion_hu"] = LEAST_HU
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "eval").mkdir(exist_ok=True)
    (folder / "eval" / _NAME).write_text(json.dumps({**record, "data": index}, indent=1) + "\n", encoding="utf-8")
    return record


def _owner(mark: Sequence[float], run: Run) -> tuple[str, int] | None:
    gaps = [(float(np.linalg.norm(np.subtract(mark[:3], n[:3]))) - n[3] / 2, k) for k, n in enumerate(run["nodules"])]
    gap, number = min(gaps, default=(np.inf, -1))
    if gap <= _BESIDE_MM:
        return "inserted", number
    inside = [k for k, n in enumerate(run["known"]) if np.linalg.norm(np.subtract(mark[:3], n[:3])) <= n[3] / 2]
    return ("known", inside[0]) if inside else None


def _without_rule(bundle: Bundle) -> Bundle:
    spec = bundle.manifest.spec
    if not isinstance(spec, HeatmapSpec):
        raise TypeError(f"{bundle.manifest.id} has no heat map")
    post = replace(spec.post, one_lesion_hu=None)
    return replace(bundle, manifest=replace(bundle.manifest, spec=replace(spec, post=post)))


def _lines(path: Path) -> Iterator[Run]:
    if path.is_file():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def main(arguments: list[str] | None = None) -> None:
    """Learn the rule for the bundle named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.training.one_lesion", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with volumes, nodule_cubes.npz, curated.json")
    parser.add_argument("--prepared", type=Path, default=Path(".train"), help="where training keeps its shapes")
    chosen = parser.parse_args(arguments)
    runs = collect(read_bundle(chosen.bundle), chosen.data, chosen.prepared, chosen.prepared / "one-lesion.jsonl")
    lungs = len(list((chosen.data / "volumes").glob("*.npz")))
    install(chosen.bundle, runs, data_index(chosen.data, chosen.prepared), lungs)


if __name__ == "__main__":
    main()
