"""Rules about categories that are chosen for each side: held against the one computed, and against the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from workstation.domain.categories.values import Scheme
from workstation.domain.norm.category_rules import CATEGORY_RANGE, Said, fits, in_sentence, is_range, rank
from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind, NormSide
from workstation.domain.norm.words import Terms, sides_in, split

_SUSPICIOUS: Final = frozenset({"4A", "4B", "4C", "5", "6"})
"""What the impression cannot leave out"""
_HEADING: Final = re.compile(r"[:：]\s*")
_PARENTHESES: Final = re.compile(r"\s*[(（][^()（）]*[)）]")
_BESIDE: Final = re.compile(r"[ A-Za-z]*")
"""English may tell the side behind the category, Chinese begins the next one there"""


@dataclass(frozen=True, slots=True)
class _Named:
    """A category that the text names; ``side`` is empty where the words do not tell of exactly one."""

    field: str
    side: str
    value: str
    quote: str


def worse_side(text: ReportText) -> Iterator[NormFault]:
    """The category of the examination is that of its worse side, no side is worse."""
    for one in text.subject.categories:
        sides = [side for side in text.subject.sides if side.scheme == one.scheme]
        worst = _worst([side for side in sides if side.value])
        chosen = one.chosen.split(" ")[0]
        if worst is None or worst.value == chosen:
            continue
        if _is_whole(sides) or rank(one.scheme, worst.value) > rank(one.scheme, chosen):
            yield NormFault(NormKind.CONCLUSION, "category_of_side_differs", worst.field, worst.label, one.label)


def other_in_the_text(text: ReportText) -> Iterator[NormFault]:
    """What the text says of a side was chosen for it; a side may have several lesions, the worst one counts."""
    for scheme in sorted({one.scheme for one in text.subject.sides}):
        sides = [one for one in text.subject.sides if one.scheme == scheme]
        chosen = [one for one in sides if one.value]
        named = list(_named(text, scheme))
        is_computed = any(one.scheme == scheme for one in text.subject.categories)  # the text is held against that one
        highest = _highest(named, scheme)
        for side in chosen:
            said = _highest([one for one in named if one.side == side.side], scheme)
            if said is not None and not fits(said.value, side.value):
                yield _other(said, side, NormKind.SIDE)
            elif said is not None and is_range(said.value) and not (is_computed and said is highest):
                yield _range(said, side)
        said, worst = highest, _worst(chosen)
        if is_computed or said is None or said.side or worst is None or not _is_whole(sides):
            continue
        if not fits(said.value, worst.value):
            yield _other(said, worst, NormKind.CONCLUSION)
        elif is_range(said.value):
            yield _range(said, worst)


def missing_in_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """The impression tells of every side whose category is suspicious."""
    if not text.impression:
        return
    told = _told_sides(text)
    for one in text.subject.sides:
        if one.value in _SUSPICIOUS and one.side not in told:
            yield NormFault(NormKind.SIDE, "side_missing_in_conclusion", text.impression[0].field.key, one.label)


def _other(said: _Named, side: NormSide, kind: NormKind) -> NormFault:
    return NormFault(kind, "category_in_text_differs", said.field, said.quote, side.label)


def _range(said: _Named, side: NormSide) -> NormFault:
    return NormFault(NormKind.CONCLUSION, CATEGORY_RANGE, said.field, said.quote, side.label)


def _is_whole(sides: Sequence[NormSide]) -> bool:
    return {one.side for one in sides} == {"left", "right"}


def _worst(sides: Sequence[NormSide]) -> NormSide | None:
    return max(sides, key=lambda one: rank(one.scheme, one.value), default=None)


def _highest(named: Sequence[_Named], scheme: str) -> _Named | None:
    return max(named, key=lambda one: rank(scheme, one.value), default=None)


def _named(text: ReportText, scheme: str) -> Iterator[_Named]:
    for reading in (*text.findings, *text.impression, *text.recommendation):
        for sentence in reading.sentences:
            start = 0
            for one in in_sentence(sentence, scheme, text.terms):
                side, end = _side(sentence, one, start, text.terms)
                quote = sentence[max(start, 0 if side else one.start) : one.end]
                yield _Named(reading.field.key, side, one.value, quote.strip(" ，,、"))
                start = end


def _side(sentence: str, one: Said, start: int, terms: Terms) -> tuple[str, int]:
    """Return the side that the words since the last category tell of, else those behind it, and where they end."""
    since = _PARENTHESES.sub("", sentence[start : one.end])
    clause = (sides_in(part, terms) for part in reversed(split(since, terms.pattern("clause_end"))))
    nearest = next(clause, frozenset[str]()) or sides_in(since, terms)
    if nearest:
        return _only(nearest), one.end
    behind = _PARENTHESES.match(sentence, one.end) or _BESIDE.match(sentence, one.end)
    beside = sides_in(behind.group(), terms) if behind is not None else frozenset[str]()
    return _only(beside), behind.end() if behind is not None and beside else one.end


def _only(sides: frozenset[str]) -> str:
    return "".join(sides) if len(sides) == 1 else ""


def _told_sides(text: ReportText) -> frozenset[str]:
    """Return the sides on which the impression finds something."""
    terms, told = text.terms, set[str]()
    others = [terms.pattern("advice"), *(terms.pattern("categories", "names", name) for name in Scheme)]
    for reading in text.impression:
        for sentence in reading.sentences:
            sides = frozenset[str]()
            for clause in split(_HEADING.sub(" ", sentence), terms.pattern("clause_end")):
                here = sides_in(clause, terms)
                sides = here or sides
                said_of_it = here or not any(pattern.search(clause) for pattern in others)
                if said_of_it and terms.pattern("categories", "unremarkable").search(clause) is None:
                    told |= sides
    return frozenset(told)
