"""A report outlives its certificates: an archive time stamp over all of it, added while everything still holds."""

from __future__ import annotations

from datetime import datetime

from resources.translation import tr
from workstation.dicom.objects.encapsulated import taken_apart
from workstation.domain.errors import SignatureInvalid
from workstation.domain.signature import Verdict
from workstation.exchange.signing.pades import add_time_stamp
from workstation.exchange.signing.time_stamps import TimeAuthority
from workstation.exchange.signing.verify import SignatureVerifier

_PDF = b"%PDF-"


def preserve(name: str, content: bytes, verifier: SignatureVerifier, authority: TimeAuthority) -> bytes:
    """
    Return the signed PDF of a report with one more time stamp over the whole of it (PAdES B-LTA).

    ``content`` is a signed PDF or the DICOM object around one; the PDF that comes back begins with the same bytes.
    Only what holds now is stamped: a stamp over a doubtful signature would lend it a proof. The time of the
    verifier is taken for the certificates' lists. Raises SignatureInvalid, TimeStampUnavailable.
    """
    found = verifier.verify_bytes(name, content)
    if found.verdict is not Verdict.VALID:
        raise SignatureInvalid(
            tr("{name} was not preserved: {reason}", name=name, reason=found.explanation),
            hint=tr("Only a signature that holds now can be carried on."),
        )
    pdf = content if content.startswith(_PDF) else taken_apart(content).pdf
    moment: datetime = verifier.now()
    return add_time_stamp(pdf, verifier.trust, authority, moment).content
