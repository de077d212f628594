"""
Rules that hold sites, grades and amounts of the conclusion against those of the findings.

They know no diseases: what is concluded of a left adrenal gland, was told of a left adrenal gland. Where the findings
leave a side or a grade open, nothing is held against them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind
from workstation.domain.norm.words import BOTH, Mention, Polarity, Reading, Terms, sides_in, split

_POINTS: Final = 5.0
"""Percentages are estimated; so many points are the same estimate."""
_SHARE: Final = 0.1
"""Volumes within a tenth are the same volume, rounded."""


def site_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """What is concluded of a paired site was told of that side."""
    yield from _other_sides(text.impression, text.findings, text.terms, "sites")


def site_of_the_recommendation(text: ReportText) -> Iterator[NormFault]:
    """What is advised is advised for a side that the report tells of."""
    for part in ("sites", "recommended"):
        yield from _other_sides(text.recommendation, (*text.findings, *text.impression), text.terms, part)


def place_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """The quadrant, the meniscus, the ligament of the conclusion are those of the findings."""
    terms = text.terms
    for group in terms.names("places"):
        options = terms.raw["places"][group]
        told: dict[str, str] = {}
        for reading in text.findings:
            current: list[str] = []
            for sentence in reading.sentences:
                for clause in split(sentence, terms.pattern("clause_end")):
                    named = [one for one in options if terms.pattern("places", group, one, "seen").search(clause)]
                    current = named or current
                    if not _is_normal(clause, terms):
                        told |= {one: told.get(one, sentence) for one in current}
        for reading in text.impression:
            for clause in _stated(reading, terms):
                said = {one for one in options if terms.pattern("places", group, one, "said").search(clause)}
                if told and not said <= told.keys():
                    against = next(iter(told.values()))
                    yield NormFault(NormKind.PART, "place_of_conclusion", reading.field.key, clause, against)


def grade_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """A little fluid in the findings is not much in the conclusion."""
    terms = text.terms
    for reading in text.impression:
        for mention in reading.seen:
            if mention.entity not in terms.raw["graded"]:
                continue
            found = _same(text, mention)
            for family in terms.names("grades"):
                said = _of(mention, family)
                known = [_of(one, family) for one in found]
                if said and known and all(known) and not any(said & one for one in known):
                    against = found[0].quote
                    yield NormFault(NormKind.NUMBER, "amount_of_conclusion", reading.field.key, mention.quote, against)


def percent_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """A stenosis of 30 % does not become one of 80 %."""
    for kind in text.terms.names("percent_of"):
        found = [one for reading in text.findings for one in _percents(text.terms, reading, kind)]
        for reading in text.impression:
            for low, high, quote in _percents(text.terms, reading, kind):
                if found and not any(low <= one[1] + _POINTS and one[0] - _POINTS <= high for one in found):
                    yield NormFault(NormKind.NUMBER, "amount_of_conclusion", reading.field.key, quote, found[0][2])


def volume_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """A volume of the conclusion is one of the findings; ten times as much is a fault of the unit."""
    found = [one for reading in text.findings for one in _volumes(text.terms, reading)]
    for reading in text.impression:
        for value, quote in _volumes(text.terms, reading):
            if found and not _among(value, found):
                is_tenfold = _among(value * 10, found) or _among(value / 10, found)
                kind = NormKind.UNIT if is_tenfold else NormKind.NUMBER
                yield NormFault(kind, "amount_of_conclusion", reading.field.key, quote, found[0][1])


def labelled_numbers_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """
    An SUVmax, a calcium score, a heart rate of the conclusion is one of the findings, or rounded from it.

    The findings count with every number of a sentence that has the label ("descending 180, circumflex 46"), and with
    their sum; a number of a former examination is not held against them.
    """
    terms = text.terms
    for label in terms.names("labelled"):
        found = [one for reading in text.findings for one in _known_numbers(terms, reading, label)]
        for reading in text.impression:
            for low, high, step, quote in _labelled(terms, reading, label):
                if found and not any(low <= one[1] + step and one[0] - step <= high for one in found):
                    fault = (NormKind.NUMBER, "amount_of_conclusion", reading.field.key, quote, found[0][2])
                    yield NormFault(*fault)


def _known_numbers(terms: Terms, reading: Reading, label: str) -> Iterator[tuple[float, float, str]]:
    for sentence in reading.sentences:
        if terms.pattern("labelled", label).search(sentence) is None:
            continue
        ranges = [match.groups() for match in terms.pattern("labelled_value").finditer(sentence)]
        for low, high in ranges:
            yield float(low), float(high or low), sentence
        total = sum(float(low) for low, _high in ranges)
        if ranges:
            yield total, total, sentence


def _labelled(terms: Terms, reading: Reading, label: str) -> Iterator[tuple[float, float, float, str]]:
    """Yield the number right behind a label, from and to, with half a unit of its last digit."""
    for sentence in reading.sentences:
        if terms.pattern("former_film").search(sentence) is not None:
            continue
        for match in terms.pattern("labelled", label).finditer(sentence):
            value = terms.pattern("labelled_value").match(sentence, match.end())
            if value is not None:
                low, high = value.groups()
                step = 0.51 * 10.0 ** -len(low.partition(".")[2])
                yield float(low), float(high or low), step, sentence[match.start() : value.end()]


def _told(readings: Iterable[Reading], terms: Terms, part: str, site: str) -> Iterator[tuple[frozenset[str], str]]:
    """
    Yield the sides on which something is told of a site, with its words; empty where a side is left open.

    A side that is named after the site goes on about it ("the left one is clear, on the right a stone"), until another
    part of the body is named.
    """
    pattern = terms.pattern(part, site)
    for reading in readings:
        goes_on, sides = False, frozenset[str]()
        for sentence in reading.sentences:
            for clause in split(sentence, terms.pattern("clause_end")):
                here = sides_in(clause, terms)
                about = pattern.search(clause) is not None
                if about and not here and not goes_on:
                    here = _before(sentence, clause, terms)
                goes_on = about or (goes_on and not _another(clause, terms))
                sides = here or sides
                if goes_on and not _is_normal(clause, terms) and (about or here):
                    yield sides, sentence


def _before(sentence: str, clause: str, terms: Terms) -> frozenset[str]:
    return sides_in(sentence[: sentence.index(clause)], terms)


def _another(clause: str, terms: Terms) -> bool:
    named = (terms.pattern("sites", site).search(clause) for site in terms.names("sites"))
    organs = (terms.pattern("organs", organ, "words").search(clause) for organ in terms.names("organs"))
    return any(named) or any(organs)


def _other_sides(
    stated: tuple[Reading, ...], readings: tuple[Reading, ...], terms: Terms, part: str
) -> Iterator[NormFault]:
    clauses = [(reading.field.key, clause) for reading in stated for clause in _stated(reading, terms)]
    for site in terms.names(part):
        pattern = terms.pattern(part, site)
        named = [(key, clause, match) for key, clause in clauses for match in pattern.finditer(clause)]
        told = list(_told(readings, terms, part, site)) if named else []
        if not told or not all(sides for sides, _words in told):
            continue
        known = frozenset[str]().union(*(sides for sides, _words in told))
        for key, clause, match in named:
            if not _nearest(clause[: match.end()], terms) <= known:
                yield NormFault(NormKind.SIDE, "side_of_conclusion", key, clause, told[0][1])


def _nearest(words: str, terms: Terms) -> frozenset[str]:
    """Return the side that is named last."""
    both = terms.pattern("sides", "both")
    places = [(match.start(), BOTH) for match in both.finditer(words)]
    for side in ("left", "right"):
        places += [(match.start(), frozenset({side})) for match in terms.pattern("sides", side).finditer(words)]
    return max(places, key=lambda one: (one[0], len(one[1])), default=(0, frozenset[str]()))[1]


def _is_normal(clause: str, terms: Terms) -> bool:
    return terms.pattern("normal_clause").search(clause) is not None


def _stated(reading: Reading, terms: Terms) -> Iterator[str]:
    """Yield the clauses that state something abnormal without doubt."""
    for sentence in reading.sentences:
        for clause in split(sentence, terms.pattern("clause_end")):
            if not _is_normal(clause, terms) and terms.pattern("unlike").search(clause) is None:
                yield clause


def _same(text: ReportText, mention: Mention) -> list[Mention]:
    """Return the mentions of the findings that may be the same thing."""
    return [
        one
        for reading in text.findings
        for one in reading.mentions
        if one.entity == mention.entity
        and one.polarity is not Polarity.NOT_SEEN
        and not one.indirect
        and (not one.sides or not mention.sides or one.sides & mention.sides)
    ]


def _of(mention: Mention, family: str) -> frozenset[str]:
    return frozenset(grade for grade in mention.grades if grade.startswith(family))


def _percents(terms: Terms, reading: Reading, kind: str) -> Iterator[tuple[float, float, str]]:
    for sentence in reading.sentences:
        if terms.pattern("percent_of", kind).search(sentence) is None:
            continue
        for match in terms.pattern("percent_value").finditer(sentence):
            bound, low, high = match.groups()
            yield (0.0, 100.0, sentence) if bound else (float(low), float(high or low), match.group(0).strip())


def _volumes(terms: Terms, reading: Reading) -> Iterator[tuple[float, str]]:
    for match in terms.pattern("volume").finditer(reading.field.text):
        yield float(match.group(1)), match.group(0)


def _among(value: float, found: list[tuple[float, str]]) -> bool:
    return any(abs(value - one) <= _SHARE * max(value, one) for one, _quote in found)
