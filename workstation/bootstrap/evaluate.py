"""``lianyue evaluate``."""

from __future__ import annotations

import argparse
import json

from models.evaluation.evaluate_command import evaluate_cases
from resources.translation import tr
from workstation.bootstrap.console import check_writable, write_text
from workstation.bootstrap.detect import series_volume
from workstation.services.jobs import NoJob


def run_evaluate_command(options: argparse.Namespace) -> int:
    """Print or write the figures of a detector on cases with reference annotations."""
    check_writable(options.json)
    result = evaluate_cases(options.cases, options.model, options.provider, series_volume, NoJob())
    text = json.dumps(result, indent=1, ensure_ascii=False)
    if options.json is None:
        print(text)
        return 0
    write_text(options.json, text + "\n")
    figures = result["figures"]
    if "cpm" in figures:
        print(
            tr("{scans} scans, {nodules} nodules, CPM {cpm:.3f} ({low:.3f} to {high:.3f})",
               scans=figures["scans"], nodules=figures["nodules"], cpm=figures["cpm"]["value"],
               low=figures["cpm"]["low"], high=figures["cpm"]["high"])
        )  # fmt: skip
        if figures["few_scans"]:
            print(tr("Under 50 scans: the interval is too wide to quote the CPM for real nodules."))
    else:
        print(tr("{scans} scans, {marks} marks, no nodule", scans=figures["scans"], marks=figures["false_marks"]))
    return 0
