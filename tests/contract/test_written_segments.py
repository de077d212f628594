"""Segmentations we write of outlined nodules: judges accept them, the SR names them, the pixels come back exactly."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import highdicom
import numpy as np
import pytest
from pydicom import dcmread

from tests.helpers.full_reports import SENIOR, dciodvfy_errors, final_report, real_study
from tests.helpers.marked import AT, FRAME, PLACE, drawing
from workstation.dicom.objects.segment_outlines import read_segment_outlines
from workstation.dicom.sr.annotation_reader import read_annotations
from workstation.dicom.sr.measurement_report import measurement_sr
from workstation.dicom.sr.nodule_segments import nodule_mask, nodule_segmentations, segment_refs
from workstation.domain.annotation import AnnotationKind
from workstation.domain.marked_images import StudyImages
from workstation.domain.report import Report
from workstation.domain.study import Study


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return real_study(lidc_0314)


def with_nodules(study: Study) -> Report:
    first = drawing(study, AnnotationKind.NODULE)
    finding = final_report(study).findings.reported[0].tracking_uid
    inner = tuple((x + 2.0, y + 2.0, z) for x, y, z in first.contours_lps_mm[0])
    hollow = replace(first, uid="2.25.99", tracking_uid=finding, contours_lps_mm=(first.contours_lps_mm[0], inner))
    return replace(final_report(study), annotations=(first, hollow))


@pytest.mark.dcmtk
def test_the_judges_accept_our_segmentation_and_the_report_that_names_it(study: Study, tmp_path: Path) -> None:
    report = with_nodules(study)
    (content,) = nodule_segmentations(report, study, at=AT, author=SENIOR)
    paths = {"seg": tmp_path / "seg.dcm", "sr": tmp_path / "sr.dcm"}
    paths["seg"].write_bytes(content)
    paths["sr"].write_bytes(measurement_sr(report, study))

    assert {name: dciodvfy_errors(path) for name, path in paths.items()} == {"seg": [], "sr": []}
    assert highdicom.seg.segread(BytesIO(content)).number_of_segments == 2


def test_the_pixels_come_back_exactly_slice_by_slice(study: Study) -> None:
    report = with_nodules(study)
    (content,) = nodule_segmentations(report, study, at=AT, author=SENIOR)
    ds = dcmread(BytesIO(content))
    frames = ds.pixel_array.astype(bool)
    sources = [
        (
            item.SegmentIdentificationSequence[0].ReferencedSegmentNumber,
            item.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID,
        )
        for item in ds.PerFrameFunctionalGroupsSequence
    ]
    uids = [one.sop_instance_uid for one in study.series[0].instances]
    whole = np.zeros((512, 512), dtype=np.bool_)
    # corners 100, 96 to 112, 104.5: the edges at the top and left belong to it, those at the bottom and right do not
    whole[96:105, 100:112] = True
    hollow = whole.copy()
    hollow[99:105, 103:112] = False
    outside = nodule_mask(report.annotations[1], StudyImages(study).frames(study.series[0].series_instance_uid)[PLACE])

    assert sources == [(1, uids[PLACE]), (1, uids[PLACE + 1]), (2, uids[PLACE])]
    assert np.array_equal(frames[0], whole)
    assert np.array_equal(frames[1], whole)
    assert np.array_equal(frames[2], outside)


def test_our_own_viewer_shows_the_segments_under_their_names(study: Study) -> None:
    (content,) = nodule_segmentations(with_nodules(study), study, at=AT, author=SENIOR)
    found = read_segment_outlines(content)

    assert next((one.number, one.name, len(one.contours)) for one in found.structures) == (1, "Nodule outline 1", 2)
    assert found.structures[1].name == "Nodule 1"
    assert found.frame_of_reference_uid == FRAME


def test_the_measurement_group_names_its_segment_and_the_annotation_comes_back_as_drawn(study: Study) -> None:
    report = with_nodules(study)
    refs = segment_refs(report, study)
    sr = measurement_sr(report, study)
    ds = dcmread(BytesIO(sr))
    named = [
        (reference.ReferencedSOPInstanceUID, reference.ReferencedSegmentNumber)
        for group in ds.ContentSequence[-1].ContentSequence
        for item in group.ContentSequence
        if item.ValueType == "IMAGE" and item.ConceptNameCodeSequence[0].CodeValue == "121191"
        for reference in item.ReferencedSOPSequence
    ]
    evidence = [
        one.ReferencedSOPInstanceUID
        for series in ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    ]
    (content,) = nodule_segmentations(report, study, at=AT, author=SENIOR)
    uid = dcmread(BytesIO(content)).SOPInstanceUID

    assert named == [(uid, 1), (uid, 2)]
    assert uid in evidence
    assert {one.number for one in refs.values()} == {1, 2}
    assert (
        tuple(one for one in read_annotations(sr).annotations if one.kind is AnnotationKind.NODULE)
        == report.annotations
    )


@pytest.mark.parametrize("what", ["no outline", "no frame of reference", "between the pixels", "another study"])
def test_a_nodule_without_a_pixel_makes_no_segmentation_and_keeps_its_outline_in_the_report(
    study: Study, what: str
) -> None:
    nodule = drawing(study, AnnotationKind.NODULE)
    tiny = tuple(
        tuple((x + d, y + e, z) for d, e in ((0, 0), (0.1, 0), (0, 0.1))) for x, y, z in [nodule.points_lps_mm[0]]
    )
    shifted = tuple(tuple((x + 0.2, y + 0.2, z) for x, y, z in ring) for ring in tiny)
    changed = {
        "no outline": replace(nodule, contours_lps_mm=()),
        "no frame of reference": replace(nodule, frame_of_reference_uid=""),
        "between the pixels": replace(nodule, contours_lps_mm=shifted),
        "another study": replace(nodule, series_instance_uid="9.9"),
    }[what]
    report = replace(final_report(study), annotations=(changed,))

    assert nodule_segmentations(report, study, at=AT, author=SENIOR) == ()
    assert segment_refs(report, study) == {}


def test_nodules_of_two_frames_of_reference_never_share_an_object(study: Study) -> None:
    first = drawing(study, AnnotationKind.NODULE)
    other = replace(first, uid="2.25.98", frame_of_reference_uid="1.2.9")
    report = replace(final_report(study), annotations=(first, other))

    assert list(segment_refs(report, study)) == [first.uid]
