"""Annotations as drawn on one displayed slice: lines, handles and words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from resources.translation import tr
from viewers.scene.overlay import Calliper, PixelPoint, pixel_number, signed
from viewers.scene.slice_view import SliceView
from workstation.domain.annotation import (
    PARTIAL_STATISTICS,
    Annotation,
    AnnotationKind,
    Measure,
    MeasureName,
    Statistics,
)
from workstation.domain.geometry import ImagePlane, Point, distance_mm
from workstation.domain.mark import WIDER_COUNTS_MM

_ELLIPSE_STEPS: Final = 72
_RIGHT_DEG: Final = 90.0
_ARROW_PX: Final = 10.0
_ARROW_ANGLE: Final = math.radians(25)
_CUT_PX: Final = 5.0
_TWO_LINES: Final = frozenset(
    {
        AnnotationKind.BIDIRECTIONAL,
        AnnotationKind.COBB,
        AnnotationKind.LINES,
        AnnotationKind.CARDIOTHORACIC,
        AnnotationKind.NODULE,
    }
)
_FIXED: Final = frozenset({AnnotationKind.FREEHAND, AnnotationKind.NODULE})
"""Shapes with too many points for handles, or whose numbers were not taken from their handles."""
_SHOWN_UNITS: Final[Mapping[str, tuple[int | None, str]]] = MappingProxyType(
    {
        "mm": (1, " mm"),
        "px": (1, " px"),
        "mm2": (1, " mm²"),
        "px2": (0, " px²"),
        "mm3": (0, " mm³"),
        "deg": (1, "°"),
        "1": (2, ""),
    }
)
"""Digits after the point and how a unit is written; other units are those of the pixels."""
_VALUES: Final = frozenset({MeasureName.VALUE, *PARTIAL_STATISTICS})
_PIXELS: Final = frozenset({"px", "px2"})
Line = tuple[PixelPoint, ...]


def calliper(annotation: Annotation, view: SliceView, *, selected: bool = False) -> Calliper:
    """Return an annotation that lies on the displayed slice."""
    points = [_placed(point, view) for point in annotation.points_lps_mm or annotation.points_px]
    outline, *others = _lines(annotation, points, view)
    return Calliper(
        annotation.uid, outline, _handles(annotation.kind, points), words(annotation), selected, tuple(others)
    )


def cut_calliper(
    annotation: Annotation, view: SliceView, half_step_mm: float, *, selected: bool = False
) -> Calliper | None:
    """Return what the displayed plane cuts of an annotation that lies on another one; None where it misses it."""
    plane = view.plane
    if plane is None or not annotation.points_lps_mm:
        return None
    lines: list[Line] = []
    if annotation.kind is AnnotationKind.SPHERE:
        lines = _sphere_cut(annotation.points_lps_mm, view, plane)
    else:
        for ring in _rings(annotation):
            lines += _ring_cut(ring, view, plane, half_step_mm)
        for line in () if annotation.contours_lps_mm else _open_lines(annotation):
            lines += [_cross(_crossing(first, second, plane), view) for first, second in _crossed(line, plane)]
    if not lines:
        return None
    # a nodule and a sphere were measured in space: their numbers hold on every slice through them
    is_solid = bool(annotation.contours_lps_mm) or annotation.kind is AnnotationKind.SPHERE
    said = words(annotation) if is_solid else ()
    return Calliper(annotation.uid, lines[0], (), said, selected, tuple(lines[1:]))


def has_values(annotation: Annotation) -> bool:
    """Tell whether pixel values were read under an annotation, beside what was measured of its shape."""
    if annotation.kind is AnnotationKind.NODULE:
        return False
    told = {one.name for one in annotation.measures}
    return annotation.statistics is not None or not told.isdisjoint(_VALUES)


def words_elsewhere(annotation: Annotation) -> tuple[str, ...]:
    """Return the words beside an annotation on another series: its shape is the same there, the values are not."""
    shape = tuple(one for one in annotation.measures if one.name not in _VALUES)
    return (*words(replace(annotation, measures=shape, statistics=None)), tr("Values of another series"))


def words(annotation: Annotation) -> tuple[str, ...]:
    """Return the words beside an annotation, one string per line."""
    lines = [annotation.text] if annotation.text else []
    if annotation.statistics is not None and annotation.kind is not AnnotationKind.NODULE:
        lines += _statistics_lines(annotation.statistics)
    lines += _partial_lines(annotation)
    lines += _number_lines(annotation)
    basis = "" if annotation.basis is None else annotation.basis.text
    if any(one.unit in _PIXELS for one in annotation.measures):
        basis = tr("not calibrated")  # a number of pixels must not be taken for millimetres
    return (*lines, basis) if basis else tuple(lines)


def value_words(measure: Measure) -> str:
    """Return a number with its unit as the reader sees it."""
    digits, unit = _SHOWN_UNITS.get(measure.unit, (None, f" {measure.unit}"))
    number = _number(measure.value) if digits is None else signed(measure.value, digits)
    return f"{number}{unit}".rstrip()


def _number_lines(annotation: Annotation) -> list[str]:
    def said(name: MeasureName) -> str:
        found = annotation.measure(name)
        return "" if found is None else value_words(found)

    lines: list[str] = []
    shape = [one for one in annotation.measures if one.name not in PARTIAL_STATISTICS]
    if not shape:
        return lines
    match annotation.kind:
        case AnnotationKind.BIDIRECTIONAL | AnnotationKind.NODULE:
            lines = [f"{said(MeasureName.LONG_AXIS)} × {said(MeasureName.SHORT_AXIS)}"]
            lines += [*_volume_lines(annotation), *_outline_doubt(annotation)]
            if annotation.measure(MeasureName.SOLID_LONG_AXIS) is not None:
                lines.append(tr("Solid part {value}", value=said(MeasureName.SOLID_LONG_AXIS)))
        case AnnotationKind.ELLIPSE | AnnotationKind.RECTANGLE | AnnotationKind.FREEHAND:
            lines = [tr("Area {area}", area=said(MeasureName.AREA))]
        case AnnotationKind.SPHERE:
            lines = [f"⌀ {said(MeasureName.DIAMETER)}", *_volume_lines(annotation)]
        case AnnotationKind.COBB:
            lines = [f"Cobb {said(MeasureName.ANGLE)}", *_between_lines(annotation)]
        case AnnotationKind.LINES:
            lines = [tr("{angle} between the lines", angle=said(MeasureName.ANGLE))]
        case AnnotationKind.CARDIOTHORACIC:
            widths = f"{said(MeasureName.HEART_WIDTH)} / {said(MeasureName.CHEST_WIDTH)}"
            lines = [tr("CTR {ratio}", ratio=said(MeasureName.RATIO)), widths]
        case _:
            lines = [value_words(measure) for measure in shape]
    return lines


def _between_lines(annotation: Annotation) -> list[str]:
    """Return the smaller angle of a Cobb angle above 90 degrees: tangents of a mild curve look the same."""
    found = annotation.measure(MeasureName.ANGLE)
    if found is None or found.value <= _RIGHT_DEG:
        return []
    return [tr("{angle} between the lines", angle=value_words(replace(found, value=180 - found.value)))]


def _volume_lines(annotation: Annotation) -> list[str]:
    found = annotation.measure(MeasureName.VOLUME)
    return [] if found is None else [tr("Volume {value}", value=value_words(found))]


def _outline_doubt(annotation: Annotation) -> list[str]:
    """Return that a small nodule that the tool outlined is measured wider than its edge is; axes by hand are not."""
    found = annotation.measure(MeasureName.EQUIVALENT_DIAMETER)
    if annotation.kind is not AnnotationKind.NODULE or found is None or found.value >= WIDER_COUNTS_MM:
        return []
    return [tr("Outline as readers draw: about +1 mm")]


def _statistics_lines(found: Statistics) -> list[str]:
    return [
        tr(
            "Mean {mean} SD {sd} {unit}",
            mean=_number(found.mean),
            sd=_number(found.standard_deviation),
            unit=found.unit,
        ).rstrip(),
        tr("Min {low} Max {high}", low=_number(found.minimum), high=_number(found.maximum)),
    ]


def _partial_lines(annotation: Annotation) -> list[str]:
    """Return what another system tells of the values in a region, where it does not tell all four."""
    names = {
        MeasureName.MEAN: tr("Mean"),
        MeasureName.DEVIATION: tr("SD"),
        MeasureName.MINIMUM: tr("Minimum"),
        MeasureName.MAXIMUM: tr("Maximum"),
    }
    told = [(name, annotation.measure(name)) for name in PARTIAL_STATISTICS]
    return [f"{names[name]} {value_words(found)}" for name, found in told if found is not None]


def _number(value: float) -> str:
    return signed(value) if abs(value) >= 100 else pixel_number(value)


def _placed(point: Point | PixelPoint, view: SliceView) -> PixelPoint:
    return view.viewport_of(point) if len(point) == 3 else view.transform.apply(*point)


def _lines(annotation: Annotation, points: Sequence[PixelPoint], view: SliceView) -> list[Line]:
    match annotation.kind:
        case AnnotationKind.ELLIPSE:
            return [_ellipse(points[0], points[1], points[2])]
        case AnnotationKind.RECTANGLE | AnnotationKind.FREEHAND:
            return [(*points, points[0])]
        case AnnotationKind.SPHERE:
            radius = math.dist(points[0], points[1])
            x, y = points[0]
            return [_ellipse((x, y), (x + radius, y), (x, y + radius))]
        case AnnotationKind.ARROW:
            return [(points[1], points[0]), _head(points[0], points[1])]
        case kind if kind in _TWO_LINES:
            lines = [tuple(points[:2]), tuple(points[2:])]
            return lines + _contours_here(annotation, view)
        case _:
            return [tuple(points)]


def _contours_here(annotation: Annotation, view: SliceView) -> list[Line]:
    plane = view.plane
    if plane is None or not annotation.contours_lps_mm:
        return []
    depth = abs(plane.distance_mm(annotation.points_lps_mm[0])) + 0.1
    return [
        tuple(view.viewport_of(point) for point in (*ring, ring[0]))
        for ring in annotation.contours_lps_mm
        if all(abs(plane.distance_mm(point)) <= depth for point in ring)
    ]


def _handles(kind: AnnotationKind, points: Sequence[PixelPoint]) -> Line:
    if kind is AnnotationKind.ELLIPSE:
        return points[1], points[2], _mirrored(points[0], points[1]), _mirrored(points[0], points[2])
    if kind is AnnotationKind.SPHERE:
        return (points[1],)
    return () if kind in _FIXED else tuple(points)


def _rings(annotation: Annotation) -> Iterable[Sequence[Point]]:
    """Return the closed outlines in the patient."""
    points = annotation.points_lps_mm
    if annotation.contours_lps_mm:
        return annotation.contours_lps_mm
    if annotation.kind in {AnnotationKind.RECTANGLE, AnnotationKind.FREEHAND}:
        return (points,)
    if annotation.kind is AnnotationKind.ELLIPSE:
        centre, first, second = points
        turns = [2 * math.pi * step / _ELLIPSE_STEPS for step in range(_ELLIPSE_STEPS)]
        return (tuple(_around(centre, first, second, turn) for turn in turns),)
    return ()


def _open_lines(annotation: Annotation) -> Iterable[Sequence[Point]]:
    points = annotation.points_lps_mm
    if annotation.kind in _TWO_LINES:
        return points[:2], points[2:]
    return (points,) if annotation.kind in {AnnotationKind.LENGTH, AnnotationKind.ANGLE, AnnotationKind.ARROW} else ()


def _ring_cut(ring: Sequence[Point], view: SliceView, plane: ImagePlane, half_step_mm: float) -> list[Line]:
    """Return a ring that lies in the plane whole, else the lines from where the plane enters it to where it leaves."""
    away = [plane.distance_mm(point) for point in ring]
    if all(-half_step_mm < one <= half_step_mm for one in away):
        return [tuple(view.viewport_of(point) for point in (*ring, ring[0]))]
    crossings = [view.viewport_of(_crossing(a, b, plane)) for a, b in _crossed((*ring, ring[0]), plane)]
    crossings.sort()
    return [(first, second) for first, second in zip(crossings[::2], crossings[1::2], strict=False)]


def _crossed(line: Sequence[Point], plane: ImagePlane) -> list[tuple[Point, Point]]:
    return [(a, b) for a, b in pairwise(line) if (plane.distance_mm(a) < 0) != (plane.distance_mm(b) < 0)]


def _crossing(first: Point, second: Point, plane: ImagePlane) -> Point:
    before, after = plane.distance_mm(first), plane.distance_mm(second)
    share = before / (before - after)
    x, y, z = (a + share * (b - a) for a, b in zip(first, second, strict=True))
    return x, y, z


def _cross(point: Point, view: SliceView) -> Line:
    x, y = view.viewport_of(point)
    return (
        (x - _CUT_PX, y - _CUT_PX),
        (x + _CUT_PX, y + _CUT_PX),
        (x, y),
        (x - _CUT_PX, y + _CUT_PX),
        (
            x + _CUT_PX,
            y - _CUT_PX,
        ),
    )


def _sphere_cut(points: Sequence[Point], view: SliceView, plane: ImagePlane) -> list[Line]:
    radius, away = distance_mm(points[0], points[1]), plane.distance_mm(points[0])
    if abs(away) >= radius:
        return []
    x, y = view.viewport_of(points[0])
    shown = math.sqrt(radius**2 - away**2) * (view.px_per_mm or 1.0)
    return [_ellipse((x, y), (x + shown, y), (x, y + shown))]


def _around(centre: Point, first: Point, second: Point, turn: float) -> Point:
    cos, sin = math.cos(turn), math.sin(turn)
    x, y, z = (c + cos * (f - c) + sin * (s - c) for c, f, s in zip(centre, first, second, strict=True))
    return x, y, z


def _ellipse(centre: PixelPoint, first: PixelPoint, second: PixelPoint) -> Line:
    x, y = centre
    turns = (2 * math.pi * step / _ELLIPSE_STEPS for step in range(_ELLIPSE_STEPS + 1))
    return tuple(
        (
            x + math.cos(t) * (first[0] - x) + math.sin(t) * (second[0] - x),
            y + math.cos(t) * (first[1] - y) + math.sin(t) * (second[1] - y),
        )
        for t in turns
    )


def _head(tip: PixelPoint, tail: PixelPoint) -> Line:
    way = math.atan2(tail[1] - tip[1], tail[0] - tip[0])
    first, second = (
        (tip[0] + _ARROW_PX * math.cos(way + turn), tip[1] + _ARROW_PX * math.sin(way + turn))
        for turn in (-_ARROW_ANGLE, _ARROW_ANGLE)
    )
    return first, tip, second


def _mirrored(centre: PixelPoint, point: PixelPoint) -> PixelPoint:
    return 2 * centre[0] - point[0], 2 * centre[1] - point[1]
