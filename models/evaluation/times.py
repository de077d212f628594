"""
How long a bundle takes: ``python -m models.evaluation.times BUNDLE --data DIR --machine TEXT``, as ``build --runtime``.

The whole scans of the test patients, from decoded volume to measured marks, the lungs searched anew in each run.
For figures on a card run it alone on the machine, or with first claim on the cores (``chrt -f 50``, ADR 0057), once
for the CPU provider and once, with ``--add``, for OpenVINO; ``--monai`` adds what ``models.training.bench_monai`` said.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from models.bench_detect import peak_mb
from models.engine.detect_command import open_detector
from models.engine.registry import Bundle, read_bundle
from models.engine.session import Provider
from models.evaluation.measure import Lung, Quiet, unseen_lungs

REPEATS: Final = 5


def timed(bundle: Bundle, lungs: list[Lung], provider: Provider, repeats: int = REPEATS) -> list[dict[str, Any]]:
    """Return wall seconds, processor seconds and peak memory so far (MB) of ``repeats`` detections of each scan."""
    rows = []
    for lung in lungs:
        detector = open_detector(bundle, provider.value)
        walls, cores = [], []
        for _ in range(repeats):
            fresh = replace(lung.volume, voxels=lung.volume.voxels.view())  # the lungs are kept as long as the voxels
            wall, core = time.perf_counter(), time.process_time()
            detector.detect(fresh, Quiet())
            walls.append(time.perf_counter() - wall)
            cores.append(time.process_time() - core)
        detector.close()
        rows.append({"id": lung.id, "wall_s": walls, "processor_s": cores, "peak_mb": peak_mb()})
    return rows


def runtime(rows: list[dict[str, Any]], provider: Provider, machine: str) -> dict[str, Any]:
    """Return what ``build`` reads: ranges over all scans and lines for the card."""
    name = {Provider.CPU: "CPU provider", Provider.OPENVINO: "OpenVINO"}.get(provider, provider.value)
    walls = [seconds for row in rows for seconds in row["wall_s"]]
    span = [round(min(walls), 1), round(max(walls), 1)]
    lines = {f"{row['id']}, decoded volume to marks, {name}": f"{_span(row['wall_s'])} s" for row in rows}
    lines[f"processor time of both cores in the same runs, {name}"] = (
        ", ".join(_span(row["processor_s"]) for row in rows) + " s"
    )
    if provider is not Provider.CPU:
        return {"figures": lines, "openvino_s": span}
    lines[f"peak memory of the process, {rows[0]['id']}"] = f"{rows[0]['peak_mb']} MB"
    return {"machine": machine, "figures": lines, "wall_s": span, "peak_mb": rows[0]["peak_mb"]}


def against_monai(record: dict[str, Any]) -> dict[str, Any]:
    """Return what ``build`` reads of a record of ``models.training.bench_monai``: the ratio and its line."""
    weights, voxels = (record[name] / 1e6 for name in ("monai_parameters", "voxels"))
    line = (
        f"MONAI's RetinaNet ({weights:.1f} million weights), processor time for {voxels:.1f} million voxels in one run"
    )
    theirs, ours = (record[name]["processor"] for name in ("monai_s", "ours_s"))
    told = f"{theirs:.1f} s against {ours:.2f} s"
    return {"figures": {line: told}, "monai_ratio": record["ratio_same_voxels"]["processor"]}


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return both as one."""
    return first | second | {"figures": first["figures"] | second["figures"]}


def _span(seconds: list[float]) -> str:
    return f"{min(seconds):.1f} to {max(seconds):.1f}"


def main(arguments: list[str] | None = None) -> None:
    """Print the times of the bundle named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluation.times", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--machine", default="", help="what it ran on, for the card")
    parser.add_argument("--provider", type=Provider, default=Provider.CPU)
    parser.add_argument("--add", type=Path, help="what an earlier run printed, to be joined with")
    parser.add_argument("--monai", type=Path, help="what models.training.bench_monai printed")
    chosen = parser.parse_args(arguments)
    rows = timed(read_bundle(chosen.bundle), unseen_lungs(chosen.data), chosen.provider)
    found = runtime(rows, chosen.provider, chosen.machine)
    if chosen.add is not None:
        found = joined(json.loads(chosen.add.read_text(encoding="utf-8")), found)
    if chosen.monai is not None:
        found = joined(found, against_monai(json.loads(chosen.monai.read_text(encoding="utf-8"))))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
