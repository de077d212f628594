"""What older objects may hold, overlays of many frames and bits in unusual places, looks as DCMTK draws it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.helpers.ct import part10
from viewers.scene.picture import picture
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.header import header_of
from workstation.dicom.images.decode import read_dataset, read_header
from workstation.dicom.images.frame_reader import FrameReader, one_frame
from workstation.dicom.images.phantom import ct_slice_dataset
from workstation.dicom.images.volumes import load_volume

SIZE, FRAMES = 17, 4
GROUP = 0x6000


def drawn_by_dcmtk(folder: Path, content: bytes, frame: int = 1) -> npt.NDArray[np.int_]:
    (folder / "image.dcm").write_bytes(content)
    words = ["dcmj2pnm", "--frame", str(frame), "+Wi", "1", str(folder / "image.dcm"), str(folder / "out.pgm")]
    subprocess.run(words, check=True, capture_output=True)
    with Image.open(folder / "out.pgm") as drawn:
        return np.asarray(drawn).astype(int)


def film(**overlay: object) -> FileDataset:
    """Return a grey film of four frames, the graphics of each a row of its own: 1, 5, 9 and 13."""
    dataset = ct_slice_dataset(1, np.zeros((SIZE, SIZE), np.int16), position=(0.0, 0.0, 0.0))
    dataset.NumberOfFrames = FRAMES
    dataset.PixelData = (np.arange(FRAMES * SIZE * SIZE) % 1000).astype("<i2").tobytes()
    dataset.RescaleIntercept, dataset.WindowCenter, dataset.WindowWidth = "0", "900", "1800"
    dataset.pop("PixelPaddingValue", None)
    # 289 bits a frame: all but the first begin within a byte
    bits = np.zeros((FRAMES, SIZE, SIZE), np.bool_)
    for number in range(FRAMES):
        bits[number, 4 * number + 1] = True
    elements = {
        "us_0010": SIZE, "us_0011": SIZE, "is_0015": str(FRAMES), "cs_0040": "G", "ss_0050": [1, 1], "us_0051": 1,
        "us_0100": 1, "us_0102": 0, "ow_3000": packed(bits),
    } | overlay  # fmt: skip
    for name, value in elements.items():
        kind, element = name.split("_")
        if value is not None:
            dataset.add_new((GROUP, int(element, 16)), kind.upper(), value)
    return dataset


def packed(bits: npt.NDArray[np.bool_]) -> bytes:
    data = np.packbits(bits.ravel(), bitorder="little").tobytes()
    return data + bytes(len(data) % 2)


def row(number: int) -> npt.NDArray[np.bool_]:
    bits = np.zeros((SIZE, SIZE), np.bool_)
    bits[number] = True
    return bits


@pytest.mark.dcmtk
@pytest.mark.parametrize(
    ("overlay", "rows"),
    [
        ({}, [1, 5, 9, 13]),
        # C.9.3: two planes, the first of which lies on frame 2 of the image
        ({"is_0015": "2", "us_0051": 2}, [None, 1, 5, None]),
        ({"is_0015": "1", "us_0051": 3, "ow_3000": packed(row(7))}, [None, None, 7, None]),
        # C.9.2: one plane that names no frame lies on all of them
        ({"is_0015": None, "us_0051": None, "ow_3000": packed(row(3))}, [3, 3, 3, 3]),
    ],
)
def test_every_frame_shows_its_own_graphics(tmp_path: Path, overlay: dict[str, object], rows: list[int | None]) -> None:
    dataset = film(**overlay)
    content = part10(dataset)
    reader = FrameReader(content)
    for number, expected in enumerate(rows, start=1):
        image = decode_for_display(reader.part10(number))
        seen = [] if image.graphics is None else np.flatnonzero(image.graphics.all(axis=1)).tolist()
        assert seen == ([] if expected is None else [expected])
        theirs = drawn_by_dcmtk(tmp_path, content, number)
        if overlay.get("us_0051", 1) is not None:
            # DCMTK draws a plane that names no frame on the first one alone
            assert int(np.abs(picture(image).astype(int) - theirs).max()) <= 1
        header = read_header(content)
        pixels = dataset.PixelData[(number - 1) * 2 * SIZE**2 : number * 2 * SIZE**2]
        alone = decode_for_display(one_frame(header, number, pixels, str(ExplicitVRLittleEndian)))
        assert np.array_equal(picture(alone), picture(image))


@pytest.mark.dcmtk
@pytest.mark.parametrize("way", ["--write-xfer-big", "--write-xfer-deflated", "--write-xfer-implicit"])
def test_the_graphics_of_a_frame_survive_every_way_of_writing_bytes(tmp_path: Path, way: str) -> None:
    (tmp_path / "image.dcm").write_bytes(part10(film()))
    words = ["dcmconv", way, str(tmp_path / "image.dcm"), str(tmp_path / "other.dcm")]
    subprocess.run(words, check=True, capture_output=True)
    reader = FrameReader((tmp_path / "other.dcm").read_bytes())
    for number, expected in enumerate((1, 5, 9, 13), start=1):
        graphics = decode_for_display(reader.part10(number)).graphics
        assert graphics is not None
        assert np.flatnonzero(graphics.any(axis=1)).tolist() == [expected]


def test_a_broken_overlay_of_a_film_costs_itself_only() -> None:
    for broken in ({"ow_3000": b"\1\0"}, {"us_0010": 0}, {"is_0015": "9"}):
        reader = FrameReader(part10(film(**broken)))
        image = decode_for_display(reader.part10(4))
        assert image.graphics is None or np.flatnonzero(image.graphics.any(axis=1)).tolist() == [13]
        assert image.pixels[0, 0] == 3 * SIZE * SIZE


def unusual_bits(stored: int, high: int, *, signed: bool) -> tuple[FileDataset, npt.NDArray[np.int_]]:
    """Return an image and its values; the bits of a word that are no part of them are all set."""
    half = 2 ** (stored - 1)
    values = np.linspace(-half if signed else 0, half - 1 if signed else 2 * half - 1, 256).astype(int).reshape(16, 16)
    below = high + 1 - stored
    inside = ((1 << stored) - 1) << below
    words = ((values << below) & inside) | (0xFFFF & ~inside)
    dataset = ct_slice_dataset(1, np.zeros((16, 16), np.int16), position=(0.0, 0.0, 0.0))
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = stored, high, int(signed)
    dataset.PixelData = words.astype("<u2").tobytes()
    dataset.RescaleIntercept = "0"
    dataset.WindowCenter, dataset.WindowWidth = ("0" if signed else str(half)), str(half)
    dataset.pop("PixelPaddingValue", None)
    return dataset, values


@pytest.mark.dcmtk
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(("stored", "high"), [(12, 15), (10, 12), (12, 11)])
def test_pixels_above_unused_bits_keep_their_values(tmp_path: Path, stored: int, high: int, signed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """PS3.5 8.1.1: High Bit tells where the sample lies in its word; until 2004 it might lie anywhere."""
    dataset, values = unusual_bits(stored, high, signed=signed)
    image = decode_for_display(part10(dataset))
    assert image.pixels.tolist() == values.tolist()
    theirs = drawn_by_dcmtk(tmp_path, part10(dataset))
    assert int(np.abs(picture(image).astype(int) - theirs).max()) <= 1


@pytest.mark.dcmtk
@pytest.mark.parametrize("tool", ["dcmcjpeg", "dcmcjpls", "dcmcrle"])
@pytest.mark.parametrize(("high", "says"), [(15, 15), (11, 11), (11, 15)])
def test_compressed_pixels_keep_their_values_wherever_they_lie(tmp_path: Path, tool: str, high: int, says: int) -> None:
    """The last of them names High Bit wrongly: its samples fill the last bits of their words."""
    _, values = unusual_bits(12, high, signed=False)
    dataset, _ = unusual_bits(12, high, signed=False)
    dataset.PixelData = (values << (high - 11)).astype("<u2").tobytes()
    (tmp_path / "image.dcm").write_bytes(part10(dataset))
    words = [tool, *(["+e1"] if tool == "dcmcjpeg" else []), str(tmp_path / "image.dcm"), str(tmp_path / "small.dcm")]
    subprocess.run(words, check=True, capture_output=True)
    small = dcmread(tmp_path / "small.dcm")
    small.HighBit = says
    (tmp_path / "small.dcm").write_bytes(part10(small))
    assert decode_for_display((tmp_path / "small.dcm").read_bytes()).pixels.tolist() == values.tolist()
    for n in range(3):
        small.ImagePositionPatient, small.InstanceNumber = [0, 0, 2.0 * n], n
        small.SOPInstanceUID = small.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.{n}")
        (tmp_path / f"slice-{n}.dcm").write_bytes(part10(small))
    assert load_volume(sorted(tmp_path.glob("slice-*.dcm"))).voxels[1].tolist() == values.tolist()


def test_a_volume_has_the_same_values_as_its_slices_where_bits_lie_elsewhere(tmp_path: Path) -> None:
    _, values = unusual_bits(12, 15, signed=False)
    for n in range(3):
        dataset, _ = unusual_bits(12, 15, signed=False)
        dataset.ImagePositionPatient = [0, 0, 2.0 * n]
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.{n}")
        (tmp_path / f"{n}.dcm").write_bytes(part10(dataset))
        assert header_of(read_dataset(tmp_path / f"{n}.dcm")).integer("HighBit") == 15
    voxels = load_volume(sorted(tmp_path.glob("*.dcm"))).voxels
    assert voxels[1].tolist() == values.tolist()
