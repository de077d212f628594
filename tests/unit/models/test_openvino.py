"""Where OpenVINO is installed the detector runs on it and says what it says on the CPU."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OPENVINO = ROOT / ".ci" / "judges" / "openvino"


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="setup brings OpenVINO to Linux x86-64 only"
)
def test_openvino_is_chosen_where_it_is_installed_and_marks_what_the_cpu_marks() -> None:
    assert OPENVINO.is_dir(), "make setup-test installs it"
    ran = subprocess.run(
        [sys.executable, "-m", "tests.helpers.openvino_agreement"], cwd=ROOT, capture_output=True, text=True,
        check=True, timeout=300, env={**os.environ, "PYTHONPATH": str(OPENVINO)},
    )  # fmt: skip
    said = json.loads(ran.stdout)

    assert said["available"] == ["cpu", "openvino"]
    assert (said["cpu"]["provider"], said["auto"]["provider"]) == ("cpu", "openvino")
    assert said["auto"]["notices"] == []
    assert said["cpu"]["marks"]
    assert len(said["auto"]["marks"]) == len(said["cpu"]["marks"])
    for mark, other in zip(said["auto"]["marks"], said["cpu"]["marks"], strict=True):
        assert mark == pytest.approx(other, abs=1e-3)  # a micrometre, a thousandth of a score
    # left alone it would compute with 16 bits and err by 8e-4
    assert said["largest_difference"] < 1e-4
