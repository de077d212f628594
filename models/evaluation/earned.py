"""
Whether a change earns its place: ``python -m models.evaluation.earned WITH WITHOUT``.

Both are folders of what ``models.evaluation.measure`` wrote for the development lungs in one run. A change (a second
stage, a rule) earns its place where the CPM of tier B rises by 0.01 and no nodule of tier C loses a rank; the test
patients have no say. Ends with 1 where it does not.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from models.evaluation.build import judged
from models.evaluation.froc import cpm, gain
from models.evaluation.summary import interval_json, summarise

LEAST_GAIN: Final = 0.01


def compared(changed: Path, plain: Path, split: str) -> dict[str, Any]:
    """Return CPM of both, the difference paired by run, and the ranks of the nodules of tier C."""
    now, then = (judged(folder / f"tier-b-{split}.json") for folder in (changed, plain))
    difference = gain(now, then)
    ranks = [_ranks(folder / f"tier-c-{split}.json") for folder in (changed, plain)]
    lost = any(_place(a) > _place(b) for a, b in zip(*ranks, strict=True))
    return {
        "cpm": [round(cpm(now), 4), round(cpm(then), 4)],
        "difference": interval_json(difference),
        "ranks": ranks,
        "earned": difference.value >= LEAST_GAIN and not lost,
    }


def _ranks(path: Path) -> list[int | None]:
    scans = summarise(judged(path), operating_points={})["per_scan"]
    return [nodule["rank"] for scan in scans for nodule in scan["nodules"]]


def _place(rank: int | None) -> float:
    return float("inf") if rank is None else rank


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison as JSON."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluation.earned", description=__doc__)
    parser.add_argument("changed", type=Path)
    parser.add_argument("plain", type=Path)
    parser.add_argument("--split", default="development", help="test: to compare two models, not to choose a rule")
    told = compared(**vars(parser.parse_args(arguments)))
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return 0 if told["earned"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
