"""How much memory this machine gives to one process at the very most."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_MB: Final = 1 << 20
_CONTAINER: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""What a container may take: control groups of version 2 and 1 (Linux, admin-guide/cgroup-v2.rst)"""


def most_memory_mb(limits: tuple[Path, ...] = _CONTAINER) -> int | None:
    """
    Return the machine's memory, or what its container is allowed where that is less; None where nobody tells.

    What other programs take now is not counted: it changes, and the choice of a model should not change with it.
    """
    told = [size for size in (_installed(), *map(_limit, limits)) if size is not None]
    return min(told) // _MB if told else None


def _limit(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))  # "max" where there is no limit
    except (OSError, ValueError):
        return None


def _installed() -> int | None:
    if sys.platform == "win32":
        return _installed_on_windows()
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None


def _installed_on_windows() -> int | None:  # pragma: no cover - runs there only
    import ctypes  # noqa: PLC0415  ditto

    kilobytes = ctypes.c_ulonglong()
    library = getattr(ctypes, "windll").kernel32  # noqa: B009  typed for Windows only
    if not library.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes)):
        return None
    return kilobytes.value * 1024
