"""A folder in memory, for tests that kill processes: what a dead process wrote is there, synced or not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - each folder in it is private and has a name of its own


@contextmanager
def memory_folder() -> Iterator[Path]:
    """Give a folder that vanishes at the end; on a disk where the machine has none in memory."""
    with tempfile.TemporaryDirectory(prefix="lianyue-", dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder)
