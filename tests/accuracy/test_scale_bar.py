"""
The bar on a picture is as long as what the length tool measures, by the same calibration and with the same words.

Expected pixels are worked out by hand: 600 columns fill 1200 viewport pixels, so a column is 2 of them at zoom 1.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from pydicom.dataset import Dataset

from resources.translation import CHINESE, use_language
from tests.accuracy.test_length_basis import header, picture, region
from viewers.scene.camera import Camera
from viewers.scene.image import SliceImage
from viewers.scene.measure_annotations import annotate
from viewers.scene.scale_bar import ScaleBar, scale_bars
from viewers.scene.slice_view import SliceView
from workstation.domain.annotation import AnnotationKind, MeasureName
from workstation.domain.pixel_size import PixelSize, SpacingBasis

pytestmark = pytest.mark.accuracy
VIEWPORT = (1200.0, 800.0)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


def view_of(image: SliceImage, camera: Camera | None = None) -> SliceView:
    return SliceView((image.columns, image.rows), VIEWPORT, camera or Camera(), None, image.aspect)


def bars(image: SliceImage, camera: Camera | None = None) -> list[tuple[float, str]]:
    return [(round(bar.length_px, 3), bar.text) for bar in scale_bars(view_of(image, camera), image)]


def measured_mm(image: SliceImage, bar: ScaleBar, camera: Camera | None = None, y: float = 400.0) -> float:
    """Return what the length tool says of a line drawn along the bar, at another height of the viewport."""
    inverse = view_of(image, camera).inverse
    ends = [inverse.apply(bar.x, y), inverse.apply(bar.x + bar.length_px, y)]
    drawn = annotate(AnnotationKind.LENGTH, image, ends, uid="2.25.1", tracking_uid="2.25.2", author="w",
                     created_at=datetime(2026, 1, 1, tzinfo=UTC))  # fmt: skip
    found = drawn.measure(MeasureName.LENGTH)
    assert found is not None
    assert found.unit == "mm"
    return found.value


FILMS = [
    # 0.25 mm a column at the detector: 5 cm are 200 columns, 400 px
    (header("DX", ImagerPixelSpacing=[0.25, 0.25]), 400.0, "5 cm at the detector"),
    # a factor that is 1 changes nothing
    (
        header("MG", ImagerPixelSpacing=[0.25, 0.25], EstimatedRadiographicMagnificationFactor=1.0),
        400.0,
        "5 cm at the detector",
    ),
    # 0.5 mm / 1.25 = 0.4 mm: 125 columns, 250 px
    (
        header("MG", ImagerPixelSpacing=[0.5, 0.5], EstimatedRadiographicMagnificationFactor=1.25),
        250.0,
        "5 cm estimated by magnification",
    ),
    (
        header("DX", ImagerPixelSpacing=[0.5, 0.5], PixelSpacing=[0.4, 0.4], PixelSpacingCalibrationType="FIDUCIAL"),
        250.0,
        "5 cm calibrated",
    ),
    (
        header("XA", ImagerPixelSpacing=[0.5, 0.5], PixelSpacing=[0.4, 0.4], PixelSpacingCalibrationType="GEOMETRY"),
        250.0,
        "5 cm geometry-corrected",
    ),
    # a length without its basis is measured in mm and called not calibrated; so is the bar
    (header("CR", PixelSpacing=[0.5, 0.5]), 200.0, "5 cm not calibrated"),
    (header("US", SequenceOfUltrasoundRegions=[region(0, 0, 599, 399, (0.05, 0.05))]), 200.0, "5 cm ultrasound scale"),
    # 5 cm would be 1000 px and 10 cm more: 1 cm is 10 / 0.1 = 100 columns
    (header("MG", ImagerPixelSpacing=[0.1, 0.1]), 200.0, "1 cm at the detector"),
]


@pytest.mark.parametrize(("dataset", "length_px", "text"), FILMS)
def test_a_film_a_mammogram_and_an_ultrasound_have_a_bar_of_what_their_header_tells(
    dataset: Dataset, length_px: float, text: str
) -> None:
    image = picture(dataset)
    assert bars(image) == [(length_px, text)]


@pytest.mark.parametrize("camera", [Camera(), Camera(flipped=True), Camera(zoom=2.5, rotation_deg=90.0),
                                    Camera(zoom=1.7, rotation_deg=30.0, flipped=True)])  # fmt: skip
@pytest.mark.parametrize("dataset", [one for one, _, _ in FILMS])
def test_a_length_drawn_along_the_bar_measures_what_the_bar_says(dataset: Dataset, camera: Camera) -> None:
    image = picture(dataset)
    (bar,) = scale_bars(view_of(image, camera), image)
    number, unit = bar.text.split()[:2]
    assert measured_mm(image, bar, camera) == pytest.approx(float(number) * {"cm": 10, "mm": 1}[unit], abs=1e-6)


def test_pixels_that_are_not_square_give_the_bar_the_width_of_one_and_turned_its_height() -> None:
    # 0.2 mm wide and 0.4 mm high: 400 rows of double height fill 800 px, so a column is 1 px and 1 cm 50 px
    image = picture(header("US", SequenceOfUltrasoundRegions=[region(0, 0, 599, 399, (0.02, 0.04))]), aspect=2.0)
    assert bars(image) == [(250.0, "5 cm ultrasound scale")]
    # turned by a quarter the 600 columns fill the 800 px of height: 800 / 600 px for 0.2 mm, whichever way
    assert bars(image, Camera(rotation_deg=90.0)) == [(333.333, "5 cm ultrasound scale")]


@pytest.mark.parametrize(
    "image",
    [
        picture(header("DX")),
        picture(header("OT")),
        picture(header("US", SequenceOfUltrasoundRegions=[region(0, 0, 599, 399, (0.05, 0.05), (4, 3))])),
    ],
    ids=["film without spacing", "capture", "curve over time"],
)
def test_where_nothing_tells_a_scale_there_is_no_bar_but_the_word_of_measured_pixels(image: SliceImage) -> None:
    assert bars(image) == [(0.0, "not calibrated")]
    use_language(CHINESE)
    assert bars(image) == [(0.0, "未校准")]


TWO_DEPTHS = [region(0, 0, 299, 399, (0.05, 0.05)), region(300, 0, 599, 399, (0.02, 0.02))]


def test_two_regions_of_one_scale_share_the_bar() -> None:
    both = [region(0, 0, 299, 399, (0.05, 0.05)), region(300, 0, 599, 399, (0.05, 0.05))]
    assert bars(picture(header("US", SequenceOfUltrasoundRegions=both))) == [(200.0, "5 cm ultrasound scale")]


def test_two_regions_of_two_depths_have_a_bar_each_within_their_own() -> None:
    image = picture(header("US", SequenceOfUltrasoundRegions=TWO_DEPTHS))
    found = sorted(scale_bars(view_of(image), image), key=lambda bar: bar.x)
    # a third of 600 px bounds them: 5 cm of 0.5 mm are 200 px; of 0.2 mm 500, and 1 cm is 100
    assert [(round(bar.length_px, 3), bar.text) for bar in found] == [
        (200.0, "5 cm ultrasound scale"), (100.0, "1 cm ultrasound scale")
    ]  # fmt: skip
    assert found[0].x >= 0
    assert found[0].x + 200 <= 600 <= found[1].x
    for bar, mm in zip(found, (50.0, 10.0), strict=True):
        assert measured_mm(image, bar) == pytest.approx(mm)


@pytest.mark.parametrize(
    ("box", "x", "y", "beside"),
    [
        # B-mode above a spectrum over time that has no millimetres
        ((0, 0, 599, 199), (0.0, 1200.0), (0.0, 400.0), [region(0, 200, 599, 399, (0.1, 0.1), (4, 7))]),
        ((0, 0, 599, 199), (0.0, 1200.0), (0.0, 400.0), []),
        ((0, 0, 299, 399), (0.0, 600.0), (0.0, 800.0), []),
        ((300, 100, 599, 299), (600.0, 1200.0), (200.0, 600.0), []),
    ],
)
def test_the_one_bar_of_an_ultrasound_picture_lies_in_the_region_that_it_is_of(
    box: tuple[int, int, int, int], x: tuple[float, float], y: tuple[float, float], beside: list[Dataset]
) -> None:
    image = picture(header("US", SequenceOfUltrasoundRegions=[region(*box, (0.02, 0.02)), *beside]))
    (bar,) = scale_bars(view_of(image), image)
    assert x[0] <= bar.x < bar.x + bar.length_px <= x[1]
    assert y[0] <= bar.y < y[1]
    # along the bar itself
    number, unit = bar.text.split()[:2]
    assert measured_mm(image, bar, y=bar.y) == pytest.approx(float(number) * {"cm": 10, "mm": 1}[unit])


def test_the_one_bar_stays_at_the_edge_of_the_viewport_where_its_region_reaches_it() -> None:
    image = picture(header("US", SequenceOfUltrasoundRegions=[region(300, 0, 599, 399, (0.02, 0.02))]))
    (bar,) = scale_bars(view_of(image), image)
    assert (bar.x, bar.y, bar.length_px) == (700.0, 788.0, 100.0)


def test_the_bar_is_that_of_the_region_on_screen() -> None:
    image = picture(header("US", SequenceOfUltrasoundRegions=TWO_DEPTHS))
    right_alone = Camera(zoom=2.0, pan=(-1200.0, 0.0))
    # a column is 4 px: 1 cm of 0.2 mm is 50 columns
    assert bars(image, right_alone) == [(200.0, "1 cm ultrasound scale")]


def test_beside_the_regions_of_an_ultrasound_picture_no_bar_says_how_long_anything_is() -> None:
    image = picture(header("US", SequenceOfUltrasoundRegions=[region(0, 0, 99, 399, (0.05, 0.05))]))
    assert bars(image, Camera(zoom=4.0, pan=(-2000.0, 0.0))) == [(0.0, "not calibrated")]


@pytest.mark.parametrize(("zoom", "expected"), [(0.1, (40.0, "10 cm")), (1.0, (200.0, "5 cm")), (10.0, (400.0, "1 cm")),
                                                (40.0, (320.0, "2 mm"))])  # fmt: skip
def test_at_every_zoom_there_is_a_bar_that_can_be_read(zoom: float, expected: tuple[float, str]) -> None:
    image = SliceImage(np.zeros((400, 600), np.int16), pixel_size=PixelSize((0.5, 0.5), SpacingBasis.PATIENT))
    assert bars(image, Camera(zoom=zoom)) == [expected]


def test_a_narrow_viewport_keeps_its_corners_free_of_the_word() -> None:
    image = picture(header("DX"))
    narrow = SliceView((600, 400), (200.0, 150.0), Camera())
    assert scale_bars(narrow, image) == ()
