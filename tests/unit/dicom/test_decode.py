"""From stored bits to the values and colours that a viewer shows."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import MPEG2MPML, UID, JPEGBaseline8Bit, JPEGLSLossless

from tests.helpers.ct import SIZE, axial, datasets, part10
from workstation.dicom.images import gdcm_fallback
from workstation.dicom.images.decode import decode_frame, read_dataset, read_header
from workstation.dicom.images.frame_attributes import VoiWindow
from workstation.dicom.images.lookup import LookupTable, lookup_table
from workstation.dicom.images.palette import palette
from workstation.domain.errors import DecodeError, HostileInput, UnsupportedTransferSyntax


def image(values: list[int] | None = None, **attributes: object) -> FileDataset:
    """Return a CT slice whose stored values start with the given ones."""
    dataset = datasets(axial([0]))[0]
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    if values is not None:
        pixels = np.zeros(SIZE * SIZE, dtype="<i2")
        pixels[: len(values)] = values
        dataset.PixelData = pixels.tobytes()
    return dataset


def colour(photometric: str, pixel: list[int], **attributes: object) -> FileDataset:
    dataset = image(SamplesPerPixel=3, PlanarConfiguration=0, PhotometricInterpretation=photometric)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.PixelData = bytes(pixel) * SIZE * SIZE
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def lut(descriptor: list[int], data: object) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", descriptor)
    item.add_new("LUTData", "OW" if isinstance(data, bytes) else "US", data)
    return item


def test_hounsfield_units_are_stored_value_plus_intercept() -> None:
    frame = decode_frame(image([0, 1024, 2024]))

    assert (
        frame.modality_values()[0, :3].tolist(),
        str(frame.modality_values().dtype),
        frame.unit,
    ) == ([-1024, 0, 1000], "int16", "HU")


def test_a_fractional_slope_gives_fractions() -> None:
    values = decode_frame(image([2, 3], RescaleSlope="0.5", RescaleIntercept="1")).modality_values()

    assert (values[0, :2].tolist(), str(values.dtype)) == ([2.0, 2.5], "float32")


def test_large_whole_values_do_not_wrap() -> None:
    assert decode_frame(image([32767], RescaleSlope="3", RescaleIntercept="0")).modality_values()[0, :1].tolist() == [
        32767 * 3
    ]


def test_huge_slopes_do_not_overflow() -> None:
    values = decode_frame(image([2], RescaleSlope="4194304", RescaleIntercept="0")).modality_values()

    assert values[0, 0] == 8388608.0


def test_a_broken_slope_counts_as_one() -> None:
    dataset = image([7])
    dataset.RescaleSlope, dataset.RescaleIntercept = None, None

    assert decode_frame(dataset).modality_values()[0, 0] == 7


def test_a_modality_lut_clamps_at_both_ends() -> None:
    frame = decode_frame(image([-5, 10, 11, 12, 99], ModalityLUTSequence=[lut([3, 10, 16], [100, 200, 60000])]))

    assert frame.modality_values()[0, :5].tolist() == [100, 100, 200, 60000, 60000]


def test_lut_entries_of_eight_bits_may_be_packed_or_padded() -> None:
    """PS3.3 C.11.1.1.1: the length tells which it is."""
    packed = lookup_table(lut([4, 0, 8], b"\x01\x02\x03\x04"), is_signed=False)
    padded = lookup_table(lut([4, 0, 8], b"\x01\x00\x02\x00\x03\x00\x04\x00"), is_signed=False)
    words = lookup_table(lut([4, 0, 8], [0x0201, 0x0403]), is_signed=False)

    assert [table.values.tolist() for table in (packed, padded, words) if table] == [[1, 2, 3, 4]] * 3


def test_a_lut_with_zero_entries_has_65536_and_may_start_below_zero() -> None:
    table = lookup_table(lut([0, 0xFFFE, 16], bytes(2 * 65536)), is_signed=True)

    assert table is not None
    assert (len(table.values), table.first) == (65536, -2)


@pytest.mark.parametrize("item", [Dataset(), lut([4, 0, 16], b"\x01"), lut([4, 0], b""), lut([3, 0, 16], [1, 2])])
def test_an_unusable_lut_is_ignored(item: Dataset) -> None:
    assert lookup_table(item, is_signed=False) is None


def test_every_window_and_voi_lut_is_offered() -> None:
    frame = decode_frame(image(VOILUTSequence=[lut([2, 0, 8], [1, 2])]))

    assert (
        VoiWindow(-600.0, 1500.0, "LINEAR", "LUNG"),
        VoiWindow(40.0, 400.0, "LINEAR", "MEDIASTINUM"),
    ) == frame.windows
    assert [table.values.tolist() for table in frame.voi_luts] == [[1, 2]]


@pytest.mark.parametrize(
    ("width", "function", "count"), [("0.5", "", 0), ("0.5", "LINEAR_EXACT", 1), ("0", "SIGMOID", 0)]
)
def test_windows_narrower_than_the_standard_allows_are_dropped(width: str, function: str, count: int) -> None:
    dataset = image(WindowCenter="40", WindowWidth=width)
    dataset.VOILUTFunction = function

    assert count == len(decode_frame(dataset).windows)


def test_padding_is_an_inclusive_range_whichever_way_it_is_given() -> None:
    dataset = image()
    dataset.add_new("PixelPaddingValue", "SS", -1)
    assert decode_frame(dataset).padding == (-1, -1)
    dataset.add_new("PixelPaddingRangeLimit", "SS", -2000)
    assert decode_frame(dataset).padding == (-2000, -1)


def test_monochrome1_is_reported_and_not_inverted() -> None:
    frame = decode_frame(image([1], PhotometricInterpretation="MONOCHROME1"))

    assert (frame.photometric, frame.pixels[0, 0], frame.is_colour) == ("MONOCHROME1", 1, False)


def test_ybr_full_becomes_rgb() -> None:
    """PS3.3 C.7.6.3.1.2: Y 76, CB 85, CR 255 is pure red."""
    frame = decode_frame(colour("YBR_FULL", [76, 85, 255]))

    assert (frame.photometric, frame.pixels[0, 0].tolist()) == ("RGB", [254, 0, 0])
    assert frame.modality_values() is frame.pixels


def test_deep_colour_is_reduced_to_eight_bits() -> None:
    dataset = colour("RGB", [0, 255, 0, 128, 0, 1], BitsAllocated=16, BitsStored=16, HighBit=15)

    assert decode_frame(dataset).pixels[0, 0].tolist() == [255, 128, 1]


def palette_image(entries: int = 3) -> FileDataset:
    dataset = image(
        PhotometricInterpretation="PALETTE COLOR", PixelRepresentation=0, BitsAllocated=8, BitsStored=8, HighBit=7
    )
    dataset.PixelData = bytes([0, 1, 2, 9] * (SIZE * SIZE // 4))
    for name, values in (("Red", [0, 0xFF00, 0]), ("Green", [0, 0, 0x8000]), ("Blue", [0, 0, 0x0100])):
        dataset.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [entries, 0, 16])
        dataset.add_new(f"{name}PaletteColorLookupTableData", "OW", np.array(values, dtype="<u2").tobytes())
    return dataset


def test_palette_colours_are_shown_and_clamped_to_the_last_entry() -> None:
    frame = decode_frame(palette_image())

    assert (
        frame.photometric,
        frame.pixels[0, :4].tolist(),
    ) == ("RGB", [[0, 0, 0], [255, 0, 0], [0, 128, 1], [0, 128, 1]])


def test_a_broken_palette_is_an_error_in_words() -> None:
    assert palette(palette_image(99)) is None
    with pytest.raises(DecodeError):
        decode_frame(palette_image(99))


def test_an_unknown_compression_is_named() -> None:
    dataset = image()
    dataset.file_meta.TransferSyntaxUID = MPEG2MPML

    with pytest.raises(UnsupportedTransferSyntax) as error:
        decode_frame(dataset)
    assert "MPEG2" in error.value.user_text


@pytest.mark.parametrize("syntax", ["1.2.3.4", ""])
def test_a_private_compression_is_refused(syntax: str) -> None:
    dataset = image()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)

    with pytest.raises(UnsupportedTransferSyntax):
        decode_frame(dataset)


def test_truncated_pixels_are_an_error_in_words() -> None:
    dataset = image()
    dataset.PixelData = dataset.PixelData[:-10]

    with pytest.raises(DecodeError) as error:
        decode_frame(dataset)
    assert error.value.hint


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGLSLossless])
def test_garbage_in_place_of_a_compressed_image_is_an_error_in_words(syntax: UID) -> None:
    dataset = image()
    dataset.PixelData = b"\xfe\xff\x00\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0\x04\x00\x00\x00abcd"
    dataset.file_meta.TransferSyntaxUID = syntax

    with pytest.raises(DecodeError):
        decode_frame(dataset)


@pytest.mark.parametrize("attributes", [{"Rows": 65535, "Columns": 65535}, {"NumberOfFrames": 10**6}])
def test_absurd_sizes_are_refused_before_anything_is_allocated(attributes: dict[str, int]) -> None:
    dataset = image()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)

    with pytest.raises(HostileInput):
        decode_frame(dataset)


@pytest.mark.parametrize("frame", [-1, 1])
def test_a_frame_that_does_not_exist_is_an_error(frame: int) -> None:
    with pytest.raises(DecodeError):
        decode_frame(image(), frame)


def test_an_object_without_pixels_is_an_error(shared_data: Path) -> None:
    with pytest.raises(DecodeError):
        decode_frame(shared_data / "dicom-zoo/dcmqi/data/sr-example/sr.dcm")


def test_bytes_and_files_are_the_same_to_the_reader() -> None:
    frame = decode_frame(part10(image([5])))

    assert frame.pixels[0, 0] == 5


def test_a_header_stops_before_the_pixels() -> None:
    content = part10(image())

    assert ("PixelData" in read_header(content), "PixelData" in read_dataset(content)) == (False, True)


@pytest.mark.parametrize("content", [b"", b"hello", os.urandom(4096), bytes(200)])
def test_what_is_no_dicom_is_an_error_in_words(content: bytes) -> None:
    with pytest.raises(DecodeError):
        read_header(content)


def test_a_file_that_cannot_be_opened_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(DecodeError):
        read_header(tmp_path)


def test_the_frame_values_of_a_functional_group_win(shared_data: Path) -> None:
    """Enhanced MR carries slope and window per frame; the second frame is read with its own."""
    dataset = read_dataset(shared_data / "dicom-zoo/dcm_qa_enh/In/Siemens/XA10/6_1.dcm")
    groups = dataset.PerFrameFunctionalGroupsSequence[1]

    frame = decode_frame(dataset, 1)

    assert float(groups.FrameVOILUTSequence[0].WindowCenter) == frame.windows[0].center


def test_without_anonymous_memory_files_gdcm_reads_from_a_private_one(
    monkeypatch: pytest.MonkeyPatch, shared_data: Path
) -> None:
    path = shared_data / "dicom-zoo/nema-wg04/JPLL/CT2_JPLL"
    expected = decode_frame(path).pixels
    monkeypatch.delattr(os, "memfd_create")

    assert np.array_equal(expected, decode_frame(path).pixels)


def test_the_object_given_to_gdcm_names_no_patient() -> None:
    layout = gdcm_fallback.FrameLayout("1.2.840.10008.1.2.4.70", 4, 4)

    assert b"\x10\x00\x10\x00PN" not in gdcm_fallback._part10(b"abc", layout)


def test_lookup_keeps_shape() -> None:
    table = LookupTable(0, np.array([5, 6], dtype=np.uint16), 8)

    assert table.apply(np.array([[0, 1], [9, -9]])).tolist() == [[5, 6], [6, 5]]
