"""What the hand did, without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto


class Button(Enum):
    """Mouse buttons."""

    NONE = auto()
    LEFT = auto()
    MIDDLE = auto()
    RIGHT = auto()


class PointerKind(Enum):
    """What the pointer did."""

    PRESS = auto()
    MOVE = auto()
    RELEASE = auto()
    DOUBLE = auto()
    WHEEL = auto()


class Modifier(Flag):
    """Keys held down."""

    NONE = 0
    SHIFT = auto()
    CTRL = auto()
    ALT = auto()


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """
    One pointer event in logical viewport pixels.

    ``button`` is the one pressed or released, or the one held during a move. ``notches`` are
    wheel steps, positive away from the user.
    """

    kind: PointerKind
    x: float
    y: float
    button: Button = Button.NONE
    modifiers: Modifier = Modifier.NONE
    notches: int = 0


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """A key press; ``key`` is an upper-case letter, a digit or a name such as ``PageUp``."""

    key: str
    modifiers: Modifier = Modifier.NONE
