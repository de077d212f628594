"""How often one reader rejected the marks of one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from workstation.domain.finding import Decision, FindingList


@dataclass(frozen=True, slots=True)
class DecisionTally:
    """Decisions of one reader on the marks of one model; an edited mark is an accepted one."""

    accepted: int = 0
    rejected: int = 0
    cases: int = 0

    @property
    def decided(self) -> int:
        """Return how many marks were decided."""
        return self.accepted + self.rejected

    def __add__(self, other: DecisionTally) -> DecisionTally:
        """Return both together."""
        return DecisionTally(self.accepted + other.accepted, self.rejected + other.rejected, self.cases + other.cases)


def tally_of(findings: FindingList) -> DecisionTally:
    """Count the decided marks of one case."""
    decisions = [finding.decision for finding in findings.findings if finding.original is not None]
    accepted = sum(decision in {Decision.ACCEPTED, Decision.EDITED} for decision in decisions)
    return DecisionTally(accepted, decisions.count(Decision.REJECTED), 1)


class TallyPort(Protocol):
    """Where the counts lie."""

    def put(self, user_id: str, sha256: str, study_instance_uid: str, tally: DecisionTally) -> None:
        """Store what a reader decided in one case; a later decision there takes its place. Raises DiskFull."""
        ...

    def total(self, user_id: str, sha256: str) -> DecisionTally:
        """Return all cases of a reader and a model together. Raises StorageError."""
        ...
