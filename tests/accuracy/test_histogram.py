"""The histogram of a region: the same pixels and numbers as the region's own, in bins a person can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from viewers.scene.image import SliceImage
from viewers.scene.measure import NotMeasurable
from viewers.scene.measure_annotations import annotate, sphere, values_in
from viewers.scene.measure_regions import distribution, round_bin_width
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.volume import Volume

pytestmark = pytest.mark.accuracy

PLANE = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))
AT = datetime(2026, 11, 22, tzinfo=UTC)


def draw(kind: AnnotationKind, on: SliceImage, *points: Point) -> Annotation:
    return annotate(kind, on, points, uid="1", tracking_uid="1", author="w", created_at=AT)


def ball_in(volume: Volume, centre: Point, surface: Point) -> Annotation:
    return sphere(volume, centre, surface, uid="1", tracking_uid="1", author="w", created_at=AT)


def ramp(*, unit: str = "HU") -> SliceImage:
    """Return ten rows of the values 0 to 99, one after another."""
    return SliceImage(np.arange(100, dtype=np.int16).reshape(10, 10), PLANE, "1.2", "1.5", unit=unit)


def test_a_box_gives_the_numbers_of_its_own_statistics_and_every_percentile() -> None:
    image = ramp()
    box = draw(AnnotationKind.RECTANGLE, image, (0, 0, 0), (9, 0, 0), (9, 9, 0), (0, 9, 0))
    found = distribution(*values_in(box, image, None))
    assert found.statistics == box.statistics
    assert (found.histogram.unit, found.histogram.bin_width, sum(found.histogram.counts)) == ("HU", 5.0, 100)
    assert found.histogram.counts == (5,) * 20
    # numpy's and Excel's inclusive rule: 0.05 x 99 = 4.95
    assert [(share, round(value, 2)) for share, value in found.percentiles] == [
        (5, 4.95), (25, 24.75), (50, 49.5), (75, 74.25), (95, 94.05)
    ]  # fmt: skip


def test_a_sphere_counts_the_voxels_of_the_volume_in_its_unit() -> None:
    voxels = np.zeros((9, 9, 9), dtype=np.int16)
    voxels[4, 4, 4] = 70
    volume = Volume(voxels, np.eye(4), "1.5", "1.6", "SUV")
    ball = ball_in(volume, (4, 4, 4), (6, 4, 4))
    found = distribution(*values_in(ball, None, volume))
    assert (found.statistics, found.histogram.unit) == (ball.statistics, "SUV")
    # a ball of 2 voxels' radius holds 33 of them
    assert (found.histogram.counts[0], found.histogram.counts[-1]) == (32, 1)


def test_what_has_no_inside_no_image_or_no_volume_says_so() -> None:
    image = ramp()
    line = draw(AnnotationKind.LENGTH, image, (0, 0, 0), (9, 0, 0))
    box = draw(AnnotationKind.RECTANGLE, image, (0, 0, 0), (9, 0, 0), (9, 9, 0), (0, 9, 0))
    volume = Volume(np.zeros((3, 3, 3), dtype=np.int16), np.eye(4), "1.5", "1.6", "HU")
    ball = ball_in(volume, (1, 1, 1), (2, 1, 1))
    for annotation, shown in ((line, image), (box, None), (ball, image)):
        with pytest.raises(NotMeasurable):
            values_in(annotation, shown, None)


@pytest.mark.parametrize(
    ("values", "width"),
    [
        ([-950.0, -400.0], 20.0),  # 550 in at most 50 bins
        ([0.0, 3.0], 1.0),  # whole numbers are never parted
        ([0.5, 4.1], 0.1),
        ([0.1, 0.1], 1.0),
        ([7.0, 7.0], 1.0),
        ([0.0, 4800.0], 100.0),
    ],
)
def test_bins_have_a_round_width(values: list[float], width: float) -> None:
    assert round_bin_width(np.array(values)) == pytest.approx(width)
    counted = distribution(np.array(values), "").histogram
    assert len(counted.counts) <= 50
    assert sum(counted.counts) == 2


def test_an_outline_on_an_image_without_a_place_is_counted_too() -> None:
    image = replace(ramp(unit=""), plane=None)
    box = annotate(
        AnnotationKind.FREEHAND, image, [(0, 0), (9, 0), (9, 9)], uid="1", tracking_uid="1", author="w", created_at=AT
    )
    assert distribution(*values_in(box, image, None)).statistics == box.statistics
