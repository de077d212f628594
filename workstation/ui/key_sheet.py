"""The key sheet (Ctrl+/): every key that works on the page in front, by area."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui import paint
from workstation.ui.commands import KeySheetRow
from workstation.ui.dialogs import Dialog
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.labels import label

_COLUMNS: Final = 2
_LINE_PX: Final = 26
_GAP_PX: Final = 16


class KeyArea(QWidget):
    """
    The keys of one area, two commands on a line, painted line by line.

    ``column_px`` are the widths of key, text, key and text. A hundred labels would be shown, styled and painted
    in one turn, which stood still for 50 ms and more.
    """

    def __init__(self, area: str, rows: Sequence[KeySheetRow], column_px: Sequence[int]) -> None:
        super().__init__()
        self._rows, self._columns = tuple(rows), tuple(column_px)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(area)
        self.setAccessibleDescription("\n".join(f"{row.key}: {row.text}" for row in rows))

    @property
    def lines(self) -> int:
        """Return the number of lines."""
        return -(-len(self._rows) // _COLUMNS)

    def sizeHint(self) -> QSize:
        """Return the size of all lines."""
        return QSize(sum(self._columns) + (2 * _COLUMNS - 1) * _GAP_PX, self.lines * _LINE_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines that are asked for."""
        painter = QPainter(self)
        for line in range(event.rect().top() // _LINE_PX, min(event.rect().bottom() // _LINE_PX + 1, self.lines)):
            self._paint_line(painter, line)

    def warm_up(self) -> Iterator[None]:
        """Shape every text and draw every letter once, a line in each step: the first time is slow."""
        canvas = QPixmap(self.sizeHint().width(), _LINE_PX)
        for line in range(self.lines):
            painter = QPainter(canvas)
            painter.translate(0, -line * _LINE_PX)
            self._paint_line(painter, line)
            painter.end()
            yield

    def _paint_line(self, painter: QPainter, line: int) -> None:
        more = max(0, self.width() - self.sizeHint().width()) // _COLUMNS  # room that the texts share
        left, top = 0, line * _LINE_PX
        for place, row in enumerate(self._rows[line * _COLUMNS : (line + 1) * _COLUMNS]):
            keys_px, text_px = self._columns[2 * place], self._columns[2 * place + 1] + more
            right = left + keys_px
            paint.key_hint(painter, right - paint.key_hint_width(row.key), top + _LINE_PX / 2, row.key, "t2")
            paint.text(painter, QRectF(right + _GAP_PX, top, text_px, _LINE_PX), row.text)
            left = right + _GAP_PX + text_px + _GAP_PX


class KeySheet(Dialog):
    """Lists the keys in two columns. ``open_soon`` opens it once it is made, in slices of idle time."""

    def __init__(self, parent: QWidget, rows: Sequence[KeySheetRow], *, in_steps: bool = False) -> None:
        super().__init__(parent, tr("Keyboard keys"), icon="keyboard", tone="acc", width=720)
        self.cancel.hide()
        self.set_primary(tr("Close"))
        self.building = Stepwise(self._build(rows), self)
        if not in_steps:
            self.building.finish()

    def open_soon(self) -> None:
        """Open it when it is whole."""
        self.building.finished.connect(self.open)
        self.building.start()

    def _build(self, rows: Sequence[KeySheetRow]) -> Iterator[None]:
        content = QWidget()
        area_view = self.scroll_area(content)  # while it is empty: later, every part would be styled twice
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        groups = [(area, tuple(members)) for area, members in groupby(rows, key=lambda row: row.area)]
        column_px = [0] * (2 * _COLUMNS)
        for _area, members in groups:
            for at, row in enumerate(members):
                place = 2 * (at % _COLUMNS)
                column_px[place] = max(column_px[place], paint.key_hint_width(row.key))
                column_px[place + 1] = max(column_px[place + 1], paint.metrics().horizontalAdvance(row.text))
                yield
        for area, members in groups:
            column.addWidget(label(area, "h2", "t0"))
            keys = KeyArea(area, members, column_px)
            column.addWidget(keys)
            yield from keys.warm_up()
        column.addStretch(1)
        for part in self.findChildren(QWidget):
            part.ensurePolished()
            yield
        self.fit_scrolled(area_view)
