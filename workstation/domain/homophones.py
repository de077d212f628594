"""
Chinese terms that were typed by their sound: characters of the same syllable in the place of a term's own.

A rule instead of a list: words of the text that are right (terms and ordinary words) take their characters out of
play; of a term of two characters one has to stand, and the other one is no word of grammar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from resources.anatomy_terms import Homophones, homophones

_LONGEST_WORD = 7
_LONG = 4
"""From this length on two characters may be wrong."""


@dataclass(frozen=True, slots=True)
class SoundAlike:
    """Characters from ``start`` on that sound like the terms, the most alike first."""

    start: int
    word: str
    terms: tuple[str, ...]


def sound_alikes(text: str) -> tuple[SoundAlike, ...]:
    """Return what sounds like a term and is none, in reading order; longer terms first where several begin there."""
    table, right = homophones(), covered(text)
    found: list[SoundAlike] = []
    behind = 0
    for at, char in enumerate(text):
        if at < behind:
            continue
        for length, terms in _terms_from(char):
            word = text[at : at + length]
            fitting = tuple(term for term in terms if _is_slip(word, term, at, right, table))
            if fitting:
                found.append(SoundAlike(at, word, fitting))
                behind = at + length
                break
    return tuple(found)


def covered(text: str) -> frozenset[int]:
    """Return the places of characters that belong to a term or an ordinary word."""
    words, places = _right_words(), set[int]()
    for at in range(len(text)):
        for length in range(2, _LONGEST_WORD + 1):
            if text[at : at + length] in words:
                places.update(range(at, at + length))
    return frozenset(places)


def _is_slip(word: str, term: str, at: int, right: frozenset[int], table: Homophones) -> bool:
    if len(word) != len(term):
        return False
    wrong = [place for place, (a, b) in enumerate(zip(word, term, strict=True)) if a != b]
    most = 1 if len(term) < _LONG else 2
    if not 0 < len(wrong) <= most or any(at + place in right for place in wrong):
        return False
    if len(term) == 2 and (word[wrong[0]] in table.grammar or word[0] == word[1]):
        return False
    return all(table.terms[term][place] in table.sounds(word[place]) for place in wrong)


def _terms_from(char: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the terms that may begin with this sound by their length, longest first."""
    by_length: dict[int, list[str]] = {}
    for sound in sorted(homophones().sounds(char)):
        for term in _by_first_sound().get(sound, ()):
            by_length.setdefault(len(term), []).append(term)
    for length in sorted(by_length, reverse=True):
        yield length, tuple(dict.fromkeys(by_length[length]))


@cache
def _right_words() -> frozenset[str]:
    return frozenset((*homophones().terms, *homophones().words))


@cache
def _by_first_sound() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for term, sounds in homophones().terms.items():
        found.setdefault(sounds[0], []).append(term)
    return {sound: tuple(terms) for sound, terms in found.items()}
