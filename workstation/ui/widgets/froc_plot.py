"""The FROC curve of a model: sensitivity over false marks a scan."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from resources.translation import tr
from workstation.domain.model import FrocCurve
from workstation.ui import paint
from workstation.ui.theme import current_theme
from workstation.ui.widgets.ai_bar import point_word

_HEIGHT_PX: Final = 236
_WIDTH_PX: Final = 460
_AXIS: Final = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False marks a scan, each twice the one before. Source: LUNA16 evaluation."""
_LEVELS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_POINT_PX: Final = 3.5
_BAND_ALPHA: Final = 0.16
_RING_PX: Final = 7.0
_TOP_PX: Final = 26
"""Room of the name of the upright axis"""


class FrocPlot(QWidget):
    """Paints one curve, its 95 % band and the default operating point; the axis of false marks is logarithmic."""

    def __init__(self, curve: FrocCurve) -> None:
        super().__init__()
        self.curve = curve
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT_PX)
        self.setMaximumWidth(_WIDTH_PX)
        self.setAccessibleName(", ".join(_told(curve)))
        self.setToolTip(self.accessibleName())

    def sizeHint(self) -> QSize:
        """Return the size of the picture."""
        return QSize(_WIDTH_PX, _HEIGHT_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint grid, axis, band and curve."""
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(40, _TOP_PX, self.width() - 60, self.height() - _TOP_PX - 44)
        paint.text(painter, QRectF(0, 0, self.width(), 16), tr("Sensitivity"), role="caption", tone="t3")
        for level in _LEVELS:
            y = round(box.bottom() - level * box.height()) + 0.5
            painter.setPen(QPen(theme.color("line2" if level == 0 else "line"), 1))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            paint.text(painter, QRectF(0, y - 8, 34, 16), f"{level:.2f}", role="caption", tone="t3",
                       align=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)  # fmt: skip
        for count in _AXIS:
            at = QRectF(_x(box, count) - 24, box.bottom() + 4, 48, 16)
            paint.text(painter, at, f"{count:g}", role="caption", tone="t3", align=Qt.AlignmentFlag.AlignCenter)
        named = QRectF(box.left(), box.bottom() + 22, box.width(), 16)
        paint.text(painter, named, tr("False marks a scan"), role="caption", tone="t3",
                   align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip
        self._paint_band(painter, box)
        placed = [_at(box, x, y) for x, y in self.curve.points]
        painter.setPen(QPen(theme.color("acc"), 2))
        painter.drawPolyline(QPolygonF(placed))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("acc"))
        for point in placed:
            painter.drawEllipse(point, _POINT_PX, _POINT_PX)
        self._paint_default(painter, box)

    def _paint_default(self, painter: QPainter, box: QRectF) -> None:
        """Ring what the default operating point reached, with a line to the axis that bears its name."""
        at = self.curve.at
        if at is None:
            return
        theme, place = current_theme(), _at(box, at.false_marks, at.share)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("t1"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(place.x(), place.y() + _RING_PX), QPointF(place.x(), box.bottom()))
        painter.setPen(QPen(theme.color("t0"), 2))
        painter.drawEllipse(place, _RING_PX, _RING_PX)
        words = tr("{point}: {share} at {count}", point=point_word(at.name), share=f"{at.share:.2f}",
                   count=f"{at.false_marks:.2f}")  # fmt: skip
        wide = paint.metrics("caption").horizontalAdvance(words) + 2
        left = place.x() + 8 if place.x() + 8 + wide <= self.width() else place.x() - 8 - wide
        paint.text(painter, QRectF(left, box.center().y() + 12, wide, 16), words, role="caption", tone="t1")

    def _paint_band(self, painter: QPainter, box: QRectF) -> None:
        if not self.curve.band:
            return
        rates = [x for x, _ in self.curve.points]
        upper = [_at(box, x, high) for x, (_, high) in zip(rates, self.curve.band, strict=True)]
        lower = [_at(box, x, low) for x, (low, _) in zip(rates, self.curve.band, strict=True)]
        colour = QColor(current_theme().color("acc"))
        colour.setAlphaF(_BAND_ALPHA)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _told(curve: FrocCurve) -> list[str]:
    """Return every point in words, with its interval where it has one."""
    told = [tr("{share} at {count}", share=f"{y:.2f}", count=f"{x:g}") for x, y in curve.points]
    if not curve.band:
        return told
    return [f"{words} ({low:.2f}–{high:.2f})" for words, (low, high) in zip(told, curve.band, strict=True)]


def _at(box: QRectF, false_marks: float, share: float) -> QPointF:
    return QPointF(_x(box, false_marks), box.bottom() - share * box.height())


def _x(box: QRectF, false_marks: float) -> float:
    share = math.log2(false_marks / _AXIS[0]) / math.log2(_AXIS[-1] / _AXIS[0])
    return box.left() + box.width() * min(max(share, 0.0), 1.0)
