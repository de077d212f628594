"""
What DICOM text can hold: words of people without the signs that make an object invalid.

*Source:* PS3.5 6.1.3 (control characters), 6.2 (PN: three groups of 64 characters and 5 components, no backslash).
"""

from __future__ import annotations

import re
from typing import Final

_UNSEEN: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_GROUP: Final = 64
_GROUPS: Final = 3
"""Single-byte, ideographic, phonetic"""
_PARTS: Final = 5


def storable_text(value: str) -> str:
    """
    Return a text without control characters, which nobody sees.

    A vertical tab, with which word processors end a line within a paragraph, becomes a line feed. JSON stays JSON: it
    spells both of them out.
    """
    return _UNSEEN.sub("", value.replace("\v", "\n"))


def storable_name(value: str) -> str:
    """Return a person's name that is one value of at most three groups of 64 characters."""
    plain = _UNSEEN.sub("", " ".join(value.split())).replace("\\", "/")
    groups = plain.split("=", _GROUPS - 1)
    return "=".join(_group(" ".join(group.split("="))) for group in groups)


def _group(written: str) -> str:
    parts = written.split("^")
    return "^".join([*parts[: _PARTS - 1], " ".join(parts[_PARTS - 1 :])] if len(parts) > _PARTS else parts)[
        :_GROUP
    ].rstrip()
