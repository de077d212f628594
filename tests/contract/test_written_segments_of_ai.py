"""What a model outlines is stored as segments that judges accept and that speak of the same lesions as its SR."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.helpers.cases import NOON, FixedClock, study
from tests.helpers.ct import axial, datasets, part10
from tests.helpers.full_reports import dciodvfy_errors
from workstation.dicom.images.volumes import InstanceVolumes
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.dicom.objects.segment_outlines import read_segment_outlines
from workstation.dicom.objects.segmentation import read_segmentation
from workstation.domain.finding import AlgorithmIdentity, Decision, Finding, FindingList, Lobe, Mark, MarkEvidence
from workstation.domain.finding_class import FindingMeaning
from workstation.domain.model import SegmentMask
from workstation.domain.template import Code
from workstation.domain.volume import Volume
from workstation.domain.workitem import OutputReference
from workstation.services.jobs import NoJob

OBJECTS = DicomObjects(FixedClock(NOON))
ALGORITHM = AlgorithmIdentity("lesion-mask", "1.2.3", "ab" * 32)
TB = FindingMeaning(Code("427099000", "SCT", "Active tuberculosis"), "活动性肺结核")


@pytest.fixture
def files() -> list[bytes]:
    return [part10(ds) for ds in datasets(axial([7.5, 5.0, 2.5, 0.0]))]


@pytest.fixture
def volume(files: list[bytes]) -> Volume:
    return InstanceVolumes().from_instances(files, NoJob())


def mask(label: str, *voxels: tuple[int, int, int]) -> SegmentMask:
    array = np.zeros((4, 16, 16), np.bool_)
    for voxel in voxels:
        array[voxel] = True
    return SegmentMask(label, array)


# two lesions far apart, and a speck that no mark speaks of
LESIONS = mask("tb_active", (0, 2, 2), (0, 2, 3), (3, 13, 13), (0, 14, 1))
OTHER = mask("effusion", (0, 2, 2), (1, 8, 8))


def listed(volume: Volume) -> FindingList:
    def at(number: int, ijk: tuple[float, float, float], label: str, **more: object) -> Finding:
        x, y, z = volume.lps_of(ijk).tolist()
        mark = Mark((x, y, z), 1.0, 0.9, shown=True, label=label, **more)  # type: ignore[arg-type]  # named fields
        return Finding(f"2.25.{number}", number, (x, y, z), 1.0, Decision.UNDECIDED, mark)

    right_upper = MarkEvidence(lobe=Lobe.RIGHT_UPPER)
    findings = (
        at(1, (2.5, 2, 0), "tb_active", meaning=TB, evidence=right_upper),
        at(2, (13, 13, 3), "tb_active", meaning=TB),
        at(3, (8, 8, 1), "effusion"),
    )
    return FindingList("1.2.3", volume.series_instance_uid, volume.frame_of_reference_uid, ALGORITHM, findings)


@pytest.mark.dcmtk
def test_the_judges_accept_the_segments_of_a_model(files: list[bytes], volume: Volume, tmp_path: Path) -> None:
    made = OBJECTS.detection_segmentations(listed(volume), (LESIONS, OTHER), files, volume)
    for number, content in enumerate(made):
        (tmp_path / f"{number}.dcm").write_bytes(content)

    assert [dciodvfy_errors(tmp_path / f"{number}.dcm") for number in range(len(made))] == [[], []]


def test_each_lesion_is_a_segment_under_the_names_that_the_report_gives_it(files: list[bytes], volume: Volume) -> None:
    first, second = OBJECTS.detection_segmentations(listed(volume), (LESIONS, OTHER), files, volume)
    ds = dcmread(BytesIO(first))

    told = [
        (one.SegmentLabel, one.TrackingUID, one.TrackingID, one.SegmentAlgorithmType, one.SegmentAlgorithmName)
        for one in ds.SegmentSequence
    ]
    assert told == [
        ("1 活动性肺结核", "2.25.1", "1", "AUTOMATIC", "lesion-mask"),
        ("2 活动性肺结核", "2.25.2", "2", "AUTOMATIC", "lesion-mask"),
    ]
    kinds = [one.SegmentedPropertyTypeCodeSequence[0] for one in ds.SegmentSequence]
    assert [(one.CodeValue, one.CodingSchemeDesignator) for one in kinds] == [("427099000", "SCT")] * 2
    assert "AnatomicRegionSequence" in ds.SegmentSequence[0]
    assert "AnatomicRegionSequence" not in ds.SegmentSequence[1]
    other = dcmread(BytesIO(second))
    assert [one.TrackingUID for one in other.SegmentSequence] == ["2.25.3"]
    assert ds.SeriesInstanceUID == other.SeriesInstanceUID
    assert ds.SOPInstanceUID != other.SOPInstanceUID


def test_each_segment_holds_the_voxels_of_its_lesion_and_no_other(files: list[bytes], volume: Volume) -> None:
    first, second = OBJECTS.detection_segmentations(listed(volume), (LESIONS, OTHER), files, volume)

    found = [np.argwhere(one.voxels).tolist() for one in read_segmentation(first, volume)]
    assert found == [[[0, 2, 2], [0, 2, 3]], [[3, 13, 13]]]
    assert [np.argwhere(one.voxels).tolist() for one in read_segmentation(second, volume)] == [[[1, 8, 8]]]


def named(made: tuple[bytes, ...]) -> list[str]:
    """Return the SOP Instance UID of each object."""
    return [dcmread(BytesIO(one)).SOPInstanceUID for one in made]


def test_two_classes_that_share_a_code_and_a_voxel_are_two_objects(files: list[bytes], volume: Volume) -> None:
    (first, *_), label = listed(volume).findings, "tb_inactive"
    assert first.mark is not None
    second = replace(first, tracking_uid="2.25.4", number=4, original=replace(first.mark, label=label))
    found = replace(listed(volume), findings=(first, second))

    made = OBJECTS.detection_segmentations(found, (mask("tb_active", (0, 2, 2)), mask(label, (0, 2, 2))), files, volume)

    assert [dcmread(BytesIO(one)).SegmentSequence[0].TrackingUID for one in made] == ["2.25.1", "2.25.4"]
    assert len(set(named(made))) == 2


def test_made_again_by_the_worker_after_a_dead_one_the_segments_are_the_same_object(
    files: list[bytes], volume: Volume
) -> None:
    later = DicomObjects(FixedClock(NOON + timedelta(minutes=6)))
    first, again, other = (
        one.detection_segmentations(listed(volume), (outlined,), files, volume)
        for one, outlined in ((OBJECTS, LESIONS), (later, LESIONS), (OBJECTS, mask("tb_active", (0, 2, 2))))
    )

    assert named(first) == named(again)
    assert named(other) != named(first)
    told = dcmread(BytesIO(first[0]))
    assert OBJECTS.reference(first[0]) == OutputReference(
        told.StudyInstanceUID, told.SeriesInstanceUID, "1.2.840.10008.5.1.4.1.1.66.4", told.SOPInstanceUID
    )


def frames_of(ds: Dataset) -> list[str]:
    """Return the frame of reference of every region of a report (PS3.3 C.18.9)."""
    return [str(one.value) for one in ds.iterall() if one.keyword == "ReferencedFrameOfReferenceUID"]


@pytest.mark.parametrize("frames", ["one each", "none"])
def test_slices_that_an_anonymiser_put_into_frames_of_their_own_keep_their_segments(frames: str) -> None:
    slices = datasets(axial([7.5, 5.0, 2.5, 0.0]))
    for number, ds in enumerate(slices, start=1):
        ds.FrameOfReferenceUID = f"1.2.{number}" if frames == "one each" else ""
    files = [part10(ds) for ds in slices]
    volume = InstanceVolumes().from_instances(files, NoJob())
    report = dcmread(BytesIO(OBJECTS.detection_sr(study(), listed(volume))))
    (_, content) = OBJECTS.detection_segmentations(listed(volume), (LESIONS, OTHER), files, volume)

    told = dcmread(BytesIO(content)).FrameOfReferenceUID
    assert told.startswith("2.25." if frames == "none" else "1.2.")
    assert set(frames_of(report)) == {told}


def test_a_mask_without_a_mark_stores_nothing(files: list[bytes], volume: Volume) -> None:
    assert OBJECTS.detection_segmentations(listed(volume), (mask("cyst", (0, 2, 2)),), files, volume) == ()
    assert OBJECTS.detection_segmentations(listed(volume), (mask("effusion"),), files, volume) == ()


def test_our_own_viewer_shows_the_lesions_under_their_names(files: list[bytes], volume: Volume) -> None:
    first, _ = OBJECTS.detection_segmentations(listed(volume), (LESIONS, OTHER), files, volume)

    assert [one.name for one in read_segment_outlines(first).structures] == ["1 活动性肺结核", "2 活动性肺结核"]
