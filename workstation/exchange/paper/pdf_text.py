"""Breaking Chinese and Latin text into lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_NOT_FIRST: Final = frozenset("，。、；：！？）】》」』”’％…,.;:!?)]}%·")
_NOT_LAST: Final = frozenset("（【《「『“‘([{")
_TOKEN: Final = re.compile(
    r"\d[\d.,]*\s?(?:mm³|mm|cm|mGy|HU|ml|%|s)(?![A-Za-z])"  # a number never parts from its unit
    r"|[\u0021-\u02af]+|\s+|.",
    re.DOTALL,
)


def broken_into_lines(text: str, width: float, width_of: Callable[[str], float], *, indent: float = 0.0) -> list[str]:
    """
    Return the lines of a paragraph, the first one shorter by ``indent``.

    Chinese may break anywhere except before closing and after opening punctuation; Latin words
    and numbers with their unit stay whole unless one alone exceeds the line.
    """
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line, room = "", width - (indent if not lines else 0.0)
        for token in _units(paragraph, width, width_of):
            if line and width_of(line + token.rstrip()) > room:
                lines.append(line.rstrip())
                line, room = "", width
                token = token.lstrip()  # noqa: PLW2901 - a line does not start with the space it broke at
            line += token
        lines.append(line.rstrip())
    return lines


def _units(paragraph: str, width: float, width_of: Callable[[str], float]) -> list[str]:
    """Return the pieces between which a line may break."""
    pieces: list[str] = []
    for token in _TOKEN.findall(paragraph):
        glued = pieces and (token[0] in _NOT_FIRST or pieces[-1][-1] in _NOT_LAST)
        if glued and width_of(pieces[-1] + token) <= width:
            pieces[-1] += token
        elif width_of(token) <= width:
            pieces.append(token)
        else:
            pieces.extend(token)
    return pieces
