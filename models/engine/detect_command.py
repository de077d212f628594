"""The core of ``lianyue detect`` and ``lianyue models``: values in, plain dictionaries out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.engine.detector import LungNoduleDetector
from models.engine.manifest_values import HeatmapSpec, ImageInput
from models.engine.measured_detector import MeasuringDetector
from models.engine.memory import most_memory_mb
from models.engine.nodule.segmenter import NoduleSegmenter
from models.engine.own_detector import MakeDetector, OwnDetector, default_model
from models.engine.registry import Bundle, Registry, check_bundle
from models.engine.runner import ModelRunner
from models.engine.session import parse_provider
from models.engine.trust import trusted_keys
from resources.translation import language, tr
from workstation.domain.errors import BundleInvalid
from workstation.domain.finding import AlgorithmIdentity, Mark
from workstation.domain.model import ModelOutput, PlanarImage
from workstation.domain.ports import DetectionResult, Detector, JobContext
from workstation.domain.volume import Volume

LoadVolume = Callable[[Path, JobContext], Volume]
MarkSeries = Callable[[Path, Detector, JobContext], tuple[str, DetectionResult]]
"""Lets a detector mark a series below a path; returns its Series Instance UID and the marks."""
LoadImages = Callable[[Path, tuple[str, ...], JobContext], Sequence[PlanarImage]]
"""Reads the images of some modalities below a path."""


def open_detector(bundle: Bundle, provider: str) -> MeasuringDetector:
    """Return the runner of a bundle; it measures what it marks. Raises ProviderUnavailable for an unknown provider."""
    chosen = parse_provider(provider)
    heat_map = isinstance(bundle.manifest.spec, HeatmapSpec)
    runner = LungNoduleDetector(bundle, chosen) if heat_map else ModelRunner(bundle, chosen)
    return MeasuringDetector(runner, NoduleSegmenter())


def detect_path(
    path: Path,
    model_id: str | None,
    provider: str,
    mark_series: MarkSeries,
    job: JobContext,
    *,
    registry: Registry | None = None,
    make_detector: MakeDetector = open_detector,
) -> dict[str, Any]:
    """
    Run a detector on a local series and return the stable JSON shape of ``lianyue detect``.

    A model that is named is used or refused; where none is, the best of the product's own that runs here marks and
    ``warnings`` say where that is not the best there is.
    ``seconds.load`` covers reading the series, opening the network and what was tried before, ``seconds.total`` all.
    Raises a WorkstationError whose ``user_text`` is one clear line.
    """
    started = time.perf_counter()
    registry = registry or Registry()
    detector = (
        OwnDetector(registry, provider, make_detector)
        if model_id is None
        else make_detector(registry.load(model_id), provider)
    )
    series_instance_uid, result = mark_series(path, detector, job)
    before = time.perf_counter() - started - result.seconds.get("total", 0.0)
    return {**as_json(result, read_seconds=max(0.0, before)), "series_instance_uid": series_instance_uid}


def reads_images(bundle: Bundle) -> bool:
    """Tell whether a model reads single images instead of volumes."""
    return isinstance(getattr(bundle.manifest.spec, "input", None), ImageInput)


def detect_images(
    path: Path, bundle: Bundle, provider: str, load_images: LoadImages, job: JobContext
) -> dict[str, Any]:
    """
    Run a model for single images on every image of its modalities below a path.

    The shape is that of ``detect_path`` with ``images`` instead of ``marks``: per image its UID, boxes
    (left, top, right, bottom, stored pixels) and findings without a place. Raises a WorkstationError.
    """
    started = time.perf_counter()
    runner = ModelRunner(bundle, parse_provider(provider))
    images = load_images(path, bundle.manifest.applies_to.modality, job)
    read = time.perf_counter() - started
    answers = [runner.detect_image(image, job) for image in images]
    seconds = {
        name: sum(answer.seconds.get(name, 0.0) for answer in answers)
        for name in ("load", "preprocess", "network", "postprocess", "total")
    }
    shape = as_json(replace(answers[0], seconds=seconds), read_seconds=read)
    del shape["marks"]
    shape["warnings"] = sorted({warning.text for answer in answers for warning in answer.warnings})
    shape["images"] = [_image(image, answer) for image, answer in zip(images, answers, strict=True)]
    return shape


def _image(image: PlanarImage, answer: ModelOutput) -> dict[str, Any]:
    return {
        "sop_instance_uid": image.sop_instance_uid,
        "marks": [
            {
                "box_px": [round(value, 2) for value in mark.box_px],
                "score": round(mark.score, 4),
                "calibrated": mark.out_of_ten,
                "shown": mark.shown,
                "label": mark.label,
            }
            for mark in answer.planar_marks
        ],
        "findings": [
            {
                "label": finding.label,
                "score": round(finding.score, 4),
                "calibrated": finding.out_of_ten,
                "shown": finding.shown,
            }
            for finding in answer.study_findings
        ],
    }


def as_json(result: DetectionResult, *, read_seconds: float = 0.0) -> dict[str, Any]:
    """Return a result in the stable shape; ``read_seconds`` is added to ``load`` and ``total``."""
    seconds = {name: result.seconds.get(name, 0.0) for name in ("load", "preprocess", "network", "postprocess")}
    seconds["load"] += read_seconds
    seconds["total"] = result.seconds.get("total", 0.0) + read_seconds
    return {
        "model": _model(result.algorithm),
        "provider": result.algorithm.provider,
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "research": result.algorithm.research,
        # not every detector has something to warn of; the port does not ask for it
        "warnings": [warning.text for warning in getattr(result, "warnings", ())],
        "marks": [_mark(mark) for mark in result.marks],
    }


def list_models(registry: Registry | None = None) -> list[dict[str, Any]]:
    """
    Return one entry per installed bundle; a broken one is listed with its fault, not hidden.

    ``default`` is the one that marks where nobody chose: the best of the product's own that can run here.
    """
    registry = registry or Registry()
    entries: list[dict[str, Any]] = []
    needed_mb: dict[str, int] = {}
    for model_id in registry.ids():
        try:
            bundle = registry.load(model_id)
        except BundleInvalid as exc:
            entries.append({"id": model_id, "ok": False, "fault": exc.user_text})
            continue
        title = bundle.manifest.title
        needed_mb[model_id] = bundle.manifest.peak_mb
        entries.append(
            {
                **_model(bundle.identity),
                "title": title.en if language() == "en" else title.zh,
                "licence": bundle.manifest.licence,
                "kind": bundle.manifest.kind,
                "trust": bundle.trust.value,
                "default": False,
                "ok": True,
            }
        )
    default = default_model(registry.own, needed_mb, most_memory_mb())
    return [{**one, "default": one["id"] == default} if one["ok"] else one for one in entries]


def check_model(id_or_folder: str | None, registry: Registry | None = None) -> dict[str, Any]:
    """
    Run the whole load gate on an installed model or a folder; nothing named = the default model.

    Raises BundleInvalid with the first fault.
    """
    registry = registry or Registry()
    name = id_or_folder or registry.default
    folder = Path(name)
    if not folder.is_dir():
        folder = registry.folder(name)
    bundle = check_bundle(folder, trusted_keys(registry.keys))
    return {
        **_model(bundle.identity),
        "trust": bundle.trust.value,
        "ok": True,
        "files": len(bundle.manifest.files),
        "text": tr("{model} {version} is intact.", model=bundle.manifest.id, version=bundle.manifest.version),
    }


def _model(algorithm: AlgorithmIdentity) -> dict[str, str]:
    return {"id": algorithm.name, "version": algorithm.version, "sha256": algorithm.sha256}


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "centre_lps_mm": [round(value, 2) for value in mark.centre_lps_mm],
        "diameter_mm": round(mark.diameter_mm, 2),
        "score": round(mark.score, 4),
        "calibrated": mark.out_of_ten,
        "shown": mark.shown,
        "label": mark.label,
        "long_axis_mm": _rounded(mark.long_axis_mm),
        "short_axis_mm": _rounded(mark.short_axis_mm),
        "volume_mm3": _rounded(mark.volume_mm3),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
