"""
From drawn points to annotations with their numbers: one entry for every kind of tool.

An image with a place in the patient is measured in millimetres of the patient. On one without, points stay on the
image; it is measured in millimetres where it says how large a pixel is, and the annotation keeps what that is based
on; else in pixels. No millimetre is ever guessed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from resources.translation import tr
from viewers.scene import measure_regions as regions
from viewers.scene import measure_shapes as shapes
from viewers.scene.image import SliceImage
from viewers.scene.measure import NotMeasurable, value_at
from workstation.domain import outline
from workstation.domain.annotation import (
    Annotation,
    AnnotationKind,
    Measure,
    MeasureName,
    PixelPoint,
    Statistics,
)
from workstation.domain.geometry import ImagePlane, Point, distance_mm
from workstation.domain.pixel_size import SpacingBasis, size_at
from workstation.domain.volume import Volume

_MOST_CROSSINGS: Final = 20_000
"""Of an outline with itself, found in about 15 ms on a core of 2020; 280 strokes over each other have as many"""
REGIONS: Final = frozenset({AnnotationKind.ELLIPSE, AnnotationKind.RECTANGLE, AnnotationKind.FREEHAND})
"""What has pixels inside it, on one image"""


@dataclass(frozen=True, slots=True)
class Space:
    """
    The plane that points are measured in and its unit, ``mm`` or ``px`` (the width of one column).

    ``basis`` says what the millimetres of a pixel grid are based on, None for those of the patient.
    """

    plane: ImagePlane
    unit: str
    basis: SpacingBasis | None = None


def space_of(
    image: SliceImage,
    points: Sequence[Point] | Sequence[PixelPoint] = (),
    kind: AnnotationKind = AnnotationKind.LENGTH,
) -> Space:
    """
    Return the image's own plane in mm, or its pixel grid where it has no place in the patient.

    ``points`` of this ``kind`` are to be measured: an ultrasound picture may be calibrated in parts only, and an
    ellipse reaches beyond the ends of its axes that are kept.
    """
    if image.plane is not None:
        return Space(image.plane, "mm")
    reached = [(point[0], point[1]) for point in points]
    if kind is AnnotationKind.ELLIPSE:
        reached += regions.ellipse_extremes(*reached)
    size = size_at(reached, image.pixel_size, image.calibrated)
    spacing = (1.0, image.aspect) if size is None else size.spacing_mm
    grid = ImagePlane((0, 0, 0), (1, 0, 0), (0, 1, 0), spacing)
    return Space(grid, "px") if size is None else Space(grid, "mm", size.basis)


def annotate(
    kind: AnnotationKind,
    image: SliceImage,
    points: Sequence[Point] | Sequence[PixelPoint],
    *,
    uid: str,
    tracking_uid: str,
    author: str,
    created_at: datetime,
    text: str = "",
    series_instance_uid: str = "",
    stack_number: int = 0,
    referenced_frame: int | None = None,
    reads_late: bool = False,
) -> Annotation:
    """
    Return a new annotation with its numbers.

    ``points`` are LPS mm where the image has a plane, (column, row) otherwise; of two axes the longer one in mm is kept
    first, whichever was drawn first. With ``reads_late`` a large region has
    no statistics yet (``regions.is_large_region``): who shows it has them read in a job.

    Raises NotMeasurable: a probe off the image, on padding or on colour, a region without pixels,
    a line without length; a sphere, which needs a volume.
    """
    points = _longer_first(kind, image, points)
    measures, found = _measured(kind, image, points, reads_late=reads_late)
    in_patient = image.plane is not None
    return Annotation(
        uid=uid,
        tracking_uid=tracking_uid,
        kind=kind,
        points_lps_mm=_points3(points) if in_patient else (),
        points_px=() if in_patient else _points2(points),
        frame_of_reference_uid=image.frame_of_reference_uid if in_patient else "",
        series_instance_uid=series_instance_uid,
        stack_number=stack_number,
        referenced_sop_instance_uid=image.sop_instance_uid,
        referenced_frame=referenced_frame,
        text=text,
        measures=measures,
        statistics=found,
        author=author,
        created_at=created_at,
        basis=_basis(kind, measures, image, points),
    )


def sphere(
    volume: Volume,
    centre: Point,
    surface: Point,
    *,
    uid: str,
    tracking_uid: str,
    author: str,
    created_at: datetime,
) -> Annotation:
    """
    Return a sphere in a volume with diameter, volume and the statistics of its voxels. Raises NotMeasurable.

    A large one (``regions.is_large_sphere``) has no statistics yet: who shows it has them read in a job.
    """
    diameter, size = shapes.sphere_volume(centre, surface)
    is_large = regions.is_large_sphere(volume, centre, surface)
    found = None if is_large else regions.statistics(regions.in_sphere(volume, centre, surface), volume.unit)
    return Annotation(
        uid=uid,
        tracking_uid=tracking_uid,
        kind=AnnotationKind.SPHERE,
        points_lps_mm=(centre, surface),
        frame_of_reference_uid=volume.frame_of_reference_uid,
        series_instance_uid=volume.series_instance_uid,
        stack_number=volume.stack_number,
        measures=(Measure(MeasureName.DIAMETER, diameter, "mm"), Measure(MeasureName.VOLUME, size, "mm3")),
        statistics=found,
        author=author,
        created_at=created_at,
    )


def remeasured(
    annotation: Annotation,
    image: SliceImage,
    points: Sequence[Point] | Sequence[PixelPoint],
    *,
    reads_late: bool = False,
) -> Annotation:
    """
    Return the annotation at other points of the same kind of space, identity kept and numbers taken anew.

    ``reads_late`` as for ``annotate``.

    Raises NotMeasurable, also for points in the patient on an image that has no place there.
    """
    if (image.plane is None) != bool(annotation.points_px):
        raise NotMeasurable(
            tr("This image has no place in the patient, so nothing can be measured in millimetres."),
            hint=tr("Ask the sending site for the original images."),
        )
    points = _longer_first(annotation.kind, image, points)
    measures, found = _measured(annotation.kind, image, points, reads_late=reads_late)
    changed = replace(
        annotation, measures=measures, statistics=found, basis=_basis(annotation.kind, measures, image, points)
    )
    if annotation.points_px:
        return replace(changed, points_px=_points2(points))
    return replace(changed, points_lps_mm=_points3(points))


def unmeasured(
    annotation: Annotation, kind: AnnotationKind, points: Sequence[Point] | Sequence[PixelPoint]
) -> Annotation:
    """Return what is being drawn as another kind at its points, in the same kind of space, without any number."""
    in_patient = not annotation.points_px
    return replace(
        annotation,
        kind=kind,
        points_lps_mm=_points3(points) if in_patient else (),
        points_px=() if in_patient else _points2(points),
        measures=(),
        statistics=None,
        basis=None,
    )


def squared(
    image: SliceImage, points: Sequence[Point] | Sequence[PixelPoint]
) -> tuple[Point, ...] | tuple[PixelPoint, ...]:
    """Return the four points of a bidirectional measurement, the short axis at right angles to the long one."""
    space = space_of(image, points)
    placed = _placed(space, points)
    long, short = (placed[0], placed[1]), (placed[2], placed[3])
    try:
        turned = (*long, *shapes.squared_to(long, short))
    except ValueError as exc:
        raise _no_length() from exc
    return turned if image.plane is not None else tuple(space.plane.pixel_of(point) for point in turned)


def region_values(
    kind: AnnotationKind, image: SliceImage, points: Sequence[Point] | Sequence[PixelPoint]
) -> regions.FloatArray:
    """Return the pixel values in a region, for a histogram. Raises NotMeasurable on colour."""
    if image.is_color:
        raise NotMeasurable(tr("Colour images have no values to measure."), hint=tr("Measure distances instead."))
    space = space_of(image, points, kind)
    placed = _placed(space, points)
    if kind is AnnotationKind.ELLIPSE:
        return regions.in_ellipse(image, space.plane, placed)
    return regions.in_polygon(image, space.plane, placed)


def late_statistics(annotation: Annotation, where: SliceImage | Volume) -> Statistics | None:
    """Return the statistics of a region on its image or of a sphere in its volume; None where it holds no value."""
    if isinstance(where, Volume):
        values = regions.in_sphere(where, *annotation.points_lps_mm)
    else:
        values = region_values(annotation.kind, where, annotation.points_lps_mm or annotation.points_px)
    return regions.statistics(values, where.unit) if values.size else None


def values_in(
    annotation: Annotation, image: SliceImage | None, volume: Volume | None
) -> tuple[regions.FloatArray, str]:
    """
    Return the values inside a region and their unit: of the displayed image, of the volume for a sphere.

    Raises NotMeasurable for what has no inside, on colour, and while the volume is not here.
    """
    if annotation.kind is AnnotationKind.SPHERE and volume is not None:
        return regions.in_sphere(volume, *annotation.points_lps_mm), volume.unit
    if annotation.kind not in REGIONS or image is None:
        raise NotMeasurable(
            tr("There are no values inside this."), hint=tr("Draw an ellipse, a rectangle or a sphere.")
        )
    return region_values(annotation.kind, image, annotation.points_lps_mm or annotation.points_px), image.unit


def _measured(
    kind: AnnotationKind, image: SliceImage, points: Sequence[Point] | Sequence[PixelPoint], *, reads_late: bool
) -> tuple[tuple[Measure, ...], Statistics | None]:
    if kind in REGIONS:
        return _region(kind, image, points, reads_late=reads_late)
    space = space_of(image, points, kind)
    try:
        return _numbers(kind, space, image, _placed(space, points)), None
    except ValueError as exc:
        raise _no_length() from exc


def _longer_first(
    kind: AnnotationKind, image: SliceImage, points: Sequence[Point] | Sequence[PixelPoint]
) -> Sequence[Point] | Sequence[PixelPoint]:
    """Return both axes of a lesion, the long one first: who reads (column, row) alone cannot tell which it is."""
    if kind is not AnnotationKind.BIDIRECTIONAL:
        return points
    first, second, third, fourth = _placed(space_of(image, points), points)
    if distance_mm(first, second) >= distance_mm(third, fourth):
        return points
    return (
        [*_points3(points[2:]), *_points3(points[:2])]
        if len(points[0]) == 3
        else [*_points2(points[2:]), *_points2(points[:2])]
    )


def _numbers(kind: AnnotationKind, space: Space, image: SliceImage, points: list[Point]) -> tuple[Measure, ...]:
    unit = space.unit
    found: tuple[Measure, ...] = ()
    match kind:
        case AnnotationKind.LENGTH:
            found = (Measure(MeasureName.LENGTH, distance_mm(points[0], points[1]), unit),)
        case AnnotationKind.BIDIRECTIONAL | AnnotationKind.NODULE:
            lengths = sorted((distance_mm(points[0], points[1]), distance_mm(points[2], points[3])))
            found = (
                Measure(MeasureName.LONG_AXIS, lengths[1], unit),
                Measure(MeasureName.SHORT_AXIS, lengths[0], unit),
            )
        case AnnotationKind.ANGLE:
            found = (Measure(MeasureName.ANGLE, shapes.angle_deg(points[0], points[1], points[2]), "deg"),)
        case AnnotationKind.COBB:
            turned = shapes.cobb_deg((points[0], points[1]), (points[2], points[3]))
            found = (Measure(MeasureName.ANGLE, turned, "deg"),)
        case AnnotationKind.LINES:
            between = shapes.between_lines_deg((points[0], points[1]), (points[2], points[3]))
            found = (Measure(MeasureName.ANGLE, between, "deg"),)
        case AnnotationKind.CARDIOTHORACIC:
            heart, chest, ratio = shapes.cardiothoracic((points[0], points[1]), (points[2], points[3]))
            found = (
                Measure(MeasureName.HEART_WIDTH, heart, unit),
                Measure(MeasureName.CHEST_WIDTH, chest, unit),
                Measure(MeasureName.RATIO, ratio, "1"),
            )
        case AnnotationKind.PROBE:
            value = value_at(image, *space.plane.pixel_of(points[0]))
            if value is None:
                raise NotMeasurable(tr("There is no pixel value here."), hint=tr("Place the probe on the image."))
            found = (Measure(MeasureName.VALUE, value, image.unit),)
        case AnnotationKind.SPHERE:
            raise NotMeasurable(tr("A sphere is measured in a volume only."), hint=tr("Open the series as a volume."))
        case _:
            pass  # an arrow and a text carry no number
    return found


def _region(
    kind: AnnotationKind, image: SliceImage, points: Sequence[Point] | Sequence[PixelPoint], *, reads_late: bool
) -> tuple[tuple[Measure, ...], Statistics | None]:
    space = space_of(image, points, kind)
    placed = _placed(space, points)
    if kind is AnnotationKind.ELLIPSE:
        half = distance_mm(placed[0], placed[1]), distance_mm(placed[0], placed[2])
        measures: tuple[Measure, ...] = (Measure(MeasureName.AREA, math.pi * half[0] * half[1], f"{space.unit}2"),)
    else:
        ring = regions.pixel_outline(space.plane, placed) * space.plane.spacing_mm
        measures = (
            Measure(MeasureName.AREA, _area(ring), f"{space.unit}2"),
            Measure(MeasureName.PERIMETER, outline.perimeter(ring), space.unit),
        )
    if image.is_color:
        return measures, None  # an area has a size on any image, its colours have no mean
    is_ellipse = kind is AnnotationKind.ELLIPSE
    if reads_late and regions.is_large_region(image, space.plane, placed, is_ellipse=is_ellipse):
        return measures, None
    return measures, regions.statistics(region_values(kind, image, points), image.unit)


def _area(ring: regions.FloatArray) -> float:
    """Return the area of an outline within the time that a turn of the window has. Raises NotMeasurable."""
    try:
        return outline.area(ring, most=_MOST_CROSSINGS)
    except outline.Tangled as exc:
        raise NotMeasurable(
            tr("This outline crosses itself too often to enclose a region."), hint=tr("Lead it round the region once.")
        ) from exc


def _basis(
    kind: AnnotationKind, measures: Sequence[Measure], image: SliceImage, points: Sequence[Point] | Sequence[PixelPoint]
) -> SpacingBasis | None:
    """Return what the millimetres of a drawing are based on, None where it tells none and in the patient."""
    return space_of(image, points, kind).basis if any(one.unit in {"mm", "mm2"} for one in measures) else None


def _placed(space: Space, points: Sequence[Point] | Sequence[PixelPoint]) -> list[Point]:
    """Return points in three dimensions: as they are, or (column, row) on the pixel grid."""
    return [point if len(point) == 3 else space.plane.lps_of(point[0], point[1]) for point in points]


def _points3(points: Sequence[Point] | Sequence[PixelPoint]) -> tuple[Point, ...]:
    found = []
    for point in points:
        if len(point) != 3:
            raise ValueError("points on an image in the patient are LPS millimetres")
        found.append((float(point[0]), float(point[1]), float(point[2])))
    return tuple(found)


def _points2(points: Sequence[Point] | Sequence[PixelPoint]) -> tuple[PixelPoint, ...]:
    if any(len(point) != 2 for point in points):
        raise NotMeasurable(
            tr("This image has no place in the patient, so nothing can be measured in millimetres."),
            hint=tr("Ask the sending site for the original images."),
        )
    return tuple((float(point[0]), float(point[1])) for point in points)


def _no_length() -> NotMeasurable:
    return NotMeasurable(tr("A line without length measures nothing."), hint=tr("Draw it longer."))
