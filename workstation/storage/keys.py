"""
The data-encryption key: kept by the operating system, or wrapped under a passphrase.

A random 256-bit key encrypts everything on the disk. Where the system has a keyring, the key
lies there. Elsewhere ``key.json`` holds it wrapped under a key derived from a passphrase by
Argon2id. The key itself never reaches the disk in the clear.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

import keyring
import keyring.errors
from argon2.low_level import Type, hash_secret_raw

from resources.translation import tr
from workstation.domain.errors import Locked
from workstation.storage.crypto import KEY_BYTES, CannotOpen, newer_schema, seal, unseal
from workstation.storage.files import refused_by_disk, replace_file

_FILE: Final = "key.json"
_SCHEMA: Final = 1
_SERVICE: Final = "Lianyue"
_CHECK: Final = b"lianyue key check"
_WRAP: Final = b"lianyue wrapped key"
_REAL_BACKENDS: Final = ("SecretService", "Windows", "macOS", "kwallet", "libsecret")
"""Modules of ``keyring.backends`` that store secrets under the protection of the system."""

# RFC 9106 section 4, second recommended option
_TIME_COST: Final = 3
_MEMORY_KIB: Final = 65536
_LANES: Final = 4
_SALT_BYTES: Final = 16


class Keyring(Protocol):
    """What is used of a keyring backend."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a secret, None when there is none."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store a secret."""
        ...


def system_keyring() -> Keyring | None:
    """Return the system's keyring, None where there is none that protects its secrets."""
    backend = keyring.get_keyring()
    candidates: Iterable[object] = getattr(backend, "backends", None) or (backend,)
    for candidate in candidates:
        module = type(candidate).__module__
        if module.startswith("keyring.backends.") and module.rsplit(".", 1)[-1] in _REAL_BACKENDS:
            chosen: Keyring = candidate  # type: ignore[assignment]  # keyring ships no types
            return chosen
    return None


class KeyStore:
    """
    The key of one data folder.

    ``keyring`` is ``system_keyring()`` in the product. Losing the key never makes a new one
    while encrypted data is there: that would hide drafts and unsent reports for good.
    """

    def __init__(self, folder: Path, *, keyring: Keyring | None) -> None:
        self._path = folder / _FILE
        self._folder = folder
        self._keyring = keyring

    @property
    def exists(self) -> bool:
        """Tell whether a key was made for this folder."""
        return self._path.exists()

    @property
    def needs_passphrase(self) -> bool:
        """Tell whether ``unlock`` needs a passphrase (the one chosen at first, or a new one)."""
        if self.exists:
            return self._record().get("where") == "passphrase"
        return self._keyring is None

    def unlock(self, passphrase: str = "") -> bytes:
        """
        Return the 32-byte key; the first call makes it.

        Raises Locked for a wrong or missing passphrase, or when the keyring lost the key;
        NewerSchema, DiskFull, StorageError.
        """
        if not self.exists:
            return self._make(passphrase)
        record = self._record()
        if record.get("where") == "passphrase":
            return self._unwrap(record, passphrase)
        return self._from_keyring(record)

    def change_passphrase(self, old: str, new: str) -> None:
        """Wrap the same key under another passphrase; data stays as it is. Raises Locked."""
        if not self.exists or not self.needs_passphrase:
            raise _locked("no passphrase in use")
        self._write_wrapped(self.unlock(old), new)

    def _make(self, passphrase: str) -> bytes:
        if any(self._folder.glob("drafts/*")) or (self._folder / "outbox.sqlite").exists():
            raise Locked(
                tr("The key to the data on this machine is missing"),
                hint=tr("Nothing was deleted. Restore the file key.json from a backup or tell your administrator."),
                detail="encrypted data without key.json",
            )
        key = os.urandom(KEY_BYTES)
        if self._keyring is None:
            self._write_wrapped(key, passphrase)
            return key
        name = str(self._folder.resolve())
        try:
            self._keyring.set_password(_SERVICE, name, base64.b64encode(key).decode())
        except keyring.errors.KeyringError as exc:
            raise _keyring_refused(exc) from exc
        self._write({"schema": _SCHEMA, "where": "keyring", "name": name, "check": _b64(seal(key, b"", _CHECK))})
        return key

    def _from_keyring(self, record: dict[str, str | int]) -> bytes:
        secret = None
        if self._keyring is not None:
            try:
                secret = self._keyring.get_password(_SERVICE, str(record["name"]))
            except keyring.errors.KeyringError as exc:
                raise _keyring_refused(exc) from exc
        if not secret:
            raise _keyring_refused(None)
        key = base64.b64decode(secret)
        unseal(key, _raw(record, "check"), _CHECK)  # another key would make drafts look lost
        return key

    def _write_wrapped(self, key: bytes, passphrase: str) -> None:
        if not passphrase:
            raise _locked("no passphrase given")
        salt = os.urandom(_SALT_BYTES)
        wrapping = _derive(passphrase, salt, _TIME_COST, _MEMORY_KIB, _LANES)
        self._write(
            {
                "schema": _SCHEMA,
                "where": "passphrase",
                "kdf": "argon2id",
                "time_cost": _TIME_COST,
                "memory_kib": _MEMORY_KIB,
                "lanes": _LANES,
                "salt": _b64(salt),
                "wrapped": _b64(seal(wrapping, key, _WRAP)),
            }
        )

    def _unwrap(self, record: dict[str, str | int], passphrase: str) -> bytes:
        if not passphrase:
            raise _locked("no passphrase given")
        try:
            costs = (int(record["time_cost"]), int(record["memory_kib"]), int(record["lanes"]))
        except (KeyError, ValueError) as exc:
            raise _damaged("key.json lacks the costs") from exc
        wrapping = _derive(passphrase, _raw(record, "salt"), *costs)
        try:
            return unseal(wrapping, _raw(record, "wrapped"), _WRAP)
        except CannotOpen as exc:
            raise _locked("passphrase refused") from exc

    def _record(self) -> dict[str, str | int]:
        try:
            record = json.loads(self._path.read_text("utf-8"))
        except OSError as exc:
            raise refused_by_disk(exc) from exc
        except ValueError as exc:
            raise _damaged("key.json is no JSON") from exc
        if not isinstance(record, dict) or not isinstance(record.get("schema"), int):
            raise _damaged("key.json has another form")
        if record["schema"] > _SCHEMA:
            raise newer_schema(f"key.json schema {record['schema']}")
        return record

    def _write(self, record: dict[str, str | int]) -> None:
        replace_file(self._path, json.dumps(record, indent=1).encode())


def _derive(passphrase: str, salt: bytes, time_cost: int, memory_kib: int, lanes: int) -> bytes:
    return hash_secret_raw(passphrase.encode(), salt, time_cost, memory_kib, lanes, KEY_BYTES, Type.ID)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(record: dict[str, str | int], key: str) -> bytes:
    try:
        return base64.b64decode(str(record[key]), validate=True)
    except (KeyError, ValueError) as exc:
        raise _damaged(f"key.json lacks {key}") from exc


def _locked(detail: str) -> Locked:
    return Locked(
        tr("The passphrase does not open the data on this machine"),
        hint=tr("Type it again; mind the Caps Lock key. Drafts and unsent reports stay encrypted until it fits."),
        detail=detail,
    )


def _damaged(detail: str) -> Locked:
    return Locked(
        tr("The key file of this machine is damaged"),
        hint=tr("Nothing was deleted. Restore the file key.json from a backup or tell your administrator."),
        detail=detail,
    )


def _keyring_refused(exc: Exception | None) -> Locked:
    return Locked(
        tr("The system's keyring does not give out the key to the data on this machine"),
        hint=tr("Unlock the keyring, or sign in to the computer as the user who worked here before."),
        detail=type(exc).__name__ if exc else "no such entry",
    )
