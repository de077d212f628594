"""
What an impression says in plain words of a critical value: said to be there now, not denied, doubted, asked for or old.

A phrase of the policy stands as it is written; "…" in it is a gap of up to twelve characters within a clause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from workstation.domain.norm.words import Polarity, Terms, clauses, split, terms_of

_GAP: Final = "…"
_CJK: Final = re.compile("[\u4e00-\u9fff]")
_WORSE: Final = re.compile(
    "增多|增大|增加|扩大|进展|加重|新发|再发|破裂|increas|enlarg|progress|worse|new", re.IGNORECASE
)


def said_in(text: str, phrases: Sequence[str]) -> str:
    """Return the words of a text in which one of the phrases is said to be there, empty where none is."""
    terms = terms_of("zh_CN" if _CJK.search(text) else "en")
    for sentence in split(text, terms.pattern("sentence_end")):
        for clause in clauses(sentence, terms):
            for phrase in phrases:
                match = _pattern(phrase).search(clause.text)
                if match is None or clause.polarity(match, terms) is not Polarity.SEEN:
                    continue
                if not _is_asked_for_or_old(clause.text, match, terms):
                    return match.group(0)
    return ""


def _is_asked_for_or_old(clause: str, match: re.Match[str], terms: Terms) -> bool:
    if terms.pattern("advice").search(clause[: match.start()]) is not None:
        return True
    return terms.pattern("aged").search(clause) is not None and _WORSE.search(clause) is None


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in phrase.split(_GAP))
    return re.compile("[^，。；;,.]{0,12}?".join(parts), re.IGNORECASE)
