"""
What an impression says in plain words of a critical value: there now or suspected, not denied, asked for or old.

A phrase of the policy stands as it is written; "…" in it is a gap of up to twelve characters within a clause, which
denies nothing and makes no microbleed of a bleeding, and "≥70" a number of at least 70. How much it is may stand behind
a comma, a colon or a blank ("液气胸，大量"), and brackets may be of either width.
A suspicion is called through as well: waiting for its proof costs the time that the call is to save.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from workstation.domain.norm.words import Clause, Polarity, Terms, clauses, split, terms_of

_GAP: Final = "…"
_AT_LEAST: Final = re.compile(r"≥(\d+)")
_CJK: Final = re.compile("[\u4e00-\u9fff]")
_WORSE: Final = re.compile(
    "增多|增大|增加|扩大|进展|加重|新发|再发|破裂(?!(?:伤|口)?(?:修补|切除|缝合|夹闭|术后))|increas|enlarg|progress|worse|new",
    re.IGNORECASE,
)
_NOT_EXCLUDED: Final = re.compile(
    "(?:不|未|难以?|无法)(?:能|可|宜|敢)?(?:完全|绝对|明确|肯定)?(?:地)?(?:除外|排除)"
    r"|\b(?:cannot|can not|could not|not) (?:be )?(?:entirely |completely |reliably |fully )?(?:exclude|ruled? out)\w*"
    r"|\bunable to (?:exclude|rule out)\b",
    re.IGNORECASE,
)
"""A denied exclusion is a suspicion; taken out first, what is left of the words can only exclude or ask."""
_SUSPECTED: Final = re.compile(
    r"可能|[疑？?]|警惕|\bpossibl[ey]\b|\bsuspect\w*|\bsuspicio\w+|\bquestionable\b|\bconcerning for\b"
    r"|\b(?:may|might|could) (?:be|represent|reflect)\b",
    re.IGNORECASE,
)
_RULED_OUT: Final = re.compile(
    "(?<!待)(?:除外|排除)|有无|是否|可能性(?:比较|相对|较|很|极|甚)?(?:微|小|低|不大|不高)|可能不大|[不无](?:太|大)?可能"
    r"|\bexclude[sd]?\b|\brul(?:e|ed|ing) out\b|\bunlikely\b|\b(?:not|less) likely\b|\blow (?:probability|suspicion)\b",
    re.IGNORECASE,
)
_AMOUNT_BEHIND: Final = re.compile(
    r"(?:\s*[，,：:]\s*|[^\S\n]+)(?:大量|量(?:较|很)?大)(?=\s*(?:[，,。；;.！!）\n]|$|[伴并及]))"
)
"""An amount that stands alone behind a comma, a colon or a blank: what is before it is what there is so much of."""
_FULL_WIDTH: Final = str.maketrans("()", "（）")
_JUDGED: Final = re.compile(f"考虑|[可怀]?疑|{_NOT_EXCLUDED.pattern}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """The words of a text that speak for an entry, and whether they only suspect it."""

    words: str
    suspected: bool = False


def told_in(text: str, phrases: Sequence[str]) -> Told | None:
    """Return how a text says one of the phrases, said before suspected; None where it does neither."""
    told = tuple(_told(text, phrases))
    return next((one for one in told if not one.suspected), told[0] if told else None)


def _told(text: str, phrases: Sequence[str]) -> Iterator[Told]:
    terms = _terms(text)
    for clause, suspected in _clauses(text):
        counts = {Polarity.SEEN, Polarity.DOUBTFUL} if suspected else {Polarity.SEEN}
        for phrase in phrases:
            match = _pattern(phrase).search(clause.text)
            if match is None or not _is_enough(phrase, match) or clause.polarity(match, terms) not in counts:
                continue
            if not _is_asked_for_or_old(clause.text, match, terms):
                yield Told(match.group(0), suspected)


@lru_cache(maxsize=4)
def _clauses(text: str) -> tuple[tuple[Clause, bool], ...]:
    """Return the clauses that exclude nothing, with whether they suspect; every entry of a policy asks for the same."""
    terms, found = _terms(text), []
    if _CJK.search(text):
        text = _AMOUNT_BEHIND.sub("大量", text.translate(_FULL_WIDTH))
    for sentence in split(text, terms.pattern("sentence_end")):
        for clause in clauses(sentence, terms):
            rest, denied = _NOT_EXCLUDED.subn("", clause.text)
            if _RULED_OUT.search(rest) is None:
                found.append((clause, denied > 0 or _SUSPECTED.search(rest) is not None))
    return tuple(found)


def _terms(text: str) -> Terms:
    return terms_of("zh_CN" if _CJK.search(text) else "en")


def _is_asked_for_or_old(clause: str, match: re.Match[str], terms: Terms) -> bool:
    before = _JUDGED.split(clause[: match.start()])[-1]  # "with the history in mind, suspect …" asks for nothing
    if terms.pattern("advice").search(before) is not None:
        return True
    return terms.pattern("aged").search(clause) is not None and _WORSE.search(clause) is None


def _is_enough(phrase: str, match: re.Match[str]) -> bool:
    least = _AT_LEAST.search(phrase)
    return least is None or float(match.group(1)) >= float(least.group(1))


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    parts = (_part(part) for part in phrase.split(_GAP))
    return re.compile("(?:(?!微小?出血)[^，。；;,.未无]){0,12}?".join(parts), re.IGNORECASE)


def _part(part: str) -> str:
    before, least, behind = [*_AT_LEAST.split(part, maxsplit=1), "", ""][:3]
    number = r"(?<![\d.])(\d{1,3}(?:\.\d+)?)" if least else ""
    return f"{re.escape(before)}{number}{re.escape(behind)}"
