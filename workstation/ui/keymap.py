"""The keys in force: those delivered, but for what the person gave other keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from resources.translation import tr
from workstation.ui.widgets.buttons import key_text

_FREEING: Final = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)
_RESERVED: Final = frozenset({"Tab", "Shift+Tab", "Shift+Backtab", "Backtab"})


class _InForce:
    keys: Mapping[str, str] = {}


def use_keys(keys: Mapping[str, str]) -> None:
    """Give commands other keys; what is made from now on has them."""
    _InForce.keys = dict(keys)


def key_of(command_id: str, delivered: str) -> str:
    """Return the key of a command as a portable sequence, empty for none."""
    return _InForce.keys.get(command_id, delivered)


def shown_key(command_id: str, delivered: str) -> str:
    """Return the key of a command as people write it, a dash for none: for sentences and tooltips that name it."""
    return key_text(key_of(command_id, delivered)) or "\u2014"


def is_key_of(event: QKeyEvent, command_id: str, *delivered: str) -> bool:
    """Tell whether a press is a key of a command; for widgets that take keys themselves where no shortcut reaches."""
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    pressed = QKeySequence(QKeyCombination(held, Qt.Key(event.key()))).toString(
        QKeySequence.SequenceFormat.PortableText
    )
    own = _InForce.keys.get(command_id)
    return bool(pressed) and pressed in {portable(key) for key in (delivered if own is None else (own,))}


def portable(key: str) -> str:
    """Return a key sequence in its one portable spelling."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText) if key else ""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """
    A command in the list of keys; ``fixed`` ones keep theirs, for they are the same on every page.

    ``scope`` says where its key works: nowhere in particular is the whole window, then the page, then a part of it.
    Where text is written (``among_text``) a key of its own must be none that writes or edits.
    """

    command_id: str
    area: str
    text: str
    delivered: str
    more: tuple[str, ...] = ()
    fixed: bool = False
    scope: tuple[str, ...] = ()
    among_text: bool = False

    def meets(self, other: KeyRow) -> bool:
        """Tell whether the keys of both can work at one time: one's place lies within the other's."""
        shared = min(len(self.scope), len(other.scope))
        return self.scope[:shared] == other.scope[:shared]

    def keys(self, changed: Mapping[str, str]) -> tuple[str, ...]:
        """Return every key of the command under a profile."""
        if self.fixed or self.command_id not in changed:
            return tuple(portable(one) for one in (self.delivered, *self.more) if one)
        own = changed[self.command_id]
        return (portable(own),) if own else ()


def refusal(key: str, command_id: str, rows: Iterable[KeyRow], changed: Mapping[str, str]) -> str:
    """Return in words why a command cannot have a key, empty where it can."""
    wanted = portable(key)
    if wanted in _RESERVED:
        return tr("{key} goes from viewport to viewport and stays that.", key=key_text(wanted))
    known = list(rows)
    mine = next((row for row in known if row.command_id == command_id), None)
    if mine is not None and mine.among_text and _writes(wanted):
        return tr("Text is written on this page: its keys are F1 to F12 or go with Ctrl or Alt.")
    for row in known:
        if row.command_id != command_id and (mine is None or row.meets(mine)) and wanted in row.keys(changed):
            if row.fixed:
                return tr("{key} is “{text}” on every page and stays that.", key=key_text(wanted), text=row.text)
            return tr("{key} already is “{text}”. Give that another key first.", key=key_text(wanted), text=row.text)
    return ""


def _writes(key: str) -> bool:
    """Tell whether a key types, or moves and edits in a text."""
    sequence = QKeySequence(key)
    if sequence.count() != 1:
        return bool(key)
    combination: QKeyCombination = sequence[0]  # type: ignore[index] # missing in the PySide6 stubs
    is_function = Qt.Key.Key_F1 <= combination.key() <= Qt.Key.Key_F35
    return not is_function and not combination.keyboardModifiers() & _FREEING


def clashes(rows: Iterable[KeyRow], changed: Mapping[str, str]) -> dict[str, str]:
    """Return the commands of a profile whose keys cannot be, with the reason; for profiles that come from a file."""
    known = list(rows)
    ids = {row.command_id for row in known if not row.fixed}
    found = {}
    for command_id, key in changed.items():
        reason = refusal(key, command_id, known, changed) if key and command_id in ids else ""
        if reason:
            found[command_id] = reason
    return found
