"""Rules about words that are wrong by themselves, whatever the rest of the report says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind, Role
from workstation.domain.side_spelling import side_slips

_LARGEST_MM: Final = 400.0
_LARGEST_NODULE_MM: Final = 100.0
_HU: Final = (-1100.0, 4000.0)


def impossible_part(text: ReportText) -> Iterator[NormFault]:
    """Parts that nobody has: a left middle lobe, a ninth lumbar vertebra."""
    for reading in text.everything:
        for match in text.terms.pattern("impossible").finditer(reading.field.text):
            yield NormFault(NormKind.PART, "impossible_part", reading.field.key, match.group(0))


def units(text: ReportText) -> Iterator[NormFault]:
    """A length has one unit, of length, and an attenuation none of length."""
    terms = text.terms
    for reading in text.everything:
        key, words = reading.field.key, reading.field.text
        for rule in ("no_unit", "wrong_unit"):
            for match in terms.pattern(rule).finditer(words):
                if rule == "wrong_unit" or not terms.pattern("wrong_unit").match(words, match.start()):
                    yield NormFault(NormKind.UNIT, rule, key, match.group(0).strip())
        for match in terms.pattern("ct_value").finditer(words):
            if match.group(2) and match.group(2).upper() not in {"HU", "H"}:
                yield NormFault(NormKind.UNIT, "wrong_unit", key, match.group(0).strip())
        for match in terms.pattern("mixed_units").finditer(words):
            yield NormFault(NormKind.UNIT, "mixed_units", key, match.group(0).strip())


def lengths(text: ReportText) -> Iterator[NormFault]:
    """Nothing is larger than a person, and no nodule nearly as large; a field of view is no lesion."""
    terms = text.terms
    for reading in text.everything:
        for sentence in reading.sentences:
            if reading.field.role is Role.BACKGROUND and terms.pattern("technique").search(sentence):
                continue
            limit = _LARGEST_NODULE_MM if terms.pattern("nodule").search(sentence) else _LARGEST_MM
            for size in reading.sizes:
                if size.quote in sentence and max(size.dimensions_mm) > limit:
                    yield NormFault(NormKind.UNIT, "implausible_size", reading.field.key, size.quote)


def numbers(text: ReportText) -> Iterator[NormFault]:
    """Numbers that no measurement gives."""
    terms = text.terms
    for reading in text.everything:
        key, words = reading.field.key, reading.field.text
        for match in terms.pattern("broken_number").finditer(words):
            yield NormFault(NormKind.NUMBER, "broken_number", key, match.group(0).strip())
        for match in terms.pattern("percent").finditer(words):
            if float(match.group(1)) > 100:
                yield NormFault(NormKind.NUMBER, "percent_over_100", key, match.group(0))
        for match in terms.pattern("ct_value").finditer(words):
            if not _HU[0] <= float(match.group(1)) <= _HU[1]:
                yield NormFault(NormKind.NUMBER, "impossible_hu", key, match.group(0).strip())


def dates(text: ReportText) -> Iterator[NormFault]:
    """Dates exist, and what a report compares with was before the examination; a call or a pathology comes after it."""
    for reading in text.everything:
        for match in text.terms.pattern("date").finditer(reading.field.text):
            try:
                day = date(*(int(part) for part in match.groups()))
            except ValueError:
                yield NormFault(NormKind.NUMBER, "no_such_day", reading.field.key, match.group(0).strip())
                continue
            examined = text.subject.examined_on
            sentence = _sentence(reading.field.text, match.start(), text)
            compares = text.terms.pattern("former_film").search(sentence) is not None
            is_plan = reading.field.role in {Role.IMPRESSION, Role.RECOMMENDATION}
            if examined is not None and day > examined and compares and not is_plan:
                yield NormFault(
                    NormKind.NUMBER, "day_after_examination", reading.field.key, match.group(0).strip(), str(examined)
                )


def _sentence(words: str, at: int, text: ReportText) -> str:
    """Return the sentence that stands at a place of a field."""
    ends = [(end.start(), end.end()) for end in text.terms.pattern("sentence_end").finditer(words)]
    first = max((end for _start, end in ends if end <= at), default=0)
    return words[first : min((start for start, _end in ends if start > at), default=len(words))]


def misspelt_side(text: ReportText) -> Iterator[NormFault]:
    """A side that was typed by its sound is none: 又肺上叶."""
    for reading in text.everything:
        for slip in side_slips(reading.field.text):
            yield NormFault(NormKind.SIDE, "side_misspelt", reading.field.key, slip.word, slip.right)


def residue(text: ReportText) -> Iterator[NormFault]:
    """Nothing of the template is left to be chosen or filled."""
    for reading in text.everything:
        for match in text.terms.pattern("residue").finditer(reading.field.text):
            yield NormFault(NormKind.RESIDUE, "residue", reading.field.key, match.group(0))
