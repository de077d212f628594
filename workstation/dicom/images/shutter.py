"""Display shutters: what of an image may be seen. Source: PS3.3 C.7.6.11, C.7.6.15."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from workstation.dicom.images.colour_profile import gray_of_lab
from workstation.domain.image_look import ShutterKind, ShutterOutline

Mask = npt.NDArray[np.bool_]

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


def shutter_of(item: Dataset, rows: int, columns: int) -> Shutter | None:
    """
    Return the shutter that a dataset or a functional group item describes; None without a usable one.

    Several shapes at once leave what all of them leave. A bitmap shutter lies in an overlay and is made
    by ``with_bitmap``.
    """
    outlines = tuple(one for shape in _texts(item.get("ShutterShape")) if (one := _outline(shape, item)) is not None)
    if not outlines:
        return None
    visible = np.ones((rows, columns), dtype=np.bool_)
    for one in outlines:
        visible &= _MAKERS[one.kind](one.numbers, rows, columns)
    return Shutter(visible, _gray(item), outlines)


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


def _circle(numbers: Sequence[int], rows: int, columns: int) -> Mask:
    at_row, at_column, radius = numbers
    row, column = np.ogrid[1 : rows + 1, 1 : columns + 1]
    visible: Mask = (row - at_row) ** 2 + (column - at_column) ** 2 <= radius**2
    return visible


def _polygon(vertices: Sequence[int], rows: int, columns: int) -> Mask:
    points = np.array(vertices, dtype=np.float64).reshape(-1, 2)
    row, column = np.mgrid[1 : rows + 1, 1 : columns + 1]
    inside = np.zeros((rows, columns), dtype=np.bool_)
    on_edge = np.zeros_like(inside)
    # even-odd rule, edge by edge; pixels on the outline belong to the picture
    for (r1, c1), (r2, c2) in zip(points, np.roll(points, -1, axis=0), strict=True):
        crosses = (r1 > row) != (r2 > row)
        if r1 != r2:
            inside ^= crosses & (column < (c2 - c1) * (row - r1) / (r2 - r1) + c1)
        cross = (column - c1) * (r2 - r1) - (row - r1) * (c2 - c1)
        between = (np.minimum(r1, r2) <= row) & (row <= np.maximum(r1, r2))
        between &= (np.minimum(c1, c2) <= column) & (column <= np.maximum(c1, c2))
        on_edge |= (cross == 0) & between
    visible: Mask = inside | on_edge
    return visible


_MAKERS: Final = {
    ShutterKind.RECTANGULAR: _rectangle,
    ShutterKind.CIRCULAR: _circle,
    ShutterKind.POLYGONAL: _polygon,
}


def _texts(value: Any) -> Sequence[str]:  # noqa: ANN401 - pydicom values have no static type
    if not value:
        return ()
    return (value.strip(),) if isinstance(value, str) else tuple(str(one).strip() for one in value)


def _integers(value: Any) -> list[int]:  # noqa: ANN401 - pydicom values have no static type
    if value is None or value == "":
        return []
    try:
        return [int(one) for one in ([value] if isinstance(value, (int, float, str)) else value)]
    except (TypeError, ValueError):
        return []
