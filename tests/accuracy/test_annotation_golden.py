"""Every kind of annotation against numbers known by geometry, on planes of every kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.helpers.viewers import image
from viewers.scene import measure_regions as regions
from viewers.scene import measure_shapes as shapes
from viewers.scene.callipers import words
from viewers.scene.image import SliceImage
from viewers.scene.measure import NotMeasurable
from viewers.scene.measure_annotations import annotate, region_values, remeasured, space_of, sphere, squared
from workstation.domain.annotation import Annotation, AnnotationKind, MeasureName
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.volume import Volume

pytestmark = pytest.mark.accuracy

AT = datetime(2026, 11, 22, tzinfo=UTC)
COS, SIN = math.cos(math.radians(30)), math.sin(math.radians(30))
PLANES = {
    "standard": ImagePlane((0, 0, 0), (1, 0, 0), (0, 1, 0), (1.0, 1.0)),
    "unequal spacing": ImagePlane((-30, 12, 5), (1, 0, 0), (0, 1, 0), (0.5, 2.0)),
    "oblique 30 degrees": ImagePlane((10, -20, 30), (COS, SIN, 0), (0, 0, -1), (0.7, 1.4)),
    "tilted 30 degrees": ImagePlane((0, 0, 100), (1, 0, 0), (0, COS, SIN), (0.8, 0.9)),
}
every_plane = pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES)


def at_mm(plane: ImagePlane, *points: tuple[float, float]) -> list[Point]:
    """Return points so many mm to the right and down from pixel (20, 10)."""
    start = plane.lps_of(20, 10)
    placed = (np.add(start, np.multiply(plane.right, x) + np.multiply(plane.down, y)).tolist() for x, y in points)
    return [(x, y, z) for x, y, z in placed]


def draw(kind: AnnotationKind, on: SliceImage, points: Sequence[Point] | Sequence[tuple[float, float]]) -> Annotation:
    text = "here" if kind is AnnotationKind.TEXT else ""
    return annotate(kind, on, points, uid="2.25.1", tracking_uid="2.25.2", author="w", created_at=AT, text=text)


def numbers(drawn: Annotation) -> dict[MeasureName, tuple[float, str]]:
    return {m.name: (round(m.value, 6), m.unit) for m in drawn.measures}


@every_plane
def test_a_3_4_5_triangle_is_5_mm_long(plane: ImagePlane) -> None:
    drawn = draw(AnnotationKind.LENGTH, image(plane=plane), at_mm(plane, (0, 0), (3, 4)))
    assert numbers(drawn) == {MeasureName.LENGTH: (5.0, "mm")}
    assert (drawn.points_px, drawn.referenced_sop_instance_uid != "") == ((), True)


def test_a_stroke_like_an_8_has_the_area_that_its_pixels_have() -> None:
    """Two triangles of 20 x 10 columns by rows at 0.5 mm by 2 mm: 2 x (20 x 2) x (10 x 0.5) / 2 = 200 mm2."""
    plane = PLANES["unequal spacing"]
    eight = [plane.lps_of(*point) for point in ((10, 10), (30, 30), (30, 10), (10, 30))]
    drawn = draw(AnnotationKind.FREEHAND, image(plane=plane), eight)
    assert numbers(drawn)[MeasureName.AREA] == (200.0, "mm2")
    assert drawn.statistics is not None
    assert abs(drawn.statistics.count - 200) <= 30  # pixels of 1 mm2, of those on the rim one half


@every_plane
def test_long_and_short_axis_are_told_by_length_not_by_order(plane: ImagePlane) -> None:
    points = at_mm(plane, (4, -3), (4, 3), (0, 0), (8, 0))
    drawn = draw(AnnotationKind.BIDIRECTIONAL, image(plane=plane), points)
    assert numbers(drawn) == {MeasureName.LONG_AXIS: (8.0, "mm"), MeasureName.SHORT_AXIS: (6.0, "mm")}


@every_plane
def test_a_slanted_short_axis_is_turned_square_about_its_middle(plane: ImagePlane) -> None:
    turned = squared(image(plane=plane), at_mm(plane, (0, 0), (10, 0), (2, -3), (6, 3)))
    reach = math.sqrt(13)  # half of the drawn 2 sqrt(13)
    for expected, found in zip(at_mm(plane, (4, -reach), (4, reach)), turned[2:], strict=True):
        assert expected == pytest.approx(found)


@every_plane
@pytest.mark.parametrize(
    ("x", "y", "degrees"), [(0, 5, 90.0), (5, 5, 45.0), (-5, 0, 180.0), (5, 0, 0.0), (-1, math.sqrt(3), 120.0)]
)
def test_angles_are_those_of_the_patient_not_of_the_pixels(
    plane: ImagePlane, x: float, y: float, degrees: float
) -> None:
    drawn = draw(AnnotationKind.ANGLE, image(plane=plane), at_mm(plane, (7, 0), (0, 0), (x, y)))
    value, unit = numbers(drawn)[MeasureName.ANGLE]
    assert pytest.approx(value, abs=1e-5) == degrees
    assert unit == "deg"


@every_plane
@pytest.mark.parametrize("turned", [False, True])
def test_a_cobb_angle_of_30_degrees_is_30_whichever_way_the_lines_are_drawn(plane: ImagePlane, turned: bool) -> None:  # noqa: FBT001 - a parameter of the test
    lower = [(0.0, 20.0), (10 * COS, 20 + 10 * SIN)]
    points = at_mm(plane, (0, 0), (9, 0), *(reversed(lower) if turned else lower))
    assert numbers(draw(AnnotationKind.COBB, image(plane=plane), points)) == {MeasureName.ANGLE: (30.0, "deg")}


@every_plane
@pytest.mark.parametrize("lying", [0, 90, 200], ids="spine turned by {}".format)
@pytest.mark.parametrize("backwards", [(), (0,), (1,), (0, 1)])
@pytest.mark.parametrize("degrees", [20.0, 89.0, 95.0, 110.0, 130.0, 170.0])
def test_a_severe_scoliosis_is_told_with_its_whole_cobb_angle(
    plane: ImagePlane, degrees: float, backwards: tuple[int, ...], lying: float
) -> None:
    """End plates 30 mm long across an arc of 60 mm radius: they point at its centre, half the angle to each side."""
    lines = []
    for turn in (-degrees / 2, degrees / 2):
        along = math.radians(turn + lying)
        lines.append([(50 + r * math.cos(along), 50 + r * math.sin(along)) for r in (45.0, 75.0)])
    for one in backwards:
        lines[one].reverse()
    drawn = draw(AnnotationKind.COBB, image(plane=plane), at_mm(plane, *lines[0], *lines[1]))
    value, unit = numbers(drawn)[MeasureName.ANGLE]
    assert pytest.approx(value) == degrees
    assert unit == "deg"


@pytest.mark.parametrize("backwards", [(), (0,), (1,), (0, 1)])
@pytest.mark.parametrize(
    ("lines", "degrees"),
    [
        # (3, 8) leans atan(3 / 8) away from upright
        pytest.param(([(0, 0), (0, 10)], [(0, 12), (3, 20)]), 20.556, id="metatarsal and phalanx"),
        # the toe leans 40 degrees: (sin 40, cos 40) * 30
        pytest.param(([(0, 0), (0, 60)], [(0, 62), (19.284, 84.981)]), 40.0, id="severe hallux valgus"),
        # atan(0.2 / 40) + atan(2.5 / 40) = 0.286 + 3.576
        pytest.param(([(0, 0), (0.2, 40)], [(0.5, 45), (-2, 85)]), 3.863, id="femur and tibia"),
        # the second leans by atan(0.1)
        pytest.param(([(0, 0), (10, 0)], [(20, 0.5), (30, 1.5)]), 5.711, id="plates end to end"),
        pytest.param(([(0, 0), (10, 0)], [(12, 0), (22, 0)]), 0.0, id="collinear, end to end"),
        pytest.param(([(0, 0), (10, 0)], [(80, 0), (90, 0)]), 0.0, id="collinear, far apart"),
        # the second leans by atan(0.05) = 2.862, away from the first and towards it
        pytest.param(([(0, 0), (10, 0)], [(80, 0.5), (90, 1)]), 2.862, id="nearly collinear, far apart"),
        pytest.param(([(0, 0), (10, 0)], [(80, 1), (90, 0.5)]), 2.862, id="nearly collinear, the other way"),
        # posterior walls of neighbouring vertebrae, 12.5 degrees to each side of upright: (sin, cos) * 20
        pytest.param(([(0, 0), (4.3288, 19.5259)], [(4.4, 24), (0.0712, 43.5259)]), 25.0, id="tangents"),
    ],
)
def test_lines_that_follow_each_other_tell_the_angle_between_them(
    lines: tuple[list[tuple[float, float]], list[tuple[float, float]]], degrees: float, backwards: tuple[int, ...]
) -> None:
    one, other = (line[::-1] if number in backwards else line for number, line in enumerate(lines))
    assert shapes.cobb_deg((one[0], one[1]), (other[0], other[1])) == pytest.approx(degrees, abs=0.001)


def test_a_cobb_angle_above_90_degrees_is_told_with_the_angle_between_its_lines() -> None:
    """
    Tangents of 16 mm, 70 mm apart, 20 degrees off the way between them, as a lordosis of 40 degrees has them, are
    drawn exactly as end plates of a curve of 140 degrees: nothing tells them apart, so the reader sees both numbers.
    """
    a, b = 8 * math.sin(math.radians(20)), 8 * math.cos(math.radians(20))
    tangents = [(50 - a, 20 - b), (50 + a, 20 + b), (50 + a, 90 - b), (50 - a, 90 + b)]
    plane = PLANES["standard"]
    drawn = draw(AnnotationKind.COBB, image(plane=plane), at_mm(plane, *tangents))
    assert words(drawn) == ("Cobb 140.0°", "40.0° between the lines")
    mild = at_mm(plane, (0, 0), (9, 0), (0.0, 20.0), (10 * COS, 20 + 10 * SIN))
    assert words(draw(AnnotationKind.COBB, image(plane=plane), mild)) == ("Cobb 30.0°",)


@every_plane
@pytest.mark.parametrize("turned", [False, True])
def test_posterior_tangents_far_apart_tell_the_angle_between_them_with_their_own_tool(
    plane: ImagePlane, *, turned: bool
) -> None:
    """The tangents above, 20 degrees to each side of upright: 40 degrees, whichever way they were drawn."""
    a, b = 8 * math.sin(math.radians(20)), 8 * math.cos(math.radians(20))
    first, second = [(50 - a, 20 - b), (50 + a, 20 + b)], [(50 + a, 90 - b), (50 - a, 90 + b)]
    drawn = draw(AnnotationKind.LINES, image(plane=plane), at_mm(plane, *first, *(second[::-1] if turned else second)))
    value, unit = numbers(drawn)[MeasureName.ANGLE]
    assert unit == "deg"
    assert value == pytest.approx(40.0)
    assert words(drawn) == ("40.0° between the lines",)


def test_lines_at_right_angles_and_along_each_other_are_0_and_90_degrees_apart() -> None:
    assert shapes.between_lines_deg(((0, 0), (10, 0)), ((3, 5), (3, -8))) == pytest.approx(90.0)
    assert shapes.between_lines_deg(((0, 0), (10, 0)), ((30, 5), (20, 5))) == pytest.approx(0.0)


def test_lines_that_cross_in_their_middles_tell_the_smaller_angle() -> None:
    cross = shapes.cobb_deg(((-5, 0, 0), (5, 0, 0)), ((0, -5, 0), (0.1, 5, 0)))
    assert cross == pytest.approx(89.427, abs=0.001)
    assert shapes.cobb_deg(((-5, 0, 0), (5, 0, 0)), ((0, 5, 0), (0, -5, 0))) == pytest.approx(90.0)
    assert shapes.cobb_deg(((0, 0, 0), (0, 10, 0)), ((-3, 20, 0), (3, 26, 0))) == pytest.approx(45.0)


@every_plane
def test_the_heart_is_measured_along_the_line_across_the_chest(plane: ImagePlane) -> None:
    """Heart borders at different heights, 14 mm apart sideways; chest 28 mm: ratio 0.5."""
    points = at_mm(plane, (4, 1), (18, 6), (0, 3), (28, 3))
    assert numbers(draw(AnnotationKind.CARDIOTHORACIC, image(plane=plane), points)) == {
        MeasureName.HEART_WIDTH: (14.0, "mm"),
        MeasureName.CHEST_WIDTH: (28.0, "mm"),
        MeasureName.RATIO: (0.5, "1"),
    }


@every_plane
def test_a_uniform_region_has_its_value_no_spread_and_its_drawn_area(plane: ImagePlane) -> None:
    pixels = np.full((80, 100), -700, dtype=np.int16)
    ct = SliceImage(pixels, plane, "1.9", "1.2", unit="HU")
    drawn = {
        AnnotationKind.ELLIPSE: (at_mm(plane, (10, 12), (18, 12), (10, 18)), math.pi * 48, None),
        AnnotationKind.RECTANGLE: (at_mm(plane, (0, 0), (12, 0), (12, 9), (0, 9)), 108.0, 42.0),
        AnnotationKind.FREEHAND: (at_mm(plane, (0, 0), (12, 0), (0, 9)), 54.0, 36.0),
    }
    for kind, (points, area, around) in drawn.items():
        found = draw(kind, ct, points)
        stats = found.statistics
        assert stats is not None
        assert (stats.mean, stats.standard_deviation, stats.minimum, stats.maximum, stats.unit) == (
            -700,
            0,
            -700,
            -700,
            "HU",
        )
        measured = numbers(found)
        assert pytest.approx(measured[MeasureName.AREA][0], abs=1e-5) == area
        assert measured[MeasureName.AREA][1] == "mm2"
        assert measured.get(MeasureName.PERIMETER) == (None if around is None else (around, "mm"))
        pixel_mm2 = plane.spacing_mm[0] * plane.spacing_mm[1]
        assert area == pytest.approx(stats.count * pixel_mm2, rel=0.35)


NINE = np.arange(1, 10, dtype=np.int16).reshape(3, 3)


def nine(**options: object) -> SliceImage:
    return SliceImage(NINE, PLANES["standard"], "1.9", "1.2", **options)  # type: ignore[arg-type]  # each of its own type


def test_the_statistics_of_nine_pixels_are_those_of_1_to_9() -> None:
    """Mean 5, population SD sqrt(60/9); pixels on the rim count on every side."""
    found = draw(AnnotationKind.RECTANGLE, nine(unit="SUV"), [(0, 0, 0), (2, 0, 0), (2, 2, 0), (0, 2, 0)]).statistics
    assert found is not None
    assert (found.mean, found.minimum, found.maximum, found.count, found.unit) == (5, 1, 9, 9, "SUV")
    assert found.standard_deviation == pytest.approx(math.sqrt(60 / 9))


def test_padding_belongs_to_no_region() -> None:
    found = draw(AnnotationKind.ELLIPSE, nine(padding=(5, 5)), [(1, 1, 0), (2, 1, 0), (1, 2, 0)]).statistics
    assert found is not None
    assert (found.count, found.mean) == (4, 5.0)  # 2, 4, 6, 8 without the 5 in the middle


def test_a_probe_tells_the_nearest_pixel_with_its_unit() -> None:
    assert numbers(draw(AnnotationKind.PROBE, nine(unit="OD"), [(1.4, 0.6, 0)])) == {MeasureName.VALUE: (5.0, "OD")}
    assert numbers(draw(AnnotationKind.PROBE, nine(), [(2.0, 2.0, 0)])) == {MeasureName.VALUE: (9.0, "")}
    with pytest.raises(NotMeasurable, match="no pixel value"):
        draw(AnnotationKind.PROBE, nine(), [(9.0, 9.0, 0)])


def test_an_arrow_and_a_text_carry_no_number() -> None:
    assert draw(AnnotationKind.ARROW, nine(), [(0, 0, 0), (1, 1, 0)]).measures == ()
    assert draw(AnnotationKind.TEXT, nine(), [(0, 0, 0)]).text == "here"


def test_without_a_place_in_the_patient_everything_is_in_pixels_and_stays_on_the_image() -> None:
    """Pixels twice as high as wide: 4 rows down are 8 column widths."""
    flat = SliceImage(np.ones((20, 20), dtype=np.int16), None, "1.9", "1.2", aspect=2.0)
    drawn = draw(AnnotationKind.LENGTH, flat, [(0.0, 0.0), (6.0, 4.0)])
    assert numbers(drawn) == {MeasureName.LENGTH: (10.0, "px")}
    assert (list(drawn.points_lps_mm), list(drawn.points_px)) == ([], [(0.0, 0.0), (6.0, 4.0)])
    assert drawn.frame_of_reference_uid == ""
    box = draw(AnnotationKind.RECTANGLE, flat, [(0.0, 0.0), (3.0, 0.0), (3.0, 2.0), (0.0, 2.0)])
    assert numbers(box) == {MeasureName.AREA: (12.0, "px2"), MeasureName.PERIMETER: (14.0, "px")}
    assert space_of(flat).unit == "px"
    ratio = draw(AnnotationKind.CARDIOTHORACIC, flat, [(4.0, 1.0), (9.0, 5.0), (0.0, 3.0), (10.0, 3.0)])
    assert numbers(ratio)[MeasureName.RATIO] == (0.5, "1")


def test_millimetres_are_refused_without_a_place_in_the_patient_and_never_guessed() -> None:
    flat = SliceImage(np.ones((20, 20), dtype=np.int16), None, "1.9", "1.2")
    with pytest.raises(NotMeasurable, match="millimetres"):
        draw(AnnotationKind.LENGTH, flat, [(0.0, 0.0, 0.0), (6.0, 4.0, 0.0)])
    in_patient = draw(AnnotationKind.LENGTH, nine(), [(0, 0, 0), (1, 1, 0)])
    with pytest.raises(NotMeasurable, match="millimetres"):
        remeasured(in_patient, flat, [(0.0, 0.0), (1.0, 1.0)])
    with pytest.raises(ValueError, match="LPS"):
        draw(AnnotationKind.LENGTH, nine(), [(0.0, 0.0), (1.0, 1.0)])


def test_a_dragged_handle_keeps_who_and_what_and_measures_anew() -> None:
    drawn = draw(AnnotationKind.LENGTH, nine(), [(0, 0, 0), (2, 0, 0)])
    moved = remeasured(drawn, nine(), [(0, 0, 0), (0, 1, 0)])
    assert (moved.uid, moved.author, numbers(moved)) == ("2.25.1", "w", {MeasureName.LENGTH: (1.0, "mm")})
    assert list(moved.points_lps_mm) == [(0, 0, 0), (0, 1, 0)]
    flat = SliceImage(NINE, None, "1.9", "1.2")
    on_image = remeasured(draw(AnnotationKind.LENGTH, flat, [(0.0, 0.0), (2.0, 0.0)]), flat, [(0.0, 0.0), (0.0, 1.0)])
    assert (on_image.points_px, numbers(on_image)) == (((0.0, 0.0), (0.0, 1.0)), {MeasureName.LENGTH: (1.0, "px")})


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        (AnnotationKind.ANGLE, [(0, 0, 0), (0, 0, 0), (1, 1, 0)]),
        (AnnotationKind.COBB, [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 0)]),
        (AnnotationKind.LINES, [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 0)]),
        (AnnotationKind.CARDIOTHORACIC, [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 0)]),
        (AnnotationKind.ELLIPSE, [(1, 1, 0), (1, 1, 0), (1, 2, 0)]),
        (AnnotationKind.RECTANGLE, [(0.2, 0.2, 0), (0.4, 0.2, 0), (0.4, 0.4, 0), (0.2, 0.4, 0)]),
        (AnnotationKind.FREEHAND, [(50, 50, 0), (60, 50, 0), (60, 60, 0)]),
        (AnnotationKind.SPHERE, [(0, 0, 0), (1, 0, 0)]),
    ],
)
def test_what_measures_nothing_is_refused_with_a_next_step(kind: AnnotationKind, points: list[Point]) -> None:
    with pytest.raises(NotMeasurable) as refused:
        draw(kind, nine(), points)
    assert refused.value.hint


def test_a_short_axis_along_the_long_one_is_refused() -> None:
    with pytest.raises(NotMeasurable, match="without length"):
        squared(nine(), [(0, 0, 0), (10, 0, 0), (2, 0, 0), (5, 0, 0)])


def test_colour_has_an_area_and_no_mean() -> None:
    doppler = SliceImage(np.zeros((20, 20, 3), dtype=np.uint8), PLANES["standard"], "1.9", "1.2")
    drawn = draw(AnnotationKind.RECTANGLE, doppler, [(0, 0, 0), (4, 0, 0), (4, 3, 0), (0, 3, 0)])
    assert (numbers(drawn)[MeasureName.AREA], drawn.statistics) == ((12.0, "mm2"), None)
    with pytest.raises(NotMeasurable, match="Colour"):
        region_values(AnnotationKind.RECTANGLE, doppler, drawn.points_lps_mm)


@pytest.mark.parametrize(
    "affine",
    [np.diag([1.0, 1, 1, 1]), np.diag([0.5, 0.5, 2.0, 1.0]), np.diag([-0.5, 0.5, -2.0, 1.0])],
    ids=["even", "uneven", "turned"],
)
def test_a_sphere_of_10_mm_holds_524_mm3_of_voxels(affine: np.ndarray) -> None:
    shape = (int(40 / abs(affine[2, 2])), int(40 / abs(affine[1, 1])), int(40 / abs(affine[0, 0])))
    volume = Volume(np.full(shape, 7.5, dtype=np.float32), affine, "1.2", "1.3", "SUV")
    x, y, z = volume.lps_of(np.array(shape[::-1]) / 2).tolist()
    drawn = sphere(volume, (x, y, z), (x, y + 5, z), uid="1", tracking_uid="2", author="w", created_at=AT)
    assert numbers(drawn) == {MeasureName.DIAMETER: (10.0, "mm"), MeasureName.VOLUME: (523.598776, "mm3")}
    assert drawn.statistics is not None
    assert (drawn.statistics.mean, drawn.statistics.unit) == (7.5, "SUV")
    assert pytest.approx(drawn.statistics.count * abs(np.linalg.det(affine[:3, :3])), rel=0.05) == 523.6


def test_a_sphere_outside_the_volume_measures_nothing() -> None:
    volume = Volume(np.zeros((5, 5, 5), dtype=np.int16), np.eye(4), "1.2", "1.3")
    with pytest.raises(NotMeasurable):
        sphere(volume, (90, 90, 90), (91, 90, 90), uid="1", tracking_uid="2", author="w", created_at=AT)


def test_a_histogram_counts_hounsfield_units_in_even_bins() -> None:
    values = np.array([-15.0, -10, -1, 0, 9, 10, 31])
    assert regions.histogram(values, "HU") == regions.Histogram(-20.0, 10.0, (1, 2, 2, 1, 0, 1), "HU")
    inside = region_values(AnnotationKind.ELLIPSE, nine(), [(1, 1, 0), (2, 1, 0), (1, 2, 0)])
    assert regions.histogram(inside, "", bin_width=4).counts == (1, 3, 1)
    with pytest.raises(ValueError, match="positive"):
        regions.histogram(values, "HU", bin_width=0)
    with pytest.raises(NotMeasurable):
        regions.histogram(np.empty(0), "HU")


def test_right_angles_keep_their_digits() -> None:
    assert shapes.angle_deg((1.0, 1e-7), (0.0, 0.0), (1.0, 0.0)) == pytest.approx(math.degrees(1e-7), rel=1e-6)
