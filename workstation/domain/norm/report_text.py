"""A report as the rules see it: its fields read once, findings and impression apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from workstation.domain.norm.values import NormSubject, Role
from workstation.domain.norm.words import Reading, Terms, read, terms_of

_WEIGHT: Final = 3
"""An ideograph says about as much as three letters."""


@dataclass(frozen=True, slots=True)
class ReportText:
    """Everything that is compared, read."""

    subject: NormSubject
    terms: Terms
    findings: tuple[Reading, ...]
    impression: tuple[Reading, ...]
    background: tuple[Reading, ...]
    recommendation: tuple[Reading, ...]

    @classmethod
    def of(cls, subject: NormSubject) -> ReportText:
        """Read the fields of a report."""
        words = _language_of(subject)
        readings = [read(item, words) for item in subject.fields if item.text.strip()]
        by_role = {role: tuple(r for r in readings if r.field.role is role) for role in Role}
        return cls(
            subject,
            terms_of(words),
            by_role[Role.FINDINGS],
            by_role[Role.IMPRESSION],
            by_role[Role.BACKGROUND],
            by_role[Role.RECOMMENDATION],
        )

    def organ_in(self, organ: str, words: str, sentence: str) -> re.Match[str] | None:
        """
        Return where some words of a sentence name an organ.

        The adnexa of Chinese are an ovary or the arch of a vertebra: ``unlike`` words of the sentence or of the
        examination speak for the bone, ``surely`` words of the sentence for the organ all the same.
        """
        match = self.terms.pattern("organs", organ, "words").search(words)
        if match is None or "unlike" not in self.terms.raw["organs"][organ]:
            return match
        unlike = self.terms.pattern("organs", organ, "unlike").search(f"{sentence} {self.subject.examination}")
        is_organ = unlike is None or self.terms.pattern("organs", organ, "surely").search(sentence) is not None
        return match if is_organ else None

    @property
    def everything(self) -> tuple[Reading, ...]:
        """Return all fields."""
        return (*self.findings, *self.impression, *self.background, *self.recommendation)

    @property
    def impression_text(self) -> str:
        """Return the impression as one text."""
        return "\n".join(reading.field.text for reading in self.impression)


def _language_of(subject: NormSubject) -> str:
    """Return the language that the texts are written in, which need not be the one the report is printed in."""
    texts = "".join(item.text for item in subject.fields)
    chinese = sum("\u4e00" <= char <= "\u9fff" for char in texts)
    latin = sum(char.isascii() and char.isalpha() for char in texts)
    if not chinese and not latin:
        return subject.language
    return "zh_CN" if chinese * _WEIGHT >= latin else "en"
