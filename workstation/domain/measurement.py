"""The former stored form of what a reader drew; read into annotations, never written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName, Statistics
from workstation.domain.geometry import Point


class MeasurementKind(StrEnum):
    """The tools whose results are kept."""

    DISTANCE = "distance"
    ELLIPSE = "ellipse"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """Statistics of the pixels inside a region; SD is the population standard deviation."""

    mean: float
    standard_deviation: float
    minimum: float
    maximum: float
    area_mm2: float
    pixel_count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """
    One measurement, anchored in the patient.

    ``points_lps_mm``: DISTANCE two end points; ELLIPSE centre, end of the first semi-axis, end
    of the second (perpendicular) semi-axis; PROBE one point. ``value`` is millimetres for
    DISTANCE, the pixel value for PROBE, None for ELLIPSE (see ``statistics``).
    """

    tracking_uid: str
    kind: MeasurementKind
    points_lps_mm: tuple[Point, ...]
    frame_of_reference_uid: str
    referenced_sop_instance_uid: str = ""
    value: float | None = None
    unit: str = ""
    statistics: RegionStatistics | None = None


@dataclass(frozen=True, slots=True)
class MeasurementSet:
    """The measurements of exactly one study, so that none can leak into the next."""

    study_instance_uid: str
    measurements: tuple[Measurement, ...] = field(default=())


_KINDS = {
    MeasurementKind.DISTANCE: AnnotationKind.LENGTH,
    MeasurementKind.ELLIPSE: AnnotationKind.ELLIPSE,
    MeasurementKind.PROBE: AnnotationKind.PROBE,
}


def as_annotations(former: MeasurementSet, *, author: str, at: datetime) -> tuple[Annotation, ...]:
    """Return the measurements as annotations; who and when are those of the report that held them."""
    return tuple(
        Annotation(
            uid=item.tracking_uid,
            tracking_uid=item.tracking_uid,
            kind=_KINDS[item.kind],
            points_lps_mm=item.points_lps_mm,
            frame_of_reference_uid=item.frame_of_reference_uid,
            referenced_sop_instance_uid=item.referenced_sop_instance_uid,
            measures=tuple(_measures(item)),
            statistics=_statistics(item.statistics),
            author=author,
            created_at=at,
        )
        for item in former.measurements
    )


def _measures(item: Measurement) -> list[Measure]:
    if item.kind is MeasurementKind.ELLIPSE:
        found = item.statistics
        return [] if found is None else [Measure(MeasureName.AREA, found.area_mm2, "mm2")]
    if item.value is None:
        return []
    if item.kind is MeasurementKind.DISTANCE:
        return [Measure(MeasureName.LENGTH, item.value, "mm")]
    return [Measure(MeasureName.VALUE, item.value, item.unit)]


def _statistics(found: RegionStatistics | None) -> Statistics | None:
    if found is None:
        return None
    return Statistics(found.mean, found.standard_deviation, found.minimum, found.maximum, found.pixel_count, found.unit)
