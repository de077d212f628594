"""
Words in a report that are tied to what they tell of: a finding, a measurement, a former report.

The text itself stays plain; a link only says which of its words are tied. Whatever prints the text need not know of
links, and a link that is lost costs the tie, never a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

_SENTENCE_END: Final = re.compile(r"[。；;！!？?\n]|\.(?=\s|$)")
_PIECE: Final = 4
"""Characters that make a piece of a sentence its own"""


class LinkKind(StrEnum):
    """What the words are tied to."""

    FINDING = "finding"
    ANNOTATION = "annotation"
    COPY = "copy"
    """Words of a former report that nobody has touched or confirmed since."""


@dataclass(frozen=True, slots=True)
class TextLink:
    """
    ``quote`` are the words in the field ``field``, last seen at the character ``at`` of its text.

    ``target`` is the tracking UID of a finding, the UID of an annotation, or the Study Instance UID of the former
    report, empty where that was withdrawn and is no evidence. ``source`` says where copied words came from as people
    read it, its date.
    """

    field: str
    kind: LinkKind
    target: str
    quote: str
    at: int
    source: str = ""

    def __post_init__(self) -> None:
        if not self.quote.strip():
            raise ValueError("a link has words")
        if self.at < 0:
            raise ValueError(f"a place in a text counts from 0, got {self.at}")

    @property
    def end(self) -> int:
        """Return the character behind the words."""
        return self.at + len(self.quote)


def placed(links: Iterable[TextLink], field: str, text: str) -> tuple[TextLink, ...]:
    """
    Return the links of a field where their words stand in ``text``, in reading order.

    Each takes the place nearest to where it was last seen that no other has; one whose words are gone is left out.
    """
    taken: list[TextLink] = []
    for link in sorted((one for one in links if one.field == field), key=lambda one: one.at):
        at = _nearest(text, link, taken)
        if at is not None:
            taken.append(replace(link, at=at))
    return tuple(sorted(taken, key=lambda one: one.at))


def _nearest(text: str, link: TextLink, taken: list[TextLink]) -> int | None:
    if text.startswith(link.quote, link.at) and _is_free(link.at, link.end, taken):
        return link.at
    found, best = text.find(link.quote), None
    while found >= 0:
        is_nearer = best is None or abs(found - link.at) < abs(best - link.at)
        if is_nearer and _is_free(found, found + len(link.quote), taken):
            best = found
        found = text.find(link.quote, found + 1)
    return best


def _is_free(start: int, end: int, taken: list[TextLink]) -> bool:
    return all(end <= one.at or start >= one.end for one in taken)


def after_edit(links: tuple[TextLink, ...], field: str, before: str, after: str) -> tuple[TextLink, ...]:
    """
    Return the links once the text of a field changed: those behind the change move with their words.

    Words that were changed themselves are the writer's own from then on, and lose their link.
    """
    if before == after:
        return links
    head = _common_head(before, after)
    tail = _common_tail(before, after, min(len(before), len(after)) - head)
    moved: list[TextLink] = [one for one in links if one.field != field]
    for link in placed(links, field, before):
        if link.end <= head:
            moved.append(link)
        elif link.at >= len(before) - tail:
            moved.append(replace(link, at=link.at + len(after) - len(before)))
    return tuple(moved)


def still_stands(link: TextLink, text: str) -> bool:
    """Tell whether at least half of the words of a link stand in ``text`` in one piece, though others were changed."""
    same = SequenceMatcher(None, link.quote, text, autojunk=False).find_longest_match()
    return 2 * same.size >= len(link.quote)


def any_sentence_stands(link: TextLink, text: str) -> bool:
    """
    Tell whether any sentence of a link's words stands in ``text``, or at least half of one in one piece.

    Where the reader kept one of many, words of the former report are still told. A piece of under four characters
    ("正常") is nobody's: of so short a sentence the whole counts.
    """
    if link.quote in text:
        return True
    sentences = (one.strip() for one in _SENTENCE_END.split(link.quote))
    return any(_stands(one, text) for one in sentences if one)


def _stands(sentence: str, text: str) -> bool:
    size = min(max((len(sentence) + 1) // 2, _PIECE), len(sentence))
    return any(sentence[at : at + size] in text for at in range(len(sentence) - size + 1))


def _common_head(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _common_tail(one: str, other: str, most: int) -> int:
    count = 0
    while count < most and one[-1 - count] == other[-1 - count]:
        count += 1
    return count


def renewed(links: tuple[TextLink, ...], link: TextLink, text: str, words: str) -> tuple[str, tuple[TextLink, ...]]:
    """Return text and links with ``words`` in the place of those of one link. ValueError where they do not stand."""
    standing = placed(links, link.field, text)
    here = next((one for one in standing if _is_same(one, link)), None)
    if here is None:
        raise ValueError("the words of this link are not in the text")
    changed = f"{text[: here.at]}{words}{text[here.end :]}"
    others = tuple(one for one in standing if one is not here)
    elsewhere = tuple(one for one in links if one.field != link.field)
    shift = len(words) - len(here.quote)
    moved = tuple(replace(one, at=one.at + shift) if one.at >= here.end else one for one in others)
    return changed, (*elsewhere, *moved, replace(here, quote=words))


def _is_same(one: TextLink, other: TextLink) -> bool:
    return (one.kind, one.target, one.quote) == (other.kind, other.target, other.quote)
