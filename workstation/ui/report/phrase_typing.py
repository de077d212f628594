"""Lists at the cursor: phrases that a semicolon calls while one types, what can be inserted, what a gap may hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from workstation.domain.phrase import Phrase, matching, placeholders, typed_abbreviation
from workstation.ui.report.choice_popup import ChoicePopup, ChoiceRow
from workstation.ui.report.phrase_words import whose
from workstation.ui.report.report_text import ReportText

_MOST: Final = 20
_ENTER: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_PLAIN: Final = frozenset({Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier})


class _Mode(Enum):
    PHRASES = auto()
    CHOICES = auto()
    """What the chosen placeholder may hold"""
    ASKED = auto()


class PhraseTyping(QObject):
    """
    Watches the texts of one form; ``picked(text, phrase, typed)`` once a phrase was chosen.

    Nothing happens while an input method composes, and Enter is a new line until somebody typed an abbreviation or
    went through the list.
    """

    picked = Signal(object, object, int)
    """``ReportText``, ``Phrase``, how many characters before the cursor called it"""

    def __init__(self, popup: ChoicePopup, offered: Callable[[], Sequence[Phrase]]) -> None:
        super().__init__(popup)
        self.popup = popup
        self._offered = offered
        self._text: ReportText | None = None
        self._mode = _Mode.PHRASES
        self._typed = ""
        self._done: Callable[[object], None] = lambda _value: None
        popup.chosen.connect(self._chosen)

    def watch(self, text: ReportText) -> None:
        """Take part in the typing of a text."""
        text.key_filter = partial(self._key, text)
        text.textChanged.connect(partial(self._changed, text))
        text.cursorPositionChanged.connect(partial(self._cursor_moved, text))
        text.selectionChanged.connect(partial(self._selected, text))
        text.destroyed.connect(self._gone)

    def offer(self, text: ReportText, rows: Sequence[ChoiceRow], done: Callable[[object], None]) -> None:
        """Show rows at the cursor and hand the chosen one's value to ``done``."""
        self._begin(text, _Mode.ASKED, rows)
        self._done = done

    def close(self) -> None:
        """Put the list away."""
        self._text = None
        self.popup.hide()

    def _begin(self, text: ReportText, mode: _Mode, rows: Sequence[ChoiceRow]) -> None:
        self._text, self._mode = text, mode
        self.popup.show_rows(rows, text)

    def _gone(self) -> None:
        self._text = None

    def _changed(self, text: ReportText) -> None:
        if text.composition.active or text.isReadOnly() or text.window().focusWidget() is not text:
            return
        typed = typed_abbreviation(text.before_cursor())
        if typed is None:
            self.close()
            return
        self._typed = typed
        found = matching(tuple(self._offered()), typed)[:_MOST]
        rows = [ChoiceRow(_named(p), _shown(p), p) for p in found]
        self._begin(text, _Mode.PHRASES, rows)

    def _cursor_moved(self, text: ReportText) -> None:
        if text is self._text and self._mode is _Mode.PHRASES and typed_abbreviation(text.before_cursor()) is None:
            self.close()

    def _selected(self, text: ReportText) -> None:
        words = text.textCursor().selectedText()
        gaps = placeholders(words) if words.startswith("{") and not text.isReadOnly() else ()
        if len(gaps) == 1 and gaps[0].end == len(words) and gaps[0].choices:
            self._begin(text, _Mode.CHOICES, [ChoiceRow(one, "", one) for one in gaps[0].choices])
        elif text is self._text and self._mode is _Mode.CHOICES:
            self.close()

    def _key(self, text: ReportText, event: QKeyEvent) -> bool:
        if text is not self._text or not self.popup.isVisible() or event.modifiers() not in _PLAIN:
            return False
        key = Qt.Key(event.key())
        if key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
            self.popup.step(1 if key == Qt.Key.Key_Down else -1)
            return True
        if key == Qt.Key.Key_Escape:
            self.close()
            return True
        is_meant = self._mode is not _Mode.PHRASES or bool(self._typed) or self.popup.moved
        if is_meant and (key in _ENTER or (key == Qt.Key.Key_Tab and self._mode is not _Mode.CHOICES)):
            self.popup.choose_current()
            return True
        return False

    def _chosen(self, value: object) -> None:
        text, self._text = self._text, None
        if text is None:
            return
        if self._mode is _Mode.PHRASES and isinstance(value, Phrase):
            self.picked.emit(text, value, len(self._typed) + 1)
        elif self._mode is _Mode.CHOICES:
            begin = text.insert(str(value))
            gap = next((one for one in placeholders(text.toPlainText()) if one.start >= begin), None)
            if gap is not None:
                text.choose(gap.start, gap.end)
        else:
            self._done(value)


def _named(phrase: Phrase) -> str:
    """Return a phrase as the list names it; one that others wrote says whose it is."""
    return f"{phrase.abbreviation} · {phrase.title}" + (f" · {whose(phrase)}" if phrase.shared else "")


def _shown(phrase: Phrase) -> str:
    words = phrase.text or " / ".join(text for _key, text in phrase.fields)
    return " ".join(words.split())
