"""The anatomical terms that the spelling of a report is held to, in both languages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parent / "anatomy_terms.json"
_SOUNDS: Final = Path(__file__).parent / "anatomy_homophones.json"
_SILENT: Final = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Homophones:
    """
    What a pinyin keyboard may confuse: further terms, words that are right, characters by their syllables.

    ``terms`` come with their syllables; ``grammar`` are characters too frequent to say anything beside another one.
    """

    terms: dict[str, tuple[str, ...]]
    words: tuple[str, ...]
    grammar: frozenset[str]
    syllables: dict[str, frozenset[str]]

    def sounds(self, char: str) -> frozenset[str]:
        """Return the syllables of a character without tones, empty for one that is in no term's syllable."""
        return self.syllables.get(char, _SILENT)


@cache
def chinese_mistakes() -> dict[str, tuple[str, ...]]:
    """Return each term with the patterns of what is typed for it by mistake."""
    return {term: tuple(wrong) for term, wrong in _loaded()["zh"].items()}


@cache
def side_mistakes() -> dict[str, tuple[str, ...]]:
    """Return each character of a side with the patterns of what is typed for it by its sound."""
    return {right: tuple(wrong) for right, wrong in _loaded()["sides"].items()}


@cache
def english_terms() -> frozenset[str]:
    """Return the terms in small letters."""
    return frozenset(_loaded()["en"]["terms"])


@cache
def english_known() -> frozenset[str]:
    """Return words that are right though they look like a mistaken term."""
    return frozenset(_loaded()["en"]["known"])


@cache
def homophones() -> Homophones:
    """Return the table of sounds."""
    raw = json.loads(_SOUNDS.read_text(encoding="utf-8"))
    by_char: dict[str, set[str]] = {}
    for syllable, chars in raw["syllables"].items():
        for char in chars:
            by_char.setdefault(char, set()).add(syllable)
    return Homophones(
        {term: tuple(said.split()) for term, said in raw["terms"].items()},
        (*raw["words"], *raw["other_words"]),
        frozenset(raw["function"]),
        {char: frozenset(found) for char, found in by_char.items()},
    )


@cache
def _loaded() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded
