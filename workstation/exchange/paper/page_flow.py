"""Text that runs over as many pages as it needs; headings stay with what they head."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from workstation.exchange.paper.fonts import printable
from workstation.exchange.paper.page_items import Item, Page, Rule, Style, line_of
from workstation.exchange.paper.pdf_text import broken_into_lines
from workstation.exchange.paper.report_layout import BODY_END, LINE, MARGIN, WIDTH

BODY: Final = Style(10.0)
_NUMBERED: Final = re.compile(r"^\s*(\d{1,2}[.、)）]|[-•·])\s*")


class Flow:
    """
    A cursor that runs down pages.

    ``on_page`` draws what a new page begins with and returns where text starts below it.
    """

    def __init__(self, on_page: Callable[[Page, int], float]) -> None:
        self.pages: list[Page] = []
        self.y = 0.0
        self._on_page = on_page
        self.new_page()

    @property
    def page(self) -> Page:
        """Return the page that is being filled."""
        return self.pages[-1]

    def new_page(self) -> None:
        """Begin another page."""
        self.pages.append(Page())
        self.y = self._on_page(self.page, len(self.pages))

    def need(self, height: float) -> None:
        """Begin another page where less than ``height`` mm are left."""
        if self.y + height > BODY_END:
            self.new_page()

    def put(self, *items: Item) -> None:
        """Place items on this page; the cursor stays."""
        self.page.items.extend(items)

    def gap(self, height: float) -> None:
        """Leave a space."""
        self.y += height

    def line(self, text: str, style: Style, *, height: float = LINE, left: float = MARGIN) -> None:
        """Write one line that is known to fit."""
        self.need(height)
        if text:
            self.put(line_of(left, self.y, height, text, style))
        self.y += height

    def heading(self, text: str, *, room: float = 3 * LINE) -> None:
        """Write a heading, on the next page where less than ``room`` mm would be left below it."""
        self.need(1.5 + 6.5 + room)
        self.gap(1.5)
        self.line(text, Style(10.5, bold=True), height=6.5)

    def paragraph(
        self, text: str, style: Style = BODY, *, left: float = MARGIN, width: float = WIDTH, first: float = 0.0
    ) -> None:
        """
        Write a text; ``first`` indents the first line of each of its paragraphs.

        Numbered points hang from their numbers. A paragraph leaves no single line behind on a page.
        """
        for part in printable(text).splitlines():
            number = _NUMBERED.match(part)
            if number is not None:
                mark, rest = part[: number.end()], part[number.end() :]
                hang = style.width(mark.rstrip() + "  ")
                lines = broken_into_lines(rest, width - hang - first, style.width)
                self._lines(lines, style, [left + first + hang] * len(lines), mark.rstrip(), left + first)
            elif part.strip():
                lines = broken_into_lines(part.strip(), width, style.width, indent=first)
                self._lines(lines, style, [left + first, *([left] * (len(lines) - 1))])

    def _lines(
        self, lines: Sequence[str], style: Style, lefts: Sequence[float], mark: str = "", mark_left: float = 0.0
    ) -> None:
        if len(lines) > 1:
            self.need(2 * LINE)
        for at, (line, left) in enumerate(zip(lines, lefts, strict=True)):
            is_second_last = at == len(lines) - 2 and len(lines) > 2
            self.need(2 * LINE if is_second_last else LINE)
            if at == 0 and mark:
                self.put(line_of(mark_left, self.y, LINE, mark, style))
            self.line(line, style, left=left)

    def rule(self, *, below: float = 2.0, above: float = 1.5) -> None:
        """Draw a line over the whole width."""
        self.y += above
        self.put(Rule(MARGIN, self.y, MARGIN + WIDTH, self.y))
        self.y += below
