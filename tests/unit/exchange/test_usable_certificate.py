"""Only a certificate that was made for signing documents signs one; what is wrong is told before the signature."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from cryptography.x509.oid import NameOID, ObjectIdentifier

from workstation.domain.errors import SignatureInvalid
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.usable_certificate import require_usable

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
DOCUMENTS = ObjectIdentifier("1.3.6.1.5.5.7.3.36")


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, digital_signature: bool, content_commitment: bool, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature, content_commitment=content_commitment, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=key_cert_sign, crl_sign=key_cert_sign,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _issued(usage: x509.KeyUsage | None, purposes: tuple[ObjectIdentifier, ...]) -> tuple[bytes, Trust]:
    """Return a reader's certificate by an authority of its own, and trust in that authority."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def begun(subject: str, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("联盟根证书"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=2))
            .not_valid_after(NOW + timedelta(days=300))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    authority = _usage(digital_signature=False, content_commitment=False, key_cert_sign=True)
    root = begun("联盟根证书", root_key.public_key(), ca=True).add_extension(authority, critical=True)
    reader = begun("王启明", key.public_key(), ca=False)
    if usage is not None:
        reader = reader.add_extension(usage, critical=True)
    if purposes:
        reader = reader.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=True)
    made = [one.sign(root_key, hashes.SHA256()).public_bytes(Encoding.DER) for one in (root, reader)]
    return made[1], Trust(roots=(made[0],), intermediates=(), crls=())


BOTH = _usage(digital_signature=True, content_commitment=True)


@pytest.mark.parametrize(
    "purposes", [(), (Purpose.EMAIL_PROTECTION,), (DOCUMENTS,), (Purpose.ANY_EXTENDED_KEY_USAGE, Purpose.CODE_SIGNING)]
)
def test_a_certificate_for_documents_signs(purposes: tuple[ObjectIdentifier, ...]) -> None:
    certificate, trust = _issued(BOTH, purposes)
    require_usable(certificate, trust, NOW)


@pytest.mark.parametrize(
    ("usage", "purposes"),
    [
        (None, ()),
        (_usage(digital_signature=True, content_commitment=False), ()),
        (BOTH, (Purpose.SERVER_AUTH,)),
        (BOTH, (Purpose.TIME_STAMPING,)),
        (BOTH, (Purpose.CODE_SIGNING,)),
    ],
)
def test_a_certificate_for_something_else_is_refused_in_words(
    usage: x509.KeyUsage | None, purposes: tuple[ObjectIdentifier, ...]
) -> None:
    certificate, trust = _issued(usage, purposes)
    with pytest.raises(SignatureInvalid) as caught:
        require_usable(certificate, trust, NOW)

    assert caught.value.user_text == "Your signing certificate is not made for signing documents"
    assert "nonRepudiation" in (caught.value.hint or "")


def test_a_foreign_certificate_is_told_apart_from_a_wrong_one() -> None:
    certificate, _ = _issued(BOTH, ())
    _, other = _issued(BOTH, ())
    with pytest.raises(SignatureInvalid) as caught:
        require_usable(certificate, other, NOW)

    assert "an authority that is trusted here" in caught.value.user_text
