"""
Fit the second stage: ``python -m models.training.second_stage BUNDLE --data DIR``.

Nodules are inserted into the training lungs (``--lungs``), the bundle's network marks them, and a logistic
regression learns from the numbers of ``models.engine.second_stage`` which marks were nodules.
Marks near a known or unclear lesion, and calcified ones, teach nothing. Writes the weights into the
manifest and what they were fitted on into ``eval/second-stage.json``, with the weights that leaving each of
the development lungs out gives: a lung is judged by what was not fitted on it. Measure and build come after.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.engine.detector import LungNoduleDetector
from models.engine.manifest_values import SecondStage
from models.engine.preprocess import Prepared
from models.engine.registry import Bundle, read_bundle
from models.engine.second_stage import FEATURES, features
from models.engine.session import Provider
from models.evaluation.froc import Nodule, within_radius
from models.evaluation.measure import Quiet, scored_marks
from models.training.hosts import grid_of
from models.training.lungs_with_nodules import Lungs, Plan, data_index, rounds_of, with_post, write_learned
from models.training.sources import DEVELOPMENT

LEAST_SCORE: Final = 0.15
"""Marks below this score of the network are dropped: nothing was learned about them."""

PLAN: Final = Plan(rounds=3, per_round=8, seed=7)
RIDGE: Final = 1.0
CLIP: Final = 3.0
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


def collect(bundle: Bundle, data: Path, prepared_data: Path, plan: Plan = PLAN) -> list[Lesson]:
    """Return the lessons of the plan's lungs, of the network's own scores. Raises Leak."""
    first_stage = with_post(bundle, min_score=LEAST_SCORE, second_stage=None)
    detector = LungNoduleDetector(first_stage, Provider.CPU)
    seen: dict[str, list[npt.NDArray[np.float64]]] = {}
    lessons: list[Lesson] = []
    for one in rounds_of(data, prepared_data, plan):
        marks = scored_marks(detector.detect_prepared(one.study, Quiet()))
        already = seen.setdefault(one.patient, [])
        lessons += lessons_of(one.patient, one.study, marks, one.nodules, one.known, already)
    return lessons


def install(folder: Path, lessons: Sequence[Lesson], index: dict[str, Any]) -> None:
    """Fit all lessons and write the weights into the bundle's manifest, what they rest on beside it."""
    true = [lesson.true for lesson in lessons]
    kept_out = sorted({lesson.patient for lesson in lessons} & DEVELOPMENT)
    record = {
        "lungs": len({lesson.patient for lesson in lessons}),
        "marks": len(lessons),
        "nodules": sum(true),
        "area_leave_one_lung_out": cross_validated(lessons),
        "without": {name: _fitted([one for one in lessons if one.patient != name]) for name in kept_out},
        "data": index,
    }
    write_learned(folder, {"min_score": LEAST_SCORE, "second_stage": _fitted(lessons)}, _NAME, record)


def _fitted(lessons: Sequence[Lesson]) -> dict[str, Any]:
    """Return the weights of a fit as the manifest holds them."""
    stage = fit(np.array([one.numbers for one in lessons]), np.array([float(one.true) for one in lessons]))
    return {
        "features": list(stage.features), "mean": list(stage.mean), "scale": list(stage.scale),
        "weight": list(stage.weight), "bias": stage.bias, "clip": stage.clip,
    }  # fmt: skip


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
    parser.add_argument("--lungs", type=Lungs, choices=list(Lungs), default=Lungs.ALL)
    parser.add_argument("--rounds", type=int, default=PLAN.rounds, help="insertions into each lung; more for few lungs")
    chosen = parser.parse_args(arguments)
    plan = replace(PLAN, lungs=chosen.lungs, rounds=chosen.rounds)
    lessons = collect(read_bundle(chosen.bundle), chosen.data, chosen.prepared, plan)
    install(chosen.bundle, lessons, data_index(chosen.data, chosen.prepared, chosen.lungs))


if __name__ == "__main__":
    main()
