"""``lianyue detect``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.engine.detect_command import detect_images, detect_path, open_detector, reads_images
from models.engine.registry import Registry
from resources.translation import tr, trn
from workstation.bootstrap.console import check_writable, write_text
from workstation.bootstrap.models import installed_models
from workstation.dicom.images.planar import planar_image
from workstation.dicom.images.source import scan
from workstation.dicom.images.volumes import load_volume
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.model import PlanarImage
from workstation.domain.outside_use import outside_use_words
from workstation.domain.ports import DetectionResult, Detector, JobContext
from workstation.domain.study import DecodeWarning, Series
from workstation.domain.volume import Volume
from workstation.services.jobs import NoJob
from workstation.services.second_try import first_accepted
from workstation.services.series_choice import MIN_SLICES, choose_series, readable_series


def series_volume(path: Path, job: JobContext) -> Volume:
    """Read the series below a path that a detector would be given."""
    studies = scan(path, job)
    for study in studies:
        series: Series | None = choose_series(study)
        if series is not None:
            return load_volume(series, job)
    raise _nothing_to_read([series for study in studies for series in study.series])


def mark_series(path: Path, detector: Detector, job: JobContext) -> tuple[str, DetectionResult]:
    """
    Let a detector mark what the AI worker would give it below a path; return the Series Instance UID, too.

    The first study with a series to read counts. Where the detector refuses its best series the next ones are tried,
    and the warnings say so, as they do where a series held several phases.
    """
    studies = scan(path, job)
    for study in studies:
        chosen = readable_series(study)
        if not chosen:
            continue
        accepted = first_accepted(study, chosen, lambda _number, series: detector.detect(load_volume(series, job), job))
        found: Any = accepted.result  # the port does not ask for warnings; results of our detectors have them
        if accepted.doubts:
            algorithm = replace(found.algorithm, doubts=(*found.algorithm.doubts, *accepted.doubts))
            told = [DecodeWarning(code, outside_use_words([code])) for code in accepted.doubts]
            found = replace(found, algorithm=algorithm, warnings=(*found.warnings, *told))
        return accepted.series.series_instance_uid, found
    raise _nothing_to_read([series for study in studies for series in study.series])


def _nothing_to_read(found: Sequence[Series]) -> InputOutsideIntendedUse:
    """Say why no series was chosen, by the longest CT series."""
    longest = max((s for s in found if s.modality == "CT"), key=lambda s: len(s.instances), default=None)
    if longest is None:
        kinds = "/".join(sorted({s.modality for s in found}))
        return InputOutsideIntendedUse(
            tr("There is no CT series here, only {modalities}.", modalities=kinds),
            hint=tr("Give the folder of a chest CT."),
        )
    if not any(instance.plane for instance in longest.instances):
        return InputOutsideIntendedUse(
            tr("The CT images state no pixel spacing, position or orientation: nothing can be measured in them."),
            hint=tr("Export the series again from the scanner."),
        )
    return InputOutsideIntendedUse(
        trn(
            "The CT series is too short for the detector: {count} slice of at least {least}.",
            "The CT series is too short for the detector: {count} slices of at least {least}.",
            len(longest.instances),
            least=MIN_SLICES,
        ),
        hint=tr("Give the folder of a whole chest CT."),
    )  # fmt: skip


def radiographs(path: Path, modalities: tuple[str, ...], job: JobContext) -> list[PlanarImage]:
    """Read every image of some modalities below a path. Raises InputOutsideIntendedUse where there is none."""
    found = [
        Path(instance.path)
        for study in scan(path, job)
        for series in study.series
        if series.modality in modalities
        for instance in series.instances
        if instance.path is not None
    ]
    if not found:
        raise InputOutsideIntendedUse(
            tr("There is no {modalities} image here.", modalities="/".join(modalities)),
            hint=tr("Give the folder of a study that the model reads."),
        )
    return [planar_image(one) for one in found]


def run_detect_command(options: argparse.Namespace) -> int:
    """Print or write the marks of a local series, or of the images below a path, as JSON."""
    check_writable(options.json)
    registry = installed_models().registry
    bundle = registry.load(options.model) if options.model else None
    if bundle is not None and reads_images(bundle):
        result = detect_images(options.path, bundle, options.provider, radiographs, NoJob())
    else:
        result = detect_path(options.path, options.model, options.provider, mark_series, NoJob(), registry=registry)
    text = json.dumps(result, indent=1, ensure_ascii=False)
    if options.json is None:
        print(text)
    else:
        write_text(options.json, text + "\n")
        for warning in result["warnings"]:
            print(warning)
        parts = result.get("images", [result])
        shown = sum(mark["shown"] for part in parts for mark in (*part["marks"], *part.get("findings", ())))
        print(
            trn(
                "{count} mark shown, {seconds:.1f} s",
                "{count} marks shown, {seconds:.1f} s",
                shown,
                seconds=result["seconds"]["total"],
            )
        )
    return 0


def bench(study: Path | None) -> dict[str, Any]:
    """Run the detector benchmark on a given or a phantom series."""
    import tempfile

    from models.bench_detect import run
    from workstation.dicom.images.phantom import make_phantom_study

    with tempfile.TemporaryDirectory() as folder:
        if study is None:
            study = Path(folder)
            make_phantom_study(study)
        volume = series_volume(study, NoJob())
        return run(open_detector(Registry().load(), "auto"), volume, NoJob())
