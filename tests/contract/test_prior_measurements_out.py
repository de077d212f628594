"""What was measured on a prior, as other systems read it: evidence about the prior, in a document of the open study."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from tests.contract.test_annotation_report import every_kind
from tests.helpers.full_reports import OBJECTS, dciodvfy_errors, dsrdump, final_report, real_study
from tests.helpers.marked import every_drawing
from workstation.dicom.sr.annotation_reader import read_annotations
from workstation.dicom.sr.nodule_reader import read_nodules
from workstation.domain.annotation import AnnotationList
from workstation.domain.prior_measurements import measured_on
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.services.foreign_objects_service import ObjectKind, read_object

NOW_UID = "2.25.77"
NAME = "prior_measurements_1.dcm"


def both(scan: Path) -> tuple[Study, Study, Report]:
    """Return a prior, the study that it is compared with, and the signed report of that study."""
    prior = replace(real_study(scan), study_date="20250113")
    series = replace(prior.series[0], series_instance_uid="2.25.78",
                     instances=tuple(replace(one, sop_instance_uid=f"2.25.79{n}")
                                     for n, one in enumerate(prior.series[0].instances)))  # fmt: skip
    now = replace(prior, study_instance_uid=NOW_UID, study_date="20261121", series=(series,))
    kept = measured_on(prior, AnnotationList(prior.study_instance_uid, every_drawing(prior)))
    return prior, now, replace(final_report(now), annotations=(), prior_measurements=(kept,) if kept else ())


def listed(ds: Dataset) -> list[tuple[str, str]]:
    return [
        (study.StudyInstanceUID, one.ReferencedSOPInstanceUID)
        for study in ds.PertinentOtherEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    ]


def test_the_document_is_of_the_open_study_and_all_its_evidence_of_the_prior(lidc_0314: Path) -> None:
    prior, now, report = both(lidc_0314)
    ds = dcmread(BytesIO(OBJECTS.image_objects(report, now)[NAME]))

    assert (ds.StudyInstanceUID, ds.SeriesDescription) == (NOW_UID, "Measurements on prior 20250113")
    assert "CurrentRequestedProcedureEvidenceSequence" not in ds
    assert {study for study, _image in listed(ds)} == {prior.study_instance_uid}
    # a nodule is outlined in the whole series, all other drawings name their slice
    assert {image for _study, image in listed(ds)} == {one.sop_instance_uid for one in prior.series[0].instances}
    groups = ds.ContentSequence[-1].ContentSequence
    context = [
        [item.TextValue for item in group.ContentSequence if item.get("ValueType") == "TEXT"] for group in groups
    ]
    assert all(said[:2] == ["Reader", "20250113"] for said in context)


def test_only_the_image_that_was_measured_is_evidence(lidc_0314: Path) -> None:
    prior, now, report = both(lidc_0314)
    first = AnnotationList(prior.study_instance_uid, every_drawing(prior)[:1])
    kept = measured_on(prior, first)
    assert kept is not None
    ds = dcmread(BytesIO(OBJECTS.image_objects(replace(report, prior_measurements=(kept,)), now)[NAME]))
    assert listed(ds) == [(prior.study_instance_uid, first.annotations[0].referenced_sop_instance_uid)]


def test_every_drawing_comes_back_to_the_last_bit(lidc_0314: Path) -> None:
    prior, now, report = both(lidc_0314)
    kept = measured_on(prior, AnnotationList(prior.study_instance_uid, every_kind(prior)))
    assert kept is not None
    content = OBJECTS.image_objects(replace(report, prior_measurements=(kept,)), now)[NAME]
    assert read_annotations(content).annotations == every_kind(prior)


def test_nothing_of_it_is_a_mark_or_a_nodule_of_the_open_study(lidc_0314: Path) -> None:
    _prior, now, report = both(lidc_0314)
    content = OBJECTS.image_objects(report, now)[NAME]

    assert read_nodules(content) == ()
    shown = read_object(content, now)
    assert (shown.kind, shown.marks, shown.nodules) == (ObjectKind.DOCUMENT, (), ())
    own = OBJECTS.measurement_sr(report, now)
    assert report.findings == final_report(now).findings
    assert own == OBJECTS.measurement_sr(replace(report, prior_measurements=()), now)


def test_a_report_is_of_no_study_that_it_measured_as_a_prior(lidc_0314: Path) -> None:
    prior, _now, report = both(lidc_0314)
    with pytest.raises(ValueError, match="no measurement of a prior"):
        replace(final_report(prior), prior_measurements=report.prior_measurements)
    with pytest.raises(ValueError, match="another study"):
        measured_on(prior, AnnotationList(NOW_UID))


@pytest.mark.dcmtk
def test_the_judges_take_the_document(lidc_0314: Path, tmp_path: Path) -> None:
    _prior, now, report = both(lidc_0314)
    path = tmp_path / NAME
    path.write_bytes(OBJECTS.image_objects(report, now)[NAME])
    status, printed = dsrdump(path)

    assert dciodvfy_errors(path) == []
    assert (status, [line for line in printed.splitlines() if line.startswith("E:")]) == (0, [])
