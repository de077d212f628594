"""What a certificate says of itself, and what the revocation lists on this machine say of it; nothing is fetched."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from workstation.domain.signature import CertificateFacts, PinState, Revocation
from workstation.exchange.signing.pades import Trust

_LIST_KEYS: Final = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)
_NAMED: Final = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)


def certificate_facts(
    certificate: x509.Certificate, trust: Trust, now: datetime, *, pin: PinState, tries_left: int | None
) -> CertificateFacts:
    """
    Return the facts of a certificate at a time (UTC).

    A list counts where the certificate's issuer signed it. *Source:* RFC 5280, sections 4.1.2 and 5.1.2.
    """
    issuers = _issuers(certificate, trust)
    lists = [one for one in _lists(trust) if any(_signed(one, issuer) for issuer in issuers)]
    newest = max(lists, key=lambda one: one.last_update_utc, default=None)
    return CertificateFacts(
        subject=_words(certificate.subject),
        issuer=_words(certificate.issuer),
        serial=f"{certificate.serial_number:X}",
        valid_from=certificate.not_valid_before_utc,
        valid_until=certificate.not_valid_after_utc,
        revocation=_state(certificate, newest, now),
        listed_at=None if newest is None else newest.last_update_utc,
        pin=pin,
        tries_left=tries_left,
    )


def _state(certificate: x509.Certificate, newest: x509.CertificateRevocationList | None, now: datetime) -> Revocation:
    if newest is None:
        return Revocation.UNKNOWN
    if newest.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
        return Revocation.REVOKED
    due = newest.next_update_utc
    return Revocation.OUTDATED if due is not None and due < now else Revocation.GOOD


def _lists(trust: Trust) -> list[x509.CertificateRevocationList]:
    found = []
    for der in trust.crls:
        try:
            found.append(x509.load_der_x509_crl(der))
        except ValueError:
            continue  # a file that is no list says nothing; the signature itself asks for a whole one
    return found


def _signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    try:
        return isinstance(key, _LIST_KEYS) and crl.is_signature_valid(key)
    except (TypeError, UnsupportedAlgorithm):
        return False  # written by a key of another kind


def _issuers(certificate: x509.Certificate, trust: Trust) -> list[x509.Certificate]:
    """Return whose key signed the certificate: names alone prove nothing."""
    found = []
    for der in (*trust.intermediates, *trust.roots):
        known = x509.load_der_x509_certificate(der)
        with contextlib.suppress(ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            certificate.verify_directly_issued_by(known)
            found.append(known)
    return found


def _words(name: x509.Name) -> str:
    """Return name and organisation, or the whole name where it has neither."""
    parts = [str(one.value) for oid in _NAMED for one in name.get_attributes_for_oid(oid)]
    return " · ".join(parts) or name.rfc4514_string()
