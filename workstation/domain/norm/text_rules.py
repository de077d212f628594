"""Rules that hold one part of the report against another, or against what was examined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workstation.domain.norm.bound_lesions import may_be_meant
from workstation.domain.norm.levels import VERTEBRA, kind_of, levels_in, vertebrae_of
from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind
from workstation.domain.norm.weightings import without_weightings
from workstation.domain.norm.words import (
    BOTH,
    MILLIMETRES,
    Mention,
    Polarity,
    Reading,
    Size,
    clauses,
    lobes_in,
    places_in,
    rounds_to,
    sides_in,
    split,
)

_BEFORE: Final = 8
"""How far before its size a mean is called one."""
_REACH: Final = 8
"""How far behind its organ a removal is told."""


def side_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """What is concluded on a side was found on that side."""
    for reading in text.impression:
        for mention in reading.seen:
            found = _found(text, mention.entity)
            sides = frozenset().union(*(one.sides for one in (*found, *_beside(text, found, mention))))
            if mention.sides == BOTH:  # "right … and left … filling defects" in one clause
                sides = sides.union(*(sides_in(one.quote, text.terms) for one in found))
            known = bool(found) and all(one.sides for one in found)
            if known and mention.sides and not mention.sides <= sides:
                quote = found[0].quote
                yield NormFault(NormKind.SIDE, "side_of_conclusion", reading.field.key, mention.quote, quote)


def side_of_the_examination(text: ReportText) -> Iterator[NormFault]:
    """
    The report of a left knee does not tell of a right one.

    On a limb every side counts, whatever bone it is told of: a right tibia is not in a left knee.
    """
    terms, examination = text.terms, text.subject.examination
    side = sides_in(examination, terms)
    part = terms.pattern("sided_parts").search(examination)
    is_limb = terms.pattern("limb").search(examination) is not None
    if len(side) != 1 or (part is None and not is_limb):
        return
    for reading in (*text.findings, *text.impression):
        for sentence in reading.sentences:
            for clause in split(sentence, terms.pattern("clause_end")):
                named = sides_in(terms.pattern("view").sub("", clause), terms)
                about = is_limb or (part is not None and part.group(0).casefold() in clause.casefold())
                if about and named and not named & side and not terms.pattern("comparison").search(clause):
                    yield NormFault(NormKind.SIDE, "side_of_examination", reading.field.key, clause, examination)


def _beside(text: ReportText, found: list[Mention], concluded: Mention) -> Iterator[Mention]:
    """
    Yield what is told in other words.

    A sentence goes on about the other side ("an effusion on the right, fluid on the left"), and "nodules of both
    breasts" sums up a nodule of one and a cyst of the other; a "cystic nodule" is what the findings call anechoic, and
    a "lesion" may be anything that they describe, as far as it is not bound to the one that they name.
    """
    told = {(one.entity, one.quote) for one in found}
    also = text.terms.raw["entities"][concluded.entity]["also"]
    if also and concluded.sides != BOTH:
        named = text.terms.pattern("entities", also, "accepted").search(concluded.clause)
        also = also if named is not None else ""
    for reading in text.findings:
        for one in reading.mentions:
            is_beside = (one.entity, one.quote) in told or one.entity == also
            if is_beside and one.polarity is not Polarity.NOT_SEEN and may_be_meant(one, concluded, found, text.terms):
                yield one


def level_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """Vertebrae, discs, ribs and rays of the conclusion were named by the findings."""
    levels = frozenset().union(*(reading.levels for reading in text.findings))
    beside = frozenset().union(*(vertebrae_of(level) for level in levels))
    if any(kind_of(level) == VERTEBRA for level in levels):
        beside = frozenset()  # the findings tell vertebrae from discs, so "L4/5" speaks for no vertebra
    for reading in text.impression:
        for level in sorted(_stated_levels(reading, text) - levels - beside):
            named = sorted(one for one in levels if kind_of(one) == kind_of(level))
            if named and not (vertebrae_of(level) and vertebrae_of(level) <= levels):
                yield NormFault(NormKind.PART, "level_of_conclusion", reading.field.key, level, ", ".join(named))


def _stated_levels(reading: Reading, text: ReportText) -> frozenset[str]:
    """Return the levels of which a field does not deny something."""
    sentences = map(without_weightings, reading.sentences)  # whole ones: "T1, T2 hyperintense" is two clauses
    told = [clause for sentence in sentences for clause in clauses(sentence, text.terms)]
    return frozenset[str]().union(*(levels_in(clause.text) for clause in told if clause.negation is None))


def lobe_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """Lobes of the conclusion were named by the findings."""
    for reading in (*text.impression, *text.recommendation):
        for mention in reading.seen:
            found = _found(text, mention.entity)
            same_side = [one for one in found if not mention.sides or one.sides & mention.sides]
            beside = (one for one in _beside(text, found, mention) if not mention.sides or one.sides & mention.sides)
            lobes = frozenset().union(*(one.lobes for one in (*same_side, *beside)))
            known = bool(same_side) and all(one.lobes for one in same_side)
            if known and mention.lobes and not mention.lobes <= lobes:
                quote = same_side[0].quote
                yield NormFault(NormKind.PART, "lobe_of_conclusion", reading.field.key, mention.quote, quote)


def part_of_the_examination(text: ReportText) -> Iterator[NormFault]:
    """A CT of the chest tells nothing of the prostate, but of a kidney whose top it covers and says so."""
    terms, examination = text.terms, text.subject.examination
    if terms.pattern("whole_body").search(examination):
        return
    regions = {region for region in terms.names("regions") if terms.pattern("regions", region).search(examination)}
    if not regions:
        return
    covered = {
        organ
        for reading in text.findings
        for sentence in reading.sentences
        if terms.pattern("incidental").search(sentence) is not None
        for organ in terms.names("organs")
        if terms.pattern("organs", organ, "words").search(sentence) is not None
    }
    foreign = [
        organ
        for organ in terms.names("organs")
        if organ not in covered and not regions & set(terms.raw["organs"][organ]["regions"])
    ]
    for reading in (*text.findings, *text.impression):
        for sentence in reading.sentences:
            for clause in split(sentence, terms.pattern("clause_end")):
                named = _named_organ(text, clause, sentence, foreign)
                if named:
                    yield NormFault(NormKind.PART, "part_of_examination", reading.field.key, named, examination)


def _named_organ(text: ReportText, clause: str, sentence: str, organs: list[str]) -> str:
    if text.terms.pattern("advice").search(clause):
        return ""
    for organ in organs:
        match = text.organ_in(organ, clause, sentence)
        if match is not None:
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
    goes_on, about = False, frozenset[str]()
    for clause in split(sentence, terms.pattern("clause_end")):
        named = terms.pattern("organs", organ, "words").search(clause)
        normal = terms.pattern("normal").search(clause)
        is_removal = terms.pattern("removed").search(clause) is not None
        goes_on = not is_removal and (named is not None or (goes_on and not places_in(clause, terms)))
        about = sides_in(clause, terms) or (about if named is None else frozenset())
        if not goes_on or normal is None:
            continue
        for sides, lobes, words in removed:
            same_side = not sides or bool((about or BOTH) & sides)
            if same_side and lobes <= lobes_in(clause, terms):
                yield NormFault(NormKind.ABSENT_ORGAN, "absent_organ", reading.field.key, clause, words)


def sizes_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """A size in the conclusion is one that was measured; ten times as much is a fault of the unit."""
    found = [size for reading in text.findings for size in reading.sizes]
    known = [value for size in found for value in size.dimensions_mm] + list(text.subject.measured_mm)
    if not known:
        return
    means = list(_means(text))
    for reading in text.impression:
        for size in reading.sizes:
            is_mean = text.terms.pattern("mean").search(size.before[-_BEFORE:]) is not None
            kind = _mismatch(size, known + means if is_mean else known)
            if kind is not None:
                against = ", ".join(one.quote for one in found[:3])
                rule = "unit_of_conclusion" if kind is NormKind.UNIT else "size_of_conclusion"
                yield NormFault(kind, rule, reading.field.key, size.quote, against)


def _means(text: ReportText) -> Iterator[float]:
    """Yield the mean diameters in mm of what has two axes: Lung-RADS and Fleischner grade by them."""
    for reading in text.findings:
        for size in reading.sizes:
            if len(size.dimensions_mm) > 1:
                yield sum(sorted(size.dimensions_mm, reverse=True)[:2]) / 2
        for match in text.terms.pattern("axes").finditer(reading.field.text):
            long, long_unit, short, short_unit = match.groups()
            yield (float(long) * MILLIMETRES[long_unit] + float(short) * MILLIMETRES[short_unit]) / 2


def _mismatch(size: Size, known: list[float]) -> NormKind | None:
    if all(rounds_to(value, known) for value in size.dimensions_mm):
        return None
    if any(all(rounds_to(value * factor, known) for value in size.dimensions_mm) for factor in (10, 0.1)):
        return NormKind.UNIT
    return NormKind.NUMBER


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
