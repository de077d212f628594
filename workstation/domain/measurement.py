"""Measurements a reader leaves on the images, stored in patient millimetres (LPS)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

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
