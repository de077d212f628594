"""
What a radiology text says: its sentences, what is seen and what is not, on which side, of which size.

Not a parser of the language: the terms of ``resources.norm_terms`` in the order in which they stand. A doubt about
what a sentence means is a mention with polarity DOUBTFUL, which no rule counts as said or denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

from resources.norm_terms import norm_terms
from workstation.domain.norm.values import NormField, Role

BOTH: Final = frozenset({"left", "right"})
_LISTED: Final = re.compile(r"\d+|[-－~～至]|\bto\b|\bthrough\b")
_BESIDE: Final = 6
"""How far before its word a grade is told."""
_MILLIMETRES: Final = {"mm": 1.0, "cm": 10.0, "毫米": 1.0, "厘米": 10.0}


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


@dataclass(frozen=True, slots=True)
class Size:
    """A length with its dimensions in mm as written."""

    dimensions_mm: tuple[float, ...]
    quote: str


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
    return Reading(item, sentences, mentions, _sizes(item.text, terms), levels(item.text, terms))


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


def levels(text: str, terms: Terms) -> frozenset[str]:
    """Return vertebrae ("L4") and ribs ("rib 5") that a text names, ranges taken apart."""
    found: set[str] = set()
    for letter, first, other, second in terms.pattern("levels").findall(text):
        found.add(f"{letter.upper()}{first}")
        if second:
            last_letter = (other or letter).upper()
            found |= _range(letter.upper(), int(first), last_letter, int(second))
    for listed in terms.pattern("ribs").findall(text):
        found |= {f"rib {number}" for number in _listed(listed)}
    return frozenset(found)


def _listed(text: str) -> set[int]:
    """Return the numbers of a list such as "2, 5-7"."""
    found: set[int] = set()
    last, to = 0, False
    for token in _LISTED.findall(text):
        if token.isdigit():
            found |= set(range(last, int(token) + 1)) if to else {int(token)}
            last, to = int(token), False
        else:
            to = True
    return found


def _range(letter: str, first: int, last_letter: str, last: int) -> set[str]:
    if letter != last_letter:
        return {f"{last_letter}{last}"}
    return {f"{letter}{number}" for number in range(first, last + 1)}


def _sizes(text: str, terms: Terms) -> tuple[Size, ...]:
    sizes = []
    for match in terms.pattern("size").finditer(text):
        *numbers, unit = match.groups()
        factor = _MILLIMETRES[unit.lower()]
        dimensions = tuple(round(float(number) * factor, 2) for number in numbers if number is not None)
        sizes.append(Size(dimensions, match.group(0).strip()))
    return tuple(sizes)


def _mentions(sentence: str, role: Role, terms: Terms) -> Iterator[Mention]:
    """Yield what a sentence names; side and lobe carry on from clause to clause until another is named."""
    sides: frozenset[str] = frozenset()
    lobes: frozenset[str] = frozenset()
    was_denied = False
    follows = bool(terms.raw["side_follows"])
    for clause in split(sentence, terms.pattern("clause_end")):
        here = sides_in(clause, terms)
        sides = here or sides
        lobes = lobes_in(clause, terms) or (frozenset() if here else lobes)
        negation = terms.pattern("negation").search(clause)
        goes_on = was_denied and not here and terms.pattern("affirmed").match(clause) is None
        for entity, match, indirect in _named(clause, role, terms):
            polarity = _polarity(clause, match, negation, terms, after_denial=goes_on)
            if role is Role.IMPRESSION and terms.pattern("advice").search(clause[: match.start()]):
                polarity = Polarity.DOUBTFUL
            nearest = _nearest_sides(clause, match, terms) or sides
            if follows and not nearest:  # "nodule, left upper lobe"
                nearest, lobes = sides_in(sentence, terms), lobes or lobes_in(sentence, terms)
            yield Mention(entity, polarity, nearest, lobes, sentence, indirect, _grades(clause, match, terms))
        was_denied = negation is not None


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
    """Return the side named last before the entity, where the clause names several."""
    before = clause[: match.start()]
    last = max(
        (
            (found.start(), side)
            for side in ("both", "left", "right")
            for found in terms.pattern("sides", side).finditer(before)
        ),
        default=None,
    )
    if last is None:
        return frozenset()
    return BOTH if last[1] == "both" else frozenset({last[1]})


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
