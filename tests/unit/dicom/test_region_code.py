"""An image that names its body part by code is known by it, however it comes: file, service or functional groups."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr import _snomed_dict
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from workstation.dicom.header import header_from_json, header_of
from workstation.dicom.images.assemble import studies_of
from workstation.dicom.images.fast_reader import read_fast
from workstation.dicom.region_code import _REGIONS, REGION_OF_CODE, region_in_bytes
from workstation.domain.anatomy import regions_in

KEYWORD = "AnatomicRegionSequence"


def region(code: str, scheme: str = "SCT") -> Dataset:
    coded = Dataset()
    coded.CodeValue, coded.CodingSchemeDesignator, coded.CodeMeaning = code, scheme, "胸部"
    coded.is_undefined_length_sequence_item = False
    return coded


def ct(code: str = "69536005", scheme: str = "SCT") -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, "1.2.3.4"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.Modality = "1.2", "1.2.3", "CT"
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.AnatomicRegionSequence = [region(code, scheme)]
    dataset.Rows = dataset.Columns = 8
    return dataset


def stored(dataset: Dataset, syntax: str, *, undefined: bool) -> bytes:
    dataset[KEYWORD].is_undefined_length = undefined
    dataset.AnatomicRegionSequence[0].is_undefined_length_sequence_item = undefined
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = (
        CTImageStorage,
        UID("1.2.3.4"),
    )
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_the_quick_reader_finds_the_region_as_the_thorough_one_does(syntax: str, *, undefined: bool) -> None:
    fast = read_fast(stored(ct(), syntax, undefined=undefined))
    assert fast is not None
    assert fast.header.text(KEYWORD) == header_of(ct()).text(KEYWORD) == "HEAD"


def test_the_region_comes_with_the_metadata_of_a_service_and_reaches_the_series() -> None:
    header = header_from_json(ct().to_json_dict())
    assert header.text(KEYWORD) == "HEAD"
    assert studies_of([header])[0].series[0].anatomic_region == "HEAD"


def test_frames_may_name_their_region() -> None:
    frame, dataset = Dataset(), ct()
    frame.AnatomicRegionSequence = dataset.AnatomicRegionSequence
    del dataset.AnatomicRegionSequence
    group = Dataset()
    group.FrameAnatomySequence = [frame]
    dataset.SharedFunctionalGroupsSequence = [group]
    assert header_of(dataset).text(KEYWORD) == "HEAD"


@pytest.mark.parametrize(("code", "scheme"), [("T-D1100", "SRT"), ("T-D1100", "99SDM"), ("69536005", "SCT")])
def test_former_names_of_the_code_systems_are_known(code: str, scheme: str) -> None:
    assert header_of(ct(code, scheme)).text(KEYWORD) == "HEAD"


@pytest.mark.parametrize(
    "broken", [b"", b"\xfe\xff\x00\xe0", b"\xfe\xff\x00\xe0\x40\x00\x00\x00\x08\x00\x00\x01SH", b"x" * 9]
)
def test_a_broken_sequence_costs_the_region_not_the_image(broken: bytes) -> None:
    assert region_in_bytes(broken, explicit=True) == ""


def test_an_unknown_code_names_nothing() -> None:
    assert header_of(ct("1", "99LOCAL")).text(KEYWORD) == ""


def test_each_former_code_means_what_the_present_one_means() -> None:
    current = _snomed_dict.mapping["SRT"]
    assert {former: code for code, former, _ in _REGIONS if former} == {
        former: current[former] for _, former, _ in _REGIONS if former
    }


def test_every_word_of_a_code_is_a_part_of_the_body() -> None:
    assert [word for word in REGION_OF_CODE.values() if not regions_in(word)] == []
