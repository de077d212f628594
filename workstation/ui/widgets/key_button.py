"""A button that shows a key and takes the next key that is pressed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence

from resources.translation import tr
from workstation.ui.widgets.buttons import Button, key_text

_ALONE: Final = frozenset({
    Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta, Qt.Key.Key_unknown,
    Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock,
})  # fmt: skip
_MOVES_ON: Final = frozenset({Qt.Key.Key_Tab, Qt.Key.Key_Backtab})


class KeyButton(Button):
    """Pressed, it waits for a key; another press, Tab or a click elsewhere leaves it as it was."""

    waiting = Signal(bool)
    pressed_key = Signal(str)
    """The key as a portable sequence"""

    _waits = False  # Qt sends events while the button is being made

    def __init__(self, what: str, key: str) -> None:
        super().__init__(key_text(key) or "\u2014", "secondary", small=True)
        self._what, self._shown_key = what, key
        self.setMinimumWidth(96)
        self.clicked.connect(lambda: self.wait(waits=not self._waits))
        self.show_key_of(key)

    @property
    def waits(self) -> bool:
        """Tell whether the next key is taken."""
        return self._waits

    def show_key_of(self, key: str) -> None:
        """Show a key, or that there is none."""
        self._shown_key = key
        shown = key_text(key) or "\u2014"
        self.set_text(tr("Press a key…") if self._waits else shown)
        self.setMinimumWidth(96)
        self.setAccessibleName(f"{self._what}: {shown}")

    def wait(self, *, waits: bool) -> None:
        """Begin to wait for a key, or leave off."""
        if waits is not self._waits:
            self._waits = waits
            self.show_key_of(self._shown_key)
            self.waiting.emit(waits)

    def event(self, event: QEvent) -> bool:
        """Take every key while waiting, before a shortcut or the dialog does."""
        if self._waits and isinstance(event, QKeyEvent) and event.key() not in _MOVES_ON:
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() is QEvent.Type.KeyPress:
                self._take(event)
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leave off: the next key belongs to something else."""
        super().focusOutEvent(event)
        self.wait(waits=False)

    def _take(self, event: QKeyEvent) -> None:
        if Qt.Key(event.key()) in _ALONE:
            return  # the rest of the chord is on its way
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        combination = QKeyCombination(held, Qt.Key(event.key()))
        self.wait(waits=False)
        self.pressed_key.emit(QKeySequence(combination).toString(QKeySequence.SequenceFormat.PortableText))
