"""What follows a signed report on one workstation: nothing is lost, nothing is stored in vain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import cases
from tests.helpers.fakes import (
    EXPERT,
    FakeAudit,
    FakeDrafts,
    FakeImages,
    FakeObjects,
    FakeOutbox,
    FakeReports,
    FakeSigner,
    FakeWorklist,
)
from tests.helpers.fakes_workflow import FakeWorkflow
from workstation.domain.errors import AlreadyClaimed, DiskFull, NoLongerUpdatable, NotPermitted, NotSignable
from workstation.domain.report import Person, Report
from workstation.domain.report_state import ReportKind, ReportState, ReportStatus, ReturnCode, WithdrawalCode
from workstation.domain.report_version import ReportVersion, VersionStep
from workstation.domain.workitem import Claim
from workstation.services.reading_session import OpenedCase, ReadingSession
from workstation.services.report_service import RecordDecisions, SendReportBack
from workstation.services.report_workflow import CancelReport, ReportHistory, StartSuccessor, WithdrawReport
from workstation.services.signing_service import SignedReport, SignReport

SIGNER = Person("expert", "王启明", "省影像专科联盟远程诊断中心")


def signed() -> Report:
    final = cases.report(values=cases.complete_values()).moved(ReportState.FINAL, at=cases.NOON)
    return replace(final, verifier=SIGNER, signed_at=cases.NOON)


class Bench:
    def __init__(self) -> None:
        self.workflow, self.drafts = FakeWorkflow(), FakeDrafts()
        self.worklist = FakeWorklist(cases.row())
        self.workflow.on_revise = self._begun
        self.start = StartSuccessor(
            self.workflow,
            self.worklist,
            self.drafts,
            cases.FixedClock(),
            cases.Uids(),
            lambda user, ups: f"{user}|{ups}",
        )

    def _begun(self, claim: Claim) -> None:
        self.worklist.current = replace(self.worklist.current, ups_instance_uid=claim.ups_instance_uid)


def test_the_draft_of_a_correction_is_on_disk_under_the_lock_that_the_hub_gave() -> None:
    bench = Bench()

    row = bench.start(cases.row(), signed(), ReportKind.CORRECTED, "左右写反", EXPERT)

    ((_ups, kind, predecessor, claim),) = bench.workflow.revised
    (draft,) = bench.drafts.kept.values()
    assert (kind, predecessor) == (ReportKind.CORRECTED, signed().report_uid)
    assert claim == Claim(row.ups_instance_uid, f"expert|{row.ups_instance_uid}")
    assert (draft.ups_instance_uid, draft.kind, draft.author.user_id) == (
        row.ups_instance_uid,
        ReportKind.CORRECTED,
        "expert",
    )
    assert [one.sop_class_uid[-5:] for one in draft.predecessors[0].objects] == ["88.22", "104.1"]


def test_who_begins_again_goes_on_with_what_was_written() -> None:
    bench = Bench()
    bench.start(cases.row(), signed(), ReportKind.ADDENDUM, "前片到达", EXPERT)
    (first,) = bench.drafts.kept.values()
    bench.drafts.save(first.with_addendum("写了一半", at=cases.NOON))

    row = bench.start(cases.row(), signed(), ReportKind.ADDENDUM, "前片已到", EXPERT)

    (again,) = bench.drafts.kept.values()
    assert (again.addendum, again.change_reason, again.ups_instance_uid) == (
        "写了一半",
        "前片已到",
        row.ups_instance_uid,
    )
    assert again.report_uid != first.report_uid


def test_what_was_written_to_another_end_is_set_aside_and_stays_readable() -> None:
    bench = Bench()
    bench.start(cases.row(), signed(), ReportKind.ADDENDUM, "前片到达", EXPERT)
    (first,) = bench.drafts.kept.values()

    bench.start(cases.row(), signed(), ReportKind.CORRECTED, "左右写反", EXPERT)

    study = signed().study_instance_uid
    kinds = [one.kind for one in ReportHistory(bench.workflow, bench.drafts).own(study, "expert")]
    assert kinds == [ReportKind.ADDENDUM, ReportKind.CORRECTED]
    assert bench.drafts.asides(study, "expert") == (first,)


def test_where_another_was_faster_nothing_is_begun() -> None:
    bench = Bench()
    bench.workflow.error = AlreadyClaimed("李明")

    with pytest.raises(AlreadyClaimed):
        bench.start(cases.row(), signed(), ReportKind.ADDENDUM, "x", EXPERT)

    assert bench.drafts.kept == {}


def test_what_was_written_in_a_cancelled_report_is_found_again_by_its_writer() -> None:
    workflow, drafts = FakeWorkflow(), FakeDrafts()
    cancel = CancelReport(workflow, drafts, cases.FixedClock())
    report, claim = cases.report(), Claim("2.25.1", "2.25.2")
    workflow.error = DiskFull("full")

    with pytest.raises(DiskFull):
        cancel(report, claim, "撤检", user_id="resident")
    assert drafts.load(report.study_instance_uid, "resident") == report
    workflow.error = None
    with pytest.raises(ValueError, match="with a reason"):
        cancel(report, claim, " ", user_id="resident")

    stored = cancel(report, claim, "撤检", user_id="resident")
    assert (stored.state, stored.ended_reason) == (ReportState.CANCELLED, "撤检")
    assert drafts.load(report.study_instance_uid, "resident") is None
    assert ReportHistory(workflow, drafts).own(report.study_instance_uid, "resident") == (report,)


def test_a_report_that_the_disk_cannot_keep_is_not_cancelled() -> None:
    workflow, drafts = FakeWorkflow(), FakeDrafts(fail_with=DiskFull("full"))

    with pytest.raises(DiskFull):
        CancelReport(workflow, drafts, cases.FixedClock())(
            cases.report(), Claim("2.25.1", "2.25.2"), "撤检", user_id="resident"
        )

    assert workflow.cancelled == []


def withdrawal(holding: Report | None) -> tuple[WithdrawReport, FakeWorkflow, FakeImages]:
    workflow, images = FakeWorkflow(), FakeImages()
    first = signed()
    workflow.history = (
        ReportVersion(1, VersionStep.SUBMITTED, "宋佳", cases.NOON, "", replace(first, state=ReportState.PRELIMINARY)),
        ReportVersion(2, VersionStep.SIGNED, "王启明", cases.NOON, "", first),
    )
    return WithdrawReport(workflow, FakeReports(holding), images, FakeObjects(), lambda _: ()), workflow, images


def test_a_withdrawal_rejects_what_was_signed_and_only_that() -> None:
    withdraw, workflow, images = withdrawal(signed())

    done = withdraw(cases.row(), cases.study(), signed(), WithdrawalCode.WRONG_PATIENT, "患者错位", EXPERT)

    assert images.stored == [b"rejection of 2 objects"]
    assert done.state is ReportState.ENTERED_IN_ERROR
    ((uid, code, reason, outputs),) = workflow.withdrawn
    assert (uid, code, reason, len(outputs)) == (signed().report_uid, WithdrawalCode.WRONG_PATIENT, "患者错位", 1)
    assert ReportHistory(workflow, FakeDrafts())("2.25.1") == workflow.history


@pytest.mark.parametrize("holding", [None, replace(signed(), report_uid="2.25.99")])
def test_nothing_is_rejected_that_does_not_hold_any_more(holding: Report | None) -> None:
    withdraw, workflow, images = withdrawal(holding)

    with pytest.raises(NoLongerUpdatable):
        withdraw(cases.row(), cases.study(), signed(), WithdrawalCode.WRONG_STUDY, "x", EXPERT)

    assert (images.stored, workflow.withdrawn) == ([], [])


def test_coded_reasons_travel_with_a_returned_report() -> None:
    preliminary = cases.report().moved(ReportState.PRELIMINARY, at=cases.NOON)
    codes = (ReturnCode.MISSED, ReturnCode.SIDE_OR_PART)

    stored = SendReportBack(FakeReports(), cases.FixedClock())(preliminary, Claim("1", "2"), "左", codes)

    assert (stored.return_reason, stored.return_codes) == ("左", codes)


def test_an_addendum_is_signed_like_any_report_and_decides_nothing_anew() -> None:
    bench, objects, outbox, audit = Bench(), FakeObjects(), FakeOutbox(), FakeAudit()
    decided = replace(cases.report(cases.ai_finding(), values=cases.complete_values()), state=ReportState.DRAFTED)
    accepted = decided.findings.exchanged(
        "2.25.1001", decided.findings.get("2.25.1001").accepted(by="x", at=cases.NOON)
    )
    first = replace(replace(decided, findings=accepted).moved(ReportState.FINAL, at=cases.NOON), verifier=SIGNER)
    first = replace(first, signed_at=cases.NOON)
    bench.start(cases.row(), first, ReportKind.ADDENDUM, "前片到达", EXPERT)
    (draft,) = bench.drafts.kept.values()
    sign = SignReport(objects, objects, FakeSigner(), outbox, bench.drafts, audit, cases.FixedClock())

    def signing(what: Report) -> SignedReport:
        return sign(
            what,
            template=cases.template(),
            study=cases.study(),
            row=cases.row(),
            claim=Claim("1", "2"),
            actor=EXPERT,
            pin="1234",
        )

    with pytest.raises(NotSignable, match="says nothing"):
        signing(draft)
    done = signing(draft.with_addendum("无变化", at=cases.NOON))
    RecordDecisions(audit)(done.report)

    assert (done.report.status, done.report.values) == (ReportStatus.APPENDED, first.values)
    assert [delivery.report.addendum for delivery in outbox.waiting] == ["无变化"]
    assert audit.actions == []


def test_an_addendum_takes_words_and_leaves_all_else() -> None:
    bench = Bench()
    bench.start(cases.row(), signed(), ReportKind.ADDENDUM, "前片到达", EXPERT)
    (draft,) = bench.drafts.kept.values()
    case = OpenedCase(cases.row(), cases.study(), cases.template(), draft, Claim("1", "2"))
    session = ReadingSession(case, SIGNER, clock=cases.FixedClock(), new_uid=cases.Uids())

    session.set_addendum("无变化")
    session.set_addendum("无变化")

    assert (session.report.addendum, session.report.revision) == ("无变化", 1)
    assert (session.content_locked, session.read_only) == (True, False)
    with pytest.raises(NotPermitted, match="only adds"):
        session.set_value("impression", "x")
    session.handed_over(session.report)
    with pytest.raises(NotPermitted):
        session.set_addendum("y")
