"""Which characters the embedded fonts have; a report never shows a box for one they lack."""

from __future__ import annotations

from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from resources.font_files import report_rare, report_regular
from resources.translation import tr
from workstation.domain.errors import TemplateViolation


@cache
def characters(path: Path) -> frozenset[int]:
    """Return the code points a font file has glyphs for; read once per process."""
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def rare_characters(text: str) -> frozenset[int]:
    """
    Return the code points of the text that the everyday font lacks.

    Raises TemplateViolation naming the characters that no shipped font has.
    """
    beyond = {ord(char) for char in text if char not in "\r\n\t"} - characters(report_regular())
    missing = beyond - characters(report_rare()) if beyond else set()
    if missing:
        shown = " ".join(f"{chr(code)} (U+{code:04X})" for code in sorted(missing)[:8])
        raise TemplateViolation(
            tr("The report has characters that cannot be printed: {characters}", characters=shown),
            hint=tr("Replace these characters in the report or in the patient's data."),
            detail=f"{len(missing)} characters without glyph",
        )
    return frozenset(beyond)


@lru_cache(maxsize=32)
def rare_font(codes: frozenset[int]) -> bytes:
    """Return a font with just these characters; kept, since a preview asks for the same name again and again."""
    with TTFont(report_rare(), lazy=True) as font:
        options = Options()
        options.name_IDs = ["*"]
        options.notdef_outline = True
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=codes | {ord(" ")})
        subsetter.subset(font)
        buffer = BytesIO()
        font.save(buffer)
    return buffer.getvalue()
