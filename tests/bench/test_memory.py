"""The memory benchmark measures what it says, on a study small enough for every run."""

from __future__ import annotations

import pytest

from workstation.bootstrap import bench_memory


@pytest.mark.bench
def test_what_a_case_costs_is_told_in_its_voxels_and_in_a_plain_program_that_reads_them() -> None:
    result = bench_memory.run(None, slices=8)
    figures, ratios = result["figures"], result["ratios"]

    assert (figures["slices"], figures["volume_mb"]) == (8, 4.0)
    assert figures["before_mb"] < figures["window_mb"] <= figures["peak_mb"]
    assert (figures["voxels_left_mb"], ratios["voxels_left_over_volume"]) == (0.0, 0.0)
    assert figures["reference_mb"] > figures["volume_mb"]
    case_mb = figures["window_mb"] - figures["before_mb"]
    assert ratios["case_over_reference"] == pytest.approx(case_mb / figures["reference_mb"], abs=0.02)
    assert ratios["whole_over_goal"] == pytest.approx((figures["window_mb"] + figures["decoders_mb"]) / 1200, abs=0.01)
