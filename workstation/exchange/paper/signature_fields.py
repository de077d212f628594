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

from workstation.dicom.sr.report_words import local_time
from workstation.domain.signature import SignatureRole, SignatureStamp
from workstation.domain.template import Text
from workstation.exchange.paper.fonts import cut_font, printable, require_printable
from workstation.exchange.paper.report_layout import AUTHOR_BOX, SIGNATURE_PAGE, VERIFIER_BOX

FIELDS: Final = {SignatureRole.AUTHOR: "AuthorSignature", SignatureRole.VERIFIER: "VerifierSignature"}

_WHO: Final = Text("{name}　{organisation}", "{name}, {organisation}")
_FILLED: Final = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID)
_SIGNED: Final = Text("数字签名 {time}", "digitally signed {time}")


def box(role: SignatureRole) -> tuple[int, int, int, int]:
    """Return the rectangle of a field on A4 as PDF counts it: left, bottom, right, top in points."""
    left, bottom, right, top = AUTHOR_BOX if role is SignatureRole.AUTHOR else VERIFIER_BOX
    return round(left), round(bottom), round(right), round(top)


def with_fields(writer: IncrementalPdfFileWriter) -> None:
    """Add both fields to the last page of a document that nobody has signed; a signed one stays as it is."""
    known = {name for name, _value, _field in enumerate_sig_fields(writer.prev)}
    if known:
        return
    for role, name in FIELDS.items():
        append_signature_field(writer, SigFieldSpec(name, on_page=SIGNATURE_PAGE, box=box(role)))


def stamp_style(stamp: SignatureStamp) -> StaticStampStyle:
    """Return what the field shows: name, organisation and time, in fonts that travel with it."""
    left, bottom, right, top = box(stamp.role)
    page = _page(stamp, right - left, top - bottom)
    return StaticStampStyle(border_width=0, background=_Imported(page), background_layout=_FILLED)


@lru_cache(maxsize=4)
def _page(stamp: SignatureStamp, width: int, height: int) -> bytes:
    who = printable(_WHO.get(stamp.language).format(name=stamp.name, organisation=stamp.organisation))
    when = _SIGNED.get(stamp.language).format(time=local_time(stamp.at))
    require_printable(who)
    paper = FPDF(unit="pt", format=(width, height))
    try:
        paper.set_margin(0)
        paper.c_margin = 0
        paper.set_auto_page_break(auto=False)
        paper.set_creation_date(stamp.at)
        cut = cut_font(frozenset(who + when), bold=False)
        paper.fonts["report"] = TTFFont(paper, BytesIO(cut), "report", "")  # type: ignore[arg-type]  # fontTools reads streams too
        paper.add_page()
        paper.set_draw_color(38, 84, 124)
        paper.set_text_color(38, 84, 124)
        paper.set_line_width(0.7)
        paper.rect(0.5, 0.5, width - 1, height - 1)
        line = (height - 6) / 2
        for row, (text, size) in enumerate(((who, 9.0), (when, 8.0))):
            paper.set_font("report", "", size)
            wide = paper.get_string_width(text)
            if wide > width - 10:
                paper.set_font_size(size * (width - 10) / wide)
            paper.set_xy(5, 3 + row * line)
            paper.cell(width - 10, line, text)
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
