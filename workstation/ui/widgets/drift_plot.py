"""A model week by week: shown marks a scan as bars over the band that its evaluation gave."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from resources.translation import tr
from workstation.domain.model_drift import ENOUGH_SCANS, DriftReport, Week
from workstation.ui import paint
from workstation.ui.theme import current_theme

MOST_WEEKS: Final = 16
_HEIGHT_PX: Final = 200
_WIDTH_PX: Final = 460
_BAR_PX: Final = 16
_LEAST_TOP: Final = 2.0
_BAND_OPACITY: Final = 0.18


class DriftPlot(QWidget):
    """Paints the last weeks; a bar outside the band is hatched and marked, not only coloured."""

    def __init__(self, report: DriftReport) -> None:
        super().__init__()
        self.report = report
        self.weeks = report.weeks[-MOST_WEEKS:]
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT_PX)
        self.setMaximumWidth(_WIDTH_PX)
        self.setAccessibleName("\n".join(week_words(week, report) for week in self.weeks))
        self.setToolTip(self.accessibleName())

    def sizeHint(self) -> QSize:
        """Return the size of the picture."""
        return QSize(_WIDTH_PX, _HEIGHT_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint band, bars and axis."""
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(40, 18, self.width() - 60, self.height() - 62)
        limits = self.report.limits
        top = max([_LEAST_TOP, *(w.marks_per_scan for w in self.weeks)] + ([] if limits is None else [limits.high]))
        scale = box.height() / (1.1 * top)
        if limits is not None:
            band = QRectF(box.left(), box.bottom() - limits.high * scale, box.width(), 0)
            band.setBottom(box.bottom() - limits.low * scale)
            tint = QColor(theme.color("acc"))  # the theme keeps its own
            tint.setAlphaF(_BAND_OPACITY)
            painter.fillRect(band, tint)
        painter.setPen(QPen(theme.color("line2"), 1))
        painter.drawLine(QPointF(box.left(), box.bottom() + 0.5), QPointF(box.right(), box.bottom() + 0.5))
        for level in (0.0, round(top / 2, 1), round(top, 1)):
            place = QRectF(0, box.bottom() - level * scale - 8, 34, 16)
            paint.text(painter, place, f"{level:.1f}", role="caption", tone="t3",
                       align=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)  # fmt: skip
        step = box.width() / max(len(self.weeks), 1)
        for number, week in enumerate(self.weeks):
            self._bar(painter, week, box.left() + (number + 0.5) * step, box.bottom(), scale, step)
        named = QRectF(box.left(), box.bottom() + 24, box.width(), 16)
        paint.text(painter, named, tr("Week from (shown marks a scan)"), role="caption", tone="t3",
                   align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip

    def _bar(self, painter: QPainter, week: Week, x: float, bottom: float, scale: float, step: float) -> None:
        theme = current_theme()
        outside = week.outside(self.report.limits)
        width = min(float(_BAR_PX), 0.7 * step)
        bar = QRectF(x - width / 2, bottom - week.marks_per_scan * scale, width, week.marks_per_scan * scale)
        color = theme.color("warn" if outside else "acc" if week.scans >= ENOUGH_SCANS else "t3")
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(color if week.scans >= ENOUGH_SCANS else Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        if outside:
            paint.text(painter, QRectF(x - 12, bar.top() - 17, 24, 16), "!", role="caption", tone="warn",
                       align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip
        every = max(1, round(44 / step))
        if self.weeks.index(week) % every == 0:
            paint.text(painter, QRectF(x - 22, bottom + 4, 44, 16), f"{week.monday:%m-%d}", role="caption",
                       tone="t3", align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip


def week_words(week: Week, report: DriftReport) -> str:
    """Return one week in words."""
    words = tr(
        "Week from {day}: {scans} scans, {rate} marks a scan",
        day=f"{week.monday:%Y-%m-%d}", scans=week.scans, rate=f"{week.marks_per_scan:.1f}",
    )  # fmt: skip
    if week.median_score is not None:
        words = f"{words} · {tr('median score {score}', score=f'{week.median_score:.2f}')}"
    if week.outside(report.limits):
        words = f"{words} · {tr('outside what was measured')}"
    return words
