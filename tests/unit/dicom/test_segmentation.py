"""A mask is stored as a SEG of the very images it was made from and comes back voxel for voxel."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom.filereader import dcmread

from tests.helpers.cases import NOON
from tests.helpers.ct import axial, datasets, part10
from tests.helpers.full_reports import dciodvfy_errors
from workstation.dicom.images.volumes import InstanceVolumes
from workstation.dicom.objects.segmentation import SegmentName, read_segmentation, write_segmentation
from workstation.domain.errors import DecodeError, NotAVolume, TemplateViolation
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import SegmentMask
from workstation.domain.template import Code
from workstation.domain.volume import Volume
from workstation.services.jobs import NoJob

ALGORITHM = AlgorithmIdentity("lesion-mask", "1.2.3", "ab" * 32)
NAMES = (
    SegmentName("nodule", Code("427359005", "SCT", "Solitary nodule of lung"), "2.25.77"),
    SegmentName("effusion", Code("60046008", "SCT", "Pleural effusion")),
)


@pytest.fixture
def files() -> list[bytes]:
    # positions fall: the order of files is not the order of slices
    return [part10(ds) for ds in datasets(axial([7.5, 5.0, 2.5, 0.0]))]


@pytest.fixture
def volume(files: list[bytes]) -> Volume:
    return InstanceVolumes().from_instances(files, NoJob())


def _mask(label: str, *voxels: tuple[int, int, int]) -> SegmentMask:
    array = np.zeros((4, 16, 16), np.bool_)
    for voxel in voxels:
        array[voxel] = True
    return SegmentMask(label, array)


MASKS = (_mask("nodule", (1, 3, 5), (1, 3, 6), (2, 3, 5)), _mask("effusion", (0, 15, 0)))


def test_the_mask_comes_back_voxel_for_voxel(files: list[bytes], volume: Volume) -> None:
    stored = write_segmentation(MASKS, NAMES, files, volume, ALGORITHM, at=NOON)

    found = read_segmentation(stored, volume)

    assert [mask.label for mask in found] == ["nodule", "effusion"]
    for expected, actual in zip(MASKS, found, strict=True):
        np.testing.assert_array_equal(expected.voxels, actual.voxels)


def test_the_object_is_valid_and_names_model_images_and_lesion(
    files: list[bytes], volume: Volume, tmp_path: Path
) -> None:
    stored = write_segmentation(MASKS, NAMES, files, volume, ALGORITHM, at=NOON)
    (tmp_path / "mask.dcm").write_bytes(stored)
    ds = dcmread(BytesIO(stored))
    sources = [dcmread(BytesIO(data)) for data in files]

    assert dciodvfy_errors(tmp_path / "mask.dcm") == []
    assert (ds.Modality, ds.SegmentationType, ds.NumberOfFrames) == ("SEG", "BINARY", 3)
    assert ds.StudyInstanceUID == sources[0].StudyInstanceUID
    assert ds.FrameOfReferenceUID == sources[0].FrameOfReferenceUID
    first = ds.SegmentSequence[0]
    algorithm = first.SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("lesion-mask", "1.2.3")
    assert ALGORITHM.sha256 in algorithm.AlgorithmParameters
    assert first.TrackingUID == "2.25.77"
    assert first.SegmentedPropertyTypeCodeSequence[0].CodeValue == "427359005"
    referenced = {item.ReferencedSOPInstanceUID for item in ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
    assert referenced == {source.SOPInstanceUID for source in sources}


def test_the_same_mask_gives_the_same_uids(files: list[bytes], volume: Volume) -> None:
    first, again = (
        dcmread(BytesIO(write_segmentation(MASKS, NAMES, files, volume, ALGORITHM, at=NOON))) for _ in range(2)
    )

    assert (first.SOPInstanceUID, first.SeriesInstanceUID) == (again.SOPInstanceUID, again.SeriesInstanceUID)


def test_an_empty_mask_is_not_stored(files: list[bytes], volume: Volume) -> None:
    with pytest.raises(TemplateViolation):
        write_segmentation((_mask("nodule"),), NAMES, files, volume, ALGORITHM, at=NOON)


def test_a_research_model_stores_no_mask(files: list[bytes], volume: Volume) -> None:
    with pytest.raises(TemplateViolation, match="research model"):
        write_segmentation(MASKS, NAMES, files, volume, replace(ALGORITHM, research=True), at=NOON)


def test_a_mask_is_never_hung_on_other_images(files: list[bytes], volume: Volume) -> None:
    elsewhere = [part10(ds) for ds in datasets(axial([100.0, 102.5, 105.0, 107.5]))]

    for wrong in (files[:3], elsewhere):
        with pytest.raises(NotAVolume):
            write_segmentation(MASKS, NAMES, wrong, volume, ALGORITHM, at=NOON)
    with pytest.raises(NotAVolume):
        write_segmentation(MASKS, NAMES, files, replace(volume, series_instance_uid="1.2"), ALGORITHM, at=NOON)


def test_a_segmentation_of_other_slices_is_refused(files: list[bytes], volume: Volume) -> None:
    stored = write_segmentation(MASKS, NAMES, files, volume, ALGORITHM, at=NOON)
    shifted = volume.ijk_to_lps.copy()
    shifted[2, 3] += 1.0

    with pytest.raises(DecodeError):
        read_segmentation(stored, replace(volume, ijk_to_lps=shifted))


def test_an_image_is_no_segmentation(files: list[bytes], volume: Volume) -> None:
    with pytest.raises(DecodeError):
        read_segmentation(files[0], volume)
