"""Only a certificate that was made for signing documents signs one; what is wrong is told before the signature."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from cryptography.x509.oid import ObjectIdentifier

from tests.helpers.purposes import BOTH, issued, usage
from workstation.domain.errors import SignatureInvalid
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.usable_certificate import require_usable

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
DOCUMENTS = ObjectIdentifier("1.3.6.1.5.5.7.3.36")


def _issued(uses: x509.KeyUsage | None, purposes: tuple[ObjectIdentifier, ...]) -> tuple[bytes, Trust]:
    made = issued(uses, purposes, at=NOW)
    return made.certificate, made.trust


@pytest.mark.parametrize(
    "purposes", [(), (Purpose.EMAIL_PROTECTION,), (DOCUMENTS,), (Purpose.ANY_EXTENDED_KEY_USAGE, Purpose.CODE_SIGNING)]
)
def test_a_certificate_for_documents_signs(purposes: tuple[ObjectIdentifier, ...]) -> None:
    certificate, trust = _issued(BOTH, purposes)
    require_usable(certificate, trust, NOW)


@pytest.mark.parametrize(
    ("uses", "purposes"),
    [
        (None, ()),
        (usage(digital_signature=True, content_commitment=False), ()),
        (BOTH, (Purpose.SERVER_AUTH,)),
        (BOTH, (Purpose.TIME_STAMPING,)),
        (BOTH, (Purpose.CODE_SIGNING,)),
    ],
)
def test_a_certificate_for_something_else_is_refused_in_words(
    uses: x509.KeyUsage | None, purposes: tuple[ObjectIdentifier, ...]
) -> None:
    certificate, trust = _issued(uses, purposes)
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
