"""Palettes: PALETTE COLOR images, plain and segmented, and supplemental palettes over grey. Source: PS3.3 C.7.9."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from workstation.dicom.images.lookup import LookupTable, table_of

Rgb = npt.NDArray[np.uint8]

_COLOURS: Final = ("Red", "Green", "Blue")
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2
_LONGEST: Final = 65536


def palette(dataset: Dataset) -> tuple[LookupTable, LookupTable, LookupTable] | None:
    """Return the red, green and blue tables of an image, None when one is missing or unusable."""
    tables = []
    is_signed = dataset.get("PixelRepresentation") == 1
    for colour in _COLOURS:
        prefix = f"{colour}PaletteColorLookupTable"
        descriptor, data = dataset.get(f"{prefix}Descriptor"), dataset.get(f"{prefix}Data")
        if data is None:
            data = _expanded(dataset.get(f"Segmented{prefix}Data"), descriptor)
        table = table_of(descriptor, data, is_signed=is_signed)
        if table is None:
            return None
        tables.append(table)
    return tables[0], tables[1], tables[2]


def through_palette(pixels: npt.NDArray[Any], tables: tuple[LookupTable, LookupTable, LookupTable]) -> Rgb:
    """Return ``[row, column, 3]`` colours of stored values."""
    deep = any(table.bits > 8 for table in tables)
    # some writers declare 16 bits and store 8: then nothing is bright
    shift = 8 if deep and max(int(table.values.max(initial=0)) for table in tables) > 255 else 0
    small = [LookupTable(one.first, (one.values >> shift).astype(np.uint16), 8) for one in tables]
    return np.stack([table.apply(pixels) for table in small], axis=-1).astype(np.uint8)


def is_supplemental(dataset: Dataset, frame_type: str = "") -> bool:
    """Tell whether grey values from the palette's first on are colours (colour Doppler of enhanced objects)."""
    presentation = frame_type or str(dataset.get("PixelPresentation", "") or "")
    photometric = str(dataset.get("PhotometricInterpretation", "") or "").strip()
    return (
        presentation in {"COLOR", "MIXED"}
        and photometric == "MONOCHROME2"
        and "RedPaletteColorLookupTableDescriptor" in dataset
    )


def _expanded(data: Any, descriptor: Any) -> npt.NDArray[np.uint16] | None:  # noqa: ANN401 - pydicom values have no static type
    """Write a segmented table out; None when a segment is broken or the table never ends."""
    if data is None:
        return None
    try:
        bits = int(descriptor[2])
    except (TypeError, ValueError, IndexError):
        return None
    words = np.frombuffer(bytes(data), "<u2" if bits > 8 else np.uint8).astype(np.int64).tolist()
    found = _segments(words, None, wide=bits > 8)
    return None if found is None else np.array(found, dtype=np.uint16)


def _segments(words: list[int], only: int | None, *, wide: bool, start: int = 0) -> list[int] | None:
    """Run through segments, at most ``only`` of them. An indirect one repeats earlier segments."""
    values: list[int] = []
    at, done = start, 0
    while at + 1 < len(words) and (only is None or done < only) and len(values) < _LONGEST:
        kind, count = words[at], words[at + 1]
        at += 2
        if kind == _DISCRETE:
            if at + count > len(words):
                return None
            values += words[at : at + count]
            at += count
        elif kind == _LINEAR:
            if at >= len(words) or not values:
                return None
            values += _ramp(values[-1], words[at], count)
            at += 1
        elif kind == _INDIRECT:
            width = 2 if wide else 4
            if only is not None or at + width > len(words):
                return None  # an indirect segment must not lead to another
            offset = sum(word << (16 if wide else 8) * n for n, word in enumerate(words[at : at + width]))
            at += width
            again = _repeated(words, offset // (2 if wide else 1), count, values, wide=wide)
            if again is None:
                return None
            values += again
        else:
            return None
        done += 1
    return values


def _repeated(words: list[int], start: int, count: int, before: list[int], *, wide: bool) -> list[int] | None:
    if not 0 <= start < len(words):
        return None
    if words[start] != _LINEAR:
        return _segments(words, count, wide=wide, start=start)
    # a repeated ramp begins where the table stands now
    if start + 2 >= len(words) or not before:
        return None
    first = _ramp(before[-1], words[start + 2], words[start + 1])
    if count <= 1 or not first:
        return first
    rest = _segments(words, count - 1, wide=wide, start=start + 3)
    return None if rest is None else first + rest


def _ramp(begin: int, end: int, count: int) -> list[int]:
    """Return ``count`` values that go from ``begin`` (not included) to ``end`` (included)."""
    return [round(begin + (end - begin) * step / count) for step in range(1, count + 1)]
