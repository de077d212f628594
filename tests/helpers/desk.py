"""A reader's desk in memory: the real desk and use cases over fakes, and the pages that sit on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from tests.helpers import cases
from tests.helpers.fakes import (
    EXPERT,
    FakeAudit,
    FakeDrafts,
    FakeFindings,
    FakeImages,
    FakeObjects,
    FakeOutbox,
    FakeReports,
    FakeSession,
    FakeSigner,
    FakeTemplates,
    FakeWithdrawnTexts,
    FakeWorklist,
)
from tests.helpers.fakes_workflow import FakeWorkflow
from workstation.domain.access import Actor
from workstation.domain.errors import WorkstationError
from workstation.domain.finding import Finding, FindingList
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.signature import CertificateFacts
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import ReadingState, WorklistRow
from workstation.services.author_signing import SignPreliminary
from workstation.services.carry_over import CarryOver
from workstation.services.citing import CiteOthers
from workstation.services.claim_check import CheckClaim
from workstation.services.delivery_service import DeliverReports
from workstation.services.jobs import JobRunner
from workstation.services.report_service import RevealAi, SaveDraft, SendReportBack, SubmitPreliminary
from workstation.services.report_workflow import CancelReport, ReportHistory, StartSuccessor, WithdrawReport
from workstation.services.signing_service import SignReport
from workstation.services.study_service import OpenCase, ReleaseCase
from workstation.ui.case_desk import CaseDesk
from workstation.ui.desk_services import DeskServices
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.report_presenter import Pictures, ReportPresenter
from workstation.ui.report.aids import WritingAids
from workstation.ui.report.way import WayServices


@dataclass
class FakePreview:
    """Draws white pages, remembers what it drew, and waits at ``gate`` when a test closes it."""

    drawn: list[Report] = field(default_factory=list)
    fail_with: WorkstationError | None = None
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def __call__(
        self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow, width_px: int
    ) -> Pictures:
        del template, study, row
        self.gate.wait(10)
        if self.fail_with is not None:
            raise self.fail_with
        self.drawn.append(report)
        return [np.full((round(width_px * 1.414), width_px, 3), 255, np.uint8)]


class DeskBench:
    """Everything of one desk; ``close`` at the end of the test."""

    def __init__(
        self,
        *,
        findings: tuple[Finding, ...] = (),
        template: ReportTemplate | None = None,
        actor: Actor = EXPERT,
        row: WorklistRow | None = None,
        signer: FakeSigner | None = None,
        citing: CiteOthers | None = None,
    ) -> None:
        self.row = row or cases.row()
        self.actor: Actor | None = actor
        self.clock = cases.FixedClock()
        self.worklist = FakeWorklist(self.row, claimer=actor.user_id)
        self.images = FakeImages()
        self.reports = FakeReports()
        self.workflow = FakeWorkflow()
        self.drafts = FakeDrafts()
        self.withdrawn = FakeWithdrawnTexts()
        self.outbox = FakeOutbox()
        self.audit = FakeAudit()
        self.signer = signer or FakeSigner()
        self.preview = FakePreview()
        self.objects = FakeObjects()
        uid = self.row.study_instance_uid
        found = FindingList(uid, f"{uid}.2", f"{uid}.9", cases.ALGORITHM if findings else None, findings)
        self.findings = FakeFindings(found)
        templates = FakeTemplates((template or cases.template(),))
        uids = cases.Uids()
        open_case = OpenCase(
            self.worklist, self.images, self.findings, self.reports, self.drafts, templates, self.audit,
            self.clock, uids, lambda user, ups: f"{ups}.{user}", self.workflow.rules,
        )  # fmt: skip
        sign = SignReport(
            self.objects, self.objects, self.signer, self.outbox, self.drafts, self.audit, self.clock, cite=citing
        )  # fmt: skip
        self.session = FakeSession(None)
        check_claim = CheckClaim(self.worklist)
        self.services = DeskServices(
            open_case=open_case,
            save_draft=SaveDraft(self.drafts),
            sign_preliminary=SignPreliminary(
                self.objects, self.objects, self.signer, self.images, self.audit, self.clock
            ),
            submit=SubmitPreliminary(self.reports, self.drafts, self.audit, self.clock),
            send_back=SendReportBack(self.reports, self.clock),
            sign=sign,
            check_claim=check_claim,
            deliver=DeliverReports(
                self.outbox,
                self.images,
                self.reports,
                self.session,
                self.audit,
                self.clock,
                self.drafts,
                check_claim,
                uids,
            ),
            release=ReleaseCase(self.worklist),
            reveal=RevealAi(self.audit),
            clock=self.clock,
            new_uid=uids,
        )
        self.way = WayServices(
            start=StartSuccessor(
                self.workflow, self.worklist, self.drafts, self.clock, uids, lambda user, ups: f"{ups}.{user}"
            ),
            cancel=CancelReport(self.workflow, self.drafts, self.clock),
            withdraw=WithdrawReport(self.workflow, self.reports, self.images, self.objects, lambda _signed: ()),
            history=ReportHistory(self.workflow, self.drafts),
            carry=CarryOver(templates.of_site, self.audit, self.withdrawn),
        )
        self.jobs: JobRunner
        self.jobs, self._main_thread = runner_on_main_thread()
        self.desk = CaseDesk(self.services, self.jobs, lambda: self.actor)
        self.pages: list[tuple[ReportPage, ReportPresenter]] = []

    def page(
        self,
        certificate: str = "CN=王启明",
        aids: WritingAids | None = None,
        subject: Callable[[str], str] | None = None,
        facts: Callable[[str], CertificateFacts | None] | None = None,
    ) -> tuple[ReportPage, ReportPresenter]:
        page = ReportPage()
        presenter = ReportPresenter(
            page,
            self.desk,
            self.jobs,
            preview=self.preview,
            certificate_subject=subject or (lambda _user: certificate),
            certificate_facts=facts,
            aids=aids,
            way=self.way,
        )
        self.pages.append((page, presenter))
        return page, presenter

    def open(self, wait: Callable[[Callable[[], bool]], None], *, read_only: bool = False) -> None:
        self.desk.open(self.row, read_only=read_only)
        wait(lambda: self.desk.session is not None)

    def fill(self) -> None:
        assert self.desk.session is not None
        for key, text in cases.complete_values().items():
            self.desk.session.set_value(key, text)

    def close(self) -> None:
        self.preview.gate.set()
        self.desk.stop()
        for page, _presenter in self.pages:
            page.close_page()
            page.hide()
            page.deleteLater()
        self._main_thread.close()
        self.jobs.close()


def preliminary() -> Report:
    """Return a complete report that the resident handed to a senior."""
    return replace(
        cases.report(values=cases.complete_values()),
        state=ReportState.PRELIMINARY,
        revision=2,
        author=Person("resident", "宋佳", "省影像专科联盟远程诊断中心"),
    )


def preliminary_row() -> WorklistRow:
    """Return the worklist row of that report."""
    return replace(cases.row(ReadingState.PRELIMINARY), reader_name="")
