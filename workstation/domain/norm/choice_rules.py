"""Rules about what was chosen from a list."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind


def denied(text: ReportText) -> Iterator[NormFault]:
    """No chosen option denies what another field of the report says."""
    for denial in text.subject.denials:
        yield NormFault(NormKind.CONCLUSION, "denied_by_choice", denial.field, denial.quote, denial.against)
