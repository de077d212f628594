"""The categories of two readers against each other; a field asks for the cases behind it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from resources.translation import tr
from workstation.domain.quality import SchemeFigures
from workstation.ui import paint
from workstation.ui.theme import current_theme

_CELL: Final = 44
_ROW: Final = 32
_HEAD: Final = 44
_FAINTEST, _STRONGEST = 0.06, 0.68


class AgreementMatrix(QWidget):
    """``picked(row, column)`` with the categories of the field, twice empty when it is let go."""

    picked = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._figures: SchemeFigures | None = None
        self._chosen: tuple[str, str] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_figures(self, figures: SchemeFigures) -> None:
        """Replace what is shown."""
        self._figures, self._chosen = figures, None
        known, table = figures.categories, figures.table()
        lines = [
            tr("{row} and {column}: {count}", row=known[y], column=known[x], count=count)
            for y, row in enumerate(table)
            for x, count in enumerate(row)
            if count
        ]
        self.setAccessibleName("\n".join(lines))
        self.setToolTip(tr("Rows: first reader, columns: second reader. Click a field for its cases."))
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size for the categories there are."""
        number = len(self._figures.categories) if self._figures is not None else 1
        return QSize(_HEAD + 24 + number * _CELL + 2, _HEAD + number * _ROW + 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the field under the pointer; a second click lets it go."""
        if self._figures is None:
            return
        known = self._figures.categories
        x, y = int((event.position().x() - _HEAD - 24) // _CELL), int((event.position().y() - _HEAD) // _ROW)
        inside = 0 <= x < len(known) and 0 <= y < len(known)
        field = (known[y], known[x]) if inside else None
        self._chosen = None if field == self._chosen else field
        self.update()
        self.picked.emit(*(self._chosen or ("", "")))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint heads and fields; where both chose the same stands a bold number."""
        if self._figures is None:
            return
        painter, theme = QPainter(self), current_theme()
        known, table = self._figures.categories, self._figures.table()
        most = max((count for row in table for count in row), default=1) or 1
        left, width = _HEAD + 24, len(known) * _CELL
        self._words(painter, QRectF(left, 0, max(width, 80), 20), tr("Second reader"), "t3")
        painter.save()
        painter.translate(10, _HEAD + len(known) * _ROW / 2)
        painter.rotate(-90)
        self._words(painter, QRectF(-60, -10, 120, 20), tr("First reader"), "t3")
        painter.restore()
        for at, name in enumerate(known):
            self._words(painter, QRectF(left + at * _CELL, 22, _CELL, 20), name, "t2")
            self._words(painter, QRectF(24, _HEAD + at * _ROW, _HEAD - 4, _ROW), name, "t2")
        for y, row in enumerate(table):
            for x, count in enumerate(row):
                box = QRectF(left + x * _CELL, _HEAD + y * _ROW, _CELL - 2, _ROW - 2)
                tint = QColor(theme.color("acc"))
                tint.setAlphaF(_FAINTEST + (_STRONGEST - _FAINTEST) * count / most)
                painter.fillRect(box, tint)
                if (known[y], known[x]) == self._chosen:
                    painter.setPen(QPen(theme.color("on.dark"), 2))
                    painter.drawRect(box.adjusted(1, 1, -1, -1))
                tone = "on.dark" if count else "t3"
                paint.text(painter, box, str(count), role="body", tone=tone, weight=600 if x == y and count else None,
                           align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip

    @staticmethod
    def _words(painter: QPainter, box: QRectF, words: str, tone: str) -> None:
        paint.text(painter, box, words, role="caption", tone=tone, align=Qt.AlignmentFlag.AlignCenter)
