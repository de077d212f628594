"""Plain text of any length to read and to copy from: what does not fit at once is added a little in each turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from workstation.ui.stepwise import Stepwise

_AT_ONCE: Final = 100
"""Lines: more than a screen holds, laid out in a few milliseconds"""
_LONGEST: Final = 2000
"""Letters of one paragraph; breaking a longer one into lines takes longer the longer it is."""


class LongText(QPlainTextEdit):
    """Shows all lines of ``text``; ``filling`` adds those beyond the first hundred."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        parts = _parts(text)
        self.setPlainText(parts[0])
        self.filling = Stepwise(self._rest(parts[1:]), self)
        self.filling.start()

    def _rest(self, parts: list[str]) -> Iterator[None]:
        end = QTextCursor(self.document())
        for part in parts:
            end.movePosition(QTextCursor.MoveOperation.End)
            end.insertText(f"\n{part}")
            yield


def _parts(text: str) -> list[str]:
    lines = [line[at : at + _LONGEST] for line in text.split("\n") for at in range(0, max(len(line), 1), _LONGEST)]
    return ["\n".join(lines[at : at + _AT_ONCE]) for at in range(0, len(lines), _AT_ONCE)]
