"""What one check of a signature came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workstation.domain.signature import SignatureLevel, SignatureRole, Verdict
from workstation.exchange.signing.proof import NOTHING, Evidence, Revocation


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of one signature check; ``manifest`` only of a PDF that carries one and is VALID."""

    verdict: Verdict
    explanation: str
    signer: str = ""
    manifest: dict[str, Any] | None = None
    signed_at: datetime | None = None
    level: SignatureLevel | None = None
    role: SignatureRole = SignatureRole.VERIFIER
    attached: Mapping[str, bytes] = field(default_factory=dict)
    """The files that a VALID PDF carries, the manifest apart"""
    proven: datetime | None = None
    """The time of a trusted time stamp: all that a VALID PDF carries existed then"""
    evidence: Evidence = NOTHING
    basis: Revocation = Revocation.LISTS
    signer_id: str = ""
    """The user id in the certificate, empty where it has none"""
