"""From the signature to the receiver's acknowledgement nothing is lost and nothing doubled, wherever it dies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.dispatch_rounds import STEPS

PROJECT = Path(__file__).parents[2]


@pytest.mark.fault
def test_a_report_survives_kill_nine_at_every_step_to_the_receivers_acknowledgement() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.dispatch_rounds", str(len(STEPS))],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.stdout, done.stderr[-2000:]

    verdict = json.loads(done.stdout.splitlines()[-1])

    assert set(verdict["steps"]) == set(STEPS)
    assert (verdict["lost"], verdict["doubled"], verdict["altered"], verdict["unproven"]) == (0, 0, 0, 0)
    assert verdict["reports"] == len(STEPS) + 1  # one was left in peace
    assert verdict["arrivals"] > verdict["reports"]  # some were sent twice, and taken once
