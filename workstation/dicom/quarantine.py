"""
The door for files nobody vouches for: header-only inspection, and the folder for what is refused.

``inspect_part10`` never decodes pixels and believes no length, count or name in the file before it
was compared with what is really there. What it lets through, pydicom can read in bounded memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from resources.translation import tr
from workstation.dicom.part10 import PIXEL_DATA, UNDEFINED, Buffer, Fragments, Walk, broken, hostile, walk
from workstation.domain.errors import UnsupportedTransferSyntax

UID_SHAPE: Final = re.compile(r"[0-9.]{1,64}", re.ASCII)
MAX_FRAME_BYTES: Final = 512 * 1024 * 1024
MAX_PIXEL_BYTES: Final = 4 * 1024 * 1024 * 1024
MAX_FRAMES: Final = 300_000
MAX_INFLATED_BYTES: Final = 128 * 1024 * 1024

_PREAMBLE: Final = 128
_PLAIN_PREAMBLE: Final = re.compile(rb"(?!MZ)[A-Za-z0-9 ._:-]*\x00*|(?:II\*\x00|MM\x00\*)[\x00-\xff]{4}\x00{120}")
"""Empty, an exporter's name, or the TIFF header that PS3.10 7.1 foresees; nothing that could be run."""
_VIDEO_PREFIX: Final = "1.2.840.10008.1.2.4.10"
"""MPEG-2, MPEG-4 and HEVC (…4.100 to …4.108) put every frame into one stream."""
_FLOAT_PIXEL_DATA: Final = 0x7FE00008
_DOUBLE_PIXEL_DATA: Final = 0x7FE00009


@dataclass(frozen=True, slots=True)
class InspectedInstance:
    """What the header of an accepted file says; ``pixel_*`` locate native pixel data in the file."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    transfer_syntax_uid: str
    patient_id: bytes
    """As encoded: the character set is not applied here."""
    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    pixel_offset: int
    """Start of native pixel data in the file; 0 when there is none, or it is compressed or deflated."""
    pixel_length: int
    element_count: int


def inspect_part10(data: bytes | Path) -> InspectedInstance:
    """
    Inspect one Part 10 file without decoding pixels, in bounded memory and time.

    Raises:
        HostileInput: a safety limit is broken; ``detail`` names it.
        UnsupportedTransferSyntax: the transfer syntax is not a DICOM one.
        DecodeError: not a DICOM file, or a damaged one.
    Source: PS3.10 section 7, PS3.5 sections 6 and 7.
    """
    with _opened(data) as buffer:
        return _inspect(buffer)


@contextlib.contextmanager
def _opened(data: bytes | Path) -> Iterator[Buffer]:
    if isinstance(data, bytes):
        yield data
        return
    with data.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            broken("the file is empty")
        with mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
            yield mapped


def _inspect(buffer: Buffer) -> InspectedInstance:
    if len(buffer) < _PREAMBLE + 4 or bytes(buffer[_PREAMBLE : _PREAMBLE + 4]) != b"DICM":
        broken("no DICM prefix")
    if not _PLAIN_PREAMBLE.fullmatch(bytes(buffer[:_PREAMBLE])):
        hostile(tr("The file begins like a program of another kind."), "the preamble is not empty")
    meta = walk(buffer, _PREAMBLE + 4, explicit=True, little=True, only_group=0x0002)
    transfer_syntax = UID(_uid(buffer, meta, 0x00020010, "Transfer Syntax UID"))
    if not transfer_syntax.is_private and not transfer_syntax.is_transfer_syntax:
        raise UnsupportedTransferSyntax(
            tr("The file uses an encoding that DICOM does not define."), detail=f"transfer syntax {transfer_syntax}"
        )
    deflated = transfer_syntax == DeflatedExplicitVRLittleEndian
    body: Buffer = _inflated(buffer, meta.end) if deflated else buffer
    data_set = walk(
        body,
        0 if deflated else meta.end,
        explicit=transfer_syntax != ImplicitVRLittleEndian,
        little=transfer_syntax != ExplicitVRBigEndian,
    )
    sop_instance = _uid(body, data_set, 0x00080018, "SOP Instance UID")
    sop_class = _uid(body, data_set, 0x00080016, "SOP Class UID")
    for tag, name, value in ((0x00020003, "Instance", sop_instance), (0x00020002, "Class", sop_class)):
        if tag in meta.elements and _uid(buffer, meta, tag, f"Media Storage SOP {name} UID") != value:
            hostile(tr("The file contradicts itself about what it is."), f"Media Storage SOP {name} UID differs")
    return _with_pixels(
        body,
        data_set,
        transfer_syntax,
        InspectedInstance(
            sop_class_uid=sop_class,
            sop_instance_uid=sop_instance,
            series_instance_uid=_uid(body, data_set, 0x0020000E, "Series Instance UID"),
            study_instance_uid=_uid(body, data_set, 0x0020000D, "Study Instance UID"),
            transfer_syntax_uid=str(transfer_syntax),
            patient_id=_raw(body, data_set, 0x00100020, 1024).strip(b" \x00"),
            rows=_number(body, data_set, 0x00280010),
            columns=_number(body, data_set, 0x00280011),
            frames=_frames(body, data_set),
            samples=_number(body, data_set, 0x00280002, 1),
            bits_allocated=_number(body, data_set, 0x00280100),
            pixel_offset=0,
            pixel_length=0,
            element_count=meta.count + data_set.count,
        ),
    )


def _inflated(buffer: Buffer, start: int) -> bytes:
    """Inflate a deflated data set piece by piece, so that a bomb is noticed at the cap and not after it."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    pieces: list[bytes] = []
    total = 0
    position = start
    try:
        while not inflater.eof and position < len(buffer):
            pending = bytes(buffer[position : position + 65_536])
            position += len(pending)
            while pending and not inflater.eof:
                piece = inflater.decompress(pending, 1_048_576)
                total += len(piece)
                if total > MAX_INFLATED_BYTES:
                    pieces.clear()
                    hostile(tr("The file unpacks to far too much data."), f"inflates beyond {MAX_INFLATED_BYTES} bytes")
                pieces.append(piece)
                pending = inflater.unconsumed_tail
    except zlib.error as exc:
        broken(f"deflated data set: {exc}")
    if not inflater.eof:
        broken("the deflated data set ends early")
    return b"".join(pieces)


def _raw(buffer: Buffer, found: Walk, tag: int, limit: int) -> bytes:
    element = found.elements.get(tag)
    if element is None or element.length == UNDEFINED:
        return b""
    return bytes(buffer[element.offset : element.offset + min(element.length, limit)])


def _uid(buffer: Buffer, found: Walk, tag: int, name: str) -> str:
    text = _raw(buffer, found, tag, 128).rstrip(b" \x00").decode("ascii", "replace")
    if not text:
        broken(f"{name} is missing")
    if not UID_SHAPE.fullmatch(text):
        hostile(tr("An identifier in the file has a forbidden form."), f"{name} is no UID")
    return text


def _number(buffer: Buffer, found: Walk, tag: int, default: int = 0) -> int:
    """Read an US value in the byte order of its data set."""
    raw = _raw(buffer, found, tag, 2)
    if len(raw) < 2:
        return default
    return int.from_bytes(raw, "little" if found.little else "big")


def _frames(buffer: Buffer, found: Walk) -> int:
    raw = _raw(buffer, found, 0x00280008, 64).strip(b" \x00")
    if not raw:
        return 1
    try:
        frames = int(raw)
    except ValueError:
        hostile(tr("The file promises more data than it has."), "Number of Frames is no number")
    if not 1 <= frames <= MAX_FRAMES:
        hostile(tr("The file promises more data than it has."), f"Number of Frames is {frames}")
    return frames


def _with_pixels(buffer: Buffer, found: Walk, syntax: UID, seen: InspectedInstance) -> InspectedInstance:
    """Compare what the image attributes promise with the pixel data that is there."""
    present = next((t for t in (PIXEL_DATA, _FLOAT_PIXEL_DATA, _DOUBLE_PIXEL_DATA) if t in found.elements), None)
    if present is None:
        return seen
    element = found.elements[present]
    if not (seen.rows and seen.columns and seen.samples and seen.bits_allocated):
        if element.length == 0:
            return seen
        hostile(
            tr("The image description in the file is incomplete."), "pixel data without Rows, Columns or Bits Allocated"
        )
    bits = seen.rows * seen.columns * seen.samples * seen.bits_allocated
    if bits // 8 > MAX_FRAME_BYTES or bits // 8 * seen.frames > MAX_PIXEL_BYTES:
        hostile(
            tr("The images in the file would be unreasonably large."),
            f"{seen.frames} frames of {seen.rows} x {seen.columns} pixels",
        )
    compressed = not syntax.is_private and syntax.is_compressed and syntax != DeflatedExplicitVRLittleEndian
    if (element.length == UNDEFINED) != compressed and not syntax.is_private:
        hostile(tr("The file contradicts itself about what it is."), "the transfer syntax does not fit the pixel data")
    if found.fragments is not None:
        _check_fragments(found.fragments, syntax, seen.frames, bits // 8 * seen.frames)
        return seen
    expected = (bits * seen.frames + 7) // 8
    if _raw(buffer, found, 0x00280004, 64).strip(b" \x00") == b"YBR_FULL_422" and seen.samples == 3:
        expected = expected * 2 // 3  # two pixels share their chroma (PS3.3 C.7.6.3.1.2)
    if element.length < expected:
        hostile(
            tr("The file promises more data than it has."),
            f"pixel data of {element.length} bytes where {expected} are due",
        )
    if syntax == DeflatedExplicitVRLittleEndian:
        return seen
    return replace(seen, pixel_offset=element.offset, pixel_length=element.length)


def _check_fragments(fragments: Fragments, syntax: UID, frames: int, expected: int) -> None:
    """Refuse offset tables and fragments from which no frame can be cut."""
    if syntax.startswith(_VIDEO_PREFIX):
        return
    filled = sum(1 for size in fragments.sizes if size)
    if filled < frames:
        hostile(tr("The frame table of the images is wrong."), f"{filled} filled fragments for {frames} frames")
    if fragments.table:
        starts = set(fragments.starts)
        table = fragments.table
        ascending = all(a < b for a, b in pairwise(table))
        if len(table) != frames or table[0] != 0 or not ascending or not starts.issuperset(table):
            hostile(tr("The frame table of the images is wrong."), "the basic offset table does not fit the fragments")
    if syntax == RLELossless and sum(fragments.sizes) > 2 * expected + 64 * frames + 65_536:
        # PackBits never needs more than 129/128 of the plain size
        hostile(tr("The file unpacks to far too much data."), "RLE segments larger than the image they describe")


class Quarantine:
    """
    The folder for refused input: ``<sha256>.bin`` with ``<sha256>.json`` beside it.

    File names come from our own digest, never from the input. The same bytes twice are one entry.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(
        self, source: bytes | Path, digest: str, *, reason: str, actor: str = "", sop_instance_uid: str = ""
    ) -> Path:
        """Set the input aside with its reason; return where the bytes lie. Raises OSError when the disk is full."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self._folder / f"{digest}.bin"
        if not target.exists():
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            temporary = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    if isinstance(source, bytes):
                        file.write(source)
                    else:
                        with source.open("rb") as incoming:
                            shutil.copyfileobj(incoming, file, 1_048_576)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
        note = {
            "sha256": digest,
            "size": target.stat().st_size,
            "reason": reason,
            "by": actor,
            "sop_instance_uid": sop_instance_uid if UID_SHAPE.fullmatch(sop_instance_uid) else "",
            "at": datetime.now(UTC).isoformat(),
        }
        (self._folder / f"{digest}.json").write_text(json.dumps(note, ensure_ascii=False, indent=1), encoding="utf-8")
        return target

    def trim(self, limit: int) -> list[str]:
        """
        Delete the oldest bytes until no more than ``limit`` are kept; return their digests.

        Their notes stay: what came, from whom, and why it was refused.
        """
        kept = []
        for path in self._folder.glob("*.bin"):
            with contextlib.suppress(FileNotFoundError):  # another process trims too
                status = path.stat()
                kept.append((status.st_mtime_ns, path, status.st_size))
        total = sum(size for _, _, size in kept)
        dropped: list[str] = []
        for _, path, size in sorted(kept):
            if total <= limit:
                break
            path.unlink(missing_ok=True)
            total -= size
            dropped.append(path.stem)
        return dropped

    def reasons(self) -> dict[str, str]:
        """Return ``{sha256: reason}`` of everything set aside."""
        notes = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(self._folder.glob("*.json"))]
        return {note["sha256"]: note["reason"] for note in notes}
