"""A text box in which an input method composes words."""

from __future__ import annotations

from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QPlainTextEdit

from workstation.ui.commands import Composition


class ComposedText(QPlainTextEdit):
    """A text box that knows whether words are being composed; its placeholder gives way to them."""

    def __init__(self) -> None:
        super().__init__()
        self.composition = Composition()
        self._placeholder = ""

    def setPlaceholderText(self, words: str) -> None:
        """Show words while the box is empty; Qt itself paints them below the letters that are being composed."""
        self._placeholder = words
        super().setPlaceholderText("" if self.composition.active else words)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Take note of compositions."""
        self.composition.update(event)
        super().inputMethodEvent(event)
        super().setPlaceholderText("" if self.composition.active else self._placeholder)
