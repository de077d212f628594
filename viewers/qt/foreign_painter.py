"""Paints what other systems drew: dashed or in their own colours, with words, under everything of the reader's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from resources import theme_tokens
from viewers.qt.outlined_text import OutlinedText, TextStyle, color
from viewers.scene.labels import Rect, place_label
from viewers.scene.overlay import ForeignShape

_LINE_PX: Final = 1.25
_UNDER_PX: Final = 2.0
_PAD_PX: Final = 5.0
_LONGEST_DASHED_PX: Final = 8_000.0
_FARTHEST_PX: Final = 1_000_000.0
"""Qt works for minutes on the dashes of a line that nobody can see; what a file claims may lie anywhere."""
_WORDS: Final = TextStyle("overlay", "overlay.foreign")


def paint_foreign(
    painter: QPainter, text: OutlinedText, shapes: Sequence[ForeignShape], viewport: tuple[float, float]
) -> None:
    """Paint lines first, then words, which keep clear of each other."""
    painter.save()
    for shape in shapes:
        _line(painter, shape)
    taken: list[Rect] = []
    for shape in shapes:
        if shape.lines and _is_near(shape):
            taken.append(_words(painter, text, shape, viewport, taken))
    painter.restore()


def _line(painter: QPainter, shape: ForeignShape) -> None:
    reach = max((max(abs(x), abs(y)) for x, y in shape.outline), default=_FARTHEST_PX)
    if not reach < _FARTHEST_PX:
        return
    points = QPolygonF([QPointF(*point) for point in shape.outline])
    tone = QColor(*shape.colour) if shape.colour is not None else color("overlay.foreign")
    pen = QPen(tone, _LINE_PX)
    if shape.colour is None and reach < _LONGEST_DASHED_PX:
        # Qt counts dashes in pen widths
        pen.setDashPattern([length / _LINE_PX for length in theme_tokens.dash("dash.foreign")])
    painter.setBrush(QBrush(tone) if shape.filled else Qt.BrushStyle.NoBrush)
    for each in (QPen(color("overlay.outline"), _LINE_PX + _UNDER_PX), pen):
        each.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(each)
        if shape.closed:
            painter.drawPolygon(points)
        else:
            painter.drawPolyline(points)


def _is_near(shape: ForeignShape) -> bool:
    points = (*shape.outline, *([shape.at] if shape.at is not None else []))
    return all(max(abs(x), abs(y)) < _FARTHEST_PX for x, y in points)


def _words(
    painter: QPainter, text: OutlinedText, shape: ForeignShape, viewport: tuple[float, float], taken: Sequence[Rect]
) -> Rect:
    sizes = [text.size(line, _WORDS) for line in shape.lines]
    width, height = max(one for one, _ in sizes), sum(one for _, one in sizes)
    if shape.at is not None and not shape.outline:
        x = min(max(shape.at[0] - width / 2, 2.0), max(viewport[0] - width - 2.0, 2.0))
        rect = Rect(x, min(max(shape.at[1], 2.0), max(viewport[1] - height - 2.0, 2.0)), width, height)
    else:
        xs, ys = [x for x, _ in shape.outline], [y for _, y in shape.outline]
        box = Rect(min(xs) - _PAD_PX, min(ys) - _PAD_PX, max(xs) - min(xs) + 2 * _PAD_PX,
                   max(ys) - min(ys) + 2 * _PAD_PX)  # fmt: skip
        rect = place_label(box, (width, height), viewport, taken)
    step = theme_tokens.font_role(_WORDS.role).line
    for row, line in enumerate(shape.lines):
        text.draw(painter, rect.x, rect.y + row * step, line, _WORDS)
    return rect
