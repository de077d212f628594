"""
What a radiology text says: its sentences, what is seen and what is not, on which side, of which size.

Not a parser of the language: the terms of ``resources.norm_terms`` in the order in which they stand. A doubt about
what a sentence means is a mention with polarity DOUBTFUL, which no rule counts as said or denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

from resources.norm_terms import norm_terms
from workstation.domain.norm.levels import levels_in
from workstation.domain.norm.values import NormField, Role

BOTH: Final = frozenset({"left", "right"})
_BESIDE: Final = 6
"""How far before its word a grade is told."""
MILLIMETRES: Final = {"mm": 1.0, "cm": 10.0, "毫米": 1.0, "厘米": 10.0}
_ROUNDING_MM: Final = 0.51
"""A size may be told again in whole millimetres."""


class Polarity(StrEnum):
    """Whether something is said to be there."""

    SEEN = "seen"
    NOT_SEEN = "not_seen"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Mention:
    """
    One thing that a text names; ``sides`` and ``lobes`` are empty where it does not say.

    ``indirect``: not named, only described, as a pneumothorax is by "no lung markings".
    """

    entity: str
    polarity: Polarity
    sides: frozenset[str]
    lobes: frozenset[str]
    quote: str
    indirect: bool = False
    grades: frozenset[str] = frozenset()
    """How much of it, where the words beside it say so."""
    places: frozenset[str] = frozenset()
    """Parts of the body that its clause is about, or the one before it."""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """A length with its dimensions in mm as written, and the words before it in its sentence."""

    dimensions_mm: tuple[float, ...]
    quote: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one field says."""

    field: NormField
    sentences: tuple[str, ...]
    mentions: tuple[Mention, ...]
    sizes: tuple[Size, ...]
    levels: frozenset[str]

    @property
    def seen(self) -> tuple[Mention, ...]:
        """Return what is named as being there beyond doubt."""
        return tuple(m for m in self.mentions if m.polarity is Polarity.SEEN and not m.indirect)


class Terms:
    """The compiled patterns of one language."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self._compiled: dict[str, re.Pattern[str]] = {}

    def pattern(self, *path: str) -> re.Pattern[str]:
        """Return the pattern at a path of the terms, compiled once. KeyError for none."""
        key = "/".join(path)
        found = self._compiled.get(key)
        if found is None:
            value: Any = self.raw
            for name in path:
                value = value[name]
            found = self._compiled[key] = re.compile(value, re.IGNORECASE)
        return found

    def names(self, part: str) -> tuple[str, ...]:
        """Return the keys of a part of the terms."""
        return tuple(self.raw[part])


@cache
def terms_of(language: str) -> Terms:
    """Return the terms of a language."""
    return Terms(norm_terms(language))


def read(item: NormField, language: str) -> Reading:
    """Read one field."""
    terms = terms_of(language)
    sentences = split(item.text, terms.pattern("sentence_end"))
    mentions = tuple(mention for sentence in sentences for mention in _mentions(sentence, item.role, terms))
    return Reading(item, sentences, mentions, _sizes(item.text, terms), levels_in(item.text))


def split(text: str, at: re.Pattern[str]) -> tuple[str, ...]:
    """Return the parts between matches, without blanks around them and without empty ones."""
    parts, start = [], 0
    for match in at.finditer(text):
        parts.append(text[start : match.start()])
        start = match.end()
    return tuple(part.strip() for part in (*parts, text[start:]) if part.strip())


def sides_in(text: str, terms: Terms) -> frozenset[str]:
    """Return the sides that a text names."""
    if terms.pattern("sides", "both").search(text):
        return BOTH
    return frozenset(side for side in ("left", "right") if terms.pattern("sides", side).search(text))


def lobes_in(text: str, terms: Terms) -> frozenset[str]:
    """Return the lobes of the lung that a text names."""
    return frozenset(lobe for lobe in terms.names("lobes") if terms.pattern("lobes", lobe).search(text))


def places_in(text: str, terms: Terms) -> frozenset[str]:
    """Return the parts of the body that a text names."""
    return frozenset(place for place in terms.names("stations") if terms.pattern("stations", place).search(text))


def _sizes(text: str, terms: Terms) -> tuple[Size, ...]:
    sizes = []
    for match in terms.pattern("size").finditer(text):
        *numbers, unit = match.groups()
        factor = MILLIMETRES[unit.lower()]
        dimensions = tuple(round(float(number) * factor, 2) for number in numbers if number is not None)
        before = text[: match.start()]
        sentence = max((end.end() for end in terms.pattern("sentence_end").finditer(before)), default=0)
        sizes.append(Size(dimensions, match.group(0).strip(), before[sentence:]))
    return tuple(sizes)


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence with what it is about: side, lobe and place carry on until others are named."""

    text: str
    sides: frozenset[str]
    lobes: frozenset[str]
    places: frozenset[str]
    negation: re.Match[str] | None
    goes_on: bool
    """The clause before it denied something, and nothing here begins anew."""

    def polarity(self, match: re.Match[str], terms: Terms) -> Polarity:
        """Tell whether the words of a match are said to be there."""
        return _polarity(self.text, match, self.negation, terms, after_denial=self.goes_on)

    def sides_of(self, match: re.Match[str], terms: Terms) -> frozenset[str]:
        """Return the sides of the words of a match: the nearest before it, else those of the clause."""
        return _nearest_sides(self.text, match, terms) or self.sides


def clauses(sentence: str, terms: Terms) -> Iterator[Clause]:
    """Yield the parts of a sentence."""
    sides, lobes, places = frozenset[str](), frozenset[str](), frozenset[str]()
    was_denied = False
    for text in split(sentence, terms.pattern("clause_end")):
        here = sides_in(text, terms)
        sides = here or sides
        lobes = lobes_in(text, terms) or (frozenset() if here else lobes)
        places = places_in(text, terms) or places
        negation = terms.pattern("negation").search(text)
        goes_on = was_denied and not here and terms.pattern("affirmed").match(text) is None
        yield Clause(text, sides, lobes, places, negation, goes_on)
        was_denied = negation is not None


def _mentions(sentence: str, role: Role, terms: Terms) -> Iterator[Mention]:
    """Yield what a sentence names."""
    follows = bool(terms.raw["side_follows"])
    for clause in clauses(sentence, terms):
        for entity, match, indirect in _named(clause.text, role, terms):
            polarity = clause.polarity(match, terms)
            if role is Role.IMPRESSION and terms.pattern("advice").search(clause.text[: match.start()]):
                polarity = Polarity.DOUBTFUL
            sides, lobes = clause.sides_of(match, terms), clause.lobes
            if follows and not sides:  # "nodule, left upper lobe"
                sides, lobes = sides_in(sentence, terms), lobes or lobes_in(sentence, terms)
            grades = _grades(clause.text, match, terms)
            yield Mention(entity, polarity, sides, lobes, sentence, indirect, grades, clause.places, clause.text)


def _named(clause: str, role: Role, terms: Terms) -> Iterator[tuple[str, re.Match[str], bool]]:
    """Yield what a clause names, and in the findings what it describes without its name."""
    for entity in terms.names("entities"):
        for match in terms.pattern("entities", entity, "words").finditer(clause):
            yield entity, match, False
        if role is Role.FINDINGS and terms.raw["entities"][entity]["evidence"]:
            for match in terms.pattern("entities", entity, "evidence").finditer(clause):
                yield entity, match, True


def _grades(clause: str, match: re.Match[str], terms: Terms) -> frozenset[str]:
    """Return the grades that stand in the words of an entity or just before them."""
    beside = clause[max(match.start() - _BESIDE, 0) : match.end()]
    return frozenset(
        f"{family}/{grade}"
        for family in terms.names("grades")
        for grade in terms.raw["grades"][family]
        if terms.pattern("grades", family, grade).search(beside)
    )


def _nearest_sides(clause: str, match: re.Match[str], terms: Terms) -> frozenset[str]:
    """
    Return the side named last before the entity, where the clause names several.

    Both, where a list names both ("right upper and left lower artery") and no other finding stands between them.
    """
    before = clause[: match.start()]
    found = sorted(
        (one.start(), one.end(), side)
        for side in ("both", "left", "right")
        for one in terms.pattern("sides", side).finditer(before)
    )
    if not found:
        return frozenset()
    start, _end, last = found[-1]
    if last == "both":
        return BOTH
    for _start, end, side in reversed(found[:-1]):
        between = before[end:start]
        if side not in {"both", last} and terms.pattern("joined").search(between) and not _names(between, terms):
            return BOTH
    return frozenset({last})


def _names(words: str, terms: Terms) -> bool:
    return any(terms.pattern("entities", entity, "words").search(words) for entity in terms.names("entities"))


def _polarity(
    clause: str, match: re.Match[str], negation: re.Match[str] | None, terms: Terms, *, after_denial: bool
) -> Polarity:
    if negation is not None and negation.start() < match.end():
        return Polarity.NOT_SEEN
    if terms.pattern("denied_after").match(clause, match.end()):
        return Polarity.NOT_SEEN
    if after_denial or terms.pattern("doubt").search(clause) or terms.pattern("doubt_after").match(clause, match.end()):
        return Polarity.DOUBTFUL  # "no bleeding, infarction or mass": the comma may go on denying
    return Polarity.SEEN


def rounds_to(value_mm: float, known_mm: Iterable[float]) -> bool:
    """Tell whether a length, or one that was rounded to whole millimetres, is among the known ones."""
    return any(abs(value_mm - one) < _ROUNDING_MM for one in known_mm)
