"""The history of a study's reports, and the alliance's rules for signing them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workstation.domain.report import Report
from workstation.domain.report_state import ReportStatus


class VersionStep(StrEnum):
    """What brought a version about."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    SIGNED = "signed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ReportVersion:
    """One step of one document as the hub took it; ``number`` counts all steps of the study from 1. Time is UTC."""

    number: int
    step: VersionStep
    actor_name: str
    at: datetime
    reason: str
    report: Report

    @property
    def status(self) -> ReportStatus:
        """Return what the document was by then."""
        return self.report.status


@dataclass(frozen=True, slots=True)
class ReportPolicy:
    """
    The alliance's rules.

    ``second_signer``: nobody signs a report that he wrote alone. ``double_reading_every``: every nth case
    is read twice, 0 none.
    """

    second_signer: bool = False
    double_reading_every: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.double_reading_every <= 10_000:
            raise ValueError("every nth case is a number from 0 to 10000")


class DoubleReadingState(StrEnum):
    """How far a double reading has come."""

    READING = "reading"
    """One or both reports are still to come; nobody sees either."""
    AGREED = "agreed"
    ARBITRATION = "arbitration"
    """Two reports disagree; a third doctor sees both and decides."""
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class CaseRules:
    """What the rules mean for one case: asked when it is opened, so that nobody types a PIN in vain."""

    second_signer: bool = False
    double_reading: DoubleReadingState | None = None

    def may_sign(self, report: Report, user_id: str) -> bool:
        """Tell whether this person may sign this report as far as these rules go."""
        if self.double_reading is DoubleReadingState.READING:
            return False
        return not (self.second_signer and report.author.user_id == user_id)
