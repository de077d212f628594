"""
Fit the second stage: ``python -m models.training.second_stage BUNDLE --data DIR``.

Nodules are inserted into the training lungs, the bundle's network marks them, and a logistic
regression learns from the numbers of ``models.engine.second_stage`` which marks were nodules.
Marks near a known or unclear lesion, and calcified ones, teach nothing. Writes the weights into the
manifest and what they were fitted on into ``eval/second-stage.json``; measure and build come after.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.engine.detector import LungNoduleDetector
from models.engine.manifest_values import HeatmapSpec, SecondStage
from models.engine.preprocess import Prepared, prepare
from models.engine.registry import Bundle, read_bundle
from models.engine.second_stage import FEATURES, features
from models.engine.session import Provider
from models.evaluation.froc import Nodule, within_radius
from models.evaluation.inserted import insert_round
from models.evaluation.measure import Quiet, scored_marks
from models.training.hosts import INPUT, UNBOUNDED, Known, distance_map, grid_of, read_volume
from models.training.insertion import noise_sigma_hu
from models.training.prepare_data import read_cubes, read_known, training_shapes
from models.training.sources import index_as_json, index_entry, refuse_leaks

LEAST_SCORE: Final = 0.15
"""Marks below this score of the network are dropped: nothing was learned about them."""

ROUNDS: Final = 3
PER_ROUND: Final = 8
RIDGE: Final = 1.0
CLIP: Final = 3.0
_SEED: Final = 7
_APART_MM: Final = 4.0
_CALCIFIED_HU: Final = 200.0
_STEPS: Final = 40
_NAME: Final = "second-stage.json"

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One mark in a training lung: its numbers in the order of ``FEATURES``, and whether it is a nodule."""

    patient: str
    numbers: Table
    true: bool


def lessons_of(
    patient: str,
    study: Prepared,
    marks: Sequence[Any],
    nodules: Sequence[Nodule],
    known: Sequence[Nodule],
    seen: list[npt.NDArray[np.float64]],
) -> list[Lesson]:
    """
    Return what the marks of one run teach.

    ``seen`` are the places of false marks of earlier runs on the same lung: each counts once.
    """
    found = []
    for mark in marks:
        place = np.array(mark.centre_lps_mm)
        grid = np.array(grid_of(mark.centre_lps_mm, study.origin_lps_mm))
        hit = any(within_radius(mark, nodule) for nodule in nodules)
        if not hit:
            touched = any(_gap_mm(place, n) <= n.diameter_mm / 2 + _APART_MM for n in (*nodules, *known))
            again = any(np.linalg.norm(place - other) < _APART_MM for other in seen)
            if touched or again or _is_calcified(study, grid):
                continue
            seen.append(place)
        numbers = features(study.hu, grid, mark.diameter_mm, mark.score)
        found.append(Lesson(patient, np.array([numbers[name] for name in FEATURES]), hit))
    return found


def fit(numbers: Table, true: Table) -> SecondStage:
    """Fit a logistic regression with a ridge on standardised, clipped numbers ``(n, features)``."""
    mean, scale = numbers.mean(axis=0), numbers.std(axis=0) + 1e-6
    rows = np.c_[np.ones(len(numbers)), np.clip((numbers - mean) / scale, -CLIP, CLIP)]
    ridge = np.r_[1e-6, np.full(numbers.shape[1], RIDGE)]
    weight = np.zeros(rows.shape[1])
    for _ in range(_STEPS):  # Newton's method; the problem is convex
        said = 0.5 * (1 + np.tanh(0.5 * (rows @ weight)))
        curvature = (rows * (said * (1 - said))[:, None]).T @ rows + np.diag(ridge)
        weight = weight + np.linalg.solve(curvature, rows.T @ (true - said) - ridge * weight)
    return SecondStage(
        FEATURES, _rounded(mean), _rounded(scale), _rounded(weight[1:]), float(round(weight[0], 5)), CLIP
    )


def cross_validated(lessons: Sequence[Lesson]) -> dict[str, float]:
    """Return, leaving one lung out at a time, how well network alone and both stages tell marks apart (area, ROC)."""
    numbers = np.array([lesson.numbers for lesson in lessons])
    true = np.array([float(lesson.true) for lesson in lessons])
    patient = np.array([lesson.patient for lesson in lessons])
    said = np.zeros(len(lessons))
    for name in sorted(set(patient.tolist())):
        mine = patient == name
        stage = fit(numbers[~mine], true[~mine])
        standard = np.clip((numbers[mine] - stage.mean) / np.array(stage.scale), -CLIP, CLIP)
        said[mine] = stage.bias + standard @ np.array(stage.weight)
    network = numbers[:, FEATURES.index("score")]
    return {"network": round(area(network, true), 4), "both": round(area(said, true), 4)}


def area(score: Table, true: Table) -> float:
    """Return the area under the ROC curve: how often a true mark scores above a false one, ties half."""
    positive, negative = score[true > 0][:, None], score[true == 0][None, :]
    return float((positive > negative).mean() + (positive == negative).mean() / 2)


def collect(bundle: Bundle, data: Path, prepared_data: Path) -> list[Lesson]:
    """Return the lessons of all training lungs. Raises Leak."""
    volumes = sorted((data / "volumes").glob("*.npz"))
    shapes, cubes = training_shapes(prepared_data), read_cubes(data, held_back=False)
    refuse_leaks([*(path.stem for path in volumes), *(s.patient for s in shapes), *(c.patient for c in cubes)])
    detector = LungNoduleDetector(_first_stage(bundle), Provider.CPU)
    lessons: list[Lesson] = []
    for path in volumes:
        volume = read_volume(path)
        study = prepare(volume, UNBOUNDED, INPUT)
        distance = distance_map(study)
        noise_hu = noise_sigma_hu(study.hu[::4].astype(np.float32), distance[::4])
        known = tuple(Nodule((c[0], c[1], c[2]), mm) for c, mm, _ in read_known(data, path.stem))
        taken = tuple(
            Known(grid_of(n.centre_lps_mm, study.origin_lps_mm), n.diameter_mm, is_lesion=True) for n in known
        )
        seen: list[npt.NDArray[np.float64]] = []
        for number in range(-1, ROUNDS):  # first the lung as it is
            changed, nodules = (study, ()) if number < 0 else insert_round(
                study, distance, shapes, cubes, known=taken, slice_mm=volume.spacing_mm[2], noise_hu=noise_hu,
                count=PER_ROUND, seed=(_SEED, *path.stem.encode(), number),
            )  # fmt: skip
            marks = scored_marks(detector.detect_prepared(changed, Quiet()))
            lessons += lessons_of(path.stem, changed, marks, nodules, known, seen)
    return lessons


def install(folder: Path, lessons: Sequence[Lesson], index: dict[str, Any]) -> None:
    """Fit all lessons and write the weights into the bundle's manifest."""
    true = np.array([float(lesson.true) for lesson in lessons])
    stage = fit(np.array([lesson.numbers for lesson in lessons]), true)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["post"]["min_score"] = LEAST_SCORE
    manifest["post"]["second_stage"] = {
        "features": list(stage.features), "mean": list(stage.mean), "scale": list(stage.scale),
        "weight": list(stage.weight), "bias": stage.bias, "clip": stage.clip,
    }  # fmt: skip
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    record = {
        "lungs": len({lesson.patient for lesson in lessons}),
        "marks": len(lessons),
        "nodules": int(true.sum()),
        "area_leave_one_lung_out": cross_validated(lessons),
        "data": index,
    }
    (folder / "eval").mkdir(exist_ok=True)
    (folder / "eval" / _NAME).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def data_index(data: Path, prepared_data: Path) -> dict[str, Any]:
    """Return the fingerprints of everything that the second stage learns from. Raises Leak."""
    volumes = sorted((data / "volumes").glob("*.npz"))
    entries = [index_entry(path, data, [path.stem]) for path in volumes]
    names = [path.stem for path in volumes]
    entries += [index_entry(data / name, data, names) for name in ("lesions.json", "curated.json")]
    entries.append(index_entry(data / "nodule_cubes.npz", data, (c.patient for c in read_cubes(data, held_back=False))))
    shapes = (s.patient for s in training_shapes(prepared_data))
    entries.append(index_entry(prepared_data / "shapes.npz", prepared_data, shapes))
    return index_as_json(entries)


def _first_stage(bundle: Bundle) -> Bundle:
    """Return the bundle with the network's own scores, from the least that is learned about."""
    spec = bundle.manifest.spec
    if not isinstance(spec, HeatmapSpec):
        raise TypeError(f"{bundle.manifest.id} has no heat map")
    post = replace(spec.post, min_score=LEAST_SCORE, second_stage=None)
    return replace(bundle, manifest=replace(bundle.manifest, spec=replace(spec, post=post)))


def _is_calcified(study: Prepared, centre_zyx: npt.NDArray[np.float64]) -> bool:
    z, y, x = (round(float(c)) for c in centre_zyx)
    around = study.hu[max(0, z - 1) : z + 2, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
    return around.size > 0 and float(around.mean()) > _CALCIFIED_HU


def _gap_mm(place: npt.NDArray[np.float64], nodule: Nodule) -> float:
    return float(np.linalg.norm(place - np.array(nodule.centre_lps_mm)))


def _rounded(values: Table) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)


def main(arguments: list[str] | None = None) -> None:
    """Fit the second stage of the bundle named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.training.second_stage", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with volumes, nodule_cubes.npz, curated.json")
    parser.add_argument("--prepared", type=Path, default=Path(".train"), help="where training keeps its shapes")
    chosen = parser.parse_args(arguments)
    lessons = collect(read_bundle(chosen.bundle), chosen.data, chosen.prepared)
    install(chosen.bundle, lessons, data_index(chosen.data, chosen.prepared))


if __name__ == "__main__":
    main()
