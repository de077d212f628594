"""Folders that live as long as the test run, for what is made once and used by many tests."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path


def scratch_folder(name: str) -> Path:
    """Return a new folder that is removed when the run ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"lianyue-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
