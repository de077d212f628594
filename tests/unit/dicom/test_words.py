"""Sixteen-bit words become modality values only where each of them fits, whatever the header allows."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.dicom.images.voxels import Words


@pytest.mark.parametrize(
    ("stored", "intercept", "expected"),
    [
        pytest.param((-32768, 32767), 0, (-32768, 32767), id="no offset"),
        pytest.param((-31744, 32767), -1024, (-32768, 31743), id="the lowest that fits"),
        pytest.param((-31745, 0), -1024, None, id="one too low"),
        pytest.param((-32768, 31743), 1024, (-31744, 32767), id="the highest that fits"),
        pytest.param((0, 31744), 1024, None, id="one too high"),
    ],
)
def test_a_value_beyond_sixteen_bits_is_never_wrapped(
    stored: tuple[int, int], intercept: int, expected: tuple[int, int] | None
) -> None:
    words = Words((1, 2), 16, is_signed=True, intercept=intercept)
    target = np.empty((1, 2), dtype=np.int16)

    fits = words.rescale(np.array([stored], dtype=np.int16), target)

    assert fits is (expected is not None)
    assert expected is None or target.tolist() == [[*expected]]


def test_unsigned_words_beyond_the_range_are_read_carefully() -> None:
    words = Words((1, 2), 16, is_signed=False, intercept=-1024)
    target = np.empty((1, 2), dtype=np.int16)

    assert words.rescale(np.array([[0, 33791]], dtype=np.uint16).view(np.int16), target)
    assert target.tolist() == [[-1024, 32767]]
    assert not words.rescale(np.array([[0, 33792]], dtype=np.uint16).view(np.int16), target)
