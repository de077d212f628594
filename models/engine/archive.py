"""Zip files from strangers: looked through before a byte is unpacked, and never unpacked beyond a bound."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from models.engine.onnx_graph import is_pickle
from resources.translation import tr
from workstation.domain.errors import BundleInvalid

MAX_ENTRIES: Final = 200
MAX_UNPACKED_BYTES: Final = 768 * 1024 * 1024
_MAX_RATIO: Final = 200  # weights hardly shrink; a bomb shrinks a thousandfold
_SMALL_BYTES: Final = 1024 * 1024  # text may shrink as it likes
_MAX_DIRECTORY_BYTES: Final = 256 * 1024
_CHUNK: Final = 1024 * 1024
_SNIFFED: Final = 64
_BEGIN: Final = b"PK\x03\x04"
_END: Final = b"PK\x05\x06"
_ZIP64: Final = b"PK\x06\x07"


def unpack(archive: Path, target: Path) -> None:
    """
    Unpack into an empty folder.

    Raises BundleInvalid before anything is written when it is no zip, a path leads out of the folder, an entry is
    a link, or the whole would be too large; and while unpacking when an entry lied about its size.
    """
    _check_kind(archive)
    _check_directory(archive)
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = [entry for entry in packed.infolist() if not entry.is_dir()]
            _check_entries(entries, packed.infolist())
            for entry in entries:
                _unpack_entry(packed, entry, target)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, NotImplementedError) as exc:
        raise _refusal(tr("The zip file is damaged or cannot be read."), f"{type(exc).__name__}: {exc}"[:300]) from exc


def _check_kind(archive: Path) -> None:
    """Tell a single file of weights from a damaged zip: whoever has one needs another next step."""
    try:
        with archive.open("rb") as source:
            start = source.read(_SNIFFED)
    except OSError as exc:
        raise _refusal(tr("The zip file is damaged or cannot be read."), type(exc).__name__) from exc
    if is_pickle(start) and not start.startswith(_BEGIN):
        raise BundleInvalid(
            tr("The model file is a PyTorch or Python pickle: loading it would run a stranger's program."),
            hint=tr("Ask the supplier to export the network to ONNX."),
        )
    if archive.suffix.lower() == ".onnx":
        raise BundleInvalid(
            tr("This is a single ONNX file, not a model bundle."),
            hint=tr("A bundle is a folder or zip with the network, its manifest.json, CARD.md and LICENSE."),
        )


def _check_directory(archive: Path) -> None:
    """Bound the table of contents before it is read: it costs memory for every entry."""
    try:
        with archive.open("rb") as source:
            size = source.seek(0, 2)
            source.seek(max(0, size - 22 - 65_535))
            tail = source.read()
    except OSError as exc:
        raise _refusal(tr("The zip file is damaged or cannot be read."), type(exc).__name__) from exc
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        raise _refusal(tr("The zip file is damaged or cannot be read."), "no end record")
    directory_bytes = struct.unpack_from("<I", tail, at + 12)[0]
    if size > MAX_UNPACKED_BYTES or directory_bytes > _MAX_DIRECTORY_BYTES or _ZIP64 in tail[max(0, at - 20) : at]:
        raise _refusal(tr("The zip file is too large for a model bundle."), f"{size} {directory_bytes}")


def _check_entries(entries: list[zipfile.ZipInfo], everything: list[zipfile.ZipInfo]) -> None:
    if len(everything) > MAX_ENTRIES:
        raise _refusal(tr("The zip file holds too many files."), str(len(everything)))
    names = [_safe_name(entry) for entry in everything]
    if len({name.casefold() for name in names}) != len(names):
        raise _refusal(tr("The zip file holds the same name twice."))
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise _refusal(tr("The zip file unpacks to too much."), str(sum(entry.file_size for entry in entries)))
    for entry in entries:
        if entry.file_size > _SMALL_BYTES and entry.file_size > _MAX_RATIO * max(1, entry.compress_size):
            raise _refusal(tr("The zip file unpacks to too much."), entry.filename[:100])
        if entry.flag_bits & 1:
            raise _refusal(tr("The zip file is encrypted."))


def _safe_name(entry: zipfile.ZipInfo) -> str:
    path = PurePosixPath(entry.filename)
    mode = entry.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise _refusal(tr("The zip file holds a link."), entry.filename[:100])
    if path.is_absolute() or ".." in path.parts or any(c in entry.filename for c in "\\:\0") or not path.parts:
        raise _refusal(tr("A path in the zip file leads out of its folder."), entry.filename[:100])
    return str(path)


def _unpack_entry(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    path = target / PurePosixPath(entry.filename)
    path.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size
    with packed.open(entry) as source, path.open("xb") as out:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise _refusal(tr("The zip file unpacks to too much."), entry.filename[:100])
            out.write(chunk)


def _refusal(text: str, detail: str = "") -> BundleInvalid:
    return BundleInvalid(text, hint=tr("Ask the supplier of the model for a repaired bundle."), detail=detail)
