"""Replacing a file so that after a crash either the old or the new content is there, whole."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Final

from resources.translation import tr
from workstation.domain.errors import DiskFull, StorageError

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def replace_file(path: Path, content: bytes, *, keep: Path | None = None) -> None:
    """
    Write ``content`` to ``path``: temporary file, fsync, rename, fsync of the folder.

    ``keep`` receives the former content. A reader that finds ``path`` missing between the two
    renames takes ``keep``. Raises DiskFull or StorageError; the former content stays then.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if keep is not None and path.exists():
            path.replace(keep)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as exc:
        _remove_quietly(temporary)
        raise refused_by_disk(exc) from exc


def remove_files(*paths: Path) -> None:
    """Delete files in the given order; a missing one is fine. Raises StorageError."""
    try:
        for path in paths:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
    except OSError as exc:
        raise refused_by_disk(exc) from exc


def sync_folder(folder: Path) -> None:
    """Make renames and deletions in a folder durable; Windows does that on its own."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refused_by_disk(exc: OSError) -> StorageError:
    """Return what an error of the disk means to the person at the screen."""
    detail = f"{type(exc).__name__} errno {exc.errno}"
    if exc.errno in _NO_SPACE:
        return disk_full(detail)
    return StorageError(
        tr("The disk of this machine refused to store data"),
        hint=tr("What was stored before is intact. Check the disk or tell your administrator."),
        detail=detail,
    )


def disk_full(detail: str) -> DiskFull:
    """Return what to say when there is no space left."""
    return DiskFull(
        tr("The disk of this machine is full"),
        hint=tr(
            "What was stored before is intact. Free some space; your open text is not lost while the window is open."
        ),
        detail=detail,
    )


def _remove_quietly(path: Path) -> None:
    with contextlib.suppress(OSError):  # the next write truncates it
        path.unlink(missing_ok=True)
