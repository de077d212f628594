"""Phrases that a reader inserts while writing, and the placeholders in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from workstation.domain.text_link import LinkKind

_PLACEHOLDER: Final = re.compile(r"\{([^{}\n]{1,40})\}")
_OR: Final = re.compile(r"[|｜]")
_ABBREVIATION: Final = re.compile(r"[0-9a-z]{1,16}")
TRIGGERS: Final = ";；"
"""What begins an abbreviation; the second is what a Chinese keyboard types for the first."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """
    Words by their abbreviation. ``fields`` makes it a macro: what it writes into other fields, by their keys.

    ``language`` is that of the words. ``templates`` empty: for every template. ``shipped`` came with the product and
    is not changed; ``shared`` came from the hub, for the site ``site_id`` or, where it is empty, for all.
    """

    abbreviation: str
    title: str
    text: str
    language: str
    templates: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    shipped: bool = False
    shared: bool = False
    site_id: str = ""

    def __post_init__(self) -> None:
        if not _ABBREVIATION.fullmatch(self.abbreviation):
            raise ValueError(f"an abbreviation is 1 to 16 small letters or digits: {self.abbreviation!r}")
        if not self.text.strip() and not self.fields:
            raise ValueError("a phrase has words")
        if len({key for key, _text in self.fields}) != len(self.fields):
            raise ValueError("a macro writes into a field once")

    @property
    def is_own(self) -> bool:
        """Tell whether the reader wrote it."""
        return not self.shipped and not self.shared

    def fits(self, template_id: str, language: str) -> bool:
        """Tell whether it is offered in reports of this template and language."""
        return self.language[:2] == language[:2] and (not self.templates or template_id in self.templates)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """``{name}`` or ``{one|other}`` in a text, from the character ``start`` up to ``end``."""

    start: int
    end: int
    name: str

    @property
    def choices(self) -> tuple[str, ...]:
        """Return what may be chosen, empty for a placeholder that is filled with any words."""
        parts = tuple(part.strip() for part in _OR.split(self.name))
        return parts if len(parts) > 1 else ()


@dataclass(frozen=True, slots=True)
class Fact:
    """What a placeholder stands for; ``target`` ties the words to a finding or an annotation."""

    words: str
    target: str = ""
    kind: LinkKind = LinkKind.FINDING


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its placeholders filled as far as they are known; ``tied`` are (place, fact) inside it."""

    text: str
    tied: tuple[tuple[int, Fact], ...] = ()

    @property
    def first(self) -> Placeholder | None:
        """Return the first placeholder that is left."""
        return next_placeholder(self.text, 0)


def placeholders(text: str) -> tuple[Placeholder, ...]:
    """Return every placeholder of a text in reading order."""
    return tuple(Placeholder(m.start(), m.end(), m.group(1).strip()) for m in _PLACEHOLDER.finditer(text))


def next_placeholder(text: str, position: int) -> Placeholder | None:
    """Return the first placeholder at or behind a position, else the first of the text, None without any."""
    found = placeholders(text)
    return next((one for one in found if one.start >= position), found[0] if found else None)


def filled(text: str, facts: Mapping[str, Fact]) -> Filled:
    """Return the text with every placeholder filled that the facts name; the others stay for the reader."""
    out: list[str] = []
    tied: list[tuple[int, Fact]] = []
    done = length = 0
    for one in placeholders(text):
        fact = facts.get(one.name.casefold())
        if fact is None or not fact.words:
            continue
        before = text[done : one.start]
        length += len(before)
        if fact.target:
            tied.append((length, fact))
        out += [before, fact.words]
        length += len(fact.words)
        done = one.end
    return Filled("".join((*out, text[done:])), tuple(tied))


def matching(phrases: tuple[Phrase, ...], typed: str) -> tuple[Phrase, ...]:
    """
    Return the phrases that an abbreviation may mean, best first, a reader's own before shipped ones.

    The abbreviation itself comes before those that begin with it and those whose title holds it.
    """
    wanted = typed.casefold()
    ranked = [
        (0 if one.abbreviation == wanted else 1 if one.abbreviation.startswith(wanted) else 2, one.shipped, at, one)
        for at, one in enumerate(phrases)
        if one.abbreviation.startswith(wanted) or wanted in one.title.casefold()
    ]
    return tuple(one for *_rank, one in sorted(ranked, key=lambda each: each[:3]))


def typed_abbreviation(before: str) -> str | None:
    """
    Return what was typed behind a trigger at the end of a text, None where nobody began an abbreviation.

    Only letters and digits count: a sentence that goes on in Chinese behind its semicolon calls nothing.
    """
    at = max(before.rfind(trigger) for trigger in TRIGGERS)
    if at < 0:
        return None
    typed = before[at + 1 :].casefold()
    return typed if not typed or _ABBREVIATION.fullmatch(typed) else None
