"""The values inside a region: how often each occurs, with mean, spread and percentiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from resources.translation import tr
from workstation.ui import paint
from workstation.ui.theme import current_theme
from workstation.ui.widgets.labels import label, rule
from workstation.ui.widgets.side_panel import SidePanel

_WIDTH_PX: Final = 340
_PLOT_PX: Final = 200
_AXIS_PX: Final = 22
_TOP_PX: Final = 22
_LINES: Final = 4
_GAP_PX: Final = 6


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts of equal bins from ``first``, and the values that are marked on the axis, with their words."""

    first: float
    bin_width: float
    counts: tuple[int, ...]
    marked: tuple[tuple[float, str], ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()


class HistogramPanel(SidePanel):
    """Shows; asks only to be closed."""

    def __init__(self) -> None:
        super().__init__(tr("Histogram"), _WIDTH_PX)
        column = self.column
        self._title = label("", "caption", "t2", wrap=True)
        self._title.setContentsMargins(12, 0, 12, 8)
        column.addWidget(self._title)
        column.addWidget(rule())
        self.plot = HistogramPlot()
        column.addWidget(self.plot)
        self._rows = QGridLayout()
        self._rows.setContentsMargins(12, 8, 12, 8)
        self._rows.setHorizontalSpacing(12)
        self._rows.setVerticalSpacing(4)
        self._rows.setColumnStretch(1, 1)
        self._rows.setColumnStretch(3, 1)
        column.addLayout(self._rows)
        column.addStretch(1)
        self._labels: list[QLabel] = []
        self.show_nothing("")
        self.hide()

    def show_nothing(self, why: str) -> None:
        """Say why there is no histogram."""
        self._title.setText(why)
        self.plot.show_bars(None)
        self._show_rows(())

    def show_values(self, title: str, bars: Bars, rows: Sequence[tuple[str, str]]) -> None:
        """Show the counts and the numbers below them, each with its caption."""
        self._title.setText(title)
        self.plot.show_bars(bars)
        self.plot.setAccessibleName(", ".join(f"{caption} {value}" for caption, value in rows))
        self._show_rows(rows)

    def title_text(self) -> str:
        """Return what the panel says about the region."""
        return self._title.text()

    def rows(self) -> list[str]:
        """Return captions and values as they stand, one after another."""
        return [each.text() for each in self._labels]

    def _show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        for old in self._labels:
            self._rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._labels = []
        half = (len(rows) + 1) // 2
        for at, (caption, value) in enumerate(rows):
            pair = (label(caption, "caption", "t2"), label(value, "body", "t0"))
            for column, each in enumerate(pair):
                self._rows.addWidget(each, at % half, column + 2 * (at // half))
            pair[1].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._labels += pair


class HistogramPlot(QWidget):
    """Bars over an axis of values; grid lines across, marked values as lines with their words."""

    def __init__(self) -> None:
        super().__init__()
        self.bars: Bars | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_PLOT_PX)

    def sizeHint(self) -> QSize:
        """Return a width the panel decides and the height of the plot."""
        return QSize(280, _PLOT_PX)

    def show_bars(self, bars: Bars | None) -> None:
        """Show these counts, or none."""
        self.bars = bars
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint grid, bars, axis and marks."""
        bars = self.bars
        if bars is None:
            return
        theme, painter = current_theme(), QPainter(self)
        box = QRectF(12, _TOP_PX, self.width() - 25, self.height() - _TOP_PX - _AXIS_PX)
        painter.setPen(QPen(theme.color("line"), 1))
        for line in range(_LINES):
            y = round(box.top() + box.height() * line / _LINES) + 0.5
            painter.drawLine(round(box.left()), round(y), round(box.right()), round(y))
        self._paint_bars(painter, box, bars)
        painter.setPen(QPen(theme.color("line2"), 1))
        painter.drawLine(round(box.left()), round(box.bottom()), round(box.right()), round(box.bottom()))
        self._paint_words(painter, box, bars)

    def _paint_bars(self, painter: QPainter, box: QRectF, bars: Bars) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current_theme().color("acc"))
        wide, most = box.width() / len(bars.counts), max(bars.counts)
        for at, count in enumerate(bars.counts):
            if count:
                high = max(1.0, box.height() * count / most)
                gap = min(1.0, wide / 4)
                painter.drawRoundedRect(
                    QRectF(box.left() + at * wide, box.bottom() - high, wide - gap, high), 1.5, 1.5
                )  # fmt: skip

    def _paint_words(self, painter: QPainter, box: QRectF, bars: Bars) -> None:
        metrics, free = paint.metrics("caption"), 0.0
        for value, words in bars.ticks:
            wide = metrics.horizontalAdvance(words)
            left = min(max(_x(box, bars, value) - wide / 2, 2.0), self.width() - wide - 2.0)
            if left >= free:
                paint.text(painter, QRectF(left, box.bottom() + 3, wide + 2, 16), words, role="caption", tone="t3")
                free = left + wide + _GAP_PX
        free = 0.0
        for value, words in bars.marked:
            x = _x(box, bars, value)
            painter.setPen(QPen(current_theme().color("warn"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(round(x), round(box.top()), round(x), round(box.bottom()))
            wide = metrics.horizontalAdvance(words)
            left = min(max(x - wide / 2, 2.0), self.width() - wide - 2.0)
            if left >= free:
                paint.text(painter, QRectF(left, 3, wide + 2, 16), words, role="caption", tone="warn")
                free = left + wide + _GAP_PX


def _x(box: QRectF, bars: Bars, value: float) -> float:
    whole = bars.bin_width * len(bars.counts)
    return box.left() + box.width() * min(max((value - bars.first) / whole, 0.0), 1.0)
