"""
Rules about severe findings: the conclusion names each of them, and denies none.

What "severe" means, and which words answer for it, is in the terms (``severe``, ``accepted``, ``denies``, ``each``).
What is old, absorbed or operated upon may be left out or denied ("no fresh fracture"); ``aged`` and ``again`` say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from workstation.domain.norm.compare_rules import site_of_the_conclusion
from workstation.domain.norm.levels import kind_of, levels_in
from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.text_rules import level_of_the_conclusion, side_of_the_conclusion
from workstation.domain.norm.values import NormFault, NormKind
from workstation.domain.norm.words import Mention, Polarity, Reading, Terms, clauses

_AT_ONE_PLACE: Final = frozenset({"pneumothorax", "dissection", "perforation", "free_air", "obstruction"})
"""What one field cannot both see and deny; a fracture may be seen here and denied there."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """Words of the impression that answer for a severe finding."""

    sides: frozenset[str]
    places: frozenset[str]
    levels: frozenset[str]
    is_open: bool
    """It says "multiple" or "the above" and counts nothing up."""


def denied_by_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """A conclusion denies nothing that the findings saw."""
    for reading in text.impression:
        for denial in _denials(reading, text.terms):
            against = _contradicted(text, denial, text.findings)
            if against is not None and not _concluded(text, against):
                quote = against.quote
                yield NormFault(NormKind.CONCLUSION, "denied_in_conclusion", reading.field.key, denial.quote, quote)


def denied_by_its_own_field(text: ReportText) -> Iterator[NormFault]:
    """Nobody has a pneumothorax and none."""
    for reading in text.findings:
        for denial in _denials(reading, text.terms):
            against = _contradicted(text, denial, (reading,))
            if against is not None and denial.entity in _AT_ONE_PLACE and against.quote != denial.quote:
                yield NormFault(
                    NormKind.CONCLUSION, "denied_in_findings", reading.field.key, denial.quote, against.quote
                )


def left_out(text: ReportText) -> Iterator[NormFault]:
    """A conclusion does not call normal, or leave out, what the findings found: each side and level of it."""
    if not text.impression:
        return
    terms, target = text.terms, text.impression[0].field.key
    normal = _is_all_normal(text)
    told = set(_held_against(text))
    for reading in text.findings:
        for mention in reading.seen:
            entity = terms.raw["entities"][mention.entity]
            if normal and not entity["quiet"]:
                yield _called_normal(text, mention.quote)
            elif entity["severe"] and mention.quote not in told and _is_left_out(text, mention):
                told.add(mention.quote)
                yield NormFault(NormKind.CONCLUSION, "missing_in_conclusion", target, mention.quote)


def abnormal_called_normal(text: ReportText) -> Iterator[NormFault]:
    """What has no name in the terms is abnormal all the same: a low density, a swelling, a destruction."""
    if not text.impression or not _is_all_normal(text):
        return
    terms = text.terms
    for reading in text.findings:
        for sentence in reading.sentences:
            for clause in clauses(sentence, terms):
                match = terms.pattern("abnormal").search(clause.text)
                if match is None or terms.pattern("unlike_abnormal").search(clause.text) is not None:
                    continue
                if clause.polarity(match, terms) is Polarity.SEEN or "失" in match.group(0):
                    yield _called_normal(text, sentence)
                    return


def _held_against(text: ReportText) -> Iterator[str]:
    """Yield the sentences of the findings that a wrong side or level of the conclusion is told of already."""
    for rule in (side_of_the_conclusion, site_of_the_conclusion):
        for fault in rule(text):
            yield fault.against
    wrong = {level for fault in level_of_the_conclusion(text) for level in fault.against.split(", ")}
    for reading in text.findings:
        for sentence in reading.sentences:
            if wrong & levels_in(sentence):
                yield sentence


def _called_normal(text: ReportText, found: str) -> NormFault:
    first = text.impression[0]
    return NormFault(NormKind.CONCLUSION, "normal_despite_findings", first.field.key, first.sentences[0], found)


def _is_all_normal(text: ReportText) -> bool:
    return all(text.terms.pattern("all_normal").match(s) for r in text.impression for s in r.sentences)


def _is_left_out(text: ReportText, mention: Mention) -> bool:
    terms = text.terms
    if _is_aged(mention, terms):  # it need not be named again for every side
        return terms.pattern("entities", mention.entity, "accepted").search(text.impression_text) is None
    answers = list(_answers(text, mention.entity))
    if not answers:
        return not _is_denied(text, mention)  # a denial has a fault of its own
    if mention.entity not in terms.raw["each"] or terms.pattern("bowed_out").search(mention.clause) is not None:
        return False
    if mention.entity in terms.raw["placed"] and mention.places and not _may_be_called_otherwise(text, mention):
        answers = [one for one in answers if not one.places or one.places & mention.places]
    return not answers or _lacks_levels(mention, answers) or _lacks_a_side(mention, answers, terms)


def _may_be_called_otherwise(text: ReportText, mention: Mention) -> bool:
    """Tell whether it is the only one of a kind that a conclusion may name by its origin: a mass beside the uterus."""
    if mention.entity not in text.terms.raw["loose"]:
        return False
    others = (one for reading in text.findings for one in reading.seen if one.entity == mention.entity)
    return not any(one.places and not one.places & mention.places for one in others)


def _lacks_a_side(mention: Mention, answers: list[_Answer], terms: Terms) -> bool:
    if terms.pattern("no_side").search(mention.clause) is not None or not all(one.sides for one in answers):
        return False
    return not mention.sides <= frozenset[str]().union(*(one.sides for one in answers))


def _lacks_levels(mention: Mention, answers: list[_Answer]) -> bool:
    """Tell whether the conclusion counts up levels of the kind of the finding and forgets one of them."""
    if any(one.is_open for one in answers):
        return False
    named = frozenset().union(*(one.levels for one in answers))
    for level in levels_in(mention.clause):
        same = {one for one in named if kind_of(one) == kind_of(level)}
        if same and level not in same:
            return True
    return False


def _answers(text: ReportText, entity: str) -> Iterator[_Answer]:
    """Yield what the impression says of a kind of finding outside of denials."""
    terms = text.terms
    accepted = terms.pattern("entities", entity, "accepted")
    for reading in text.impression:
        for sentence in reading.sentences:
            is_open = terms.pattern("several").search(sentence) is not None
            levels = levels_in(sentence)
            for clause in clauses(sentence, terms):
                for match in accepted.finditer(clause.text):
                    if clause.polarity(match, terms) is not Polarity.NOT_SEEN:
                        yield _Answer(clause.sides_of(match, terms), clause.places, levels, is_open)


def _denials(reading: Reading, terms: Terms) -> Iterator[Mention]:
    """Yield what a field denies outright: not "no further one", nor "no fresh one"."""
    for mention in reading.mentions:
        is_denied = mention.polarity is Polarity.NOT_SEEN and not mention.indirect
        if is_denied and terms.pattern("again").search(mention.clause) is None and not _is_aged(mention, terms):
            yield mention


def _contradicted(text: ReportText, denial: Mention, readings: tuple[Reading, ...]) -> Mention | None:
    """Return what was seen although it is denied, None where the two may be about different places."""
    every = (seen for reading in readings for seen in reading.seen)
    return next((seen for seen in every if _contradicts(text.terms, denial, seen)), None)


def _contradicts(terms: Terms, denial: Mention, seen: Mention) -> bool:
    denies = terms.raw["denies"].get(seen.entity)
    if denies is None or (denial.entity != seen.entity and denial.entity not in denies):
        return False
    if _is_aged(seen, terms) or terms.pattern("bowed_out").search(seen.clause) is not None:
        return False
    return _may_be_one(terms, seen, denial)


def _may_be_one(terms: Terms, one: Mention, other: Mention) -> bool:
    if one.sides and other.sides and not one.sides & other.sides:
        return False
    levels, others = levels_in(one.clause), levels_in(other.clause)
    if levels and others and not levels & others:
        return False
    is_placed = one.entity in terms.raw["placed"] and bool(one.places) and bool(other.places)
    return not is_placed or bool(one.places & other.places)


def _is_denied(text: ReportText, seen: Mention) -> bool:
    return any(
        _contradicts(text.terms, denial, seen)
        for reading in text.impression
        for denial in _denials(reading, text.terms)
    )


def _concluded(text: ReportText, seen: Mention) -> bool:
    """Tell whether the impression names the finding all the same, so that a denial is about something else."""
    return any(
        mention.entity == seen.entity and _may_be_one(text.terms, seen, mention)
        for reading in text.impression
        for mention in reading.seen
    )


def _is_aged(mention: Mention, terms: Terms) -> bool:
    return terms.pattern("aged").search(mention.quote) is not None
