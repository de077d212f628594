"""The endurance benchmark opens and closes real cases, and fails when something of them stays."""

from __future__ import annotations

from collections import Counter

import pytest

from workstation.bootstrap import bench_endurance
from workstation.bootstrap.bench_endurance import check_nothing_stayed, more_than
from workstation.domain.errors import WorkstationError


@pytest.mark.bench
def test_cases_come_and_go_in_the_real_window_over_the_real_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"SLICES": 8, "SIZE": 64, "WARM_UP": 1}
    large = {"LARGE_SLICES": 10, "LARGE_SIZE": 64, "LARGE_WARM_UP": 1, "LARGE_CYCLES": 2}
    for name, value in (small | large).items():
        monkeypatch.setattr(bench_endurance, name, value)

    result = bench_endurance.run(None, cycles=2)

    assert (result["figures"]["cycles"], result["figures"]["case_mb"]) == (2, 8 * 64 * 64 * 2 / 2**20)
    assert (result["figures"]["large_cycles"], result["figures"]["large_case_mb"]) == (2, 10 * 64 * 64 * 2 / 2**20)
    for of in ("", "large_"):
        assert min(result["figures"][f"{of}warm_mb"], result["ratios"][f"{of}memory_over_warm"]) > 0


def test_a_type_that_grows_with_the_cases_is_told() -> None:
    before, after = Counter({"Scene": 3, "Rect": 5}), Counter({"Scene": 103, "Rect": 104, "Qt objects": 100})

    grown = more_than(before, after, 100)

    assert grown == {"Scene": (3, 103), "Qt objects": (0, 100)}
    with pytest.raises(WorkstationError, match="Scene"):
        check_nothing_stayed(grown, 0.0, 0.0)


def test_voxels_that_stay_are_told_and_the_noise_of_allocators_is_not() -> None:
    check_nothing_stayed({}, 32.0, 5.0)
    check_nothing_stayed({}, 500.0, 0.1)
    with pytest.raises(WorkstationError, match="1040 MB"):
        check_nothing_stayed({}, 1040.0, 1.0)
