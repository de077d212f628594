"""Where corner texts stand once the width of their letters is known: none covers another and none loses words."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from viewers.qt.outlined_text import OutlinedText, TextStyle
from viewers.scene.captions import LINE_PX, MARGIN_PX, CaptionLine
from viewers.scene.labels import Rect

GAP_PX: Final = 8.0
"""What stays free between two corners beside each other"""
_KEPT: Final = 256
_CJK: Final = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
_CLOSING: Final = re.escape("，。、：；！？）》」』】〉〕％…·" + ",.:;!?)]}%\N{RIGHT DOUBLE QUOTATION MARK}")
_OPENING: Final = re.escape("（《「『【〈〔([{" + "\N{LEFT DOUBLE QUOTATION MARK}")
_BREAK: Final = re.compile(
    rf"(?<=\s)(?![{_CLOSING}])"
    rf"|(?<=[{_CJK}])(?<![{_OPENING}])(?![{_CLOSING}\s])"
    rf"|(?<![{_OPENING}\s])(?=[{_CJK}])(?![{_CLOSING}])"
)
"""A line may break after a space, and beside a Chinese sign; never before closing nor after opening punctuation."""


@dataclass(frozen=True, slots=True)
class PlacedCaption:
    """A line as it is painted and the box it covers, in viewport pixels."""

    line: CaptionLine
    box: Rect


class CaptionPlaces:
    """Breaks and moves corner lines; what fits as it stands stays as it stands. Remembers what it broke."""

    def __init__(self, text: OutlinedText) -> None:
        self._text = text
        self._sides: OrderedDict[tuple[tuple[CaptionLine, ...], float], tuple[PlacedCaption, ...]] = OrderedDict()

    def of(self, lines: Sequence[CaptionLine], viewport: tuple[float, float]) -> tuple[PlacedCaption, ...]:
        """
        Return the lines that are painted, in order.

        A line that its neighbour corner leaves no room for is broken, or its corner stands beyond the left one where
        that takes fewer lines. Where the upper half then needs the lower one's place, lower lines give way.
        """
        upper, is_upper_broken = self._side(tuple(line for line in lines if line.corner.is_upper), viewport[0])
        lower, is_lower_broken = self._side(tuple(line for line in lines if not line.corner.is_upper), viewport[0])
        if is_upper_broken or is_lower_broken:
            lower = tuple(one for one in lower if not any(one.box.overlap(other.box) for other in upper))
        return upper + lower

    def _placed(self, line: CaptionLine) -> PlacedCaption:
        width, height = self._text.size(line.text, caption_style(line))
        return PlacedCaption(line, Rect(line.x - width if line.aligned_right else line.x, line.y, width, height))

    def _side(self, lines: tuple[CaptionLine, ...], width: float) -> tuple[tuple[PlacedCaption, ...], bool]:
        """Return the two upper or the two lower corners so that all lines have room, and whether any was broken."""
        placed = tuple(self._placed(line) for line in lines)
        if _fits(placed, width):
            return placed, False
        found = self._sides.get((lines, width))
        if found is None:
            broken = self._broken_side(lines, width)
            found = self._sides[lines, width] = tuple(self._placed(line) for line in broken)
            if len(self._sides) > _KEPT:
                self._sides.popitem(last=False)
        return found, True

    def _broken_side(self, lines: tuple[CaptionLine, ...], width: float) -> tuple[CaptionLine, ...]:
        whole = width - 2 * MARGIN_PX
        left = [line for line in lines if not line.aligned_right]
        right = [line for line in lines if line.aligned_right]
        edge = _edge(lines)
        left = self._broken(left, lambda _row: whole, by_force=True) or []
        beyond = self._broken(right, lambda _row: whole, by_force=True) or []
        taken = [self._width(line.text, line) + GAP_PX for line in left]
        beside = self._beside(right, taken, whole, is_upper=lines[0].corner.is_upper)
        if beside is not None and len(beside) <= len(left) + len(beyond):
            return (*_stacked(left, edge, 0), *_stacked(beside, edge, 0))
        return (*_stacked(left, edge, 0), *_stacked(beyond, edge, len(left)))

    def _beside(
        self, lines: Sequence[CaptionLine], taken: Sequence[float], whole: float, *, is_upper: bool
    ) -> list[CaptionLine] | None:
        """Return the lines of the right corner within what the left one leaves of each row, None where it does not."""

        def room(of: int, row: int) -> float:
            # lower corners stand on their last rows, so which row is beside which depends on how many there are
            at = row if is_upper else row - (of - len(taken))
            return whole - (taken[at] if 0 <= at < len(taken) else 0.0)

        rows = len(lines)
        for _ in range(len(taken) + 2):
            found = self._broken(lines, partial(room, rows))
            if found is None or is_upper or len(found) == rows:
                return found
            rows = len(found)
        return self._broken(lines, lambda _row: whole - max(taken, default=0.0))

    def _broken(
        self, lines: Iterable[CaptionLine], room: Callable[[int], float], *, by_force: bool = False
    ) -> list[CaptionLine] | None:
        """Return the lines with each row within its room; None where a word is wider, unless broken ``by_force``."""
        rows: list[CaptionLine] = []
        for line in lines:
            begun = ""
            for piece in self._pieces(line, room(0) if by_force else None):
                if begun and self._width((begun + piece).rstrip(), line) > room(len(rows)):
                    rows.append(replace(line, text=begun.rstrip()))
                    begun = ""
                begun += piece
                if not by_force and self._width(begun.rstrip(), line) > room(len(rows)):
                    return None
            rows.append(replace(line, text=begun.rstrip()))
        return rows

    def _pieces(self, line: CaptionLine, most: float | None) -> list[str]:
        """Return what a line may be broken into; what is wider than ``most`` letter by letter."""
        found: list[str] = []
        for piece in _BREAK.split(line.text):
            is_wide = most is not None and self._width(piece.rstrip(), line) > most
            found += list(piece) if is_wide else [piece]
        return [piece for piece in found if piece]

    def _width(self, text: str, line: CaptionLine) -> float:
        return self._text.size(text, caption_style(line))[0]


def _fits(placed: Iterable[PlacedCaption], width: float) -> bool:
    """Tell whether all lines have room beside each other, each row for itself."""
    rows: dict[float, float] = {}
    for one in placed:
        before = rows.get(one.box.y)
        taken = one.box.width + (0.0 if before is None else before + GAP_PX)
        if taken > width - 2 * MARGIN_PX:
            return False
        rows[one.box.y] = taken
    return True


def caption_style(line: CaptionLine) -> TextStyle:
    """Return how a corner line is written: warnings red and bold."""
    return TextStyle("overlay", "overlay.warn", bold=True) if line.is_warning else TextStyle()


def _edge(lines: Sequence[CaptionLine]) -> float:
    """Return where the outermost row of two corners begins: the first of the upper, the last of the lower ones."""
    return min(line.y for line in lines) if lines[0].corner.is_upper else max(line.y for line in lines)


def _stacked(lines: Sequence[CaptionLine], edge: float, beyond: int) -> list[CaptionLine]:
    """Return a corner's lines below each other, ``beyond`` rows further in than the edge."""
    if not lines:
        return []
    first = beyond if lines[0].corner.is_upper else -(len(lines) - 1 + beyond)
    return [replace(line, y=edge + (first + row) * LINE_PX) for row, line in enumerate(lines)]
