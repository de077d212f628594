"""What the times of a signature must satisfy, in words."""

from __future__ import annotations

from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509

from resources.translation import tr
from workstation.exchange.signing.time_stamps import CLOCK_TOLERANCE


def time_words(
    claimed: datetime | None,
    stamped: datetime | None,
    certificate: asn1_x509.Certificate,
    now: datetime,
    *,
    beside: bool = True,
) -> str:
    """
    Return what is wrong with the times of a signature, empty when nothing is.

    Neither time may lie in the future or outside the certificate's validity. A time stamp made
    with the signature (``beside``) must agree with the signer's clock; one added later may be
    later, never earlier.
    """
    if words := future_words(now, claimed, stamped):
        return words
    claimed, stamped = _aware(claimed), _aware(stamped)
    for time in (claimed, stamped):
        if time is None:
            continue
        if not certificate.not_valid_before - CLOCK_TOLERANCE <= time <= certificate.not_valid_after:
            return tr("The time of signing lies outside the validity of the certificate")
    if claimed is not None and stamped is not None:
        late = stamped - claimed
        if late < -CLOCK_TOLERANCE or (beside and late > CLOCK_TOLERANCE):
            return tr("The signer's clock and the time stamp do not agree")
    return ""


def came_later(claimed: datetime | None, over_document: datetime | None) -> bool:
    """Tell whether a time stamp over the whole document was made noticeably after the time that the signer claims."""
    claimed, stamped = _aware(claimed), _aware(over_document)
    return claimed is not None and stamped is not None and stamped - claimed > CLOCK_TOLERANCE


def future_words(now: datetime, *times: datetime | None) -> str:
    """Return what is wrong with times that have not come yet, empty where all have."""
    known = [aware for time in times if (aware := _aware(time)) is not None]
    return tr("The time of signing lies in the future") if any(time > now + CLOCK_TOLERANCE for time in known) else ""


def _aware(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
