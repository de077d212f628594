"""Coordinates of images that name no frame of reference can be opened anywhere, and never meet another series."""

from __future__ import annotations

import uuid

from workstation.dicom.sr.unnamed_frame import read_frame, written_frame


def test_a_series_without_a_frame_is_written_under_one_of_its_own() -> None:
    frame = written_frame("", "1.2.3.4")

    assert frame.startswith("2.25.")
    assert len(frame) <= 64
    assert uuid.UUID(int=int(frame[5:])).version == 8
    assert uuid.UUID(int=int(frame[5:])).variant == uuid.RFC_4122
    assert frame == written_frame("", "1.2.3.4") != written_frame("", "1.2.3.5")
    assert read_frame(frame) == ""


def test_a_frame_that_is_named_stays() -> None:
    assert written_frame("1.2.840.9", "1.2.3.4") == read_frame("1.2.840.9") == "1.2.840.9"
    other = f"2.25.{uuid.UUID('8b1f0c2e-5c1d-4f7a-9d7e-0123456789ab').int}"
    assert read_frame(other) == other
    assert read_frame("") == written_frame("", "") == ""


def test_a_frame_of_thousands_of_digits_is_read_as_it_stands_and_breaks_nothing() -> None:
    hostile = "2.25." + "9" * 5000
    assert read_frame(hostile) == hostile
    longest = "2.25." + "9" * 59
    assert read_frame(longest) == longest
