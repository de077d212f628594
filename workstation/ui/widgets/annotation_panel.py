"""The table of what was drawn: kind, numbers, slice and series; a click goes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QTableWidget, QTableWidgetItem

from resources.translation import tr
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import label, rule
from workstation.ui.widgets.side_panel import SidePanel

_WIDTH_PX: Final = 340
_KIND_PX: Final = 96
_PLACE_PX: Final = 92


@dataclass(frozen=True, slots=True)
class AnnotationRow:
    """One line of the table; ``place`` names slice and series."""

    uid: str
    kind: str
    value: str
    place: str


class AnnotationPanel(SidePanel):
    """Shows and asks."""

    jump_asked = Signal(str)
    words_asked = Signal(str)
    delete_asked = Signal(str)
    copy_asked = Signal()

    def __init__(self) -> None:
        super().__init__(tr("Measurements"), _WIDTH_PX, is_left=False)
        self._uids: list[str] = []
        column = self.column
        column.addWidget(rule())
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels([tr("Kind"), tr("Value"), tr("Image")])
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setWordWrap(True)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.setColumnWidth(0, _KIND_PX)
        self.table.setColumnWidth(2, _PLACE_PX)
        self.table.setAccessibleName(tr("Measurements"))
        self.table.cellClicked.connect(lambda row, _column: self.jump_asked.emit(self._uids[row]))
        self.table.itemSelectionChanged.connect(self._enable)
        self.nothing = label(
            tr("Nothing measured yet. A tool is chosen by its key or above the images."), "body", "t2", wrap=True
        )
        self.nothing.setContentsMargins(12, 12, 12, 12)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.nothing, 1)
        column.addWidget(self.table, 1)
        column.addWidget(rule())
        self.words = Button(tr("Words…"), "ghost", icon="text", small=True)
        self.copy = Button(tr("Copy"), "ghost", icon="file-copy", small=True)
        self.delete = Button(tr("Delete"), "ghost", icon="delete-bin", small=True)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 6, 8, 6)
        for button in (self.words, self.copy, self.delete):
            foot.addWidget(button)
        foot.addStretch(1)
        column.addLayout(foot)
        self.words.clicked.connect(lambda: self.words_asked.emit(self.chosen()))
        self.delete.clicked.connect(lambda: self.delete_asked.emit(self.chosen()))
        self.copy.clicked.connect(self.copy_asked)
        self.show_rows((), read_only=False)
        self.hide()

    def chosen(self) -> str:
        """Return the UID of the chosen line, empty for none."""
        row = self.table.currentRow()
        return self._uids[row] if 0 <= row < len(self._uids) and self.table.selectedItems() else ""

    def show_rows(self, rows: Sequence[AnnotationRow], *, read_only: bool) -> None:
        """Show these lines; the chosen one stays chosen where it is still there."""
        before = self.chosen()
        self._read_only = read_only
        self._uids = [row.uid for row in rows]
        self.nothing.setVisible(not rows)
        self.table.setVisible(bool(rows))
        self.table.setRowCount(len(rows))
        for at, row in enumerate(rows):
            for column, text in enumerate((row.kind, row.value, row.place)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(at, column, item)
        self.table.clearSelection()
        if before in self._uids:
            self.table.selectRow(self._uids.index(before))
        self.table.resizeRowsToContents()
        self._enable()

    def _enable(self) -> None:
        can_change = bool(self.chosen()) and not self._read_only
        self.words.setEnabled(can_change)
        self.delete.setEnabled(can_change)
        self.copy.setEnabled(bool(self._uids))
