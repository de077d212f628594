"""
The SM2 branch of the demonstration's authority: made only where the policy wants further signatures.

Root -> issuing -> signers, as the branch beside it (``demo_pki``); a signer's key lies under the PIN of the
signing key that it accompanies. The root's key is forgotten as soon as it has signed.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from asn1crypto import crl, pem, x509

from workstation.domain.errors import SignatureInvalid
from workstation.exchange.signing.sm2 import Sm2Key
from workstation.exchange.signing.sm2_form import attributes, certificate, detached, revocation_list, sm3

_YEAR: Final = timedelta(days=365)
_EARLIER: Final = timedelta(minutes=5)
_LIST_LIFE: Final = timedelta(days=30)
_AUTHORITY_PIN: Final = "demonstration"
"""The authority issues demonstration certificates only: its key is not protected, as that of its sister is not."""


@dataclass(frozen=True, slots=True)
class Sm2Signer:
    """A key that is open for one act, and its certificates (DER)."""

    key: Sm2Key
    certificate: bytes
    issuing: bytes
    now: Callable[[], datetime]

    def sign_detached(self, content: bytes) -> bytes:
        """Return a detached signature over the content: signed data of GB/T 35275, DER. Raises SignatureInvalid."""
        signed = attributes(sm3(content), self.now())
        return detached(signed, self.key.sign(signed), self.certificate, self.issuing)


class Sm2Store:
    """Keys and certificates in a folder; ``write`` replaces a file atomically and privately."""

    def __init__(self, folder: Path, now: Callable[[], datetime], write: Callable[[str, bytes], None]) -> None:
        self._folder, self._now, self._write = folder, now, write
        self._lock = threading.RLock()

    def unlock(self, name: str, subject: Mapping[str, str], pin: str) -> Sm2Signer:
        """
        Open the key of a signer, issued at the first act that needs it; ``name`` is a file name.

        The PIN is known to be right: it has opened the signing key beside it. Raises SignatureInvalid, StorageError.
        """
        with self._lock:
            own, sealed = self._folder / f"{name}.pem", self._folder / f"{name}.key"
            if not sealed.exists():
                self._issue(name, subject, pin)
            try:
                opened = Sm2Key.opened(sealed.read_bytes(), pin)
            except SignatureInvalid:  # its companion was issued anew, under a new PIN
                self._issue(name, subject, pin)
                opened = Sm2Key.opened(sealed.read_bytes(), pin)
            return Sm2Signer(opened, _read(own), _read(self._folder / "issuing.pem"), self._now)

    def revoke(self, name: str) -> None:
        """Put a signer's certificate on the revocation list."""
        with self._lock:
            path = self._folder / f"{name}.pem"
            if not path.exists():
                return
            serial = x509.Certificate.load(_read(path)).serial_number
            self._write("revoked.json", json.dumps(self._revoked() | {str(serial): self._now().isoformat()}).encode())
            self._publish(*self._authority())

    def refresh(self) -> None:
        """Publish the revocation list anew while the former one is good for a while yet."""
        with self._lock:
            if not (self._folder / "issuing.key").exists():
                return
            known = crl.CertificateList.load((self._folder / "issuing.crl").read_bytes())
            if known["tbs_cert_list"]["next_update"].native - self._now() < _LIST_LIFE / 2:
                self._publish(*self._authority())

    def _authority(self) -> tuple[x509.Certificate, Sm2Key]:
        if not (self._folder / "issuing.key").exists():
            self._found()
        key = Sm2Key.opened((self._folder / "issuing.key").read_bytes(), _AUTHORITY_PIN)
        return x509.Certificate.load(_read(self._folder / "issuing.pem")), key

    def _found(self) -> None:
        """Make root and issuing authority; the issuing key is written last and completes the set."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        root_key, issuing_key = Sm2Key.generate(), Sm2Key.generate()
        root, issuing = (_name({"common_name": f"Lianyue Demo SM2 {what} CA"}) for what in ("Root", "Issuing"))
        own = certificate(root, root_key.public, root, root_key, self._times(20 * _YEAR), _serial(), below=1)
        below = certificate(issuing, issuing_key.public, root, root_key, self._times(10 * _YEAR), _serial(), below=0)
        self._write("root.pem", _pem(own))
        self._write("issuing.pem", _pem(below))
        self._publish(x509.Certificate.load(below), issuing_key)
        self._write("issuing.key", issuing_key.sealed(_AUTHORITY_PIN, rounds=1))

    def _issue(self, name: str, subject: Mapping[str, str], pin: str) -> None:
        issuing, issuing_key = self._authority()
        key = Sm2Key.generate()
        made = certificate(_name(subject), key.public, issuing.subject, issuing_key, self._times(3 * _YEAR), _serial())
        self._write(f"{name}.pem", _pem(made))
        self._write(f"{name}.key", key.sealed(pin))

    def _publish(self, issuing: x509.Certificate, key: Sm2Key) -> None:
        revoked = {int(serial): datetime.fromisoformat(at) for serial, at in self._revoked().items()}
        self._write("issuing.crl", revocation_list(issuing.subject, key, self._times(_LIST_LIFE), revoked))

    def _revoked(self) -> dict[str, str]:
        path = self._folder / "revoked.json"
        found: dict[str, str] = json.loads(path.read_bytes()) if path.exists() else {}
        return found

    def _times(self, life: timedelta) -> tuple[datetime, datetime]:
        start = self._now() - _EARLIER
        return start, start + life


def _name(parts: Mapping[str, str]) -> x509.Name:
    return x509.Name.build({"organization_name": "Lianyue demonstration", **parts})


def _serial() -> int:
    return secrets.randbits(120) | 1 << 119


def _pem(der: bytes) -> bytes:
    return bytes(pem.armor("CERTIFICATE", der))


def _read(path: Path) -> bytes:
    return bytes(pem.unarmor(path.read_bytes())[2])
