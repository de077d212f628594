"""
The square code on a report: which report this is, and the digest of what was signed with it.

A phone reads ``LIANYUE:1:<report UID>:<SHA-256 of manifest.json>``; the digest is the same that
the page prints in short and that the signed PDF carries inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import segno

from workstation.exchange.paper.page_items import Box

_FORM: Final = re.compile(r"LIANYUE:1:([0-9.]{1,64}):([0-9A-F]{64})")
_BLACK: Final = (0, 0, 0)
_QUIET: Final = 4
"""Modules left blank around a code (ISO/IEC 18004)."""


def code_text(report_uid: str, digest: str) -> str:
    """Return what the code says; capitals and digits only, which makes it smaller."""
    return f"LIANYUE:1:{report_uid}:{digest.upper()}"


def read_code(text: str) -> tuple[str, str] | None:
    """Return report UID and digest (lower case) of a scanned code, None for any other text."""
    found = _FORM.fullmatch(text.strip())
    return (found[1], found[2].lower()) if found else None


def code_boxes(text: str, x: float, y: float, side: float) -> Iterator[Box]:
    """Yield the dark parts of a code, quiet zone included in the square of ``side`` mm; runs of modules as one box."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    module = side / (len(rows) + 2 * _QUIET)
    for at, row in enumerate(rows):
        for run in re.finditer(rb"\x01+", row):
            left = x + (_QUIET + run.start()) * module
            # a hair taller, lest a printer leave white lines between rows
            yield Box(left, y + (_QUIET + at) * module, len(run[0]) * module, module * 1.02, None, _BLACK)
