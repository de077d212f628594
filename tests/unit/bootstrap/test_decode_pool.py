"""Decoding in child processes gives the same pictures and the same errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from viewers.scene.image import SliceImage
from workstation.bootstrap.decode_pool import DecodePool
from workstation.bootstrap.image_stream import decode_for_display
from workstation.domain.errors import DecodeError


def end_of_process(part10: bytes) -> SliceImage:
    """Die like a decoder with a bug, but never in the process of the test."""
    if os.environ.get("LIANYUE_TEST_PARENT") != str(os.getpid()):
        os._exit(3)
    return decode_for_display(part10)


@pytest.fixture
def pool() -> Iterator[DecodePool]:
    made = DecodePool(decode_for_display, workers=1)
    assert made.wait_ready(60)
    yield made
    made.close()


def test_a_slice_from_a_child_is_the_slice_decoded_here(pool: DecodePool, lidc_0314: Path) -> None:
    part10 = (lidc_0314 / "0100.dcm").read_bytes()
    expected, actual = decode_for_display(part10), pool(part10)
    assert np.array_equal(expected.pixels, actual.pixels)
    assert (expected.plane, expected.voi, expected.unit) == (actual.plane, actual.voi, actual.unit)
    assert pool.is_ready


def test_an_error_keeps_its_kind_and_its_words(pool: DecodePool, lidc_0314: Path) -> None:
    broken = (lidc_0314 / "0100.dcm").read_bytes()[:40_000]
    with pytest.raises(DecodeError) as expected:
        decode_for_display(broken)
    with pytest.raises(DecodeError) as actual:
        pool(broken)
    assert (expected.value.user_text, expected.value.hint) == (actual.value.user_text, actual.value.hint)


def test_a_decoder_that_kills_its_process_costs_speed_only(lidc_0314: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANYUE_TEST_PARENT", str(os.getpid()))
    pool = DecodePool(end_of_process, workers=1)
    assert pool.wait_ready(60)
    image = pool((lidc_0314 / "0100.dcm").read_bytes())
    assert (image.rows, image.columns, pool.is_ready) == (512, 512, False)
    pool.close()


def test_the_first_image_does_not_wait_for_the_children(lidc_0314: Path) -> None:
    pool = DecodePool(decode_for_display, workers=1)
    image = pool((lidc_0314 / "0100.dcm").read_bytes())
    assert (image.rows, image.columns) == (512, 512)
    pool.close()
