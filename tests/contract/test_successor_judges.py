"""Outside judges on what follows a signed report and on the note that rejects one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import highdicom as hd
import pydicom
import pytest

from tests.helpers.cases import NOON, READER, FixedClock, complete_values, report, row, study, template
from tests.helpers.full_reports import dciodvfy_errors, dsrdump
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind, ReportState
from workstation.domain.succession import successor
from workstation.services.report_workflow import signed_objects

pytestmark = pytest.mark.dcmtk
LATER = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
OBJECTS = DicomObjects(FixedClock(LATER))


def signed(before: Report, at: datetime) -> Report:
    return replace(before.moved(ReportState.FINAL, at=at), verifier=READER, signed_at=at)


def objects() -> dict[str, bytes]:
    first = signed(report(values=complete_values()), NOON)
    found = {}
    for kind in (ReportKind.ADDENDUM, ReportKind.CORRECTED, ReportKind.AMENDED):
        draft = successor(
            first,
            kind,
            reason="左右写反",
            objects=signed_objects(first),
            report_uid="2.25.77",
            ups_instance_uid="2.25.78",
            author=READER,
            at=LATER,
        )
        if kind is ReportKind.ADDENDUM:
            draft = draft.with_addendum("补充：与前片对比无变化。", at=LATER)
        found[kind.value] = OBJECTS.enhanced_sr(signed(draft, LATER), template(), study(), row())
    note = OBJECTS.rejection_note(study(), signed_objects(first), note="患者错位", author=READER, language="zh_CN")
    return {**found, "rejection": note}


def test_the_judges_find_no_error_in_what_follows_a_report(tmp_path: Path) -> None:
    for name, content in objects().items():
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(content)
        status, printed = dsrdump(path)

        assert dciodvfy_errors(path) == [], name
        assert (status, [line for line in printed.splitlines() if line.startswith("E:")]) == (0, []), name
        if name != "rejection":
            assert "Predecessor Docs" in printed
            assert "Addendum" in printed
        else:
            title = pydicom.dcmread(path).ConceptNameCodeSequence[0]
            assert (title.CodeValue, title.CodingSchemeDesignator) == ("113037", "DCM")


def test_highdicom_reads_a_correction(tmp_path: Path) -> None:
    path = tmp_path / "corrected.dcm"
    path.write_bytes(objects()["corrected"])

    read = hd.sr.srread(path)

    assert (read.VerificationFlag, len(read.PredecessorDocumentsSequence)) == ("VERIFIED", 1)
