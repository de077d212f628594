"""Grey values become the display levels the standard prints."""

from __future__ import annotations

import numpy as np
import pytest

from viewers.scene.presets import CT_PRESETS, preset_of
from viewers.scene.raster import (
    GrayscaleTransform,
    VoiFunction,
    VoiLut,
    Window,
    to_gray,
    voi,
)
from viewers.scene.value_ranges import full_range, percentile_range

INPUTS = [-160, -159, 40, 140, 239, 240, 241]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (VoiFunction.LINEAR, [0, 0.6391, 127.8195, 191.7293, 255, 255, 255]),
        (VoiFunction.LINEAR_EXACT, [0, 0.6375, 127.5, 191.25, 254.3625, 255, 255]),
        (VoiFunction.SIGMOID, [30.3967, 30.6655, 127.5, 186.4199, 224.3345, 224.6033, 224.87]),
    ],
)
def test_voi_functions_give_the_printed_values_for_c40_w400(function: VoiFunction, expected: list[float]) -> None:
    assert expected == pytest.approx(voi(INPUTS, Window(40, 400, function)).tolist(), abs=5e-5)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
def test_table_and_computed_path_agree(dtype: str) -> None:
    pixels = np.array([INPUTS]).astype(dtype)
    gray = to_gray(pixels, GrayscaleTransform(Window(40, 400)))
    assert gray[0].tolist() == [0, 1, 128, 192, 255, 255, 255]


def test_unsigned_values_above_32767_are_not_taken_for_negative() -> None:
    pixels = np.array([[0, 40000, 65535]], dtype=np.uint16)
    assert to_gray(pixels, GrayscaleTransform(full_range(pixels)))[0].tolist() == [0, 156, 255]


def test_monochrome1_is_inverted_after_the_window() -> None:
    gray = to_gray(np.array([INPUTS], dtype=np.int16), GrayscaleTransform(Window(40, 400), inverse=True))
    assert gray[0].tolist() == [255, 254, 127, 63, 0, 0, 0]


def test_padding_is_black_whatever_the_window_and_the_inversion() -> None:
    pixels = np.array([[-2000, -1000, 0]], dtype=np.int16)
    for inverse, expected in ((False, [0, 64, 191]), (True, [0, 191, 64])):
        transform = GrayscaleTransform(Window(-499.5, 2001), inverse, padding=(-2000, -1990))
        assert expected == to_gray(pixels, transform)[0].tolist()


def test_padding_does_not_widen_the_full_range() -> None:
    pixels = np.array([[-2000, 0, 100]], dtype=np.int16)
    assert Window(50.5, 101) == full_range(pixels, (-2000, -2000))


def test_full_range_reaches_black_and_white_exactly() -> None:
    pixels = np.array([[-7, 13, 93]], dtype=np.int16)
    assert to_gray(pixels, GrayscaleTransform(full_range(pixels)))[0].tolist() == [0, 51, 255]


def test_an_image_of_nothing_but_padding_still_has_a_window() -> None:
    pixels = np.full((2, 2), -2000, dtype=np.int16)
    assert Window(0.0, 1.0) == full_range(pixels, (-2000, -2000))


def test_percentiles_ignore_single_hot_pixels() -> None:
    pixels = np.zeros((100, 100), dtype=np.int16)
    pixels[0, 0] = 30000
    assert percentile_range(pixels).width == 1.0


def test_voi_lut_clamps_both_ends() -> None:
    lut = VoiLut(10, np.array([0, 1000, 4095], dtype=np.uint16), bits=12)
    assert to_gray(np.array([[-5, 10, 11, 12, 99]], dtype=np.int16), GrayscaleTransform(lut))[0].tolist() == [
        0,
        0,
        62,
        255,
        255,
    ]


@pytest.mark.parametrize(
    ("width", "function"), [(0.5, VoiFunction.LINEAR), (0, VoiFunction.SIGMOID), (float("nan"), VoiFunction.LINEAR)]
)
def test_windows_the_standard_forbids_are_refused(width: float, function: VoiFunction) -> None:
    with pytest.raises(ValueError, match="window"):
        Window(0, width, function)


def test_the_narrowest_linear_window_is_a_step() -> None:
    assert voi([38, 39, 40], Window(40, 1)).tolist() == [0, 0, 255]


def test_extreme_sigmoid_values_saturate_without_overflow() -> None:
    assert voi([-1e9, 1e9], Window(0, 1, VoiFunction.SIGMOID)).tolist() == pytest.approx([0.0, 255.0])


def test_ct_presets_are_the_agreed_ones() -> None:
    assert {key: (p.window.width, p.window.centre) for key, p in CT_PRESETS.items()} == {
        "2": (1500, -600),
        "3": (350, 40),
        "4": (2000, 400),
        "5": (80, 40),
        "6": (400, 40),
        "7": (150, 90),
        "8": (40, 40),
        "9": (600, 200),
    }


def test_a_window_is_named_only_when_it_is_the_preset() -> None:
    lung = preset_of(Window(-600, 1500))
    assert lung is not None
    assert lung.name == "lung"
    assert preset_of(Window(-600, 1501)) is None


def test_values_of_32_bits_come_to_the_same_levels_as_those_of_16_however_large_the_picture() -> None:
    """Fractions and wide values are computed some rows at a time, with the padding in any of them."""
    pixels = np.tile(np.arange(-200, 300, dtype=np.int16), (400, 1))
    transform = GrayscaleTransform(Window(40, 400), inverse=True, padding=(-200.0, -190.0))
    expected = to_gray(pixels, transform)
    # 255 at and below -160 but for the padding; 40 is 127.8 in LINEAR, and 0 from 240
    assert expected[399, [0, 10, 11, 40, 240, 440, 499]].tolist() == [0, 0, 255, 255, 127, 0, 0]
    for kind in (np.int32, np.float32):
        assert np.array_equal(to_gray(pixels.astype(kind), transform), expected)
