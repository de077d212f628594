"""
A minimal header parser for ordinary files; everything unusual is left to pydicom.

pydicom spends some 2 ms per file on a header of which a series load needs thirty values. This reader
walks the elements once with ``struct`` and stops at the pixels. It knows Explicit and Implicit VR
Little Endian and the encapsulated syntaxes (which are explicit); on any doubt it returns None.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from workstation.dicom.charset import TextDecoder, charsets_of
from workstation.dicom.header import SEQUENCES, WANTED, Header
from workstation.dicom.images.layouts import Layouts
from workstation.dicom.region_code import region_in_bytes
from workstation.domain.study import DecodeWarning

IMPLICIT: Final = "1.2.840.10008.1.2"
EXPLICIT: Final = "1.2.840.10008.1.2.1"

_UNUSUAL_SYNTAXES: Final = frozenset(
    {"1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1"}
)  # big endian, deflated: pydicom reads them
LONG_VRS: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_VRS: Final = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_UNDEFINED: Final = 0xFFFFFFFF
_PIXELS: Final = 0x7FE00010
_REGION: Final = 0x00082218
"""Anatomic Region Sequence: small, and in many ordinary files"""
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_WINDOW: Final = 16 * 1024
_DEPTH: Final = 16
_LONGEST_VALUE: Final = 1 << 16
"""The vector of a long clip's frame times; nothing else that is wanted is longer than 64 characters."""
_SHORT: Final = struct.Struct("<HH2sH").unpack_from
_TEXT: Final = {
    "AccessionNumber": "SH",
    "InstitutionName": "LO",
    "StudyDescription": "LO",
    "SeriesDescription": "LO",
    "PatientName": "PN",
    "PatientID": "LO",
}
_BINARY: Final = frozenset(
    {
        "SamplesPerPixel",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "PreferredPlaybackSequencing",
    }
)


_LAYOUTS: Final = Layouts()


class Unusual(Exception):
    """The file is not one for this reader."""


@dataclass(frozen=True, slots=True)
class FastFile:
    """
    A parsed header and where the pixel data lie.

    ``pixel_length`` is None when the pixels are encapsulated, 0 when there are none. ``truncated`` tells
    that the file ends before its elements do.
    """

    header: Header
    pixel_offset: int
    pixel_length: int | None
    truncated: bool


def read_fast(source: Path | bytes, *, assumed: str | None = None) -> FastFile | None:
    """Return the header of an ordinary Part 10 file, None when pydicom must look. Raises OSError."""
    if isinstance(source, bytes):
        try:
            return _parse(ByteSource(source, len(source)), None, assumed)
        except (Unusual, struct.error):
            return None
    fd = os.open(source, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        return _parse(ByteSource(fd, os.fstat(fd).st_size), str(source), assumed)
    except (Unusual, struct.error):
        return None
    finally:
        os.close(fd)


class ByteSource:
    """Bytes of an open file, or of memory, through a sliding window."""

    def __init__(self, origin: int | bytes, size: int) -> None:
        self.origin, self.size = origin, size
        self.start = 0
        self.window = self.read(0, _WINDOW)

    def read(self, offset: int, count: int) -> bytes:
        """Return up to ``count`` bytes at ``offset``, past the window."""
        if isinstance(self.origin, bytes):
            return self.origin[offset : offset + count]
        os.lseek(self.origin, offset, os.SEEK_SET)
        return os.read(self.origin, count)

    def take(self, offset: int, count: int) -> bytes:
        """Return ``count`` bytes at ``offset``."""
        begin = offset - self.start
        if begin < 0 or begin + count > len(self.window):
            self.start, self.window = offset, self.read(offset, max(count, _WINDOW))
            begin = 0
        found = self.window[begin : begin + count]
        if len(found) < count:
            raise Unusual
        return found


# one loop: a call per element costs a fifth of the time
def _parse(source: ByteSource, path: str | None, assumed: str | None) -> FastFile:  # noqa: C901, PLR0912, PLR0915 - see above
    if source.take(128, 4) != b"DICM":
        raise Unusual
    syntax, offset = file_meta(source)
    if syntax in _UNUSUAL_SYNTAXES or not syntax:
        raise Unusual
    explicit = syntax != IMPLICIT
    first = offset
    known = _LAYOUTS.find(source.window, first, explicit=explicit) if source.start == 0 else None
    if known is not None:
        window = source.window
        raw = {keyword: window[first + at : first + at + length] for keyword, at, length in known.fields}
        return _file(source, _header(raw, syntax, path, assumed), first + known.pixel_offset, known.pixel_length)
    heads: list[tuple[int, int]] = []
    fields: list[tuple[str, int, int]] = []
    raw = {}
    previous = 0
    pixel_offset, pixel_length = source.size, 0
    plain = True
    while offset + 8 <= source.size:
        # the common case inline: some hundred elements per file, two thousand files per study
        window, begin = source.window, offset - source.start
        tag, vr, length = 0, b"", _UNDEFINED
        if explicit and 0 <= begin <= len(window) - 8:
            group, number, vr, length = _SHORT(window, begin)
            tag = group << 16 | number
        if vr in _SHORT_VRS:
            value_at = offset + 8
        else:
            tag, length, value_at = element(source, offset, explicit=explicit)
        if tag <= previous or tag & 0xFFFF0000 == 0xFFFE0000:
            raise Unusual
        previous = tag
        heads.append((offset - first, value_at - offset))
        if tag == _PIXELS:
            pixel_offset, pixel_length = value_at, length
            break
        if (tag in SEQUENCES and tag != _REGION) or tag in {0x7FE00008, 0x7FE00009}:
            raise Unusual  # functional groups, LUTs and float pixels
        if length == _UNDEFINED:
            plain = False  # its inner heads were not noted
            offset = skip_items(source, value_at, explicit=explicit, depth=0)
            if tag == _REGION and offset - value_at <= _LONGEST_VALUE:
                raw[WANTED[tag]] = source.take(value_at, offset - value_at)
            continue
        keyword = WANTED.get(tag)
        if keyword:
            if length > _LONGEST_VALUE:
                raise Unusual
            raw[keyword] = source.take(value_at, length)
            fields.append((keyword, value_at - first, length))
        offset = value_at + length
    header = _header(raw, syntax, path, assumed)
    if pixel_offset == source.size and pixel_length == 0:
        return FastFile(header, pixel_offset, 0, offset > source.size or header.is_image)
    if plain and source.start == 0:
        pixels = pixel_offset - first, pixel_length
        _LAYOUTS.add(source.window, first, heads, fields, pixels, explicit=explicit)
    return _file(source, header, pixel_offset, pixel_length)


def _file(source: ByteSource, header: Header, pixel_offset: int, pixel_length: int) -> FastFile:
    if pixel_length == _UNDEFINED:
        return FastFile(header, pixel_offset, None, not _fragments_complete(source, pixel_offset))
    without_pixels = pixel_length == 0 and header.is_image
    return FastFile(header, pixel_offset, pixel_length, pixel_offset + pixel_length > source.size or without_pixels)


def _fragments_complete(source: ByteSource, offset: int) -> bool:
    """Return whether the items of encapsulated pixel data end inside the file."""
    while offset + 8 <= source.size:
        group, number, length = struct.unpack("<HHI", source.read(offset, 8))
        if group << 16 | number == _SEQUENCE_END:
            return True
        if group << 16 | number != _ITEM:
            raise Unusual
        offset += 8 + length
    # writers that forget the closing delimiter still stored every fragment
    return offset == source.size


def file_meta(source: ByteSource) -> tuple[str, int]:
    """Return (Transfer Syntax UID, offset of the data set)."""
    offset, syntax = 132, ""
    while offset + 8 <= source.size and source.take(offset, 2) == b"\x02\x00":
        tag, length, value_at = element(source, offset, explicit=True)
        if length == _UNDEFINED:
            raise Unusual
        if tag == 0x00020010:
            syntax = source.take(value_at, length).rstrip(b" \x00").decode("ascii", "replace")
        offset = value_at + length
    return syntax, offset


def element(source: ByteSource, offset: int, *, explicit: bool) -> tuple[int, int, int]:
    """Return (tag, length, offset of the value)."""
    head = source.take(offset, 8)
    group, number = struct.unpack_from("<HH", head)
    tag = group << 16 | number
    if not explicit or group == 0xFFFE:
        return tag, struct.unpack_from("<I", head, 4)[0], offset + 8
    vr = head[4:6]
    if vr in _SHORT_VRS:
        return tag, struct.unpack_from("<H", head, 6)[0], offset + 8
    if vr in LONG_VRS:
        length = struct.unpack("<I", source.take(offset + 8, 4))[0]
        if vr == b"UN" and length == _UNDEFINED:
            raise Unusual  # its content is implicit whatever the syntax says
        return tag, length, offset + 12
    raise Unusual


def skip_items(source: ByteSource, offset: int, *, explicit: bool, depth: int) -> int:
    """Return the offset behind a sequence of undefined length."""
    if depth > _DEPTH:
        raise Unusual
    while True:
        tag, length, offset = element(source, offset, explicit=explicit)
        if tag == _SEQUENCE_END:
            return offset
        if tag != _ITEM:
            raise Unusual
        if length != _UNDEFINED:
            offset += length
            continue
        while True:
            tag, length, offset = element(source, offset, explicit=explicit)
            if tag == _ITEM_END:
                break
            if length == _UNDEFINED:
                offset = skip_items(source, offset, explicit=explicit, depth=depth + 1)
            else:
                offset += length


@lru_cache(maxsize=8192)
def _parts(value: bytes) -> tuple[str, ...]:
    """Return the values of an element in plain ASCII; the slices of a series share most of theirs."""
    text = value.decode("latin-1").strip(" \x00")
    return tuple(part.strip(" \x00") for part in text.split("\\")) if text else ()


def _header(raw: dict[str, bytes], syntax: str, path: str | None, assumed: str | None) -> Header:
    terms = raw.get("SpecificCharacterSet", b"").decode("ascii", "replace").rstrip(" \x00")
    decoder = TextDecoder(charsets_of(terms.split("\\") if "\\" in terms else terms), assumed)
    doubts: list[DecodeWarning] = []
    values: dict[str, tuple[str, ...]] = {}
    region = raw.pop("AnatomicRegionSequence", b"")
    if region and (named := region_in_bytes(region, explicit=syntax != IMPLICIT)):
        values["AnatomicRegionSequence"] = (named,)
    for keyword, value in raw.items():
        if keyword in _BINARY:
            if len(value) != 2:
                raise Unusual
            values[keyword] = (str(value[0] | value[1] << 8),)
        elif keyword in _TEXT and (keyword == "PatientName" or not value.isascii() or b"\x1b" in value):
            text = decoder.text(value, _TEXT[keyword], doubts)
            values[keyword] = tuple(part.strip(" ") for part in text.split("\\")) if text else ()
        else:
            values[keyword] = _parts(value)
    return Header(values, syntax, path, tuple(dict.fromkeys(doubts)))
