"""Rules that hold one part of the report against another, or against what was examined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind
from workstation.domain.norm.words import BOTH, Mention, Polarity, Reading, Size, lobes_in, sides_in, split

_ROUNDING_MM: Final = 0.51
"""A conclusion may round a size to whole millimetres."""
_REACH: Final = 8
"""How far behind its organ a removal is told."""


def side_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """What is concluded on a side was found on that side."""
    for reading in text.impression:
        for mention in reading.seen:
            found = _found(text, mention.entity)
            sides = frozenset().union(*(one.sides for one in found), *_beside(text, found, mention))
            known = bool(found) and all(one.sides for one in found)
            if known and mention.sides and not mention.sides <= sides:
                quote = found[0].quote
                yield NormFault(NormKind.SIDE, "side_of_conclusion", reading.field.key, mention.quote, quote)


def side_of_the_examination(text: ReportText) -> Iterator[NormFault]:
    """The report of a left knee does not tell of a right one."""
    terms, examination = text.terms, text.subject.examination
    side = sides_in(examination, terms)
    part = terms.pattern("sided_parts").search(examination)
    if part is None or len(side) != 1:
        return
    for reading in (*text.findings, *text.impression):
        for sentence in reading.sentences:
            for clause in split(sentence, terms.pattern("clause_end")):
                named = sides_in(clause, terms)
                about = part.group(0).casefold() in clause.casefold()
                if about and named and not named & side and not terms.pattern("comparison").search(clause):
                    yield NormFault(NormKind.SIDE, "side_of_examination", reading.field.key, clause, examination)


def _beside(text: ReportText, found: list[Mention], concluded: Mention) -> Iterator[frozenset[str]]:
    """
    Yield the sides that are told in other words.

    A sentence goes on about the other side ("an effusion on the right, fluid on the left"), and "nodules of both
    breasts" sums up a nodule of one and a cyst of the other.
    """
    told = {(one.entity, one.quote) for one in found}
    also = text.terms.raw["entities"][concluded.entity]["also"] if concluded.sides == BOTH else ""
    for reading in text.findings:
        for one in reading.mentions:
            if ((one.entity, one.quote) in told or one.entity == also) and one.polarity is not Polarity.NOT_SEEN:
                yield one.sides


def part_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """Lobes, vertebrae and ribs of the conclusion were named by the findings."""
    levels = frozenset().union(*(reading.levels for reading in text.findings))
    for reading in text.impression:
        for level in sorted(reading.levels - levels):
            kind = level[0]
            named = sorted(one for one in levels if one[0] == kind)
            if named:
                yield NormFault(NormKind.PART, "level_of_conclusion", reading.field.key, level, ", ".join(named))
    for reading in (*text.impression, *text.recommendation):
        for mention in reading.seen:
            found = _found(text, mention.entity)
            same_side = [one for one in found if not mention.sides or one.sides & mention.sides]
            lobes = frozenset().union(*(one.lobes for one in same_side))
            known = bool(same_side) and all(one.lobes for one in same_side)
            if known and mention.lobes and not mention.lobes <= lobes:
                quote = same_side[0].quote
                yield NormFault(NormKind.PART, "lobe_of_conclusion", reading.field.key, mention.quote, quote)


def part_of_the_examination(text: ReportText) -> Iterator[NormFault]:
    """A CT of the chest tells nothing of the prostate."""
    terms, examination = text.terms, text.subject.examination
    if terms.pattern("whole_body").search(examination):
        return
    regions = {region for region in terms.names("regions") if terms.pattern("regions", region).search(examination)}
    if not regions:
        return
    for reading in (*text.findings, *text.impression):
        for sentence in reading.sentences:
            for clause in split(sentence, terms.pattern("clause_end")):
                organ = _foreign_organ(text, clause, regions)
                if organ:
                    yield NormFault(NormKind.PART, "part_of_examination", reading.field.key, organ, examination)


def _foreign_organ(text: ReportText, clause: str, regions: set[str]) -> str:
    if text.terms.pattern("advice").search(clause):
        return ""
    for organ, raw in text.terms.raw["organs"].items():
        match = text.terms.pattern("organs", organ, "words").search(clause)
        if match is not None and not regions & set(raw["regions"]):
            return match.group(0)
    return ""


def conclusion_without_findings(text: ReportText) -> Iterator[NormFault]:
    """What the conclusion states was described, and not denied, by the findings."""
    for reading in text.impression:
        for mention in reading.seen:
            evidence = text.terms.raw["entities"][mention.entity]["evidence"]
            if not evidence or not text.findings or _found(text, mention.entity):
                continue
            denied = [
                one
                for other in text.findings
                for one in other.mentions
                if one.entity == mention.entity
                and not one.indirect
                and one.polarity is Polarity.NOT_SEEN
                and (not one.sides or not mention.sides or one.sides & mention.sides)
                and _same_station(text, one, mention)
            ]
            if denied:
                quote = denied[0].quote
                yield NormFault(NormKind.CONCLUSION, "denied_by_findings", reading.field.key, mention.quote, quote)
            elif not text.terms.raw["entities"][mention.entity]["quiet"]:
                yield NormFault(NormKind.CONCLUSION, "not_in_findings", reading.field.key, mention.quote)


def findings_without_conclusion(text: ReportText) -> Iterator[NormFault]:
    """A conclusion does not call normal, or leave out, what the findings found."""
    if not text.impression:
        return
    target = text.impression[0].field.key
    normal = all(text.terms.pattern("all_normal").match(s) for r in text.impression for s in r.sentences)
    for reading in text.findings:
        for mention in reading.seen:
            entity = text.terms.raw["entities"][mention.entity]
            if normal and not entity["quiet"]:
                quote = text.impression[0].sentences[0]
                yield NormFault(NormKind.CONCLUSION, "normal_despite_findings", target, quote, mention.quote)
            elif entity["severe"] and not text.terms.pattern("entities", mention.entity, "accepted").search(
                text.impression_text
            ):
                yield NormFault(NormKind.CONCLUSION, "missing_in_conclusion", target, mention.quote)


def absent_organ(text: ReportText) -> Iterator[NormFault]:
    """What was removed is not described as normal."""
    for organ in text.terms.names("organs"):
        removed = [one for reading in text.everything for one in _removed(text, reading, organ)]
        if not removed:
            continue
        for reading in (*text.findings, *text.impression):
            for sentence in reading.sentences:
                yield from _called_normal(text, reading, sentence, organ, removed)


def _removed(text: ReportText, reading: Reading, organ: str) -> Iterator[tuple[frozenset[str], frozenset[str], str]]:
    """Yield side, lobes and words of each removal of an organ that a field tells."""
    terms = text.terms
    for sentence in reading.sentences:
        for clause in split(sentence, terms.pattern("clause_end")):
            named = terms.pattern("organs", organ, "words").search(clause)
            gone = terms.pattern("removed").search(clause)
            operation = terms.raw["organs"][organ]["operation"]
            told = named is not None and gone is not None and 0 <= gone.start() - named.end() <= _REACH
            told = told or bool(operation and terms.pattern("organs", organ, "operation").search(clause))
            sides = sides_in(clause, terms)
            if told and (sides or organ not in terms.raw["paired"]):  # of two kidneys one must be named
                yield sides, lobes_in(clause, terms), clause


def _called_normal(
    text: ReportText,
    reading: Reading,
    sentence: str,
    organ: str,
    removed: list[tuple[frozenset[str], frozenset[str], str]],
) -> Iterator[NormFault]:
    terms = text.terms
    for clause in split(sentence, terms.pattern("clause_end")):
        named = terms.pattern("organs", organ, "words").search(clause)
        normal = terms.pattern("normal").search(clause)
        if named is None or normal is None or terms.pattern("removed").search(clause):
            continue
        for sides, lobes, words in removed:
            same_side = not sides or bool((sides_in(clause, terms) or BOTH) & sides)
            if same_side and lobes <= lobes_in(clause, terms):
                yield NormFault(NormKind.ABSENT_ORGAN, "absent_organ", reading.field.key, clause, words)


def sizes_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """A size in the conclusion is one that was measured; ten times as much is a fault of the unit."""
    found = [size for reading in text.findings for size in reading.sizes]
    known = [value for size in found for value in size.dimensions_mm] + list(text.subject.measured_mm)
    if not known:
        return
    for reading in text.impression:
        for size in reading.sizes:
            kind = _mismatch(size, known)
            if kind is not None:
                against = ", ".join(one.quote for one in found[:3])
                rule = "unit_of_conclusion" if kind is NormKind.UNIT else "size_of_conclusion"
                yield NormFault(kind, rule, reading.field.key, size.quote, against)


def _mismatch(size: Size, known: list[float]) -> NormKind | None:
    if all(_near(value, known) for value in size.dimensions_mm):
        return None
    if any(all(_near(value * factor, known) for value in size.dimensions_mm) for factor in (10, 0.1)):
        return NormKind.UNIT
    return NormKind.NUMBER


def _near(value: float, known: list[float]) -> bool:
    return any(abs(value - one) < _ROUNDING_MM for one in known)


def _same_station(text: ReportText, one: Mention, other: Mention) -> bool:
    """Tell whether two mentions may be about one place: nodes of the neck deny none of the axilla."""
    where = text.terms.raw["entities"][one.entity]["where"]
    if not where:
        return True
    pattern = text.terms.pattern("entities", one.entity, "where")
    here, there = set(pattern.findall(one.quote)), set(pattern.findall(other.quote))
    return not here or not there or bool(here & there)


def _found(text: ReportText, entity: str) -> list[Mention]:
    """Return what the findings name of this kind and do not deny; where they name none, what describes one."""
    found = [
        mention
        for reading in text.findings
        for mention in reading.mentions
        if mention.entity == entity and mention.polarity is not Polarity.NOT_SEEN
    ]
    if text.terms.raw["entities"][entity]["quiet"]:
        return found
    return [mention for mention in found if not mention.indirect] or found
