"""The viewport's keys; single letters count only where the caller made sure of focus and no composition."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from viewers.scene.events import KeyEvent, Modifier


class Command(StrEnum):
    """What a key asks of a viewport."""

    TOOL_WINDOW = "tool_window"
    TOOL_PAN = "tool_pan"
    TOOL_ZOOM = "tool_zoom"
    TOOL_SCROLL = "tool_scroll"
    TOOL_CROSSHAIR = "tool_crosshair"
    TOOL_DISTANCE = "tool_distance"
    TOOL_BIDIRECTIONAL = "tool_bidirectional"
    TOOL_ANGLE = "tool_angle"
    TOOL_ELLIPSE = "tool_ellipse"
    TOOL_RECTANGLE = "tool_rectangle"
    TOOL_TEXT = "tool_text"
    TOOL_PROBE = "tool_probe"
    TOOL_COBB = "tool_cobb"
    TOOL_LINES = "tool_lines"
    TOOL_FREEHAND = "tool_freehand"
    TOOL_SPHERE = "tool_sphere"
    TOOL_CARDIOTHORACIC = "tool_cardiothoracic"
    TOOL_NODULE = "tool_nodule"
    IDENTITY = "identity"
    INVERT = "invert"
    RESET = "reset"
    FIT = "fit"
    CANCEL = "cancel"
    LINK = "link"
    MARKS = "marks"
    DELETE = "delete"
    SLICE_BACK = "slice_back"
    SLICE_ON = "slice_on"
    PAGE_BACK = "page_back"
    PAGE_ON = "page_on"
    FIRST = "first"
    LAST = "last"
    PROJECTION = "projection"
    SLAB_THINNER = "slab_thinner"
    SLAB_THICKER = "slab_thicker"
    UPRIGHT_PLANES = "upright_planes"
    SCISSORS = "scissors"
    CUT_ADD = "cut_add"
    CUT_FLIP = "cut_flip"
    CUT_NEXT = "cut_next"
    CUT_REMOVE = "cut_remove"
    CURVE = "curve"
    OWN_WINDOW = "own_window"
    TURN_RIGHT = "turn_right"
    TURN_LEFT = "turn_left"
    MIRROR_SIDEWAYS = "mirror_sideways"
    MIRROR_UPRIGHT = "mirror_upright"
    PRESET_0 = "preset_0"
    PRESET_1 = "preset_1"
    PRESET_2 = "preset_2"
    PRESET_3 = "preset_3"
    PRESET_4 = "preset_4"
    PRESET_5 = "preset_5"
    PRESET_6 = "preset_6"
    PRESET_7 = "preset_7"
    PRESET_8 = "preset_8"
    PRESET_9 = "preset_9"


DEFAULT_KEYS: Final[Mapping[str, Command]] = MappingProxyType(
    {
        "W": Command.TOOL_WINDOW,
        "T": Command.TOOL_PAN,
        "Z": Command.TOOL_ZOOM,
        "S": Command.TOOL_SCROLL,
        "H": Command.TOOL_CROSSHAIR,
        "D": Command.TOOL_DISTANCE,
        "B": Command.TOOL_BIDIRECTIONAL,
        "A": Command.TOOL_ANGLE,
        "E": Command.TOOL_ELLIPSE,
        "R": Command.TOOL_RECTANGLE,
        "X": Command.TOOL_TEXT,
        "Q": Command.TOOL_NODULE,
        "P": Command.TOOL_PROBE,
        "I": Command.IDENTITY,
        "V": Command.INVERT,
        "L": Command.LINK,
        "G": Command.MARKS,
        "F": Command.FIT,
        "Space": Command.RESET,
        "Escape": Command.CANCEL,
        "Delete": Command.DELETE,
        "Up": Command.SLICE_BACK,
        "Down": Command.SLICE_ON,
        "PageUp": Command.PAGE_BACK,
        "PageDown": Command.PAGE_ON,
        "Home": Command.FIRST,
        "End": Command.LAST,
        "M": Command.PROJECTION,
        "[": Command.SLAB_THINNER,
        "]": Command.SLAB_THICKER,
        "U": Command.UPRIGHT_PLANES,
        "Y": Command.SCISSORS,
        "J": Command.CURVE,
        **{digit: Command(f"preset_{digit}") for digit in "0123456789"},
    }
)


def command_for(event: KeyEvent, keys: Mapping[str, Command] = DEFAULT_KEYS) -> Command | None:
    """Return the command of a key without modifiers, None for every other key."""
    return keys.get(event.key) if event.modifiers is Modifier.NONE else None
