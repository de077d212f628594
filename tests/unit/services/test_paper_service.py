"""What leaves the workstation as a PDF, under which name, and what the audit trail says of it."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.fakes import FakeAudit, FakeDelivery, FakeImages
from tests.helpers.grassroots import FakeVerifier
from workstation.domain.audit import AuditAction
from workstation.domain.errors import DiskFull, SignatureInvalid, StorageError, Unreachable
from workstation.domain.report import Report, ReportState
from workstation.domain.signature import SignedArtefact, Verdict, VerificationResult
from workstation.domain.workitem import Claim
from workstation.services.paper_service import Paper, SignedPaper, TakePaperOut, paper_name
from workstation.services.report_workflow import signed_objects
from workstation.storage.files import replace_file

PDF = b"%PDF-1.7 signed" + bytes(range(256)) * 200
PAPER = Paper(PDF, "1.2.3", "A7_20261121_report", signed=True)
SHA256 = hashlib.sha256(PDF).hexdigest()


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


def signed_report() -> Report:
    return replace(cases.report(values=cases.complete_values()), state=ReportState.FINAL)


def test_a_file_is_named_after_exam_and_day_and_says_whether_it_is_signed() -> None:
    assert paper_name("CT20261121-0793", "20261121", signed=True) == "CT20261121-0793_20261121_report"
    assert paper_name("CT20261121-0793", "20261121", signed=False) == "CT20261121-0793_20261121_report-NOT-SIGNED"
    assert paper_name("", "", signed=True) == "report"


@pytest.mark.parametrize(
    ("accession", "name"),
    [
        (r"..\..\windows\x", "windows-x_report"),
        ('a/b:c*d?e"f<g>h|i', "a-b-c-d-e-f-g-h-i_report"),
        ("CON.", "CON_report"),
        ("nul.txt", "nul-txt_report"),
        (" 12\t\x00\u202e34 ", "12---34_report"),
        ("9" * 300, "9" * 48 + "_report"),
        ("门诊7", "门诊7_report"),
    ],
)
def test_no_accession_number_makes_a_name_that_windows_refuses(accession: str, name: str) -> None:
    assert paper_name(accession, "", signed=True) == name


def test_what_is_saved_is_the_signed_pdf_byte_for_byte_and_audited_first(tmp_path: Path) -> None:
    audit, path = FakeAudit(), tmp_path / "out.pdf"
    before: list[int] = []

    def write(target: Path, content: bytes) -> None:
        before.append(len(audit.recorded))
        replace_file(target, content)

    TakePaperOut(audit, write).save(PAPER, path)

    assert path.read_bytes() == PDF
    assert before == [1]
    assert audit.recorded == [(AuditAction.REPORT_SAVED, "1.2.3", 0, f"signed sha256:{SHA256}")]


def test_what_cannot_be_recorded_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        TakePaperOut(FakeAudit(fail_with=Unreachable("no line")), replace_file).save(PAPER, tmp_path / "out.pdf")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let the kernel refuse the write in its middle: RLIMIT_FSIZE stands for the last free block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, former)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_no_half_file_and_keeps_the_former_one(tmp_path: Path) -> None:
    audit, path = FakeAudit(), tmp_path / "out.pdf"
    path.write_bytes(b"former")
    with pytest.raises(DiskFull) as told:
        TakePaperOut(audit, replace_file).save(PAPER, path)

    assert told.value.user_text == "The PDF was not saved: this disk is full"
    assert told.value.hint == "Free some space or choose another disk. The report itself is safe."
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("out.pdf", b"former")]
    assert [(action, outcome) for action, _uid, outcome, _detail in audit.recorded] == [
        (AuditAction.REPORT_SAVED, 0),
        (AuditAction.REPORT_SAVED, 4),
    ]


def test_a_folder_that_takes_nothing_is_told_with_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(path: object, *_flags: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))  # what a person without rights gets; root never does

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(StorageError) as told:
        TakePaperOut(FakeAudit(), replace_file).save(PAPER, tmp_path / "out.pdf")
    monkeypatch.undo()

    assert told.value.user_text == "The PDF was not saved: this folder takes no files"
    assert "another folder" in told.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_printing_is_audited_and_so_is_its_failure() -> None:
    audit, done = FakeAudit(), list[str]()
    take = TakePaperOut(audit, replace_file)
    take.print(replace(PAPER, signed=False), lambda: done.append("printed"))

    def jam() -> None:
        raise StorageError("jam")

    with pytest.raises(StorageError):
        take.print(PAPER, jam)
    assert done == ["printed"]
    assert audit.recorded == [
        (AuditAction.REPORT_PRINTED, "1.2.3", 0, f"not signed sha256:{SHA256}"),
        (AuditAction.REPORT_PRINTED, "1.2.3", 0, f"signed sha256:{SHA256}"),
        (AuditAction.REPORT_PRINTED, "1.2.3", 4, f"signed sha256:{SHA256}"),
    ]


def test_the_signed_pdf_comes_from_the_hub_or_from_what_still_waits_here() -> None:
    report, images, verifier = signed_report(), FakeImages(), FakeVerifier()
    _sr, pdf = signed_objects(report)
    images.files[pdf.sop_instance_uid] = b"of the hub"
    waiting: list[FakeDelivery] = []
    fetch = SignedPaper(images, lambda: waiting, verifier, lambda part10: b"pdf " + part10)
    assert fetch(report) == b"pdf of the hub"

    artefact = SignedArtefact("report_pdf", "1.2.3", "1", "2", "3", b"of the outbox", "00")
    waiting.append(FakeDelivery(report, Claim("2.25.8", "2.25.9"), (artefact,)))
    assert fetch(report) == b"pdf of the outbox"

    def damaged() -> list[FakeDelivery]:
        raise StorageError("cannot open")

    assert replace(fetch, waiting=damaged)(report) == b"pdf of the hub"


@pytest.mark.parametrize("verdict", [Verdict.ALTERED, Verdict.UNTRUSTED, Verdict.UNSIGNED, Verdict.UNKNOWN])
def test_what_is_not_certainly_signed_is_not_given_out_as_signed(verdict: Verdict) -> None:
    report, images = signed_report(), FakeImages()
    images.files[signed_objects(report)[1].sop_instance_uid] = b"part10"
    verifier = FakeVerifier(VerificationResult("report.pdf.dcm", verdict, "The reason."))
    with pytest.raises(SignatureInvalid) as told:
        SignedPaper(images, list, verifier, lambda part10: part10)(report)
    assert told.value.hint == "The reason."
