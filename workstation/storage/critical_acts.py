"""Acts on critical values that the hub has not confirmed yet: one encrypted file, replaced as a whole."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from workstation.domain.critical_board import PendingAct
from workstation.storage.crypto import cannot_open, seal, unseal
from workstation.storage.data_dir import private_dir
from workstation.storage.files import refused_by_disk, replace_file

_ACTS: Final = TypeAdapter(tuple[PendingAct, ...])
_CONTEXT: Final = b"critical acts"


class CriticalActFile:
    """Implements ``PendingActs``; what cannot be read is never written over."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._lock = threading.Lock()

    def all(self) -> tuple[PendingAct, ...]:
        """Return what waits, oldest first. Raises Locked, StorageError."""
        with self._lock:
            return self._read()

    def put(self, act: PendingAct) -> None:
        """Add an act, or replace the one of the same UID, on disk before it returns. Raises DiskFull."""
        with self._lock:
            acts = self._read()
            if any(one.act_uid == act.act_uid for one in acts):
                self._write(tuple(act if one.act_uid == act.act_uid else one for one in acts))
            else:
                self._write((*acts, act))

    def done(self, act_uid: str) -> None:
        """Take an act away that the hub has confirmed; an unknown one is harmless."""
        with self._lock:
            acts = self._read()
            left = tuple(one for one in acts if one.act_uid != act_uid)
            if left != acts:
                self._write(left)

    def _read(self) -> tuple[PendingAct, ...]:
        try:
            sealed = self._path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as exc:
            raise refused_by_disk(exc) from exc
        try:
            return _ACTS.validate_json(unseal(self._key, sealed, _CONTEXT))
        except ValidationError as exc:
            raise cannot_open(f"critical acts of another form: {exc.error_count()} errors") from exc

    def _write(self, acts: tuple[PendingAct, ...]) -> None:
        private_dir(self._path.parent)
        replace_file(self._path, seal(self._key, _ACTS.dump_json(acts), _CONTEXT))
