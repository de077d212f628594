"""
Annotations out of measurement reports: ours exactly, other systems' as far as they can be drawn.

Lenient in: what has no position, no known shape or an unusable number is left out, never guessed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.valuerep import DT

from resources.translation import tr
from workstation.dicom.coded_value import code_value
from workstation.dicom.sr import codes as code
from workstation.dicom.sr.annotation_codes import (
    AS_DRAWN,
    OBSERVER_NAME,
    threshold_code,
)
from workstation.dicom.sr.cad_items import is_hidden, resolve_images
from workstation.dicom.sr.common import read_part10, uid_from
from workstation.dicom.sr.group_numbers import measures_of, numbers_of
from workstation.dicom.sr.unnamed_frame import read_frame
from workstation.domain.annotation import (
    IN_STATISTICS,
    Annotation,
    AnnotationKind,
    AnnotationList,
    Measure,
    MeasureName,
)
from workstation.domain.annotation_json import from_dict
from workstation.domain.errors import DecodeError

_AGREES_MM: Final = 1e-3
"""SCOORD3D keeps 32-bit floats; what differs by more was changed by somebody."""
_MOST_FRAMES: Final = 10_000
"""No film is longer; a mark is drawn anew on each of its frames."""
_ROUND: Final = 0.05
"""Axes of an ellipsoid that differ by less than this share make a sphere."""


@dataclass(frozen=True, slots=True)
class ReadMarks:
    """
    What an SR has drawn.

    ``left_out`` counts the shapes of kinds that are not drawn here, and the impossible; ``hidden`` the marks that
    their maker says are not for presentation; ``untold`` the numbers of drawn marks of kinds or in units that are not
    shown here.
    """

    annotations: AnnotationList
    left_out: int = 0
    hidden: int = 0
    untold: int = 0


def read_annotations(part10: bytes) -> AnnotationList:
    """Return the annotations of ``read_drawn`` alone. Raises as it does."""
    return read_drawn(part10).annotations


def read_drawn(part10: bytes) -> ReadMarks:
    """
    Read every drawable annotation of an SR, in measurement groups (TID 1500) and beside them.

    Raises HostileInput: unreadable. DecodeError: not a structured report.
    """
    ds = read_part10(part10)
    if ds.get("ValueType") != "CONTAINER" or not ds.get("StudyInstanceUID"):
        raise DecodeError(tr("This object is not a structured report"))
    origin, left_out, hidden, untold = str(ds.get("SOPInstanceUID", "")), 0, 0, 0
    found: dict[str, Annotation] = {}
    resolve_images(ds)
    for group, is_shown in _groups(ds):
        annotations, missed = _annotations(group, ds, origin)
        if not is_shown:
            hidden += len(annotations) + missed
            continue
        left_out += missed
        if any(one.origin for one in annotations):
            untold += numbers_of(group).unread
        for annotation in annotations:
            found.setdefault(annotation.uid, annotation)
    return ReadMarks(AnnotationList(str(ds.StudyInstanceUID), tuple(found.values())), left_out, hidden, untold)


_DRAWN: Final = frozenset({"SCOORD", "SCOORD3D"})
_KINDS: Final = {("POLYLINE", 2): AnnotationKind.LENGTH, ("POLYLINE", 3): AnnotationKind.ANGLE}


@dataclass(frozen=True, slots=True)
class _Shape:
    """A drawn shape of either kind; ``points`` have three coordinates in the patient, two on an image."""

    graphic: str
    points: tuple[tuple[float, ...], ...]
    frame_of_reference_uid: str = ""
    sop_instance_uid: str = ""
    frame: int | None = None


def _groups(item: Dataset, *, hidden: bool = False) -> Iterator[tuple[Dataset, bool]]:
    """
    Return the measurement groups, and what is drawn outside them as groups of its own (CAD, numbers in reports).

    With each comes whether it is meant to be seen.
    """
    children, hidden = _children(item), is_hidden(item, inherited=hidden)
    drawn = [child for child in children if child.get("ValueType") in _DRAWN]
    if drawn:
        yield _group_of(drawn), not hidden
    for child in children:
        if _concept(child) == code.GROUP.value:
            yield child, not is_hidden(child, inherited=hidden)
        elif child.get("ValueType") == "NUM":
            if any(inner.get("ValueType") in _DRAWN for inner in _children(child)):
                yield _group_of([child]), not is_hidden(child, inherited=hidden)
        elif child.get("ValueType") not in _DRAWN:
            yield from _groups(child, hidden=hidden)


def _group_of(children: list[Dataset]) -> Dataset:
    group = Dataset()
    group.ContentSequence = DicomSequence(children)
    return group


def _annotations(group: Dataset, ds: Dataset, origin: str) -> tuple[list[Annotation], int]:
    """Return the annotations of a group, and how many shapes of it are none."""
    own = _own(group)
    if own is not None:
        return [own], 0
    by_frame: dict[tuple[str, int | None], list[_Shape]] = {}
    for one in _shapes(group):
        by_frame.setdefault((one.sop_instance_uid, one.frame), []).append(one)
    is_angle = any(one.name is MeasureName.ANGLE for one in measures_of(group))
    found: list[Annotation] = []
    undrawn: set[tuple[tuple[float, ...], ...]] = set()
    for shapes in by_frame.values():
        undrawn |= {one.points for one in shapes}
        for kind, points, shape in _drawable(shapes, is_angle=is_angle):
            try:
                found.append(_foreign(group, ds, origin, len(found), kind, points, shape))
            except ValueError:
                continue  # a shape that cannot be: no size, not finite, wrong count
            undrawn.discard(shape.points)
            if kind is AnnotationKind.BIDIRECTIONAL:
                undrawn -= {one.points for one in shapes if set(one.points) <= set(points)}
    return found, len(undrawn)


def _own(group: Dataset) -> Annotation | None:
    """Return our lossless annotation when the standard items beside it still say the same."""
    stored = _said(_children(group), AS_DRAWN.value, "TextValue")
    try:
        annotation = from_dict(json.loads(stored))
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    tracking = _said(_children(group), code.TRACKING_UID.value, "UID")
    drawn = [point for shape in _shapes(group) for point in shape.points]
    wanted = annotation.points_lps_mm or annotation.points_px
    if annotation.kind in {AnnotationKind.ELLIPSE, AnnotationKind.SPHERE}:
        wanted = wanted[1:]  # their centre is not a point of the shape
    if annotation.kind is AnnotationKind.SPHERE:
        wanted = ()
    agrees = all(any(math.dist(point, other) <= _AGREES_MM for other in drawn) for point in wanted)
    told = {name for name in IN_STATISTICS if annotation.measure(name) is None}
    values = {(m.name, m.value, _bound(m)) for m in annotation.measures}
    in_words = {(m.name, m.value, _bound(m)) for m in annotation.measures if m.without_maximum}
    written = {(m.name, m.value, _bound(m)) for m in measures_of(group) if m.name not in told}
    is_same = values - in_words <= written <= values  # former versions wrote them as numbers, too
    return annotation if agrees and tracking == annotation.tracking_uid and is_same else None


def _bound(measure: Measure) -> str:
    """Return the threshold as the standard's items write it, which is rounded."""
    return "" if measure.threshold is None else threshold_code(measure.threshold).value


def _foreign(
    group: Dataset,
    ds: Dataset,
    origin: str,
    place: int,
    kind: AnnotationKind,
    points: Sequence[tuple[float, ...]],
    shape: _Shape,
) -> Annotation:
    children = _children(group)
    tracking = _said(children, code.TRACKING_UID.value, "UID")
    uid = uid_from(origin, "annotation", tracking, str(place), json.dumps(points))
    comments = [str(c.TextValue) for c in children if _concept(c) == code.COMMENT.value and "TextValue" in c]
    in_patient = len(points[0]) == 3
    author = _said(children, OBSERVER_NAME.value, "PersonName")
    numbers = numbers_of(group)
    return Annotation(
        uid=uid,
        tracking_uid=tracking or uid,
        kind=kind,
        points_lps_mm=tuple((p[0], p[1], p[2]) for p in points) if in_patient else (),
        points_px=() if in_patient else tuple((p[0], p[1]) for p in points),
        frame_of_reference_uid=shape.frame_of_reference_uid,
        # two coordinates without an image of their own lie nowhere
        referenced_sop_instance_uid=shape.sop_instance_uid or (_source_image(group) if in_patient else ""),
        referenced_frame=shape.frame,
        text="\n".join(comments),
        measures=numbers.measures,
        statistics=numbers.statistics,
        author=author or _said(_children(ds), OBSERVER_NAME.value, "PersonName"),
        created_at=_time(group, ds),
        origin=origin,
    )


def _drawable(
    shapes: list[_Shape], *, is_angle: bool
) -> Iterator[tuple[AnnotationKind, list[tuple[float, ...]], _Shape]]:
    lines = [shape for shape in shapes if shape.graphic == "POLYLINE" and len(shape.points) == 2]
    if len(lines) == 2 and _are_axes(lines[0], lines[1]):
        longer, shorter = sorted(lines, key=_length, reverse=True)
        yield AnnotationKind.BIDIRECTIONAL, [*longer.points, *shorter.points], longer
        shapes = [shape for shape in shapes if shape not in lines]
    for shape in shapes:
        points = list(shape.points)
        closed = len(points) >= 4 and points[0] == points[-1]
        if shape.graphic in {"POINT", "MULTIPOINT"}:
            yield from ((AnnotationKind.PROBE, [point], shape) for point in points)
        elif closed and shape.graphic in {"POLYGON", "POLYLINE"}:
            yield AnnotationKind.FREEHAND, points[:-1], shape
        elif (known := _KINDS.get((shape.graphic, len(points)))) is not None:
            yield known, points, shape
        elif is_angle and shape.graphic == "POLYLINE" and len(points) == 4:
            yield AnnotationKind.COBB, points, shape
        elif shape.graphic == "POLYGON" and len(points) >= 3:
            yield AnnotationKind.FREEHAND, points, shape
        elif (curved := _curved(shape.graphic, points)) is not None:
            yield *curved, shape


def _curved(graphic: str, points: list[tuple[float, ...]]) -> tuple[AnnotationKind, list[tuple[float, ...]]] | None:
    match graphic, len(points):
        case "ELLIPSE", 4:
            return AnnotationKind.ELLIPSE, [_middle(points), points[1], points[3]]
        case "CIRCLE", 2 if len(points[0]) == 2:
            (x, y), (u, v) = points
            return AnnotationKind.ELLIPSE, [points[0], points[1], (x - (v - y), y + (u - x))]
        case "ELLIPSOID", 6 if _is_round(points):
            return AnnotationKind.SPHERE, [_middle(points), points[1]]
        case _:
            return None


def _shapes(item: Dataset) -> Iterator[_Shape]:
    for child in _children(item):
        if child.get("ValueType") in _DRAWN and child.get("GraphicData") is not None:
            yield from _shapes_of(child)
        elif child.get("ValueType") == "NUM":
            yield from _shapes(child)


def _shapes_of(item: Dataset) -> Iterator[_Shape]:
    """Return a shape once for each frame that it is drawn on; without a frame number it is on all (PS3.3 10.3)."""
    size = 3 if item.ValueType == "SCOORD3D" else 2
    try:
        values = _floats(item.GraphicData)
    except (TypeError, ValueError):
        return
    if not values or len(values) % size or not all(math.isfinite(value) for value in values):
        return
    graphic = str(item.get("GraphicType", ""))
    points = tuple(tuple(values[n : n + size]) for n in range(0, len(values), size))
    if size == 3:
        yield _Shape(graphic, points, read_frame(str(item.get("ReferencedFrameOfReferenceUID", ""))))
        return
    moved = tuple((x - 0.5, y - 0.5) for x, y in points)
    references = (one for child in _children(item) for one in child.get("ReferencedSOPSequence") or ())
    reference = next(references, Dataset())
    uid = str(reference.get("ReferencedSOPInstanceUID", ""))
    yield from (_Shape(graphic, moved, "", uid, frame) for frame in _frames(reference))


def _floats(graphic_data: Sequence[float] | bytes) -> list[float]:
    """Return coordinates; more than 64 kB of them come as bytes of unknown VR, in little endian (PS3.5 6.2.2)."""
    if isinstance(graphic_data, bytes):
        return [float(value) for value in np.frombuffer(graphic_data, dtype="<f4")]
    return [float(value) for value in graphic_data]


def _frames(reference: Dataset) -> list[int | None]:
    said = reference.get("ReferencedFrameNumber")
    numbers = [said] if isinstance(said, int | str) else list(said or ())
    if len(numbers) > _MOST_FRAMES:
        raise DecodeError(tr("This object is not a structured report"), detail=f"{len(numbers)} frames")
    return list(dict.fromkeys(int(one) for one in numbers)) or [None]


def _source_image(group: Dataset) -> str:
    for item in _children(group):
        if item.get("ValueType") == "IMAGE":
            for reference in item.get("ReferencedSOPSequence") or ():
                return str(reference.get("ReferencedSOPInstanceUID", ""))
    return ""


def _said(items: list[Dataset], concept: str, keyword: str) -> str:
    """Return what the first item of a concept says; empty where its value is of another type."""
    return next((str(item.get(keyword, "")) for item in items if _concept(item) == concept), "")


def _time(group: Dataset, ds: Dataset) -> datetime:
    """Return when it was observed, else when the document was made; a time without a zone is taken as UTC."""
    texts = [str(group.get("ObservationDateTime", "")), f"{ds.get('ContentDate', '')}{ds.get('ContentTime', '')}"]
    for text in texts:
        try:
            found = DT(text) if text else None
        except ValueError:
            continue
        if found is not None:
            return datetime.fromisoformat(found.isoformat()).replace(tzinfo=found.tzinfo or UTC)
    return datetime(1970, 1, 1, tzinfo=UTC)


def _are_axes(first: _Shape, second: _Shape) -> bool:
    """Tell whether two lines stand perpendicular (within 5 degrees), as the two axes of a lesion do."""
    a = [q - p for p, q in zip(*first.points, strict=True)]
    b = [q - p for p, q in zip(*second.points, strict=True)]
    lengths = math.hypot(*a) * math.hypot(*b)
    return len(a) == len(b) and lengths > 0 and abs(sum(x * y for x, y in zip(a, b, strict=True))) / lengths < 0.0872


def _is_round(points: list[tuple[float, ...]]) -> bool:
    axes = [math.dist(points[n], points[n + 1]) for n in (0, 2, 4)]
    return min(axes) > 0 and (max(axes) - min(axes)) / max(axes) <= _ROUND


def _length(shape: _Shape) -> float:
    return math.dist(shape.points[0], shape.points[1])


def _middle(points: list[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(sum(axis) / len(points) for axis in zip(*points, strict=True))


def _children(item: Dataset) -> list[Dataset]:
    return list(item.get("ContentSequence") or ())


def _concept(item: Dataset) -> str:
    return code_value(next(iter(item.get("ConceptNameCodeSequence") or ()), Dataset()))
