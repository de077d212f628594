"""Every file that lies here opens: as a picture of the right size, or with a reason and a next step."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.pictures import PYDICOM_FILES, shown
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.images.decode import frame_count, read_dataset
from workstation.dicom.images.frame_reader import FrameReader
from workstation.domain.errors import DecodeError

pytestmark = [pytest.mark.accuracy, pytest.mark.usefixtures("allow_warnings")]
"""Libraries complain in the log about what these files are made to get wrong."""


def reason(content: bytes) -> DecodeError | None:
    """Return why the picture of an object cannot be shown, None for a picture of the size the object states."""
    try:
        levels = shown(content)
    except DecodeError as error:
        return error
    dataset = read_dataset(content)
    assert levels.shape[:2] == (dataset.Rows, dataset.Columns)
    assert levels.dtype == np.uint8
    assert levels.shape[2:] in {(), (3,)}
    return None


def judged(folder: Path) -> tuple[int, dict[str, int], dict[str, str]]:
    """Return pictures, reasons with their count, and which files are broken images."""
    found = {path: reason(path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}
    reasons = {path.name: error for path, error in found.items() if error is not None}
    assert [name for name, error in reasons.items() if not error.hint] == []
    told = Counter(error.user_text for error in found.values() if error is not None)
    none = {"The file is not a readable DICOM object.", "This object has no image."}
    broken = {name: error.user_text for name, error in reasons.items() if error.user_text not in none}
    return list(found.values()).count(None), dict(told), broken


def test_every_file_of_the_zoo_is_a_picture_or_says_why_not(shared_data: Path) -> None:
    assert judged(shared_data / "dicom-zoo") == (
        107,
        {"The file is not a readable DICOM object.": 31, "This object has no image.": 14},
        {},
    )


def test_every_file_of_the_toolkit_is_a_picture_or_says_why_not() -> None:
    pictures, reasons, broken = judged(PYDICOM_FILES)
    assert (pictures, sum(reasons.values())) == (90, 86)
    assert broken == {
        "JPEG2000-embedded-sequence-delimiter.dcm": "The pixel data are damaged or cut off.",
        "MR_truncated.dcm": "The pixel data are damaged or cut off.",
        "badVR.dcm": "The number of frames in the file is unreadable.",
    }


@pytest.mark.parametrize("study", ["mr-brain-pgbm-001", "ct-chest-lungdx-A0001", "ct-chest-lidc-0001-part"])
def test_every_image_of_the_studies_is_a_picture_with_contrast(shared_data: Path, study: str) -> None:
    files = sorted((shared_data / study).glob("[0-9]*.dcm"))
    middle = files[len(files) // 4 : 3 * len(files) // 4 : 12]
    flat = [path.name for path in middle if np.ptp(shown(path.read_bytes())) < 100]
    assert flat == []


def test_every_frame_of_every_object_is_a_picture(shared_data: Path) -> None:
    shown_frames = 0
    for path in sorted(one for one in (shared_data / "dicom-zoo").rglob("*") if one.is_file()):
        try:
            count = frame_count(read_dataset(path))
        except DecodeError:
            continue
        if 1 < count <= 64:
            reader = FrameReader(path.read_bytes())
            for number in range(1, count + 1):
                decode_for_display(reader.part10(number))
            shown_frames += count
    assert shown_frames == 517
