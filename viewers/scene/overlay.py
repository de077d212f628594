"""Everything painted over a picture, as values in viewport pixels; a test can read it without any pixel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from viewers.scene.camera import PixelTransform
from viewers.scene.captions import CaptionLine
from viewers.scene.colour_bar import ColourBar, Surroundings
from viewers.scene.marks import MarkOutline
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.scale_bar import ScaleBar
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import Point, plane_name

_CROSS_GAP_PX: Final = (26.0, 46.0)
_LINE_INSET_PX: Final = 22.0
"""How far inside the edge lines through the viewport end: clear of a letter there"""
_LEVEL: Final = 1e-9
_LETTER_INSET_PX: Final = 14.0
_LINE_PX: Final = 16.0
"""Height of a line of corner text"""

PixelPoint = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Letter:
    """An orientation letter centred on a viewport pixel."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Stroke:
    """A thin line in a theme colour."""

    start: PixelPoint
    end: PixelPoint
    token: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Calliper:
    """An annotation on screen: its outline and further lines, its handles and its words."""

    uid: str
    outline: tuple[PixelPoint, ...]
    handles: tuple[PixelPoint, ...]
    lines: tuple[str, ...]
    selected: bool = False
    others: tuple[tuple[PixelPoint, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignShape:
    """
    Something that another system drew: lines through ``outline``, and words at ``at`` or beside it.

    ``colour`` is red, green, blue as its maker wishes, made light enough for black; None for the neutral colour.
    """

    outline: tuple[PixelPoint, ...] = ()
    closed: bool = False
    filled: bool = False
    colour: tuple[int, int, int] | None = None
    lines: tuple[str, ...] = ()
    at: PixelPoint | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Tint:
    """
    A translucent picture over the image.

    ``rgba`` is ``[row, column, 4]`` uint8; ``transform`` maps its pixel centres to the viewport. Nothing is drawn
    outside the polygon ``within``, the rim of the image.
    """

    rgba: npt.NDArray[np.uint8]
    transform: PixelTransform
    within: tuple[PixelPoint, ...]


@dataclass(frozen=True, slots=True)
class Overlay:
    """
    All that is painted over one picture.

    ``guides`` help to steer planes: grips, slab limits, paths. ``message`` stands centred in an empty viewport.
    ``badge`` names a key image, empty for every other.
    """

    captions: tuple[CaptionLine, ...] = ()
    letters: tuple[Letter, ...] = ()
    marks: tuple[MarkOutline, ...] = ()
    callipers: tuple[Calliper, ...] = ()
    crosshair: tuple[Stroke, ...] = ()
    guides: tuple[Stroke, ...] = ()
    scale_bars: tuple[ScaleBar, ...] = ()
    colour_bar: ColourBar | None = None
    message: str = ""
    foreign: tuple[ForeignShape, ...] = ()
    badge: str = ""
    tint: Tint | None = None


def letters(viewport: tuple[float, float], edges: Mapping[str, str]) -> tuple[Letter, ...]:
    """Return the orientation letters of ``edges`` (``left``, ``right``, ``top``, ``bottom``) at their middles."""
    width, height = viewport
    places = {
        "left": (_LETTER_INSET_PX, height / 2),
        "right": (width - _LETTER_INSET_PX, height / 2),
        "top": (width / 2, _LETTER_INSET_PX),
        "bottom": (width / 2, height - _LETTER_INSET_PX),
    }
    return tuple(Letter(text, *places[edge]) for edge, text in edges.items() if text)


def crosshair(view: SliceView, point: Point, marks: Iterable[MarkOutline] = ()) -> tuple[Stroke, ...]:
    """
    Return the lines in which the other patient planes through a point cut the displayed plane.

    Each takes its plane's colour and leaves a gap round the point, wider over a finding.
    """
    if view.plane is None:
        return ()
    centre = view.viewport_of(point)
    gap = crosshair_gap(centre, marks)
    strokes: list[Stroke] = []
    for plane in _crossing_planes(view):
        direction = _cut_direction(view, plane)
        strokes += gapped_line(view.viewport, centre, direction, gap, plane.token)
    return tuple(strokes)


def crosshair_gap(centre: PixelPoint, marks: Iterable[MarkOutline] = ()) -> float:
    """Return the free distance on each side of the crosshair's point, wider over a finding."""
    radius = max((mark.radius_px for mark in marks if mark.contains(*centre)), default=0.0)
    return min(max(2 * radius + 8, _CROSS_GAP_PX[0]), _CROSS_GAP_PX[1]) / 2


def gapped_line(
    viewport: tuple[float, float],
    centre: PixelPoint,
    direction: PixelPoint,
    gap: float,
    token: str,
    *,
    dashed: bool = False,
) -> list[Stroke]:
    """
    Return a line through the viewport that leaves ``gap`` pixels free on each side of its centre.

    It ends short of the edges that it meets, as it does before a letter there: no line looks longer than another.
    """
    begin, end = -math.inf, math.inf
    for at, along, length in zip(centre, direction, viewport, strict=True):
        if abs(along) > _LEVEL:
            near, far = sorted((-at / along, (length - at) / along))
            begin, end = max(begin, near), min(end, far)
        elif not 0 <= at <= length:
            return []
    begin, end = begin + _LINE_INSET_PX, end - _LINE_INSET_PX
    (x, y), (dx, dy) = centre, direction
    outwards = ((min(end, -gap), begin), (max(begin, gap), end))
    return [
        Stroke((x + near * dx, y + near * dy), (x + far * dx, y + far * dy), token, dashed)
        for (near, far), sign in zip(outwards, (-1, 1), strict=True)
        if sign * (far - near) > 0
    ]


def surroundings(view: SliceView, captions: Iterable[CaptionLine]) -> Surroundings:
    """Return where the picture ends at the right and below, and where the text at the right leaves room."""
    columns, rows = view.size
    corners = [view.transform.apply(x - 0.5, y - 0.5) for x in (0, columns) for y in (0, rows)]
    middle = view.viewport[1] / 2
    at_right = [line.y for line in captions if line.aligned_right]
    return Surroundings(
        max(x for x, _ in corners),
        max(y for _, y in corners),
        max((y + _LINE_PX for y in at_right if y < middle), default=0.0),
        min((y for y in at_right if y >= middle), default=math.inf),
    )


def signed(value: float, digits: int = 0) -> str:
    """Return a number with a real minus sign, without a negative zero."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "\N{MINUS SIGN}")


def pixel_number(value: float, digits: int = 1) -> str:
    """
    Return a pixel value as text: whole where it is whole, else ``digits`` after the point.

    Below one it keeps three significant digits: diffusion coefficients and fractions live there.
    """
    if float(value).is_integer():
        return signed(value)
    size = abs(value)
    if size >= 1:
        return signed(value, digits)
    if size < 1e-6:
        return f"{value:.2e}".replace("-", "\N{MINUS SIGN}")
    return signed(value, 2 - math.floor(math.log10(size)))


def _crossing_planes(view: SliceView) -> Sequence[MprPlane]:
    shown = plane_name(view.plane.normal) if view.plane is not None else "oblique"
    if shown != "oblique":
        return [plane for plane in MprPlane if plane.value != shown]
    normal = view.plane.normal if view.plane is not None else (0.0, 0.0, 0.0)
    return sorted(MprPlane, key=lambda plane: abs(normal[plane.axis]))[:2]


def _cut_direction(view: SliceView, plane: MprPlane) -> PixelPoint:
    """Return the screen direction of the line common to the displayed plane and a patient plane."""
    shown = view.plane
    assert shown is not None  # noqa: S101 - callers have a plane; this only tells the type checker
    # in-plane direction (u right, v down) whose component along the patient axis vanishes
    u, v = -shown.down[plane.axis], shown.right[plane.axis]
    m = view.transform
    column, row = u / shown.spacing_mm[0], v / shown.spacing_mm[1]
    x, y = m.a * column + m.b * row, m.c * column + m.d * row
    length = math.hypot(x, y) or 1.0
    return x / length, y / length
