"""Profiles of keys that a person made, as they are kept in the settings and carried from machine to machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

_FORMAT: Final = "lianyue-keys-1"
_LONGEST_NAME: Final = 40
_MOST_KEYS: Final = 500


@dataclass(frozen=True, slots=True)
class KeyProfile:
    """
    A named set of keys that differ from those delivered.

    ``keys`` maps the id of a command to a portable key sequence such as ``Shift+W``, empty for no key.
    """

    name: str
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > _LONGEST_NAME:
            raise ValueError(f"a profile needs a name of 1 to {_LONGEST_NAME} characters")
        if len(self.keys) > _MOST_KEYS:
            raise ValueError("too many keys")

    def with_key(self, command_id: str, key: str) -> KeyProfile:
        """Return the profile with another key for a command."""
        return replace(self, keys={**self.keys, command_id: key})

    def without(self, command_id: str) -> KeyProfile:
        """Return the profile with the delivered key for a command."""
        return replace(self, keys={one: key for one, key in self.keys.items() if one != command_id})


_PARTS: Final = "a profile has a name and keys, all of them texts"


def profile_to_json(profile: KeyProfile) -> str:
    """Return a profile as one line of JSON."""
    return json.dumps({"format": _FORMAT, "name": profile.name, "keys": dict(profile.keys)}, ensure_ascii=False)


def profile_from_json(text: str) -> KeyProfile:
    """Return the profile of a JSON text. Raises ValueError for anything else."""
    raw = json.loads(text)
    if not isinstance(raw, dict) or raw.get("format") != _FORMAT:
        raise ValueError("no profile of keys")
    name, keys = raw.get("name"), raw.get("keys")
    if not isinstance(name, str) or not isinstance(keys, dict):
        raise ValueError(_PARTS)  # noqa: TRY004 - the text is wrong, not the call
    if not all(isinstance(key, str) for key in keys.values()):
        raise ValueError(_PARTS)
    return KeyProfile(name, keys)


@dataclass(frozen=True, slots=True)
class KeySettings:
    """
    The keys of the person. ``profiles`` are those they made, each as JSON; ``chosen`` names one of them.

    An empty ``chosen`` means the keys as delivered.
    """

    chosen: str = ""
    profiles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [one.name for one in self.made]
        if len(set(names)) != len(names):
            raise ValueError("two profiles have one name")

    @property
    def made(self) -> tuple[KeyProfile, ...]:
        """Return the person's own profiles."""
        return tuple(profile_from_json(one) for one in self.profiles)

    @property
    def in_force(self) -> Mapping[str, str]:
        """Return the keys that differ from those delivered, by command."""
        return next((one.keys for one in self.made if one.name == self.chosen), MappingProxyType({}))

    def keep(self, profile: KeyProfile, *, instead_of: str = "") -> KeySettings:
        """Return the settings with a profile in force, in the place of a former one where there is one."""
        others = [one for one in self.made if one.name not in {profile.name, instead_of}]
        return KeySettings(profile.name, tuple(profile_to_json(one) for one in (*others, profile)))

    def without(self, name: str) -> KeySettings:
        """Return the settings without a profile; the delivered keys are in force where it was."""
        kept = tuple(profile_to_json(one) for one in self.made if one.name != name)
        return KeySettings("" if self.chosen == name else self.chosen, kept)
