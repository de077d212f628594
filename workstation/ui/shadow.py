"""The soft shadow around a card, painted from one small picture: a blur of the card itself costs 20 ms each time."""

from __future__ import annotations

from functools import cache
from math import erf
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QRadialGradient

REACH: Final = 40
"""How far the shadow reaches beyond the card, and into it, in px"""
_DOWN: Final = 12
_DARKEST: Final = 204
_STOPS: Final = 24


def paint_shadow(painter: QPainter, card: QRectF) -> None:
    """Paint the shadow of a card that stands above the page; the card itself is painted over it."""
    picture, corner = _picture(), 2.0 * REACH
    place = card.adjusted(-REACH, _DOWN - REACH, REACH, _DOWN + REACH)
    xs = place.left(), place.left() + corner, place.right() - corner, place.right()
    ys = place.top(), place.top() + corner, place.bottom() - corner, place.bottom()
    of = 0.0, corner, corner + 1, 2 * corner + 1
    for row in range(3):
        for column in range(3):
            target = QRectF(QPointF(xs[column], ys[row]), QPointF(xs[column + 1], ys[row + 1]))
            source = QRectF(QPointF(of[column], of[row]), QPointF(of[column + 1], of[row + 1]))
            if target.width() > 0 and target.height() > 0:
                painter.drawPixmap(target, picture, source)


@cache
def _picture() -> QPixmap:
    """Return the shadow of the smallest card: four corners around one pixel."""
    side = 4 * REACH + 1
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    gradient = QRadialGradient(QPointF(side / 2, side / 2), 2 * REACH)
    for step in range(_STOPS + 1):
        beyond = (2 * step / _STOPS - 1) * REACH  # from the edge of the card, in px
        gradient.setColorAt(step / _STOPS, QColor(0, 0, 0, round(_DARKEST * (1 - erf(2 * beyond / REACH)) / 2)))
    painter = QPainter(picture)
    painter.fillRect(picture.rect(), gradient)
    painter.end()
    return picture
