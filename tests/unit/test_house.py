"""The rules of the house that a machine can hold us to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("workstation", "viewers", "worklist", "models", "resources")
MODULES = sorted(path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))


def test_no_module_is_longer_than_600_lines() -> None:
    too_long = {str(p.relative_to(ROOT)): n for p in MODULES if (n := len(p.read_text("utf-8").splitlines())) > 600}

    assert too_long == {}


def test_the_version_answers_without_loading_heavy_libraries() -> None:
    """`lianyue --version` must be instant: nothing of Qt, VTK, ONNX or the hub is imported for it."""
    code = (
        "import sys\nfrom workstation.cli import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit: pass\n"
        "heavy = {'PySide6', 'vtkmodules', 'onnxruntime', 'fastapi', 'sqlalchemy', 'pydicom', 'numpy', 'httpx'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert answer.stdout.splitlines()[-1] == "[]"


NEEDS_TORCH = {f"models/training/{name}.py" for name in ("nets", "losses", "train", "export", "bench_monai")}
"""Training needs the extra ``train``, which neither the product nor CI installs."""


def test_the_sign_in_window_waits_for_no_heavy_library() -> None:
    """A usable window within 3 s: signatures, PDF, decoders, viewers and the hub's clients load while one signs in."""
    code = (
        "import sys, workstation.bootstrap.desktop\n"
        "heavy = {'pyhanko', 'fpdf', 'vtkmodules', 'highdicom', 'pydicom', 'SimpleITK', 'onnxruntime', 'httpx'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert answer.stdout.splitlines()[-1] == "[]"


def test_importing_every_module_opens_no_connection_and_prints_nothing() -> None:
    """Imports have no effects; `migrations` scripts are run by Alembic only."""
    names = [
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for p in MODULES
        if not {"migrations", "fonts"} & set(p.parts) and p.relative_to(ROOT).as_posix() not in NEEDS_TORCH
    ]
    code = (
        "import importlib, socket, sys\n"
        "def refuse(*_): raise AssertionError('connected at import')\n"
        "socket.socket.connect = refuse\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )

    assert (answer.returncode, answer.stdout) == (0, ""), answer.stderr


@pytest.mark.parametrize(
    "pattern", [r"/root/", r"/home/[a-z]", r"--index-url", r"find-links", r"https?://[^ )\"]*pypi"]
)
def test_no_machine_path_and_no_package_index_is_named(pattern: str) -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split(
        "\n"
    )
    named = [
        name
        for name in listed
        if name.endswith((".py", ".md", ".toml", ".lock", ".json", "Makefile"))
        and name != "tests/unit/test_house.py"
        and (ROOT / name).is_file()
        and re.search(pattern, (ROOT / name).read_text("utf-8"))
    ]

    assert named == []
