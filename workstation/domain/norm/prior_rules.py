"""Rules that hold "first examination" and "no prior" against the priors that the case is known to have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind

COMPARISON: Final = "comparison"
"""The template field that names the studies compared with"""
_DAY: Final = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?:\s*[-./年]\s*(?P<month>\d{1,2})(?:\s*[-./月]\s*(?P<day>\d{1,2}))?|"
    r"(?P<month2>\d\d)(?P<day2>\d\d))(?!\d)"
)
_FROM_OUTSIDE: Final = re.compile(
    r"外院|院外|他院|自带|自备|携|\boutside\b|\bexternal\b|\belsewhere\b|\bother hospital|\bbrought\b|\bown films?\b",
    re.IGNORECASE,
)
"""Films that the patient brought are known to nobody but the reader"""
_NOTHING: Final = r"无|没有|暂无|首次|初次|初诊|基线|n/?a\b|none\b|no\b|nil\b|first\b|baseline\b"
_ONLY_NOTHING: Final = re.compile(rf"\W*({_NOTHING})\W*", re.IGNORECASE)
"""The whole of an answer that there is nothing to compare with"""
_NONE: Final = re.compile(rf"\W*(?:{_NOTHING}|未|not\b)(?!.*(?:变|chang|stable))|[^\w+]+$", re.IGNORECASE | re.DOTALL)
"""How readers begin in the field of the comparison where they compared with nothing"""


def first_despite_a_prior(text: ReportText) -> Iterator[NormFault]:
    """
    Nobody calls an examination the first of its kind, or says that nothing is there to compare with, beside a prior.

    A sentence that compares, or that names a day, may tell of a first examination of then.
    """
    priors = text.subject.priors
    if not priors:
        return
    against = next((one.words for one in priors if one.is_reported), priors[0].words)
    for choice in text.subject.firsts:
        yield NormFault(NormKind.CONCLUSION, "first_despite_prior", choice.field, choice.quote, against)
    terms = text.terms
    for reading in text.everything:
        for sentence in reading.sentences:
            said = terms.pattern("no_prior").search(sentence)
            is_of_then = any(terms.pattern(one).search(sentence) for one in ("former_film", "date"))
            said = said or (None if is_of_then else terms.pattern("first_examination").search(sentence))
            if said is None and reading.field.key == COMPARISON:
                said = _ONLY_NOTHING.fullmatch(reading.field.text)
            if said is not None:
                quote = (said[1] if said.re is _ONLY_NOTHING else said[0]).strip()
                yield NormFault(NormKind.CONCLUSION, "first_despite_prior", reading.field.key, quote, against)


def doubted_prior(text: ReportText) -> Iterator[NormFault]:
    """Nothing is told of an earlier study of which nobody knows that it is the same person's."""
    for one in text.subject.doubted:
        yield NormFault(NormKind.PATIENT, "doubted_prior", one.field, one.quote)


def change_despite_sizes(text: ReportText) -> Iterator[NormFault]:
    """Nothing is called stable, growing or smaller against the two sizes that were measured."""
    for one in text.subject.changes:
        yield NormFault(NormKind.CONCLUSION, "change_despite_sizes", one.field, one.quote, one.against)


def unknown_comparison(text: ReportText) -> Iterator[NormFault]:
    """
    What was compared with is an examination that is known: by its day, or its month.

    That there was none, and films from elsewhere, are the reader's word.
    """
    known = {day for one in text.subject.priors for day in _days(one.words)}
    for reading in text.everything:
        said = reading.field.text.strip()
        if reading.field.key != COMPARISON or not said or _FROM_OUTSIDE.search(said):
            continue
        if _none_in(said) or any(text.terms.pattern(one).search(said) for one in ("no_prior", "first_examination")):
            continue
        if not any(_is_one_of(named, known) for named in _days(said)):
            against = "; ".join(dict.fromkeys(one.words for one in text.subject.priors))
            yield NormFault(NormKind.CONCLUSION, "unknown_comparison", COMPARISON, said, against)


def _none_in(words: str) -> re.Match[str] | None:
    return None if _DAY.search(words) else _NONE.match(words)


def _days(words: str) -> Iterator[tuple[int, int, int]]:
    """Yield year, month and day of each date; day 0 where the month is told only."""
    for match in _DAY.finditer(words):
        month, day = match["month"] or match["month2"], match["day"] or match["day2"]
        yield int(match["year"]), int(month), int(day or 0)


def _is_one_of(named: tuple[int, int, int], known: set[tuple[int, int, int]]) -> bool:
    return any(named == one or (named[2] == 0 and named[:2] == one[:2]) for one in known)
