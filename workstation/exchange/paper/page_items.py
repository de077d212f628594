"""What stands on a page, in mm from its upper left corner, before any PDF is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from workstation.exchange.paper.fonts import text_width

INK: Final = (25, 25, 25)
GREY: Final = (96, 96, 96)
PALE: Final = (200, 200, 200)
RED: Final = (176, 24, 24)
GREEN: Final = (22, 110, 62)
_POINT_MM: Final = 25.4 / 72
_RISE: Final = 0.35
"""How far below the middle of a line its baseline lies, in ems."""

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Style:
    """How words look."""

    size_pt: float
    bold: bool = False
    colour: Colour = INK

    def width(self, text: str) -> float:
        """Return the width of a text in mm."""
        return text_width(text, self.size_pt, bold=self.bold)


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text from ``x`` on, its baseline at ``y``."""

    x: float
    y: float
    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: Colour = INK
    width: float = 0.2


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its outline, or filled with ``fill``."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour | None = PALE
    fill: Colour | None = None
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG or PNG, drawn into the rectangle as it is."""

    x: float
    y: float
    width: float
    height: float
    content: bytes


Item = Words | Rule | Box | Picture


@dataclass(slots=True)
class Page:
    """One sheet and what stands on it, in drawing order."""

    items: list[Item] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return every character on the page."""
        return "".join(item.text for item in self.items if isinstance(item, Words))


def line_of(x: float, top: float, height: float, text: str, style: Style, *, right: float | None = None) -> Words:
    """Return one line of text centred within its height; where ``right`` is given it ends there."""
    if right is not None:
        x = right - style.width(text)
    return Words(x, top + height / 2 + _RISE * style.size_pt * _POINT_MM, text, style)
