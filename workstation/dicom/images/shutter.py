"""Display shutters: what of an image may be seen. Source: PS3.3 C.7.6.11, C.7.6.15."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from workstation.dicom.images.colour_profile import gray_of_lab
from workstation.dicom.images.frame_attributes import integer
from workstation.dicom.images.overlays import OverlayPlane
from workstation.dicom.pixel_size import aspect_of
from workstation.domain.image_look import ShutterKind, ShutterOutline

Mask = npt.NDArray[np.bool_]
_ROUNDING: Final = 1e-9
"""Relative: a ratio of two decimal strings is not exact, and the outline belongs to the picture"""

_FAR: Final = 1 << 30
"""Beyond every image; larger numbers are there to break what counts with them"""
_EDGES: Final = (
    "ShutterLeftVerticalEdge",
    "ShutterRightVerticalEdge",
    "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge",
)


@dataclass(frozen=True, slots=True, eq=False)
class Shutter:
    """
    ``visible`` ``[row, column]`` is False where the shutter lies; that becomes ``gray`` (0 to 255).

    ``outlines`` are the shapes that make it, empty where a bitmap has a part in it.
    """

    visible: Mask
    gray: int = 0
    outlines: tuple[ShutterOutline, ...] = ()


def shutter_of(item: Dataset, rows: int, columns: int, aspect: float | None = None) -> Shutter | None:
    """
    Return the shutter that a dataset or a functional group item describes; None without a usable one.

    Several shapes at once leave what all of them leave. A bitmap shutter lies in an overlay and is made
    by ``with_bitmap``. ``aspect`` is the height over the width of a pixel, that of the item itself where it is None.
    """
    outlines = tuple(one for shape in _texts(item.get("ShutterShape")) if (one := _outline(shape, item)) is not None)
    if not outlines:
        return None
    visible = np.ones((rows, columns), dtype=np.bool_)
    for one in outlines:
        visible &= _seen(one, rows, columns, aspect_of(item) if aspect is None else aspect)
    return Shutter(visible, _gray(item), outlines)


def shutter_on_frame(
    item: Dataset, overlays: Sequence[OverlayPlane], shape: tuple[int, ...], aspect: float | None = None
) -> Shutter | None:
    """
    Return the shutter of an image of ``shape`` (rows, columns …) with the bits of the overlay that its item names.

    ``item`` and ``aspect`` are those of ``shutter_of``; None without a usable shutter.
    """
    rows, columns = shape[:2]
    found = shutter_of(item, rows, columns, aspect)
    group = integer(item, "ShutterOverlayGroup", 0)
    bitmap = next((one for one in overlays if one.group == group), None)
    return found if bitmap is None else with_bitmap(found, bitmap.over(rows, columns), item)


def _outline(shape: str, item: Dataset) -> ShutterOutline | None:
    """Return the numbers of one shape, None for an unknown or incomplete one."""
    match shape:
        case "RECTANGULAR":
            numbers = [value for name in _EDGES for value in _integers(item.get(name))]
        case "CIRCULAR":
            numbers = [*_integers(item.get("CenterOfCircularShutter")), *_integers(item.get("RadiusOfCircularShutter"))]
        case "POLYGONAL":
            numbers = _integers(item.get("VerticesOfThePolygonalShutter"))
        case _:
            return None
    try:
        return ShutterOutline(ShutterKind(shape), tuple(numbers))
    except ValueError:
        return None


def with_bitmap(shutter: Shutter | None, hidden: Mask, item: Dataset) -> Shutter:
    """Return the shutter that also hides the set bits of its overlay plane."""
    visible = ~hidden if shutter is None else shutter.visible & ~hidden
    return Shutter(visible, _gray(item))


def _gray(item: Dataset) -> int:
    """Return what lies in its place, a P-value of 16 bits or a colour's lightness, as a level; black when absent."""
    lab = _integers(item.get("ShutterPresentationColorCIELabValue"))
    if len(lab) == 3 and item.get("ShutterPresentationValue") is None:
        return gray_of_lab(lab[0])
    try:
        return round(min(max(int(item.get("ShutterPresentationValue", 0) or 0), 0), 65535) / 257)
    except (TypeError, ValueError):
        return 0


def _rectangle(numbers: Sequence[int], rows: int, columns: int) -> Mask:
    left, right, upper, lower = numbers
    # edges are numbers of columns and rows, from 1, and belong to the picture
    visible = np.zeros((rows, columns), dtype=np.bool_)
    visible[max(0, upper - 1) : max(0, lower), max(0, left - 1) : max(0, right)] = True
    return visible


def _circle(numbers: Sequence[int], rows: int, columns: int, aspect: float) -> Mask:
    """Return a circle as it is seen: its radius is counted in pixels along a row (PS3.3 C.7.6.11)."""
    at_row, at_column, radius = numbers
    down = (np.arange(1, rows + 1) - at_row) * aspect
    left = float(radius) ** 2 - down**2
    reach = np.floor(np.sqrt(np.maximum(left, 0.0)) * (1 + _ROUNDING))
    reach[left < -_ROUNDING * float(radius) ** 2] = -1
    visible: Mask = np.abs(np.arange(1, columns + 1) - at_column) <= reach[:, np.newaxis]
    return visible


def _polygon(vertices: Sequence[int], rows: int, columns: int) -> Mask:
    """Return the inside by the even-odd rule; pixels on the outline belong to the picture."""
    points = np.array(vertices, dtype=np.int64).reshape(-1, 2)
    # how often an edge lies to the right of a pixel, odd or even; kept where it changes, row by row
    changes = np.zeros((rows, columns + 1), dtype=np.bool_)
    outline = np.zeros((rows, columns), dtype=np.bool_)
    for start, end in zip(points.tolist(), np.roll(points, -1, axis=0).tolist(), strict=True):
        (r1, c1), (r2, c2) = sorted((start, end))
        row = np.arange(max(r1, 1), min(r2, rows) + 1)
        if r1 == r2:
            outline[row - 1, max(min(c1, c2) - 1, 0) : max(c1, c2, 0)] = True
            continue
        way = (c2 - c1) * (row - r1)
        on = (way % (r2 - r1) == 0) & (c1 + way // (r2 - r1) >= 1) & (c1 + way // (r2 - r1) <= columns)
        outline[row[on] - 1, c1 + way[on] // (r2 - r1) - 1] = True
        crossed = row < r2  # a vertex counts for one of the edges that meet there
        before = np.clip(-(-way[crossed] // (r2 - r1)) + c1 - 1, 0, columns)
        changes[row[crossed] - 1, before] ^= True
    inside = np.logical_xor.accumulate(changes[:, ::-1], axis=1)[:, ::-1][:, 1:]
    visible: Mask = inside | outline
    return visible


def _seen(one: ShutterOutline, rows: int, columns: int, aspect: float) -> Mask:
    match one.kind:
        case ShutterKind.RECTANGULAR:
            return _rectangle(one.numbers, rows, columns)
        case ShutterKind.CIRCULAR:
            return _circle(one.numbers, rows, columns, aspect)
        case ShutterKind.POLYGONAL:
            return _polygon(one.numbers, rows, columns)


def _texts(value: Any) -> Sequence[str]:  # noqa: ANN401 - pydicom values have no static type
    if not value:
        return ()
    return (value.strip(),) if isinstance(value, str) else tuple(str(one).strip() for one in value)


def _integers(value: Any) -> list[int]:  # noqa: ANN401 - pydicom values have no static type
    if value is None or value == "":
        return []
    try:
        found = (int(one) for one in ([value] if isinstance(value, (int, float, str)) else value))
        return [min(max(one, -_FAR), _FAR) for one in found]
    except (TypeError, ValueError, OverflowError):
        return []
