"""The window stays alive whatever a reader does: signing in, opening, hanging, reporting, another language."""

from __future__ import annotations

import gc

import pytest

from workstation.bootstrap import bench_turns

ACTS = {
    "sign_in", "prepare", "open", "stream", "planes", "prior", "report", "images", "keys", "language", "sign_out",
}  # fmt: skip
"""Each is begun from the event loop of the real window, over the real hub, with a prior beside the case."""


def test_no_act_of_a_reader_holds_the_window(request: pytest.FixtureRequest) -> None:
    """
    The longest turn is told in units of a fixed piece of Python of the same run, 6 to 7 ms on a quiet core.

    A machine that shares its cores stretches both. Fifty milliseconds are seven and a half units;
    opening a case took fourteen, another language thirty before turns were shared.
    """
    gc.freeze()  # what other tests left behind is nothing that the window has to look at
    request.addfinalizer(gc.unfreeze)
    told = bench_turns.run(None, slices=24, rest_ms=200)
    acts = {name: ms for name, ms in told["figures"].items() if name != "yard_ms"}
    assert set(acts) >= {f"{act}_ms" for act in ACTS}
    assert told["ratios"]["longest_turn_to_yard"] <= 7.5, told
