"""
A bounded walk over the elements of a DICOM data set, for files nobody vouches for.

Nothing is decoded and nothing recursive is done: an explicit stack, a cap on depth and on the
number of elements, and every length compared with what is left of the file before it is believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from mmap import mmap
from struct import Struct
from typing import Final, NoReturn

from pydicom.datadict import dictionary_VR

from resources.translation import tr
from workstation.domain.errors import DecodeError, HostileInput

MAX_DEPTH: Final = 64
MAX_ELEMENTS: Final = 300_000
MAX_ELEMENTS_PER_DATASET: Final = 10_000
MAX_NESTED_BYTES: Final = 256 * 1024 * 1024
MAX_FRAGMENTS: Final = 300_000

UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD
PIXEL_DATA: Final = 0x7FE00010

_SHORT_VRS: Final = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()  # 16-bit length field
)
_LONG_VRS: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_VR_SHAPE: Final = re.compile(rb"[A-Z]{2}")

Buffer = bytes | mmap


@dataclass(frozen=True, slots=True)
class Element:
    """Where one value lies: ``length`` bytes at ``offset``; ``vr`` is empty in implicit syntaxes."""

    vr: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Fragments:
    """The encapsulated pixel data: fragment sizes in order and the offset table, if it has entries."""

    sizes: tuple[int, ...]
    starts: tuple[int, ...]
    """Start of each fragment's item tag, relative to the first fragment's item tag."""
    table: tuple[int, ...]


@dataclass(slots=True)
class Walk:
    """What a walk found at the top level, and how much it passed over."""

    elements: dict[int, Element] = field(default_factory=dict)
    fragments: Fragments | None = None
    count: int = 0
    end: int = 0
    little: bool = True


@dataclass(slots=True)
class _Level:
    end: int
    undefined: bool
    in_sequence: bool
    explicit: bool
    little: bool
    elements: int = 0
    last_tag: int = -1


class _Reader:
    """The fixed-size fields in one byte order."""

    def __init__(self, *, little: bool) -> None:
        order = "<" if little else ">"
        self.tag = Struct(order + "HH").unpack_from
        self.short = Struct(order + "H").unpack_from
        self.long = Struct(order + "L").unpack_from


_LITTLE: Final = _Reader(little=True)
_BIG: Final = _Reader(little=False)


def hostile(text: str, detail: str) -> NoReturn:
    """Refuse a file that breaks a limit; ``text`` is translated, ``detail`` the English reason."""
    raise HostileInput(text, hint=tr("The file was set aside. Ask the sender for a fresh export."), detail=detail)


def broken(detail: str) -> NoReturn:
    """Refuse a file that is not readable DICOM."""
    raise DecodeError(
        tr("The file is damaged or not DICOM."),
        hint=tr("The file was set aside. Ask the sender for a fresh export."),
        detail=detail,
    )


def _too_long(tag: int, length: int, left: int) -> NoReturn:
    hostile(
        tr("The file promises more data than it has."),
        f"element {tag:08X} claims {length} bytes where {left} are left",
    )


def _has_sequence_vr(tag: int) -> bool:
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        return False


def walk(buffer: Buffer, start: int, *, explicit: bool, little: bool, only_group: int | None = None) -> Walk:  # noqa: C901, PLR0912 - one loop, flat on purpose
    """
    Pass over a data set that begins at ``start`` and runs to the end of ``buffer``.

    ``only_group`` stops before the first element of another group (the file meta information).
    Raises HostileInput where a cap is broken, DecodeError where the bytes are no data set.
    """
    found = Walk(little=little)
    size = len(buffer)
    stack = [_Level(size, undefined=False, in_sequence=False, explicit=explicit, little=little)]
    nested = 0
    position = start
    while True:
        level = stack[-1]
        if position >= level.end:
            if position > level.end or level.undefined:
                _too_long(level.last_tag & 0xFFFFFFFF, position - level.end, 0)
            stack.pop()
            if not stack:
                break
            continue
        if level.end - position < 8:
            if len(stack) == 1 and not any(buffer[position : level.end]):
                break  # zero padding behind the last element does no harm
            broken(f"{level.end - position} stray bytes behind the last element")
        reader = _LITTLE if level.little else _BIG
        group, number = reader.tag(buffer, position)
        tag = group << 16 | number
        found.count += 1
        if found.count > MAX_ELEMENTS:
            hostile(tr("The file has too many elements."), f"more than {MAX_ELEMENTS} elements")
        if group == 0xFFFE:
            position, opened = _delimiter(reader, buffer, position, tag, level, stack)
            nested += opened * len(stack)
        elif level.in_sequence:
            broken(f"element {tag:08X} where a sequence item was due")
        else:
            if only_group is not None and group != only_group:
                break
            level.elements += 1
            level.last_tag = tag
            if level.elements > MAX_ELEMENTS_PER_DATASET:
                hostile(
                    tr("The file has too many elements."),
                    f"more than {MAX_ELEMENTS_PER_DATASET} elements in one data set",
                )
            before = position
            position = _element(reader, buffer, position, tag, level, stack, found)
            if stack[-1] is not level and not stack[-1].undefined:
                nested += (stack[-1].end - before) * len(stack)
        if len(stack) > MAX_DEPTH:
            hostile(tr("The file nests its sequences too deeply."), f"sequences deeper than {MAX_DEPTH}")
        if nested > MAX_NESTED_BYTES:
            hostile(tr("The file nests its sequences too deeply."), f"more than {MAX_NESTED_BYTES} nested bytes")
    found.end = position
    return found


def _delimiter(
    reader: _Reader, buffer: Buffer, position: int, tag: int, level: _Level, stack: list[_Level]
) -> tuple[int, int]:
    """Handle an item or delimiter; return the next position and the size of an opened defined item."""
    length = reader.long(buffer, position + 4)[0]
    position += 8
    if tag == ITEM and level.in_sequence:
        if length == UNDEFINED:
            stack.append(
                _Level(level.end, undefined=True, in_sequence=False, explicit=level.explicit, little=level.little)
            )
            return position, 0
        if length > level.end - position:
            _too_long(tag, length, level.end - position)
        stack.append(
            _Level(position + length, undefined=False, in_sequence=False, explicit=level.explicit, little=level.little)
        )
        return position, length
    closes = (tag == SEQUENCE_END and level.in_sequence) or (tag == ITEM_END and not level.in_sequence)
    if not closes or not level.undefined:
        broken(f"stray delimiter {tag:08X}")
    stack.pop()
    return position, 0


def _element(  # noqa: C901, PLR0912 - the branches are those of PS3.5 7.1
    reader: _Reader, buffer: Buffer, position: int, tag: int, level: _Level, stack: list[_Level], found: Walk
) -> int:
    """Pass over one element, or open the sequence that it is; return the next position."""
    vr = b""
    if level.explicit:
        vr = bytes(buffer[position + 4 : position + 6])
        if vr in _SHORT_VRS:
            length = int(reader.short(buffer, position + 6)[0])
            position += 8
        elif vr in _LONG_VRS or _VR_SHAPE.fullmatch(
            vr
        ):  # unknown VRs of later editions have long lengths (PS3.5 7.1.2)
            if level.end - position < 12:
                _too_long(tag, 12, level.end - position)
            length = reader.long(buffer, position + 8)[0]
            position += 12
        else:
            broken(f"element {tag:08X} has no value representation; the transfer syntax may be mislabelled")
    else:
        length = int(reader.long(buffer, position + 4)[0])
        position += 8
    top = len(stack) == 1
    if length == UNDEFINED:
        if tag == PIXEL_DATA and vr in {b"OB", b"OW"}:
            end, fragments = _fragments(reader, buffer, position, level.end)
            if top:
                found.elements[tag] = Element(vr.decode(), position, UNDEFINED)
                found.fragments = fragments
            return end
        if vr not in {b"SQ", b"UN", b""}:
            broken(f"element {tag:08X} of undefined length is no sequence")
        # PS3.5 6.2.2: an UN of undefined length holds an implicit little endian sequence
        implicit = vr == b"UN"
        stack.append(
            _Level(
                level.end,
                undefined=True,
                in_sequence=True,
                explicit=level.explicit and not implicit,
                little=level.little or implicit,
            )
        )
        return position
    if length > level.end - position:
        _too_long(tag, length, level.end - position)
    if top:
        found.elements.setdefault(tag, Element(vr.decode(), position, length))
    if vr == b"SQ" or (not level.explicit and length and _has_sequence_vr(tag)):
        stack.append(
            _Level(position + length, undefined=False, in_sequence=True, explicit=level.explicit, little=level.little)
        )
        return position
    return position + length


def _fragments(reader: _Reader, buffer: Buffer, position: int, end: int) -> tuple[int, Fragments]:
    """Pass over encapsulated pixel data; return the position behind it and its fragments."""
    table: tuple[int, ...] | None = None
    first = 0
    sizes: list[int] = []
    starts: list[int] = []
    while True:
        if end - position < 8:
            _too_long(PIXEL_DATA, 8, end - position)
        group, number = reader.tag(buffer, position)
        tag = group << 16 | number
        length = reader.long(buffer, position + 4)[0]
        if tag == SEQUENCE_END:
            return position + 8, Fragments(tuple(sizes), tuple(starts), table or ())
        if tag != ITEM:
            broken(f"element {tag:08X} where a pixel fragment was due")
        if length > end - position - 8:
            _too_long(tag, length, end - position - 8)
        if table is None:
            if length % 4 or length // 4 > MAX_FRAGMENTS:
                hostile(tr("The frame table of the images is wrong."), f"offset table of {length} bytes")
            table = tuple(reader.long(buffer, position + 8 + 4 * n)[0] for n in range(length // 4))
            first = position + 8 + length
        else:
            sizes.append(length)
            starts.append(position - first)
            if len(sizes) > MAX_FRAGMENTS:
                hostile(tr("The file has too many elements."), f"more than {MAX_FRAGMENTS} pixel fragments")
        position += 8 + length
