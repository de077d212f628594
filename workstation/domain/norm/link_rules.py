"""Rules about words that are tied to a finding, a measurement or a former report."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind


def gone(text: ReportText) -> Iterator[NormFault]:
    """The report tells of no finding or measurement that was taken away."""
    for link in text.subject.links:
        if not link.now and not link.copied_from:
            yield NormFault(NormKind.CONCLUSION, "link_gone", link.field, link.quote)


def outdated(text: ReportText) -> Iterator[NormFault]:
    """Words that were inserted for a finding still say what was measured."""
    for link in text.subject.links:
        if link.now and link.now != link.quote:
            yield NormFault(NormKind.NUMBER, "link_outdated", link.field, link.quote, link.now)


def copied(text: ReportText) -> Iterator[NormFault]:
    """Somebody has touched or confirmed what was carried over from a former report."""
    for link in text.subject.links:
        if link.copied_from:
            yield NormFault(NormKind.RESIDUE, "copied", link.field, link.quote, link.copied_from)
