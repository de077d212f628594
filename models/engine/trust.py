"""
Who vouches for a bundle: ed25519 over the manifest, which holds the sha256 of every file.

The product's own public key lies in ``models/engine/keys``; a hospital trusts another supplier by
putting that supplier's public key (PEM) into the folder ``model-keys`` beside its settings. What
nobody trusted here signed runs in research mode.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import logging
import os
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.engine.manifest import MANIFEST_NAME, parse_manifest, read_json
from models.engine.manifest_values import Signature
from resources.translation import tr
from workstation.domain.errors import BundleInvalid
from workstation.domain.model import Trust

_log = logging.getLogger(__name__)
_MAX_KEY_BYTES: Final = 10_000


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """Public keys by their id, each with what its signature is worth."""

    keys: dict[str, tuple[Trust, Ed25519PublicKey]] = field(default_factory=dict)

    def verify(self, manifest_json: bytes, signature: Signature | None) -> Trust:
        """
        Return what a signature is worth: none, or one by an unknown key, is research.

        Raises BundleInvalid when a key trusted here did not sign this manifest.
        """
        if signature is None or signature.key_id not in self.keys:
            return Trust.RESEARCH
        trust, key = self.keys[signature.key_id]
        try:
            key.verify(base64.b64decode(signature.value, validate=True), signed_bytes(read_json(manifest_json)))
        except (InvalidSignature, binascii.Error) as exc:
            raise BundleInvalid(
                tr("The signature of the model does not hold: it was altered after it was signed."),
                hint=tr("Install the model again from a trusted source."),
                detail=signature.key_id,
            ) from exc
        return trust


def trusted_keys(folder: Path | None = None) -> TrustedKeys:
    """Return the product's keys and those that a site put into ``folder``; an unreadable one is left out."""
    found: dict[str, tuple[Trust, Ed25519PublicKey]] = {}
    if folder is not None and folder.is_dir():
        for path in sorted(folder.glob("*.pem")):
            key = _public_key(path.read_bytes()[:_MAX_KEY_BYTES])
            if key is None:
                _log.info("%s is no ed25519 public key", path.name)
            else:
                found[key_id(key)] = (Trust.HOSPITAL, key)
    for entry in resources.files("models.engine").joinpath("keys").iterdir():
        if entry.name.endswith(".pem"):
            key = _public_key(entry.read_bytes())
            if key is not None:
                found[key_id(key)] = (Trust.RELEASE, key)
    return TrustedKeys(found)


def key_id(key: Ed25519PublicKey) -> str:
    """Return the first 16 hexadecimal digits of the sha256 of the raw key."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def signed_bytes(raw: dict[str, Any]) -> bytes:
    """Return what is signed: the manifest without its signature, keys sorted, no white space, UTF-8."""
    rest = {name: value for name, value in raw.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def make_key(private: Path, public: Path) -> str:
    """
    Write a new key pair as PEM and return its id; the private half is readable by its owner only.

    Raises BundleInvalid when a file is already there: a key is never overwritten.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(pem)
        with public.open("xb") as out:
            out.write(
                key.public_key().public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            )
    except FileExistsError as exc:
        raise BundleInvalid(
            tr("There is already a key in “{file}”.", file=Path(exc.filename).name), hint=tr("Choose another name.")
        ) from exc
    return key_id(key.public_key())


def sign_bundle(folder: Path, private: Path) -> str:
    """
    Sign the manifest of a bundle in place and return the id of the key.

    Size and sha256 of every listed file are taken anew first. Raises BundleInvalid.
    """
    key = _private_key(private)
    path = folder / MANIFEST_NAME
    try:
        raw = read_json(path.read_bytes())
        for entry in raw["files"]:
            data = (folder / entry["path"]).read_bytes()
            entry["sha256"], entry["bytes"] = hashlib.sha256(data).hexdigest(), len(data)
    except (OSError, KeyError, TypeError) as exc:
        raise BundleInvalid(
            tr("The model file “{file}” cannot be read.", file=MANIFEST_NAME), detail=type(exc).__name__
        ) from exc
    value = base64.b64encode(key.sign(signed_bytes(raw))).decode()
    raw["signature"] = {"algorithm": "ed25519", "key_id": key_id(key.public_key()), "value": value}
    text = json.dumps(raw, indent=2, ensure_ascii=False) + "\n"
    parse_manifest(text.encode())
    path.write_text(text, encoding="utf-8")
    return key_id(key.public_key())


def _public_key(pem: bytes) -> Ed25519PublicKey | None:
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError:
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as exc:
        raise BundleInvalid(
            tr("“{file}” is no private key that can be used here.", file=path.name), detail=type(exc).__name__
        ) from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleInvalid(tr("“{file}” is no private key that can be used here.", file=path.name))
    return key
