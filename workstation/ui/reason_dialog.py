"""An act that is done with a reason, which is kept."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from resources.translation import tr
from workstation.ui.dialogs import Dialog
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import label


class ActReasonDialog(Dialog):
    """Says what an act does, asks for the reason and hands it to ``reason_given``, once."""

    def __init__(self, parent: QWidget | None, title: str, words: str, *, act: str, hint: str, icon: str) -> None:
        super().__init__(parent, title, icon=icon)
        self.reason_given: Callable[[str], object] = lambda _reason: None
        self.body.addWidget(label(words, "body", "t1", wrap=True))
        self.reason = GrowingText(least_lines=3)
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.textChanged.connect(self._ready)
        self.body.addWidget(self.reason)
        self.add_hint(hint)
        self._act = self.set_primary(act, icon=icon)
        self._ready()
        self.reason.setFocus()

    def accept(self) -> None:
        """Hand the reason over and close; without a reason nothing happens."""
        text = self.reason.toPlainText().strip()
        if text:
            super().accept()
            self.reason_given(text)

    def _ready(self) -> None:
        self._act.enable(bool(self.reason.toPlainText().strip()), tr("Write the reason first"))
