"""Series decoded on every core have the values of the careful way, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workstation.dicom.images.decode import decode_frame
from workstation.dicom.images.fast_codecs import decode_words
from workstation.dicom.images.source import read_file_header
from workstation.dicom.images.voxels import Slice, _is_fast, _read_fast


@pytest.mark.parametrize(
    "name",
    [
        "nema-wg04/JLSL/CT1_JLSL",
        "nema-wg04/JLSL/CT2_JLSL",
        "nema-wg04/JLSL/MR1_JLSL",
        "nema-wg04/JLSL/XA1_JLSL",
        "nema-wg04/JLSN/CT2_JLSN",
        "nema-wg04/J2KR/MR1_J2KR",
        "nema-wg04/J2KR/XA1_J2KR",
        "nema-wg04/J2KI/CT2_J2KI",
    ],
)
def test_words_equal_those_of_the_careful_way(shared_data: Path, name: str) -> None:
    path = shared_data / "dicom-zoo" / name
    header, fast = read_file_header(path)
    one = Slice(header, fast, path)
    assert _is_fast(one)
    target = np.empty((header.integer("Rows"), header.integer("Columns")), dtype=np.int16)
    assert _read_fast(one, target)
    assert np.array_equal(decode_frame(path).modality_values(), target)


def test_a_stream_of_another_size_is_left_to_the_careful_way(shared_data: Path) -> None:
    path = shared_data / "dicom-zoo/nema-wg04/JLSL/MR1_JLSL"
    _, fast = read_file_header(path)
    assert fast is not None
    encoded = path.read_bytes()[fast.pixel_offset + 16 :]
    with pytest.raises((ValueError, RuntimeError)):
        decode_words(encoded, "1.2.840.10008.1.2.4.80", (3, 3), is_signed=True)
