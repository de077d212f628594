"""
Finds what was made of one header for another that differs only in what changes from slice to slice.

The slices of a series repeat almost their whole header, and reading it carefully costs ten times what its
plain pixels cost. A header is taken apart once into what must be equal, byte for byte, and the elements of
``VARYING``, private ones and group lengths, whose values are handed out. Any other difference is a new header.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from workstation.dicom.images.fast_reader import IMPLICIT, LONG_VRS, ByteSource, Unusual, element, file_meta, skip_items

T = TypeVar("T")

SOP_INSTANCE_UID: Final = 0x00080018
POSITION: Final = 0x00200032
FRAME_OF_REFERENCE_UID: Final = 0x00200052
WINDOW_CENTER: Final = 0x00281050
WINDOW_WIDTH: Final = 0x00281051
OWN: Final = frozenset({SOP_INSTANCE_UID, POSITION, FRAME_OF_REFERENCE_UID, WINDOW_CENTER, WINDOW_WIDTH})
"""Which image it is, where and how it is shown: who uses what was found takes these from ``Alike.values``."""
WITHOUT_EFFECT: Final = frozenset(
    {
        0x00020003,  # Media Storage SOP Instance UID
        0x00080012,  # Instance Creation Date
        0x00080013,  # Instance Creation Time
        0x00080022,  # Acquisition Date
        0x00080023,  # Content Date
        0x0008002A,  # Acquisition DateTime
        0x00080032,  # Acquisition Time
        0x00080033,  # Content Time
        0x00081140,  # Referenced Image Sequence
        0x00081155,  # Referenced SOP Instance UID
        0x00082112,  # Source Image Sequence
        0x00181060,  # Trigger Time
        0x00181150,  # Exposure Time
        0x00181151,  # X-Ray Tube Current
        0x00181152,  # Exposure
        0x00181153,  # Exposure in uAs
        0x00189324,  # Estimated Dose Saving
        0x00189327,  # Table Position
        0x00189345,  # CTDIvol
        0x00200012,  # Acquisition Number
        0x00200013,  # Instance Number
        0x00201041,  # Slice Location
        0x00280106,  # Smallest Image Pixel Value
        0x00280107,  # Largest Image Pixel Value
        0x0040A124,  # UID
        0x00880140,  # Storage Media File-set UID
    }
)
"""Elements that say nothing about how an image looks."""
VARYING: Final = OWN | WITHOUT_EFFECT
_KEPT: Final = 16
_LONGEST: Final = 64 * 1024
_PIXELS: Final = 0x7FE00010
_OVERLAY_MASK: Final = 0xFF00FFFF
_OVERLAY_ROWS: Final = 0x60000010
_OVERLAY_DATA: Final = 0x60003000
_UNDEFINED: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Alike(Generic[T]):
    """What is kept of a header alike, its own values of ``OWN`` and those of this one."""

    kept: T
    kept_values: Mapping[int, bytes]
    values: Mapping[int, bytes]
    pixel_offset: int
    pixel_length: int


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    """``parts`` are bytes up to a varying length, the size of that length, and the tag where its value is wanted."""

    parts: tuple[tuple[bytes, int, int], ...]
    end: bytes
    pixel_length: int
    kept: T
    values: Mapping[int, bytes]


class AlikeHeaders(Generic[T]):
    """The headers seen last; safe from several threads, a lost addition costs one more careful look."""

    def __init__(self) -> None:
        self._known: deque[_Known[T]] = deque(maxlen=_KEPT)

    def find(self, part10: bytes) -> Alike[T] | None:
        """Return what is kept of an equal header whose pixels are as long and whole, None for a new one."""
        for known in tuple(self._known):
            values: dict[int, bytes] = {}
            at = 0
            for same, width, tag in known.parts:
                if not part10.startswith(same, at):
                    break
                at += len(same)
                begin = at + width
                at = begin + int.from_bytes(part10[at:begin], "little")
                if tag:
                    values[tag] = part10[begin:at]
            else:
                if part10.startswith(known.end, at) and len(part10) == at + len(known.end) + known.pixel_length:
                    return Alike(known.kept, known.values, values, at + len(known.end), known.pixel_length)
        return None

    def add(self, part10: bytes, kept: T) -> None:
        """Keep something of a header; nothing is kept of an unusual one."""
        try:
            self._known.appendleft(_taken_apart(part10, kept))
        except (Unusual, struct.error):
            return


def _taken_apart(part10: bytes, kept: T) -> _Known[T]:
    source = ByteSource(part10, len(part10))
    if part10[128:132] != b"DICM":
        raise Unusual
    syntax, first = file_meta(source)
    parts: list[tuple[bytes, int, int]] = []
    values: dict[int, bytes] = {}
    overlays: set[int] = set()  # groups without data of their own so far
    offset, begin = 132, 0
    while offset < min(len(part10), _LONGEST):
        explicit = offset < first or syntax != IMPLICIT
        tag, length, value_at = element(source, offset, explicit=explicit)
        if tag == _PIXELS:
            if length == _UNDEFINED or overlays:
                raise Unusual  # an overlay in the unused bits of the pixels may differ where no header does
            return _Known(tuple(parts), part10[begin:value_at], length, kept, values)
        if length == _UNDEFINED:
            offset = skip_items(source, value_at, explicit=explicit, depth=0)
            continue
        if tag & _OVERLAY_MASK == _OVERLAY_ROWS:
            overlays.add(tag >> 16)
        if tag & _OVERLAY_MASK == _OVERLAY_DATA and length:
            overlays.discard(tag >> 16)
        if tag in VARYING or tag >> 16 & 1 or not tag & 0xFFFF:
            width = 2 if explicit and part10[offset + 4 : offset + 6] not in LONG_VRS else 4
            parts.append((part10[begin : value_at - width], width, tag if tag in OWN else 0))
            begin = value_at + length
            if tag in OWN:
                values[tag] = part10[value_at:begin]
        offset = value_at + length
    raise Unusual
