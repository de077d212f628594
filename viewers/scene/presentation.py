"""An image as a softcopy presentation state wants it: a new image, a camera, and annotations to draw."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from viewers.scene.camera import Camera
from viewers.scene.decoded import voi_lut_of, window_of
from viewers.scene.image import SliceImage, VoiChoice
from viewers.scene.raster import VoiFunction, VoiLut, Window, voi, voi_lut
from viewers.scene.slice_view import SliceView
from viewers.scene.state_values import in_state_values
from workstation.dicom.images.colour_profile import to_srgb
from workstation.dicom.images.lookup import LookupTable
from workstation.dicom.objects.presentation import FramePresentation, Graphic, Space

_CURVE_STEPS = 72
_POINT_PX = 4.0
_TABLE_BITS = 16
_MOST_VALUES = 1 << 24


@dataclass(frozen=True, slots=True)
class Drawn:
    """One annotation in viewport pixels: an outline, or words at a place. Read-only."""

    outline: tuple[tuple[float, float], ...] = ()
    closed: bool = False
    filled: bool = False
    text: str = ""
    at: tuple[float, float] = (0.0, 0.0)


def presented(image: SliceImage, state: FramePresentation) -> SliceImage:
    """
    Return the image with the state's transforms, shutter and overlays instead of its own.

    The modality transform is the state's too, identity where it has none (PS3.4 N.2.1); the image's MONOCHROME1 is
    ignored, as the standard asks. A state for grey changes no colours, nor the other way round. Raises DecodeError
    where the image no longer has the values that the state starts from.
    """
    if image.is_color != state.is_colour:
        return image
    rows, columns = image.rows, image.columns
    graphics = image.graphics if set(state.image_overlays) & set(image.overlay_groups) else None
    for plane in state.overlays:
        bits = plane.over(rows, columns)
        graphics = bits if graphics is None else graphics | bits
    shutter = state.shutter
    image = replace(
        image,
        graphics=graphics,
        visible=None if shutter is None else shutter.visible,
        shutter_gray=0 if shutter is None else shutter.gray,
    )
    if state.is_colour:
        return replace(image, pixels=to_srgb(image.pixels, state.profile))
    image = in_state_values(image, state)
    look = _voi(image, state)
    if state.presentation_lut is not None:
        look = _through(look, state.presentation_lut, image.value_range)
    return replace(image, monochrome1=state.inverse, voi=look, choices=(VoiChoice(look),))


def camera_of(state: FramePresentation) -> Camera:
    """Return the camera that turns and mirrors as the state says; its displayed area is not zoomed to."""
    rotation = float(state.rotation)
    # the state turns first and mirrors what it sees; our camera mirrors the image and turns then
    return Camera(rotation_deg=-rotation % 360 if state.flipped else rotation, flipped=state.flipped)


def drawn(state: FramePresentation, view: SliceView) -> tuple[Drawn, ...]:
    """Return the state's annotations where they fall in a viewport."""
    return tuple(_drawn(one, state, view) for one in state.graphics)


def _voi(image: SliceImage, state: FramePresentation) -> Window | VoiLut:
    if state.window is not None:
        return window_of(state.window)
    if state.voi_lut is not None:
        return voi_lut_of(state.voi_lut)
    low, high = _span(image)
    return Window((low + high + 1) / 2, high - low + 1)


def _span(image: SliceImage) -> tuple[float, float]:
    """Return the range that identity maps from black to white: all values the image may have (PS3.4 N.2)."""
    if image.full_scale is not None:
        return image.full_scale
    kind = image.pixels.dtype
    if kind.kind == "f":
        return float(np.nanmin(image.pixels)), float(np.nanmax(image.pixels))
    limits = np.iinfo(kind)
    return float(limits.min), float(limits.max)


def _through(look: Window | VoiLut, table: LookupTable, span: tuple[float, float] | None) -> VoiLut:
    """
    Return one table that does both: the VOI, and the presentation LUT behind it.

    ``span`` is the lowest and highest value of the image: beyond it no entry is needed. Raises ValueError for more
    values than a table can have.
    """
    if isinstance(look, VoiLut):
        values = np.arange(look.first_value, look.first_value + len(look.entries))
        levels = voi_lut(values, look)
    else:
        reach = _reach(look, len(table.values))
        low, high = math.floor(look.centre - reach), math.ceil(look.centre + reach)
        if span is not None:
            low, high = max(low, math.floor(span[0])), min(high, math.ceil(span[1]))
        if high - low > _MOST_VALUES:
            raise ValueError(f"{high - low} values are too many for a table")
        values = np.arange(low, max(low, high) + 1)
        levels = voi(values, look)
    index = np.rint(levels / 255.0 * (len(table.values) - 1)).astype(np.intp)
    scaled = table.values[index].astype(np.float64) * ((2**_TABLE_BITS - 1) / (2**table.bits - 1))
    return VoiLut(int(values[0]), np.rint(scaled).astype(np.uint16), _TABLE_BITS)


def _reach(window: Window, entries: int) -> float:
    """Return how far from the centre a window comes to the first and last of so many entries."""
    if window.function is VoiFunction.SIGMOID:
        # 1 / (1 + exp(-4 d / width)) is within half an entry of its end from here on
        return window.width * math.log(2 * max(entries, 2)) / 4 + 1
    return window.width / 2 + 1


def _drawn(one: Graphic, state: FramePresentation, view: SliceView) -> Drawn:
    points = [_in_viewport(point, one.space, state, view) for point in one.points]
    if one.kind == "TEXT":
        return Drawn(text=one.text, at=points[0])
    if one.kind == "POINT":
        x, y = points[0]
        cross = ((x - _POINT_PX, y), (x + _POINT_PX, y), (x, y), (x, y - _POINT_PX), (x, y + _POINT_PX))
        return Drawn(cross)
    if one.kind == "CIRCLE" and len(points) == 2:
        return Drawn(_circle(points[0], math.dist(points[0], points[1])), closed=True, filled=one.filled)
    if one.kind == "ELLIPSE" and len(points) == 4:
        return Drawn(_ellipse(points), closed=True, filled=one.filled)
    closed = len(points) > 2 and math.dist(points[0], points[-1]) < 1e-6
    return Drawn(tuple(points), closed=closed, filled=one.filled)


def _in_viewport(
    point: tuple[float, float], space: Space, state: FramePresentation, view: SliceView
) -> tuple[float, float]:
    if space is Space.DISPLAY:
        area = state.area
        left, top = (0.0, 0.0) if area is None else area.top_left
        right, bottom = (view.size[0] - 1.0, view.size[1] - 1.0) if area is None else area.bottom_right
        ends = [view.transform.apply(left - 0.5, top - 0.5), view.transform.apply(right + 0.5, bottom + 0.5)]
        x0, x1 = sorted(end[0] for end in ends)
        y0, y1 = sorted(end[1] for end in ends)
        return x0 + point[0] * (x1 - x0), y0 + point[1] * (y1 - y0)
    return view.transform.apply(*point)


def _circle(centre: tuple[float, float], radius: float) -> tuple[tuple[float, float], ...]:
    angles = [2 * math.pi * step / _CURVE_STEPS for step in range(_CURVE_STEPS)]
    return tuple((centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles)


def _ellipse(ends: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return the outline of an ellipse from the ends of its major and minor axis."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = ends
    middle = (ax + bx) / 2, (ay + by) / 2
    major, minor = ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2)
    angles = [2 * math.pi * step / _CURVE_STEPS for step in range(_CURVE_STEPS)]
    return tuple(
        (
            middle[0] + major[0] * math.cos(a) + minor[0] * math.sin(a),
            middle[1] + major[1] * math.cos(a) + minor[1] * math.sin(a),
        )
        for a in angles
    )
