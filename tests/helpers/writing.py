"""Phrases in memory, and a finding that a report tells of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.helpers import cases
from workstation.domain.finding import Decision, Finding, Lobe, NoduleType
from workstation.domain.phrase import Phrase


@dataclass
class FakePhrases:
    """A ``PhrasePort`` that remembers what was written."""

    kept: tuple[Phrase, ...] = ()
    written: list[tuple[Phrase, ...]] = field(default_factory=list)

    def load(self) -> Sequence[Phrase]:
        return self.kept

    def save(self, phrases: Sequence[Phrase]) -> None:
        self.kept = tuple(phrases)
        self.written.append(self.kept)


def finding(diameter_mm: float = 15.5, uid: str = "2.25.1001") -> Finding:
    """Return an accepted nodule of the right upper lobe."""
    return replace(
        cases.ai_finding(1, uid),
        decision=Decision.ACCEPTED,
        diameter_mm=diameter_mm,
        lobe=Lobe.RIGHT_UPPER,
        nodule_type=NoduleType.SOLID,
    )
