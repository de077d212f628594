"""The spelling of anatomical terms: what a pinyin keyboard or a quick hand makes of them, and what was meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from resources.anatomy_terms import chinese_mistakes, english_known, english_terms
from workstation.domain.homophones import covered, sound_alikes
from workstation.domain.side_spelling import side_slips

_WORD: Final = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_SHORTEST: Final = 6
_LONG: Final = 10
"""From this length on two mistakes in a word are still recognised."""
_MOST: Final = 3
_SHORT: Final = 2
"""A mistake of two characters may be the end of one right word and the beginning of the next."""


@dataclass(frozen=True, slots=True)
class Misspelling:
    """A word from ``start`` on, in characters, with what may have been meant, likeliest first."""

    word: str
    start: int
    suggestions: tuple[str, ...]


def misspelt(text: str) -> tuple[Misspelling, ...]:
    """Return the terms that are wrong in a text, Chinese and English alike, in reading order."""
    found = _mistaken_in_chinese(text)
    for match in _WORD.finditer(text):
        suggestions = _english(match.group(0))
        if suggestions:
            found.append(Misspelling(match.group(0), match.start(), suggestions))
    return tuple(sorted(found, key=lambda one: one.start))


def _mistaken_in_chinese(text: str) -> list[Misspelling]:
    """Return wrong sides, the mistakes of the list and what sounds like a term; the longer one where they overlap."""
    right = covered(text)
    listed = [one for one in _listed(text) if len(one.word) > _SHORT or not right >= {one.start, one.start + 1}]
    heard = [
        Misspelling(one.word, one.start, one.terms[:_MOST])
        for one in sound_alikes(text)
        if not _is_excepted(one.word, text, one.start)
    ]
    found = [Misspelling(one.word, one.start, (one.right,)) for one in side_slips(text)]
    for one in sorted((*listed, *heard), key=lambda one: -len(one.word)):  # a listed one first where both are as long
        if not any(_overlap(one, other) for other in found):
            found.append(one)
    return found


def _overlap(one: Misspelling, other: Misspelling) -> bool:
    return one.start < other.start + len(other.word) and other.start < one.start + len(one.word)


def _is_excepted(word: str, text: str, at: int) -> bool:
    """Tell whether the list has the word and says that it is right here."""
    patterns = (pattern for pattern, _term in _mistakes_by_first().get(word[0], ()))
    return any(pattern.pattern.startswith(f"{word}(") and not pattern.match(text, at) for pattern in patterns)


def _listed(text: str) -> list[Misspelling]:
    found: list[Misspelling] = []
    mistakes, behind = _mistakes_by_first(), 0
    for at, char in enumerate(text):
        if at < behind:
            continue
        for pattern, term in mistakes.get(char, ()):
            match = pattern.match(text, at)
            if match is not None:
                found.append(Misspelling(match.group(0), at, (term,)))
                behind = match.end()
                break
    return found


@cache
def _mistakes_by_first() -> dict[str, tuple[tuple[re.Pattern[str], str], ...]]:
    """Return the mistakes with their terms by their first character, longest first."""
    pairs = [(wrong, term) for term, mistakes in chinese_mistakes().items() for wrong in mistakes]
    pairs.sort(key=lambda pair: -len(pair[0]))
    return {
        first: tuple((re.compile(wrong), term) for wrong, term in pairs if wrong[0] == first)
        for first in {wrong[0] for wrong, _term in pairs}
    }


@cache
def _english(word: str) -> tuple[str, ...]:
    plain = word.casefold()
    if len(plain) < _SHORTEST or word.isupper() or _is_known(plain):
        return ()
    most = 2 if len(plain) >= _LONG else 1
    near = [(distance(plain, term, most), term) for term in english_terms() if term[0] == plain[0]]
    nearest = min((gap for gap, _term in near), default=most + 1)
    likely = sorted(term for gap, term in near if gap == nearest <= most)
    return tuple(term.capitalize() if word[0].isupper() else term for term in likely[:_MOST])


def _is_known(plain: str) -> bool:
    right = english_terms() | english_known()
    stems = {plain, plain.removesuffix("s"), plain.removesuffix("es")}
    return bool(stems & right) or "-" in plain


def distance(one: str, other: str, most: int) -> int:
    """
    Return how many letters were left out, added, changed or swapped with their neighbour; ``most`` + 1 for more.

    Source: optimal string alignment distance.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        last, row = row, [i] + [0] * len(other)
        for j, b in enumerate(other, start=1):
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], before[j - 2] + 1)
        before = last
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
