"""The rows of TID 2000 and TID 1500 that our objects must have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from tests.helpers.full_reports import (
    OBJECTS,
    SIGNED,
    TEMPLATE,
    detected,
    final_report,
    preliminary_report,
    real_study,
    worklist_row,
)
from workstation.dicom.objects.report_manifest import content_items
from workstation.dicom.sr.common import DocumentHead
from workstation.domain.errors import TemplateViolation
from workstation.domain.measurement import MeasurementSet
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.study import Study


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return real_study(lidc_0314)


def enhanced(report: Report, study: Study) -> Dataset:
    return dcmread(BytesIO(OBJECTS.enhanced_sr(report, TEMPLATE, study, worklist_row(study))))


def measured(report: Report, study: Study) -> Dataset:
    return dcmread(BytesIO(OBJECTS.measurement_sr(report, study)))


def concept(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def groups_of(ds: Dataset) -> list[Dataset]:
    (container,) = [item for item in ds.ContentSequence if concept(item) == "126010"]
    return list(container.ContentSequence)


def child(group: Dataset, code: str) -> Dataset:
    found: list[Dataset] = [item for item in group.ContentSequence if concept(item) == code]
    (only,) = found
    return only


def test_a_final_report_is_final_complete_and_verified_by_the_senior(study: Study) -> None:
    ds = enhanced(final_report(study), study)

    assert (ds.PreliminaryFlag, ds.CompletionFlag, ds.VerificationFlag) == ("FINAL", "COMPLETE", "VERIFIED")
    (observer,) = ds.VerifyingObserverSequence
    assert (observer.VerifyingObserverName, observer.VerifyingOrganization) == ("王启明", "省影像专科联盟远程诊断中心")
    assert ds.AuthorObserverSequence[0].PersonName == "宋佳"


def test_a_preliminary_report_is_never_verified(study: Study) -> None:
    ds = enhanced(preliminary_report(study), study)

    assert (ds.PreliminaryFlag, ds.CompletionFlag, ds.VerificationFlag) == ("PRELIMINARY", "COMPLETE", "UNVERIFIED")
    assert "VerifyingObserverSequence" not in ds


def test_a_draft_is_partial(study: Study) -> None:
    ds = enhanced(replace(preliminary_report(study), state=ReportState.DRAFTED), study)

    assert (ds.PreliminaryFlag, ds.CompletionFlag, ds.VerificationFlag) == ("PRELIMINARY", "PARTIAL", "UNVERIFIED")


def test_verified_without_complete_cannot_even_be_described() -> None:
    with pytest.raises(ValueError, match="VERIFIED only with COMPLETE"):
        DocumentHead(
            "1.2", "1.3", "1.4", 1, "x", SIGNED, complete=False, verifier=Person("a", "b", "c"), verified_at=SIGNED
        )


def test_a_final_report_without_verifier_is_refused(study: Study) -> None:
    with pytest.raises(ValueError, match="verifier"):
        enhanced(replace(final_report(study), verifier=None), study)


def test_a_final_report_lists_every_image_of_the_procedure(study: Study) -> None:
    ds = enhanced(final_report(study), study)

    (procedure,) = ds.CurrentRequestedProcedureEvidenceSequence
    (series,) = procedure.ReferencedSeriesSequence
    listed = {item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence}
    assert {instance.sop_instance_uid for instance in study.series[0].instances} == listed
    assert len(listed) == 275


def test_the_root_follows_tid_2000(study: Study) -> None:
    ds = enhanced(final_report(study), study)

    rows = [(item.RelationshipType, item.ValueType, concept(item)) for item in ds.ContentSequence]
    assert (
        concept(ds),
        ds.ContentTemplateSequence[0].TemplateIdentifier,
        ds.ContentTemplateSequence[0].MappingResource,
    ) == ("24627-2", "2000", "DCMR")
    assert rows[:6] == [
        ("HAS CONCEPT MOD", "CODE", "121049"),
        ("HAS CONCEPT MOD", "CODE", "121058"),
        ("HAS OBS CONTEXT", "CODE", "121005"),
        ("HAS OBS CONTEXT", "PNAME", "121008"),
        ("HAS OBS CONTEXT", "TEXT", "128774"),
        ("HAS OBS CONTEXT", "TEXT", "121009"),
    ]
    assert {("CONTAINS", "CONTAINER")} == {row[:2] for row in rows[6:]}
    assert [row[2] for row in rows[6:]] == ["55111-9", "18834-2", "59776-5", "19005-8", "18783-1"]


def test_enhanced_sr_holds_only_what_its_iod_allows(study: Study) -> None:
    """PS3.3 A.35.2: no SCOORD3D; INFERRED FROM and SELECTED FROM never start at a container."""
    ds = enhanced(final_report(study), study)

    types = {item.ValueType for _, item in content_items(ds)}
    assert {"CONTAINER", "CODE", "TEXT", "PNAME", "NUM"} == types


def test_accepted_findings_stand_in_the_findings_section_in_words_and_rejected_ones_do_not(study: Study) -> None:
    ds = enhanced(final_report(study), study)

    (findings,) = [item for item in ds.ContentSequence if concept(item) == "59776-5"]
    lines = [item.TextValue for item in findings.ContentSequence]
    assert lines[:4] == [
        (
            "1. 右肺上叶实性结节，长径 × 短径 21.9 × 14.3 mm，平均径 18.1 mm，等体积直径 15.5 mm，"
            "图像 116（AI 提示，医师接受）。"
        ),
        "2. 左肺下叶磨玻璃结节，平均径 6.1 mm，图像 205（AI 提示，医师修改）。",
        "4. 右肺中叶结节，平均径 3.8 mm，图像 145（医师新增）。",
        "AI 辅助：NodDet 1.2.0，3 处提示，医师接受 1、修改 1、驳回 1、新增 1。结论由签名医师负责。",
    ]


def test_the_english_report_is_english(study: Study) -> None:
    ds = enhanced(final_report(study, language="en"), study)

    (findings,) = [item for item in ds.ContentSequence if concept(item) == "59776-5"]
    first = findings.ContentSequence[0].TextValue
    assert first == (
        "1. solid nodule, right upper lobe, long × short axis 21.9 × 14.3 mm, mean 18.1 mm, 15.5 mm by volume, "
        "image 116 (proposed by AI, accepted)."
    )
    assert ds.ContentSequence[0].ConceptCodeSequence[0].CodeValue == "en"


@pytest.mark.parametrize("make", [enhanced, measured])
def test_text_is_utf_8_and_times_carry_their_offset(study: Study, make: Callable[[Report, Study], Dataset]) -> None:
    ds = make(final_report(study), study)

    assert ds.SpecificCharacterSet == "ISO_IR 192"
    assert SIGNED.astimezone().strftime("%z") == ds.TimezoneOffsetFromUTC


def test_the_same_report_gives_the_same_bytes(study: Study) -> None:
    """Sending again after a crash must be recognised as the same object, not as a conflict."""
    report = final_report(study)

    assert OBJECTS.measurement_sr(report, study) == OBJECTS.measurement_sr(report, study)
    again = replace(report, revision=6)
    assert enhanced(report, study).SOPInstanceUID != enhanced(again, study).SOPInstanceUID


def test_the_ai_mark_and_the_reader_s_version_are_kept_apart_under_one_tracking_uid(study: Study) -> None:
    groups = [g for g in groups_of(measured(final_report(study), study)) if child(g, "112040").UID == "2.25.772"]

    found = [
        (
            child(g, "C67447").TextValue,
            float(child(g, "81827009").MeasuredValueSequence[0].NumericValue),
            child(g, "DECISION").ConceptCodeSequence[0].CodeValue,
        )
        for g in groups
    ]
    assert found == [("AI", 6.4, "EDITED"), ("Reader", 6.1, "EDITED")]


def test_every_decision_is_recorded_with_its_reason(study: Study) -> None:
    groups = groups_of(measured(final_report(study), study))

    decided = [
        (child(g, "112040").UID, child(g, "C67447").TextValue, child(g, "DECISION").ConceptCodeSequence[0].CodeMeaning)
        for g in groups
        if any(concept(item) == "DECISION" for item in g.ContentSequence)
    ]
    assert decided == [
        ("2.25.771", "AI", "Accepted"),
        ("2.25.771", "Reader", "Accepted"),
        ("2.25.772", "AI", "Edited"),
        ("2.25.772", "Reader", "Edited"),
        ("2.25.773", "AI", "Rejected"),
        ("2.25.779", "Reader", "Added"),
    ]
    (rejected,) = [g for g in groups if child(g, "112040").UID == "2.25.773"]
    assert child(rejected, "REJECT_REASON").ConceptCodeSequence[0].CodeMeaning == "Blood vessel"
    assert child(rejected, "121106").TextValue == "血管分叉"


def test_distance_ellipse_and_probe_are_written_in_patient_space(study: Study) -> None:
    groups = {child(g, "112040").UID: g for g in groups_of(measured(final_report(study), study))}

    length = child(groups["2.25.801"], "410668003")
    assert (
        length.MeasuredValueSequence[0].FloatingPointValue,
        list(length.ContentSequence[0].GraphicData),
    ) == (5.0, [0, 0, 1, 3, 4, 1])
    ellipse = child(groups["2.25.802"], "111030")
    assert (ellipse.GraphicType, list(ellipse.GraphicData)) == ("ELLIPSE", [0, -10, 1, 0, 10, 1, -2.5, 0, 1, 2.5, 0, 1])
    values = [
        (item.ContentSequence[0].ConceptCodeSequence[0].CodeMeaning, item.MeasuredValueSequence[0].FloatingPointValue)
        for item in groups["2.25.802"].ContentSequence
        if concept(item) == "112031"
    ]
    assert values == [("Mean", 38.5), ("Standard Deviation", 12.25), ("Minimum", -20.0), ("Maximum", 91.0)]
    probe = child(groups["2.25.803"], "112031").MeasuredValueSequence[0]
    assert (probe.FloatingPointValue, probe.MeasurementUnitsCodeSequence[0].CodeValue) == (-871.0, "[hnsf'U]")


def test_a_report_without_findings_and_measurements_says_so(study: Study) -> None:
    report = final_report(study)
    empty = replace(
        report,
        findings=replace(report.findings, findings=(), algorithm=None),
        measurements=MeasurementSet(study.study_instance_uid),
    )

    ds = measured(empty, study)

    assert ds.ContentSequence[-1].ContentSequence[0].TextValue == "No measurement was made and no finding was recorded"


def test_an_ai_result_names_model_hash_and_provider(study: Study) -> None:
    ds = dcmread(BytesIO(OBJECTS.detection_sr(study, detected(study))))

    parameters = [item.TextValue for item in groups_of(ds)[0].ContentSequence if concept(item) == "111002"]
    assert parameters == [
        "sha256=" + "5f" * 32,
        "provider=CPUExecutionProvider",
        "manufacturer=Lianyue",
        "threshold=0.43",
        "seconds=9.8125",
    ]
    (equipment,) = ds.ContributingEquipmentSequence
    assert (
        equipment.ManufacturerModelName,
        equipment.SoftwareVersions,
        equipment.DeviceSerialNumber,
    ) == ("NodDet", "1.2.0", "5f" * 32)
    assert ds.VerificationFlag == "UNVERIFIED"


def test_a_detection_without_a_model_is_refused(study: Study) -> None:
    with pytest.raises(ValueError, match="algorithm"):
        OBJECTS.detection_sr(study, replace(detected(study), algorithm=None))


@pytest.mark.filterwarnings("ignore:The value length")
def test_a_value_too_long_for_dicom_is_refused_instead_of_cut(study: Study) -> None:
    long_id = replace(study, patient=replace(study.patient, patient_id="1" * 65))

    with pytest.raises(TemplateViolation):
        OBJECTS.measurement_sr(final_report(long_id), long_id)


def test_an_artefact_is_described_by_its_own_header(study: Study) -> None:
    content = OBJECTS.measurement_sr(final_report(study), study)

    artefact = OBJECTS.artefact("measurement_sr", content)

    assert ("1.2.840.10008.5.1.4.1.1.88.34", study.study_instance_uid) == (
        artefact.sop_class_uid,
        artefact.study_instance_uid,
    )
    assert content == artefact.payload
