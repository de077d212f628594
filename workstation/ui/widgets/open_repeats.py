"""Sent studies that repeat a recognised exam and whose reason is still asked for, on the page and in nobody's way."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.mutual_recognition import OpenRepeat
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import ElidedLabel, Panel, label

_MOST = 2
"""Rows at once; the others come up as these are answered"""


class OpenRepeats(Panel):
    """``chosen(OpenRepeat)`` when somebody wants to say why; hidden while nothing is asked."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__(tr("Why was it repeated?"), icon="question")
        self.shown: tuple[OpenRepeat, ...] = ()
        self.body.setSpacing(8)
        self.buttons: list[Button] = []
        self._rows = QWidget()
        self._column = QVBoxLayout(self._rows)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.body.addWidget(self._rows)
        self.more = label("", "caption", "t2")
        self.body.addWidget(self.more)
        self.hide()

    def show_open(self, waiting: Sequence[OpenRepeat]) -> None:
        """Show what is asked for; nothing is painted anew where it is the same."""
        if self.shown == tuple(waiting):
            return
        self.shown = tuple(waiting)
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.buttons = []
        for one in self.shown[:_MOST]:
            self._column.addWidget(self._row(one))
        rest = len(self.shown) - _MOST
        self.more.setText(tr("and {count} more", count=rest))
        self.more.setVisible(rest > 0)
        self.setVisible(bool(self.shown))

    def _row(self, one: OpenRepeat) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(2)
        who = " · ".join(part for part in (name_or_placeholder(one.patient_name), one.description) if part)
        words.addWidget(ElidedLabel(who, "body", "t0"))
        words.addWidget(ElidedLabel(one.exists, "caption", "warn"))
        line.addLayout(words, 1)
        button = Button(tr("Say why…"), icon="file-edit", small=True)
        button.setAccessibleName(f"{tr('Say why…')} {who}")
        button.clicked.connect(lambda _on=False: self.chosen.emit(one))
        line.addWidget(button)
        self.buttons.append(button)
        return row
