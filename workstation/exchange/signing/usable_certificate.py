"""Whether a certificate may sign now, told before anything is signed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError, RevokedError

from resources.translation import tr
from workstation.domain.errors import SignatureInvalid
from workstation.exchange.signing.pades import Trust

_SIGNING: Final = {"digital_signature", "non_repudiation"}


def require_usable(certificate: bytes, trust: Trust, now: datetime) -> None:
    """Raise SignatureInvalid for a certificate (DER) that is expired, not yet valid, revoked or foreign."""
    known = x509.load_der_x509_certificate(certificate)
    if now < known.not_valid_before_utc:
        raise _refused(tr("Your signing certificate is not valid yet"), _clock())
    if now > known.not_valid_after_utc:
        raise _refused(tr("Your signing certificate has expired"), _clock())
    doubt = distrust(certificate, trust, now)
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
    except (RevokedError, PathBuildingError, PathValidationError) as exc:
        return type(exc)
    return None


def _refused(text: str, hint: str) -> SignatureInvalid:
    return SignatureInvalid(text, hint=hint)


def _clock() -> str:
    return tr("Check the clock of this computer or ask for a new certificate.")
