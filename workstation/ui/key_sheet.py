"""The key sheet (Ctrl+/): every key that works on the page in front, by area."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui import paint
from workstation.ui.commands import KeySheetRow
from workstation.ui.dialogs import Dialog
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.labels import label

_COLUMNS = 2


class KeyHint(QWidget):
    """A key name in its box."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(key)

    def sizeHint(self) -> QSize:
        """Return the size of the box."""
        return QSize(paint.key_hint_width(self._key), 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the box."""
        paint.key_hint(QPainter(self), 0, self.height() / 2, self._key, "t2")


class KeySheet(Dialog):
    """Lists the keys in two columns. ``open_soon`` opens it once its rows are made, in slices of idle time."""

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
        area_view = self.scroll_area(content)  # while it is empty: later, every row would be styled twice
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        keys_px = max((paint.key_hint_width(row.key) for row in rows), default=0)
        for area, members in groupby(rows, key=lambda row: row.area):
            column.addWidget(label(area, "h2", "t0"))
            grid = QGridLayout()
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(6)
            column.addLayout(grid)
            for at, row in enumerate(members):
                line, place = divmod(at, _COLUMNS)
                grid.addWidget(KeyHint(row.key), line, 2 * place, Qt.AlignmentFlag.AlignRight)
                grid.addWidget(label(row.text), line, 2 * place + 1)
                yield
            for place in range(_COLUMNS):
                grid.setColumnMinimumWidth(2 * place, keys_px)
            grid.setColumnStretch(1, 1)
            grid.setColumnStretch(3, 1)
        column.addStretch(1)
        for part in self.findChildren(QWidget):
            part.ensurePolished()
            yield
        self.fit_scrolled(area_view)
