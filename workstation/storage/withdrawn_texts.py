"""Withdrawn texts that wait for their right study: one encrypted file each, beside the drafts."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import threading
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from workstation.domain.errors import Locked, NewerSchema
from workstation.domain.withdrawn import WaitingTexts, Withdrawn
from workstation.storage.crypto import cannot_open, seal, unseal
from workstation.storage.data_dir import private_dir
from workstation.storage.files import refused_by_disk, remove_files, replace_file

_WITHDRAWN: Final = TypeAdapter(Withdrawn)
_SUFFIX: Final = ".withdrawn"
_DAMAGED: Final = ".damaged"


class WithdrawnTextStore:
    """
    Implements ``WithdrawnTextPort`` in the folder of the drafts.

    A file's name is a keyed digest of the report, as a draft's is. A file that does not open costs that text only: it
    is told once and then kept aside.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = private_dir(folder)
        self._key = key
        self._writing = threading.Lock()

    def keep(self, withdrawn: Withdrawn) -> None:
        """Store atomically, without anything of the images. Raises DiskFull, StorageError."""
        path = self._path(withdrawn.report.report_uid)
        plain = _WITHDRAWN.dump_json(withdrawn.without_images())
        with self._writing:
            replace_file(path, seal(self._key, plain, path.name.encode()))

    def all(self) -> WaitingTexts:
        """Return everything that waits, the newest first. Raises StorageError."""
        found: list[Withdrawn] = []
        unreadable = 0
        for path in self._folder.glob(f"*{_SUFFIX}"):
            try:
                found.append(self._read(path))
            except FileNotFoundError:
                continue  # used or refused meanwhile
            except OSError as exc:
                raise refused_by_disk(exc) from exc
            except NewerSchema:
                unreadable += 1
            except Locked:
                unreadable += 1
                self._set_aside(path)
        return WaitingTexts(tuple(sorted(found, key=lambda one: one.withdrawn_at, reverse=True)), unreadable)

    def drop(self, report_uid: str) -> None:
        """Delete one that was used or refused. Raises StorageError."""
        path = self._path(report_uid)
        with self._writing:
            remove_files(path.with_name(path.name + ".tmp"), path)

    def _set_aside(self, path: Path) -> None:
        with self._writing, contextlib.suppress(OSError):  # then it is told again the next time
            path.replace(path.with_suffix(_DAMAGED))

    def _read(self, path: Path) -> Withdrawn:
        plain = unseal(self._key, path.read_bytes(), path.name.encode())
        try:
            return _WITHDRAWN.validate_json(plain)
        except ValidationError as exc:
            raise cannot_open(f"withdrawn text of another form: {exc.error_count()} errors") from exc

    def _path(self, report_uid: str) -> Path:
        name = hmac.new(self._key, f"withdrawn\0{report_uid}".encode(), hashlib.sha256).hexdigest()
        return self._folder / f"{name}{_SUFFIX}"
