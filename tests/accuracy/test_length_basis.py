"""
Lengths where an image has no plane: in millimetres, with what they are based on, and none where there are none.

Expected numbers are worked out by hand from PS3.3 10.7.1 (calibration), C.8.7.6 (magnification), C.8.5.5 (ultrasound).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from pydicom.dataset import Dataset

from resources.translation import use_language
from viewers.scene.callipers import words
from viewers.scene.image import SliceImage
from viewers.scene.measure_annotations import annotate, remeasured, squared
from workstation.dicom.objects.drawn_graphics import words as stored_words
from workstation.dicom.pixel_size import calibrated_regions, pixel_size_of
from workstation.domain.annotation import Annotation, AnnotationKind, MeasureName
from workstation.domain.annotation_json import as_dict, from_dict
from workstation.domain.follow_up import nodule_of_annotation
from workstation.domain.pixel_size import PixelSize, SpacingBasis, size_at
from workstation.services.report_links import annotation_words

pytestmark = pytest.mark.accuracy

AT = datetime(2026, 11, 22, tzinfo=UTC)
ACROSS = [(10.0, 20.0), (110.0, 20.0)]
"""100 columns"""


def header(modality: str, **attributes: object) -> Dataset:
    found = Dataset()
    found.Modality = modality
    for keyword, value in attributes.items():
        setattr(found, keyword, value)
    return found


def region(
    left: int, top: int, right: int, bottom: int, cm: tuple[float, float], units: tuple[int, int] = (3, 3)
) -> Dataset:
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMinY0 = left, top
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = right, bottom
    item.PhysicalDeltaX, item.PhysicalDeltaY = cm
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    return item


def picture(dataset: Dataset, aspect: float = 1.0) -> SliceImage:
    pixels = np.zeros((400, 600), np.int16)
    return SliceImage(
        pixels, None, "1.9", pixel_size=pixel_size_of(dataset), calibrated=calibrated_regions(dataset), aspect=aspect
    )


def draw(
    image: SliceImage, points: Sequence[tuple[float, float]], kind: AnnotationKind = AnnotationKind.LENGTH
) -> Annotation:
    return annotate(kind, image, points, uid="2.25.1", tracking_uid="2.25.2", author="w", created_at=AT)


def told(drawn: Annotation, name: MeasureName = MeasureName.LENGTH) -> tuple[float, str, SpacingBasis | None]:
    found = drawn.measure(name)
    assert found is not None
    return round(found.value, 6), found.unit, drawn.basis


FILMS = [
    (header("DX", ImagerPixelSpacing=[0.143, 0.143]), 14.3, SpacingBasis.DETECTOR),
    (header("DX", ImagerPixelSpacing=[0.2, 0.2], PixelSpacing=[0.2, 0.2]), 20.0, SpacingBasis.DETECTOR),
    (
        header("DX", ImagerPixelSpacing=[0.15, 0.15], EstimatedRadiographicMagnificationFactor=1.25),
        12.0,
        SpacingBasis.ESTIMATED,
    ),
    (
        header(
            "MG",
            ImagerPixelSpacing=[0.1, 0.1],
            PixelSpacing=[0.1, 0.1],
            EstimatedRadiographicMagnificationFactor=1.8,
        ),
        5.555556,
        SpacingBasis.ESTIMATED,
    ),
    (
        header("XA", ImagerPixelSpacing=[0.4, 0.4], PixelSpacing=[0.3, 0.3], PixelSpacingCalibrationType="GEOMETRY"),
        30.0,
        SpacingBasis.GEOMETRY,
    ),
    (
        header("CR", ImagerPixelSpacing=[0.2, 0.2], PixelSpacing=[0.17, 0.17], PixelSpacingCalibrationType="FIDUCIAL"),
        17.0,
        SpacingBasis.CALIBRATED,
    ),
    (header("DX", ImagerPixelSpacing=[0.2, 0.2], PixelSpacing=[0.18, 0.18]), 18.0, SpacingBasis.CALIBRATED),
    (header("CR", PixelSpacing=[0.1, 0.1]), 10.0, SpacingBasis.UNKNOWN),
    (header("OT", NominalScannedPixelSpacing=[0.2, 0.2]), 20.0, SpacingBasis.UNKNOWN),
    (header("XC", PixelSpacing=[0.05, 0.05]), 5.0, SpacingBasis.UNKNOWN),
    (header("CT", PixelSpacing=[0.7, 0.7]), 70.0, SpacingBasis.PATIENT),
    (
        header("CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.7", PixelSpacing=[0.7, 0.7]),
        70.0,
        SpacingBasis.UNKNOWN,  # a picture of a screen: it may have been zoomed
    ),
    (header("MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.7.2", PixelSpacing=[0.7, 0.7]), 70.0, SpacingBasis.UNKNOWN),
    (header("CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.4", PixelSpacing=[0.7, 0.7]), 70.0, SpacingBasis.PATIENT),
    (header("US", PixelSpacing=[0.3, 0.3]), 30.0, SpacingBasis.PATIENT),
]


@pytest.mark.parametrize(("dataset", "mm", "basis"), FILMS)
def test_100_columns_of_a_film_are_so_many_mm_on_this_basis(dataset: Dataset, mm: float, basis: SpacingBasis) -> None:
    assert told(draw(picture(dataset), ACROSS)) == (mm, "mm", basis)


@pytest.mark.parametrize("dataset", [header("CR"), header("US"), header("DX", PixelSpacing=[0, 0.1])])
def test_an_image_that_names_no_size_is_measured_in_pixels_only(dataset: Dataset) -> None:
    assert told(draw(picture(dataset), ACROSS)) == (100.0, "px", None)


def test_rows_and_columns_of_different_size_are_each_their_own() -> None:
    """Row spacing 0.4, column spacing 0.3: 100 columns and 100 rows make a triangle of 30, 40 and 50 mm."""
    image = picture(header("CR", PixelSpacing=[0.4, 0.3]), aspect=4 / 3)
    assert told(draw(image, [(10.0, 20.0), (110.0, 120.0)]))[:2] == (50.0, "mm")
    box = draw(image, [(10.0, 20.0), (110.0, 20.0), (110.0, 120.0), (10.0, 120.0)], AnnotationKind.RECTANGLE)
    assert told(box, MeasureName.AREA) == (1200.0, "mm2", SpacingBasis.UNKNOWN)
    angle = draw(image, [(110.0, 20.0), (10.0, 20.0), (110.0, 95.0)], AnnotationKind.ANGLE)
    assert told(angle, MeasureName.ANGLE) == (45.0, "deg", None)


DOUBLE = header(
    "US",
    PixelSpacing=[9.0, 9.0],
    SequenceOfUltrasoundRegions=[
        region(0, 0, 299, 199, (0.02, 0.03)),
        region(300, 0, 599, 199, (0.05, -0.05)),
        region(0, 200, 599, 399, (0.001, 0.5), units=(4, 7)),
    ],
)
"""Two pictures side by side at 0.2 x 0.3 and 0.5 mm, a spectrum of seconds and cm/s below, a wrong Pixel Spacing"""


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(10, 20), (110, 20)], (20.0, "mm", SpacingBasis.ULTRASOUND)),
        ([(10, 20), (10, 120)], (30.0, "mm", SpacingBasis.ULTRASOUND)),
        ([(310, 20), (410, 20)], (50.0, "mm", SpacingBasis.ULTRASOUND)),
        ([(250, 20), (350, 20)], (100.0, "px", None)),
        ([(10, 250), (110, 250)], (100.0, "px", None)),
        ([(10, 150), (10, 250)], (100.0, "px", None)),
    ],
    ids=["left, across", "left, down", "right", "across both", "in the spectrum", "into the spectrum"],
)
def test_a_length_on_ultrasound_counts_by_the_region_it_lies_in_and_by_none_across_two(
    points: list[tuple[float, float]], expected: tuple[float, str, SpacingBasis | None]
) -> None:
    assert told(draw(picture(DOUBLE), points)) == expected


def test_a_drawing_that_is_dragged_out_of_its_region_loses_its_millimetres() -> None:
    image = picture(DOUBLE)
    drawn = draw(image, [(10, 20), (110, 20)])
    assert told(remeasured(drawn, image, [(10, 20), (310, 20)])) == (300.0, "px", None)
    assert told(remeasured(drawn, image, [(20, 20), (120, 20)])) == (20.0, "mm", SpacingBasis.ULTRASOUND)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(60, 30), (100, 30)], (40.0, "px", None)),
        ([(10, 30), (60, 30)], (50.0, "px", None)),
        ([(10, 70), (60, 70)], (5.0, "mm", SpacingBasis.ULTRASOUND)),
    ],
    ids=["in the inset", "into the inset", "below it"],
)
@pytest.mark.parametrize("units", [(4, 7), (4, 3)], ids=["spectrum", "M-mode"])
def test_nothing_is_measured_in_mm_in_a_spectrum_or_curve_that_lies_over_the_section(
    units: tuple[int, int], points: list[tuple[float, float]], expected: tuple[float, str, SpacingBasis | None]
) -> None:
    """A section of 0.1 mm a pixel under an inset of seconds by cm/s or by cm (units 4, 7, 3). Source: PS3.3 C.8.5.5."""
    regions = [region(0, 0, 199, 99, (0.01, 0.01)), region(50, 20, 150, 60, (0.02, 0.02), units=units)]
    assert told(draw(picture(header("US", SequenceOfUltrasoundRegions=regions)), points)) == expected


@pytest.mark.parametrize(
    "curve",
    [region(0, 100, 199, 120, (0.02, 0.02), units=(4, 0)), region(0, 0, 399, 299, (0.02, 0.02), units=(4, 7))],
    ids=["beside", "larger, below"],
)
def test_a_section_beside_a_curve_or_over_a_larger_one_keeps_its_millimetres(curve: Dataset) -> None:
    regions = [curve, region(0, 0, 199, 99, (0.01, 0.01))]
    drawn = draw(picture(header("US", SequenceOfUltrasoundRegions=regions)), [(10, 30), (60, 30)])
    assert told(drawn) == (5.0, "mm", SpacingBasis.ULTRASOUND)


def test_regions_over_each_other_that_disagree_give_no_millimetres() -> None:
    one = PixelSize((0.2, 0.2), SpacingBasis.ULTRASOUND, None, (0, 0, 99, 99))
    other = PixelSize((0.3, 0.3), SpacingBasis.ULTRASOUND, None, (0, 0, 49, 49))
    assert size_at([(5, 5)], None, (one, other)) is None
    assert size_at([(60, 60)], None, (one, other)) == one
    assert size_at([(5, 5)], one) == one
    assert size_at([(100, 5)], one) is None
    assert one.holds(99.5, -0.5)


def test_the_short_axis_on_a_film_is_turned_square_in_millimetres() -> None:
    """On pixels of 0.5 x 1 mm: long axis 50 mm across, short axis drawn (10, 8) mm, turned to 12.806 mm down."""
    image = picture(header("CR", PixelSpacing=[1.0, 0.5]), aspect=2.0)
    points = squared(image, [(100.0, 100.0), (200.0, 100.0), (140.0, 96.0), (160.0, 104.0)])
    drawn = draw(image, [(one[0], one[1]) for one in points], AnnotationKind.BIDIRECTIONAL)
    assert told(drawn, MeasureName.LONG_AXIS)[:2] == (50.0, "mm")
    assert told(drawn, MeasureName.SHORT_AXIS)[:2] == (12.806248, "mm")
    assert [round(one, 6) for one in (*drawn.points_px[2], *drawn.points_px[3])] == [
        150.0,
        93.596876,
        150.0,
        106.403124,
    ]
    assert nodule_of_annotation(drawn) is None


def test_the_basis_stands_beside_the_length_and_in_the_report() -> None:
    drawn = draw(picture(FILMS[0][0]), ACROSS)
    use_language("en")
    assert words(drawn) == ("14.3 mm", "at the detector")
    assert stored_words(drawn) == "14.3 mm\r\nat the detector"
    use_language("zh_CN")
    assert annotation_words(drawn, "en") == "length 14.3 mm (at the detector)"
    assert annotation_words(drawn, "zh_CN") == "长度 14.3 mm（探测器平面）"
    assert from_dict(as_dict(drawn)) == drawn


def test_what_is_calibrated_goes_into_the_report_without_a_word() -> None:
    drawn = draw(picture(FILMS[5][0]), ACROSS)
    axes = draw(picture(FILMS[7][0]), [(0, 0), (100, 0), (50, -20), (50, 20)], AnnotationKind.BIDIRECTIONAL)
    assert annotation_words(drawn, "en") == "length 17.0 mm"
    assert annotation_words(axes, "en") == "10.0 mm × 4.0 mm (not calibrated)"


TWO_SCALES = (
    PixelSize((0.2, 0.2), SpacingBasis.ULTRASOUND, None, (200, 0, 399, 299)),
    PixelSize((0.5, 0.5), SpacingBasis.ULTRASOUND, None, (0, 0, 199, 299)),
)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        # centre, right end, lower end: semi-axes of 150 and 100 pixels
        ([(230, 150), (380, 150), (230, 250)], (47123.889804, "px2", None)),
        ([(230, 150), (80, 150), (230, 50)], (47123.889804, "px2", None)),
        # semi-axes of 50 and 40 pixels of 0.2 mm: pi * 10 * 8
        ([(300, 150), (350, 150), (300, 190)], (251.327412, "mm2", SpacingBasis.ULTRASOUND)),
        # turned by 45 degrees, 40 and 20 pixels: it reaches sqrt(40^2 / 2 + 20^2 / 2) = 31.6 to the left, to 198.4
        (
            [(230, 150), (258.284271, 178.284271), (215.857864, 164.142136)],
            (2513.274123, "px2", None),
        ),
    ],
    ids=["drawn to the right", "drawn to the left", "in one region", "turned, its rim alone across"],
)
def test_an_ellipse_across_two_scales_of_an_ultrasound_is_told_in_pixels_whichever_way_it_was_drawn(
    points: list[tuple[float, float]], expected: tuple[float, str, SpacingBasis | None]
) -> None:
    image = SliceImage(np.zeros((300, 400), np.uint8), None, sop_instance_uid="1.9", calibrated=TWO_SCALES)
    drawn = draw(image, points, AnnotationKind.ELLIPSE)
    value, *rest = told(drawn, MeasureName.AREA)
    assert value == pytest.approx(expected[0])
    assert tuple(rest) == expected[1:]
    assert remeasured(drawn, image, points) == drawn
