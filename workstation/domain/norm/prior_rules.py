"""Rules that hold "first examination" and "no prior" against the priors that the case is known to have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from workstation.domain.norm.named_days import Day, NamedDay, days_without_year, named_days
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
    r"手术|术|切除|活检|穿刺|[化放]疗|治疗|消融|栓塞|介入|用药|服药|口服|靶向|置管|引流|支架|置入|感染|梗死|外伤|骨折|诊断|确诊|"
    r"发现|发病|起病|[入出住]院|病史|出生|报告|打印|审核|签发|申请|预约|TACE|"
    r"surgery|operation|operated|\w+ectomy|resect\w+|biops\w+|\w+therapy|chemo|treat\w+|transplant\w+|ablat\w+|"
    r"\w*emboli\w+|(?:stent|drain|catheter)\w*(?:\s\w+(?:ed|ment|ion|al))?|infect\w+|pneumonia|trauma|accident|fracture|"
    r"diagnos\w+|cancer|carcinoma|tumou?r|lymphoma|disease|symptoms|admi\w+|born|report\w*|start(?:ed)?(?:\sof\s\w+)?"
)
_EXAM: Final = (
    r"(?:(?:胸部|腹部|低剂量|薄层|增强|平扫|复查|chest|low.dose|follow.up)\s*)*"
    r"(?:(?<![a-z])(?:(?:LD|PET.?)?CTA?|MR[IA]?|PET|DR|scans?|exams?|examinations?|stud(?:y|ies)|films?|radiographs?)(?![a-z])"
    r"|X线|[胸前]?片|检查|扫描)"
)
_EVENT_BEFORE: Final = re.compile(
    rf"(?:{_EVENT})[前后]?[史者]?[^\w、]*(?:(?:in|on|of|from|since|dated?|日期为?|为|于|在|自|时间)\W*)?$",
    re.IGNORECASE,
)
_EVENT_AFTER: Final = re.compile(
    rf"[日号]?\W*(?:(?!比|对|较)[\u4e00-\u9fff]){{0,10}}?(?:\b(?:for|after|had|underwent)\W+)?"
    rf"(?:{_EVENT})(?![前后时]?[^\w、]*{_EXAM})",
    re.IGNORECASE,
)
"""What a day is told of that no examination is: an operation, a diagnosis; 术前CT is an examination again"""
_NUMBERED: Final = re.compile(r"(?:(?<!\d)号码?|\b(?:no|number|acc|accession|id)|#)[\s:：.#]*$", re.IGNORECASE)
"""What eight digits behind it are: 检查号20250312"""
_BESIDE: Final = 60
"""How many characters before and after a day may say of what it is"""
_CLAUSE: Final = re.compile(r"[，,。；;！!？?\n]|\.(?=\s|$)")
_OF_A_LIST: Final = re.compile(
    r"[与和及同日号的、]|以及|本院|我院|胸部|[平增]扫|增强|复查|检查|影像|扫描|[胸前]?片|X线|ct|ldct|mri?|dr|cr|pet|and|the|of|from|"
    r"chest|low.dose|scans?|stud(?:y|ies)|exam(?:ination)?s?|films?|radiographs?|\W",
    re.IGNORECASE,
)
"""What else stands in a clause that only goes on naming examinations"""
_OF_A_LINK: Final = re.compile(
    rf"{_OF_A_LIST.pattern}|前次?|上次|日期|为|于|在|with|to|on|in|dated?|is|are|was|were|prior|previous|both|all",
    re.IGNORECASE,
)
"""What may stand between the word that compares and the day of what was compared with"""
_STATEMENT: Final = re.compile(r".*–[^–:：]*[:：]", re.DOTALL)
"""Up to the colon behind a day, where begins what is told of it"""
_COMPARES_IT: Final = re.compile(r"对比|对照|比较|相比|比对|\bcompar\w+", re.IGNORECASE)
"""What compares with the day before it"""
_SINCE: Final = "since"
"""By itself it tells how long, not what was looked at: stable since 03/2024, but since the CT of 03/2024"""
_EXAM_BEFORE: Final = re.compile(rf"{_EXAM}\W*(?:(?:of|from|dated?|on)\W*)?$", re.IGNORECASE)
_EXAM_AFTER: Final = re.compile(rf"[日号]?\W*(?:[\u4e00-\u9fff]{{1,4}}[前后时])?\W*{_EXAM}", re.IGNORECASE)
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
    examination that was compared with, once a known one is named. Where it is in doubt what a day is told of, nobody
    is asked.
    """
    known = {day for one in text.subject.priors for named in named_days(one.words) for day in named.readings}
    against = "; ".join(dict.fromkeys(one.words for one in text.subject.priors))
    for reading in text.everything:
        said = reading.field.text.strip()
        if reading.field.key != COMPARISON or not said or _FROM_OUTSIDE.search(said):
            continue
        if _none_in(said) or any(text.terms.pattern(one).search(said) for one in ("no_prior", "first_examination")):
            continue
        named = tuple(one for one in named_days(said) if one.readings and not _is_numbered(one, said))
        quotes = [said]
        if any(one.is_one_of(known) for one in named):
            unknown = _unknown_among(named, said, text, known)
            quotes = [quote for quote, clause in unknown if _is_compared(*clause, text)]
        elif _is_one_without_year(said, known):
            quotes = [quote for quote, _ in _unknown_among(named, said, text, known)]
        for quote in dict.fromkeys(quotes):
            yield NormFault(NormKind.CONCLUSION, "unknown_comparison", COMPARISON, quote, against)


def _is_numbered(one: NamedDay, said: str) -> bool:
    """Tell whether eight digits are the number of an examination."""
    return said[one.start : one.end].isdecimal() and _NUMBERED.search(said[: one.start]) is not None


def _is_one_without_year(said: str, known: set[Day]) -> bool:
    return any(day in {(one[1], one[2]), (one[1], 0)} for day in days_without_year(said) for one in known)


def _unknown_among(
    named: tuple[NamedDay, ...], said: str, text: ReportText, known: set[Day]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each day that is neither known nor today's, no later one and no event's, and the clause round it."""
    today = text.subject.examined_on
    now = (9999, 0, 0) if today is None else (today.year, today.month, today.day)
    for one in named:
        if not one.is_sure or one.is_one_of(known | {now}) or min(one.readings) > now:
            continue
        before = _CLAUSE.split(_without(named, said, upto=one.start))[-1]
        after = _CLAUSE.split(_without(named, said, since=one.end))[0]
        if not (_EVENT_BEFORE.search(before[-_BESIDE:]) or _EVENT_AFTER.match(after[:_BESIDE])):
            yield said[one.start : one.end], (before, after)


def _is_compared(before: str, after: str, text: ReportText) -> bool:
    """Tell whether the clause round a day says that it is the day of an examination that was compared with."""
    compares = text.terms.pattern("former_film")
    if not compares.search(f"{before} {after}"):
        return not _OF_A_LIST.sub("", before + after)
    before = _STATEMENT.sub("", before)
    said_before = [one.end() for one in compares.finditer(before) if one[0].lower() != _SINCE]
    said_after = _COMPARES_IT.search(after)
    return bool(
        (said_before and not _OF_A_LINK.sub("", before[said_before[-1] :]))
        or (said_after is not None and not _OF_A_LINK.sub("", after[: said_after.start()]))
        or _EXAM_BEFORE.search(before[-_BESIDE:])
        or _EXAM_AFTER.match(after[:_BESIDE])
    )


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
