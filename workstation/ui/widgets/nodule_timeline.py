"""One nodule over all its studies: a spark line of its sizes, a small table, and how fast it grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from resources.translation import tr
from workstation.ui import paint
from workstation.ui.theme import current_theme

_SIDE: Final = 16
_ROW: Final = 20
_HEAD: Final = 28
_SPARK: Final = 64
_POINT: Final = 3.5
_LABEL: Final = 34
_ROWS: Final = 6
"""Rows at most: the first study, what lies between in one row, and the newest ones"""
_COLUMNS: Final = (0.26, 0.16, 0.17, 0.19, 0.22)
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One study: its texts in the order of the columns, where its point lies, and whether it is the open case."""

    cells: tuple[str, str, str, str, str]
    day: int
    size_mm: float
    tone: str = "t1"
    is_case: bool = False


@dataclass(frozen=True, slots=True)
class TimelineFacts:
    """Everything shown of one nodule; ``hint`` says why there is nothing more, ``lines`` have colour tokens."""

    title: str = ""
    rows: tuple[TimelineRow, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    hint: str = ""


class NoduleTimeline(QWidget):
    """Shows; a table that a screen reader reads is in its accessible name."""

    def __init__(self) -> None:
        super().__init__()
        self.facts = TimelineFacts()
        self._compact = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_facts(self.facts)

    def show_facts(self, facts: TimelineFacts) -> None:
        """Replace what is shown."""
        self.facts = facts
        table = [" · ".join(cell for cell in row.cells if cell) for row in facts.rows]
        words = [facts.title, *table, *(line for line, _tone in facts.lines), facts.hint]
        self.setAccessibleName("\n".join(one for one in words if one))
        self.setToolTip(self.accessibleName())
        self._fit()

    def set_compact(self, *, compact: bool) -> None:
        """Leave the spark line out where the window is low."""
        if compact != self._compact:
            self._compact = compact
            self._fit()

    @property
    def _has_spark(self) -> bool:
        return len(self.facts.rows) > 1 and not self._compact

    def _shown(self) -> tuple[TimelineRow | None, ...]:
        """Return the rows that fit; None stands for those between the first and the newest."""
        rows = self.facts.rows
        return rows if len(rows) <= _ROWS else (rows[0], None, *rows[-(_ROWS - 2) :])

    def _fit(self) -> None:
        facts = self.facts
        rows = len(self._shown()) + 1 if facts.rows else 0
        lines = len(facts.lines) + bool(facts.hint)
        self.setFixedHeight(_HEAD + (_SPARK if self._has_spark else 0) + _ROW * (rows + lines) + 4)
        self.update()

    def sizeHint(self) -> QSize:
        """Return a width the panel decides and the height of the content."""
        return QSize(280, self.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint title, spark line, table and lines."""
        painter, facts = QPainter(self), self.facts
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = float(self.width() - 2 * _SIDE)
        title = paint.elided(facts.title, int(width), "h2")
        paint.text(painter, QRectF(_SIDE, 0, width, _HEAD), title, role="body", tone="t0", weight=600)
        top = float(_HEAD)
        if self._has_spark:
            self._spark(painter, QRectF(_SIDE + 12, top, width - 24, _SPARK))
            top += _SPARK
        if facts.rows:
            heads = (tr("Date"), tr("⌀ mm"), tr("mm³"), tr("Change"), tr("Lung-RADS"))
            self._row(painter, top, heads, "t3")
            for row in self._shown():
                top += _ROW
                if row is None:
                    between = tr("{count} studies between", count=len(facts.rows) - _ROWS + 1)
                    paint.text(painter, QRectF(_SIDE, top, width, _ROW), f"… {between}", role="caption", tone="t3")
                else:
                    self._row(painter, top, row.cells, row.tone, strong=row.is_case)
            top += _ROW
        for words, tone in (*facts.lines, *(((facts.hint, "t2"),) if facts.hint else ())):
            line = paint.elided(words, int(width), "caption")
            paint.text(painter, QRectF(_SIDE, top, width, _ROW), line, role="caption", tone=tone)
            top += _ROW

    def _row(self, painter: QPainter, top: float, cells: Sequence[str], tone: str, *, strong: bool = False) -> None:
        left, width = float(_SIDE), self.width() - 2 * _SIDE
        for at, (cell, share) in enumerate(zip(cells, _COLUMNS, strict=True)):
            box = QRectF(left, top, share * width, _ROW)
            tones = tone if at == 3 or tone == "t3" else "t0" if strong else "t1"
            paint.text(painter, box, paint.elided(cell, int(box.width()), "caption"), role="caption", tone=tones,
                       weight=600 if strong else None, align=paint.V_CENTRE if at == 0 else _RIGHT)  # fmt: skip
            left += share * width

    def _spark(self, painter: QPainter, box: QRectF) -> None:
        """Paint sizes over days, the value above each point that has the room; the axis of sizes begins at 0."""
        theme, rows = current_theme(), self.facts.rows
        first, last = rows[0].day, rows[-1].day
        highest = max(row.size_mm for row in rows)
        plot = box.adjusted(0, 20, 0, -10)
        points = [
            QPointF(
                plot.left()
                + plot.width() * ((row.day - first) / (last - first) if last > first else at / (len(rows) - 1)),
                plot.bottom() - plot.height() * row.size_mm / highest,
            )
            for at, row in enumerate(rows)
        ]
        painter.setPen(QPen(theme.color("line2"), 1))
        painter.drawLine(QPointF(box.left() - 12, plot.bottom() + 0.5), QPointF(box.right() + 12, plot.bottom() + 0.5))
        painter.setPen(QPen(theme.color("acc"), 2))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        free = points[-1].x() - _LABEL
        for at, (row, point) in enumerate(zip(rows, points, strict=True)):
            painter.setBrush(theme.color("warn" if row.tone == "warn" else "acc"))
            painter.drawEllipse(point, _POINT, _POINT)
            before = points[at - 1].x() + _LABEL if at else point.x()
            if at in {0, len(rows) - 1} or before <= point.x() <= free:
                named = QRectF(point.x() - _LABEL / 2, point.y() - 20, _LABEL, 14)
                paint.text(painter, named, f"{row.size_mm:.1f}", role="caption", tone="t1",
                           align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip
                painter.setPen(Qt.PenStyle.NoPen)
