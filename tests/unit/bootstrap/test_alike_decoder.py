"""Slices that are built alike are decoded from one careful look, and are exactly what that look would have made."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable

import numpy as np
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian, generate_uid

from tests.helpers.ct import axial, datasets, part10
from viewers.scene.image import SliceImage
from workstation.bootstrap.alike_decoder import AlikeDecoder
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.images.alike import WITHOUT_EFFECT, AlikeHeaders
from workstation.domain.errors import DecodeError

Change = Callable[[int, FileDataset], None]
_OTHER = {
    "DA": "20240229",
    "TM": "112233",
    "DT": "20240229112233",
    "DS": "12.5",
    "IS": "12",
    "FD": 12.5,
    "UI": "2.25.9",
}


class Looks:
    """Counts the careful looks."""

    def __init__(self) -> None:
        self.count = 0
        self.decode = AlikeDecoder(self._careful)

    def _careful(self, content: bytes) -> SliceImage:
        self.count += 1
        return decode_for_display(content)


def fields(image: SliceImage) -> dict[str, object]:
    """Return all that an image says, arrays and windows in a form that compares."""
    found = {one.name: getattr(image, one.name) for one in dataclasses.fields(image)}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, tuple):
        return tuple(_plain(one) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, tuple(_plain(getattr(value, one.name)) for one in dataclasses.fields(value))
    return value


def ct(change: Change | None = None, count: int = 4) -> list[bytes]:
    """Return slices of a CT; heights of different lengths, as text has them."""
    return [part10(one) for one in datasets(axial([8.0, 9.25, 10.5, 111.75][:count]), change=change)]


def assert_as_careful(slices: list[bytes], *, looks: int) -> None:
    counted = Looks()
    for content in slices:
        assert fields(counted.decode(content)) == fields(decode_for_display(content))
    assert counted.count == looks


def test_a_ct_is_looked_at_carefully_once() -> None:
    assert_as_careful(ct(), looks=1)


def test_an_implicit_mr_whose_window_changes_from_slice_to_slice_keeps_each_slices_own() -> None:
    def mr(n: int, dataset: FileDataset) -> None:
        dataset.Modality = "MR"
        dataset.WindowCenter, dataset.WindowWidth = str(600 + 7 * n), str(1190 + n)
        dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = 0, 12, 11
        dataset.RescaleIntercept = "0"
        dataset.PixelData = (np.arange(256, dtype=np.uint16) * 250 + n).tobytes()  # unused bits are not zero
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian

    assert_as_careful(ct(mr), looks=1)


@pytest.mark.parametrize("drawn", [(0, 0, 1, 1), (1, 0, 1, 0)])
def test_graphics_inside_the_pixels_are_seen_on_every_slice_that_has_them(drawn: tuple[int, ...]) -> None:
    """PS3.3 C.9.2 until 2004: they lie in the unused bits, so that no header tells which slices have any."""

    def marked(n: int, dataset: FileDataset) -> None:
        stored = np.full((16, 16), 1000 + n, dtype="<u2")
        stored[2, 3:9] |= drawn[n] << 14
        dataset.PixelData, dataset.PixelRepresentation = stored.tobytes(), 0
        dataset.BitsStored, dataset.HighBit = 12, 11
        for element, vr, value in (
            (0x0010, "US", 16), (0x0011, "US", 16), (0x0040, "CS", "G"), (0x0050, "SS", [1, 1]),
            (0x0100, "US", 16), (0x0102, "US", 14),
        ):  # fmt: skip
            dataset.add_new((0x6000, element), vr, value)

    looks = Looks()
    graphics = [looks.decode(content).graphics for content in ct(marked)]
    found = [0 if one is None else int(one.sum()) for one in graphics]
    assert found == [6 * one for one in drawn]


def test_an_empty_overlay_with_data_of_its_own_needs_no_second_look() -> None:
    def empty(_n: int, dataset: FileDataset) -> None:
        for element, vr, value in (
            (0x0010, "US", 16), (0x0011, "US", 16), (0x0040, "CS", "G"), (0x0050, "SS", [1, 1]),
            (0x0100, "US", 1), (0x0102, "US", 0), (0x3000, "OW", bytes(32)),
        ):  # fmt: skip
            dataset.add_new((0x6000, element), vr, value)

    assert_as_careful(ct(empty), looks=1)


def test_private_elements_and_frames_of_reference_of_each_slice_need_no_second_look() -> None:
    def own(n: int, dataset: FileDataset) -> None:
        dataset.FrameOfReferenceUID = f"2.25.{10**n}"
        dataset.private_block(0x0009, "MAKER", create=True).add_new(1, "LO", "x" * (2 * n))

    assert_as_careful(ct(own), looks=1)


@pytest.mark.parametrize("tag", sorted(WITHOUT_EFFECT), ids=lambda tag: f"{tag:08X}")
def test_what_may_differ_says_nothing_about_how_an_image_looks(tag: int) -> None:
    plain = datasets(axial([5.0]))[0]
    changed = datasets(axial([5.0]), change=lambda _, one: _put(one, tag))[0]

    assert fields(decode_for_display(part10(changed))) == fields(decode_for_display(part10(plain)))


def _put(dataset: FileDataset, tag: int) -> None:
    vr = dictionary_VR(tag)
    if tag >> 16 == 2:
        dataset.file_meta[tag].value = generate_uid()
    elif vr == "SQ":
        item = Dataset()
        item.ReferencedSOPInstanceUID = "2.25.9"
        dataset.add_new(tag, vr, Sequence([item]))
    else:
        dataset.add_new(tag, "US" if " or " in vr else vr, _OTHER.get(vr, 12))


@pytest.mark.parametrize(
    "keyword",
    [
        "PixelSpacing",
        "ImageOrientationPatient",
        "RescaleIntercept",
        "RescaleSlope",
        "PixelPaddingValue",
        "Modality",
        "PhotometricInterpretation",
        "LossyImageCompression",
        "BitsStored",
        "RescaleType",
        "ShutterShape",
    ],
)
def test_any_other_difference_is_looked_at(keyword: str) -> None:
    others = {
        "PixelSpacing": ["0.7", "0.8"],
        "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
        "RescaleIntercept": "-5",
        "RescaleSlope": "2",
        "PixelPaddingValue": -20,
        "Modality": "MR",
        "PhotometricInterpretation": "MONOCHROME1",
        "LossyImageCompression": "01",
        "BitsStored": 12,
        "RescaleType": "OD",
        "ShutterShape": "CIRCULAR",
    }

    def change(n: int, dataset: FileDataset) -> None:
        if n == 1:
            setattr(dataset, keyword, others[keyword])
        if n == 1 and keyword == "BitsStored":
            dataset.HighBit = 11

    assert_as_careful(ct(change, 3), looks=2)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"SOPInstanceUID": "2.25.1"}, {"SOPInstanceUID": "2.25.x"}, id="no UID"),
        pytest.param({"ImagePositionPatient": [1, 2, 3]}, {"ImagePositionPatient": ""}, id="no place"),
        pytest.param(
            {"WindowCenter": 3, "WindowWidth": 8}, {"WindowCenter": [4, 5], "WindowWidth": [8, 9]}, id="two windows"
        ),
        pytest.param(
            {"WindowCenter": 40, "WindowWidth": 400}, {"WindowCenter": 40, "WindowWidth": 0}, id="a window that is none"
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
def test_an_own_value_that_is_none_is_looked_at(first: dict[str, object], second: dict[str, object]) -> None:
    def change(n: int, dataset: FileDataset) -> None:
        for keyword, value in (first, second)[n].items():
            setattr(dataset, keyword, value)

    assert_as_careful(ct(change, 2), looks=2)


def test_values_that_do_not_fit_are_looked_at() -> None:
    def bright(n: int, dataset: FileDataset) -> None:
        dataset.PixelRepresentation, dataset.RescaleIntercept = 0, "0"
        dataset.PixelData = np.full(256, 40_000 if n else 1, np.uint16).tobytes()

    assert_as_careful(ct(bright, 2), looks=2)


def test_a_slice_that_is_cut_off_is_refused_as_ever() -> None:
    counted, slices = Looks(), ct()
    counted.decode(slices[0])
    for broken in (slices[1][:-2], slices[1][:400]):
        with pytest.raises(DecodeError):
            counted.decode(broken)


def test_a_slice_with_something_behind_its_pixels_is_looked_at() -> None:
    def trailing(_: int, dataset: FileDataset) -> None:
        dataset.DataSetTrailingPadding = b"\0" * 4

    assert_as_careful(ct(trailing, 2), looks=2)


def test_slices_that_come_at_once_share_one_careful_look(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ct(count=2)
    searched = threading.Event()
    find = AlikeHeaders.find

    def told(self: AlikeHeaders[object], content: bytes) -> object:
        found = find(self, content)
        if content == second:
            searched.set()
        return found

    def careful(content: bytes) -> SliceImage:
        looks.append(content)
        if content == first:
            helper.start()
            assert searched.wait(60)  # the second is here, and nothing is known yet
        return decode_for_display(content)

    monkeypatch.setattr(AlikeHeaders, "find", told)
    looks: list[bytes] = []
    images: list[SliceImage] = []
    decode = AlikeDecoder(careful)
    helper = threading.Thread(target=lambda: images.append(decode(second)))
    decode(first)
    helper.join()

    assert looks == [first]
    assert fields(images[0]) == fields(decode_for_display(second))


def test_slices_that_are_never_alike_do_not_wait_for_each_other() -> None:
    """Each names another patient: nobody waits behind the ninth, which would be looked at while others are."""

    def other(n: int, dataset: FileDataset) -> None:
        dataset.PatientID = f"P{n}"

    slices = [part10(one) for one in datasets(axial([float(n) for n in range(11)]), change=other)]
    inner: list[SliceImage] = []

    def careful(content: bytes) -> SliceImage:
        if content == slices[9]:
            helper = threading.Thread(target=lambda: inner.append(decode(slices[10])))
            helper.start()
            helper.join(60)
            assert inner, "the other slice waits"
        return decode_for_display(content)

    decode = AlikeDecoder(careful)
    for content in slices[:10]:
        assert fields(decode(content)) == fields(decode_for_display(content))
