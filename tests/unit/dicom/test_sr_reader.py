"""Reading AI results back."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from tests.helpers.full_reports import MODEL, OBJECTS, TEMPLATE, detected, final_report, real_study, worklist_row
from workstation.dicom.sr.nodule_reader import read_marks
from workstation.dicom.sr.reader import read_detections
from workstation.domain.errors import DecodeError, HostileInput
from workstation.domain.finding import Lobe, MarkEvidence, NoduleType
from workstation.domain.outside_use import outside_use_words
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


def in_units(data: bytes, units: dict[str, tuple[str, float]]) -> bytes:
    """Return a result in which another maker wrote other units: from ours to its own and how many of ours one is."""
    ds = dcmread(BytesIO(data))
    for element in ds.iterall():
        if element.keyword != "MeasuredValueSequence" or not element.value:
            continue
        measured = element.value[0]
        unit = measured.MeasurementUnitsCodeSequence[0]
        if unit.CodeValue in units:
            unit.CodeValue, of_ours = units[unit.CodeValue]
            measured.NumericValue = f"{float(measured.NumericValue) / of_ours:.10g}"
            del measured.FloatingPointValue
    buffer = BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("litre", ["ml", "mL", "cm3"])
def test_numbers_in_other_units_are_the_same_nodule(study: Study, litre: str) -> None:
    given = detected(study)
    told = in_units(OBJECTS.detection_sr(study, given), {"mm": ("cm", 10.0), "mm3": (litre, 1000.0), "%": ("1", 100.0)})

    found = read_detections(told)

    ours, theirs = given.findings[0].mark, found.findings[0].mark
    assert ours is not None
    assert theirs is not None
    assert theirs.diameter_mm == pytest.approx(ours.diameter_mm)
    assert theirs.score == pytest.approx(ours.score)
    assert ours.evidence is not None
    assert theirs.evidence is not None
    assert theirs.evidence.volume_mm3 == pytest.approx(1949.7)
    assert theirs.evidence.long_axis_mm == pytest.approx(ours.evidence.long_axis_mm)
    assert theirs.evidence.mean_hu == ours.evidence.mean_hu
    assert found.algorithm == MODEL  # nothing to tell


def test_a_number_in_an_unknown_unit_is_none_and_readers_are_told_the_unit(study: Study) -> None:
    told = in_units(OBJECTS.detection_sr(study, detected(study)), {"mm3": ("[bu_us]", 1.0), "%": ("", 1.0)})

    found = read_detections(told)

    mark = found.findings[0].mark
    assert mark is not None
    assert mark.score == 0.0
    assert mark.evidence is not None
    assert mark.evidence.volume_mm3 is None
    assert found.algorithm is not None
    assert sorted(found.algorithm.doubts) == ["unit:-", "unit:_bu_us_"]
    assert outside_use_words(["unit:_bu_us_"]) == (
        "The AI result gives numbers in the unit “_bu_us_”, which is not known here: they are not shown."
    )


def test_a_length_that_is_no_length_is_no_size_and_no_prior_is_compared_with_it(study: Study) -> None:
    data = OBJECTS.detection_sr(study, detected(study))
    assert read_marks(data)[0].size_mm == pytest.approx(20.0, abs=5.0)
    point = in_units(rewritten(data, "point only"), {})

    found = read_detections(point)

    assert found.algorithm is not None
    assert found.algorithm.doubts == ("no_size",)
    assert outside_use_words(["no_size"]) == (
        "The AI result gives no size for some marks: 5 mm is how large they are drawn, not measured."
    )
    assert [one.tracking_uid for one in read_marks(point)] == [one.tracking_uid for one in read_marks(data)[1:]]
    in_hounsfield = in_units(data, {"mm": ("[hnsf'U]", 1.0)})
    drawn, ours = read_detections(in_hounsfield).findings[0].diameter_mm, detected(study).findings[0].diameter_mm
    assert drawn == pytest.approx(ours, abs=0.001)  # as the ellipsoid draws it, not as the number says


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
