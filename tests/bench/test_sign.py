"""The benchmark of signing tells its figures and what they are measured by."""

from __future__ import annotations

import pytest

from workstation.bootstrap import bench_sign


def test_signing_and_verifying_are_told_in_parts_of_opening_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_sign, "_ROUNDS", 1)

    told = bench_sign.run(None)

    figures, ratios = told["figures"], told["ratios"]
    assert figures["images"] == 275
    assert ratios == {
        f"{name}_to_open_key": round(figures[f"{name}_s"] / figures["open_key_s"], 3)
        for name in ("sign_pdf", "seal", "page", "verify_pdf", "verify_object")
    }
    assert all(ratio > 0 for ratio in ratios.values())
