"""A technician's page over fakes of the hub."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tests.helpers import cases
from tests.helpers.fakes_ui import TECHNICIAN, FakeWorklist, case
from workstation.dicom.images.source import scan
from workstation.domain.access import Actor
from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.mutual_recognition import OpenRepeat, RepeatReason
from workstation.domain.ports import JobContext
from workstation.domain.signature import Verdict, VerificationResult
from workstation.domain.site import ReadingRequest, ReturnedReport, SendProgress
from workstation.domain.study import Study
from workstation.domain.workitem import ReadingState, WorklistRow
from workstation.services.jobs import JobRunner
from workstation.services.returned_report_service import OpenReturnedReport
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.grassroots_page import GrassrootsPage
from workstation.ui.pages.grassroots_presenter import GrassrootsPresenter, GrassrootsQueue, GrassrootsServices


def returned_report(number: int = 1, **changes: object) -> ReturnedReport:
    """Return a report that waits for its receipt, with any field changed."""
    report = ReturnedReport(
        study_instance_uid=f"2.25.900{number}",
        ups_instance_uid=f"2.25.{number}",
        patient_name=f"病人{number}",
        description="胸部低剂量 LDCT",
        modality="CT",
        signed_at=f"2026-11-21T11:{number % 60:02d}:00+00:00",
        signer="王启明",
        summary="1. 右肺上叶前段实性结节，较前增大，建议增强 CT 或 PET-CT。 2. 左肺下叶磨玻璃结节，6 个月复查。",
        report_sop_instance_uid=f"2.25.71{number}",
        pdf_sop_instance_uid=f"2.25.72{number}",
        pdf_series_instance_uid=f"2.25.73{number}",
    )
    return replace(report, **changes)  # type: ignore[arg-type] # any field by its name


@dataclass
class FakeInbox:
    reports: dict[str, ReturnedReport] = field(default_factory=dict)
    fail_with: WorkstationError | None = None
    acknowledged: list[str] = field(default_factory=list)

    def returned(self) -> list[ReturnedReport]:
        return list(self.reports.values())

    def acknowledge(self, ups_instance_uid: str) -> ReturnedReport:
        if self.fail_with is not None:
            raise self.fail_with
        self.acknowledged.append(ups_instance_uid)
        report = replace(
            self.reports[ups_instance_uid],
            acknowledged_at="2026-11-21T12:00:00+00:00",
            acknowledged_by="何技师",
        )
        self.reports[ups_instance_uid] = report
        return report


@dataclass
class FakeSender:
    """Sends in steps; ``gate`` holds it in the middle, ``waiting_s`` means a dead line, ``fail_with`` ends it there."""

    requests: list[ReadingRequest] = field(default_factory=list)
    fail_with: WorkstationError | None = None
    waiting_s: float = 0.0
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def send(
        self, study: Study, request: ReadingRequest, job: JobContext, on_progress: Callable[[SendProgress], None]
    ) -> str:
        self.requests.append(request)
        total = study.instance_count
        on_progress(SendProgress(total, total // 2, 0, 0, 1000, waiting_s=self.waiting_s))
        self.gate.wait(10)
        job.raise_if_cancelled()
        if self.fail_with is not None:
            raise self.fail_with
        on_progress(SendProgress(total, total, 0, 0, 2000, verified=True))
        return "2.25.8"


@dataclass
class FakeVerifier:
    result: VerificationResult = field(
        default_factory=lambda: VerificationResult("report.pdf.dcm", Verdict.VALID, "签名完整", "王启明")
    )

    def verify(self, path: Path) -> VerificationResult:
        raise AssertionError(f"the page verifies bytes, not {path}")

    def verify_bytes(self, name: str, content: bytes) -> VerificationResult:
        del name, content
        return self.result


@dataclass
class FakeRetrieve:
    fail_with: WorkstationError | None = None
    asked: list[str] = field(default_factory=list)

    def study(self, study_instance_uid: str) -> Study:
        raise AssertionError(f"nobody opens {study_instance_uid} here")

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        del study_instance_uid, series_instance_uid
        if self.fail_with is not None:
            raise self.fail_with
        self.asked.append(sop_instance_uid)
        return b"part10"


@dataclass
class FakeRepeats:
    """Implements ``RepeatPort`` as the hub does: the first reason stands."""

    waiting: list[OpenRepeat] = field(default_factory=list)
    given: dict[str, RepeatReason] = field(default_factory=dict)
    fail_with: WorkstationError | None = None

    def open(self) -> list[OpenRepeat]:
        self._fail()
        return list(self.waiting)

    def ask(self, study_instance_uid: str, exists: str) -> None:
        self._fail()
        known = {one.study_instance_uid for one in self.waiting}
        if study_instance_uid not in self.given and study_instance_uid not in known:
            self.waiting.append(OpenRepeat(study_instance_uid, "周丽华", "胸部低剂量 LDCT", exists))

    def answer(self, study_instance_uid: str, reason: RepeatReason) -> RepeatReason:
        self._fail()
        self.waiting = [one for one in self.waiting if one.study_instance_uid != study_instance_uid]
        return self.given.setdefault(study_instance_uid, reason)

    def _fail(self) -> None:
        if self.fail_with is not None:
            raise self.fail_with


class GrassrootsBench:
    """The page with everything it needs; ``close`` at the end of the test."""

    def __init__(self, rows: list[WorklistRow] | None = None) -> None:
        self.actor: Actor | None = TECHNICIAN
        self.worklist = FakeWorklist([case(1), case(2, state=ReadingState.FINAL)] if rows is None else rows)
        self.inbox = FakeInbox()
        self.sender = FakeSender()
        self.retrieve = FakeRetrieve()
        self.verifier = FakeVerifier()
        self.found: list[Study] | None = [cases.study()]
        self.queue = GrassrootsQueue()
        self.repeats = FakeRepeats()
        self.jobs: JobRunner
        self.jobs, self._main_thread = runner_on_main_thread()
        self.services = GrassrootsServices(
            scan=self._scan,
            sender=self.sender,
            inbox=self.inbox,
            worklist=self.worklist,
            open_returned=OpenReturnedReport(self.retrieve, self.verifier, lambda part10: part10),
            repeats=self.repeats,
            pictures=lambda _pdf, width: [np.full((round(width * 1.414), width, 3), 255, np.uint8)],
        )
        self.pages: list[GrassrootsPage] = []

    def _scan(self, path: Path, job: JobContext) -> list[Study]:
        """Scan for real unless the test says what lies there."""
        return scan(path, job) if self.found is None else list(self.found)

    def page(self) -> tuple[GrassrootsPage, GrassrootsPresenter]:
        page = GrassrootsPage()
        presenter = GrassrootsPresenter(page, self.services, self.jobs, lambda: self.actor, self.queue)
        self.pages.append(page)
        return page, presenter

    def cut_line(self) -> None:
        self.sender.fail_with = Unreachable("The hub does not answer.", hint="Check the network.")

    def close(self) -> None:
        self.sender.gate.set()
        self.queue.stop_all()
        for page in self.pages:
            page.close_page()
            page.hide()
            page.deleteLater()
        self._main_thread.close()
        self.jobs.close()
