"""
The characters of a report: how wide they are, and a font with just those that it prints.

Glyphs are copied from the shipped files as they are, which takes milliseconds; a report never shows
a box for a character that no shipped font has.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from fontTools.ttLib import TTFont
from fontTools.ttLib.sfnt import SFNTWriter

from resources.font_files import report_bold, report_rare, report_regular, report_signs
from resources.translation import tr
from workstation.domain.errors import TemplateViolation

UNSEEN: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), None) | {0x09: " ", 0x0B: "\n"}
"""What pasted text brings along and paper cannot show; tabulators become spaces."""
_FAMILY: Final = "LianyueReport"
_POST: Final = struct.pack(">IIhhIIIII", 0x00030000, 0, -75, 50, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Source:
    """One shipped font, read once: outlines, places and widths by glyph number."""

    outlines: bytes
    places: npt.NDArray[np.int64]
    widths: npt.NDArray[np.int64]
    bearings: npt.NDArray[np.int64]
    numbers: dict[int, int]
    tables: dict[str, bytes]

    def glyph(self, number: int) -> bytes:
        return self.outlines[self.places[number] : self.places[number + 1]]


@cache
def _source(path: Path) -> _Source:
    with TTFont(path, lazy=True) as font:
        count = font["maxp"].numGlyphs
        font.setGlyphOrder([str(number) for number in range(count)])  # names would cost more than all the rest
        long_places = font["head"].indexToLocFormat == 1
        places = np.frombuffer(font.reader["loca"], ">u4" if long_places else ">u2").astype(np.int64)
        long_metrics = font["hhea"].numberOfHMetrics
        metrics = np.frombuffer(font.reader["hmtx"], ">i2", count=2 * long_metrics).astype(np.int64).reshape(-1, 2)
        rest = np.frombuffer(font.reader["hmtx"], ">i2", offset=4 * long_metrics).astype(np.int64)
        return _Source(
            outlines=font.reader["glyf"],
            places=places if long_places else places * 2,
            widths=np.concatenate([metrics[:, 0], np.full(count - long_metrics, metrics[-1, 0])]),
            bearings=np.concatenate([metrics[:, 1], rest]),
            numbers={code: int(name) for code, name in font.getBestCmap().items()},
            tables={tag: font.reader[tag] for tag in ("head", "hhea", "maxp", "OS/2")},
        )


def _sources(*, bold: bool) -> Iterable[_Source]:
    """Yield the fonts in which a character is looked for, the large one last and only when it is asked for."""
    yield _source(report_bold() if bold else report_regular())
    for path in (*report_signs(), report_rare()):
        yield _source(path)


@lru_cache(maxsize=8192)
def _found(char: str, *, bold: bool) -> tuple[_Source, int] | None:
    return next(((one, one.numbers[ord(char)]) for one in _sources(bold=bold) if ord(char) in one.numbers), None)


def text_width(text: str, size_pt: float, *, bold: bool = False) -> float:
    """Return how wide a text is, in mm; characters without glyph count nothing."""
    places = (_found(char, bold=bold) for char in text)
    return float(sum(int(place[0].widths[place[1]]) for place in places if place)) * size_pt / 1000 * 25.4 / 72


def require_printable(text: str) -> None:
    """Raise TemplateViolation naming the characters that no shipped font has."""
    missing = sorted({ord(char) for char in text if char not in "\r\n" and _found(char, bold=False) is None})
    if missing:
        shown = " ".join(f"{chr(code)} (U+{code:04X})" for code in missing[:8])
        raise TemplateViolation(
            tr("The report has characters that cannot be printed: {characters}", characters=shown),
            hint=tr("Replace these characters in the report or in the patient's data."),
            detail=f"{len(missing)} characters without glyph",
        )


def printable(text: str) -> str:
    """Return a text without the invisible characters that pasting leaves."""
    return text.translate(UNSEEN)


@lru_cache(maxsize=16)
def cut_font(characters: frozenset[str], *, bold: bool) -> bytes:
    """Return a TrueType font with just these characters, in the order of their code points."""
    first = next(iter(_sources(bold=bold)))
    found = [place for char in sorted(characters) if (place := _found(char, bold=bold))]
    glyphs = [(first, 0), *found]
    outlines = [one.glyph(number) for one, number in glyphs]
    places = np.concatenate([[0], np.cumsum([len(outline) + -len(outline) % 4 for outline in outlines])])
    metrics = np.array([(one.widths[number], one.bearings[number]) for one, number in glyphs])
    head = bytearray(first.tables["head"])
    struct.pack_into(">h", head, 50, 1)  # long places
    hhea = bytearray(first.tables["hhea"])
    struct.pack_into(">H", hhea, 34, len(glyphs))
    tables = {
        "OS/2": first.tables["OS/2"],
        "cmap": _cmap([ord(char) for char in sorted(characters) if _found(char, bold=bold)]),
        "glyf": b"".join(outline + b"\0" * (-len(outline) % 4) for outline in outlines),
        "head": bytes(head),
        "hhea": bytes(hhea),
        "hmtx": metrics.astype(">i2").tobytes(),
        "loca": places.astype(">u4").tobytes(),
        "maxp": _maxp([one.tables["maxp"] for one, _ in glyphs], len(glyphs)),
        "name": _names(f"{_FAMILY}-{'Bold' if bold else 'Regular'}"),
        "post": _POST,
    }
    buffer = BytesIO()
    writer = SFNTWriter(buffer, len(tables), "\0\1\0\0")
    for tag in sorted(tables):
        writer[tag] = tables[tag]
    writer.close()
    return buffer.getvalue()


def _cmap(codes: list[int]) -> bytes:
    """Return format 12, glyph 1 for the first code."""
    groups = b"".join(struct.pack(">III", code, code, number) for number, code in enumerate(codes, 1))
    subtable = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(codes)) + groups
    return struct.pack(">HHHHI", 0, 1, 3, 10, 12) + subtable


def _maxp(tables: list[bytes], count: int) -> bytes:
    """Return the limits that hold for glyphs of several fonts."""
    limits = np.array([np.frombuffer(table, ">u2", offset=6, count=13) for table in set(tables)]).max(axis=0)
    return struct.pack(">IH", 0x00010000, count) + bytes(limits.astype(">u2").tobytes())


def _names(postscript: str) -> bytes:
    """Return family, full and PostScript name."""
    texts = [(1, _FAMILY), (2, postscript.rpartition("-")[2]), (4, postscript), (6, postscript)]
    encoded = [(number, text.encode("utf-16-be")) for number, text in texts]
    records, offset = b"", 0
    for number, text in encoded:
        records += struct.pack(">HHHHHH", 3, 1, 0x409, number, len(text), offset)
        offset += len(text)
    return struct.pack(">HHH", 0, len(texts), 6 + 12 * len(texts)) + records + b"".join(text for _, text in encoded)
