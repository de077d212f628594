"""What verifying a signed artefact found, in terms a reader understands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """VALID only when everything checked holds; UNKNOWN when it cannot be told."""

    VALID = "valid"
    ALTERED = "altered"
    UNTRUSTED = "untrusted"
    UNSIGNED = "unsigned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """The verdict on one artefact; ``explanation`` is translated and names what was altered."""

    artefact: str
    verdict: Verdict
    explanation: str
    signer: str = ""


@dataclass(frozen=True, slots=True)
class SignedArtefact:
    """One signed object ready for delivery; ``payload`` is a DICOM Part 10 file."""

    kind: str
    """``report_sr``, ``report_pdf``, ``measurement_sr``."""
    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    payload: bytes
    sha256: str
