"""Asking why marks are rejected."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from resources.translation import tr
from workstation.domain.rejection import RejectReason
from workstation.ui.finding_words import reason_word


class ReasonMenu(QMenu):
    """The reasons for a rejection; the digits choose at once."""

    chosen = Signal(object)
    """``RejectReason``"""

    def __init__(self, parent: QWidget, reasons: Sequence[RejectReason]) -> None:
        super().__init__(parent)
        self._reasons = tuple(reasons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        head = QAction(tr("Reject because"), self)
        head.setEnabled(False)
        self.addAction(head)
        self.addSeparator()
        for number, reason in enumerate(self._reasons, start=1):
            action = self.addAction(f"{number}   {reason_word(reason)}")
            action.triggered.connect(lambda _on=False, reason=reason: self.chosen.emit(reason))

    def event(self, event: QEvent) -> bool:
        """Keep the digits: the images behind have them as window presets."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by digit; arrows, Enter and Esc as in every menu."""
        number = event.key() - Qt.Key.Key_0
        if 1 <= number <= len(self._reasons):
            self.chosen.emit(self._reasons[number - 1])
            self.close()
        else:
            super().keyPressEvent(event)
