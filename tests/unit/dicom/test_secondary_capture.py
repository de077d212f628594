"""A picture of a viewport as DICOM, judged by dciodvfy and read back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.helpers.full_reports import dciodvfy_errors
from workstation.dicom.objects.secondary_capture import secondary_capture
from workstation.domain.pictures import CaptureIdentity, Film
from workstation.domain.study import Patient, Study

STUDY = Study(
    "1.2.3",
    Patient("QS0118793", "周丽华", "19680314", "F"),
    "20261121",
    "175500",
    "CT20261121-0793",
    "胸部",
    "中心卫生院",
)
IDENTITY = CaptureIdentity("2.25.1", "2.25.2", datetime(2026, 11, 22, 1, 30, tzinfo=UTC), "CT")


def film(count: int, *, names_patient: bool = False, lossy: bool = False, burned_in: bool | None = None) -> Film:
    frames = tuple(np.full((31, 33, 3), (n, 100, 255 - n), dtype=np.uint8) for n in range(count))
    return Film(frames, (40.0,) * len(frames), names_patient=names_patient, lossy=lossy, burned_in=burned_in)


@pytest.mark.parametrize("count", [1, 5])
def test_what_is_stored_is_valid_and_reads_back_pixel_for_pixel(tmp_path: Path, count: int) -> None:
    path = tmp_path / "sc.dcm"
    path.write_bytes(secondary_capture(STUDY, film(count), IDENTITY))

    assert dciodvfy_errors(path) == []
    read = pydicom.dcmread(path)
    assert np.array_equal(read.pixel_array.reshape(count, 31, 33, 3), np.stack(film(count).frames))
    assert (read.StudyInstanceUID, read.SeriesInstanceUID, read.SOPInstanceUID) == ("1.2.3", "2.25.2", "2.25.1")
    assert (str(read.PatientName), read.PatientID, read.Modality) == ("周丽华", "QS0118793", "CT")


def test_a_film_keeps_its_speed() -> None:
    written = pydicom.dcmread(pydicom.filebase.DicomBytesIO(secondary_capture(STUDY, film(5), IDENTITY)))
    assert written.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7.4"
    assert (written.NumberOfFrames, written.FrameTime) == (5, 40.0)
    assert "PreferredPlaybackSequencing" not in written


def test_a_film_whose_pictures_stand_unequally_says_so_frame_by_frame_and_that_it_sweeps(tmp_path: Path) -> None:
    """Each value of the vector is the time since the frame before, the first 0. Source: PS3.3 C.7.6.5.1.2."""
    uneven = Film(film(3).frames, (100.0, 50.0, 33.3333333), names_patient=False, sweeps=True)
    path = tmp_path / "sc.dcm"
    path.write_bytes(secondary_capture(STUDY, uneven, IDENTITY))
    read = pydicom.dcmread(path)
    assert (list(read.FrameTimeVector), read.FrameIncrementPointer) == ([0.0, 100.0, 50.0], 0x00181065)
    assert ("FrameTime" in read, read.PreferredPlaybackSequencing) == (False, 1)
    assert dciodvfy_errors(path) == []


@pytest.mark.parametrize(
    ("names", "burned_in", "still", "moving"),
    [
        (True, False, "YES", "YES"),
        (False, True, "YES", "YES"),
        (False, False, "NO", "NO"),
        (False, None, "", "YES"),  # a film must say one of them, and the other might be a lie
    ],
)
def test_a_name_in_the_picture_is_marked_and_none_is_denied_that_may_be_there(
    tmp_path: Path,
    names: bool,  # noqa: FBT001 - a case
    burned_in: bool | None,  # noqa: FBT001 - a case
    still: str,
    moving: str,
) -> None:
    said = []
    for count in (1, 5):
        path = tmp_path / f"{count}.dcm"
        path.write_bytes(secondary_capture(STUDY, film(count, names_patient=names, burned_in=burned_in), IDENTITY))
        assert dciodvfy_errors(path) == []
        said.append(pydicom.dcmread(path).get("BurnedInAnnotation", ""))
    assert said == [still, moving]


def test_a_picture_that_never_lost_detail_says_nothing_of_loss() -> None:
    read = pydicom.dcmread(pydicom.filebase.DicomBytesIO(secondary_capture(STUDY, film(1), IDENTITY)))
    assert read.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
    assert "LossyImageCompression" not in read


def test_images_that_were_compressed_with_loss_say_so_for_ever() -> None:
    data = secondary_capture(STUDY, film(1, lossy=True), IDENTITY)
    assert pydicom.dcmread(pydicom.filebase.DicomBytesIO(data)).LossyImageCompression == "01"
