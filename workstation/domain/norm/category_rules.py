"""Rules about categories: computed from what the findings still say, and the one that the text names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from workstation.domain.categories import bi_rads, c_lung_rads, lung_rads, pi_rads
from workstation.domain.categories.values import Scheme
from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormCategory, NormFault, NormKind
from workstation.domain.norm.words import Reading, Terms

CATEGORY_FORM: Final = "category:"
"""What the target of a fault begins with that is mended in the form of the scheme named after it."""
CATEGORY_RANGE: Final = "category_range_in_text"
_THYROID: Final = ("0", "1", "2", "3", "4", "4A", "4B", "4C", "5", "6")
"""Categories of C-TIRADS (2020) and of the older TI-RADS with letters; ACR TI-RADS (2017) has 1 to 5 of them."""
_ORDER: Final[dict[str, tuple[str, ...]]] = {
    Scheme.LUNG_RADS: ("0", *lung_rads.ORDER),
    Scheme.C_LUNG_RADS: c_lung_rads.CATEGORIES,
    Scheme.BI_RADS: bi_rads.ORDER,
    Scheme.PI_RADS: pi_rads.CATEGORIES,
    "ti-rads": _THYROID,
    "c-ti-rads": _THYROID,
    "li-rads": ("1", "2", "3", "4", "5"),
}
"""From the least to the most abnormal; the last three stand in texts only and are computed by nothing here."""
_FIRST_LOOK: Final = {"optional_12": (12, 12), "6_12": (6, 12), "3_6": (3, 6), "3_pet_biopsy": (3, 3)}
"""Months until the first control that a recommendation by Fleischner names."""
_ROMAN: Final = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6"}
_FROM: Final = ("from", "由", "从")
_IDEOGRAPHS: Final = "零一二三四五六"


@dataclass(frozen=True, slots=True)
class Said:
    """A category in a sentence: ``value`` as the table writes it or a range of two, and where its words are."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Named:
    """A category that the text names; ``value`` as the table writes it."""

    field: str
    value: str
    quote: str


def outdated(text: ReportText) -> Iterator[NormFault]:
    """A category is computed from the findings as they are, not as they were."""
    for one in text.subject.categories:
        if one.changed:
            yield NormFault(
                NormKind.CONCLUSION, "category_outdated", f"{CATEGORY_FORM}{one.scheme}", one.label, one.changed
            )


def differs_from_the_text(text: ReportText) -> Iterator[NormFault]:
    """
    The category of the text is the one that was chosen.

    A report may name one for each lesion or side: the highest is that of the examination. Former categories,
    conditions and tables say nothing of this examination. A range names no category: it is told although the chosen
    one lies in it.
    """
    for one in text.subject.categories:
        if one.scheme == Scheme.FLEISCHNER:
            yield from _other_follow_up(text, one)
            continue
        named = named_in(text, (*text.findings, *text.impression, *text.recommendation), one.scheme)
        chosen = one.chosen.split(" ")[0]
        worst = max((rank(one.scheme, other.value) for other in named), default=-1)
        for other in named:
            if rank(one.scheme, other.value) != worst:
                continue
            if not fits(other.value, chosen):
                yield _differs(other.field, other.quote, one)
            elif is_range(other.value):
                yield NormFault(NormKind.CONCLUSION, CATEGORY_RANGE, other.field, other.quote, one.label)


def _differs(field: str, quote: str, one: NormCategory) -> NormFault:
    return NormFault(NormKind.CONCLUSION, "category_in_text_differs", field, quote, one.label)


def named_in(text: ReportText, readings: Iterable[Reading], scheme: str) -> list[Named]:
    """Return the categories of a table that some fields state of today."""
    return [
        Named(reading.field.key, one.value, sentence[one.start : one.end])
        for reading in readings
        for sentence in reading.sentences
        for one in in_sentence(sentence, scheme, text.terms)
    ]


def in_sentence(sentence: str, scheme: str, terms: Terms) -> Iterator[Said]:
    """Yield the categories of a table that a sentence states of today, in the order in which they stand."""
    if terms.pattern("categories", "condition").search(sentence):
        return
    for match in terms.pattern("categories", "names", scheme).finditer(sentence):
        before, behind = _clause_before(sentence[: match.start()]), match.end()
        if _is_former(before, terms):
            continue
        first = terms.pattern("categories", "value").match(sentence, behind)
        if first is None:
            before_it = terms.pattern("categories", "value_before").search(sentence[: match.start()])
            if before_it is not None:
                yield Said(_value(before_it), before_it.start(), match.end())
            continue
        values, more = [first], terms.pattern("categories", "further")
        while (again := more.match(sentence, values[-1].end())) is not None:
            values.append(again)
        said = sentence[match.start() : values[-1].end()]
        moved = before.rstrip().lower().endswith(_FROM) or terms.pattern("categories", "moved").search(said)
        if moved:  # of "from 4A to 3" the last one counts, "from 4A" alone says nothing of today
            values = values[-1:] if len(values) > 1 or first.group("least") else []
        for one in values:
            value = plain(one.group("value")) if moved else _value(one)
            if not _is_scale(value) and not any(
                terms.pattern("categories", name).match(sentence, one.end()) for name in ("bound", "former_after")
            ):
                yield Said(value, match.start(), one.end())


def _value(match: re.Match[str]) -> str:
    """Return the category that was matched, "4A-4B" for a range, "4a-b" too."""
    last = plain(match.group("value"))
    if not match.group("least"):
        return last
    least = plain(match.group("least"))
    if last.isalpha():
        last = least.rstrip("ABCX") + last
    return f"{least}-{last}" if least < last else least


def _is_scale(value: str) -> bool:
    """Tell whether a range is that of the whole table, which says nothing of the examination."""
    least, _, last = value.partition("-")
    return bool(last) and least <= "1" and last >= "4"


def plain(value: str) -> str:
    """Return a category as the tables write it: "４ａ" is 4A, "IV" and "四" are 4."""
    folded = unicodedata.normalize("NFKC", value).upper().replace(" ", "")
    number = folded.rstrip("ABCX")
    letter = folded[len(number) :]
    if number and number in _IDEOGRAPHS:
        number = str(_IDEOGRAPHS.index(number))
    return _ROMAN.get(number, number) + letter


def is_range(said: str) -> bool:
    """Tell whether a text says several categories, "4A-4B", where the table has one."""
    return "-" in said


def fits(said: str, chosen: str) -> bool:
    """Tell whether a text that says 4 or 4A-4B may mean 4A; one that says 4B does not."""
    least, _, last = said.partition("-")
    if last and least <= chosen <= last:
        return True
    return any(one == chosen or (one.isdigit() and one == chosen.rstrip("ABCX")) for one in (least, last))


def table_of(scheme: str) -> tuple[str, ...]:
    """Return the categories of a scheme, from the least to the most abnormal. KeyError for no scheme."""
    return _ORDER[scheme]


def rank(scheme: str, value: str) -> int:
    """Return how high a category of a table is, of a range its last; what no table knows is higher than all."""
    order, last = _ORDER[scheme], value.rpartition("-")[2]
    return next((at for at, one in enumerate(order) if fits(last, one)), len(order))


def _clause_before(words: str) -> str:
    return re.split(r"[，,（(：:]", words)[-1]


def _is_former(before: str, terms: Terms) -> bool:
    former = [match.end() for match in terms.pattern("categories", "former").finditer(before)]
    today = [match.end() for match in terms.pattern("categories", "today").finditer(before)]
    return bool(former) and max(former) > max(today, default=0)


def _other_follow_up(text: ReportText, one: NormCategory) -> Iterator[NormFault]:
    """Yield sentences that name Fleischner with a first control outside the months of the recommendation."""
    terms = text.terms
    names = sorted(_FIRST_LOOK, key=len, reverse=True)
    expected = next((_FIRST_LOOK[name] for name in names if one.chosen.startswith(name)), None)
    for reading in (*text.findings, *text.impression, *text.recommendation):
        for sentence in reading.sentences:
            name = terms.pattern("categories", "names", one.scheme).search(sentence)
            if name is None or terms.pattern("categories", "condition").search(sentence):
                continue
            none = terms.pattern("categories", "no_follow_up").search(sentence, name.end())
            months = terms.pattern("categories", "months").search(sentence, name.end())
            if expected is None:
                told = months if none is None else None
            elif months is None:
                told = none
            else:
                told = None if _is_within(months, expected) else months
            if told is not None and not _is_former(_clause_before(sentence[: name.start()]), terms):
                yield _differs(reading.field.key, sentence[name.start() : told.end()], one)


def _is_within(months: re.Match[str], expected: tuple[int, int]) -> bool:
    first = int(months.group("first"))
    return expected[0] <= first and int(months.group("last") or first) <= expected[1]
