"""Rules about categories that stand in the text only: findings and conclusion agree, and the table has them."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.domain.categories.values import Scheme
from workstation.domain.norm.category_rules import Named, fits, is_range, named_in, plain, rank, table_of
from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind


def differs_from_the_findings(text: ReportText) -> Iterator[NormFault]:
    """
    The worst category of the findings stands in the conclusion, beside which a former one may stand.

    A scheme that was computed or chosen for the sides is held against that choice, by the other rules.
    """
    chosen = {one.scheme for one in text.subject.categories} | {one.scheme for one in text.subject.sides}
    for scheme in _schemes(text):
        if scheme in chosen:
            continue
        found = _worst(named_in(text, text.findings, scheme), scheme)
        named = named_in(text, text.impression, scheme)
        concluded = _worst(named, scheme)
        if found is None or concluded is None or any(_agree(found.value, one.value) for one in named):
            continue
        yield NormFault(NormKind.CONCLUSION, "category_in_text_differs", concluded.field, concluded.quote, found.quote)


def not_in_the_table(text: ReportText) -> Iterator[NormFault]:
    """No scheme has a category 7, and PI-RADS ends with 5."""
    terms = text.terms
    for reading in (*text.findings, *text.impression, *text.recommendation):
        for scheme in _schemes(text):
            for name in terms.pattern("categories", "names", scheme).finditer(reading.field.text):
                match = terms.pattern("categories", "any_value").match(reading.field.text, name.end())
                number = plain(match.group("value")).rstrip("ABCX") if match is not None else ""
                if match is not None and not any(one.startswith(number) for one in table_of(scheme)):
                    quote = reading.field.text[name.start() : match.end()].strip()
                    yield NormFault(
                        NormKind.NUMBER, "category_unknown", reading.field.key, quote, ", ".join(table_of(scheme))
                    )


def _schemes(text: ReportText) -> list[str]:
    return [name for name in text.terms.raw["categories"]["names"] if name != Scheme.FLEISCHNER]


def _worst(named: list[Named], scheme: str) -> Named | None:
    known = [one for one in named if rank(scheme, one.value) < len(table_of(scheme))]
    return max(known, key=lambda one: rank(scheme, one.value), default=None)


def _agree(one: str, other: str) -> bool:
    if is_range(one) and is_range(other):
        return True
    return fits(one, other) or fits(other, one)
