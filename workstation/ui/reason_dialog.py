"""Asks for a reason before an act: what has to be changed, in the reader's own words."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from resources.translation import tr
from workstation.ui.dialogs import Dialog
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import label


class SendBackDialog(Dialog):
    """``reason_given(text)`` once, when a reason was written and confirmed."""

    reason_given = Signal(str)

    def __init__(self, parent: QWidget | None, author: str) -> None:
        super().__init__(parent, tr("Send the report back to {author}", author=author), icon="arrow-go-back")
        self.body.addWidget(label(tr("What has to be changed? The author sees this text."), "body", "t1", wrap=True))
        self.reason = GrowingText(least_lines=4)
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.textChanged.connect(self._ready)
        self.body.addWidget(self.reason)
        self.add_hint(tr("The case goes back to the author; the report and its draft stay as they are."))
        self._send = self.set_primary(tr("Send back"), icon="arrow-go-back")
        self._ready()
        self.reason.setFocus()

    def accept(self) -> None:
        """Hand the reason over and close; without a reason nothing happens."""
        text = self.reason.toPlainText().strip()
        if text:
            super().accept()
            self.reason_given.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter sends; Enter alone is a new line."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.accept()
            return
        super().keyPressEvent(event)

    def _ready(self) -> None:
        self._send.enable(bool(self.reason.toPlainText().strip()), tr("Write the reason first"))
