"""Authenticated encryption of what lies on the disk: AES-256-GCM with bound context."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from resources.translation import tr
from workstation.domain.errors import Locked, NewerSchema

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_MAGIC: Final = b"LY"
_VERSION: Final = 1


class CannotOpen(Locked):
    """The sealed bytes do not open: another key, another context, or changed bytes."""


def seal(key: bytes, plain: bytes, context: bytes) -> bytes:
    """
    Return ``plain`` encrypted and bound to ``context`` (the same bytes are needed to open it).

    The nonce is random: at one draft a second, 2**32 messages under one key last 136 years.
    """
    nonce = os.urandom(_NONCE_BYTES)
    head = _MAGIC + bytes([_VERSION])
    return head + nonce + AESGCM(key).encrypt(nonce, plain, head + context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Return what ``seal`` was given. Raises CannotOpen, and NewerSchema for a later format."""
    head, nonce, body = sealed[:3], sealed[3 : 3 + _NONCE_BYTES], sealed[3 + _NONCE_BYTES :]
    if head[:2] == _MAGIC and head[2:] > bytes([_VERSION]):
        raise newer_schema(f"sealed format {head[2]}")
    try:
        return AESGCM(key).decrypt(nonce, body, head + context)
    except (InvalidTag, ValueError) as exc:
        raise cannot_open(f"{type(exc).__name__} for {len(sealed)} bytes") from exc


def cannot_open(detail: str) -> CannotOpen:
    """Return what to say of stored bytes that no longer make sense."""
    return CannotOpen(
        tr("Stored data on this machine cannot be opened"),
        hint=tr("The key does not fit or the file is damaged. Nothing was deleted; tell your administrator."),
        detail=detail,
    )


def newer_schema(detail: str) -> NewerSchema:
    """Return what to say of data that a later version wrote."""
    return NewerSchema(
        tr("The stored data was written by a newer version of Lianyue"),
        hint=tr("Install the newer version again. Nothing was changed."),
        detail=detail,
    )
