"""Whether a certificate may sign now, told before anything is signed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.errors import (
    InvalidCertificateError,
    PathBuildingError,
    PathValidationError,
    RevokedError,
)

from resources.translation import tr
from workstation.domain.errors import SignatureInvalid
from workstation.exchange.signing.pades import Trust

_SIGNING: Final = {"digital_signature", "non_repudiation"}
DOCUMENTS: Final = KeyUsageConstraints(
    key_usage={"non_repudiation"},
    extd_key_usage={
        "any_extended_key_usage",
        "email_protection",
        "1.3.6.1.5.5.7.3.36",
        "1.3.6.1.4.1.311.10.3.12",
        "1.2.840.113583.1.1.5",
    },
    explicit_extd_key_usage_required=False,
)
"""
What a certificate must be made for. Where it names purposes, one is signing documents (RFC 9336, and what two vendors
named it before), mail, or any. *Source:* RFC 5280, sections 4.2.1.3 and 4.2.1.12.
"""


def require_usable(certificate: bytes, trust: Trust, now: datetime) -> None:
    """Raise SignatureInvalid for a certificate (DER) that is expired, not yet valid, revoked, foreign or unfit."""
    known = x509.load_der_x509_certificate(certificate)
    if now < known.not_valid_before_utc:
        raise _refused(tr("Your signing certificate is not valid yet"), _clock())
    if now > known.not_valid_after_utc:
        raise _refused(tr("Your signing certificate has expired"), _clock())
    doubt = distrust(certificate, trust, now)
    if doubt is InvalidCertificateError:
        raise _refused(
            tr("Your signing certificate is not made for signing documents"),
            tr("Ask the administrator for one with the key usage nonRepudiation and without another purpose."),
        )
    if doubt is RevokedError:
        raise _refused(tr("Your signing certificate has been revoked"), tr("Ask the administrator to issue one."))
    if doubt is not None:
        raise _refused(
            tr("Your signing certificate does not come from an authority that is trusted here"),
            tr("Use the certificate of the alliance, or ask the administrator."),
        )


def distrust(certificate: bytes, trust: Trust, now: datetime) -> type[Exception] | None:
    """Return the kind of error that validating a signer's certificate for now ends with, None where it holds."""
    validator = CertificateValidator(asn1_x509.Certificate.load(certificate), validation_context=trust.context(now))
    try:
        asyncio.run(validator.async_validate_usage(_SIGNING))  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
        DOCUMENTS.validate(asn1_x509.Certificate.load(certificate))
    except InvalidCertificateError:
        return InvalidCertificateError
    except (RevokedError, PathBuildingError, PathValidationError) as exc:
        return type(exc)
    return None


def unfit_words(certificate: asn1_x509.Certificate) -> str:
    """Say that a signer's certificate was made for something else than documents, empty where it was not."""
    try:
        DOCUMENTS.validate(certificate)
    except InvalidCertificateError:
        return tr("The signer's certificate is not made for signing documents")
    return ""


def _refused(text: str, hint: str) -> SignatureInvalid:
    return SignatureInvalid(text, hint=hint)


def _clock() -> str:
    return tr("Check the clock of this computer or ask for a new certificate.")
