"""
A side that a pinyin keyboard made another word of: 又肺上叶 for 右肺上叶, 左则 for 左侧.

Both characters are words of every day, so only the place tells: what stands behind, and what stands before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from resources.anatomy_terms import side_mistakes

_OF_SIDE = "侧"


@dataclass(frozen=True, slots=True)
class SideSlip:
    """The two characters from ``start`` on that hold the wrong one, and what they should be."""

    start: int
    word: str
    right: str


def side_slips(text: str) -> tuple[SideSlip, ...]:
    """Return every side that was typed by its sound alone, in reading order."""
    found = []
    for right, pattern in _patterns():
        for match in pattern.finditer(text):
            at = match.start()
            if right == _OF_SIDE:
                found.append(SideSlip(at - 1, text[at - 1 : at + 1], text[at - 1] + right))
            else:
                found.append(SideSlip(at, text[at : at + 2], right + text[at + 1]))
    return tuple(sorted(found, key=lambda one: one.start))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((right, re.compile("|".join(wrong))) for right, wrong in side_mistakes().items())
