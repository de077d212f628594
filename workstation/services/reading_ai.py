"""What the reading page asks about the model behind the marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import ModelCard
from workstation.domain.report import Report
from workstation.domain.tally import DecisionTally, TallyPort, tally_of
from workstation.services.explain_service import ExplainFindings


class CardSource(Protocol):
    """Where the cards of the installed models come from; a ``ModelPort`` is one."""

    def cards(self) -> tuple[ModelCard, ...]:
        """Return every installed model."""
        ...


@dataclass(frozen=True, slots=True)
class ReadingAi:
    """The card of a model and this reader's experience with it."""

    models: CardSource
    tallies: TallyPort
    explain: ExplainFindings | None = None
    """None where findings are not explained."""

    def card(self, algorithm: AlgorithmIdentity) -> ModelCard | None:
        """Return the card of exactly these weights, None where this machine does not have them."""
        return next((card for card in self.models.cards() if card.sha256 == algorithm.sha256), None)

    def tally(self, user_id: str, sha256: str) -> DecisionTally:
        """Return how often a reader accepted and rejected a model's marks on this machine."""
        return self.tallies.total(user_id, sha256)

    def note(self, report: Report, user_id: str) -> None:
        """Count the decisions of a report that left the desk. Raises DiskFull."""
        algorithm = report.findings.algorithm
        if algorithm is not None and algorithm.sha256:
            self.tallies.put(user_id, algorithm.sha256, report.study_instance_uid, tally_of(report.findings))
