"""Qt's events as the scene's."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from viewers.scene.events import Button, KeyEvent, Modifier, PointerEvent, PointerKind

_BUTTONS: Final = {
    Qt.MouseButton.LeftButton: Button.LEFT,
    Qt.MouseButton.MiddleButton: Button.MIDDLE,
    Qt.MouseButton.RightButton: Button.RIGHT,
}
_NAMED_KEYS: Final = {
    Qt.Key.Key_Space: "Space",
    Qt.Key.Key_Escape: "Escape",
    Qt.Key.Key_Delete: "Delete",
    Qt.Key.Key_Up: "Up",
    Qt.Key.Key_Down: "Down",
    Qt.Key.Key_PageUp: "PageUp",
    Qt.Key.Key_PageDown: "PageDown",
    Qt.Key.Key_Home: "Home",
    Qt.Key.Key_End: "End",
    Qt.Key.Key_BracketLeft: "[",
    Qt.Key.Key_BracketRight: "]",
}
NOTCH: Final = 120
"""Wheel units of one notch; fine wheels send parts of it."""


def pointer_event(event: QMouseEvent, kind: PointerKind) -> PointerEvent:
    """Return a mouse event in logical pixels."""
    position = event.position()
    button = _BUTTONS.get(event.button(), Button.NONE)
    return PointerEvent(kind, position.x(), position.y(), button, modifiers(event.modifiers()))


def wheel_event(event: QWheelEvent, notches: int) -> PointerEvent:
    """Return a wheel event of whole notches."""
    position = event.position()
    return PointerEvent(
        PointerKind.WHEEL, position.x(), position.y(), modifiers=modifiers(event.modifiers()), notches=notches
    )


def key_event(event: QKeyEvent) -> KeyEvent:
    """Return a key press: letter, digit or named key."""
    key = event.key()
    name = _NAMED_KEYS.get(Qt.Key(key)) if key in _KNOWN else None
    if name is None and Qt.Key.Key_0 <= key <= Qt.Key.Key_Z:
        name = chr(key)
    return KeyEvent(name or "", modifiers(event.modifiers()))


def modifiers(held: Qt.KeyboardModifier) -> Modifier:
    """Return the modifiers; the keypad counts as none."""
    result = Modifier.NONE
    if held & Qt.KeyboardModifier.ShiftModifier:
        result |= Modifier.SHIFT
    if held & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier):
        result |= Modifier.CTRL
    if held & Qt.KeyboardModifier.AltModifier:
        result |= Modifier.ALT
    return result


_KNOWN: Final = frozenset(int(key) for key in _NAMED_KEYS)
