"""The MPR benchmark measures what it says, on a volume small enough for every run."""

from __future__ import annotations

import pytest

from viewers.bench_mpr import run


@pytest.mark.bench
def test_the_figures_of_planes_and_volumes_are_named_as_documented() -> None:
    result = run(frames=2, shape=(24, 64, 64))
    figures, ratios = result["figures"], result["ratios"]
    assert {"moving_ms", "still_ms", "volume_first_ms", "volume_fps"} <= set(figures)
    assert figures["volume_fps"] == min(rate for name, rate in figures.items() if name.startswith("volume_fps_"))
    assert min(*figures.values(), *ratios.values()) > 0
