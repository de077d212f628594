"""Text that was read in other characters than it was written in, told by the text alone once its bytes are gone."""

from __future__ import annotations

import re
from typing import Final

_BROKEN: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x80-\x9f\ufffd]")
_PARTS: Final = re.compile(r"[\^=\\\s]+")
_CJK: Final = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
_FEWEST_MIXED: Final = 3
"""High characters in a part with Latin letters among them, before it is taken for GBK: a name like ``Öz`` is none."""


def is_garbled(text: str) -> bool:
    """
    Tell whether a text is Chinese that was read as Latin 1, or lost characters already.

    A part of nothing but accented letters and signs whose bytes are Chinese is none in any Latin language; one with
    plain letters beside them, as in ``Pääbo``, is left alone. A name wholly of accented letters, as ``Éé``, cannot be
    told from 张 and 玲, which read ``ÕÅ`` and ``Áá``: rather no name than the wrong characters of one.
    """
    return bool(_BROKEN.search(text)) or any(_is_chinese_as_latin(part) for part in _PARTS.split(text))


def readable_name(person_name: str) -> str:
    """Return a DICOM person name without the groups that are garbled; empty where none is left."""
    groups = ["" if is_garbled(group) else group for group in person_name.split("=")]
    return "=".join(groups).rstrip("=") if any(group.strip("^ ") for group in groups) else ""


def _is_chinese_as_latin(part: str) -> bool:
    try:
        raw = part.encode("latin-1")
    except UnicodeEncodeError:
        return False
    high = sum(byte >= 0x80 for byte in raw)
    if high < 2:
        return False
    if high == len(raw):
        return _decodes(raw, "gb2312") or _decodes(raw, "utf-8")
    return high >= _FEWEST_MIXED and _decodes(raw, "gb18030")


def _decodes(raw: bytes, codec: str) -> bool:
    """Tell whether bytes are Chinese in a codec, and nothing else."""
    try:
        return _CJK.fullmatch(raw.decode(codec)) is not None
    except UnicodeDecodeError:
        return False
