"""An image that brings several windows or VOI LUTs lets the reader choose among them, slice by slice."""

from __future__ import annotations

import numpy as np

from tests.helpers.viewers import axial_plane, stack
from viewers.scene import own_windows
from viewers.scene.image import SliceImage, VoiChoice
from viewers.scene.raster import VoiLut, Window
from viewers.scene.stack_scene import StackScene
from viewers.scene.uptake import Uptake

VIEWPORT = (640.0, 512.0)
LUT = VoiLut(0, np.arange(256, dtype=np.uint16), 8)


def slice_at(z: float, *choices: VoiChoice) -> SliceImage:
    pixels = np.zeros((8, 8), dtype=np.int16)
    return SliceImage(pixels, axial_plane(z), voi=choices[0].voi if choices else None, choices=choices)


def two_windows() -> StackScene:
    """Slices whose second window is another one each, as scanners write them for MR."""
    first = VoiChoice(Window(40, 400), "SOFT"), VoiChoice(Window(400, 2000), "BONE")
    second = VoiChoice(Window(50, 350), "SOFT"), VoiChoice(Window(500, 2500), "BONE")
    return stack([slice_at(0, *first), slice_at(2, *second), slice_at(4, first[0])])


def texts(scene: StackScene) -> list[str]:
    return [line.text for line in scene.frame(VIEWPORT).overlay.captions]


def test_the_second_window_is_that_of_every_slice() -> None:
    scene = two_windows()
    scene.scroll_to(0)
    assert scene.voi == Window(40, 400)
    assert scene.show_following_own()
    assert scene.voi == Window(400, 2000)
    assert "W 2000  L 400 · BONE" in texts(scene)
    scene.scroll_to(1)
    assert scene.voi == Window(500, 2500)
    scene.scroll_to(2)  # a slice that brings one window only is shown with that
    assert scene.voi == Window(40, 400)


def test_the_cycle_comes_round_and_begins_anew_after_a_window_of_the_readers() -> None:
    scene = two_windows()
    scene.scroll_to(0)
    scene.show_following_own()
    scene.show_following_own()
    assert scene.voi == Window(40, 400)
    scene.set_window(Window(0, 100))
    assert scene.windowing.own_choice is None
    assert scene.show_following_own()
    assert scene.voi == Window(40, 400)
    scene.show_own(1)
    scene.reset()
    assert scene.voi == Window(40, 400)


def test_a_voi_lut_beside_a_window_can_be_chosen() -> None:
    scene = stack([slice_at(0, VoiChoice(Window(40, 400)), VoiChoice(LUT, "CONTRAST"))])
    scene.show_own(1)
    assert scene.voi is LUT
    assert "VOI LUT · CONTRAST" in texts(scene)


def test_the_makers_word_for_the_only_window_says_nothing_and_is_not_shown() -> None:
    assert "W 400  L 40" in texts(stack([slice_at(0, VoiChoice(Window(40, 400), "Algo1"))]))


def test_an_image_without_windows_leaves_no_choice() -> None:
    scene = stack([slice_at(0)])
    assert (scene.show_following_own(), scene.windowing.own_choice, scene.windowing.own_choices) == (False, None, ())


def test_values_that_are_told_in_suv_are_not_shown_in_windows_of_becquerels() -> None:
    scene = two_windows()
    scene.uptake = Uptake("SUVbw", 0.001)
    assert scene.windowing.own_choices == ()


def test_the_menu_says_the_makers_word_and_the_numbers() -> None:
    assert own_windows.words(VoiChoice(Window(-600, 1500), "LUNG"), 2) == "Image 2: LUNG · W 1500  L \N{MINUS SIGN}600"
    assert own_windows.words(VoiChoice(Window(40, 400)), 1) == "Image 1: W 400  L 40"
    assert own_windows.words(VoiChoice(LUT, "CONTRAST"), 3) == "Image 3: CONTRAST"
