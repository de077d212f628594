"""Attribute matching of UPS-RS searches (PS3.18 8.3.4, PS3.4 C.2.2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pydicom.datadict import dictionary_VR

from worklist.hub.ups_errors import invalid
from worklist.hub.ups_json import Dataset, tag
from worklist.hub.ups_rules import RETURN_TAGS

MAXIMUM_RESULTS: Final = 1000

_WILDCARD: Final = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
_RANGED: Final = frozenset({"DA", "DT", "TM"})
_HEX: Final = re.compile(r"[0-9A-Fa-f]{8}")
_DT: Final = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d{1,6}))?([+-]\d{4})?")


@dataclass(frozen=True, slots=True)
class MatchKey:
    """One attribute to match: a path of tags (sequences first), its VR and the value asked for."""

    path: tuple[str, ...]
    vr: str
    value: str

    def matches(self, content: Dataset) -> bool:
        """Tell whether a dataset matches; an empty value matches everything."""
        if self.value in ("", "*") or self.vr == "SQ":
            return True
        return any(_value_matches(self.vr, self.value, found) for found in _found(content, self.path))


@dataclass(frozen=True, slots=True)
class UpsQuery:
    """A parsed search."""

    keys: tuple[MatchKey, ...] = ()
    include: frozenset[str] = field(default_factory=frozenset)
    include_all: bool = False
    offset: int = 0
    limit: int | None = None
    fuzzy: bool = False

    def exact(self, *path: str) -> str | None:
        """Return the value asked of one attribute when it is plain (no wildcard, no list), else None."""
        for key in self.keys:
            if key.path == path and key.value and not re.search(r"[*?,\\]", key.value):
                return key.value
        return None

    def matches(self, content: Dataset) -> bool:
        """Tell whether every key matches."""
        return all(key.matches(content) for key in self.keys)

    def shown(self, content: Dataset) -> Dataset:
        """Return what the answer carries of a matching dataset."""
        if self.include_all:
            return content
        wanted = RETURN_TAGS | self.include | {key.path[0] for key in self.keys}
        return {key: value for key, value in content.items() if key in wanted}


def parse_query(parameters: Iterable[tuple[str, str]]) -> UpsQuery:
    """
    Read the query parameters of a search.

    Raises:
        UpsRefused: an unknown attribute, one given twice, or a malformed number or range (HTTP 400).
    """
    keys: dict[tuple[str, ...], MatchKey] = {}
    include: set[str] = set()
    offset, limit, fuzzy, include_all = 0, None, False, False
    for name, value in parameters:
        match name.lower():
            case "offset":
                offset = _number(name, value)
            case "limit":
                limit = _number(name, value)
            case "fuzzymatching":
                fuzzy = value.lower() == "true"
            case "includefield":
                fields = [part for part in value.split(",") if part]
                include_all = include_all or "all" in fields
                include |= {_path(part)[0][0] for part in fields if part != "all"}
            case _:
                path, vr = _path(name)
                if path in keys:
                    raise invalid(f"{name} is given twice")
                keys[path] = MatchKey(path, vr, value.strip() if vr != "PN" else value)
                if vr in _RANGED and value:
                    _range(value)
    return UpsQuery(tuple(keys.values()), frozenset(include), include_all, offset, limit, fuzzy)


def _number(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise invalid(f"{name} is no number")
    return int(value)


def _path(name: str) -> tuple[tuple[str, ...], str]:
    tags: list[str] = []
    for part in name.split("."):
        try:
            tags.append(part.upper() if _HEX.fullmatch(part) else tag(part))
        except KeyError as exc:
            raise invalid(f"{part[:64]} is no attribute") from exc
    try:
        return tuple(tags), dictionary_VR(int(tags[-1], 16)).split(" or ")[0]
    except KeyError as exc:
        raise invalid(f"{tags[-1]} is no attribute") from exc


def _found(content: Dataset, path: tuple[str, ...]) -> Iterable[Any]:
    content_values = content.get(path[0], {}).get("Value", [])
    if len(path) == 1:
        yield from content_values
        return
    for item in content_values:
        if isinstance(item, dict):
            yield from _found(item, path[1:])


def _value_matches(vr: str, wanted: str, found: object) -> bool:
    if found is None:
        return False
    if vr == "PN":
        return _name_matches(wanted, found)
    if vr == "UI":
        return str(found) in {part.strip() for part in re.split(r"[,\\]", wanted)}
    if vr in _RANGED:
        return _in_range(wanted, str(found))
    if vr in _WILDCARD:
        return glob(wanted, str(found))
    return str(found) == wanted


def _name_matches(wanted: str, found: object) -> bool:
    """Match any component group, or the whole name as ``alphabetic=ideographic=phonetic``; case does not count."""
    groups = found if isinstance(found, dict) else {"Alphabetic": str(found)}
    parts = [str(groups.get(name, "")) for name in ("Alphabetic", "Ideographic", "Phonetic")]
    pattern = wanted.rstrip("^").casefold()
    candidates = [*parts, "=".join(parts).rstrip("=")]
    return any(glob(pattern, candidate.rstrip("^").casefold()) for candidate in candidates if candidate)


def glob(pattern: str, subject: str) -> bool:
    """Match ``*`` and ``?`` in time proportional to both lengths, so that no pattern can stall the hub."""
    at = place = 0
    star, resume = -1, 0
    while at < len(subject):
        if place < len(pattern) and pattern[place] == "*":
            star, resume = place, at
            place += 1
        elif place < len(pattern) and pattern[place] in {"?", subject[at]}:
            place += 1
            at += 1
        elif star >= 0:
            resume += 1
            place, at = star + 1, resume
        else:
            return False
    return not pattern[place:].strip("*")


def _in_range(wanted: str, found: str) -> bool:
    span = _span(found)
    if span is None:
        return found == wanted
    low, high = _range(wanted)
    return (low is None or span[0] >= low) and (high is None or span[0] < high)


def _range(wanted: str) -> tuple[datetime | None, datetime | None]:
    """Return ``[low, high)`` of a DT, DA or TM key; a single value spans its own precision."""
    whole = _span(wanted)
    if whole is not None:
        return whole
    for cut in (index for index, letter in enumerate(wanted) if letter == "-"):
        first, last = wanted[:cut], wanted[cut + 1 :]
        low, high = _span(first), _span(last)
        if (low or not first) and (high or not last) and (low or high):
            return (low[0] if low else None), (high[1] if high else None)
    raise invalid("a date-time key is no value and no range")


def _span(value: str) -> tuple[datetime, datetime] | None:
    """Return when a DT (or DA, TM) value begins and ends; without an offset it is local time."""
    parts = _DT.fullmatch(value)
    if parts is None:
        return None
    numbers = [int(part) for part in parts.groups()[:6] if part is not None]
    fraction, offset = parts.group(7), parts.group(8)
    full = numbers + [1, 1, 1, 0, 0, 0][len(numbers) :]
    try:
        year, month, day, hour, minute, second = full[:6]
        micro = int((fraction or "0").ljust(6, "0"))
        begin = datetime(year, month, day, hour, minute, second, micro)  # noqa: DTZ001 - local until the offset below
        if offset:
            begin = datetime.strptime(begin.isoformat(timespec="microseconds") + offset, "%Y-%m-%dT%H:%M:%S.%f%z")
        else:
            begin = begin.astimezone()
        return begin, _end(begin, len(numbers), fraction)
    except (ValueError, OverflowError):
        return None


def _end(begin: datetime, precision: int, fraction: str | None) -> datetime:
    if fraction:
        return begin + timedelta(microseconds=10 ** (6 - len(fraction)))
    if precision == 1:
        return begin.replace(year=begin.year + 1)
    if precision == 2:
        return (begin + timedelta(days=32)).replace(day=1)
    return begin + (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))[precision - 3]
