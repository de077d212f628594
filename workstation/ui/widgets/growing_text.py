"""A text box that is as tall as its text."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent

from workstation.ui.widgets.composed_text import ComposedText

_LEAST_LINES: Final = 2
_MOST_LINES: Final = 12


class GrowingText(ComposedText):
    """A text box that grows with its lines; Tab leaves it."""

    def __init__(self, text: str = "", *, least_lines: int = _LEAST_LINES) -> None:
        super().__init__()
        self._least = least_lines
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self.textChanged.connect(self._fit)  # a line may become taller without a new line
        self.setPlainText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Grow with the lines that a narrower box breaks its text into: the document does not tell of these."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _height_of(self, most_lines: int) -> float:
        """Return the height of the first lines; Chinese lines are taller than the font of the field says."""
        total, left, block = 0.0, most_lines, self.document().firstBlock()
        while block.isValid() and left > 0:
            whole = self.blockBoundingRect(block).height()  # lays the block out
            count = max(1, block.layout().lineCount())
            taken = min(left, count)
            total += whole * taken / count
            left -= taken
            block = block.next()
        return total

    def _fit(self) -> None:
        wanted = round(max(self._height_of(_MOST_LINES), self._least * self.fontMetrics().lineSpacing())) + 20
        lines = round(self.document().size().height())  # QPlainTextEdit counts its height in lines
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded if lines > _MOST_LINES else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        if self.height() != wanted:
            self.setFixedHeight(wanted)
