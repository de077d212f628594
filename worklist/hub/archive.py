"""
Where the files of stored instances lie: a folder of our own, or an external DICOMweb server.

An archive knows bytes by their SHA-256 or by their UIDs and nothing else; who may see what, and which
bytes belong to which SOP Instance UID, is the index's business.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from resources.translation import tr
from workstation.domain.errors import DiskFull, SourceError, StorageError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class InstanceKey:
    """Names one stored instance; ``digest`` is the SHA-256 of the file, empty where not yet known."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    digest: str = ""


class Archive(Protocol):
    """Keeps files. Safe from any thread, and from several hub processes at once."""

    def check(self) -> None:
        """Raise StorageError where it cannot serve now, with what to do."""
        ...

    @property
    def incoming(self) -> Path:
        """Return the folder for files on their way in."""
        ...

    @property
    def description(self) -> str:
        """Return what this archive is, for the health page; never a password."""
        ...

    def put(self, source: Path, key: InstanceKey) -> None:
        """
        Keep a file for good; ``source`` is consumed. The same bytes again are success.

        Durable when it returns. Raises DiskFull, Unreachable, Refused; then nothing is half kept.
        """
        ...

    def path(self, key: InstanceKey) -> Path | None:
        """Return the file where this machine has it, None where it must be read."""
        ...

    def read(self, key: InstanceKey) -> bytes:
        """Return the file as stored. Raises Unreachable, IntegrityMismatch."""
        ...

    def listing(self, study_instance_uid: str, known: int) -> list[InstanceKey] | None:
        """
        Return what the archive has of a study; None where the index, knowing ``known`` instances, is whole.

        Others may store into an external archive directly; the hub learns of it here.
        """
        ...

    def studies(self, match: Mapping[str, str]) -> list[str]:
        """Return Study Instance UIDs the archive itself knows for some match keys; empty for our own folder."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class FileArchive:
    """
    Files below ``objects/ab/cd/<sha256>.dcm``.

    Names come from the content, so that several processes writing the same bytes meet in one file and
    writing different bytes never meet at all: no lock is needed. ``put`` syncs the file, renames it
    into place and syncs the folder before it returns.
    """

    def __init__(self, data_dir: Path) -> None:
        self._objects = data_dir / "objects"
        self._incoming = data_dir / "incoming"
        for folder in (self._objects, self._incoming):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def check(self) -> None:
        """Do nothing: the folder was made, so it is there."""

    @property
    def incoming(self) -> Path:
        """Return the folder for files on their way in, on the same file system as the objects."""
        return self._incoming

    @property
    def description(self) -> str:
        """Return what this archive is."""
        return "files"

    def put(self, source: Path, key: InstanceKey) -> None:
        """Sync, rename, sync the folder. Raises DiskFull, StorageError."""
        target = self._target(key)
        try:
            sync_file(source)
            if not target.parent.is_dir():
                self._make_folders(target.parent)
            source.replace(target)
            sync_folder(target.parent)
        except OSError as exc:
            raise storage_error(exc) from exc

    def path(self, key: InstanceKey) -> Path | None:
        """Return where the file lies."""
        return self._target(key)

    def read(self, key: InstanceKey) -> bytes:
        """Return the bytes."""
        try:
            return self._target(key).read_bytes()
        except OSError as exc:
            raise storage_error(exc) from exc

    def listing(self, study_instance_uid: str, known: int) -> list[InstanceKey] | None:  # noqa: ARG002 - the protocol's
        """Return None: nobody else writes here."""
        return None

    def studies(self, match: Mapping[str, str]) -> list[str]:  # noqa: ARG002 - the protocol's
        """Return nothing: the index knows all."""
        return []

    def close(self) -> None:
        """Hold nothing."""

    def _target(self, key: InstanceKey) -> Path:
        return self._objects / key.digest[:2] / key.digest[2:4] / f"{key.digest}.dcm"

    def _make_folders(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        sync_folder(folder.parent)
        sync_folder(self._objects)


def check_archive(data_dir: Path, archive_url: str) -> None:
    """Raise StorageError where an external archive cannot serve now; the folder's own one always can."""
    archive = open_archive(data_dir, archive_url)
    try:
        archive.check()
    finally:
        archive.close()


def open_archive(data_dir: Path, archive_url: str = "") -> Archive:
    """Return the folder's own archive, or the external DICOMweb one that a URL names."""
    if archive_url in {"", "files"}:
        return FileArchive(data_dir)
    from worklist.hub.archive_dicomweb import DicomwebArchive  # noqa: PLC0415 - httpx only where needed

    return DicomwebArchive(archive_url, data_dir)


def new_file(folder: Path) -> tuple[int, Path]:
    """Create an empty file with a name of our own; return its descriptor and path."""
    try:
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    except OSError as exc:
        raise storage_error(exc) from exc
    return handle, Path(name)


def sync_file(path: Path) -> None:
    """Force a file's content to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Force a folder's entries to the disk; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    sync_file(path)


def storage_error(exc: OSError) -> StorageError | SourceError:
    """Translate what the operating system said about a file of the archive."""
    if exc.errno in _FULL:
        return DiskFull(
            tr("The hub's disk is full."), hint=tr("What was stored before is intact."), detail=str(exc.errno)
        )
    return StorageError(tr("The hub's disk refused."), detail=f"{type(exc).__name__} {exc.errno}")


def remove_leftovers(folder: Path, *, older_than: float) -> int:
    """Delete temporary files that a killed process left, by modification time; return how many."""
    removed = 0
    for path in folder.glob("*.part"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < older_than:
                path.unlink()
                removed += 1
    return removed
