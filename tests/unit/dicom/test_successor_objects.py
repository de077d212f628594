"""The objects of what follows a signed report, and the note that rejects one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pydicom import Dataset, dcmread

from tests.helpers.cases import NOON, READER, FixedClock, complete_values, report, row, study, template
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.dicom.sr.structured_report import ENHANCED_SR, report_identity
from workstation.dicom.sr.succession_words import succession_lines
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind, ReportState
from workstation.domain.succession import successor
from workstation.services.report_workflow import signed_objects

LATER = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
OBJECTS = DicomObjects(FixedClock(LATER))


def signed(before: Report, at: datetime = NOON) -> Report:
    return replace(before.moved(ReportState.FINAL, at=at), verifier=READER, signed_at=at)


def following(before: Report, kind: ReportKind) -> Report:
    return successor(
        before,
        kind,
        reason="左右写反",
        objects=signed_objects(before),
        report_uid="2.25.77",
        ups_instance_uid="2.25.78",
        author=READER,
        at=LATER,
    )


def enhanced(of: Report) -> Dataset:
    return dcmread(BytesIO(OBJECTS.enhanced_sr(of, template(), study(), row())))


def sections(ds: Dataset) -> dict[str, list[str]]:
    return {
        item.ConceptNameCodeSequence[0].CodeValue: [
            str(child.TextValue) for child in item.ContentSequence if child.ValueType == "TEXT"
        ]
        for item in ds.ContentSequence
        if item.ValueType == "CONTAINER"
    }


FIRST = signed(report(values=complete_values()))


def test_an_original_has_no_predecessor() -> None:
    assert "PredecessorDocumentsSequence" not in enhanced(FIRST)
    assert succession_lines(FIRST) == ()


def test_a_correction_names_the_sr_it_replaces_and_why_and_holds_the_whole_content() -> None:
    corrected = signed(following(FIRST, ReportKind.CORRECTED), LATER)

    ds = enhanced(corrected)

    series, sop = report_identity(FIRST, "report_sr")
    (before,) = ds.PredecessorDocumentsSequence
    (referenced,) = before.ReferencedSeriesSequence
    assert (before.StudyInstanceUID, referenced.SeriesInstanceUID) == ("1.2.3", series)
    assert [(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in referenced.ReferencedSOPSequence] == [
        (ENHANCED_SR, sop)
    ]
    assert ds.SOPInstanceUID != sop
    told = sections(ds)
    assert told["55107-7"][1] == "原因：左右写反"
    assert told["55107-7"][0].startswith("本更正报告替代 宋佳 于 ")
    assert {**told, "55107-7": []} == {**sections(enhanced(FIRST)), "55107-7": []}
    assert (ds.PreliminaryFlag, ds.CompletionFlag, ds.VerificationFlag) == ("FINAL", "COMPLETE", "VERIFIED")


def test_an_addendum_holds_its_own_words_only() -> None:
    addendum = signed(following(FIRST, ReportKind.ADDENDUM).with_addendum("补充：无变化。", at=LATER), LATER)

    ds = enhanced(addendum)

    assert list(sections(ds)) == ["55107-7"]
    assert sections(ds)["55107-7"][-1] == "补充：无变化。"
    assert len(ds.PredecessorDocumentsSequence[0].ReferencedSeriesSequence) == 1


def test_a_report_after_an_addendum_names_both_and_repeats_the_addendum() -> None:
    addendum = signed(following(FIRST, ReportKind.ADDENDUM).with_addendum("补充：无变化。", at=LATER), LATER)
    amended = signed(following(addendum, ReportKind.AMENDED), LATER)

    ds = enhanced(replace(amended, report_uid="2.25.99", language="en"))

    assert len(ds.PredecessorDocumentsSequence[0].ReferencedSeriesSequence) == 2
    assert sections(ds)["55107-7"][2].startswith("Earlier addendum (宋佳, ")
    assert sections(ds)["55107-7"][2].endswith("补充：无变化。")


def test_a_rejection_note_names_every_signed_object_for_patient_safety() -> None:
    rejected = signed_objects(FIRST)

    ds = dcmread(BytesIO(OBJECTS.rejection_note(study(), rejected, note="患者错位", author=READER, language="zh_CN")))

    title = ds.ConceptNameCodeSequence[0]
    assert (title.CodeValue, title.CodingSchemeDesignator) == ("113037", "DCM")
    assert title.CodeMeaning == "Rejected for Patient Safety Reasons"
    named = [
        child.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for child in ds.ContentSequence
        if child.ValueType == "COMPOSITE"
    ]
    assert named == [one.sop_instance_uid for one in rejected]
    (evidence,) = ds.CurrentRequestedProcedureEvidenceSequence
    assert [one.SeriesInstanceUID for one in evidence.ReferencedSeriesSequence] == [
        one.series_instance_uid for one in rejected
    ]
    assert "患者错位" in [str(child.get("TextValue", "")) for child in ds.ContentSequence]


def test_a_rejection_note_names_objects_of_its_own_study_only() -> None:
    with pytest.raises(ValueError, match="own study"):
        OBJECTS.rejection_note(study(), (), note="x", author=READER, language="zh_CN")
    other = tuple(replace(one, study_instance_uid="9.9") for one in signed_objects(FIRST))
    with pytest.raises(ValueError, match="own study"):
        OBJECTS.rejection_note(study(), other, note="x", author=READER, language="zh_CN")
