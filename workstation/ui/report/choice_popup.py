"""A short list at the cursor of a text: what one types goes on into the text, arrows and Enter choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workstation.ui.report.report_text import ReportText

_WIDTH: Final = 420
_ROW: Final = 32
_MOST_ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """One line: what it is called, what it would write; ``value`` is handed back."""

    words: str
    note: str
    value: object


class ChoicePopup(QFrame):
    """Lies over the page and never takes the focus from the text that it belongs to."""

    chosen = Signal(object)
    """``value`` of the row"""

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self.setProperty("panel", "true")
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.itemClicked.connect(self._choose)
        column.addWidget(self.list)
        self._rows: tuple[ChoiceRow, ...] = ()
        self.moved = False
        """Whether somebody has gone through the list: only then does Enter choose without anything typed"""
        self.hide()

    def show_rows(self, rows: Sequence[ChoiceRow], at: ReportText) -> None:
        """Show rows below the cursor of a text, or above it where there is no room; none hides the list."""
        if not rows:
            self.hide()
            return
        if tuple(rows) != self._rows or not self.isVisible():
            self._rows, self.moved = tuple(rows), False
            self.list.clear()
            for row in self._rows:
                item = QListWidgetItem(f"{row.words}   {row.note}".rstrip())
                item.setToolTip(row.note)
                item.setSizeHint(QSize(0, _ROW))
                self.list.addItem(item)
            self.list.setCurrentRow(0)
        host = self._page
        height = min(len(rows), _MOST_ROWS) * _ROW + 12
        box = at.cursorRect()
        below = at.viewport().mapTo(host, box.bottomLeft() + QPoint(0, 4))
        above = at.viewport().mapTo(host, box.topLeft()).y() - 4 - height
        top = below.y() if below.y() + height <= host.height() or above < 0 else above
        left = max(8, min(below.x(), host.width() - _WIDTH - 8))
        self.setGeometry(left, top, min(_WIDTH, host.width() - 16), height)
        self.show()
        self.raise_()

    def rows(self) -> tuple[ChoiceRow, ...]:
        """Return what is offered."""
        return self._rows if self.isVisible() else ()

    def step(self, by: int) -> None:
        """Go through the list, round at its ends."""
        self.moved = True
        self.list.setCurrentRow((self.list.currentRow() + by) % len(self._rows))

    def choose_current(self) -> None:
        """Choose the row that is lit."""
        self._choose(self.list.currentItem())

    def _choose(self, item: QListWidgetItem) -> None:
        value = self._rows[self.list.row(item)].value
        self.hide()
        self.chosen.emit(value)
