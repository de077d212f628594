"""Lookup tables of DICOM: modality and VOI LUT items. Source: PS3.3 C.11.1, C.11.2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """Output ``values[k]`` for input ``first + k``; inputs outside are clamped to both ends."""

    first: int
    values: npt.NDArray[np.uint16]
    bits: int
    explanation: str = ""

    def apply(self, pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
        """Return the mapped values, same shape; the output is unsigned whatever the input was."""
        index = np.clip(pixels.astype(np.int64) - self.first, 0, len(self.values) - 1)
        return self.values[index]


def lookup_table(item: Dataset, *, is_signed: bool) -> LookupTable | None:
    """
    Read LUT Descriptor and LUT Data of one sequence item, None when they are unusable.

    ``is_signed`` is the Pixel Representation, which decides how the first mapped value is read.
    """
    descriptor, data = item.get("LUTDescriptor"), item.get("LUTData")
    explanation = str(item.get("LUTExplanation", "") or "")
    return table_of(descriptor, data, is_signed=is_signed, explanation=explanation)


def table_of(descriptor: Any, data: Any, *, is_signed: bool, explanation: str = "") -> LookupTable | None:  # noqa: ANN401 - pydicom values have no static type
    """Return the table of a descriptor and its data, None when they are unusable."""
    try:
        count, first, bits = (int(value) for value in descriptor)
    except (TypeError, ValueError):
        return None
    # 0 stands for 65536, and a signed first value may have been read as unsigned
    count = (count & 0xFFFF) or 65536
    if is_signed and first > 32767:
        first -= 65536
    values = _entries(data, count, bits)
    return None if values is None else LookupTable(first, values, bits, explanation)


def _entries(data: Any, count: int, bits: int) -> npt.NDArray[np.uint16] | None:  # noqa: ANN401 - pydicom values have no static type
    if data is None:
        return None
    if not isinstance(data, bytes):
        numbers = np.atleast_1d(np.asarray(data, dtype=np.int64))
        return numbers[:count].astype(np.uint16) if len(numbers) >= count else _packed(numbers, count, bits)
    if len(data) >= 2 * count:
        # 8-bit entries padded to 16 bits are told by the length (PS3.3 C.11.1.1.1)
        return np.frombuffer(data, "<u2", count).astype(np.uint16)
    if len(data) >= count and bits <= 8:
        return np.frombuffer(data, np.uint8, count).astype(np.uint16)
    return None


def _packed(numbers: npt.NDArray[np.int64], count: int, bits: int) -> npt.NDArray[np.uint16] | None:
    """Unpack 8-bit entries that came two to a word."""
    if bits > 8 or 2 * len(numbers) < count:
        return None
    return np.frombuffer(numbers.astype("<u2").tobytes(), np.uint8, count).astype(np.uint16)
