"""
Writing laid-out pages as PDF/A-3u: fonts embedded, colours defined, attachments named by their relation.

What cannot be judged here is said in ADR 0034. The same pages give the same bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Final
from xml.sax.saxutils import escape

from fpdf import FPDF
from fpdf.enums import DocumentCompliance
from fpdf.fonts import TTFFont

from workstation.dicom.sr.common import software_version
from workstation.exchange.paper.fonts import cut_font, require_printable
from workstation.exchange.paper.page_items import Box, Item, Page, Picture, Rule, Words

_FONT: Final = "report"
_WATERMARK_PT: Final = 52
_WATERMARK_GREY: Final = (226, 226, 226)
_DASH_MM: Final = 1.0
_ATTACHED: Final = {
    "json": ("application/json", "Data", "SHA-256 of every object of this report"),
    "p7s": ("application/pkcs7-signature", "Supplement", "Detached signature over an object of this report"),
    "pdf": ("application/pdf", "Source", "The preliminary report as its author signed it"),
}
"""By the ending of the name: type, relation to the page (AFRelationship), and what it is."""
_XMP: Final = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
   <pdfaid:part>3</pdfaid:part>
   <pdfaid:conformance>U</pdfaid:conformance>
   <dc:format>application/pdf</dc:format>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
   <dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
   <xmp:CreateDate>{at}</xmp:CreateDate>
   <xmp:ModifyDate>{at}</xmp:ModifyDate>
   <xmp:MetadataDate>{at}</xmp:MetadataDate>
   <pdf:Producer>{producer}</pdf:Producer>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""

# fontTools tells about every table that it leaves out of a font
logging.getLogger("fontTools.subset").setLevel(logging.ERROR)


def pdf_of(
    pages: Sequence[Page],
    *,
    title: str,
    language: str,
    at: datetime,
    watermark: str = "",
    attachments: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return the pages as one PDF. Raises TemplateViolation for characters that no shipped font has."""
    paper = FPDF(format="A4", enforce_compliance=DocumentCompliance.PDFA_3U)
    paper.set_auto_page_break(auto=False)
    paper.set_creation_date(at)
    producer, tag = f"Lianyue {software_version()}", "zh-CN" if language.startswith("zh") else "en"
    paper.set_producer(producer)
    paper.set_lang(tag)
    paper.set_title(title)
    time = at.astimezone(UTC).isoformat(timespec="seconds")  # the library would put the present time here
    paper.set_xmp_metadata(_XMP.format(title=escape(title), language=tag, at=time, producer=producer))
    try:
        _use_fonts(paper, pages, watermark)
        for page in pages:
            paper.add_page()
            if watermark:
                _watermark(paper, watermark)
            for item in page.items:
                _draw(paper, item)
        for name, content in (attachments or {}).items():
            mime_type, relation, about = _ATTACHED[name.rpartition(".")[2]]
            paper.embed_file(
                bytes=content,
                basename=name,
                modification_date=at,
                mime_type=mime_type,
                associated_file_relationship=relation,
                desc=about,
                compress=True,
            )
        return bytes(paper.output())
    finally:
        for font in paper.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()


def _use_fonts(paper: FPDF, pages: Sequence[Page], watermark: str) -> None:
    written = [item for page in pages for item in page.items if isinstance(item, Words)]
    for bold in (False, True):
        text = "".join(item.text for item in written if item.style.bold is bold) + (watermark if bold else "")
        require_printable(text)
        if text:
            # from memory: add_font() takes files only, and a patient's characters stay off the disk
            stream = BytesIO(cut_font(frozenset(text) - {"\n", "\r"}, bold=bold))
            font = TTFFont(paper, stream, _FONT, "B" if bold else "")  # type: ignore[arg-type]  # fontTools reads streams too
            font.ttfont.recalcBBoxes = False  # the outlines are copies: no need to unpack each
            paper.fonts[_FONT + ("B" if bold else "")] = font


def _watermark(paper: FPDF, text: str) -> None:
    paper.set_font(_FONT, "B", _WATERMARK_PT)
    paper.set_text_color(*_WATERMARK_GREY)
    with paper.rotation(30, 105, 150):
        paper.text(105 - paper.get_string_width(text) / 2, 158, text)


def _draw(paper: FPDF, item: Item) -> None:
    if isinstance(item, Words):
        if item.text:
            paper.set_font(_FONT, "B" if item.style.bold else "", item.style.size_pt)
            paper.set_text_color(*item.style.colour)
            paper.text(item.x, item.y, item.text)
    elif isinstance(item, Rule):
        paper.set_draw_color(*item.colour)
        paper.set_line_width(item.width)
        paper.line(item.x1, item.y1, item.x2, item.y2)
    elif isinstance(item, Picture):
        paper.image(BytesIO(item.content), item.x, item.y, w=item.width, h=item.height)
    else:
        _box(paper, item)


def _box(paper: FPDF, box: Box) -> None:
    style = ("D" if box.colour else "") + ("F" if box.fill else "")
    if box.colour:
        paper.set_draw_color(*box.colour)
        paper.set_line_width(0.25)
    if box.fill:
        paper.set_fill_color(*box.fill)
    if box.dashed:
        paper.set_dash_pattern(dash=_DASH_MM, gap=_DASH_MM)
    paper.rect(box.x, box.y, box.width, box.height, style=style)
    if box.dashed:
        paper.set_dash_pattern()
