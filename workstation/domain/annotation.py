"""Annotations: everything a reader draws or measures on images, as values anchored in the patient."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from workstation.domain.geometry import Point
from workstation.domain.mark import GrowthLimit
from workstation.domain.pixel_size import SpacingBasis
from workstation.domain.voi import Threshold

PixelPoint = tuple[float, float]
"""A (column, row) position, pixel centres at integers."""


class AnnotationKind(StrEnum):
    """What was drawn; the value is the tag in stored form."""

    LENGTH = "length"
    BIDIRECTIONAL = "bidirectional"
    ANGLE = "angle"
    COBB = "cobb"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    FREEHAND = "freehand"
    ARROW = "arrow"
    TEXT = "text"
    PROBE = "probe"
    SPHERE = "sphere"
    CARDIOTHORACIC = "cardiothoracic"
    NODULE = "nodule"
    LINES = "lines"
    """The angle between two lines, the smaller one"""


_ANY: Final = 1_000_000
POINT_COUNTS: Final[Mapping[AnnotationKind, tuple[int, int]]] = MappingProxyType(
    {
        AnnotationKind.LENGTH: (2, 2),
        AnnotationKind.BIDIRECTIONAL: (4, 4),
        AnnotationKind.ANGLE: (3, 3),
        AnnotationKind.COBB: (4, 4),
        AnnotationKind.ELLIPSE: (3, 3),
        AnnotationKind.RECTANGLE: (4, 4),
        AnnotationKind.FREEHAND: (3, _ANY),
        AnnotationKind.ARROW: (2, 2),
        AnnotationKind.TEXT: (1, 1),
        AnnotationKind.PROBE: (1, 1),
        AnnotationKind.SPHERE: (2, 2),
        AnnotationKind.CARDIOTHORACIC: (4, 4),
        AnnotationKind.NODULE: (4, 4),
        AnnotationKind.LINES: (4, 4),
    }
)
"""Least and greatest number of points of each kind; ``Annotation`` says what each point is."""


class MeasureName(StrEnum):
    """What a number of an annotation tells."""

    LENGTH = "length"
    LONG_AXIS = "long_axis"
    SHORT_AXIS = "short_axis"
    ANGLE = "angle"
    AREA = "area"
    PERIMETER = "perimeter"
    DIAMETER = "diameter"
    VOLUME = "volume"
    VALUE = "value"
    HEART_WIDTH = "heart_width"
    CHEST_WIDTH = "chest_width"
    RATIO = "ratio"
    EQUIVALENT_DIAMETER = "equivalent_diameter"
    SOLID_VOLUME = "solid_volume"
    SOLID_LONG_AXIS = "solid_long_axis"
    SOLID_SHORT_AXIS = "solid_short_axis"
    UPTAKE_MAXIMUM = "uptake_maximum"
    UPTAKE_PEAK = "uptake_peak"
    """The highest mean of a sphere of 1 cm³."""
    UPTAKE_MEAN = "uptake_mean"
    METABOLIC_VOLUME = "metabolic_volume"
    LESION_GLYCOLYSIS = "lesion_glycolysis"
    """Metabolic volume times its mean uptake."""
    MEAN = "mean"
    DEVIATION = "deviation"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"


PARTIAL_STATISTICS: Final = (MeasureName.MEAN, MeasureName.DEVIATION, MeasureName.MINIMUM, MeasureName.MAXIMUM)
"""What another system tells of the values in a region where it does not tell all four; ours are ``Statistics``."""
IN_STATISTICS: Final = frozenset({MeasureName.UPTAKE_MAXIMUM, MeasureName.UPTAKE_MEAN})
"""What the statistics of a region on a PET tell: measures of their own only where a PET lies over something else."""


@dataclass(frozen=True, slots=True)
class Measure:
    """
    One number with its unit.

    Units are ``mm``, ``mm2``, ``mm3``, ``px``, ``px2``, ``deg``, ``1`` (a ratio) or the unit of the pixels
    (``HU``, ``SUV`` …, empty for none). Pixels stand where the image brings no spacing there. What is measured above
    a ``threshold`` is in ``ml``, its glycolysis in ``g`` (``cm2`` where uptake is by body surface). A peak
    ``without_maximum`` could not be taken round the highest voxel, too near to the end of the data.
    """

    name: MeasureName
    value: float
    unit: str
    threshold: Threshold | None = None
    without_maximum: bool = False

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"a measure is a finite number, got {self.value}")


@dataclass(frozen=True, slots=True)
class Statistics:
    """Pixel values inside a region; ``standard_deviation`` is that of the population, ``unit`` empty for none."""

    mean: float
    standard_deviation: float
    minimum: float
    maximum: float
    count: int
    unit: str

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError("statistics need at least one pixel")
        if not all(map(math.isfinite, (self.mean, self.standard_deviation, self.minimum, self.maximum))):
            raise ValueError("statistics are finite numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """
    One annotation; ``kind`` is the tag that says what its points are.

    Points are LPS millimetres in ``points_lps_mm``, or (column, row) of the referenced image in
    ``points_px`` where that image has no place in the patient; exactly one of the two is used.

    - LENGTH: the two ends. ARROW: tip, tail. TEXT, PROBE: the point.
    - BIDIRECTIONAL, NODULE: both ends of the long axis, both ends of the short axis.
    - ANGLE: end, vertex, end. COBB, LINES: both ends of the first line, both ends of the second.
    - ELLIPSE: centre, end of one semi-axis, end of the semi-axis perpendicular to it.
    - RECTANGLE: four corners in order. FREEHAND: outline, the last point joining the first.
    - SPHERE: centre, a point of its surface.
    - CARDIOTHORACIC: both borders of the heart, both inner borders of the chest.

    ``uid`` names this annotation, ``tracking_uid`` the lesion over time. ``referenced_frame``
    counts from 1, None for every frame of the image. ``contours_lps_mm`` holds closed outlines of a
    NODULE, one or more per slice. ``origin`` names the foreign object it was read from, empty
    for our own. ``basis`` says where the millimetres of points on an image come from, None where there are none.
    """

    uid: str
    tracking_uid: str
    kind: AnnotationKind
    points_lps_mm: tuple[Point, ...] = ()
    points_px: tuple[PixelPoint, ...] = ()
    frame_of_reference_uid: str = ""
    series_instance_uid: str = ""
    referenced_sop_instance_uid: str = ""
    referenced_frame: int | None = None
    stack_number: int = 0
    """Which stack of the series (``Series.split``) its values were read on"""
    text: str = ""
    measures: tuple[Measure, ...] = ()
    statistics: Statistics | None = None
    contours_lps_mm: tuple[tuple[Point, ...], ...] = ()
    author: str = ""
    created_at: datetime
    origin: str = ""
    basis: SpacingBasis | None = None
    growth_limits: tuple[GrowthLimit, ...] = ()
    """Why the volume of a NODULE is not compared over time (ADR 0017)"""

    def __post_init__(self) -> None:
        if not self.uid or not self.tracking_uid:
            raise ValueError("an annotation has a uid and a tracking uid")
        if bool(self.points_lps_mm) == bool(self.points_px):
            raise ValueError("points are either in the patient or on an image")
        if self.points_px and not self.referenced_sop_instance_uid:
            raise ValueError("points on an image need the image")
        if self.referenced_frame is not None and self.referenced_frame < 1:
            raise ValueError(f"frames count from 1, got {self.referenced_frame}")
        if self.created_at.tzinfo is None:
            raise ValueError("created_at needs a time zone")
        least, most = POINT_COUNTS[self.kind]
        if not least <= self.point_count <= most:
            raise ValueError(f"{self.kind} cannot have {self.point_count} points")
        drawn = (*self.points_lps_mm, *self.points_px, *(p for outline in self.contours_lps_mm for p in outline))
        if not all(math.isfinite(value) for point in drawn for value in point):
            raise ValueError("points are finite")
        if self.kind is AnnotationKind.TEXT and not self.text.strip():
            raise ValueError("a text annotation has a text")

    @property
    def point_count(self) -> int:
        """Return the number of points, wherever they lie."""
        return len(self.points_lps_mm) + len(self.points_px)

    def lies_as(self, other: Annotation) -> bool:
        """Tell whether this is the other one at the same points: what was measured of the one holds for both."""
        mine, its = (self.points_lps_mm, self.points_px), (other.points_lps_mm, other.points_px)
        return self.uid == other.uid and mine == its

    def measure(self, name: MeasureName) -> Measure | None:
        """Return one of the numbers, None when the annotation has none of this name."""
        return next((m for m in self.measures if m.name is name), None)


@dataclass(frozen=True, slots=True)
class AnnotationList:
    """The annotations of exactly one study, in drawing order, so that none can leak into the next."""

    study_instance_uid: str
    annotations: tuple[Annotation, ...] = field(default=())

    def __post_init__(self) -> None:
        if len({item.uid for item in self.annotations}) != len(self.annotations):
            raise ValueError("two annotations share a uid")

    def get(self, uid: str) -> Annotation:
        """Return one annotation; KeyError when it is not in the list."""
        for annotation in self.annotations:
            if annotation.uid == uid:
                return annotation
        raise KeyError(uid)

    def added(self, annotation: Annotation) -> AnnotationList:
        """Return the list with one more annotation. ValueError when its uid is taken."""
        return replace(self, annotations=(*self.annotations, annotation))

    def replaced(self, annotation: Annotation) -> AnnotationList:
        """Return the list with the annotation of the same uid exchanged; KeyError when there is none."""
        self.get(annotation.uid)
        return replace(self, annotations=tuple(annotation if a.uid == annotation.uid else a for a in self.annotations))

    def removed(self, uid: str) -> AnnotationList:
        """Return the list without one annotation; KeyError when there is none."""
        self.get(uid)
        return replace(self, annotations=tuple(a for a in self.annotations if a.uid != uid))


UNDO_STEPS: Final = 200
"""So many steps are kept of what is drawn on a study"""


@dataclass(frozen=True, slots=True)
class AnnotationHistory:
    """
    A list with the steps that led to it, for undo and redo; itself a value.

    ``changed`` refuses a list of another study: an undo never puts an annotation on the next patient.
    """

    present: AnnotationList
    past: tuple[AnnotationList, ...] = ()
    future: tuple[AnnotationList, ...] = ()
    limit: int = UNDO_STEPS

    def changed(self, present: AnnotationList) -> AnnotationHistory:
        """Return the history one step on; what was undone is forgotten. ValueError for another study."""
        if present.study_instance_uid != self.present.study_instance_uid:
            raise ValueError("the annotations belong to another study")
        if present == self.present:
            return self
        return replace(self, present=present, past=(*self.past, self.present)[-self.limit :], future=())

    def completed(self, annotation: Annotation) -> AnnotationHistory:
        """
        Return the history with what was measured late, wherever an annotation with this uid lies at these points.

        It is no step: what an undo or redo brings back is complete as well.
        """

        def in_place(one: Annotation) -> Annotation:
            if not one.lies_as(annotation):
                return one
            return replace(one, measures=annotation.measures)

        return self._in_every_step(in_place)

    def with_statistics(self, annotation: Annotation, found: Statistics) -> AnnotationHistory:
        """
        Return the history with values that were read late, wherever an annotation with this uid lies at these points.

        It is no step. What the statistics of a region tell is no measure of its own any more (``IN_STATISTICS``).
        """

        def in_place(one: Annotation) -> Annotation:
            if not one.lies_as(annotation):
                return one
            kept = tuple(each for each in one.measures if each.name not in IN_STATISTICS or each.unit != found.unit)
            return replace(one, measures=kept, statistics=found)

        return self._in_every_step(in_place)

    def in_frame(self, before: str, after: str) -> AnnotationHistory:
        """
        Return the history with what lay in one frame of reference in another, in every step.

        It is no step: an undo must not put a drawing into a frame in which nothing is shown any more.
        """

        def in_place(one: Annotation) -> Annotation:
            return replace(one, frame_of_reference_uid=after) if one.frame_of_reference_uid == before else one

        return self._in_every_step(in_place)

    def _in_every_step(self, change: Callable[[Annotation], Annotation]) -> AnnotationHistory:
        def in_list(one: AnnotationList) -> AnnotationList:
            return replace(one, annotations=tuple(map(change, one.annotations)))

        states = map(in_list, self.past), map(in_list, self.future)
        return replace(self, present=in_list(self.present), past=tuple(states[0]), future=tuple(states[1]))

    def undone(self) -> AnnotationHistory:
        """Return the history one step back, itself when there is none."""
        if not self.past:
            return self
        return replace(self, present=self.past[-1], past=self.past[:-1], future=(self.present, *self.future))

    def redone(self) -> AnnotationHistory:
        """Return the history one step forward again, itself when nothing was undone."""
        if not self.future:
            return self
        return replace(self, present=self.future[0], past=(*self.past, self.present), future=self.future[1:])
