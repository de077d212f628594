"""
Search patterns that a person or a file may give: words with a few repetitions, never one that halts the window.

A regular expression that repeats what repeats (``(a+)+$``) tries more ways than there is time for, and nothing stops it
once it runs. Patterns are therefore counted before they are compiled, and only texts of a bounded length are searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

MAX_TEXT: Final = 64
"""Characters of a description that are searched. *Source:* PS3.5 6.2, LO is 64 characters at most."""
_REPEATED: Final = 32
"""Ways that one repetition counts for: about half of what is searched."""
_MAX_WAYS: Final = _REPEATED**3
"""Three repetitions behind each other: some milliseconds on 64 characters at worst."""
_MAX_DEPTH: Final = 20
_TOKEN: Final = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]"  # an escape; a set of characters
    r"|(?P<unread>\(\?[#(])|(?P<flags>\(\?[a-z-]+\))"
    r"|(?P<open>\((?:\?(?:P?<?[=!]|P<\w+>|P=|[:>]|[a-z-]+:))?)|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<repeat>(?:[*+?]|\{\d*,?\d*\})[?+]?)|.",
    re.DOTALL | re.IGNORECASE,
)
_VERBOSE: Final = re.compile(r"\(\?[a-z-]*x[a-z-]*[:)]", re.IGNORECASE)
"""A flag that lets blanks stand between a group and its repetition."""
_TIMES: Final = re.compile(r"\{\d+\}")


class PatternTooCostly(ValueError):
    """A search pattern that could take longer than anybody waits."""


@lru_cache(maxsize=256)
def pattern(text: str) -> re.Pattern[str]:
    """
    Return a search pattern that does not regard case.

    Raises PatternTooCostly where a group is repeated, more than about three repetitions follow each other or something
    stands in it whose ways cannot be counted, else ValueError where it is no regular expression.
    """
    if _ways(text) > _MAX_WAYS:
        raise PatternTooCostly("more repetitions than a search may have")
    try:
        return re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as exc:
        raise ValueError(f"not a regular expression: {exc}") from exc


@lru_cache(maxsize=4096)
def is_found(wanted: str, text: str) -> bool:
    """Tell whether a pattern occurs in the first ``MAX_TEXT`` characters of a text. Raises as ``pattern`` does."""
    return pattern(wanted).search(text[:MAX_TEXT]) is not None


def _ways(text: str) -> int:
    """
    Return a bound for how many ways a pattern can be tried from one place; repetitions multiply, alternatives add.

    Raises PatternTooCostly for a repeated group, free spacing, comments, conditions and deep nesting: no search for
    words needs them. ValueError where parentheses are no pairs: of a group that stays open nothing would be counted.
    """
    done: list[tuple[int, int]] = []
    others, ways = 0, 1  # of the alternatives before, and of the one that is read
    last = 1
    is_group = False  # what a repetition repeats
    for token in _tokens(text):
        kind = token.lastgroup
        if kind == "open":
            done.append((others, ways))
            others, ways, is_group = 0, 1, False
        elif kind == "close":
            inner = others + ways
            others, before = done.pop()
            ways, last, is_group = before * inner, inner, True
        elif kind == "bar":
            others, ways, is_group = others + ways, 1, False
        elif kind == "repeat":
            if is_group and token.group() != "?":
                raise PatternTooCostly("a group is repeated")
            # an optional group is one way more: what it counted for is taken back first
            ways = ways // last * (last + 1) if is_group else ways * _ways_of_repeating(token.group())
            is_group = False
        else:
            is_group = False
    return others + ways


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """Yield the parts of a pattern; raises as ``_ways`` does, last where a group stays open."""
    depth = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "unread" or _VERBOSE.fullmatch(token.group()):
            raise PatternTooCostly("a comment, a condition or free spacing")
        depth += {"open": 1, "close": -1}.get(kind or "", 0)
        if depth > _MAX_DEPTH:
            raise PatternTooCostly("too many parentheses in each other")
        if depth < 0:
            raise ValueError("not a regular expression: a parenthesis closes nothing")
        yield token
    if depth:
        raise ValueError("not a regular expression: a parenthesis stays open")


def _ways_of_repeating(token: str) -> int:
    if _TIMES.fullmatch(token):
        return 1
    return 2 if token[0] == "?" else _REPEATED
