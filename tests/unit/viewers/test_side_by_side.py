"""Mammograms lie back to back at one scale, whichever way they were stored; letters stay true."""

from __future__ import annotations

import numpy as np
import pytest

from viewers.scene.camera import Camera
from viewers.scene.image import SliceImage
from viewers.scene.side_by_side import (
    at_edge,
    at_one_scale,
    is_chest_wall_known,
    millimetres,
    off_scale,
    replace_camera,
    upright_mammogram,
)
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import ImagePlane
from workstation.domain.pixel_size import PixelSize

SIZE, CELL = (300, 400), (600.0, 500.0)


def view(orientation: tuple[str, str] | None, size: tuple[int, int] = SIZE) -> SliceView:
    return SliceView(size, CELL, Camera(), patient_orientation=orientation)


@pytest.mark.parametrize("stored", [("P", "L"), ("A", "L"), ("P", "R"), ("A", "R")])
def test_a_right_cc_has_its_chest_wall_right_and_lateral_up_however_it_was_stored(stored: tuple[str, str]) -> None:
    shown = view(stored)
    laid = replace_camera(shown, upright_mammogram(shown, "right", "R", "CC"))
    assert laid.letters() == {"left": "A", "right": "P", "top": "R", "bottom": "L"}


@pytest.mark.parametrize("stored", [("P", "R"), ("A", "R"), ("P", "L"), ("A", "L")])
def test_a_left_cc_has_its_chest_wall_left_and_lateral_up_however_it_was_stored(stored: tuple[str, str]) -> None:
    shown = view(stored)
    laid = replace_camera(shown, upright_mammogram(shown, "left", "L", "CC"))
    assert laid.letters() == {"left": "P", "right": "A", "top": "L", "bottom": "R"}


@pytest.mark.parametrize("stored", [("P", "L"), ("A", "L"), ("P", "R"), ("A", "R")])
@pytest.mark.parametrize("position", ["XCC", "XCCL", "XCCM", "FB", "CV", ""])
def test_every_view_along_the_height_of_the_body_has_lateral_up_like_a_cc(
    position: str, stored: tuple[str, str]
) -> None:
    shown = view(stored)
    laid = replace_camera(shown, upright_mammogram(shown, "right", "R", position))
    assert laid.letters() == {"left": "A", "right": "P", "top": "R", "bottom": "L"}


@pytest.mark.parametrize("stored", [("P", "LF"), ("A", "LF"), ("P", "RH"), ("A", "RH")])
def test_an_exaggerated_cc_that_is_tilted_has_lateral_up_all_the_same(stored: tuple[str, str]) -> None:
    shown = view(stored)
    laid = replace_camera(shown, upright_mammogram(shown, "right", "R", "XCCL"))
    assert laid.letters() == {"left": "A", "right": "P", "top": "RH", "bottom": "LF"}


@pytest.mark.parametrize("stored", [("P", "FL"), ("A", "FL"), ("P", "HR"), ("A", "HR")])
@pytest.mark.parametrize("position", ["MLO", "ML", "LM", "LMO", "SIO", ""])
def test_every_view_from_the_side_stands_on_its_feet(position: str, stored: tuple[str, str]) -> None:
    shown = view(stored)
    laid = replace_camera(shown, upright_mammogram(shown, "right", "R", position))
    assert laid.letters() == {"left": "A", "right": "P", "top": "HR", "bottom": "FL"}


@pytest.mark.parametrize("stored", [("A", "F"), ("P", "F"), ("A", "H"), ("P", "H")])
def test_an_mlo_stands_on_its_feet_however_it_was_stored(stored: tuple[str, str]) -> None:
    shown = view(stored)
    laid = replace_camera(shown, upright_mammogram(shown, "right", "R", "MLO"))
    assert laid.letters() == {"left": "A", "right": "P", "top": "H", "bottom": "F"}


def test_an_image_that_does_not_name_its_orientation_is_never_flipped() -> None:
    shown = view(None)
    assert upright_mammogram(shown, "right", "R", "CC") == Camera()
    assert (is_chest_wall_known(shown), is_chest_wall_known(view(("A", "F")))) == (False, True)


_SIDES = ("L", "R")
_UPRIGHT = ("F", "H", "FL", "FR", "HL", "HR")


@pytest.mark.parametrize(
    ("side", "wall", "position", "across", "along"),
    [
        (side, wall, position, across, along)
        for side, wall in (("R", "right"), ("L", "left"))
        for position in ("CC", "XCCL", "MLO", "ML", "LM")
        for across in ("A", "P")
        for along in (_SIDES if position in {"CC", "XCCL"} else _UPRIGHT)
    ],
)
def test_a_mammogram_that_was_stored_on_its_side_is_turned_so_that_its_chest_wall_stands_where_it_belongs(
    side: str, wall: str, position: str, across: str, along: str
) -> None:
    """Patient Orientation L\\A and the like: rows along the chest wall (PS3.3 C.7.6.1.1.1)."""
    shown = view((along, across), (400, 300))
    laid = replace_camera(shown, upright_mammogram(shown, wall, side, position))
    letters = laid.letters()
    medial = {"R": "L", "L": "R"}[side]
    assert letters[wall] == "P"
    assert letters["bottom"][0] == (medial if position in {"CC", "XCCL"} else "F")
    assert is_chest_wall_known(laid)


def test_a_mammogram_that_was_stored_on_its_side_touches_the_wall_with_the_pixels_of_its_chest_wall() -> None:
    # rows run from the feet to the head, columns from the nipple to the chest wall: row 299 is the wall
    shown = view(("H", "P"), (400, 300))
    laid = replace_camera(shown, upright_mammogram(shown, "right", "R", "MLO"))
    placed = replace_camera(laid, at_edge(laid, "right"))
    foot, head = placed.transform.apply(0, 299.5), placed.transform.apply(399, 299.5)
    assert (foot[0], head[0]) == pytest.approx((600.0, 600.0))
    assert foot[1] > head[1]


def test_chest_walls_of_both_breasts_meet_at_the_line_between_the_cells() -> None:
    right, left = view(("P", "L")), view(("A", "R"))
    edges = [
        replace_camera(right, at_edge(right, "right")).transform.apply(299.5, 0)[0],
        replace_camera(left, at_edge(left, "left")).transform.apply(-0.5, 0)[0],
    ]
    assert edges == pytest.approx([600.0, 0.0])


def test_two_mammograms_of_different_detectors_are_shown_at_one_scale() -> None:
    # 300 columns of 0.1 mm and 600 of 0.07 mm: 40 and 56 mm high in a 500 px cell
    pair = [(view(None), (0.1, 0.1)), (view(None, (600, 800)), (0.07, 0.07))]
    cameras = at_one_scale(pair)
    scales = [replace_camera(v, c).magnification / mm[0] for (v, mm), c in zip(pair, cameras, strict=True)]
    assert scales == pytest.approx([500 / 56, 500 / 56])


def test_a_mammogram_of_unknown_pixel_size_is_fitted_by_itself_and_leaves_the_others_at_one_scale() -> None:
    unknown = (view(None, (30, 40)), None)
    known = [(view(None), (0.1, 0.1)), (view(None, (600, 800)), (0.07, 0.07))]
    cameras = at_one_scale([known[0], unknown, known[1]])
    shown = [replace_camera(v, c) for (v, _), c in zip((known[0], unknown, known[1]), cameras, strict=True)]
    assert [shown[0].magnification / 0.1, shown[2].magnification / 0.07] == pytest.approx([500 / 56, 500 / 56])
    assert shown[1].magnification == pytest.approx(500 / 40)
    assert at_one_scale([unknown]) == (Camera(),)


def test_a_picture_too_small_for_the_scale_of_the_others_is_fitted_and_known_to_be_off_it() -> None:
    # 400 rows of 1 mm and 400 of 0.09 mm: at one scale the second would fill 9 of 100 parts of its cell
    pair = [(view(None), (1.0, 1.0)), (view(None), (0.09, 0.09)), (view(None), (0.11, 0.11))]
    assert [one.zoom for one in at_one_scale(pair)] == pytest.approx([1.0, 1.0, 0.11])
    assert off_scale(pair) == (False, True, False)
    assert off_scale([(view(None), None)]) == (False,)
    assert off_scale([(view(None), None), pair[0]]) == (True, False)


def test_the_size_of_a_pixel_comes_from_the_plane_or_the_detector() -> None:
    pixels = np.zeros((2, 2), np.int16)
    plane = ImagePlane((0, 0, 0), (1, 0, 0), (0, 1, 0), (0.5, 0.5))
    images = (SliceImage(pixels, plane), SliceImage(pixels, pixel_size=PixelSize((0.1, 0.1))), SliceImage(pixels))
    assert [millimetres(one) for one in images] == [(0.5, 0.5), (0.1, 0.1), None]
