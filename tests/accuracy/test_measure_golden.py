"""Measurements against numbers known by geometry."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.helpers.viewers import annotation, axial_plane, image, measure_of
from viewers.scene import measure
from viewers.scene.image import SliceImage
from workstation.domain.annotation import Annotation, AnnotationKind, Statistics
from workstation.domain.geometry import ImagePlane, Point

pytestmark = pytest.mark.accuracy

COS, SIN = math.cos(math.radians(30)), math.sin(math.radians(30))
PLANES = {
    "standard": ImagePlane((0, 0, 0), (1, 0, 0), (0, 1, 0), (1.0, 1.0)),
    "unequal spacing": ImagePlane((-30, 12, 5), (1, 0, 0), (0, 1, 0), (0.5, 2.0)),
    "oblique 30 degrees": ImagePlane((10, -20, 30), (COS, SIN, 0), (0, 0, -1), (0.7, 1.4)),
    "tilted 30 degrees": ImagePlane((0, 0, 100), (1, 0, 0), (0, COS, SIN), (0.8, 0.9)),
}


def ellipse(picture: SliceImage, centre: Point, first: Point, second: Point) -> tuple[Annotation, Statistics]:
    drawn = annotation(AnnotationKind.ELLIPSE, picture, [centre, first, second])
    assert drawn.statistics is not None
    return drawn, drawn.statistics


@pytest.mark.parametrize("name", PLANES)
@pytest.mark.parametrize(("right_mm", "down_mm", "expected_mm"), [(3.0, 4.0, 5.0), (6.0, 8.0, 10.0), (7.0, 0.0, 7.0)])
def test_a_3_4_5_triangle_measures_5_mm_on_every_plane(
    name: str, right_mm: float, down_mm: float, expected_mm: float
) -> None:
    plane = PLANES[name]
    first = plane.lps_of(10, 10)
    second = plane.lps_of(10 + right_mm / plane.spacing_mm[0], 10 + down_mm / plane.spacing_mm[1])
    measured = annotation(AnnotationKind.LENGTH, image(plane=plane), [first, second])
    assert expected_mm == pytest.approx(measure_of(measured), abs=1e-9)
    assert (measured.measures[0].unit, measured.kind) == ("mm", AnnotationKind.LENGTH)


def test_ten_pixels_are_different_lengths_along_rows_and_columns() -> None:
    """(0028,0030) is row spacing first: 0.5 between columns and 2 between rows here."""
    plane = PLANES["unequal spacing"]
    picture = image(plane=plane)
    along_row = annotation(AnnotationKind.LENGTH, picture, [plane.lps_of(0, 0), plane.lps_of(10, 0)])
    along_column = annotation(AnnotationKind.LENGTH, picture, [plane.lps_of(0, 0), plane.lps_of(0, 10)])
    assert pytest.approx(measure_of(along_row)) == 5.0
    assert pytest.approx(measure_of(along_column)) == 20.0


@pytest.mark.parametrize("name", PLANES)
def test_a_uniform_disc_has_its_value_and_no_spread_on_every_plane(name: str) -> None:
    plane = PLANES[name]
    pixels = np.full((80, 100), -700, dtype=np.int16)
    centre = plane.lps_of(50, 40)
    half = 6.0
    ends = [
        plane.lps_of(50 + half / plane.spacing_mm[0], 40),
        plane.lps_of(50, 40 + half / plane.spacing_mm[1]),
    ]
    drawn, found = ellipse(image(pixels, plane), centre, *ends)
    assert (found.mean, found.standard_deviation, found.minimum, found.maximum) == (-700, 0, -700, -700)
    assert math.pi * 36 == pytest.approx(measure_of(drawn))
    # Gauss: pixels in a disc deviate from its area by less than its rim
    pixel_mm2 = plane.spacing_mm[0] * plane.spacing_mm[1]
    assert math.pi * 36 == pytest.approx(found.count * pixel_mm2, rel=0.1)


def test_statistics_of_a_plus_of_five_pixels_are_those_of_the_five_numbers() -> None:
    """A radius of 1.2 pixels holds the centre and its four neighbours: 10, 20, 30, 40, 50."""
    pixels = np.full((9, 9), 9999, dtype=np.int16)
    pixels[4, 3:6] = (10, 20, 30)
    pixels[3, 4], pixels[5, 4] = 40, 50
    plane = axial_plane()
    _, found = ellipse(image(pixels, plane), (4, 4, 0), (5.2, 4, 0), (4, 5.2, 0))
    assert found.count == 5
    assert pytest.approx(found.mean) == 30.0
    # population: sqrt(mean of 400, 100, 0, 100, 400)
    assert math.sqrt(200) == pytest.approx(found.standard_deviation)
    assert (found.minimum, found.maximum) == (10, 50)


def test_a_linear_ramp_has_its_centre_value_as_mean_and_half_the_axis_as_spread() -> None:
    """Over an ellipse a ramp along the semi-axis a has mean f(centre) and standard deviation slope * a / 2."""
    columns = np.arange(400, dtype=np.float32)
    pixels = np.tile(columns, (300, 1))
    plane = axial_plane(spacing=(0.5, 0.25))
    centre = plane.lps_of(200, 150)
    drawn, found = ellipse(image(pixels, plane), centre, plane.lps_of(320, 150), plane.lps_of(200, 250))
    assert pytest.approx(found.mean, abs=0.01) == 200.0
    assert pytest.approx(found.standard_deviation, rel=2e-3) == 60.0
    assert (found.minimum, found.maximum) == (80, 320)
    assert math.pi * 60 * 25 == pytest.approx(measure_of(drawn))


def test_a_turned_ellipse_counts_what_lies_under_it() -> None:
    """Semi-axes along the diagonals: 8 mm towards lower right, 2 mm towards upper right."""
    rows, columns = np.indices((61, 61))
    u, v = (columns + rows - 60) / math.sqrt(2), (columns - rows) / math.sqrt(2)
    inside = (u / 8) ** 2 + (v / 2) ** 2 <= 1
    pixels = np.where(inside, 100, -100).astype(np.int16)
    d8, d2 = 8 / math.sqrt(2), 2 / math.sqrt(2)
    _, found = ellipse(image(pixels, axial_plane()), (30, 30, 0), (30 + d8, 30 + d8, 0), (30 + d2, 30 - d2, 0))
    assert (found.mean, found.standard_deviation, found.count) == (100, 0, int(inside.sum()))


def test_padding_is_left_out_of_statistics() -> None:
    pixels = np.full((20, 20), 50, dtype=np.int16)
    pixels[:, :10] = -2000
    padded = SliceImage(pixels, axial_plane(), padding=(-2000, -2000))
    _, found = ellipse(padded, (10, 10, 0), (16, 10, 0), (10, 16, 0))
    assert (found.mean, found.minimum) == (50, 50)


@pytest.mark.parametrize(
    ("centre", "first", "second"),
    [((4.5, 4.5, 0), (4.7, 4.5, 0), (4.5, 4.7, 0)), ((50, 50, 0), (52, 50, 0), (50, 52, 0)), ((4, 4, 0),) * 3],
)
def test_an_ellipse_without_a_pixel_says_so(
    centre: tuple[float, float, float], first: tuple[float, float, float], second: tuple[float, float, float]
) -> None:
    with pytest.raises(measure.NotMeasurable):
        ellipse(image(np.zeros((9, 9), dtype=np.int16), axial_plane()), centre, first, second)


def test_the_probe_reads_no_value_from_colour() -> None:
    colour = SliceImage(np.zeros((9, 9, 3), dtype=np.uint8), axial_plane())
    assert measure.value_at(colour, 4, 4) is None


@pytest.mark.parametrize(
    ("column", "row", "expected"),
    [
        (0, 0, 0),
        (0.49, 0, 0),
        (0.5, 0, 1),
        (8.4, 8.4, 80),
        (-0.5, 0, 0),
        (-0.51, 0, None),
        (8.5, 0, None),
        (0, 9, None),
    ],
)
def test_the_probe_reads_the_nearest_pixel(column: float, row: float, expected: float | None) -> None:
    pixels = np.arange(81, dtype=np.int16).reshape(9, 9)
    assert expected == measure.value_at(image(pixels, axial_plane()), column, row)


def test_the_probe_reads_the_pixel_under_the_patient_point_of_an_oblique_plane() -> None:
    plane = PLANES["oblique 30 degrees"]
    pixels = np.arange(8000, dtype=np.int16).reshape(80, 100)
    kept = annotation(AnnotationKind.PROBE, image(pixels, plane), [plane.lps_of(12, 34)])
    assert (measure_of(kept), kept.measures[0].unit) == (3412.0, "HU")


def test_a_probe_beside_the_image_or_on_padding_keeps_nothing() -> None:
    padded = SliceImage(np.full((9, 9), -2000, dtype=np.int16), axial_plane(), padding=(-2000, -2000))
    for point in ((4.0, 4.0, 0.0), (40.0, 4.0, 0.0)):
        with pytest.raises(measure.NotMeasurable):
            annotation(AnnotationKind.PROBE, padded, [point])
