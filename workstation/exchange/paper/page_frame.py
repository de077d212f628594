"""What surrounds a report on every page: letterhead, identity, signatures, footer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image

from workstation.dicom.sr import report_words
from workstation.domain.letterhead import Letterhead
from workstation.domain.mutual_recognition import Recognition
from workstation.domain.report import Report
from workstation.domain.signature import SignatureRole
from workstation.exchange.paper.fonts import printable
from workstation.exchange.paper.page_items import GREEN, GREY, PALE, Box, Item, Page, Picture, Rule, Style, line_of
from workstation.exchange.paper.page_words import words
from workstation.exchange.paper.pdf_text import broken_into_lines
from workstation.exchange.paper.report_code import code_boxes, code_text
from workstation.exchange.paper.report_layout import (
    AUTHOR_LEFT,
    FOOTER_TOP,
    LINE,
    MARGIN,
    SIGNATURE_SIZE,
    SIGNATURE_TOP,
    VERIFIER_LEFT,
    WIDTH,
)
from workstation.exchange.paper.unsigned_fields import unsigned_words

_TOP: Final = 14.0
_LOGO: Final = (34.0, 16.0)
_CODE_MM: Final = 23.0
_MARK: Final = (41.0, 10.5)
_GAP: Final = 4.0
_NAME: Final = Style(16, bold=True)
_TITLE: Final = Style(11.5)
_SMALL: Final = Style(8.0, colour=GREY)
_FOOT: Final = Style(8.5)
_FOOT_GREY: Final = Style(8.5, colour=GREY)
_RIGHT: Final = MARGIN + WIDTH


@dataclass(frozen=True, slots=True)
class Frame:
    """One report's surroundings; ``digest`` is the SHA-256 of its manifest, empty without one."""

    report: Report
    letterhead: Letterhead
    title: str
    who: str
    """Patient and exam in one line, for the pages after the first"""
    digest: str
    draft: bool

    @property
    def language(self) -> str:
        """Return the language of the report."""
        return self.report.language

    def begin(self, page: Page, number: int) -> float:
        """Draw the head of a page; return where text starts below it."""
        return self._letterhead(page) if number == 1 else self._running_head(page)

    def _letterhead(self, page: Page) -> float:
        head, language = self.letterhead, self.language
        left = MARGIN
        if head.logo_png:
            wide, tall = _fitted(head.logo_png)
            page.items.append(Picture(left, _TOP, wide, tall, head.logo_png))
            left += wide + _GAP
        right, below = self._marks(page)
        y = _TOP
        name = Style(_NAME.size_pt if _NAME.width(head.name.get(language)) <= right - left else 13.5, bold=True)
        y = _stack(page, head.name.get(language), name, left, right, y, 8.0)
        y = _stack(page, head.department.get(language), Style(10.0), left, right, y, 5.5)
        y = _stack(page, self.title, _TITLE, left, right, y, 6.5)
        phone = words("phone", language, phone=head.phone) if head.phone else ""
        contact = "　".join(part for part in (head.address.get(language), phone) if part)
        y = _stack(page, contact, _SMALL, left, right, y, 4.2)
        y = max(y, below, _TOP + (_LOGO[1] if head.logo_png else 0)) + 1.5
        page.items.append(Rule(MARGIN, y, _RIGHT, y, width=0.35))
        return y + 2.0

    def _marks(self, page: Page) -> tuple[float, float]:
        """Draw code and recognition mark; return where the name must end and how far down they reach."""
        right, below = _RIGHT, _TOP
        if self.digest and not self.draft:
            text = code_text(self.report.report_uid, self.digest)
            page.items.extend(code_boxes(text, _RIGHT - _CODE_MM + 2.5, _TOP - 4.5, _CODE_MM))
            right, below = _RIGHT - _CODE_MM + 1.0, _TOP - 4.5 + _CODE_MM - 2.0
        page.items.extend(self._mark(right - _MARK[0]))
        return right - _MARK[0] - _GAP, max(below, _TOP + _MARK[1])

    def _mark(self, x: float) -> list[Item]:
        language, given = self.language, self.report.recognition
        wide, tall = _MARK
        if given is None or self.draft:
            key = "mark_pending" if self.draft else "mark_refused"
            return [Box(x, _TOP, wide, tall, PALE, dashed=True), _centred(x, _TOP, tall, words(key, language), _SMALL)]
        if not given.granted:
            return [
                Box(x, _TOP, wide, tall, PALE, dashed=True),
                _centred(x, _TOP, tall, words("mark_refused", language), _SMALL),
            ]
        upper, lower = Style(10.5, bold=True, colour=GREEN), Style(7.0, colour=GREEN)
        return [
            Box(x, _TOP, wide, tall, GREEN),
            _centred(x, _TOP + 0.6, 5.4, words("mark_granted", language), upper),
            _centred(x, _TOP + 5.6, 4.2, mark_words(given, language), lower),
        ]

    def _running_head(self, page: Page) -> float:
        lines = broken_into_lines(printable(self.who), WIDTH, _FOOT.width)
        for at, line in enumerate(lines):
            page.items.append(line_of(MARGIN, _TOP + at * LINE, LINE, line, _FOOT))
        y = _TOP + len(lines) * LINE + 1.0
        page.items.append(Rule(MARGIN, y, _RIGHT, y, PALE))
        return y + 2.5

    def sign(self, page: Page) -> None:
        """Draw the places of both signatures."""
        report, language = self.report, self.language
        wide, tall = SIGNATURE_SIZE
        verifier = "" if report.verifier is None else report.verifier.name
        for key, left, name in (("author", AUTHOR_LEFT, report.author.name), ("verifier", VERIFIER_LEFT, verifier)):
            label = words(f"{key}_stamp", language)
            page.items.append(line_of(0, SIGNATURE_TOP, tall, label, _FOOT_GREY, right=left - 2.0))
            page.items.append(Box(left, SIGNATURE_TOP, wide, tall, PALE, dashed=True))
            said = words("signs_here", language, name=name) if name else words("waiting", language)
            if not self.draft:  # a signed page shows the signatures themselves here
                said = unsigned_words(report, SignatureRole(key))
            page.items.append(line_of(left + 2.0, SIGNATURE_TOP, tall, said, _SMALL))

    def foot(self, page: Page, number: int, total: int) -> None:
        """Draw who answers for the report, its digest and the page number."""
        report, say = self.report, self._say
        signed = report.verifier is not None and report.signed_at is not None
        verifier = report.verifier.name if signed and report.verifier else say("waiting")
        time = report_words.local_time(report.signed_at) if signed else say("unsigned")
        digest = " ".join(self.digest[start : start + 4] for start in range(0, 16, 4)) if self.digest else ""
        saved = say("saved", n=report.revision)  # counts every saving, not the versions that were given out
        scope = self.letterhead.footer.get(self.language) or say("scope")
        left = (
            say("author", name=report.author.name) + "    " + say("verifier", name=verifier),
            say("reported", time=time),
        )
        right = (
            saved + (" · " + say("digest", digest=digest) if digest else ""),
            say("page", n=number, total=total),
        )
        page.items.append(Rule(MARGIN, FOOTER_TOP, _RIGHT, FOOTER_TOP, GREY))
        for at in range(2):
            top = FOOTER_TOP + 1.6 + at * 5.2
            end = line_of(0, top, 5.2, right[at], _FOOT_GREY, right=_RIGHT)
            page.items.append(end)
            page.items.append(line_of(MARGIN, top, 5.2, _cut(left[at], end.x - MARGIN - 3.0, _FOOT), _FOOT))
        for at, line in enumerate(broken_into_lines(printable(scope), WIDTH, _SMALL.width)[:2]):
            page.items.append(line_of(MARGIN, FOOTER_TOP + 12.0 + at * 4.0, 4.0, line, _SMALL))

    def _say(self, key: str, **values: object) -> str:
        return words(key, self.language, **values)


def mark_words(given: Recognition, language: str) -> str:
    """Return the second line of a granted mark."""
    until = given.valid_until.isoformat() if given.valid_until else "—"
    return words("mark_until", language, mark=given.mark, scope=given.scope.get(language), date=until).strip()


def _stack(page: Page, text: str, style: Style, left: float, right: float, y: float, height: float) -> float:
    """Write a text, in as many lines as it needs; return where the next one starts."""
    measure: Callable[[str], float] = style.width
    for line in broken_into_lines(printable(text), right - left, measure) if text else ():
        page.items.append(line_of(left, y, height, line, style))
        y += height
    return y


def _centred(x: float, top: float, height: float, text: str, style: Style) -> Item:
    wide = style.width(text)
    if wide > _MARK[0] - 2:
        style = Style(style.size_pt * (_MARK[0] - 2) / wide, style.bold, style.colour)
    return line_of(x + (_MARK[0] - style.width(text)) / 2, top, height, text, style)


def _cut(text: str, width: float, style: Style) -> str:
    """Return as much of a line as fits; names that long are whole in the signatures."""
    lines = broken_into_lines(text, width, style.width)
    return lines[0] if len(lines) == 1 else lines[0] + "…"


def _fitted(png: bytes) -> tuple[float, float]:
    with Image.open(BytesIO(png)) as opened:
        scale = min(_LOGO[0] / opened.width, _LOGO[1] / opened.height)
        return opened.width * scale, opened.height * scale
