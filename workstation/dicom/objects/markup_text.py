"""
The words of HTML and CDA documents as plain text; nothing of them is ever executed, fetched or expanded.

*Source:* HL7 CDA R2 s.4.3 (narrative block); PS3.3 A.45.2 (Encapsulated CDA).
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

MAXIMUM_CHARACTERS: Final = 1 << 20
_SILENT: Final = frozenset({"script", "style", "head", "object", "iframe", "svg", "template"})
_BLOCKS: Final = frozenset(
    {"p", "div", "br", "li", "item", "tr", "table", "title", "h1", "h2", "h3", "h4", "paragraph", "section", "caption",
     "text", "list", "ul", "ol"}
)  # fmt: skip
_CELLS: Final = frozenset({"td", "th"})
_MARKUP: Final = re.compile(
    r"<\s*(?:!doctype|html|body|p|br|div|table|span|script|b|i|ul|li|h[1-6])\b[^<>]{0,2000}>", re.IGNORECASE
)
_ENCODING: Final = re.compile(rb"<\?xml[^>]{0,200}encoding=[\"']([A-Za-z0-9._-]{1,40})[\"']")


def plain(text: str) -> str:
    """Return a text as it is, or the words of it where it is HTML."""
    return html_text(text) if _MARKUP.search(text[:4000]) else text


def html_text(markup: str) -> str:
    """Return the words of an HTML text, one block a line."""
    return _words(markup, _Words())


def cda_text(document: bytes) -> str:
    """Return the titles and narrative texts of a CDA document, one block a line."""
    named = _ENCODING.match(document[:400].lstrip())
    encoding = named.group(1).decode("ascii") if named else "utf-8"
    try:
        markup = document.decode(encoding, errors="replace")
    except LookupError:
        markup = document.decode("utf-8", errors="replace")
    return _words(markup, _Narrative())


def _words(markup: str, parser: _Words) -> str:
    parser.feed(markup[:MAXIMUM_CHARACTERS])
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.found).splitlines())
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    """Collects what a person would read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, a cell or something silent."""
        del attrs
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in _BLOCKS:
            self.found.append("\n")
        elif tag in _CELLS:
            self.found.append("  ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line; an element without content hides nothing."""
        del attrs
        if tag in _BLOCKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End a line or something silent."""
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        elif tag in _BLOCKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep words."""
        if not self._silent:
            self.found.append(data)


class _Narrative(_Words):
    """Of a CDA only titles and narrative: its header repeats the patient, its entries are for machines."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where narrative begins; text in base64 is no text."""
        coded = ("representation", "B64") in attrs
        if (tag in {"title", "text"} and not coded) or self._inside:
            self._inside += 1
        super().handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Note where narrative ends."""
        super().handle_endtag(tag)
        self._inside = max(0, self._inside - 1) if tag not in {"br", "col"} else self._inside
        if tag in {"title", "text"}:
            self._inside = 0

    def handle_data(self, data: str) -> None:
        """Keep narrative words."""
        if self._inside:
            super().handle_data(data)
