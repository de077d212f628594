"""``lianyue detect`` and ``lianyue models``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from models.engine.detect_command import check_model, detect_path, list_models, open_detector
from models.engine.registry import Registry
from resources.translation import tr
from workstation.dicom.source import scan
from workstation.dicom.volumes import load_volume
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.ports import JobContext
from workstation.domain.study import Series
from workstation.domain.volume import Volume
from workstation.services.jobs import NoJob
from workstation.services.series_choice import choose_series


def series_volume(path: Path, job: JobContext) -> Volume:
    """Read the series below a path that a detector would be given."""
    for study in scan(path, job):
        series: Series | None = choose_series(study)
        if series is not None:
            return load_volume(series, job)
    raise InputOutsideIntendedUse(
        tr("No CT series that the detector can read was found."),
        hint=tr("Give the folder of a chest CT."),
    )


def run_detect_command(options: argparse.Namespace) -> int:
    """Print or write the marks of a local series as JSON."""
    result = detect_path(options.path, options.model, options.provider, series_volume, NoJob())
    text = json.dumps(result, indent=1, ensure_ascii=False)
    if options.json is None:
        print(text)
    else:
        options.json.write_text(text + "\n", encoding="utf-8")
        shown = sum(mark["shown"] for mark in result["marks"])
        print(tr("{count} marks shown, {seconds:.1f} s", count=shown, seconds=result["seconds"]["total"]))
    return 0


def run_models_command(options: argparse.Namespace) -> int:
    """List the bundles, or check one through the load gate."""
    result: Any = list_models() if options.action == "list" else check_model(options.bundle)
    print(json.dumps(result, indent=1, ensure_ascii=False))
    return 0


def bench(study: Path | None) -> dict[str, Any]:
    """Run the detector benchmark on a given or a phantom series."""
    import tempfile

    from models.bench_detect import run
    from workstation.dicom.phantom import make_phantom_study

    with tempfile.TemporaryDirectory() as folder:
        if study is None:
            study = Path(folder)
            make_phantom_study(study)
        volume = series_volume(study, NoJob())
        return run(open_detector(Registry().load(), "auto"), volume, NoJob())
