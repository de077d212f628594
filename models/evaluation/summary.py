"""All figures of one evaluation as one JSON value, each with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from models.engine.manifest import Calibration
from models.evaluation.agreement import size_agreement
from models.evaluation.calibrate import Weighted, expected_error, reliability
from models.evaluation.froc import (
    FALSE_MARKS,
    Interval,
    Judged,
    Nodule,
    bootstrap,
    cpm,
    false_marks_above,
    sensitivities,
    sensitivity_above,
    sensitivity_intervals,
    threshold_at,
)  # fmt: skip

SIZE_GROUPS: Final = (("<4", 0.0, 4.0), ("4-6", 4.0, 6.0), ("6-8", 6.0, 8.0), ("8-15", 8.0, 15.0), (">15", 15.0, 1e9))
_SOLID: Final = {"solid", "calcified", "spiculated", "real"}
_FEW_SCANS: Final = 50
"""With fewer scans a CPM's interval is too wide to be quoted for real nodules."""


def summarise(
    scans: Sequence[Judged],
    *,
    operating_points: dict[str, float],
    calibration: Calibration | None = None,
    true_weight: float = 1.0,
) -> dict[str, Any]:
    """
    Return the figures of judged scans.

    ``true_weight`` is what a true mark counts in the calibration error, where nodules are more
    frequent than in patients.
    """
    count = sum(len(scan.found) for scan in scans)
    figures: dict[str, Any] = {
        "scans": len(scans),
        "nodules": count,
        "false_marks": sum(len(scan.false_marks) for scan in scans),
        "at_operating_points": {name: _at(scans, score) for name, score in operating_points.items()},
        "per_scan": [_scan(scan, operating_points) for scan in scans],
        "few_scans": len(scans) < _FEW_SCANS,
    }
    if count:
        figures["cpm"] = interval_json(bootstrap(scans, cpm))
        figures["sensitivity_at"] = {
            f"{rate:g}": round(value, 4) for rate, value in zip(FALSE_MARKS, sensitivities(scans), strict=True)
        }
        figures["sensitivity_interval_at"] = {
            f"{rate:g}": [round(low, 4), round(high, 4)]
            for rate, (low, high) in zip(FALSE_MARKS, sensitivity_intervals(scans), strict=True)
        }
        figures["groups_at_1"] = _groups(scans)
        figures["diameter"] = _diameter(scans)
    if calibration is not None:
        figures["calibration"] = calibration_figures(scans, calibration, true_weight)
    return figures


def marks_of(scans: Sequence[Judged], true_weight: float) -> Weighted:
    """Return every mark that is true or false: best hits count ``true_weight``, false marks 1."""
    true = [s for scan in scans for s in scan.found if s >= 0]
    false = [s for scan in scans for s in scan.false_marks]
    return Weighted(
        np.array(true + false),
        np.array([1.0] * len(true) + [0.0] * len(false)),
        np.array([true_weight] * len(true) + [1.0] * len(false)),
    )


def calibration_figures(scans: Sequence[Judged], calibration: Calibration, true_weight: float) -> dict[str, Any]:
    """Return reliability diagram and expected calibration error with its interval."""

    def error(sample: Sequence[Judged]) -> float:
        marks = marks_of(sample, true_weight)
        return expected_error(reliability(marks, np.interp(marks.score, calibration.score, calibration.probability)))

    marks = marks_of(scans, true_weight)
    bins = reliability(marks, np.interp(marks.score, calibration.score, calibration.probability))
    return {
        "ece": interval_json(bootstrap(scans, error)),
        "reliability": [
            {"said": round(b.said, 3), "observed": round(b.observed, 3), "weight": round(b.weight, 1)} for b in bins
        ],
        "true_weight": round(true_weight, 4),
    }


def groups() -> dict[str, Callable[[Nodule], bool]]:
    """Return the groups by size, type and the three that the targets name."""
    wanted: dict[str, Callable[[Nodule], bool]] = {
        "solid >= 6 mm": lambda n: n.kind in _SOLID and n.diameter_mm >= 6,
        "ground glass": lambda n: n.kind == "ground_glass",
        "< 6 mm": lambda n: n.diameter_mm < 6,
    }
    for name, low, high in SIZE_GROUPS:
        wanted[f"size {name} mm"] = lambda n, low=low, high=high: low <= n.diameter_mm < high  # type: ignore[misc]  # defaults bind now
    return wanted


def _groups(scans: Sequence[Judged]) -> dict[str, Any]:
    """Return sensitivity by group at the threshold of one false mark per scan."""
    wanted = groups()
    kinds = sorted({n.kind for scan in scans for n in scan.case.nodules if n.kind})
    places = sorted({n.location for scan in scans for n in scan.case.nodules if n.location})
    wanted |= {f"type {kind}": lambda n, kind=kind: n.kind == kind for kind in kinds}  # type: ignore[misc]  # ditto
    wanted |= {f"at {place}": lambda n, place=place: n.location == place for place in places}  # type: ignore[misc]  # ditto
    result = {}
    for name, is_wanted in wanted.items():
        found, total = sensitivity_above(scans, threshold_at(scans, 1.0), is_wanted)
        if total:
            result[name] = {"found": found, "of": total, **interval_json(bootstrap(scans, _share(is_wanted)))}
    return result


def _share(wanted: Callable[[Nodule], bool]) -> Callable[[Sequence[Judged]], float]:
    def share(sample: Sequence[Judged]) -> float:
        found, total = sensitivity_above(sample, threshold_at(sample, 1.0), wanted)
        if not total:
            raise ValueError("no such nodule")
        return found / total

    return share


def _at(scans: Sequence[Judged], score: float) -> dict[str, Any]:
    found, total = sensitivity_above(scans, score)
    result: dict[str, Any] = {"score": score, "false_marks_per_scan": round(false_marks_above(scans, score), 3)}
    result |= {"found": found, "of": total}
    result["false_marks_interval"] = interval_json(bootstrap(scans, lambda s: false_marks_above(s, score)))
    return result


def _scan(scan: Judged, operating_points: dict[str, float]) -> dict[str, Any]:
    """Return ranks and scores of the nodules of one scan, and its false marks at each operating point."""
    ranked = sorted((m.score for m in scan.case.marks), reverse=True)
    return {
        "id": scan.case.id,
        "nodules": [
            {
                "diameter_mm": round(nodule.diameter_mm, 1),
                "score": round(score, 4) if score >= 0 else None,
                "rank": ranked.index(score) + 1 if score >= 0 else None,
            }
            for nodule, score in zip(scan.case.nodules, scan.found, strict=True)
        ],
        "false_marks": {name: sum(s >= at for s in scan.false_marks) for name, at in operating_points.items()},
    }


def _diameter(scans: Sequence[Judged]) -> dict[str, Any] | None:
    pairs = [
        (mark.diameter_mm, nodule.diameter_mm)
        for scan in scans
        for mark, nodule in zip(scan.best, scan.case.nodules, strict=True)
        if mark is not None
    ]
    if len(pairs) < 2:
        return None
    ratio, spread = size_agreement([m for m, _ in pairs], [r for _, r in pairs])
    return {"pairs": len(pairs), "median_ratio": round(ratio, 3), "log_sd": round(spread, 3)}


def interval_json(figure: Interval) -> dict[str, float]:
    """Return a figure and its interval, to four places."""
    return {"value": round(figure.value, 4), "low": round(figure.low, 4), "high": round(figure.high, 4)}
