"""
The head of a Part 10 file: what stands before the data set, and what every system writes anew that receives an object.

A C-STORE carries the data set alone (PS3.7, 9.1.1), so a copy from an archive has the archive's head. Whoever signed
signed the file as we wrote it; our head follows from the data set, so the signed file can be put together again.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from pydicom.uid import UID, ExplicitVRLittleEndian

from workstation.dicom.sr.common import IMPLEMENTATION_CLASS_UID, VERSION_NAME

_PREAMBLE: Final = bytes(128) + b"DICM"
_SHORT: Final = struct.Struct("<HH2sH")
_LONG: Final = struct.Struct("<HH2sHI")
_GROUP: Final = 0x0002
_LENGTH, _VERSION, _CLASS, _INSTANCE, _SYNTAX, _WRITER, _NAME = 0x0000, 0x0001, 0x0002, 0x0003, 0x0010, 0x0012, 0x0013
_KNOWN: Final = {
    _LENGTH: b"UL", _VERSION: b"OB", _CLASS: b"UI", _INSTANCE: b"UI", _SYNTAX: b"UI", _WRITER: b"UI", _NAME: b"SH",
    0x0016: b"AE", 0x0017: b"AE", 0x0018: b"AE",
}  # fmt: skip
"""Elements of a head and their VRs (PS3.10, Table 7.1-1); private information, which could hold anything, is none."""
_NEEDED: Final = frozenset({_LENGTH, _VERSION, _CLASS, _INSTANCE, _SYNTAX, _WRITER})


@dataclass(frozen=True, slots=True)
class Copy:
    """A file with another system's head."""

    signed: bytes | None
    """The file as we wrote it, None where the data set itself was encoded anew"""
    transfer_syntax: str
    """The name of the copy's transfer syntax"""


def copy_of(data: bytes) -> Copy | None:
    """
    Return what a file was before another system wrote its own head.

    None for our own head, and for one that is not exactly what the standard lets a system write: then the bytes
    stay as they are, and whatever was changed in them counts.
    """
    head = _head(data)
    if head is None or head[_WRITER] == IMPLEMENTATION_CLASS_UID or head.get(_NAME) == VERSION_NAME:
        return None
    begin = len(_PREAMBLE) + _SHORT.size + 4 + int(head[_LENGTH])
    syntax = UID(head[_SYNTAX])
    if syntax != ExplicitVRLittleEndian:
        return Copy(None, syntax.name)
    named = _element(0x0008, 0x0016, b"UI", head[_CLASS]), _element(0x0008, 0x0018, b"UI", head[_INSTANCE])
    if any(one not in data[begin : begin + 1024] for one in named):
        return None
    return Copy(our_head(head[_CLASS], head[_INSTANCE]) + data[begin:], syntax.name)


def our_head(sop_class_uid: str, sop_instance_uid: str) -> bytes:
    """Return the preamble and the meta information that we write for an object."""
    meta = b"".join(
        (
            _LONG.pack(_GROUP, _VERSION, b"OB", 0, 2) + b"\0\1",
            _element(_GROUP, _CLASS, b"UI", sop_class_uid),
            _element(_GROUP, _INSTANCE, b"UI", sop_instance_uid),
            _element(_GROUP, _SYNTAX, b"UI", ExplicitVRLittleEndian),
            _element(_GROUP, _WRITER, b"UI", IMPLEMENTATION_CLASS_UID),
            _element(_GROUP, _NAME, b"SH", VERSION_NAME),
        )
    )
    return _PREAMBLE + _SHORT.pack(_GROUP, _LENGTH, b"UL", 4) + struct.pack("<I", len(meta)) + meta


def _head(data: bytes) -> dict[int, str] | None:
    """Return the meta information by element number, None where anything about it is unusual."""
    if not data.startswith(_PREAMBLE):
        return None
    found: dict[int, str] = {}
    at, end, last = len(_PREAMBLE), len(data), -1
    try:
        while at < end:
            group, element, vr, length = _SHORT.unpack_from(data, at)
            if _KNOWN.get(element) != vr or group != _GROUP or element <= last:
                return None
            at += _SHORT.size
            if vr == b"OB":
                (length,) = struct.unpack_from("<I", data, at)
                at += 4
            value = data[at : at + length]
            at, last = at + length, element
            if element == _LENGTH:
                end = at + struct.unpack("<I", value)[0]
                found[element] = str(end - at)
            elif element == _VERSION:
                if value != b"\0\1":
                    return None
                found[element] = ""
            else:
                found[element] = value.decode("ascii").rstrip("\0" if vr == b"UI" else " ")
    except (struct.error, UnicodeDecodeError):
        return None
    is_whole = at == end and found.keys() >= _NEEDED and _SHORT.unpack_from(data + bytes(8), at)[0] > _GROUP
    return found if is_whole and UID(found[_WRITER]).is_valid else None


def _element(group: int, element: int, vr: bytes, value: str) -> bytes:
    content = value.encode("ascii")
    content += (b"\0" if vr == b"UI" else b" ") * (len(content) % 2)
    return _SHORT.pack(group, element, vr, len(content)) + content
