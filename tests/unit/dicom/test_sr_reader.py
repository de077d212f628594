"""Reading AI results back."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from tests.helpers.full_reports import MODEL, OBJECTS, TEMPLATE, detected, final_report, real_study, worklist_row
from workstation.dicom.sr.reader import read_detections
from workstation.domain.errors import DecodeError, HostileInput
from workstation.domain.finding import Lobe, MarkEvidence, NoduleType
from workstation.domain.study import Study


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return real_study(lidc_0314)


def told_barely(group: Dataset) -> None:
    """Leave the long axis as a decimal string without its place, and the short one without a value."""
    named = {item.ConceptNameCodeSequence[0].CodeValue: item for item in group.ContentSequence}
    del named["103339001"].ContentSequence
    del named["103339001"].MeasuredValueSequence[0].FloatingPointValue
    named["103340004"].MeasuredValueSequence = []


def rewritten(data: bytes, change: str) -> bytes:
    """Return an AI result as another vendor might have written it."""
    ds = dcmread(BytesIO(data))
    (container,) = [i for i in ds.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "126010"]
    first = container.ContentSequence[0]

    def drop(group: Dataset, *codes: str) -> None:
        kept = [i for i in group.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue not in codes]
        group.ContentSequence = kept

    if change == "point only":
        drop(first, "81827009", "103339001", "111012", "SHOWN", "OUT_OF_TEN")
        region = next(i for i in first.ContentSequence if i.ValueType == "SCOORD3D")
        region.GraphicType, region.GraphicData = "POINT", [1.0, 2.0, 3.0]
    elif change == "no region":
        first.ContentSequence = [i for i in first.ContentSequence if i.ValueType != "SCOORD3D"]
    elif change == "no equipment":
        del ds.ContributingEquipmentSequence
    elif change == "polygon":
        drop(first, "81827009", "103339001")
        region = next(i for i in first.ContentSequence if i.ValueType == "SCOORD3D")
        square = [0, 0, 5, 6, 0, 5, 6, 8, 5, 0, 8, 5, 0, 0, 5]
        region.GraphicType, region.GraphicData = "POLYGON", [float(v) for v in square]
    elif change == "axes only":
        told_barely(first)
        drop(first, "81827009", "363698007", "LOBE_CONFIDENCE", "112031", "NODULE_TYPE")
    elif change == "broken":
        del first.ContentSequence[3].ConceptCodeSequence
    buffer = BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()


def test_our_own_result_is_read_exactly(study: Study) -> None:
    expected = detected(study)

    assert expected == read_detections(OBJECTS.detection_sr(study, expected))


def test_a_result_without_findings_still_names_its_model(study: Study) -> None:
    empty = replace(detected(study), findings=())

    found = read_detections(OBJECTS.detection_sr(study, empty))

    assert (MODEL, (), study.series[0].series_instance_uid) == (
        found.algorithm,
        found.findings,
        found.series_instance_uid,
    )


def test_a_foreign_point_without_size_or_score_becomes_a_mark(study: Study) -> None:
    found = read_detections(rewritten(OBJECTS.detection_sr(study, detected(study)), "point only")).findings[0]

    assert (found.centre_lps_mm, found.diameter_mm) == ((1.0, 2.0, 3.0), 5.0)
    assert found.original is not None
    assert (found.original.score, found.original.shown, found.original.out_of_ten) == (0.0, True, None)


def test_a_foreign_outline_gives_centre_and_longest_extent(study: Study) -> None:
    found = read_detections(rewritten(OBJECTS.detection_sr(study, detected(study)), "polygon")).findings[0]

    assert (found.centre_lps_mm, found.diameter_mm) == ((3.0, 4.0, 5.0), 10.0)


def test_axes_that_another_vendor_measured_are_kept_as_they_are_told(study: Study) -> None:
    found = read_detections(rewritten(OBJECTS.detection_sr(study, detected(study)), "axes only")).findings[0]

    assert found.diameter_mm == pytest.approx(21.90123457)
    assert found.mark is not None
    evidence = found.mark.evidence
    assert evidence is not None
    assert (evidence.long_axis_lps_mm, evidence.short_axis_mm, evidence.volume_mm3) == (None, None, 1949.7)
    assert (evidence.mean_hu, evidence.percentiles_hu, evidence.lobe) == (None, (), Lobe.UNSPECIFIED)
    assert evidence.nodule_type is NoduleType.UNSPECIFIED


def test_a_mark_that_was_not_measured_has_no_evidence(study: Study) -> None:
    found = read_detections(OBJECTS.detection_sr(study, detected(study))).findings[1]

    assert found.mark is not None
    assert found.mark.evidence is None


def test_axes_without_their_places_and_a_lobe_without_confidence_come_back_as_they_went(study: Study) -> None:
    given = detected(study)
    first = given.findings[0]
    assert first.mark is not None
    sparse = MarkEvidence(long_axis_mm=12.5, short_axis_mm=8.0, lobe=Lobe.LEFT_UPPER)
    given = given.replaced(replace(first, original=replace(first.mark, evidence=sparse)))

    assert given == read_detections(OBJECTS.detection_sr(study, given))


def test_a_group_without_position_is_skipped(study: Study) -> None:
    found = read_detections(rewritten(OBJECTS.detection_sr(study, detected(study)), "no region"))

    assert [finding.tracking_uid for finding in found.findings] == ["2.25.772", "2.25.773"]


def test_the_model_is_found_in_the_groups_when_the_header_is_silent(study: Study) -> None:
    found = read_detections(rewritten(OBJECTS.detection_sr(study, detected(study)), "no equipment"))

    assert found.algorithm == MODEL


@pytest.mark.parametrize("kind", ["report", "measurements"])
def test_a_person_s_report_is_not_taken_for_an_ai_result(study: Study, kind: str) -> None:
    report = final_report(study)
    content = (
        OBJECTS.enhanced_sr(report, TEMPLATE, study, worklist_row(study))
        if kind == "report"
        else OBJECTS.measurement_sr(report, study)
    )

    with pytest.raises(DecodeError):
        read_detections(content)


@pytest.mark.parametrize("content", [b"", b"text", b"\0" * 200])
def test_rubbish_is_refused_as_such(content: bytes) -> None:
    with pytest.raises(HostileInput):
        read_detections(content)
