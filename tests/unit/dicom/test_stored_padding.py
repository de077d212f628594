"""Pixels that show no patient are named by what is stored, whatever becomes of it behind a transform (C.7.5.1.1.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from viewers.scene.decoded import slice_image
from viewers.scene.raster import GrayscaleTransform, Window, is_padding, to_gray
from viewers.scene.state_values import in_state_values
from workstation.dicom.images.decode import DecodedFrame
from workstation.dicom.images.lookup import LookupTable
from workstation.dicom.images.padding import through_table
from workstation.dicom.objects.presentation import FramePresentation

STORED = np.array([[4095, 4095, 100, 1500]], dtype=np.uint16)


def grey(stored: npt.NDArray[Any] = STORED, **about: object) -> DecodedFrame:
    """Return a frame of 12 bits with the padding 4095."""
    return DecodedFrame(stored, "MONOCHROME2", bits_stored=12, **({"padding": (4095, 4095)} | about))  # type: ignore[arg-type]


@pytest.mark.parametrize("thousandths", range(1, 3000, 7))
def test_padding_is_black_and_no_patient_under_every_slope_of_three_decimals(thousandths: int) -> None:
    image = slice_image(grey(slope=thousandths / 1000, intercept=-0.37))
    assert is_padding(image.pixels, image.padding).tolist() == [[True, True, False, False]]


def test_a_slope_that_does_not_round_evenly_keeps_padding_black() -> None:
    """2.995 * 4095 = 12264.525 lies between two numbers of 32 bits."""
    image = slice_image(grey(slope=2.995))
    assert to_gray(image.pixels, GrayscaleTransform(Window(2000, 4000), padding=image.padding)).tolist() == [
        [0, 0, 19, 255]
    ]


def test_a_presentation_state_with_another_slope_keeps_padding_black() -> None:
    """From slope 0.1 to the 2.995 of a state: the ends are computed anew from what is stored."""
    image = slice_image(grey(slope=0.1))
    shown = in_state_values(image, FramePresentation(slope=2.995, intercept=0.0))
    assert is_padding(shown.pixels, shown.padding).tolist() == [[True, True, False, False]]
    assert shown.pixels[0, 2:].tolist() == pytest.approx([299.5, 4492.5])


def reversed_table() -> LookupTable:
    return LookupTable(0, np.arange(4095, -1, -1, dtype=np.uint16), 12)


def test_padding_behind_a_modality_table_is_black_and_outside_the_first_window() -> None:
    """An optical density table turns 4095 into 0, 100 into 3995, 1500 into 2595."""
    image = slice_image(grey(modality_lut=reversed_table()))
    assert (image.pixels.tolist(), image.padding) == ([[0, 0, 3995, 2595]], (0.0, 0.0))
    inverse = GrayscaleTransform(Window(2048, 4096), inverse=True, padding=image.padding)
    assert to_gray(image.pixels, inverse)[0, :2].tolist() == [0, 0]
    assert image.default_voi.centre - image.default_voi.width / 2 > 2595  # type: ignore[union-attr]  # a window


def test_padding_whose_output_a_patient_has_too_is_told_from_the_patient() -> None:
    """A table that saturates gives 4000 to all above 4000: the patient's 4050 stays, padding gets a free value."""
    table = LookupTable(0, np.minimum(np.arange(4096), 4000).astype(np.uint16), 12)
    image = slice_image(grey(np.array([[4095, 4050, 0]], dtype=np.uint16), modality_lut=table))
    assert image.pixels.tolist() == [[4001, 4000, 0]]
    assert image.padding == (4001.0, 4001.0)


def test_padding_below_a_table_is_told_from_the_patient_beside_it() -> None:
    """Stored 0 to 9 take the table's first entry; of them 0 to 3 are padding, 4 is a patient."""
    table = LookupTable(10, np.array([500, 600, 700], dtype=np.uint16), 16)
    stored = np.array([[0, 3, 4, 11, 99]], dtype=np.uint16)
    values, apart = through_table(stored, table, (0, 3), (0, 4095))
    assert (values.tolist(), apart) == ([[0, 0, 500, 600, 700]], (0.0, 0.0))


def test_a_state_with_a_table_and_a_state_over_a_table_keep_padding_apart() -> None:
    table = LookupTable(0, np.minimum(np.arange(4096), 4000).astype(np.uint16), 12)
    stored = np.array([[4095, 4000, 0]], dtype=np.uint16)
    by_table = in_state_values(slice_image(grey(stored)), FramePresentation(modality_lut=table))
    assert is_padding(by_table.pixels, by_table.padding).tolist() == [[True, False, False]]
    one_to_one = LookupTable(0, np.arange(4096, dtype=np.uint16), 12)
    by_slope = in_state_values(
        slice_image(grey(stored, modality_lut=one_to_one)), FramePresentation(slope=2.0, intercept=-1.0)
    )
    assert by_slope.pixels.tolist() == [[8189, 7999, -1]]
    assert is_padding(by_slope.pixels, by_slope.padding).tolist() == [[True, False, False]]


def test_padding_that_the_pixels_cannot_hold_is_none() -> None:
    stored = np.array([[0, 255]], dtype=np.uint8)
    assert slice_image(grey(stored, padding=(4095, 4095))).padding is None
    assert slice_image(grey(stored, padding=(200, 4095))).padding == (200.0, 255.0)
