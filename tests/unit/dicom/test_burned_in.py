"""A name in the pixels is told of; nobody calls an image free of names that may carry one."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.helpers.viewers import image
from viewers.scene.image import SliceImage
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.burned_in import burned_in
from workstation.ui.images.series_doubts import any_burned_in

CT, US, SC, XA = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("2", "6.1", "7", "12.1"))


def said(of: str, *, flag: str = "", kind: str = "ORIGINAL\\PRIMARY\\AXIAL", photo: str = "MONOCHROME2") -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.PhotometricInterpretation = of, photo
    dataset.ImageType = kind.split("\\")
    if flag:
        dataset.BurnedInAnnotation = flag
    return dataset


@pytest.mark.parametrize("of", [CT, US, SC, XA])
def test_what_the_image_says_counts_before_what_it_is(of: str) -> None:
    assert burned_in(said(of, flag="YES"), has_plane=True) is True
    assert burned_in(said(of, flag="NO"), has_plane=False) is False


@pytest.mark.parametrize("of", [US, SC, XA])
def test_nobody_knows_of_a_picture_that_says_nothing(of: str) -> None:
    assert burned_in(said(of), has_plane=True) is None


def test_a_slice_that_a_scanner_computed_has_no_text_in_it() -> None:
    assert burned_in(said(CT), has_plane=True) is False
    assert burned_in(said(CT, kind="DERIVED\\PRIMARY\\AXIAL"), has_plane=True) is False


def test_a_screen_stored_under_the_class_of_a_scanner_may_carry_a_name() -> None:
    assert burned_in(said(CT), has_plane=False) is None
    assert burned_in(said(CT, kind="DERIVED\\SECONDARY\\OTHER"), has_plane=True) is None
    assert burned_in(said(CT, photo="RGB"), has_plane=True) is None


@pytest.mark.parametrize(
    ("images", "told"),
    [((), None), ((False, False), False), ((False, None), None), ((None, True), True), ((False, True), True)],
)
def test_one_named_image_names_the_series_and_one_unknown_makes_it_unknown(
    images: tuple[bool | None, ...],
    told: bool | None,  # noqa: FBT001 - a case
) -> None:
    plain = image()
    assert any_burned_in(SliceImage(plain.pixels, burned_in=one) for one in images) is told


@pytest.mark.parametrize(("flag", "told"), [("YES", True), ("NO", False), ("", None)])
def test_the_viewer_is_given_what_the_file_says(flag: str, told: bool | None) -> None:  # noqa: FBT001 - a case
    dataset = said(US, flag=flag)
    dataset.SOPInstanceUID, dataset.Modality = "1.2.3", "US"
    dataset.Rows = dataset.Columns = dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.SamplesPerPixel, dataset.HighBit, dataset.PixelRepresentation = 1, 7, 0
    dataset.PixelData = bytes(64)
    dataset["PixelData"].VR = "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = UID(US)
    dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    written = BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    assert decode_for_display(written.getvalue()).burned_in is told
