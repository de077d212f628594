"""Patient-space geometry against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workstation.domain.geometry import (
    ImagePlane,
    affine,
    direction_letters,
    distance_mm,
    edge_letters,
    plane_name,
)
from workstation.domain.volume import Volume

AXIAL = ImagePlane((-200.0, -180.0, -520.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 2.0))


def test_a_pixel_lies_where_pixel_spacing_puts_it() -> None:
    """Column spacing is the second value of Pixel Spacing, row spacing the first: 10 columns of 0.5, 4 rows of 2 mm."""
    assert AXIAL.lps_of(10, 4) == (-195.0, -172.0, -520.5)
    assert AXIAL.pixel_of((-195.0, -172.0, 17.0)) == (10.0, 4.0)
    assert AXIAL.normal == (0.0, 0.0, 1.0)
    assert AXIAL.distance_mm((0.0, 0.0, -515.5)) == 5.0


def test_an_oblique_plane_is_measured_along_its_own_axes() -> None:
    """A plane turned 30 degrees about the left-right axis: 10 rows of 1 mm go 10 cos 30 back and 10 sin 30 up."""
    down = (0.0, math.cos(math.radians(30)), math.sin(math.radians(30)))
    plane = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), down, (1.0, 1.0))

    assert plane.lps_of(0, 10) == pytest.approx((0.0, 8.660254, 5.0))
    assert plane.pixel_of((3.0, 8.660254, 5.0)) == pytest.approx((3.0, 10.0))


def test_a_plane_without_positive_spacing_cannot_exist() -> None:
    with pytest.raises(ValueError, match="positive"):
        ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1.0, 0.0, 0.0), "L"),
        ((-1.0, 0.0, 0.0), "R"),
        ((0.0, 1.0, 0.0), "P"),
        ((0.0, -1.0, 0.0), "A"),
        ((0.0, 0.0, 1.0), "H"),
        ((0.0, 0.0, -1.0), "F"),
        ((-0.6, -0.8, 0.0), "AR"),
        ((0.1, 0.99, -0.05), "PLF"),
        ((1.0, 5e-5, 0.0), "L"),
    ],
)
def test_a_direction_is_named_by_its_strongest_letters(direction: tuple[float, float, float], letters: str) -> None:
    assert direction_letters(direction) == letters


def test_a_standard_axial_image_shows_the_patients_right_on_the_left() -> None:
    assert edge_letters((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)) == {"left": "R", "right": "L", "top": "A", "bottom": "P"}


@pytest.mark.parametrize(
    ("normal", "name"),
    [
        ((0.0, 0.0, 1.0), "axial"),
        ((0.0, -1.0, 0.0), "coronal"),
        ((1.0, 0.0, 0.0), "sagittal"),
        ((0.0, 0.6, 0.8), "oblique"),
        ((0.0, 0.59, 0.81), "axial"),
    ],
)
def test_a_plane_is_named_by_its_normal(normal: tuple[float, float, float], name: str) -> None:
    assert plane_name(normal) == name


def test_distance_is_in_patient_millimetres() -> None:
    assert distance_mm((0.0, 0.0, 0.0), (3.0, 4.0, 12.0)) == 13.0


def test_voxel_indices_and_millimetres_map_both_ways() -> None:
    matrix = affine((-100.0, -90.0, -500.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 3.0), (0.5, 0.75))
    volume = Volume(np.zeros((4, 5, 6), np.int16), matrix, "1.2.9", "1.2.2")

    assert volume.spacing_mm == (0.5, 0.75, 3.0)
    assert volume.lps_of([2, 4, 1]).tolist() == [-99.0, -87.0, -497.0]
    assert volume.ijk_of([-99.0, -87.0, -497.0]).tolist() == pytest.approx([2.0, 4.0, 1.0])


@pytest.mark.parametrize(("shape", "matrix"), [((4, 5), (4, 4)), ((4, 5, 6), (3, 4))])
def test_a_volume_of_the_wrong_shape_cannot_exist(shape: tuple[int, ...], matrix: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Volume(np.zeros(shape, np.int16), np.zeros(matrix), "1.2.9", "1.2.2")
