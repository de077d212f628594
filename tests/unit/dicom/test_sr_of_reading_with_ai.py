"""The SR keeps what was not shown, what was found before the AI, and the operating points."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pydicom

from tests.helpers.cases import ALGORITHM, NOON, ai_finding, mark, report, study
from workstation.dicom.sr.measurement_report import detection_sr, measurement_sr
from workstation.dicom.sr.reader import read_detections
from workstation.domain.finding import Decision, Finding

POINTS = (("sensitive", 0.2), ("balanced", 0.5), ("specific", 0.8))


def below() -> Finding:
    original = replace(mark(0.3), shown=False)
    return replace(ai_finding(2), original=original)


def test_what_lay_outside_the_models_tested_use_survives_the_sr_and_stands_in_the_report() -> None:
    doubts = ("contrast", "kernel:B30f")
    made = report(ai_finding(1).accepted(by="x", at=NOON))
    made = replace(made, findings=replace(made.findings, algorithm=replace(ALGORITHM, doubts=doubts)))

    found = read_detections(detection_sr(study(), made.findings, at=NOON))

    assert found.algorithm is not None
    assert found.algorithm.doubts == doubts
    assert b"outside_tested_use=contrast,kernel:B30f" in measurement_sr(made, study())


def test_operating_points_and_marks_below_them_survive_the_sr() -> None:
    made = report(ai_finding(1), below()).findings
    found = read_detections(
        detection_sr(study(), replace(made, algorithm=replace(ALGORITHM, operating_points=POINTS)), at=NOON)
    )
    assert found.algorithm is not None
    assert found.algorithm.operating_points == POINTS
    assert [finding.original.shown for finding in found.findings if finding.original] == [True, False]
    assert len(found.visible) == 1
    assert len(found.at_point("sensitive").visible) == 2


def test_the_readers_sr_says_what_was_not_shown_and_what_was_found_before_the_ai() -> None:
    own = Finding("2.25.7", 3, (1.0, 2.0, 3.0), 4.0, Decision.ADDED, decided_by="x", decided_at=NOON, before_ai=True)
    made = report(ai_finding(1).accepted(by="x", at=NOON), below(), own)
    ds = pydicom.dcmread(BytesIO(measurement_sr(made, study())))
    answers = [
        (item.ConceptNameCodeSequence[0].CodeValue, item.ConceptCodeSequence[0].CodeMeaning)
        for part in ds.ContentSequence
        for group in part.get("ContentSequence", ())
        for item in group.get("ContentSequence", ())
        if item.get("ConceptNameCodeSequence") and item.ConceptNameCodeSequence[0].CodeValue in {"SHOWN", "BEFORE_AI"}
    ]
    assert answers == [("SHOWN", "Yes"), ("SHOWN", "No"), ("BEFORE_AI", "Yes")]
