"""Every file of the collection of real DICOM objects is read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from workstation.dicom.header import header_of
from workstation.dicom.images.decode import decode_frame, parse, read_dataset
from workstation.dicom.images.fast_reader import read_fast
from workstation.domain.errors import DecodeError

# files with pixels that no installed library can decode, with the reason: none today
UNDECODABLE: dict[str, str] = {}

# sha256 of the uncompressed originals (nema-wg04/REF, native little endian values, row by row)
ORIGINALS = {
    "CT1": "1add6ede2975",
    "CT2": "ddaf7fb6a05b",
    "MR1": "2541a628cb67",
    "NM1": "a6e9d3214333",
    "US1": "e16892020c73",
    "XA1": "797b3375a2d1",
}
LOSSLESS = [
    *(f"RLE/{name}_RLE" for name in ("CT1", "CT2", "MR1", "NM1", "US1", "XA1")),
    *(f"JPLL/{name}_JPLL" for name in ("CT2", "MR1", "XA1")),
    *(f"JLSL/{name}_JLSL" for name in ("CT1", "CT2", "MR1", "NM1", "XA1")),
    *(f"J2KR/{name}_J2KR" for name in ("MR1", "XA1")),
]
# largest absolute difference from the original measured with DCMTK, CharLS and OpenJPEG at the time of writing
LOSSY = {
    "JLSN/CT2_JLSN": 4,
    "JLSN/MR1_JLSN": 4,
    "JLSN/NM1_JLSN": 4,
    "JLSN/XA1_JLSN": 4,
}
ENCAPSULATED = "chafey/testImages/encapsulated"


def objects(folder: Path) -> list[tuple[Path, Dataset]]:
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            found.append((path, read_dataset(path)))
        except DecodeError:
            continue
    return found


def digest(path: Path, frame: int = 0) -> str:
    pixels = np.ascontiguousarray(decode_frame(path, frame).pixels)
    return hashlib.sha256(pixels.tobytes()).hexdigest()[:12]


def test_every_image_of_the_zoo_decodes(shared_data: Path) -> None:
    decoded, failed = 0, {}
    for path, dataset in objects(shared_data / "dicom-zoo"):
        if "PixelData" not in dataset:
            continue
        try:
            decode_frame(dataset).modality_values()
            decoded += 1
        except DecodeError as error:
            failed[path.name] = str(error)

    assert (decoded, failed) == (107, UNDECODABLE)


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_images_equal_the_uncompressed_original(shared_data: Path, name: str) -> None:
    assert ORIGINALS[name.split("/")[1][:3]] == digest(shared_data / "dicom-zoo/nema-wg04" / name)


@pytest.mark.parametrize(("name", "largest"), LOSSY.items())
def test_near_lossless_images_stay_within_their_bound(shared_data: Path, name: str, largest: int) -> None:
    folder = shared_data / "dicom-zoo/nema-wg04"
    lossy = decode_frame(folder / name).pixels.astype(int)
    original = decode_frame(folder / f"RLE/{name[5:8]}_RLE").pixels.astype(int)

    assert largest == np.abs(lossy - original).max()


@pytest.mark.parametrize(
    "name",
    [
        "CT1_UNC.explicit_big_endian.dcm",
        "CT1_UNC.explicit_little_endian.dcm",
        "CT1_UNC.implicit_little_endian.dcm",
        "encapsulated/single-frame/CT1_UNC.fragmented_bot_jpeg_ls.80.dcm",
        "encapsulated/single-frame/CT1_UNC.fragmented_no_bot_jpeg_ls.80.dcm",
        "encapsulated/single-frame/CT1_UNC.not_fragmented_bot_jpeg_ls.80.dcm",
    ],
)
def test_byte_order_and_fragments_do_not_change_the_image(shared_data: Path, name: str) -> None:
    assert ORIGINALS["CT1"] == digest(shared_data / "dicom-zoo/chafey/testImages" / name)


@pytest.mark.parametrize(
    "syntax",
    [
        "fragmented_no_bot_jpeg_lossless.57",
        "fragmented_no_bot_jpeg_lossless.70",
        "fragmented_no_bot_jpeg_ls.80",
        "not_fragmented_bot_jpeg_ls.80",
        "not_fragmented_no_bot_jpeg_ls.80",
        "not_fragmented_no_bot_rle",
    ],
)
def test_the_second_frame_is_the_same_in_every_lossless_syntax(shared_data: Path, syntax: str) -> None:
    folder = shared_data / "dicom-zoo" / ENCAPSULATED / "multi-frame"

    assert digest(folder / "CT0012.not_fragmented_bot_rle.dcm", 1) == digest(folder / f"CT0012.{syntax}.dcm", 1)


def test_the_fast_header_says_what_pydicom_says(shared_data: Path) -> None:
    """Where the minimal parser answers at all, each value and doubt equals that of the full parser."""
    read, differing = 0, []
    for path, _ in objects(shared_data / "dicom-zoo"):
        fast = read_fast(path)
        if fast is None:
            continue
        full = header_of(parse(path, stop_before_pixels=True), path=str(path))
        own, other = (
            {k: v for k, v in h.values.items() if k != "SpecificCharacterSet" and v} for h in (fast.header, full)
        )
        read += 1
        if (own, fast.header.transfer_syntax_uid, fast.header.warnings) != (
            other,
            full.transfer_syntax_uid,
            full.warnings,
        ):
            differing.append(path.name)

    assert (read, differing) == (76, [])


@pytest.mark.parametrize("name", ["fragmented_no_bot_jpeg_baseline.50", "implicit_little_endian"])
def test_a_green_marker_is_green_in_ybr_jpeg_and_in_rgb(shared_data: Path, name: str) -> None:
    folder = "chafey/testImages/encapsulated/multi-frame"
    frame = decode_frame(shared_data / "dicom-zoo" / folder / f"IM00001.{name}.dcm", 3)

    assert (frame.photometric, (frame.pixels[0, 0] > 200).tolist()) == ("RGB", [False, True, False])
