"""Drafts and reports stored before annotations were kept in their present form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from tests.helpers.reports import drafted_report
from workstation.domain.annotation import Annotation, AnnotationKind, AnnotationList, Measure, MeasureName, Statistics
from workstation.domain.measurement import Measurement, MeasurementKind, MeasurementSet, RegionStatistics
from workstation.domain.report import Report, ReportState

ADAPTER = TypeAdapter(Report)
FRAME = "1.2.3.4"
AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def former(study: str) -> MeasurementSet:
    found = RegionStatistics(38.5, 12.25, -20.0, 91.0, 78.5, 129, "HU")
    circle = ((0.0, 0.0, 1.0), (5.0, 0.0, 1.0), (0.0, 5.0, 1.0))
    return MeasurementSet(
        study,
        (
            Measurement("2.25.1", MeasurementKind.DISTANCE, ((0, 0, 1), (3, 4, 1)), FRAME, "1.9", 5.0, "mm"),
            Measurement("2.25.2", MeasurementKind.ELLIPSE, circle, FRAME, statistics=found),
            Measurement("2.25.3", MeasurementKind.PROBE, ((1, 2, 3),), FRAME, value=-871.0, unit="HU"),
            Measurement("2.25.4", MeasurementKind.ELLIPSE, circle, FRAME),
            Measurement("2.25.5", MeasurementKind.DISTANCE, ((0, 0, 1), (3, 4, 1)), FRAME),
        ),
    )


def test_a_draft_of_the_former_form_opens_with_every_measurement_and_number() -> None:
    stored = drafted_report()
    stored = replace(stored, measurements=former(stored.study_instance_uid))
    content = ADAPTER.dump_python(stored, mode="json")
    del content["annotations"]  # the former form knew none
    opened = ADAPTER.validate_python(content)
    assert [(a.uid, a.kind, a.measures, a.statistics) for a in opened.drawn.annotations] == [
        ("2.25.1", AnnotationKind.LENGTH, (Measure(MeasureName.LENGTH, 5.0, "mm"),), None),
        (
            "2.25.2",
            AnnotationKind.ELLIPSE,
            (Measure(MeasureName.AREA, 78.5, "mm2"),),
            Statistics(38.5, 12.25, -20.0, 91.0, 129, "HU"),
        ),
        ("2.25.3", AnnotationKind.PROBE, (Measure(MeasureName.VALUE, -871.0, "HU"),), None),
        ("2.25.4", AnnotationKind.ELLIPSE, (), None),
        ("2.25.5", AnnotationKind.LENGTH, (), None),
    ]
    assert {a.author for a in opened.drawn.annotations} == {stored.author.name}


def test_a_stored_report_comes_back_with_its_annotations_bit_for_bit() -> None:
    drawn = Annotation(
        uid="2.25.9",
        tracking_uid="2.25.8",
        kind=AnnotationKind.ANGLE,
        points_lps_mm=((0.1, 0.2, 0.3), (1 / 3, 2 / 3, 0.3), (1.0, 1.0, 0.3)),
        frame_of_reference_uid=FRAME,
        measures=(Measure(MeasureName.ANGLE, 100 / 3, "deg"),),
        text="左肺",
        created_at=AT,
    )
    kept = drafted_report()
    kept = kept.with_drawn(AnnotationList(kept.study_instance_uid, (drawn,)), at=AT)
    again = ADAPTER.validate_json(ADAPTER.dump_json(kept))
    assert again.annotations == (drawn,)
    assert again.measurements == MeasurementSet(kept.study_instance_uid)


def test_no_annotation_of_another_patient_and_none_after_the_signature_gets_into_a_report() -> None:
    kept = drafted_report()
    with pytest.raises(ValueError, match="belong"):
        kept.with_drawn(AnnotationList("9.9.9"), at=AT)
    final = replace(kept, state=ReportState.FINAL)
    with pytest.raises(ValueError, match="immutable"):
        final.with_drawn(AnnotationList(kept.study_instance_uid), at=AT)
