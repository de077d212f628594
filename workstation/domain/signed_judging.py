"""What a hub asks of a signed report before it takes it, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from workstation.domain.access import Actor
from workstation.domain.report import Report

LARGEST_JUDGED_BYTES: Final = 64_000_000
"""Of an object around a signed PDF: a page with many key images has a few million."""


class SignedFault(StrEnum):
    """Why a signed report is not taken."""

    UNSIGNED = "unsigned"
    ALTERED = "altered"
    UNTRUSTED = "untrusted"
    """Not by an authority that the hub trusts, or not valid now"""
    UNREADABLE = "unreadable"
    """Too damaged, or too large, to be judged"""
    OTHER_SIGNER = "other_signer"
    """By another person than the one who sends it"""
    OTHER_REPORT = "other_report"
    OTHER_OBJECT = "other_object"
    """An object beside the page is not the one that the signature covers"""


@dataclass(frozen=True, slots=True)
class JudgedReport:
    """What holds of a signed report; ``detail`` is for the log and names no patient."""

    fault: SignedFault | None = None
    detail: str = ""
    is_chain_checked: bool = False
    """False where the hub knows no authority: only what was signed is known to be whole, not who signed it"""
    awaits_time_stamp: bool = False
    """Nothing but the signer's clock tells when it was signed"""
    follows: str = ""
    """SOP Instance UID of the object that this one is the stamped version of, empty for a first one"""
    stamped_at: datetime | None = None
    """The time of its time stamp"""


class ReportJudge(Protocol):
    """Judges signatures; takes some tenths of a second of one core, so never on an event loop."""

    def __call__(self, pdf_object: bytes, digests: Mapping[str, str], report: Report, signer: Actor) -> JudgedReport:
        """
        Judge the object around the signed PDF of a report.

        ``digests`` are the SHA-256 of the other objects as stored, by SOP Instance UID, empty where not known.
        Broken input is a fault, never an exception.
        """
        ...
