"""What verifying a signed artefact found, in terms a reader understands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class SignatureLevel(StrEnum):
    """
    How much of the proof a PAdES signature carries with it.

    *Source:* ETSI EN 319 142-1, section 6 (baseline levels).
    """

    B = "B-B"
    """The signature alone: its time is what the signer's clock says."""
    T = "B-T"
    """A time stamp proves that it existed at a time."""
    LT = "B-LT"
    """Certificates and revocation lists travel inside, so it can be checked without a network."""
    LTA = "B-LTA"
    """A further time stamp over all of it, to outlive the algorithms."""


class Verdict(StrEnum):
    """VALID only when everything checked holds; UNKNOWN when it cannot be told."""

    VALID = "valid"
    ALTERED = "altered"
    UNTRUSTED = "untrusted"
    UNSIGNED = "unsigned"
    UNKNOWN = "unknown"


class SignatureRole(StrEnum):
    """Whose field on the page is signed: who wrote the report, or who answers for it."""

    AUTHOR = "author"
    VERIFIER = "verifier"


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whom a signing certificate names; ``user_id`` is empty where the authority writes none."""

    user_id: str
    name: str


class Revocation(StrEnum):
    """What the revocation lists that lie on this machine say of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    OUTDATED = "outdated"
    """It is not on the list, but a newer list is due"""
    UNKNOWN = "unknown"
    """No list of its issuer lies here"""


class PinState(StrEnum):
    """
    What a token tells of its PIN before one is typed.

    *Source:* PKCS #11 v2.40 Base Specification, section 3.2, token information flags.
    """

    FINE = "fine"
    LOW = "low"
    """A wrong one was typed since the last right one (CKF_USER_PIN_COUNT_LOW)"""
    LAST_TRY = "last_try"
    """The next wrong one locks it (CKF_USER_PIN_FINAL_TRY)"""
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """
    What a signer may know of the own certificate before typing the PIN. Times are UTC.

    ``serial`` is in hexadecimal as certificates print it; ``listed_at`` is when the issuer wrote the list on this
    machine, None without one; ``tries_left`` is None where nobody counts.
    """

    subject: str
    issuer: str
    serial: str
    valid_from: datetime
    valid_until: datetime
    revocation: Revocation = Revocation.UNKNOWN
    listed_at: datetime | None = None
    pin: PinState = PinState.FINE
    tries_left: int | None = None

    def ends_within(self, span: timedelta, now: datetime) -> bool:
        """Tell whether it ends soon, or has ended."""
        return self.valid_until - now <= span


@dataclass(frozen=True, slots=True)
class SignatureStamp:
    """What the page shows in a signed field; ``at`` has a time zone, ``language`` is the report's."""

    role: SignatureRole
    name: str
    organisation: str
    at: datetime
    language: str


@dataclass(frozen=True, slots=True)
class AuthorSignature:
    """
    What an author signed when submitting: the preliminary report as a DICOM object of the study.

    The final report is another document, fixed by its verifier; it names this one by its digest.
    """

    user_id: str
    name: str
    signed_at: datetime
    series_instance_uid: str
    sop_instance_uid: str
    sha256: str
    """Of the DICOM object as it is stored."""


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """The verdict on one artefact; ``explanation`` is translated and names what was altered."""

    artefact: str
    verdict: Verdict
    explanation: str
    signer: str = ""
    signed_at: datetime | None = None
    """The time of the time stamp, else the time that the signer's clock claims; None where nothing is signed."""
    level: SignatureLevel | None = None
    """Of a PDF whose signature holds; ``B`` means that its time stamp is still missing."""
    report_uid: str = ""
    """The report that a valid PDF says it is, empty where it does not say"""
    study_instance_uid: str = ""


@dataclass(frozen=True, slots=True)
class SignedPdf:
    """A PDF just signed, and how much proof it carries."""

    content: bytes
    level: SignatureLevel
    is_stamp_wanted: bool = True
    """Whether the policy asks for a time stamp"""

    @property
    def awaits_time_stamp(self) -> bool:
        """Tell whether the time-stamping authority could not be reached, so that a stamp must follow."""
        return self.level is SignatureLevel.B and self.is_stamp_wanted


@dataclass(frozen=True, slots=True)
class SignedArtefact:
    """One signed object ready for delivery; ``payload`` is a DICOM Part 10 file."""

    kind: str
    """``report_sr``, ``report_pdf``, ``measurement_sr``, ``key_images``, ``display_1``, ``segmentation_1`` …"""
    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    payload: bytes
    sha256: str
    cms: str = ""
    """Detached CMS over ``payload``, DER in base64; empty where none was made."""
    awaits_time_stamp: bool = False
    """Its signature was made while the time-stamping authority did not answer."""
