"""
Annotations as the graphics of a softcopy presentation state: shapes in pixels of one image, and words.

*Source:* PS3.3 C.10.5. Graphic Data counts from the outer corner of the first pixel and holds 32-bit floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from workstation.dicom.sr.storable import storable_text
from workstation.domain.annotation import Annotation, AnnotationKind, Measure
from workstation.domain.geometry import Point
from workstation.domain.marked_images import MarkedImage

Pixel = tuple[float, float]
FloatArray = npt.NDArray[np.float64]
LAYER: Final = "READER"
_CORNER: Final = 0.5
_STEPS: Final = 72
_LONGEST_TEXT: Final = 1024
_ARROW_PX: Final = 8.0
_ARROW_ANGLE: Final = math.radians(25)
_UNITS: Final = {"mm2": "mm²", "mm3": "mm³", "px2": "px²", "deg": "°", "1": ""}
_ISOTROPIC: Final = 1e-6


def graphic_annotation(annotations: Sequence[Annotation], image: MarkedImage, reference: Dataset) -> Dataset | None:
    """Return the item that draws annotations on one image; None where nothing of them lies there."""
    placed = [one for one in annotations if one.points_px or image.plane is not None]
    shapes = [shape for one in placed for shape in _shapes(one, image)]
    texts = [found for one in placed if (found := _text(one, image)) is not None]
    if not shapes and not texts:
        return None
    item = Dataset()
    item.ReferencedImageSequence = DicomSequence([reference])
    item.GraphicLayer = LAYER
    if texts:
        item.TextObjectSequence = DicomSequence(texts)
    if shapes:
        item.GraphicObjectSequence = DicomSequence(shapes)
    return item


def words(annotation: Annotation) -> str:
    """Return what stands beside an annotation: its text, its numbers with units, what millimetres are based on."""
    basis = "" if annotation.basis is None else annotation.basis.text
    # a number without a name is taken for what such a region usually has: a peak of less than the region is none
    told = [_number(one) for one in annotation.measures if not one.without_maximum]
    return "\r\n".join([part for part in (annotation.text, *told, basis) if part])


def _number(measure: Measure) -> str:
    digits = 2 if measure.unit == "1" else 1
    unit = _UNITS.get(measure.unit, measure.unit)
    return f"{measure.value:.{digits}f}{'' if unit == '°' else ' '}{unit}".rstrip()


def _shapes(item: Annotation, image: MarkedImage) -> Iterator[Dataset]:
    points = _pixels(item.points_lps_mm, image) if item.points_lps_mm else list(item.points_px)
    if item.kind is AnnotationKind.ELLIPSE:
        yield _ellipse(points, image)
    elif item.kind is AnnotationKind.SPHERE:
        yield _great_circle(item, points, image)
    elif item.kind is AnnotationKind.PROBE:
        yield _shape("POINT", points)
    else:
        for line in _lines(item, points, image):
            yield _shape("POLYLINE", line)


def _lines(item: Annotation, points: list[Pixel], image: MarkedImage) -> Iterator[list[Pixel]]:
    match item.kind:
        case AnnotationKind.LENGTH | AnnotationKind.ANGLE:
            yield points
        case AnnotationKind.ARROW:
            yield points[::-1]
            yield _arrow_head(*points)
        case AnnotationKind.BIDIRECTIONAL | AnnotationKind.COBB | AnnotationKind.LINES | AnnotationKind.CARDIOTHORACIC:
            yield from (points[:2], points[2:])
        case AnnotationKind.RECTANGLE | AnnotationKind.FREEHAND:
            yield _closed(points)
        case AnnotationKind.NODULE:
            if image.holds(item.points_lps_mm):
                yield from (points[:2], points[2:])
            yield from (_closed(_pixels(ring, image)) for ring in item.contours_lps_mm if image.holds(ring))
        case _:
            return  # a text is words alone


def _text(item: Annotation, image: MarkedImage) -> Dataset | None:
    said = storable_text(words(item))[:_LONGEST_TEXT]
    if not said or (item.kind is AnnotationKind.NODULE and not image.holds(item.points_lps_mm)):
        return None
    anchor = _pixels(item.points_lps_mm, image)[0] if item.points_lps_mm else item.points_px[0]
    found = Dataset()
    found.AnchorPointAnnotationUnits = "PIXEL"
    found.UnformattedTextValue = said
    found.AnchorPoint = [anchor[0] + _CORNER, anchor[1] + _CORNER]
    found.AnchorPointVisibility = "N"
    return found


def _shape(kind: str, points: Sequence[Pixel]) -> Dataset:
    found = Dataset()
    found.GraphicAnnotationUnits = "PIXEL"
    found.GraphicDimensions = 2
    found.NumberOfGraphicPoints = len(points)
    found.GraphicData = [value + _CORNER for point in points for value in point]
    found.GraphicType = kind
    closed = kind in {"CIRCLE", "ELLIPSE"} or (kind == "POLYLINE" and len(points) > 2 and points[0] == points[-1])
    if closed:
        found.GraphicFilled = "N"
    return found


def _ellipse(points: Sequence[Pixel], image: MarkedImage) -> Dataset:
    centre, *ends = (np.array(point) for point in points)
    if _is_isotropic(image):
        ends.sort(key=lambda end: -float(np.linalg.norm(end - centre)))
        return _shape("ELLIPSE", [_pair(point) for end in ends for point in (2 * centre - end, end)])
    return _shape("POLYLINE", _round(centre, ends[0] - centre, ends[1] - centre))


def _great_circle(item: Annotation, points: Sequence[Pixel], image: MarkedImage) -> Dataset:
    """Return the circle in which the slice through its centre cuts a sphere."""
    centre, rim = np.array(points[0]), np.array(points[1])
    if image.plane is None or not item.points_lps_mm:
        return _shape("CIRCLE", [_pair(centre), _pair(rim)])
    radius_mm = math.dist(*item.points_lps_mm)
    across, down = (
        np.array(axis) * radius_mm / step for axis, step in zip(np.eye(2), image.plane.spacing_mm, strict=True)
    )
    if _is_isotropic(image):
        return _shape("CIRCLE", [_pair(centre), _pair(centre + across)])
    return _shape("POLYLINE", _round(centre, across, down))


def _round(centre: FloatArray, one: FloatArray, other: FloatArray) -> list[Pixel]:
    angles = [2 * math.pi * step / _STEPS for step in range(_STEPS)]
    return _closed([_pair(centre + math.cos(a) * one + math.sin(a) * other) for a in angles])


def _arrow_head(tip: Pixel, tail: Pixel) -> list[Pixel]:
    back = math.atan2(tail[1] - tip[1], tail[0] - tip[0])
    ends = [
        (tip[0] + _ARROW_PX * math.cos(back + turn), tip[1] + _ARROW_PX * math.sin(back + turn))
        for turn in (-_ARROW_ANGLE, _ARROW_ANGLE)
    ]
    return [ends[0], tip, ends[1]]


def _pixels(points: Sequence[Point], image: MarkedImage) -> list[Pixel]:
    if image.plane is None:
        raise ValueError("points in the patient need an image with a place")
    return [image.plane.pixel_of(point) for point in points]


def _closed(points: Sequence[Pixel]) -> list[Pixel]:
    return [*points, points[0]]


def _pair(point: FloatArray) -> Pixel:
    return float(point[0]), float(point[1])


def _is_isotropic(image: MarkedImage) -> bool:
    if image.plane is None:
        return True
    across, down = image.plane.spacing_mm
    return abs(across - down) <= _ISOTROPIC * across
