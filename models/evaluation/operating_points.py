"""Thresholds and calibration that are judged on other patients than they were read from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.engine.manifest import Calibration, Text
from models.evaluation.calibrate import Weighted, expected_error, isotonic, logistic, reliability
from models.evaluation.froc import Interval, Judged, bootstrap, false_marks_above, sensitivity_above, threshold_at
from models.evaluation.summary import interval_json, marks_of

RATES: Final = {"sensitive": 4.0, "balanced": 1.0, "specific": 0.25}
"""Allowed false marks per scan of the three operating points."""

CALIBRATIONS: Final[dict[str, Callable[..., tuple[list[float], list[float]]]]] = {
    "isotonic": isotonic,
    "logistic": logistic,
}
"""The ways from score to chance that a manifest may name."""

_UNSEEN_FALSE: Final = 0.5
_NOWHERE: Final = Text("-", "-")


@dataclass(frozen=True, slots=True)
class Folds:
    """Scans by patient: each patient is judged by what the others gave."""

    scans: dict[str, list[Judged]]

    def without(self, patient: str) -> Folds:
        """Return everyone else."""
        return Folds({name: scans for name, scans in self.scans.items() if name != patient})

    def others(self, patient: str) -> list[Judged]:
        """Return the scans of everyone else."""
        return self.without(patient).all

    @property
    def all(self) -> list[Judged]:
        """Return every scan."""
        return [scan for scans in self.scans.values() for scan in scans]


def by_patient(scans: Sequence[Judged]) -> Folds:
    """Group scans by patient; the case id is ``PATIENT#ROUND``."""
    grouped: dict[str, list[Judged]] = {}
    for scan in scans:
        grouped.setdefault(scan.case.id.split("#")[0], []).append(scan)
    return Folds(grouped)


def points(scans: Sequence[Judged]) -> dict[str, float]:
    """Return the score of each operating point, rounded up to three places."""
    return {name: float(np.ceil(threshold_at(scans, rate) * 1000) / 1000) for name, rate in RATES.items()}


def shipped_points(folds: Folds) -> dict[str, float]:
    """
    Return the highest of the scores that leaving each patient out in turn gives: three lungs differ much.

    Where there is one patient only, that one's. Raises ValueError without any.
    """
    left = [folds.others(patient) for patient in folds.scans] if len(folds.scans) > 1 else [folds.all]
    candidates = [points(scans) for scans in left]
    return {name: max(each[name] for each in candidates) for name in RATES}


def points_of_others(folds: Folds) -> dict[str, dict[str, float]]:
    """Return, by patient, the scores that the rule of ``shipped_points`` would ship from the other patients alone."""
    return {patient: shipped_points(folds.without(patient)) for patient in folds.scans}


def realised(folds: Folds, counted: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """
    Return what each operating point gives on a patient whose scans it was not read from, over the ``counted`` patients.

    None counts all of them; points are read from all in any case. The score is the one that the rule of
    ``shipped_points`` would ship from the others alone;
    ``joint_false_marks_per_scan`` is what the one score read from the others taken together gives.
    """
    judged = {name: own for name, own in folds.scans.items() if counted is None or name in counted}
    at = points_of_others(folds)
    result = {}
    for name in RATES:
        false, joint, found, total, scans = 0.0, 0.0, 0, 0, 0
        by_name = {}
        for patient, own in judged.items():
            score = at[patient][name]
            hits, count = sensitivity_above(own, score)
            rate = false_marks_above(own, score)
            by_name[patient] = round(rate, 2)
            false, scans = false + rate * len(own), scans + len(own)
            joint += false_marks_above(own, points(folds.others(patient))[name]) * len(own)
            found, total = found + hits, total + count
        result[name] = {
            "false_marks_per_scan": round(false / scans, 3), "by_patient": by_name,
            "joint_false_marks_per_scan": round(joint / scans, 3), "found": found, "of": total,
        }  # fmt: skip
    return result


def shown(marks: Weighted, least: float) -> Weighted:
    """Return the marks of at least this score."""
    keep = marks.score >= least
    return Weighted(marks.score[keep], marks.true[keep], marks.weight[keep])


def calibration(folds: Folds, true_weight: float, basis: Text, method: str = "logistic") -> Calibration:
    """
    Fit the map from score to the share of true marks.

    Each patient weighs as one scan, however many rounds were made of it, and the fit (isotonic:
    every step of it) is charged with half a false mark that these few patients did not show.
    """
    parts = []
    for own in folds.scans.values():
        marks = marks_of(own, true_weight)
        parts.append(Weighted(marks.score, marks.true, marks.weight / len(own)))
    joined = Weighted(*(np.concatenate([getattr(m, k) for m in parts]) for k in ("score", "true", "weight")))
    score, chance = CALIBRATIONS[method](joined, unseen_false=_UNSEEN_FALSE)
    return Calibration(tuple(score), tuple(chance), basis)


def over_patients(folds: Folds, figure: Callable[[Sequence[Judged]], float]) -> Interval:
    """
    Return a figure with its 95 % interval over resampled patients, each with all of its scans.

    Unlike an interval over scans it covers the spread between patients, as far as so few show it.
    """
    groups = list(folds.scans.values())

    def of(sample: Sequence[Sequence[Judged]]) -> float:
        return figure([scan for own in sample for scan in own])

    return bootstrap(groups, of)


def smallest_error(folds: Folds, true_weight: float, *, least: float) -> dict[str, float]:
    """Return, by way from score to chance, the calibration error of patients left out one at a time."""
    return {
        name: cross_calibrated(folds, true_weight, least=least, method=name)["ece"]["value"] for name in CALIBRATIONS
    }


def cross_calibrated(folds: Folds, true_weight: float, *, least: float, method: str = "logistic") -> dict[str, Any]:
    """
    Return reliability and calibration error where each patient's marks get the others' calibration.

    Marks below ``least`` are never shown; as nearly all of them are false and said to be so, they
    would only flatter the error.
    """
    maps = {p: calibration(folds.without(p), true_weight, _NOWHERE, method) for p in folds.scans}

    def told(sample: Sequence[Judged]) -> tuple[Weighted, np.ndarray[Any, np.dtype[np.float64]]]:
        parts, said = [], []
        for patient, own in by_patient(sample).scans.items():
            marks = shown(marks_of(own, true_weight), least)
            parts.append(marks)
            said.append(np.interp(marks.score, maps[patient].score, maps[patient].probability))
        joined = Weighted(*(np.concatenate([getattr(m, k) for m in parts]) for k in ("score", "true", "weight")))
        return joined, np.concatenate(said)

    def error(sample: Sequence[Judged]) -> float:
        return expected_error(reliability(*told(sample)))

    return {
        "method": method,
        "ece": interval_json(bootstrap(folds.all, error)),
        "ece_over_patients": interval_json(over_patients(folds, error)),
        "reliability": [
            {"said": round(b.said, 3), "observed": round(b.observed, 3), "weight": round(b.weight, 1)}
            for b in reliability(*told(folds.all))
        ],
        "true_weight": round(true_weight, 4),
        "least": least,
    }
