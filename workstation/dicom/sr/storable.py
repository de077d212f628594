"""
What DICOM text can hold: words of people without the signs that make an object invalid.

*Source:* PS3.5 6.1.3 (control characters), 6.2 (PN: 64 characters in a component group, no backslash).
"""

from __future__ import annotations

import re
from typing import Final

_SOFT_BREAK: Final = re.compile("[\v\x85\u2028\u2029]")
"""How word processors end a line within a paragraph"""
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_GROUP: Final = 64


def storable_text(value: str) -> str:
    """Return a text with line feeds for breaks of other kinds and without control characters, which nobody sees."""
    return _UNSEEN.sub("", _SOFT_BREAK.sub("\n", value))


def storable_name(value: str) -> str:
    """Return a person's name that is one value of at most 64 characters in each of its groups."""
    plain = _UNSEEN.sub("", " ".join(_SOFT_BREAK.sub(" ", value).split())).replace("\\", "/")
    return "=".join(group[:_GROUP].rstrip() for group in plain.split("="))
