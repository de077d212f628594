"""A text field of the report: its words may be underlined, lead somewhere, or wait to be filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QToolTip

from workstation.domain.phrase import next_placeholder, placeholders
from workstation.ui.theme import current_theme
from workstation.ui.widgets.growing_text import GrowingText


class MarkKind(StrEnum):
    """What is known of words in a text."""

    LINK = "link"
    OUTDATED = "outdated"
    GONE = "gone"
    COPIED = "copied"
    FAULT = "fault"
    SPELLING = "spelling"


_LOOKS: Final = {  # kind: (colour token, underline, whether the words take the colour too)
    MarkKind.LINK: ("acc.text", QTextCharFormat.UnderlineStyle.SingleUnderline, True),
    MarkKind.OUTDATED: ("warn", QTextCharFormat.UnderlineStyle.DashUnderline, True),
    MarkKind.GONE: ("bad", QTextCharFormat.UnderlineStyle.DashUnderline, True),
    MarkKind.COPIED: ("warn", QTextCharFormat.UnderlineStyle.DotLine, False),
    MarkKind.FAULT: ("bad", QTextCharFormat.UnderlineStyle.WaveUnderline, False),
    MarkKind.SPELLING: ("warn", QTextCharFormat.UnderlineStyle.WaveUnderline, False),
}
_LEADS: Final = frozenset({MarkKind.LINK, MarkKind.OUTDATED})


@dataclass(frozen=True, slots=True)
class TextMark:
    """Words from ``start`` on, in characters; ``tip`` says why they are marked, ``target`` where a click leads."""

    kind: MarkKind
    start: int
    length: int
    tip: str = ""
    target: str = ""

    @property
    def end(self) -> int:
        """Return the character behind the words."""
        return self.start + self.length


class ReportText(GrowingText):
    """
    Shows marks and asks; Tab goes to the next placeholder while there is one, and leaves the field otherwise.

    ``key_filter`` sees every key first and returns True for those it takes; never while text is being composed.
    """

    mark_chosen = Signal(object)
    """``TextMark`` that was clicked and leads somewhere"""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.key_filter: Callable[[QKeyEvent], bool] = lambda _event: False
        self._marks: tuple[TextMark, ...] = ()
        self._pressed: QPoint | None = None
        self.viewport().setMouseTracking(True)

    # text

    def take(self, text: str) -> None:
        """Show a text that changed elsewhere as one step of undo; the cursor stays at its words."""
        before = self.toPlainText()
        head = 0
        for a, b in zip(before, text, strict=False):
            if a != b:
                break
            head += 1
        most = min(len(before), len(text)) - head
        tail = 0
        while tail < most and before[-1 - tail] == text[-1 - tail]:
            tail += 1
        cursor = QTextCursor(self.document())
        cursor.setPosition(_units(before, head))
        cursor.setPosition(_units(before, len(before) - tail), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text[head : len(text) - tail])

    def cursor_at(self) -> int:
        """Return the place of the cursor, in characters."""
        return _characters(self.toPlainText(), self.textCursor().position())

    def before_cursor(self) -> str:
        """Return what stands before the cursor in its line."""
        cursor = self.textCursor()
        return "" if cursor.hasSelection() else cursor.block().text()[: cursor.positionInBlock()]

    def insert(self, text: str, *, instead_of: int = 0) -> int:
        """Put text at the cursor, in the place of the characters before it; return where it begins."""
        cursor = self.textCursor()
        for _ in range(instead_of):
            cursor.movePosition(cursor.MoveOperation.Left, cursor.MoveMode.KeepAnchor)
        begin = _characters(self.toPlainText(), cursor.selectionStart())
        cursor.insertText(text)
        self.setTextCursor(cursor)
        return begin

    def choose(self, start: int, end: int) -> None:
        """Choose the words between two characters."""
        text = self.toPlainText()
        cursor = self.textCursor()
        cursor.setPosition(_units(text, start))
        cursor.setPosition(_units(text, end), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def select(self, words: str) -> None:
        """Choose words, where they stand in the text."""
        at = self.toPlainText().find(words)
        if words and at >= 0:
            self.choose(at, at + len(words))

    def to_placeholder(self, position: int) -> bool:
        """Choose the first placeholder from a character on; False where there is none."""
        found = next_placeholder(self.toPlainText(), position)
        if found is None:
            return False
        self.choose(found.start, found.end)
        return True

    # marks

    def show_marks(self, marks: Sequence[TextMark]) -> None:
        """Underline words; those of the text before are left as they were."""
        if tuple(marks) == self._marks:
            return
        self._marks = tuple(marks)
        text, theme, length = self.toPlainText(), current_theme(), len(self.toPlainText())
        shown = []
        for mark in self._marks:
            if mark.end > length:
                continue
            tone, underline, is_coloured = _LOOKS[mark.kind]
            selection = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.document())
            cursor.setPosition(_units(text, mark.start))
            cursor.setPosition(_units(text, mark.end), QTextCursor.MoveMode.KeepAnchor)
            look = QTextCharFormat()
            look.setUnderlineStyle(underline)
            look.setUnderlineColor(theme.color(tone))
            if is_coloured:
                look.setForeground(theme.color(tone))
            selection.cursor, selection.format = cursor, look
            shown.append(selection)
        self.setExtraSelections(shown)

    def marks(self) -> tuple[TextMark, ...]:
        """Return what is marked."""
        return self._marks

    def mark_at(self, position: int, kinds: frozenset[MarkKind] = frozenset(MarkKind)) -> TextMark | None:
        """Return the mark of one of the kinds at a character, the first of several."""
        return next((one for one in self._marks if one.kind in kinds and one.start <= position < one.end), None)

    def mark_at_cursor(self, kinds: frozenset[MarkKind] = frozenset(MarkKind)) -> TextMark | None:
        """Return the mark at the cursor, also right behind its last character."""
        at = self.cursor_at()
        return self.mark_at(at, kinds) or (self.mark_at(at - 1, kinds) if at else None)

    def _mark_under(self, place: QPoint) -> TextMark | None:
        cursor = self.cursorForPosition(place)
        box = self.cursorRect(cursor)
        at = _characters(self.toPlainText(), cursor.position())
        return self.mark_at(at if place.x() >= box.x() else at - 1)

    # people

    def event(self, event: QEvent) -> bool:
        """Let the filter see keys first; Tab goes on to what is to be filled before it moves the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and not self.composition.active:
            is_tab = event.key() == Qt.Key.Key_Tab and not event.modifiers() and not self.isReadOnly()
            if self.key_filter(event) or (is_tab and self._tab()):
                event.accept()
                return True
        return super().event(event)

    def _tab(self) -> bool:
        cursor = self.textCursor()
        end = _characters(self.toPlainText(), cursor.selectionEnd())
        left = placeholders(self.toPlainText())
        if left and cursor.hasSelection() and len(left) == 1 and left[0].end == end:
            return False  # the only one, left as it is: the person wants to go on
        return any(one.start >= end for one in left) and self.to_placeholder(end)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where a click begins."""
        self._pressed = event.position().toPoint() if event.button() == Qt.MouseButton.LeftButton else None
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Follow a link that was clicked; who drags chooses words."""
        super().mouseReleaseEvent(event)
        place = event.position().toPoint()
        is_click = self._pressed is not None and (place - self._pressed).manhattanLength() < 4
        self._pressed = None
        mark = self._mark_under(place) if is_click and not self.textCursor().hasSelection() else None
        if mark is not None and mark.kind in _LEADS and mark.target:
            self.mark_chosen.emit(mark)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show a hand over what leads somewhere."""
        super().mouseMoveEvent(event)
        mark = self._mark_under(event.position().toPoint())
        leads = mark is not None and mark.kind in _LEADS and bool(mark.target)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.IBeamCursor)

    def tip_at(self, place: QPoint) -> str:
        """Return why the words under a place are marked, empty where they are not."""
        mark = self._mark_under(place)
        return "" if mark is None else mark.tip

    def viewportEvent(self, event: QEvent) -> bool:
        """Say why words are marked."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            tip = self.tip_at(event.pos())
            if tip:
                QToolTip.showText(event.globalPos(), tip, self)
                return True
        return super().viewportEvent(event)


def _units(text: str, characters: int) -> int:
    """Return a place in the UTF-16 units that Qt counts: rare ideographs take two."""
    return characters + sum(ord(char) > 0xFFFF for char in text[:characters])


def _characters(text: str, units: int) -> int:
    """Return a place of Qt in characters."""
    count = 0
    for at, char in enumerate(text):
        if count >= units:
            return at
        count += 2 if ord(char) > 0xFFFF else 1
    return len(text)
