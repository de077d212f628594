"""Distances, ellipse statistics and pixel values, in patient millimetres and on the pixels themselves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from resources.translation import tr
from viewers.scene.image import SliceImage
from viewers.scene.raster import is_padding
from workstation.domain.errors import MissingGeometry, WorkstationError
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.geometry import distance_mm as gap_mm
from workstation.domain.measurement import Measurement, MeasurementKind, RegionStatistics


class NotMeasurable(WorkstationError):
    """The pixels under a measurement have no value to measure."""


def distance(image: SliceImage, first: Point, second: Point, *, tracking_uid: str) -> Measurement:
    """Return the distance of two patient points in mm. Raises MissingGeometry when the image has no spacing."""
    require_plane(image)
    return Measurement(
        tracking_uid=tracking_uid,
        kind=MeasurementKind.DISTANCE,
        points_lps_mm=(first, second),
        frame_of_reference_uid=image.frame_of_reference_uid,
        referenced_sop_instance_uid=image.sop_instance_uid,
        value=gap_mm(first, second),
        unit="mm",
    )


def ellipse(image: SliceImage, centre: Point, first_end: Point, second_end: Point, *, tracking_uid: str) -> Measurement:
    """
    Measure an ellipse given by its centre and the ends of its two perpendicular semi-axes.

    Raises MissingGeometry without spacing, NotMeasurable on colour or where no pixel lies inside.
    """
    points = (centre, first_end, second_end)
    return Measurement(
        tracking_uid=tracking_uid,
        kind=MeasurementKind.ELLIPSE,
        points_lps_mm=points,
        frame_of_reference_uid=image.frame_of_reference_uid,
        referenced_sop_instance_uid=image.sop_instance_uid,
        statistics=ellipse_statistics(image, *points),
    )


def probe(image: SliceImage, point: Point, *, tracking_uid: str) -> Measurement:
    """Keep the value of the pixel nearest to a patient point. Raises MissingGeometry, NotMeasurable."""
    column, row = require_plane(image).pixel_of(point)
    value = value_at(image, column, row)
    if value is None:
        raise NotMeasurable(tr("There is no pixel value here."), hint=tr("Place the probe on the image."))
    return Measurement(
        tracking_uid=tracking_uid,
        kind=MeasurementKind.PROBE,
        points_lps_mm=(point,),
        frame_of_reference_uid=image.frame_of_reference_uid,
        referenced_sop_instance_uid=image.sop_instance_uid,
        value=value,
        unit=image.unit,
    )


def remeasured(measurement: Measurement, points: tuple[Point, ...], image: SliceImage) -> Measurement:
    """Return the measurement at other points with its identity kept and its values taken anew."""
    uid = measurement.tracking_uid
    if measurement.kind is MeasurementKind.DISTANCE:
        fresh = distance(image, points[0], points[1], tracking_uid=uid)
    elif measurement.kind is MeasurementKind.ELLIPSE:
        fresh = ellipse(image, points[0], points[1], points[2], tracking_uid=uid)
    else:
        fresh = probe(image, points[0], tracking_uid=uid)
    return replace(fresh, frame_of_reference_uid=measurement.frame_of_reference_uid)


def ellipse_statistics(image: SliceImage, centre: Point, first_end: Point, second_end: Point) -> RegionStatistics:
    """
    Return statistics of the pixels whose centres lie in the ellipse; padding is left out.

    ``area_mm2`` is the ellipse's own area pi*a*b, not the pixel count times pixel area.
    """
    plane = require_plane(image)
    if image.is_color:
        raise NotMeasurable(tr("Colour images have no values to measure."), hint=tr("Measure distances instead."))
    first, second = np.subtract(first_end, centre), np.subtract(second_end, centre)
    axes = np.array(
        [
            [np.dot(first, plane.right), np.dot(first, plane.down)],
            [np.dot(second, plane.right), np.dot(second, plane.down)],
        ]
    )
    lengths = np.linalg.norm(axes, axis=1)
    values = _values_inside(image, plane, centre, axes) if lengths.min() > 0 else np.empty(0)
    if values.size == 0:
        raise NotMeasurable(tr("No pixel lies inside the ellipse."), hint=tr("Draw a larger ellipse."))
    return RegionStatistics(
        mean=float(values.mean()),
        standard_deviation=float(values.std()),
        minimum=float(values.min()),
        maximum=float(values.max()),
        area_mm2=math.pi * float(lengths[0]) * float(lengths[1]),
        pixel_count=int(values.size),
        unit=image.unit,
    )


def value_at(image: SliceImage, column: float, row: float) -> float | None:
    """Return the value of the pixel nearest to an index; None outside the image, on padding and on colour."""
    x, y = math.floor(column + 0.5), math.floor(row + 0.5)
    if image.is_color or not (0 <= x < image.columns and 0 <= y < image.rows):
        return None
    value = image.pixels[y, x]
    return None if is_padding(np.asarray(value), image.padding) else float(value)


def require_plane(image: SliceImage) -> ImagePlane:
    """Return the image's plane. Raises MissingGeometry: millimetres are never guessed."""
    if image.plane is None:
        raise MissingGeometry(
            tr("This image has no pixel spacing, so nothing can be measured in millimetres."),
            hint=tr("Ask the sending site for the original images."),
            detail=f"no plane in {image.sop_instance_uid}",
        )
    return image.plane


def _values_inside(
    image: SliceImage, plane: ImagePlane, centre: Point, axes: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    column, row = plane.pixel_of(centre)
    # half extents of an ellipse with semi-axes u, v are sqrt(u^2 + v^2) per coordinate
    reach = np.sqrt((axes**2).sum(axis=0)) / plane.spacing_mm
    columns = np.arange(max(0, math.ceil(column - reach[0])), min(image.columns - 1, math.floor(column + reach[0])) + 1)
    rows = np.arange(max(0, math.ceil(row - reach[1])), min(image.rows - 1, math.floor(row + reach[1])) + 1)
    if columns.size == 0 or rows.size == 0:
        return np.empty(0)
    x = (columns - column) * plane.spacing_mm[0]
    y = (rows - row)[:, None] * plane.spacing_mm[1]
    squares = (axes**2).sum(axis=1)
    along = (x * axes[0, 0] + y * axes[0, 1]) / squares[0]
    across = (x * axes[1, 0] + y * axes[1, 1]) / squares[1]
    box = image.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # a hair of slack keeps pixels that lie exactly on the rim in, whatever the rounding
    inside = along**2 + across**2 <= 1.0 + 1e-9
    return np.asarray(box[inside & ~is_padding(box, image.padding)], dtype=np.float64)
