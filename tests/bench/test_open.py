"""The opening benchmark measures what it says, on a study small enough for every run."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.helpers.part10 import ct_slice
from tests.helpers.reports import STUDY_UID
from worklist import bench_open
from worklist.bench_open import run
from workstation.dicom.images.phantom import make_phantom_study


@pytest.mark.bench
def test_without_a_study_the_phantom_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_open, "make_phantom_study", partial(make_phantom_study, size=64))
    monkeypatch.setattr(bench_open, "SLICES", 6)

    assert bench_open.run()["figures"]["slices"] == 6


@pytest.mark.bench
def test_opening_a_case_over_the_hub_is_measured_against_plain_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_open, "RUNS", 1)  # of several rounds the medians of times and of ratios differ
    for number in range(1, 9):
        (tmp_path / f"{number}.dcm").write_bytes(ct_slice(number, study_uid=STUDY_UID, value=number, size=64))

    result = run(tmp_path)

    figures = result["figures"]
    assert figures["slices"] == 8
    assert figures["megabytes"] == pytest.approx(8 * 64 * 64 * 2 / 1e6, abs=0.05)
    assert 0 < figures["first_image_ms"] <= figures["series_ms"]
    for of in ("raw_http", "hub_http", "checked_http"):
        expected = figures["series_ms"] / figures[f"{of}_ms"]
        assert result["ratios"][f"series_over_{of}"] == pytest.approx(expected, rel=0.05)
