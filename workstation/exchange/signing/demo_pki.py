"""
A certificate authority for the demonstration, made on this machine at the first run.

Root (EC P-384) -> issuing (EC P-256) -> signers (RSA-3072). The root's key is forgotten as soon
as it has signed the issuing certificate; signers' keys lie in PKCS#12 files that only their PIN
opens. An alliance replaces this by its own certificates behind the same SignerPort.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from resources.translation import tr, trn
from workstation.domain.errors import DiskFull, SignatureInvalid, StorageError
from workstation.domain.signature import CertificateFacts, PinState, SignatureLevel
from workstation.exchange.signing.certificate_facts import certificate_facts
from workstation.exchange.signing.pades import PadesSigner, Trust
from workstation.exchange.signing.sm2_check import FOLDER as SM2_FOLDER
from workstation.exchange.signing.sm2_store import Sm2Store
from workstation.exchange.signing.software_key import software_key
from workstation.exchange.signing.time_stamps import LocalTimeAuthority, TimeAuthority
from workstation.exchange.signing.usable_certificate import require_usable

TRIES: Final = 5
MINIMUM_PIN: Final = 6
_YEAR: Final = timedelta(days=365)
_CRL_LIFE: Final = timedelta(days=365)
_EARLIER: Final = timedelta(minutes=5)  # clocks of two machines differ
_ROUNDS: Final = 200_000


class DemoKeyStore:
    """Implements SignerPort with keys in a folder that only its owner may read."""

    def __init__(
        self,
        folder: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        level: SignatureLevel = SignatureLevel.LT,
        authority: TimeAuthority | None = None,
        sm2: bool = False,
    ) -> None:
        """Keep the keys in ``folder``; ``authority`` None is the demonstration's own, ``sm2`` signs further with it."""
        self._folder = folder
        self._now = now
        self._level = level
        self._time_authority = authority
        self._lock = threading.RLock()
        self._sm2 = Sm2Store(folder / SM2_FOLDER, now, partial(self._write, inside=SM2_FOLDER))
        self._signs_further = sm2

    # -- the port --------------------------------------------------------------------------------

    def unlock(self, user_id: str, pin: str) -> PadesSigner:
        """Open the key for one signature. Raises SignatureInvalid with the tries left."""
        with self._lock:
            path = self._path(user_id, "p12")
            if not path.exists():
                raise SignatureInvalid(
                    tr("You have no signing certificate"), hint=tr("Ask the administrator to issue one.")
                )
            left = self._tries_left(user_id)
            if left <= 0:
                raise _locked()
            self._set_tries(user_id, left - 1)  # before the attempt, so that a crash gives no free try
            try:
                bundle = pkcs12.load_pkcs12(path.read_bytes(), pin.encode())
            except ValueError as exc:
                if left == 1:
                    raise _locked() from exc
                raise SignatureInvalid(
                    trn("Wrong PIN, {count} try left", "Wrong PIN, {count} tries left", left - 1),
                    hint=tr("The report is unchanged."),
                ) from exc
            self._set_tries(user_id, TRIES)
            key, trust = software_key(bundle), self.trust()
            signer = PadesSigner(key, trust, self.time_authority(), self._level)
            require_usable(signer.certificate, trust, self._now())
            if self._signs_further:
                subject = {"common_name": signer.holder.name, "user_id": signer.holder.user_id}
                signer.further = self._sm2.unlock(path.stem, subject, pin)
            return signer

    def subject(self, user_id: str) -> str:
        """Return the certificate subject's name, empty when the user has no certificate."""
        certificate = self._certificate(user_id)
        return "" if certificate is None else _common_name(certificate)

    def certificate(self, user_id: str) -> CertificateFacts | None:
        """Return what the user's certificate says, None without one; the tries are those of the key's file."""
        with self._lock:
            certificate = self._certificate(user_id)
            if certificate is None:
                return None
            left = max(0, self._tries_left(user_id))
            state = PinState.FINE if left == TRIES else PinState.LOW
            pin = {0: PinState.LOCKED, 1: PinState.LAST_TRY}.get(left, state)
            return certificate_facts(certificate, self.trust(), self._now(), pin=pin, tries_left=left)

    # -- administration --------------------------------------------------------------------------

    def ensure_signer(self, user_id: str, display_name: str, organisation: str, pin: str) -> None:
        """Issue a certificate for a user who has none; an existing one stays as it is."""
        with self._lock:
            if not self._path(user_id, "p12").exists():
                self.issue(user_id, display_name, organisation, pin)

    def issue(self, user_id: str, display_name: str, organisation: str, pin: str) -> None:
        """Issue a new certificate and key under a new PIN; a former one of the user is replaced."""
        if len(pin) < MINIMUM_PIN:
            raise SignatureInvalid(tr("A PIN has at least {count} characters", count=MINIMUM_PIN))
        with self._lock:
            issuer, issuing_key = self._authority()
            key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
            subject = x509.Name(
                [
                    x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64] or "Lianyue"),
                    x509.NameAttribute(NameOID.COMMON_NAME, display_name[:64]),
                    x509.NameAttribute(NameOID.USER_ID, user_id[:64]),
                ]
            )
            usage = _usage(digital_signature=True, content_commitment=True)
            certificate = (
                self._builder(subject, issuer.subject, key.public_key(), 3 * _YEAR)
                .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                .add_extension(usage, critical=True)
                .add_extension(_key_identifier(issuing_key.public_key()), critical=False)
                .sign(issuing_key, hashes.SHA256())
            )
            encryption = (
                PrivateFormat.PKCS12.encryption_builder()
                .kdf_rounds(_ROUNDS)
                .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
                .hmac_hash(hashes.SHA256())
                .build(pin.encode())
            )
            bundle = pkcs12.serialize_key_and_certificates(b"", key, certificate, [issuer], encryption)
            self._write(self._path(user_id, "pem").name, _pem(certificate))
            self._set_tries(user_id, TRIES)
            self._write(self._path(user_id, "p12").name, bundle)

    def revoke(self, user_id: str) -> None:
        """Put the user's certificate on the revocation list; signing with it ends at once."""
        with self._lock:
            certificate = self._certificate(user_id)
            if certificate is None:
                return
            revoked = self._revoked()
            revoked[str(certificate.serial_number)] = self._now().isoformat()
            self._write("revoked.json", json.dumps(revoked).encode())
            self._publish_crl(*self._authority())
            self._sm2.revoke(self._path(user_id, "p12").stem)

    def trust(self) -> Trust:
        """Return what a verifier needs: root, issuing certificate and revocation lists."""
        with self._lock:
            authority = self._authority()
            crl = x509.load_der_x509_crl((self._folder / "issuing.crl").read_bytes())
            if (crl.next_update_utc or self._now()) - self._now() < _CRL_LIFE / 2:
                self._publish_crl(*authority)
            self._sm2.refresh()
            return Trust.from_folder(self._folder)

    def time_authority(self) -> TimeAuthority:
        """Return the authority that stamps: the given one, else the demonstration's own."""
        if self._time_authority is not None:
            return self._time_authority
        with self._lock:
            issuer, issuing_key = self._authority()
            if (
                not (self._folder / "stamping.key").exists()
                or self._stamping().not_valid_after_utc < self._now() + _YEAR
            ):
                self._found_stamping(issuer, issuing_key)
            certificate = self._stamping()
            key = serialization.load_pem_private_key((self._folder / "stamping.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise SignatureInvalid(tr("The signing authority of this machine is damaged"))
        der = serialization.Encoding.DER
        return LocalTimeAuthority(certificate.public_bytes(der), (issuer.public_bytes(der),), key, self._now)

    # -- inside ----------------------------------------------------------------------------------

    def _authority(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        if not (self._folder / "issuing.key").exists():
            self._found()
        certificate = x509.load_pem_x509_certificate((self._folder / "issuing.pem").read_bytes())
        key = serialization.load_pem_private_key((self._folder / "issuing.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise SignatureInvalid(tr("The signing authority of this machine is damaged"))
        return certificate, key

    def _found(self) -> None:
        """Make root and issuing authority; the issuing key is written last and completes the set."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        root_key = ec.generate_private_key(ec.SECP384R1())
        issuing_key = ec.generate_private_key(ec.SECP256R1())
        root_name, issuing_name = _name("Lianyue Demo Root CA"), _name("Lianyue Demo Issuing CA")
        usage = _usage(key_cert_sign=True, crl_sign=True)
        root = (
            self._builder(root_name, root_name, root_key.public_key(), 20 * _YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(usage, critical=True)
            .sign(root_key, hashes.SHA384())
        )
        issuing = (
            self._builder(issuing_name, root_name, issuing_key.public_key(), 10 * _YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(_key_identifier(root_key.public_key()), critical=False)
            .sign(root_key, hashes.SHA384())
        )
        self._write("root.pem", _pem(root))
        self._write("root.crl", self._crl(root, root_key, {}, 10 * _YEAR))
        self._write("issuing.pem", _pem(issuing))
        self._publish_crl(issuing, issuing_key)
        plain = serialization.NoEncryption()  # it issues demonstration certificates only
        pem = issuing_key.private_bytes(serialization.Encoding.PEM, PrivateFormat.PKCS8, plain)
        self._write("issuing.key", pem)

    def _stamping(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self._folder / "stamping.pem").read_bytes())

    def _found_stamping(self, issuer: x509.Certificate, issuing_key: ec.EllipticCurvePrivateKey) -> None:
        """Make the key of the time stamps, written last. *Source:* RFC 3161, section 2.3."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(_name("Lianyue Demo Time Stamps"), issuer.subject, key.public_key(), 5 * _YEAR)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
            .add_extension(_key_identifier(issuing_key.public_key()), critical=False)
            .sign(issuing_key, hashes.SHA256())
        )
        self._write("stamping.pem", _pem(certificate))
        plain = serialization.NoEncryption()  # it stamps demonstrations only
        pem = key.private_bytes(serialization.Encoding.PEM, PrivateFormat.PKCS8, plain)
        self._write("stamping.key", pem)

    def _builder(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        life: timedelta,
    ) -> x509.CertificateBuilder:
        start = self._now() - _EARLIER
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + life)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )

    def _publish_crl(self, issuer: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._write("issuing.crl", self._crl(issuer, key, self._revoked(), _CRL_LIFE))

    def _crl(
        self, issuer: x509.Certificate, key: ec.EllipticCurvePrivateKey, revoked: dict[str, str], life: timedelta
    ) -> bytes:
        start = self._now() - _EARLIER
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
        builder = builder.last_update(start).next_update(start + life)
        builder = builder.add_extension(x509.CRLNumber(int(self._now().timestamp() * 1000)), critical=False)
        builder = builder.add_extension(_key_identifier(key.public_key()), critical=False)
        for serial, when in revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial))
            builder = builder.add_revoked_certificate(entry.revocation_date(datetime.fromisoformat(when)).build())
        algorithm = hashes.SHA384() if key.curve.key_size > 256 else hashes.SHA256()
        return builder.sign(key, algorithm).public_bytes(serialization.Encoding.DER)

    def _certificate(self, user_id: str) -> x509.Certificate | None:
        path = self._path(user_id, "pem")
        return x509.load_pem_x509_certificate(path.read_bytes()) if path.exists() else None

    def _revoked(self) -> dict[str, str]:
        path = self._folder / "revoked.json"
        found: dict[str, str] = json.loads(path.read_bytes()) if path.exists() else {}
        return found

    def _tries_left(self, user_id: str) -> int:
        try:
            return int(self._path(user_id, "tries").read_text())
        except (OSError, ValueError):
            return 0  # a missing counter is no fresh start

    def _set_tries(self, user_id: str, count: int) -> None:
        self._write(self._path(user_id, "tries").name, str(count).encode())

    def _path(self, user_id: str, kind: str) -> Path:
        name = hashlib.sha256(user_id.encode()).hexdigest()[:24]  # user ids may hold any character
        return self._folder / f"signer-{name}.{kind}"

    def _write(self, name: str, content: bytes, inside: str = "") -> None:
        """Replace a file atomically; nobody but the owner may read it. Raises DiskFull, StorageError."""
        folder = self._folder / inside
        temporary = folder / f".{name}.{os.getpid()}.{threading.get_ident()}"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(folder / name)
        except OSError as exc:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise _not_written(exc) from exc


def _not_written(exc: OSError) -> StorageError:
    hint = tr("The report is unchanged and not signed. Free some space on this machine, then sign again.")
    if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(tr("The disk of this machine is full"), hint=hint, detail=f"signing keys: errno {exc.errno}")
    return StorageError(
        tr("The folder of the signing keys cannot be written"), hint=hint, detail=f"signing keys: errno {exc.errno}"
    )


def _locked() -> SignatureInvalid:
    return SignatureInvalid(
        tr("The signing key is locked after {count} wrong PINs", count=TRIES),
        hint=tr("Ask the administrator to issue a new certificate. The report is kept as a draft."),
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lianyue demonstration"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _key_identifier(public_key: ec.EllipticCurvePublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
