"""
Annotations as measurement groups of TID 1500: standard items for everyone, ours without loss beside them.

*Source:* PS3.16 TID 1501, 1410, 1411, 300; PS3.3 C.18.6 (SCOORD), C.18.9 (SCOORD3D).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from workstation.dicom.sr import codes as code
from workstation.dicom.sr.annotation_codes import (
    AS_DRAWN,
    BASES,
    DERIVATIONS,
    KINDS,
    METHOD,
    OBSERVER_NAME,
    PIXEL_COUNT,
    SOURCE_OF_MEASUREMENT,
    measure_code,
    threshold_code,
    unit_code,
)
from workstation.dicom.sr.common import (
    UNITLESS,
    code_dataset,
    coded,
    container,
    number,
    person_name,
    scoord3d,
    sphere,
    text,
    uid_reference,
)
from workstation.dicom.sr.nodule_segments import SEGMENTATION, SegmentRef
from workstation.dicom.sr.unnamed_frame import written_frame
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.annotation_json import as_dict
from workstation.domain.geometry import Point
from workstation.domain.template import Code

SESSION: Final = "Reader"
_REGIONS: Final = frozenset({AnnotationKind.ELLIPSE, AnnotationKind.RECTANGLE, AnnotationKind.FREEHAND})
_VOLUMES: Final = frozenset({AnnotationKind.SPHERE, AnnotationKind.NODULE})
_PIXEL_CENTRE: Final = 0.5
"""SCOORD counts from the outer corner of the first pixel (PS3.3 C.18.6.1.1), we from its centre."""

_SQUARE: Final = 1e-6
"""Axes whose pixels and millimetres agree in their relation by this share were measured on square pixels."""

Drawn = tuple[str, Sequence[Sequence[float]]]
"""Graphic Type and its points, in mm or in (column, row)."""


def annotation_group(item: Annotation, sop_classes: Mapping[str, str], segment: SegmentRef | None = None) -> Dataset:
    """
    Return one measurement group. ``sop_classes`` maps SOP Instance UIDs of the study to their class.

    A nodule that has a ``segment`` refers to it instead of repeating its outlines (TID 1411 allows one of both).

    Raises ValueError for a reference to an image outside the study.
    """
    context = "HAS OBS CONTEXT"
    children = [
        text(code.SESSION, SESSION, relationship=context),
        text(code.TRACKING_ID, item.kind.value, relationship=context),
        uid_reference(code.TRACKING_UID, item.tracking_uid, relationship=context),
        coded(code.FINDING, KINDS[item.kind]),
    ]
    if item.author:
        children.insert(3, person_name(OBSERVER_NAME, item.author))
    if item.referenced_sop_instance_uid and item.points_lps_mm:
        children.append(_image(item, sop_classes, "CONTAINS"))
    children += _region(item, sop_classes) if segment is None else _segmented(item, segment)
    # who reads codes alone takes a peak for that of the region, which this one is not: AS_DRAWN alone keeps it
    coded_ones = (measure for measure in item.measures if not measure.without_maximum)
    children += [_measured(item, measure, sop_classes) for measure in coded_ones]
    children += _statistics(item)
    if item.text:
        children.append(text(code.COMMENT, item.text))
    children.append(text(AS_DRAWN, json.dumps(as_dict(item), ensure_ascii=False, allow_nan=False)))
    template = "1410" if item.kind in _REGIONS else "1411" if item.kind in _VOLUMES else "1501"
    group = container(code.GROUP, children, template=template)
    group.ObservationDateTime = item.created_at.strftime("%Y%m%d%H%M%S.%f%z")
    return group


def _region(item: Annotation, sop_classes: Mapping[str, str]) -> Iterable[Dataset]:
    """Return what a group outlines by itself, apart from the paths its numbers are inferred from."""
    points = item.points_lps_mm or item.points_px
    match item.kind:
        case AnnotationKind.ELLIPSE:
            yield _drawn(item, ("ELLIPSE", _ellipse_ends(points)), code.IMAGE_REGION, "CONTAINS", sop_classes)
        case AnnotationKind.RECTANGLE | AnnotationKind.FREEHAND:
            yield _drawn(item, (_outline(item), [*points, points[0]]), code.IMAGE_REGION, "CONTAINS", sop_classes)
        case AnnotationKind.ARROW:
            yield _drawn(item, ("POLYLINE", points), code.PATH, "CONTAINS", sop_classes)
        case AnnotationKind.TEXT:
            yield _drawn(item, ("POINT", points), code.PATH, "CONTAINS", sop_classes)
        case AnnotationKind.SPHERE if item.points_lps_mm:
            centre, rim = item.points_lps_mm
            ends = sphere(centre, 2 * float(np.linalg.norm(np.subtract(rim, centre))))
            yield _drawn(item, ("ELLIPSOID", ends), code.VOLUME_SURFACE, "CONTAINS", sop_classes)
        case AnnotationKind.NODULE if item.series_instance_uid and item.points_lps_mm:
            for outline in item.contours_lps_mm:
                yield _drawn(item, ("POLYGON", [*outline, outline[0]]), code.VOLUME_SURFACE, "CONTAINS", sop_classes)
        case _:
            return
    if item.kind in _VOLUMES and item.series_instance_uid:
        yield uid_reference(code.SOURCE_SERIES, item.series_instance_uid)


def _segmented(item: Annotation, segment: SegmentRef) -> Iterable[Dataset]:
    reference = Dataset()
    reference.ReferencedSOPClassUID = SEGMENTATION
    reference.ReferencedSOPInstanceUID = segment.sop_instance_uid
    reference.ReferencedSegmentNumber = segment.number
    image = Dataset()
    image.RelationshipType = "CONTAINS"
    image.ValueType = "IMAGE"
    image.ConceptNameCodeSequence = DicomSequence([code_dataset(code.REFERENCED_SEGMENT)])
    image.ReferencedSOPSequence = DicomSequence([reference])
    yield image
    yield uid_reference(code.SOURCE_SERIES, item.series_instance_uid)


def _measured(item: Annotation, measure: Measure, sop_classes: Mapping[str, str]) -> Dataset:
    paths = [_drawn(item, drawn, code.PATH, "INFERRED FROM", sop_classes) for drawn in _paths(item, measure.name)]
    unit = measure.unit
    basis = BASES.get(item.basis) if item.basis is not None and unit in {"mm", "mm2"} else None
    how = [coded(METHOD, basis, relationship="HAS CONCEPT MOD")] if basis is not None else []
    if measure.threshold is not None:
        how.append(coded(METHOD, threshold_code(measure.threshold), relationship="HAS CONCEPT MOD"))
    if measure.name in DERIVATIONS:
        how.append(coded(code.DERIVATION, DERIVATIONS[measure.name], relationship="HAS CONCEPT MOD"))
    return number(measure_code(measure.name, item.kind, unit), measure.value, unit_code(unit), children=[*how, *paths])


def _paths(item: Annotation, name: MeasureName) -> list[Drawn]:
    """Return the lines a number was taken along."""
    points = item.points_lps_mm or item.points_px
    match item.kind, name:
        case (AnnotationKind.LENGTH, MeasureName.LENGTH) | (AnnotationKind.ANGLE, MeasureName.ANGLE):
            return [("POLYLINE", points)]
        case AnnotationKind.PROBE, MeasureName.VALUE:
            return [("POINT", points)]
        case AnnotationKind.COBB | AnnotationKind.LINES, MeasureName.ANGLE:
            return [("POLYLINE", points[:2]), ("POLYLINE", points[2:])]
        case AnnotationKind.BIDIRECTIONAL | AnnotationKind.NODULE, MeasureName.LONG_AXIS | MeasureName.SHORT_AXIS:
            return [("POLYLINE", _axes(item)[name is MeasureName.SHORT_AXIS])]
        case AnnotationKind.CARDIOTHORACIC, MeasureName.HEART_WIDTH | MeasureName.CHEST_WIDTH:
            return [("POLYLINE", points[:2] if name is MeasureName.HEART_WIDTH else points[2:])]
        case _:
            return []


def _axes(item: Annotation) -> tuple[Sequence[Sequence[float]], Sequence[Sequence[float]]]:
    """
    Return the ends of the long and of the short axis, as they are kept.

    Drafts from before the longer one was always kept first may hold the other first. In (column, row) that shows
    where pixels are square only: the axes then are to each other as their pixels are.
    """
    points = item.points_lps_mm or item.points_px
    first, second = points[:2], points[2:]
    one, other = math.dist(*first), math.dist(*second)
    if item.points_lps_mm:
        return (first, second) if one >= other else (second, first)
    long, short = item.measure(MeasureName.LONG_AXIS), item.measure(MeasureName.SHORT_AXIS)
    is_turned = (
        one < other
        and long is not None
        and short is not None
        and math.isclose(one * long.value, other * short.value, rel_tol=_SQUARE)
    )
    return (second, first) if is_turned else (first, second)


def _statistics(item: Annotation) -> Iterable[Dataset]:
    found = item.statistics
    if found is None:
        return
    name, unit = code.quantity_name(found.unit), unit_code(found.unit)
    rows = (
        (code.MEAN, found.mean),
        (code.STANDARD_DEVIATION, found.standard_deviation),
        (code.MINIMUM, found.minimum),
        (code.MAXIMUM, found.maximum),
    )
    for derivation, value in rows:
        how = coded(code.DERIVATION, derivation, relationship="HAS CONCEPT MOD")
        yield number(name, value, unit, children=[how])
    yield number(PIXEL_COUNT, found.count, UNITLESS)


def _drawn(item: Annotation, drawn: Drawn, name: Code, relationship: str, sop_classes: Mapping[str, str]) -> Dataset:
    graphic, points = drawn
    if item.points_lps_mm:
        placed: list[Point] = [(float(p[0]), float(p[1]), float(p[2])) for p in points]
        frame = written_frame(item.frame_of_reference_uid, item.series_instance_uid)
        return scoord3d(name, graphic, placed, frame, relationship=relationship)
    flat = Dataset()
    flat.RelationshipType = relationship
    flat.ValueType = "SCOORD"
    flat.ConceptNameCodeSequence = DicomSequence([code_dataset(name)])
    flat.GraphicType = graphic
    flat.GraphicData = [value + _PIXEL_CENTRE for point in points for value in point]
    flat.ContentSequence = DicomSequence([_image(item, sop_classes, "SELECTED FROM")])
    return flat


def _image(item: Annotation, sop_classes: Mapping[str, str], relationship: str) -> Dataset:
    uid = item.referenced_sop_instance_uid
    if uid not in sop_classes:
        raise ValueError("an annotation refers to an image of its own study")
    reference = Dataset()
    reference.ReferencedSOPClassUID = sop_classes[uid]
    reference.ReferencedSOPInstanceUID = uid
    if item.referenced_frame is not None:
        reference.ReferencedFrameNumber = item.referenced_frame
    image = Dataset()
    image.RelationshipType = relationship
    image.ValueType = "IMAGE"
    if relationship == "CONTAINS":
        image.ConceptNameCodeSequence = DicomSequence([code_dataset(SOURCE_OF_MEASUREMENT)])
    image.ReferencedSOPSequence = DicomSequence([reference])
    return image


def _outline(item: Annotation) -> str:
    """A closed outline is a POLYGON in space and a POLYLINE that ends where it begins on an image."""
    return "POLYGON" if item.points_lps_mm else "POLYLINE"


def _ellipse_ends(points: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return both ends of the major, then of the minor axis, as Graphic Type ELLIPSE wants them."""
    centre, *ends = (np.asarray(point, dtype=np.float64) for point in points)
    ends.sort(key=lambda end: -float(np.linalg.norm(end - centre)))
    return [[float(value) for value in point] for end in ends for point in (2 * centre - end, end)]
