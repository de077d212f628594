"""Beds of the fault tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.memory_disk import memory_folder


@pytest.fixture
def memory_disk() -> Iterator[Path]:
    """Return a folder in memory: what a killed process wrote is there, synced or not, so nobody waits for a disk."""
    with memory_folder() as folder:
        yield folder
