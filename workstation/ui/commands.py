"""
Typed commands: what a person can do, each with text, icon, key and tooltip.

A page makes its commands once and adds them to its ``CommandSet``; the key sheet (Ctrl+/) lists
them all. Single-letter keys never fire while text is being typed or composed, and no key fires that
belongs to an open list or menu, or to the combo box in focus: it goes there instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QAction, QInputMethodEvent, QKeyEvent, QKeySequence, QShortcutEvent
from PySide6.QtWidgets import QApplication, QComboBox, QWidget
from shiboken6 import isValid

from workstation.ui.icons import icon
from workstation.ui.keymap import KeyRow, key_of
from workstation.ui.widgets.buttons import key_text

_TEXT_KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
_OF_A_BOX: Final = frozenset({
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End,
    Qt.Key.Key_F4, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Backspace, Qt.Key.Key_Delete,
})  # fmt: skip
"""Keys besides letters that a combo box in focus keeps: those that choose, and those that would decide by accident"""


@dataclass(frozen=True, slots=True)
class Command:
    """
    One thing a person can do.

    ``text`` is translated already; ``keys`` is a portable key sequence such as ``Ctrl+Shift+N``,
    the first is shown and the others also work; ``area`` groups the key sheet.
    """

    id: str
    text: str
    icon: str
    key: str
    handler: Callable[[], object]
    area: str = ""
    more_keys: tuple[str, ...] = ()
    checkable: bool = False
    tooltip: str = ""
    everywhere: bool = False
    """True: works in the whole window; False: only while the owner or a child has the focus."""
    editable: bool = False
    """True: a person may give it another key"""


@dataclass(frozen=True, slots=True)
class KeySheetRow:
    """One line of the key sheet."""

    area: str
    text: str
    key: str


class _CommandAction(QAction):
    """An action that hands its key on where the key belongs to an open list or menu, or to a combo box."""

    def event(self, event: QEvent) -> bool:
        """Act on the key, or let have it who is nearer to the reader."""
        if isinstance(event, QShortcutEvent) and event.key().count():
            key = event.key()[event.key().count() - 1]  # type: ignore[index] # missing in the PySide6 stubs
            taker = taker_of(key)
            if taker is not None:
                _press(taker, key)
                return True
        return super().event(event)


class CommandSet:
    """The commands of one widget as ``QAction``s on it."""

    def __init__(self, owner: QWidget, part: str = "") -> None:
        self._owner = owner
        self._part = part
        """Where on the page alone its keys work, empty for the whole page"""
        self._commands: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}
        self._delivered: dict[str, Command] = {}
        """The commands with the keys that they come with"""

    def add(self, command: Command) -> QAction:
        """Make the action, put it on the owner and return it. Raises ValueError for an id used twice."""
        if command.id in self._commands:
            raise ValueError(f"command {command.id!r} exists")
        self._delivered[command.id] = command
        command = _with_own_key(command)
        action = _CommandAction(icon(command.icon), command.text, self._owner)
        shown = key_text(command.key)
        what = command.tooltip or command.text
        action.setToolTip(f"{what} ({shown})" if shown else what)
        action.setStatusTip(what)
        action.setObjectName(command.id)
        action.setCheckable(command.checkable)
        action.setShortcuts([QKeySequence(key) for key in (command.key, *command.more_keys) if key])
        action.setShortcutContext(
            Qt.ShortcutContext.WindowShortcut if command.everywhere else Qt.ShortcutContext.WidgetWithChildrenShortcut
        )
        guarded = any(_types_text(sequence) for sequence in action.shortcuts())
        action.triggered.connect(lambda: None if guarded and text_is_typed() else command.handler())
        self._owner.addAction(action)
        self._commands[command.id] = command
        self._actions[command.id] = action
        return action

    def action(self, command_id: str) -> QAction:
        """Return the action of a command; KeyError when there is none."""
        return self._actions[command_id]

    def trigger(self, command_id: str) -> None:
        """Do it as if its key was pressed."""
        self._actions[command_id].trigger()

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def key_sheet(self) -> list[KeySheetRow]:
        """Return the lines of the key sheet, commands without a key left out."""
        return [KeySheetRow(c.area, c.text, key_text(c.key)) for c in self._commands.values() if c.key]

    def key_rows(self) -> list[KeyRow]:
        """Return the commands as the list of keys shows them, with the keys that they come with."""
        return [
            KeyRow(
                one.id,
                one.area,
                one.text,
                one.key,
                one.more_keys,
                fixed=not one.editable,
                scope=(self._part,) if self._part else (),
                among_text=not self._part,
            )
            for one in self._delivered.values()
        ]


def _with_own_key(command: Command) -> Command:
    key = key_of(command.id, command.key) if command.editable else command.key
    return command if key == command.key else replace(command, key=key, more_keys=())


def _types_text(sequence: QKeySequence) -> bool:
    """Tell whether the sequence is a bare printable key."""
    if sequence.count() != 1:
        return False
    combination = sequence[0]  # type: ignore[index] # missing in the PySide6 stubs
    return not (combination.keyboardModifiers() & _TEXT_KEYS) and combination.key() < Qt.Key.Key_Escape


def text_is_typed() -> bool:
    """Tell whether the focus lies in a field that takes text, so that letters belong to it."""
    focus = QApplication.focusWidget()
    if focus is None:
        return False
    return bool(focus.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)) and bool(
        focus.inputMethodQuery(Qt.InputMethodQuery.ImEnabled)
    )


def taker_of(key: QKeyCombination) -> QWidget | None:
    """
    Return who gets a key before any command does: what is open over the page, else the combo box in focus.

    An open list, menu, completer or calendar gets every key; a combo box in focus those that it uses itself, and
    Return and the like, so that choosing in it never decides on what lies beside. None where the key is a command's.
    """
    popup, focus = QApplication.activePopupWidget(), QApplication.focusWidget()
    if popup is not None:
        return focus if focus is not None and popup.isAncestorOf(focus) else popup
    if not isinstance(focus, QComboBox) or key.keyboardModifiers() & _TEXT_KEYS:
        return None
    return focus if key.key() < Qt.Key.Key_Escape or key.key() in _OF_A_BOX else None


def _press(taker: QWidget, key: QKeyCombination) -> None:
    """Press a key in a widget, as if no command had it."""
    code, held = key.key(), key.keyboardModifiers()
    text = chr(code.value) if code < Qt.Key.Key_Escape and not held & _TEXT_KEYS else ""
    if not held & Qt.KeyboardModifier.ShiftModifier:
        text = text.lower()
    keep = _Keep()
    taker.installEventFilter(keep)
    QApplication.sendEvent(taker, QKeyEvent(QEvent.Type.KeyPress, code, held, text))
    if isValid(taker):  # choosing may have closed it for good
        taker.removeEventFilter(keep)


class _Keep(QObject):
    """Keeps a key that is handed on from becoming a command once more."""

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Say of the key that it is used here."""
        if event.type() is not QEvent.Type.ShortcutOverride:
            return False
        event.accept()
        return True


@dataclass(slots=True)
class Composition:
    """Whether an input method is composing; a viewport feeds it from ``inputMethodEvent``."""

    active: bool = field(default=False)

    def update(self, event: QInputMethodEvent) -> None:
        """Take note of an input method event."""
        self.active = bool(event.preeditString())
