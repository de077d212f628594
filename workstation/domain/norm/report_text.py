"""A report as the rules see it: its fields read once, findings and impression apart."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.norm.values import NormSubject, Role
from workstation.domain.norm.words import Reading, Terms, read, terms_of


@dataclass(frozen=True, slots=True)
class ReportText:
    """Everything that is compared, read."""

    subject: NormSubject
    terms: Terms
    findings: tuple[Reading, ...]
    impression: tuple[Reading, ...]
    background: tuple[Reading, ...]

    @classmethod
    def of(cls, subject: NormSubject) -> ReportText:
        """Read the fields of a report."""
        readings = [read(item, subject.language) for item in subject.fields if item.text.strip()]
        by_role = {role: tuple(r for r in readings if r.field.role is role) for role in Role}
        return cls(
            subject,
            terms_of(subject.language),
            by_role[Role.FINDINGS],
            by_role[Role.IMPRESSION],
            by_role[Role.BACKGROUND],
        )

    @property
    def everything(self) -> tuple[Reading, ...]:
        """Return all fields."""
        return (*self.findings, *self.impression, *self.background)

    @property
    def impression_text(self) -> str:
        """Return the impression as one text."""
        return "\n".join(reading.field.text for reading in self.impression)
