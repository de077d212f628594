"""An image as a softcopy presentation state wants it: a new image, a camera, and annotations to draw."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

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
_MOST_STEPS = (1 << 16) - 1
_LEAST = 1e-9
_SIGN = 1 << 15
_SAME_SHAPE = 0.01
"""How far two ratios of a pixel may differ and still be called equal: some states round to whole numbers"""


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
        shape = _aspect(image, state)
        return image if shape == image.aspect else replace(image, aspect=shape)
    rows, columns = image.rows, image.columns
    graphics = _own_graphics(image, state.image_overlays)
    for plane in state.overlays:
        bits = plane.over(rows, columns)
        graphics = bits if graphics is None else graphics | bits
    shutter = state.shutter
    image = replace(
        image,
        graphics=graphics,
        visible=None if shutter is None else shutter.visible,
        shutter_gray=0 if shutter is None else shutter.gray,
        aspect=_aspect(image, state),
    )
    if state.is_colour:
        return replace(image, pixels=to_srgb(image.pixels, state.profile))
    image = in_state_values(image, state)
    look = _voi(image, state)
    if state.presentation_lut is not None:
        look = _through(look, state.presentation_lut, image)
    return replace(image, monochrome1=state.inverse, voi=look, choices=(VoiChoice(look),))


def camera_of(state: FramePresentation) -> Camera:
    """Return the camera that turns and mirrors as the state says; its displayed area is not zoomed to."""
    rotation = float(state.rotation)
    # the state turns first and mirrors what it sees; our camera mirrors the image and turns then
    return Camera(rotation_deg=-rotation % 360 if state.flipped else rotation, flipped=state.flipped)


def is_shape_refused(image: SliceImage, state: FramePresentation) -> bool:
    """
    Tell whether a state wants pixels of another shape than the image says that they have in the patient.

    They keep the image's: scale bars and what is measured would contradict a picture that is drawn otherwise.
    """
    knows = image.plane is not None or image.pixel_size is not None or bool(image.calibrated)
    return knows and not _is_shaped(image, state)


def _is_shaped(image: SliceImage, state: FramePresentation) -> bool:
    wanted = None if state.area is None else state.area.aspect
    across, down = (1.0, image.aspect) if image.plane is None else image.plane.spacing_mm
    return wanted is None or math.isclose(wanted, down / across, rel_tol=_SAME_SHAPE)


def _aspect(image: SliceImage, state: FramePresentation) -> float:
    """Return the height over the width that a pixel is drawn with. Source: PS3.3 C.10.4."""
    if state.area is None or state.area.aspect is None or _is_shaped(image, state) or is_shape_refused(image, state):
        return image.aspect
    return state.area.aspect


def drawn(state: FramePresentation, view: SliceView) -> tuple[Drawn, ...]:
    """Return the state's annotations where they fall in a viewport."""
    return tuple(_drawn(one, state, view) for one in state.graphics)


def _voi(image: SliceImage, state: FramePresentation) -> Window | VoiLut:
    if state.window is not None:
        return window_of(state.window)
    if state.voi_lut is not None:
        return voi_lut_of(_in_the_sign_of(image, state.voi_lut))
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


def _own_graphics(image: SliceImage, groups: Collection[int]) -> npt.NDArray[np.bool_] | None:
    """Return the image's own overlays of these groups alone; the others are not shown. Source: PS3.3 C.11.7."""
    shown = set(groups) & set(image.overlay_groups)
    if not shown:
        return None
    if shown == set(image.overlay_groups):
        return image.graphics
    rows, columns = image.rows, image.columns
    planes = [one.over(rows, columns) for one in image.overlays if one.group in shown]
    return np.logical_or.reduce(planes) if planes else None


def _in_the_sign_of(image: SliceImage, table: LookupTable) -> LookupTable:
    """
    Return a VOI LUT with its first value below 0 where the modality values may lie there.

    A state in implicit VR tells 65436 from -100 by the values that the table is for alone. Source: PS3.3 C.11.2.1.1.
    """
    if table.first < _SIGN or _span(image)[0] >= 0:
        return table
    return replace(table, first=table.first - 2 * _SIGN)


def _through(look: Window | VoiLut, table: LookupTable, image: SliceImage) -> VoiLut:
    """
    Return one table that does both: the VOI, and the presentation LUT behind it.

    Its entries are for the values that the image can have; where these are more than a table holds they lie so close
    that none is further than 1/65535 of the window from its own.
    """
    if isinstance(look, VoiLut):
        first, step, count = look.first_value, look.step, len(look.entries)
        levels = voi_lut(first + step * np.arange(count), look)
    else:
        first, step, count = _grid(look, len(table.values), image)
        levels = voi(first + step * np.arange(count), look)
    index = np.rint(levels / 255.0 * (len(table.values) - 1)).astype(np.intp)
    scaled = table.values[index].astype(np.float64) * ((2**_TABLE_BITS - 1) / (2**table.bits - 1))
    return VoiLut(first, np.rint(scaled).astype(np.uint16), _TABLE_BITS, step)


def _grid(window: Window, entries: int, image: SliceImage) -> tuple[float, float, int]:
    """Return the first value, the step and the number of values at which a window is looked at, its ends included."""
    origin, step = _lattice(image)
    reach = _reach(window, entries)
    low, high = _within(window.centre - reach, window.centre + reach, image.full_scale)
    if step is None or (high - low) / step > _MOST_STEPS:
        low, high = _within(low, high, image.value_range)
    if step is None or (high - low) / step > _MOST_STEPS:
        return low, max(high - low, _LEAST) / _MOST_STEPS, _MOST_STEPS + 1
    first, last = math.floor((low - origin) / step), math.ceil((high - origin) / step)
    return origin + first * step, step, last - first + 1


def _lattice(image: SliceImage) -> tuple[float, float | None]:
    """Return one value and the step between those that an image can have; no step where it holds any numbers."""
    if image.pixels.dtype.kind != "f":
        return 0.0, 1.0
    if image.rescale is None or image.stored_range is None or image.rescale[0] == 0:
        return 0.0, None
    slope, intercept = image.rescale
    return intercept, abs(slope)


def _within(low: float, high: float, span: tuple[float, float] | None) -> tuple[float, float]:
    """Return the part of a range that lies in a span; one of its ends where none does."""
    if span is None:
        return low, high
    return min(max(low, span[0]), span[1]), max(min(high, span[1]), span[0])


def _reach(window: Window, entries: int) -> float:
    """Return how far from the centre a window comes to the first and last of so many entries."""
    if window.function is VoiFunction.SIGMOID:
        # 1 / (1 + exp(-4 d / width)) is within half an entry of its end from here on
        return window.width * math.log(2 * max(entries, 2)) / 4
    return window.width / 2


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
