"""Overlay planes (groups 60xx): graphics that the modality drew, as bits over the image. Source: PS3.3 C.9.2, C.9.3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

Bits = npt.NDArray[np.bool_]

_GROUPS: Final = range(0x6000, 0x6020, 2)
_ROWS, _COLUMNS, _FRAMES, _DESCRIPTION = 0x0010, 0x0011, 0x0015, 0x0022
_TYPE, _ORIGIN, _FRAME_ORIGIN = 0x0040, 0x0050, 0x0051
_BITS_ALLOCATED, _BIT_POSITION, _LABEL, _DATA = 0x0100, 0x0102, 0x1500, 0x3000
_LARGEST: Final = 1 << 28


@dataclass(frozen=True, slots=True, eq=False)
class OverlayPlane:
    """
    One overlay of one frame.

    ``bits`` is ``[row, column]``; ``origin`` (row, column) is where its first bit lies on the image, from 0,
    and may be negative. ``is_roi`` tells a region of interest from graphics.
    """

    group: int
    bits: Bits
    origin: tuple[int, int] = (0, 0)
    label: str = ""
    is_roi: bool = False

    def over(self, rows: int, columns: int) -> Bits:
        """Return the bits in place over an image of ``rows`` by ``columns``; what lies beside it is cut."""
        whole = np.zeros((rows, columns), dtype=np.bool_)
        top, left = self.origin
        first_row, first_column = max(0, top), max(0, left)
        last_row = min(rows, top + self.bits.shape[0])
        last_column = min(columns, left + self.bits.shape[1])
        if first_row < last_row and first_column < last_column:
            whole[first_row:last_row, first_column:last_column] = self.bits[
                first_row - top : last_row - top, first_column - left : last_column - left
            ]
        return whole


def overlay_planes(
    dataset: Dataset, frame: int, stored: Callable[[], npt.NDArray[Any]] | None = None
) -> tuple[OverlayPlane, ...]:
    """
    Return the usable overlays of one frame, counted from 0; a broken one costs itself only.

    ``stored`` gives the pixels of the frame with their unused bits, where old overlays may lie.
    """
    return tuple(_planes(dataset, frame, stored))


def has_overlays(dataset: Dataset) -> bool:
    """Tell whether any overlay group is there."""
    return any((group, _ROWS) in dataset for group in _GROUPS)


def keep_frame(dataset: Dataset, frame: int) -> None:
    """
    Leave in the dataset of a multi-frame object what its overlays draw on one frame, counted from 0.

    The frame is to be an object of its own: an overlay of other frames would fall on it. Changes no value of an
    element that the dataset shares with another one.
    """
    for group in _GROUPS:
        if (group, _ROWS) not in dataset or not any((group, one) in dataset for one in (_FRAMES, _FRAME_ORIGIN)):
            continue  # none, or the same on all frames
        try:
            data = _data_of(dataset, group, frame)
        except (TypeError, ValueError, IndexError):
            data = None  # broken: it would be drawn nowhere
        if data is None:
            for tag in [one.tag for one in dataset.group_dataset(group)]:
                del dataset[tag]
            continue
        for element in (_FRAMES, _FRAME_ORIGIN):
            dataset.pop((group, element), None)
        if data:
            dataset.add_new((group, _DATA), "OB", data)


def _planes(dataset: Dataset, frame: int, stored: Callable[[], npt.NDArray[Any]] | None) -> Iterator[OverlayPlane]:
    for group in _GROUPS:
        if (group, _ROWS) not in dataset:
            continue
        try:
            found = _plane(dataset, group, frame, stored)
        except (TypeError, ValueError, IndexError):
            continue
        if found is not None:
            yield found


def _plane(
    dataset: Dataset, group: int, frame: int, stored: Callable[[], npt.NDArray[Any]] | None
) -> OverlayPlane | None:
    value = partial(_value, dataset, group)
    rows, columns = int(value(_ROWS)), int(value(_COLUMNS))
    place = _place(dataset, group, frame)
    if place is None or not 0 < rows * columns <= _LARGEST:
        return None
    top, left = (int(one) for one in value(_ORIGIN, (1, 1)))
    data = value(_DATA)
    bits = (
        _unpacked(bytes(data), rows, columns, place, swapped=_is_swapped(dataset, group))
        if data is not None
        else _embedded(stored, int(value(_BITS_ALLOCATED, 0)), int(value(_BIT_POSITION, 0)), (rows, columns))
    )
    if bits is None or not bits.any():
        return None
    label = str(value(_LABEL, "") or value(_DESCRIPTION, ""))
    return OverlayPlane(group, bits, (top - 1, left - 1), label, str(value(_TYPE, "G")) == "R")


def _value(dataset: Dataset, group: int, element: int, default: Any = None) -> Any:  # noqa: ANN401 - pydicom values have no static type
    if (group, element) not in dataset:
        return default
    found = dataset[group, element].value
    return default if found is None or found == "" else found


def _place(dataset: Dataset, group: int, frame: int) -> int | None:
    """Return which plane of an overlay lies on a frame, both from 0; None where none does."""
    count = int(_value(dataset, group, _FRAMES, 1))
    if count == 1 and (group, _FRAME_ORIGIN) not in dataset:
        return 0  # one plane for all frames
    place = frame - (int(_value(dataset, group, _FRAME_ORIGIN, 1)) - 1)
    return place if 0 <= place < count else None


def _data_of(dataset: Dataset, group: int, frame: int) -> bytes | None:
    """Return the data of the plane on one frame, empty where they lie in the pixels; None where none is on it."""
    place, data = _place(dataset, group, frame), _value(dataset, group, _DATA)
    if place is None:
        return None
    if data is None:
        return b""
    rows, columns = int(_value(dataset, group, _ROWS)), int(_value(dataset, group, _COLUMNS))
    if not 0 < rows * columns <= _LARGEST:
        return None
    bits = _unpacked(bytes(data), rows, columns, place, swapped=_is_swapped(dataset, group))
    if bits is None:
        return None
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    return packed + b"\0" * (len(packed) % 2)


def _is_swapped(dataset: Dataset, group: int) -> bool:
    syntax = str(getattr(dataset, "file_meta", Dataset()).get("TransferSyntaxUID", ""))
    return syntax == "1.2.840.10008.1.2.2" and dataset[(group, _DATA)].VR == "OW"


def _unpacked(data: bytes, rows: int, columns: int, place: int, *, swapped: bool) -> Bits | None:
    packed = np.frombuffer(data, np.uint8)
    if swapped:
        packed = packed[: len(packed) // 2 * 2].reshape(-1, 2)[:, ::-1].ravel()
    first = place * rows * columns
    last = first + rows * columns
    if len(packed) * 8 < last:
        return None
    # frames follow each other without padding: the first bit of a later one may lie within a byte
    bits = np.unpackbits(packed[first // 8 : -(-last // 8)], bitorder="little")[first % 8 :][: rows * columns]
    return bits.reshape(rows, columns).astype(np.bool_)


def _embedded(
    stored: Callable[[], npt.NDArray[Any]] | None, allocated: int, position: int, shape: tuple[int, int]
) -> Bits | None:
    """Take the overlay out of the unused bits of the pixels, which was allowed until 2004."""
    if stored is None or allocated < 8 or not 0 < position < allocated:
        return None
    pixels = stored()
    if pixels.shape != shape or pixels.dtype.kind not in "iu":
        return None
    bits: Bits = (pixels >> position & 1).astype(np.bool_)
    return bits
