"""Rules about organs that the findings call normal, and of which the conclusion tells a nodule or a cancer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind
from workstation.domain.norm.words import Mention, clauses

_FOCAL: Final = "focal"
"""What has no evidence of its own: a cancer is concluded from anything that the findings see of its organ."""


def focal_in_a_normal_organ(text: ReportText) -> Iterator[NormFault]:
    """Where the findings only call an organ normal, the conclusion has no nodule, mass or cancer of it."""
    for reading in text.impression:
        for mention in reading.seen:
            if mention.entity != _FOCAL or not mention.places or _is_former(text, mention):
                continue
            normal = _only_normal(text, mention)
            if normal:
                yield NormFault(NormKind.CONCLUSION, "denied_by_findings", reading.field.key, mention.quote, normal)


def _is_former(text: ReportText, mention: Mention) -> bool:
    names = ("aged", "removed", "advice")
    return any(text.terms.pattern(name).search(mention.clause) is not None for name in names)


def _only_normal(text: ReportText, mention: Mention) -> str:
    """Return the sentence that calls the organ normal; empty where the findings see something that may be meant."""
    terms, said = text.terms, ""
    for reading in text.findings:
        for sentence in reading.sentences:
            for clause in clauses(sentence, terms):
                about = bool(clause.places & mention.places)
                if clause.negation is not None or terms.pattern("normal_clause").search(clause.text) is not None:
                    same_side = not clause.sides or not mention.sides or clause.sides & mention.sides
                    quite = terms.pattern("quite_normal").search(clause.text) is not None
                    said = said or (sentence if about and same_side and quite else "")
                elif about or (not clause.places and terms.pattern("described").search(clause.text) is not None):
                    return ""
    return said
