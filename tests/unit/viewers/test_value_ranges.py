"""The window of an image that brings none spans what the patient shows, however large the image is."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from viewers.scene.image import SliceImage
from viewers.scene.raster import VoiFunction, Window
from viewers.scene.value_ranges import full_range, percentile_range

SIDE = 1100


def ramp(lowest: int, kind: type[np.signedinteger | np.unsignedinteger]) -> np.ndarray[tuple[int, ...], np.dtype]:
    """Return each of 1001 neighbouring values 1100 times, and 99 rows of 32000 beside them."""
    values = np.full((SIDE, SIDE), 32000, dtype=kind)
    values[:1001] = (lowest + np.arange(1001))[:, None]
    return values


@pytest.mark.parametrize(("lowest", "kind"), [(0, np.uint16), (-500, np.int16), (-32768, np.int16), (30000, np.uint16)])
def test_a_large_picture_of_16_bits_has_the_window_of_its_percentiles(
    lowest: int, kind: type[np.signedinteger | np.unsignedinteger]
) -> None:
    """The 1st and 99th percentile of 0 to 1000 are 10 and 990: centre 500.5, width 981; all of them take 1001."""
    pixels, padding = ramp(lowest, kind), (32000.0, 32000.0)
    assert percentile_range(pixels, padding) == Window(lowest + 500.5, 981.0)
    assert full_range(pixels, padding) == Window(lowest + 500.5, 1001.0)


def test_padding_is_no_value_of_a_large_picture() -> None:
    assert full_range(ramp(0, np.uint16)) == Window(16000.5, 32001.0)
    assert full_range(np.full((SIDE, SIDE), 7, np.uint16), (7.0, 7.0)) == Window(0.0, 1.0)
    assert full_range(np.full((SIDE, SIDE), 7, np.uint16), (-9.0, 6.0)) == Window(7.5, 1.0)


def test_a_percentile_between_two_values_lies_in_proportion_between_them() -> None:
    """Of 65536 values the 1st percentile has rank 655.35: behind 656 zeros and before the first 100 lie 35 / 100."""
    pixels = np.full(65536, 100, dtype=np.int16)
    pixels[:656] = 0
    window = percentile_range(pixels.reshape(256, 256))
    assert window.centre - window.width / 2 == pytest.approx(35.0, abs=1e-6)


def test_a_film_brings_its_windows_along_from_the_process_that_decoded_it() -> None:
    """Painting must not look through fourteen million values; what was worked out travels with the image."""
    made = pickle.loads(pickle.dumps(SliceImage(ramp(0, np.uint16), padding=(32000.0, 32000.0)).prepared()))  # noqa: S301 - our own bytes
    assert made.__dict__["default_voi"] == Window(500.5, 981.0)
    assert made.__dict__["full_window"] == Window(500.5, 1001.0)
    assert made.__dict__["value_range"] == (0.0, 1000.0)


def test_a_small_span_of_whole_numbers_beside_a_fraction_that_is_padding_is_one_of_whole_numbers() -> None:
    """LINEAR over 0 to 50 has width 51; with a fraction among the patient's values it is exactly 50 wide."""
    values = np.array([[0.0, 20.0, 50.0, -7.5]], dtype=np.float32)
    assert full_range(values, (-8.0, -7.0)) == Window(25.5, 51.0)
    assert full_range(values + np.float32(0.25), (-8.0, -7.0)) == Window(25.25, 50.0, VoiFunction.LINEAR_EXACT)


def test_colours_have_no_window_over_all_values() -> None:
    assert SliceImage(np.zeros((SIDE, SIDE, 3), dtype=np.uint8)).prepared().full_window is None
