"""Rules that hold "first examination" and "no prior" against the priors that the case is known to have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from workstation.domain.norm.named_days import Day, NamedDay, named_days
from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind

COMPARISON: Final = "comparison"
"""The template field that names the studies compared with"""
_FROM_OUTSIDE: Final = re.compile(
    r"外院|院外|他院|自带|自备|携|\boutside\b|\bexternal\b|\belsewhere\b|\bother hospital|\bbrought\b|\bown films?\b",
    re.IGNORECASE,
)
"""Films that the patient brought are known to nobody but the reader"""
_EVENT: Final = (
    r"手术|术|切除|活检|穿刺|[化放]疗|治疗|外伤|骨折|诊断|确诊|发现|发病|起病|[入出住]院|病史|出生|"
    r"surgery|operation|operated|\w+ectomy|resect\w+|biops\w+|\w+therapy|treat\w+|transplant\w+|trauma|accident|fracture|"
    r"diagnos\w+|cancer|carcinoma|tumou?r|lymphoma|disease|symptoms|admi\w+|born"
)
_EVENT_BEFORE: Final = re.compile(
    rf"(?:{_EVENT})[前后]?[史者]?[^\w、]*(?:(?:in|on|of|from|since|dated|date|于|在|自|时间)\W*)?$", re.IGNORECASE
)
_EVENT_AFTER: Final = re.compile(
    rf"[日号]?\W*(?:(?!比|对|较)[\u4e00-\u9fff]){{0,10}}?(?:\b(?:for|after|had|underwent)\W+)?(?:{_EVENT})",
    re.IGNORECASE,
)
"""What a day is told of that no examination is; an operation, a diagnosis"""
_BESIDE: Final = 60
"""How many characters before and after a day may say of what it is"""
_CLAUSE: Final = re.compile(r"[，,。；;！!？?\n]|\.(?=\s|$)")
_OF_A_LIST: Final = re.compile(
    r"[与和及同日号的、]|以及|本院|我院|胸部|[平增]扫|增强|检查|影像|扫描|[胸前]?片|X线|ct|ldct|mri?|dr|cr|pet|and|the|of|from|"
    r"chest|low.dose|scans?|stud(?:y|ies)|exam(?:ination)?s?|films?|radiographs?|\W",
    re.IGNORECASE,
)
"""What else stands in a clause that only goes on naming examinations"""
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
            is_of_then = bool(terms.pattern("former_film").search(sentence) or named_days(sentence))
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
    What was compared with is an examination that is known: by its day, or its month; each that is named by itself.

    That there was none, and films from elsewhere, are the reader's word. So are days of something else than an
    examination that was compared with, once a known one is named.
    """
    known = {day for one in text.subject.priors for named in named_days(one.words) for day in named.readings}
    against = "; ".join(dict.fromkeys(one.words for one in text.subject.priors))
    for reading in text.everything:
        said = reading.field.text.strip()
        if reading.field.key != COMPARISON or not said or _FROM_OUTSIDE.search(said):
            continue
        if _none_in(said) or any(text.terms.pattern(one).search(said) for one in ("no_prior", "first_examination")):
            continue
        named = named_days(said)
        quotes = [said]
        if any(one.is_one_of(known) for one in named):
            quotes = [said[one.start : one.end] for one in _unknown_among(named, said, text, known)]
        for quote in dict.fromkeys(quotes):
            yield NormFault(NormKind.CONCLUSION, "unknown_comparison", COMPARISON, quote, against)


def _unknown_among(named: tuple[NamedDay, ...], said: str, text: ReportText, known: set[Day]) -> Iterator[NamedDay]:
    """Yield the days of examinations that were compared with and are neither known nor this one's own."""
    today = text.subject.examined_on
    own = known if today is None else known | {(today.year, today.month, today.day)}
    for one in named:
        if not one.is_sure or one.is_one_of(own):
            continue
        before = _CLAUSE.split(_without(named, said, upto=one.start))[-1]
        after = _CLAUSE.split(_without(named, said, since=one.end))[0]
        if _EVENT_BEFORE.search(before[-_BESIDE:]) or _EVENT_AFTER.match(after[:_BESIDE]):
            continue
        clause = f"{before} {after}"
        if text.terms.pattern("former_film").search(clause) or not _OF_A_LIST.sub("", clause):
            yield one


def _without(named: tuple[NamedDay, ...], said: str, *, since: int = 0, upto: int | None = None) -> str:
    """Return a part of a text with a dash for each day in it, whose commas and points end no clause."""
    parts, at, end = [], since, len(said) if upto is None else upto
    for one in named:
        if one.start >= at and one.end <= end:
            parts.append(said[at : one.start])
            at = one.end
    return "–".join([*parts, said[at:end]])


def _none_in(words: str) -> re.Match[str] | None:
    return None if named_days(words) else _NONE.match(words)
