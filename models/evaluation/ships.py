"""
Whether a bundle takes the place of another: ``python -m models.evaluation.ships NEW OLD``.

Both are folders of what ``models.evaluation.measure`` wrote in one run for the test patients, ``NEW`` also for the
development lungs. NEW ships where all three hold (ADRs 0065 and 0073, agreed before it was judged):

- ``cpm``: on the test patients its CPM is higher;
- ``default_point``: there the default point gives fewer false marks, each patient at the score that the rule gives for
  all others: NEW's from the other seven lungs, OLD's from the other two test patients;
- ``sensitive_point``: over all eight lungs, each at the score that the rule gives for the other seven, the sensitive
  point keeps its 4 false marks a scan on average.

Ends with 1 where it does not ship.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from models.evaluation.build import judged
from models.evaluation.froc import cpm, gain
from models.evaluation.operating_points import RATES, by_patient, realised
from models.evaluation.summary import interval_json


def verdict(new: Path, old: Path) -> dict[str, Any]:
    """
    Return the figures of the rule, and by part of it whether it holds.

    Raises ValueError where both did not see the same images.
    """
    test, before = (judged(folder / "tier-b-test.json") for folder in (new, old))
    everyone = by_patient(test + judged(new / "tier-b-development.json"))
    difference = gain(test, before)
    default = [
        realised(everyone, counted=by_patient(test).scans)["balanced"],
        realised(by_patient(before))["balanced"],
    ]
    sensitive = realised(everyone)["sensitive"]
    holds = {
        "cpm": difference.value > 0,
        "default_point": default[0]["false_marks_per_scan"] < default[1]["false_marks_per_scan"],
        "sensitive_point": sensitive["false_marks_per_scan"] <= RATES["sensitive"],
    }
    return {
        "cpm": [round(cpm(test), 4), round(cpm(before), 4)],
        "difference": interval_json(difference),
        "default_point_on_test_patients": default,
        "sensitive_point_leaving_one_lung_out": sensitive,
        "holds": holds,
        "ships": all(holds.values()),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the verdict as JSON."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluation.ships", description=__doc__)
    parser.add_argument("new", type=Path)
    parser.add_argument("old", type=Path)
    told = verdict(**vars(parser.parse_args(arguments)))
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return 0 if told["ships"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
