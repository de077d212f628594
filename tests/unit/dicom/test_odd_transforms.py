"""Rare ways to store grey values and colours come to the levels that the standard prints."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset

from tests.helpers.ct import SIZE, axial, datasets, part10
from viewers.scene.decoded import slice_image
from viewers.scene.raster import GrayscaleTransform, to_gray
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.images.decode import decode_frame, rescaled
from workstation.dicom.images.frame_reader import FrameReader
from workstation.domain.errors import DecodeError


def stored(values: list[int], **attributes: object) -> FileDataset:
    """Return an unsigned image of 16 bits without a window whose first row begins with the given values."""
    dataset = datasets(axial([0]))[0]
    pixels = np.zeros(SIZE * SIZE, dtype="<u2")
    pixels[: len(values)] = values
    dataset.PixelData, dataset.PixelRepresentation = pixels.tobytes(), 0
    dataset.BitsStored, dataset.HighBit = 16, 15
    for keyword in ("WindowCenter", "WindowWidth"):
        if keyword in dataset:
            delattr(dataset, keyword)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def lut(first: int, entries: np.ndarray[tuple[int], np.dtype[np.uint16]], bits: int) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return item


# 16 bits --------------------------------------------------------------------------------------


def test_a_film_that_uses_all_16_bits_stays_at_two_bytes_a_pixel() -> None:
    """Two bytes go through a table of 64k levels at every step of the window; four are computed one by one."""
    values = decode_frame(stored([0, 32768, 65535], RescaleSlope="1", RescaleIntercept="0")).modality_values()
    assert (str(values.dtype), values[0, :3].tolist()) == ("uint16", [0, 32768, 65535])


@pytest.mark.parametrize(
    ("intercept", "kind", "last"),
    [(-32768.0, "int16", 32767), (-32767.0, "int32", 32768), (0.0, "uint16", 65535), (1.0, "int32", 65536)],
)
def test_whole_values_take_the_narrowest_type_that_holds_them(intercept: float, kind: str, last: int) -> None:
    found = rescaled(np.array([0, 65535], dtype=np.uint16), 1.0, intercept)
    assert (str(found.dtype), int(found[1])) == (kind, last)


# VOI LUTs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slope", "intercept", "first", "levels"),
    [
        ("-1", "0", 61441, [255, 249, 0]),  # -4095 read as unsigned; values 0, -100, -4095 of a ramp over 12 bits
        ("-1", "4095", 0, [255, 249, 0]),  # values 4095, 3995, 0
        ("1", "-4095", 61441, [0, 6, 255]),  # values -4095, -3995, 0
    ],
)
def test_the_first_value_of_a_voi_table_has_the_sign_of_what_leaves_the_modality_transform(
    slope: str, intercept: str, first: int, levels: list[int]
) -> None:
    """PS3.3 C.11.2.1.1; 3995 / 4095 * 255 = 248.8 and 100 / 4095 * 255 = 6.2."""
    dataset = stored([0, 100, 4095], RescaleSlope=slope, RescaleIntercept=intercept, BitsStored=12, HighBit=11)
    dataset.VOILUTSequence = [lut(first, np.arange(4096, dtype=np.uint16), 12)]
    image = slice_image(decode_frame(dataset))
    assert to_gray(image.pixels, GrayscaleTransform(image.default_voi))[0, :3].tolist() == levels


# supplemental palettes ------------------------------------------------------------------------


def partly_coloured(**voi: object) -> list[int]:
    """Return the red of the values -160, -159, 40, 140, 239, 240 in an image with colours from 500 upwards."""
    dataset = stored([0, 1, 200, 300, 399, 400], RescaleSlope="1", RescaleIntercept="-160", PixelPresentation="MIXED")
    for colour in ("Red", "Green", "Blue"):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [4, 500, 8])
        dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", bytes(4))
    for keyword, value in voi.items():
        setattr(dataset, keyword, value)
    frame = decode_frame(dataset)
    assert frame.is_colour
    found: list[int] = frame.pixels[0, :6, 0].tolist()
    return found


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("LINEAR", [0, 1, 128, 192, 255, 255]),
        ("LINEAR_EXACT", [0, 1, 128, 191, 254, 255]),
        ("SIGMOID", [30, 31, 128, 186, 224, 225]),
    ],
)
def test_grey_beside_colours_follows_the_function_of_its_window(function: str, expected: list[int]) -> None:
    """The printed values for c 40 and w 400, rounded: 127.5 and 191.25, 30.3967 and 224.6033 among them."""
    assert partly_coloured(WindowCenter="40", WindowWidth="400", VOILUTFunction=function) == expected


def test_grey_beside_colours_follows_a_voi_table() -> None:
    """A table over -160 to 240 that turns 400 steps round: level 255 * (1 - x / 400)."""
    table = lut(65536 - 160, np.arange(400, -1, -1, dtype=np.uint16) * 10, 12)
    assert partly_coloured(VOILUTSequence=[table]) == [249, 248, 125, 62, 1, 0]


# retired colours ------------------------------------------------------------------------------


def video(name: str, frames: list[bytes]) -> FileDataset:
    """Return an uncompressed picture of the given samples."""
    dataset = datasets(axial([0]))[0]
    dataset.PhotometricInterpretation, dataset.SamplesPerPixel, dataset.PlanarConfiguration = name, 3, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    if len(frames) > 1:
        dataset.NumberOfFrames = len(frames)
    dataset.PixelData = b"".join(frames)
    return dataset


PAIRS = SIZE * SIZE // 2
GREY, RED = bytes([16, 235, 128, 128]), bytes([81, 16, 90, 240])


def test_retired_video_colours_of_which_pairs_share_the_chroma_are_shown() -> None:
    """Luma 16 and 235 are black and white; 81/90/240 is the red of BT.601, on luma 16 its chroma gives 178.8 red."""
    frame = decode_frame(video("YBR_PARTIAL_422", [GREY + RED * (PAIRS - 1)]))
    assert frame.photometric == "RGB"
    assert frame.pixels[0, :4].tolist() == [[0, 0, 0], [255, 255, 255], [254, 0, 0], [179, 0, 0]]


def test_every_frame_of_a_film_in_retired_video_colours_is_its_own() -> None:
    film = FrameReader(part10(video("YBR_PARTIAL_422", [GREY * PAIRS, RED * PAIRS, GREY * PAIRS])))
    shown = [decode_for_display(film.part10(n)).pixels[0, 1].tolist() for n in (1, 2, 3)]
    assert shown == [[255, 255, 255], [179, 0, 0], [255, 255, 255]]


def test_retired_video_colours_that_are_cut_off_are_called_damaged() -> None:
    with pytest.raises(DecodeError) as refused:
        decode_frame(video("YBR_PARTIAL_422", [GREY * (PAIRS - 1)]))
    assert refused.value.user_text == "The pixel data are damaged or cut off."


def test_colours_that_exist_compressed_only_are_named_and_not_called_damaged() -> None:
    with pytest.raises(DecodeError) as refused:
        decode_frame(video("YBR_PARTIAL_420", [bytes(SIZE * SIZE * 3 // 2)]))
    assert refused.value.user_text == "Images in the colours YBR_PARTIAL_420 cannot be shown."
