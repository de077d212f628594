"""Small tables of figures: as high as their rows, read only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from workstation.ui.theme import current_theme

_ROW_PX: Final = 28
_HEADER_PX: Final = 32


class FigureTable(QTableWidget):
    """Texts in rows; the columns named in ``numbers`` are aligned to the right, ``stretch`` takes the room left."""

    def __init__(
        self, titles: Sequence[str], *, name: str, stretch: int, numbers: Sequence[int] = (), most_rows: int = 12
    ) -> None:
        super().__init__(0, len(titles))
        self._numbers, self._most = frozenset(numbers), most_rows
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels(list(titles))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setFixedHeight(_HEADER_PX)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
        for column in range(len(titles)):
            item = self.horizontalHeaderItem(column)
            if item is not None:
                item.setTextAlignment(self._side(column))
        self.show_rows(())

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Replace the rows."""
        self.setRowCount(len(rows))
        for y, cells in enumerate(rows):
            for x, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setForeground(current_theme().color("t1"))
                item.setTextAlignment(self._side(x))
                item.setToolTip(text)
                self.setItem(y, x, item)
        shown = min(max(len(rows), 1), self._most)
        self.setFixedHeight(_HEADER_PX + shown * _ROW_PX + 2)

    def texts(self) -> list[list[str]]:
        """Return what is shown, row by row."""
        found = [[self.item(y, x) for x in range(self.columnCount())] for y in range(self.rowCount())]
        return [[item.text() if item is not None else "" for item in row] for row in found]

    def _side(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column in self._numbers else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter
