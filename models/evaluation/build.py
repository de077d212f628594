"""
Finish a bundle from what was measured: ``python -m models.evaluation.build BUNDLE --cases DIR --data DIR``.

Writes version, operating points, calibration, figures and limits into the manifest, the figures into
``eval/evaluation.json``, the golden crop, the cards, and the fingerprint of every file. The weights,
the training text and the data index are put into the folder before. ``--version`` is the bundle's new one: what
marks differently has a higher number. Without ``--cases`` nothing is judged anew: times and memory (``--runtime``)
go into the evaluation that the bundle has, and the cards are made from it again.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.engine.golden import GOLDEN_NAME, make_golden
from models.engine.manifest import Manifest, Text, parse_manifest
from models.engine.session import InferenceSession, Provider
from models.evaluation import build_texts as texts
from models.evaluation.cards import file_entry, write_cards
from models.evaluation.cases import read_cases
from models.evaluation.diameters import HALVES, cube_sizes, size_figures
from models.evaluation.facts import Facts, facts_of
from models.evaluation.froc import Case, Judged, cpm, false_marks_above, gain, judge, sensitivity_above
from models.evaluation.goals import goals
from models.evaluation.operating_points import (
    CALIBRATIONS,
    by_patient,
    calibration,
    cross_calibrated,
    over_patients,
    points_of_others,
    realised,
    shipped_points,
    smallest_error,
)
from models.evaluation.patches import Patch, patch_score, real_patches
from models.evaluation.summary import calibration_figures, interval_json, summarise

_LEAST_READERS: Final = 3
_NOT_LISTED: Final = {"manifest.json"}
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")
_MEMORY_STEP_MB: Final = 100


def judged(path: Path) -> list[Judged]:
    """Read cases with marks and judge them."""
    return [judge(Case(c.id, c.nodules, c.excluded, c.marks or ())) for c in read_cases(path)]


def evaluation_of(
    cases: Path,
    before: tuple[str, Path] | None,
    patches: list[dict[str, Any]],
    runtime: dict[str, Any],
    facts: Facts,
    diameters: dict[str, Any] | None = None,
    *,
    pooled: bool = False,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Return ``evaluation.json`` (without the model) and the manifest's operating points and calibration.

    Where ``cases`` hold the development lungs as well, the way from score to chance is chosen there, and they are
    told beside the test patients. ``pooled``: operating points and calibration come from both together (ADR 0073),
    else from the test patients alone; tier B is never over both, for nobody outlined what is in the development lungs.
    Raises ValueError for ``pooled`` without them.
    """
    tier_b, tier_c = judged(cases / "tier-b-test.json"), judged(cases / "tier-c-test.json")
    kept_out = _development(cases, "b")
    if pooled and not kept_out:
        raise ValueError(f"{cases} has no development lungs to read points from")
    read_from = tier_b + kept_out if pooled else tier_b
    folds = by_patient(read_from)
    weight = len(read_from) / sum(len(scan.found) for scan in read_from)  # one nodule a scan
    scores = shipped_points(folds)
    on_others, of_others = realised(folds), points_of_others(folds)
    errors = _errors(kept_out)
    method = min(errors, key=lambda name: errors[name]) if errors else "logistic"
    lungs = len(folds.scans)
    evaluation: dict[str, Any] = {
        "method": texts.method(facts),
        "tier_b": _plain(tier_b, scores),
        "tier_b_lungs": list(by_patient(tier_b).scans),
        "tier_b_note": texts.tier_b_note(facts, list(by_patient(tier_b).scans)),
        "tier_c": _whole_scans(tier_c, scores, of_others),
        "patches": patch_figures(patches, scores),
        "patches_note": texts.patches_note(facts),
        "operating_points": {n: {"score": s, "realised": on_others[n]} for n, s in scores.items()},
        "operating_points_note": texts.operating_points_note(lungs),
        "calibration": cross_calibrated(folds, weight, least=scores["sensitive"], method=method),
        **{
            f"calibration_{other}": cross_calibrated(folds, weight, least=scores["sensitive"], method=other)["ece"]
            for other in CALIBRATIONS
            if other != method
        },
        "calibration_all": cross_calibrated(folds, weight, least=0.0, method=method)["ece"],
        "calibration_note": texts.calibration_note(lungs, method, errors),
        "runtime": runtime,
    }
    basis = texts.calibration_basis(lungs, method)
    fitted = calibration(folds, weight, Text(**basis), method)
    if kept_out:
        lungs_kept_out = list(by_patient(kept_out).scans)
        evaluation["kept_out_note"] = texts.kept_out_note(
            lungs_kept_out, pooled=pooled, staged=facts.second_stage is not None
        )
        evaluation["tier_b_kept_out"] = _plain(kept_out, scores)
        evaluation["tier_b_kept_out_by_lung"] = _by_lung(kept_out, scores)
        evaluation["tier_b_kept_out_over_patients"] = interval_json(over_patients(by_patient(kept_out), cpm))
        evaluation["tier_c_kept_out"] = _whole_scans(_development(cases, "c"), scores, of_others)
        if not pooled:  # else it was fitted on them
            shown = _above(kept_out, scores["sensitive"])
            evaluation["calibration_kept_out"] = calibration_figures(shown, fitted, weight)["ece"]
    if before is not None:
        name, folder = before
        old = judged(folder / "tier-b-test.json")
        evaluation["tier_b_before"] = {"name": name, "figures": _plain(old, {})}
        evaluation["tier_b_gain"] = interval_json(gain(tier_b, old))
    if diameters is not None:
        evaluation["diameters"] = diameters
    evaluation["goals"] = goals(evaluation, facts.network.weights)
    manifest = {
        "operating_points": [
            {"name": name, "score": score, "basis": texts.point_basis(name, on_others[name])}
            for name, score in scores.items()
        ],
        "calibration": {
            "method": method,
            "basis": basis,
            "score": list(fitted.score),
            "probability": list(fitted.probability),
        },
    }
    return evaluation, manifest


def _development(cases: Path, tier: str) -> list[Judged]:
    path = cases / f"tier-{tier}-development.json"
    return judged(path) if path.is_file() else []


def _errors(kept_out: list[Judged]) -> dict[str, float]:
    """Return the calibration error of each method on the development lungs alone, nothing without them."""
    if not kept_out:
        return {}
    folds = by_patient(kept_out)
    weight = len(kept_out) / sum(len(scan.found) for scan in kept_out)
    return smallest_error(folds, weight, least=shipped_points(folds)["sensitive"])


def _by_lung(scans: list[Judged], scores: dict[str, float]) -> dict[str, dict[str, list[float]]]:
    """Return, by patient and operating point, false marks a scan, nodules found and nodules present."""
    return {
        patient: {
            name: [round(false_marks_above(own, at), 2), *sensitivity_above(own, at)] for name, at in scores.items()
        }
        for patient, own in by_patient(scans).scans.items()
    }


def _above(scans: list[Judged], least: float) -> list[Judged]:
    """Return the scans without the marks that are never shown."""
    return [
        judge(Case(c.id, c.nodules, c.excluded, tuple(mark for mark in c.marks if mark.score >= least)))
        for c in (scan.case for scan in scans)
    ]


def _whole_scans(
    scans: list[Judged], scores: dict[str, float], of_others: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """
    Return the figures of whole scans, without a CPM where they are few.

    Each scan is counted at the scores that ship and, as ``at_others``, at those that the rule gives without its own
    patient: a point that was read from a scan is no judge of it.
    """
    figures = summarise(scans, operating_points=scores)
    if figures["few_scans"]:
        for name in ("cpm", "sensitivity_at", "sensitivity_interval_at", "groups_at_1"):
            figures.pop(name, None)
    for told, scan in zip(figures["per_scan"], scans, strict=True):
        own = of_others.get(told["id"].split("#")[0], scores)  # points were read from nothing of this patient
        false = {name: sum(score >= at for score in scan.false_marks) for name, at in own.items()}
        told["at_others"] = {"scores": own, "false_marks": false}
    return figures


def _plain(scans: list[Judged], scores: dict[str, float]) -> dict[str, Any]:
    figures = summarise(scans, operating_points=scores)
    figures.pop("per_scan")
    return figures


def by_what_is_known(sets: dict[str, list[Patch]], facts: Facts) -> dict[str, list[Patch]]:
    """Return the boxes with those set apart of whose patients the network learned something, where that is known."""
    known = facts.learned_from or frozenset()
    kept = {name: [p for p in patches if _patient(p) not in known] for name, patches in sets.items()}
    return kept | {"outline_known": [p for patches in sets.values() for p in patches if _patient(p) in known]}


def _patient(patch: Patch) -> str:
    return patch.name.split("_")[0]


def patch_scores(sets: dict[str, list[Patch]], model: bytes, manifest: Manifest) -> list[dict[str, Any]]:
    """Return the best score near each nodule of which only a box is at hand."""
    with InferenceSession.open(model, Provider.CPU) as session:
        return [
            {"set": name, "name": p.name, "readers": p.readers, "diameter_mm": round(p.diameter_mm, 1),
             "score": round(patch_score(p, session, manifest), 4)}
            for name, patches in sets.items()
            for p in patches
        ]  # fmt: skip


def patch_figures(scores: list[dict[str, Any]], operating_points: dict[str, float]) -> list[dict[str, Any]]:
    """Return how many boxes each operating point finds, by set and number of readers."""
    figures = []
    for name in texts.SETS:
        for label, many in ((">= 3", True), ("1 or 2", False)):
            mine = [s for s in scores if s["set"] == name and (s["readers"] >= _LEAST_READERS) is many]
            if mine:
                found = {p: sum(s["score"] >= at for s in mine) for p, at in operating_points.items()}
                figures.append({"set": texts.SETS[name], "readers": label, "found": found, "of": len(mine)})
    return figures


def golden_input() -> npt.NDArray[np.float32]:
    """Return a phantom as the network reads it: aerated lung with a wall, a vessel and three nodules; no patient."""
    z, y, x = np.mgrid[:48, :64, :64].astype(np.float32)
    value = np.full(z.shape, 0.1, np.float32)  # -860 HU
    value[y > 56] = 0.74  # 40 HU
    value[np.hypot(y - 16, z - 24) < 2] = 0.74
    for centre, radius, dense in (((24, 36, 20), 5.0, 0.74), ((14, 40, 46), 3.0, 0.74), ((34, 30, 48), 7.0, 0.3)):
        gap = np.sqrt((z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2)
        value += (np.float32(dense) - value) * np.clip(radius + 0.5 - gap, 0, 1)
    return value[None, None].astype(np.float32)


def retimed(folder: Path, runtime: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the evaluation that a bundle has with other times and memory, and nothing to change in the manifest."""
    evaluation: dict[str, Any] = json.loads((folder / "eval" / "evaluation.json").read_text(encoding="utf-8"))
    evaluation["runtime"] = runtime
    evaluation["goals"] = goals(evaluation, facts_of(folder).network.weights)
    return evaluation, {}


def finish(folder: Path, evaluation: dict[str, Any], changes: dict[str, Any], version: str = "") -> None:
    """
    Write evaluation, golden crop, cards and manifest of a bundle whose weights are in place.

    ``version`` is the number that it gets, empty for the one that it has. ValueError for one that is no
    MAJOR.MINOR.PATCH or lower than that.
    """
    path = folder / "manifest.json"
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    manifest |= changes
    if version:
        if not _VERSION.fullmatch(version) or _numbers(version) < _numbers(manifest["version"]):
            raise ValueError(f"a version is three numbers, not below {manifest['version']}; got {version!r}")
        manifest["version"] = version
    measured = evaluation["runtime"].get("peak_mb", 0)
    needed = -(-measured // _MEMORY_STEP_MB) * _MEMORY_STEP_MB
    # what is not there is told before a network is opened: never less than was measured
    manifest["runtime"]["peak_mb"] = max(manifest["runtime"]["peak_mb"], needed)
    manifest["evaluation"] = texts.evaluation_lines(evaluation)
    manifest["limits"] = texts.limits(evaluation, facts_of(folder))
    manifest["files"] = [file_entry(folder, "model.onnx")]
    model = manifest["files"][0]
    evaluation["model"] = {"id": manifest["id"], "version": manifest["version"], "sha256": model["sha256"]}
    (folder / "eval").mkdir(exist_ok=True)
    _write_json(folder / "eval" / "evaluation.json", evaluation)
    write_cards(folder, manifest, evaluation)
    (folder / GOLDEN_NAME).unlink(missing_ok=True)
    manifest["files"] = _entries(folder)
    plain = parse_manifest(json.dumps(manifest).encode())
    (folder / GOLDEN_NAME).write_bytes(make_golden((folder / "model.onnx").read_bytes(), plain, golden_input()))
    manifest["files"] = _entries(folder)
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _entries(folder: Path) -> list[dict[str, Any]]:
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return [file_entry(folder, name) for name in names if name not in _NOT_LISTED]


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """Finish the bundle named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluation.build", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--version", required=True, help="the bundle's own; higher where it marks differently")
    parser.add_argument("--cases", type=Path, help="what measure wrote for these weights; not given: nothing but time")
    parser.add_argument("--before", nargs=2, metavar=("NAME", "DIR"), help="what it wrote for the weights before")
    parser.add_argument("--data", type=Path, help="needed with --cases")
    parser.add_argument(
        "--points", choices=["test", "all"], default="test",
        help="lungs that operating points and calibration are read from; all: the development lungs too",
    )  # fmt: skip
    parser.add_argument("--runtime", type=Path, required=True, help='JSON: {"machine", "figures"}')
    chosen = parser.parse_args(arguments)
    runtime = json.loads(chosen.runtime.read_text(encoding="utf-8"))
    if chosen.cases is None:
        finish(chosen.bundle, *retimed(chosen.bundle, runtime), version=chosen.version)
        return
    if chosen.data is None:
        parser.error("--cases needs --data")
    manifest, facts = parse_manifest((chosen.bundle / "manifest.json").read_bytes()), facts_of(chosen.bundle)
    patches = by_what_is_known(real_patches(chosen.data), facts)
    scores = patch_scores(patches, (chosen.bundle / "model.onnx").read_bytes(), manifest)
    before = (chosen.before[0], Path(chosen.before[1])) if chosen.before else None
    sizes = {half: cube_sizes(chosen.data, half) for half in HALVES}
    diameters = {half: size_figures(found) for half, found in sizes.items() if len(found.logs) > 1}
    pooled = chosen.points == "all"
    judged_anew = evaluation_of(chosen.cases, before, scores, runtime, facts, diameters, pooled=pooled)
    finish(chosen.bundle, *judged_anew, version=chosen.version)


if __name__ == "__main__":
    main()
