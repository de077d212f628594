"""The window stays alive whatever a reader does: signing in, opening, hanging, reporting, another language."""

from __future__ import annotations

import json
import os
import subprocess
import sys

ACTS = {
    "sign_in", "prepare", "open", "stream", "planes", "prior", "report", "images", "keys", "language", "sign_out",
}  # fmt: skip
"""Each is begun from the event loop of the real window, over the real hub, with a prior beside the case."""
LIMIT = 7.5
"""50 ms in yards: a fixed piece of Python that takes 6 to 7 ms on a quiet core."""
PROGRAM = """
import json
from workstation.bootstrap import bench_turns
print(json.dumps(bench_turns.run(None, slices=24, rest_ms=200)["figures"]))
"""


def turns_in_yards() -> dict[str, float]:
    """Read a case in a program of its own, which coverage does not slow: it slows the yard more than the window."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=plain, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    yard = figures.pop("yard_ms")
    return {name.removesuffix("_ms"): ms / yard for name, ms in figures.items()}


def test_no_act_of_a_reader_holds_the_window() -> None:
    """
    No turn of any act takes more than 50 ms of processor time, in yards of the same run.

    Who shares the cores stretches a turn here and there, never that of the same act three times in a row: opening
    a case took fourteen yards, another language thirty before turns were shared.
    """
    shortest = turns_in_yards()
    assert set(shortest) >= ACTS
    for _again in range(2):
        if max(shortest.values()) > LIMIT:
            again = turns_in_yards()
            shortest = {act: min(yards, again[act]) for act, yards in shortest.items()}
    assert {act: yards for act, yards in shortest.items() if yards > LIMIT} == {}
