"""Part 10 files made byte by byte, so that a test can also make them wrong."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"

STUDY = "1.2.3.10"
SERIES = "1.2.3.10.1"
INSTANCE = "1.2.3.10.1.1"
UNDEFINED = 0xFFFFFFFF
_LONG = {"OB", "OW", "SQ", "UN", "UT", "UC", "OF", "OD"}


def element(tag: int, vr: str, value: bytes | str, *, length: int | None = None) -> bytes:
    """Encode one explicit little endian element; ``length`` lies about the size of the value."""
    data = value.encode() if isinstance(value, str) else value
    if len(data) % 2:
        data += b"\x00" if vr in {"UI", "OB", "UN"} else b" "
    size = len(data) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    return head + (struct.pack("<HL", 0, size) if vr in _LONG else struct.pack("<H", size)) + data


def number(tag: int, value: int) -> bytes:
    return element(tag, "US", struct.pack("<H", value))


def item(content: bytes, *, length: int | None = None) -> bytes:
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(content) if length is None else length) + content


def sequence_end() -> bytes:
    return struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def encapsulated(*fragments: bytes, table: Iterable[int] = ()) -> bytes:
    """Encode compressed Pixel Data of undefined length."""
    content = b"".join(item(f) for f in (b"".join(struct.pack("<L", n) for n in table), *fragments))
    return element(0x7FE00010, "OB", b"", length=UNDEFINED) + content + sequence_end()


def identity(
    *,
    study: str = STUDY,
    series: str = SERIES,
    instance: str = INSTANCE,
    sop_class: str = CT_IMAGE,
    patient_id: str = "P1",
    name: str = "Zhang^San=张^三",
    modality: str = "CT",
    number: int = 1,
) -> bytes:
    """Encode the attributes every instance has, in ascending order up to group 0020."""
    return b"".join(
        (
            element(0x00080005, "CS", "ISO_IR 192"),
            element(0x00080016, "UI", sop_class),
            element(0x00080018, "UI", instance),
            element(0x00080020, "DA", "20240131"),
            element(0x00080030, "TM", "083000"),
            element(0x00080050, "SH", "ACC1"),
            element(0x00080060, "CS", modality),
            element(0x00081030, "LO", "胸部平扫"),
            element(0x00100010, "PN", name),
            element(0x00100020, "LO", patient_id),
            element(0x00100030, "DA", "19700101"),
            element(0x00100040, "CS", "F"),
            element(0x0020000D, "UI", study),
            element(0x0020000E, "UI", series),
            element(0x00200013, "IS", str(number)),
        )
    )


def image(
    rows: int = 2,
    columns: int = 2,
    *,
    bits: int = 16,
    pixels: bytes | None = None,
    frames: str = "",
    photometric: str = "MONOCHROME2",
) -> bytes:
    """Encode the image attributes; ``pixels`` is the whole Pixel Data element."""
    if pixels is None:
        pixels = element(0x7FE00010, "OW", bytes(range(256))[: rows * columns * bits // 8])
    return b"".join(
        (
            number(0x00280002, 1),
            element(0x00280004, "CS", photometric),
            element(0x00280008, "IS", frames) if frames else b"",
            number(0x00280010, rows),
            number(0x00280011, columns),
            number(0x00280100, bits),
            number(0x00280101, bits),
            number(0x00280102, bits - 1),
            number(0x00280103, 0),
            pixels,
        )
    )


def part10(
    body: bytes,
    *,
    syntax: str = EXPLICIT,
    instance: str = INSTANCE,
    sop_class: str = CT_IMAGE,
    preamble: bytes = bytes(128),
) -> bytes:
    """Put preamble and file meta information before a data set."""
    meta = b"".join(
        (
            element(0x00020001, "OB", b"\x00\x01"),
            element(0x00020002, "UI", sop_class),
            element(0x00020003, "UI", instance),
            element(0x00020010, "UI", syntax),
        )
    )
    group_length = element(0x00020000, "UL", struct.pack("<L", len(meta)))
    return preamble + b"DICM" + group_length + meta + body


def small_image(**names: str) -> bytes:
    """Return a valid 2 x 2 image; keyword arguments as in ``identity``."""
    sop_class = names.get("sop_class", CT_IMAGE)
    return part10(
        identity(**names) + image(),  # type: ignore[arg-type] # all of them are texts here
        instance=names.get("instance", INSTANCE),
        sop_class=sop_class,
    )


def small_report(**names: str) -> bytes:
    """Return a data set of a report class, without content."""
    names.setdefault("sop_class", ENHANCED_SR)
    names.setdefault("modality", "SR")
    return part10(
        identity(**names),  # type: ignore[arg-type] # all of them are texts here
        instance=names.get("instance", INSTANCE),
        sop_class=names["sop_class"],
    )


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def deflate_bomb(megabytes: int) -> bytes:
    """Return deflated zeros behind a plausible data set, a thousand times larger than they look."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = bytes(1_048_576)
    pieces = [packer.compress(identity() + element(0x7FE00010, "OW", b"", length=megabytes * 1_048_576))]
    pieces += [packer.compress(block) for _ in range(megabytes)]
    return b"".join((*pieces, packer.flush()))
