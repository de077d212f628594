"""Diffusion coefficients, anisotropies and ratios: values far below one are told, and windowed, as they are."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from viewers.scene.overlay import pixel_number
from viewers.scene.raster import VoiFunction, Window, voi
from viewers.scene.value_ranges import percentile_range
from viewers.scene.viewtext import probe_text, window_text
from workstation.dicom.images.frame_attributes import windows_of


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.00085, "0.000850"),
        (0.457, "0.457"),
        (-0.0123, "\N{MINUS SIGN}0.0123"),
        (0.0, "0"),
        (5.34, "5.3"),
        (1000.0, "1000"),
        (8.5e-8, "8.50e\N{MINUS SIGN}08"),
    ],
)
def test_a_small_value_keeps_three_digits_that_mean_something(value: float, told: str) -> None:
    assert pixel_number(value) == told


def test_the_probe_tells_a_diffusion_coefficient_with_its_unit() -> None:
    assert probe_text(0.00085, "mm2/s") == "0.000850 mm2/s"


def test_fractions_without_a_window_span_from_black_to_white() -> None:
    fa = np.linspace(0.0, 1.0, 101).reshape(1, 101)

    window = percentile_range(fa)

    assert [window.centre, window.width] == pytest.approx([0.5, 0.98])
    assert voi([0.01, 0.5, 0.99], window) == pytest.approx([0.0, 127.5, 255.0])
    assert window_text(window) == "W 0.980  L 0.500"


def test_whole_values_keep_the_window_that_the_standard_defines() -> None:
    window = percentile_range(np.arange(101, dtype=np.float64).reshape(1, 101))

    assert (window.centre, window.width, window.function) == (50.5, 99.0, VoiFunction.LINEAR)


def test_a_declared_window_narrower_than_one_is_used_and_can_be_dragged() -> None:
    header = Dataset()
    header.WindowCenter, header.WindowWidth = "0.4", "0.8"

    assert windows_of(header) == ()  # of whole values it would leave black and white alone
    (found,) = windows_of(header, has_fractions=True)

    assert (found.center, found.width, found.function) == (0.4, 0.8, "LINEAR_EXACT")
    shown = Window(found.center, found.width, VoiFunction(found.function))
    assert shown.dragged(centre=0.3, width=0.5).width == 0.5
    assert shown.dragged(centre=0.3, width=-1.0).width > 0
    assert Window(40, 400).dragged(centre=40, width=0.2).width == 1.0
