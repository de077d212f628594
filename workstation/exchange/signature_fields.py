"""
The two signature fields of a report's last page and what is seen in them once they are signed.

Both fields are made before the first signature: a field that appears on a signed page counts as a change.
"""

from __future__ import annotations

import binascii
import uuid
from functools import lru_cache
from io import BytesIO
from typing import Final

from fpdf import FPDF
from fpdf.fonts import TTFFont
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, append_signature_field, enumerate_sig_fields
from pyhanko.stamp import StaticStampStyle

from resources.font_files import report_regular
from workstation.dicom.report_words import local_time
from workstation.domain.signature import SignatureRole, SignatureStamp
from workstation.domain.template import Text
from workstation.exchange.fonts import rare_characters, rare_font

FIELDS: Final = {SignatureRole.AUTHOR: "AuthorSignature", SignatureRole.VERIFIER: "VerifierSignature"}

PAGE_HEIGHT_MM: Final = 297.0
STAMP_HEIGHT_MM: Final = 11.0
STAMP_WIDTH_MM: Final = 62.0
STAMP_TOP_MM: Final = PAGE_HEIGHT_MM - 26.0 - 1.5 - STAMP_HEIGHT_MM
"""From the top edge of the last page; the stamps stand right above the rule of the footer."""
STAMP_LEFT_MM: Final = {SignatureRole.AUTHOR: 30.0, SignatureRole.VERIFIER: 130.0}
"""From the left edge; what is left of each stamp says whose it is."""

_POINTS: Final = 72 / 25.4
_WHO: Final = Text("{name}　{organisation}", "{name}, {organisation}")
_FILLED: Final = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID)
_SIGNED: Final = Text("数字签名 {time}", "digitally signed {time}")


def box(role: SignatureRole) -> tuple[int, int, int, int]:
    """Return the rectangle of a field on A4 as PDF counts it: left, bottom, right, top in points."""
    left = STAMP_LEFT_MM[role]
    bottom = PAGE_HEIGHT_MM - STAMP_TOP_MM - STAMP_HEIGHT_MM
    edges = (left, bottom, left + STAMP_WIDTH_MM, bottom + STAMP_HEIGHT_MM)
    return tuple(round(edge * _POINTS) for edge in edges)  # type: ignore[return-value]  # four of them


def with_fields(writer: IncrementalPdfFileWriter) -> None:
    """Add both fields to the last page of a document that nobody has signed; a signed one stays as it is."""
    known = {name for name, _value, _field in enumerate_sig_fields(writer.prev)}
    if known:
        return
    for role, name in FIELDS.items():
        append_signature_field(writer, SigFieldSpec(name, on_page=-1, box=box(role)))


def stamp_style(stamp: SignatureStamp) -> StaticStampStyle:
    """Return what the field shows: name, organisation and time, in fonts that travel with it."""
    left, bottom, right, top = box(stamp.role)
    page = _page(stamp, right - left, top - bottom)
    return StaticStampStyle(border_width=0, background=_Imported(page), background_layout=_FILLED)


@lru_cache(maxsize=4)
def _page(stamp: SignatureStamp, width: int, height: int) -> bytes:
    who = _WHO.get(stamp.language).format(name=stamp.name, organisation=stamp.organisation)
    when = _SIGNED.get(stamp.language).format(time=local_time(stamp.at))
    paper = FPDF(unit="pt", format=(width, height))
    try:
        paper.set_margin(0)
        paper.c_margin = 0
        paper.set_auto_page_break(auto=False)
        paper.set_creation_date(stamp.at)
        paper.add_font("report", "", report_regular(), unicode_range=sorted({ord(char) for char in who + when}))
        if rare := rare_characters(who + when):
            paper.fonts["rare"] = TTFFont(paper, BytesIO(rare_font(rare)), "rare", "")  # type: ignore[arg-type]  # fontTools reads streams too
            paper.set_fallback_fonts(["rare"], exact_match=False)
        paper.add_page()
        paper.set_draw_color(38, 84, 124)
        paper.set_text_color(38, 84, 124)
        paper.set_line_width(0.7)
        paper.rect(0.5, 0.5, width - 1, height - 1)
        for row, (text, size) in enumerate(((who, 9.0), (when, 8.0))):
            paper.set_font("report", "", size)
            wide = paper.get_string_width(text)
            if wide > width - 10:
                paper.set_font_size(size * (width - 10) / wide)
            paper.set_xy(5, 3 + row * 12.5)
            paper.cell(width - 10, 12.5, text)
        return bytes(paper.output())
    finally:
        for font in paper.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()


class _Imported(PdfContent):
    """A page in memory as the content of a stamp."""

    def __init__(self, page: bytes) -> None:
        self._bytes = page
        super().__init__()

    def render(self) -> bytes:
        """Return the command that draws the page, which becomes a resource of the stamp."""
        drawn = self._ensure_writer.import_page_as_xobject(PdfFileReader(BytesIO(self._bytes)))
        name = b"/Stamp" + binascii.hexlify(uuid.uuid4().bytes)
        self.resources.xobject[name.decode()] = drawn
        left, bottom, right, top = drawn.get_object()["/BBox"]
        self.box = BoxConstraints(width=abs(right - left), height=abs(top - bottom))
        return name + b" Do"
