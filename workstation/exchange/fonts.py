"""Which characters the embedded fonts have; a report never shows a box for one they lack."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

from resources.font_files import report_rare, report_regular
from resources.translation import tr
from workstation.domain.errors import TemplateViolation


@cache
def characters(path: Path) -> frozenset[int]:
    """Return the code points a font file has glyphs for; read once per process."""
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def needs_rare_font(text: str) -> bool:
    """
    Tell whether the text has characters beyond the everyday font.

    Raises TemplateViolation naming the characters that no shipped font has.
    """
    beyond = {ord(char) for char in text if char != "\n"} - characters(report_regular())
    missing = beyond - characters(report_rare()) if beyond else set()
    if missing:
        shown = " ".join(f"{chr(code)} (U+{code:04X})" for code in sorted(missing)[:8])
        raise TemplateViolation(
            tr("The report has characters that cannot be printed: {characters}", characters=shown),
            hint=tr("Replace these characters in the report or in the patient's data."),
            detail=f"{len(missing)} characters without glyph",
        )
    return bool(beyond)
