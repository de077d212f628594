"""Certificates that were made for something, each by an authority of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from workstation.exchange.signing.pades import PadesSigner, Trust


@dataclass(frozen=True)
class Issued:
    """A reader's certificate (DER) with its key, and trust in the authority that issued it."""

    certificate: bytes
    key: ec.EllipticCurvePrivateKey
    trust: Trust

    def signer(self) -> PadesSigner:
        """Return what signs with it, whatever it was made for."""
        plain = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        signer = SimpleSigner(
            signing_cert=asn1_x509.Certificate.load(self.certificate),
            signing_key=asn1_keys.PrivateKeyInfo.load(plain),
            cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
        )
        return PadesSigner(signer, self.trust)


def usage(*, digital_signature: bool, content_commitment: bool, key_cert_sign: bool = False) -> x509.KeyUsage:
    """Return the extension; an authority signs its lists as well."""
    return x509.KeyUsage(
        digital_signature=digital_signature, content_commitment=content_commitment, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=key_cert_sign, crl_sign=key_cert_sign,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


BOTH = usage(digital_signature=True, content_commitment=True)


def issued(uses: x509.KeyUsage | None, purposes: tuple[ObjectIdentifier, ...], *, at: datetime) -> Issued:
    """Return a certificate that is valid around ``at``."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def begun(subject: str, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("联盟根证书"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=2))
            .not_valid_after(at + timedelta(days=300))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    authority = usage(digital_signature=False, content_commitment=False, key_cert_sign=True)
    root = begun("联盟根证书", root_key.public_key(), ca=True).add_extension(authority, critical=True)
    reader = begun("王启明", key.public_key(), ca=False)
    if uses is not None:
        reader = reader.add_extension(uses, critical=True)
    if purposes:
        reader = reader.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=True)
    made = [one.sign(root_key, hashes.SHA256()).public_bytes(Encoding.DER) for one in (root, reader)]
    return Issued(made[1], key, Trust(roots=(made[0],), intermediates=(), crls=()))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
