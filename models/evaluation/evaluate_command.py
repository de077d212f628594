"""The core of ``lianyue evaluate``: cases with reference annotations in, figures out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.engine.detect_command import LoadVolume, open_detector
from models.engine.own_detector import MakeDetector
from models.engine.registry import Registry
from models.evaluation.agreement import agreement_figures
from models.evaluation.cases import Reference, read_cases
from models.evaluation.froc import Case, Judged, Scored, judge, within_any_outline
from models.evaluation.summary import summarise
from workstation.domain.ports import JobContext


def evaluate_cases(
    path: Path,
    model_id: str | None,
    provider: str,
    load_volume: LoadVolume,
    job: JobContext,
    *,
    registry: Registry | None = None,
    make_detector: MakeDetector = open_detector,
) -> dict[str, Any]:
    """
    Return ``{"model", "rule", "figures", "inside_outlines", "agreement"}``; the figures are those of ``summarise``.

    Cases with ``marks`` are not run again. ``inside_outlines`` judges by readers' outlines where
    every nodule has some, ``agreement`` what readers decided of the marks where the cases tell it,
    else None. Raises a WorkstationError with one clear line.
    """
    cases = read_cases(path)
    bundle = (registry or Registry()).load(model_id)  # never a smaller one: the figures are of one model
    detector = make_detector(bundle, provider)
    marked: list[Case] = []
    for number, case in enumerate(cases):
        job.progress(number / len(cases), case.id)
        marked.append(_marked(case, lambda series: detector.detect(load_volume(series, job), job).marks))
    job.progress(1.0)
    manifest = bundle.manifest
    points = {point.name: point.score for point in manifest.operating_points}
    scans = [judge(case) for case in marked]
    outlined = all(nodule.outlines for case in marked for nodule in case.nodules)
    return {
        "model": {
            "id": bundle.identity.name,
            "version": bundle.identity.version,
            "sha256": bundle.identity.sha256,
        },
        "rule": "LUNA16: within half the diameter; best score per nodule; excluded findings dropped",
        "figures": summarise(scans, operating_points=points, calibration=manifest.calibration),
        "inside_outlines": summarise(_by_outline(marked), operating_points=points) if outlined else None,
        "agreement": agreement_figures(cases, manifest.threshold),
    }


def _by_outline(cases: list[Case]) -> list[Judged]:
    return [judge(case, within_any_outline) for case in cases]


def _marked(case: Reference, detect: Any) -> Case:  # noqa: ANN401  a function from a path to marks
    marks = case.marks
    if marks is None:
        marks = tuple(Scored(m.centre_lps_mm, m.score, m.diameter_mm) for m in detect(case.series))
    return Case(case.id, case.nodules, case.excluded, marks)
