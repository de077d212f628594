"""A signing token in software (softhsm2), with one person's key and certificate on it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pkcs11
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from pkcs11.util.rsa import decode_rsa_private_key
from pkcs11.util.x509 import decode_x509_certificate

from workstation.exchange.signing.demo_pki import DemoKeyStore

PIN = "13579753"
_PLACES = ("/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib/aarch64-linux-gnu/softhsm")


def module() -> str:
    """Return the PKCS#11 module of softhsm2, which .ci/setup installs."""
    return next(str(path) for place in _PLACES if (path := Path(place, "libsofthsm2.so")).exists())


@dataclass(frozen=True)
class Token:
    folder: Path
    label: str

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens"

    def pull_out(self) -> None:
        """Take the token away, as somebody does who leaves for lunch."""
        shutil.move(self.tokens, self.folder / "pulled")
        self.tokens.mkdir()

    def plug_in(self) -> None:
        self.tokens.rmdir()
        shutil.move(self.folder / "pulled", self.tokens)


def configured(folder: Path) -> Path:
    """Return a configuration of softhsm2 for ``SOFTHSM2_CONF``; its tokens lie in ``folder/tokens``."""
    (folder / "tokens").mkdir(parents=True)
    path = folder / "softhsm2.conf"
    path.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    return path


def made(folder: Path, store: DemoKeyStore, keys: Path, pin: str, label: str = "doctor") -> Token:
    """Put the only key of a key store's folder on a new token. ``SOFTHSM2_CONF`` must point below ``folder``."""
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "00000000", "--pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    (bundle,) = keys.glob("signer-*.p12")
    opened = pkcs12.load_pkcs12(bundle.read_bytes(), pin.encode())
    assert opened.key is not None
    assert opened.cert is not None
    store.trust()
    library = pkcs11.lib(module())
    library.reinitialize()
    with library.get_token(token_label=label).open(rw=True, user_pin=PIN) as session:
        key = opened.key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        certificate = opened.cert.certificate.public_bytes(Encoding.DER)
        at = {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.ID: b"\x01"}
        private = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.PRIVATE: True, pkcs11.Attribute.SIGN: True}
        session.create_object(decode_rsa_private_key(key) | at | private)
        session.create_object(decode_x509_certificate(certificate) | at | {pkcs11.Attribute.PRIVATE: False})
    return Token(folder, label)
