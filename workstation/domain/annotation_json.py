"""Annotations as JSON and back, without loss: floats keep every bit, unknown versions are refused."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from workstation.domain.annotation import (
    Annotation,
    AnnotationKind,
    AnnotationList,
    Measure,
    MeasureName,
    PixelPoint,
    Statistics,
)
from workstation.domain.geometry import Point
from workstation.domain.mark import GrowthLimit
from workstation.domain.pixel_size import SpacingBasis
from workstation.domain.voi import Threshold

VERSION: Final = 1


def annotations_to_json(annotations: AnnotationList) -> str:
    """Return the list as one JSON object."""
    content = {
        "version": VERSION,
        "study_instance_uid": annotations.study_instance_uid,
        "annotations": [as_dict(annotation) for annotation in annotations.annotations],
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


def annotations_from_json(text: str) -> AnnotationList:
    """Return the list that ``annotations_to_json`` wrote. Raises ValueError for anything else."""
    try:
        content = json.loads(text)
        if content["version"] != VERSION:
            raise ValueError(f"annotations of version {content['version']!r}")
        found = tuple(from_dict(item) for item in content["annotations"])
        return AnnotationList(str(content["study_instance_uid"]), found)
    except (KeyError, TypeError) as exc:
        raise ValueError(f"not annotations of ours: {exc}") from exc


def as_dict(annotation: Annotation) -> dict[str, Any]:
    """Return one annotation as plain JSON values, tagged by ``kind``."""
    statistics = annotation.statistics
    return {
        "kind": annotation.kind.value,
        "uid": annotation.uid,
        "tracking_uid": annotation.tracking_uid,
        "points_lps_mm": [list(point) for point in annotation.points_lps_mm],
        "points_px": [list(point) for point in annotation.points_px],
        "frame_of_reference_uid": annotation.frame_of_reference_uid,
        "series_instance_uid": annotation.series_instance_uid,
        "referenced_sop_instance_uid": annotation.referenced_sop_instance_uid,
        "referenced_frame": annotation.referenced_frame,
        "text": annotation.text,
        "measures": [_measure_dict(measure) for measure in annotation.measures],
        "statistics": None
        if statistics is None
        else {
            "mean": statistics.mean,
            "standard_deviation": statistics.standard_deviation,
            "minimum": statistics.minimum,
            "maximum": statistics.maximum,
            "count": statistics.count,
            "unit": statistics.unit,
        },
        "contours_lps_mm": [[list(point) for point in outline] for outline in annotation.contours_lps_mm],
        "author": annotation.author,
        "created_at": annotation.created_at.isoformat(),
        "origin": annotation.origin,
        **({"stack_number": annotation.stack_number} if annotation.stack_number else {}),
        **({} if annotation.basis is None else {"basis": annotation.basis.value}),
        **({"growth_limits": [one.value for one in annotation.growth_limits]} if annotation.growth_limits else {}),
    }


def from_dict(item: dict[str, Any]) -> Annotation:
    """Return the annotation that ``as_dict`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    frame = item["referenced_frame"]
    statistics = item["statistics"]
    return Annotation(
        uid=str(item["uid"]),
        tracking_uid=str(item["tracking_uid"]),
        kind=AnnotationKind(item["kind"]),
        points_lps_mm=_points(item["points_lps_mm"]),
        points_px=tuple(_pixel(point) for point in item["points_px"]),
        frame_of_reference_uid=str(item["frame_of_reference_uid"]),
        series_instance_uid=str(item["series_instance_uid"]),
        referenced_sop_instance_uid=str(item["referenced_sop_instance_uid"]),
        referenced_frame=None if frame is None else int(frame),
        text=str(item["text"]),
        measures=tuple(_measure(measure) for measure in item["measures"]),
        statistics=None
        if statistics is None
        else Statistics(
            float(statistics["mean"]),
            float(statistics["standard_deviation"]),
            float(statistics["minimum"]),
            float(statistics["maximum"]),
            int(statistics["count"]),
            str(statistics["unit"]),
        ),
        contours_lps_mm=tuple(_points(outline) for outline in item["contours_lps_mm"]),
        author=str(item["author"]),
        created_at=datetime.fromisoformat(item["created_at"]),
        origin=str(item["origin"]),
        basis=SpacingBasis(item["basis"]) if "basis" in item else None,
        stack_number=int(item.get("stack_number", 0)),
        growth_limits=tuple(GrowthLimit(one) for one in item.get("growth_limits", ())),
    )


def _measure_dict(measure: Measure) -> dict[str, Any]:
    found: dict[str, Any] = {"name": measure.name.value, "value": measure.value, "unit": measure.unit}
    if measure.threshold is not None:
        found["threshold"] = {"value": measure.threshold.value, "relative": measure.threshold.relative}
    if measure.without_maximum:
        found["without_maximum"] = True
    return found


def _measure(item: dict[str, Any]) -> Measure:
    above = item.get("threshold")
    threshold = None if above is None else Threshold(float(above["value"]), relative=bool(above["relative"]))
    name, without = MeasureName(item["name"]), bool(item.get("without_maximum"))
    return Measure(name, float(item["value"]), str(item["unit"]), threshold, without)


def _points(values: list[list[float]]) -> tuple[Point, ...]:
    return tuple((float(x), float(y), float(z)) for x, y, z in values)


def _pixel(value: list[float]) -> PixelPoint:
    column, row = value
    return float(column), float(row)
