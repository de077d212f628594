"""The keys in force: those delivered, but for what the person gave other keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QKeySequence

from resources.translation import tr
from workstation.ui.widgets.buttons import key_text

_RESERVED: Final = frozenset({"Tab", "Shift+Tab", "Shift+Backtab", "Backtab"})


class _InForce:
    keys: Mapping[str, str] = {}


def use_keys(keys: Mapping[str, str]) -> None:
    """Give commands other keys; what is made from now on has them."""
    _InForce.keys = dict(keys)


def key_of(command_id: str, delivered: str) -> str:
    """Return the key of a command as a portable sequence, empty for none."""
    return _InForce.keys.get(command_id, delivered)


def portable(key: str) -> str:
    """Return a key sequence in its one portable spelling."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText) if key else ""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A command in the list of keys; ``fixed`` ones keep theirs, for they are the same on every page."""

    command_id: str
    area: str
    text: str
    delivered: str
    more: tuple[str, ...] = ()
    fixed: bool = False

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
    for row in rows:
        if row.command_id != command_id and wanted in row.keys(changed):
            if row.fixed:
                return tr("{key} is “{text}” on every page and stays that.", key=key_text(wanted), text=row.text)
            return tr("{key} already is “{text}”. Give that another key first.", key=key_text(wanted), text=row.text)
    return ""


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
