"""What a report cites of other studies, as other systems read it: apart from the evidence of its own procedure."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from tests.helpers.full_reports import (
    OBJECTS,
    TEMPLATE,
    dciodvfy_errors,
    dsrdump,
    final_report,
    real_study,
    worklist_row,
)
from workstation.dicom.objects.report_manifest import altered_parts, part_digests
from workstation.domain.citation import CitedSeries, CitedStudy

CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.22"
PRIOR = CitedStudy("2.25.1", (CitedSeries("2.25.2", CT, ("2.25.3", "2.25.4")), CitedSeries("2.25.5", SR, ("2.25.6",))))


def written(scan: Path, *cited: CitedStudy) -> dict[str, bytes]:
    study = real_study(scan)
    report = replace(final_report(study), cited=cited)
    return {
        "report": OBJECTS.enhanced_sr(report, TEMPLATE, study, worklist_row(study)),
        "findings": OBJECTS.measurement_sr(report, study),
    }


def listed(ds: Dataset, keyword: str) -> set[tuple[str, str, str, str]]:
    return {
        (study.StudyInstanceUID, series.SeriesInstanceUID, one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID)
        for study in ds.get(keyword) or ()
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    }


def test_the_prior_stands_in_the_other_evidence_and_the_study_in_that_of_the_procedure(lidc_0314: Path) -> None:
    study = real_study(lidc_0314)
    own = CitedStudy(study.study_instance_uid, (CitedSeries("2.25.2", CT, ("2.25.9",)),))
    for content in written(lidc_0314, PRIOR, own).values():
        ds = dcmread(BytesIO(content))
        current = listed(ds, "CurrentRequestedProcedureEvidenceSequence")
        assert {one[0] for one in current} == {study.study_instance_uid}
        assert {one[3] for one in current} == {one.sop_instance_uid for one in study.series[0].instances}
        assert listed(ds, "PertinentOtherEvidenceSequence") == {
            ("2.25.1", "2.25.2", CT, "2.25.3"),
            ("2.25.1", "2.25.2", CT, "2.25.4"),
            ("2.25.1", "2.25.5", SR, "2.25.6"),
        }


def test_a_report_that_cites_nothing_has_no_other_evidence(lidc_0314: Path) -> None:
    for content in written(lidc_0314).values():
        assert "PertinentOtherEvidenceSequence" not in dcmread(BytesIO(content))


@pytest.mark.dcmtk
def test_the_judges_take_the_other_evidence_and_print_it(lidc_0314: Path, tmp_path: Path) -> None:
    for name, content in written(lidc_0314, PRIOR).items():
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(content)
        status, printed = dsrdump(path)

        assert dciodvfy_errors(path) == [], name
        assert (status, [line for line in printed.splitlines() if line.startswith("E:")]) == (0, []), name
        told = subprocess.run(["dsr2xml", str(path)], capture_output=True, text=True, check=True).stdout
        _before, _mark, other = told.partition('<evidence type="Pertinent Other">')
        listed_there = set(re.findall(r'instance uid="([^"]+)"', other.partition("</evidence>")[0]))
        assert listed_there == {"2.25.3", "2.25.4", "2.25.6"}


def test_a_verifier_tells_that_the_other_evidence_was_changed(lidc_0314: Path) -> None:
    (before, other) = (written(lidc_0314, PRIOR)["report"], written(lidc_0314)["report"])

    assert altered_parts(part_digests(dcmread(BytesIO(before))), other) == ["the list of images"]
