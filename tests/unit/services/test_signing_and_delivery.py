"""Signing and returning: nothing undecided, nothing lost, nothing twice."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from tests.helpers import fakes
from tests.helpers.cases import NOON, FixedClock, Uids, ai_finding, complete_values, report, row, study, template
from tests.helpers.critical import AT, CriticalHub
from tests.helpers.priors import FakeArchive, FakePriors, prior, structure
from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction
from workstation.domain.citation import CitedSeries, CitedStudy
from workstation.domain.critical import CriticalState
from workstation.domain.critical_board import Recognition
from workstation.domain.errors import (
    CriticalOpen,
    DiskFull,
    IntegrityMismatch,
    JobCancelled,
    NoLongerUpdatable,
    NotPermitted,
    NotSignable,
    SignatureInvalid,
    Unreachable,
    WorkstationError,
)
from workstation.domain.finding import RejectReason
from workstation.domain.report import Person, Report, ReportState, signing_blockers
from workstation.domain.workitem import Claim, ReadingState
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.citing import CiteOthers
from workstation.services.claim_check import CheckClaim
from workstation.services.critical_gate import AskCritical
from workstation.services.delivery_service import DeliverReports, DeliveryOutcome
from workstation.services.jobs import NoJob
from workstation.services.report_service import (
    SaveDraft,
    SendReportBack,
    SubmitPreliminary,
    describe_blocker,
    slice_number,
    with_normal_phrases,
)
from workstation.services.signing_service import SignedReport, SignReport

CLAIM = Claim("2.25.8", "2.25.99")
DECIDED = report(ai_finding().rejected(RejectReason.VESSEL, by="expert", at=NOON), values=complete_values())


@dataclass
class Desk:
    outbox: fakes.FakeOutbox = field(default_factory=fakes.FakeOutbox)
    drafts: fakes.FakeDrafts = field(default_factory=fakes.FakeDrafts)
    audit: fakes.FakeAudit = field(default_factory=fakes.FakeAudit)
    objects: fakes.FakeObjects = field(default_factory=fakes.FakeObjects)
    images: fakes.FakeImages = field(default_factory=fakes.FakeImages)
    reports: fakes.FakeReports = field(default_factory=fakes.FakeReports)
    session: fakes.FakeSession = field(default_factory=fakes.FakeSession)
    clock: FixedClock = field(default_factory=FixedClock)
    worklist: fakes.FakeWorklist = field(
        default_factory=lambda: fakes.FakeWorklist(replace(row(ReadingState.READING), reader_id="expert"))
    )

    critical: Callable[[Report], Report] = lambda what: what
    cite: CiteOthers | None = None

    def sign(self, what: Report = DECIDED, *, actor: Actor = fakes.EXPERT, pin: str = "1234") -> SignedReport:
        signing = SignReport(
            self.objects, self.objects, fakes.FakeSigner(), self.outbox, self.drafts, self.audit, self.clock,
            critical=self.critical, cite=self.cite,
        )  # fmt: skip
        return signing(what, template=template(), study=study(), row=row(), claim=CLAIM, actor=actor, pin=pin)

    def deliver(self) -> DeliveryOutcome:
        return self.delivery()(NoJob())

    def delivery(self) -> DeliverReports:
        return DeliverReports(
            self.outbox,
            self.images,
            self.reports,
            self.session,
            self.audit,
            self.clock,
            self.drafts,
            CheckClaim(self.worklist),
            Uids(),
        )


def test_a_signed_report_is_final_verified_and_in_the_outbox() -> None:
    desk = Desk()
    signed = desk.sign()

    assert signed.report.state is ReportState.FINAL
    assert signed.report.verifier is not None
    assert (signed.report.verifier.name, signed.report.signed_at) == ("王启明", NOON)
    assert [a.kind for a in signed.artefacts] == ["report_sr", "measurement_sr", "report_pdf"]
    assert signed.pdf.content == "pdf|signed by 王启明 as verifier 王启明".encode()
    assert desk.outbox.waiting[0].claim == CLAIM
    assert desk.drafts.discarded == [("1.2.3", "expert")]
    assert desk.audit.actions == []
    desk.deliver()
    assert desk.audit.actions == [AuditAction.FINDING_DECIDED]


def test_what_the_report_cites_is_asked_for_before_it_is_sealed() -> None:
    uids = ("1.9.2.0", "1.9.2.1", "1.9.2.2")
    cited = (CitedStudy("1.9", (CitedSeries("1.9.2", "1.2.840.10008.5.1.4.1.1.2", uids),)),)
    compared = DECIDED.with_values({**DECIDED.values, "comparison": "与 2025-12-08 CT 比较。"}, at=NOON)
    desk = Desk(cite=CiteOthers(FakePriors([prior("1.9")]), FakeArchive({"1.9": structure("1.9")}).study))

    assert desk.sign(compared).report.cited == cited
    assert desk.outbox.waiting[0].report.cited == cited


def test_a_report_whose_evidence_nobody_could_tell_is_signed_only_once_somebody_chose_that() -> None:
    compared = DECIDED.with_values({**DECIDED.values, "comparison": "与 2025-12-08 CT 比较。"}, at=NOON)
    cite = CiteOthers(FakePriors(fail_with=Unreachable("线路中断")), FakeArchive().study)
    desk = Desk(cite=cite)
    with pytest.raises(Unreachable, match="线路中断"):
        desk.sign(compared)
    assert desk.outbox.waiting == []

    cite.go_without(compared)
    assert desk.sign(compared).report.cited == ()


def test_a_senior_signs_without_the_line_and_a_wrong_pin_is_told_as_such() -> None:
    desk = Desk()
    desk.audit.fail_with = Unreachable("the hub does not answer")

    assert desk.sign().report.state is ReportState.FINAL
    with pytest.raises(SignatureInvalid):
        desk.sign(pin="0000")


def test_the_signature_over_the_pdf_covers_both_structured_reports_and_their_own_signatures() -> None:
    desk = Desk()
    signed = desk.sign()

    assert desk.objects.attached == {
        "manifest.json": b"[('findings.dcm', b'tid1500'), ('report.dcm', b'sr signed')]",
        "report.dcm.p7s": b"cms sr signed",
        "findings.dcm.p7s": b"cms tid1500",
    }
    assert [base64.b64decode(a.cms) for a in signed.artefacts] == [b"cms " + a.payload for a in signed.artefacts]


def test_what_was_marked_on_the_images_is_signed_and_delivered_with_the_report() -> None:
    desk = Desk(objects=fakes.FakeObjects(on_images={"key_images.dcm": b"kos", "display_1.dcm": b"gsps"}))
    signed = desk.sign()

    assert [a.kind for a in signed.artefacts[3:]] == ["key_images", "display_1"]
    assert b"('display_1.dcm', b'gsps')" in desk.objects.attached["manifest.json"]
    assert b"('key_images.dcm', b'kos')" in desk.objects.attached["manifest.json"]
    assert desk.deliver().delivered == 1


def test_an_undecided_ai_mark_is_never_signed() -> None:
    desk = Desk()

    with pytest.raises(NotSignable) as refused:
        desk.sign(report(ai_finding(), values=complete_values()))
    assert "1" in refused.value.user_text
    assert desk.outbox.waiting == []


def test_only_seniors_sign() -> None:
    with pytest.raises(NotPermitted):
        Desk().sign(actor=fakes.RESIDENT)


def test_a_wrong_pin_changes_nothing_and_is_audited() -> None:
    desk = Desk()

    with pytest.raises(SignatureInvalid):
        desk.sign(pin="0000")
    assert (desk.outbox.waiting, desk.drafts.discarded) == ([], [])
    assert desk.audit.recorded == [(AuditAction.SIGNATURE_FAILED, "1.2.3", 4, "")]


def test_a_full_disk_keeps_the_draft() -> None:
    desk = Desk()
    desk.outbox.fail_with = DiskFull("full")

    with pytest.raises(DiskFull):
        desk.sign()
    assert desk.drafts.discarded == []


def test_a_signed_report_is_stored_recorded_and_confirmed() -> None:
    desk = Desk()
    desk.sign()

    assert desk.deliver() == DeliveryOutcome(delivered=1, waiting=0, refused=0)
    assert len(desk.images.stored) == 3
    assert [(r.report_uid, c) for r, c, _o in desk.reports.finals] == [("2.25.7", CLAIM)]
    assert desk.outbox.done == ["2.25.7"]


def test_a_dead_line_keeps_the_report_and_tries_again_later() -> None:
    desk = Desk()
    desk.sign()
    desk.images.fail_with = Unreachable("the hub does not answer")

    assert desk.deliver() == DeliveryOutcome(delivered=0, waiting=1, refused=0)
    desk.images.fail_with = None
    assert desk.deliver() == DeliveryOutcome(delivered=0, waiting=1, refused=0)
    desk.clock.advance(61)
    assert desk.deliver().delivered == 1


def test_nothing_counts_as_delivered_before_the_hub_confirmed_every_object() -> None:
    desk = Desk()
    desk.sign()
    desk.images.forget = 1

    assert desk.deliver().delivered == 0
    assert desk.reports.finals == []
    assert len(desk.outbox.waiting) == 1


def test_a_report_signed_for_a_case_that_went_to_another_reader_stores_nothing_and_is_a_draft_again() -> None:
    desk = Desk()
    own = replace(DECIDED, author=Person("expert", "王启明", "省影像专科联盟远程诊断中心"))
    desk.sign(own)
    desk.worklist.current = replace(desk.worklist.current, reader_id="resident", reader_name="宋佳")

    outcome = desk.deliver()

    assert (outcome.refused, outcome.reason) == (1, "宋佳 is reading this case now; it is not yours any more")
    assert desk.images.stored == []
    draft = desk.drafts.kept["1.2.3", "expert"]
    assert (draft.state, draft.values, draft.verifier, draft.signed_at) == (
        ReportState.DRAFTED,
        DECIDED.values,
        None,
        None,
    )
    assert draft.report_uid != DECIDED.report_uid
    assert desk.deliver() == DeliveryOutcome(delivered=0, waiting=1, refused=0)  # told once, not every minute


def test_a_report_refused_only_after_the_line_had_been_dead_is_a_draft_again_once() -> None:
    """Signed without the line, tried in vain, and given to somebody else meanwhile."""
    desk = Desk()
    own = replace(DECIDED, author=Person("expert", "王启明", "省影像专科联盟远程诊断中心"))
    desk.sign(own)
    desk.reports.fail_with = Unreachable("no line")
    assert desk.deliver() == DeliveryOutcome(delivered=0, waiting=1, refused=0)
    desk.clock.advance(61)
    desk.reports.fail_with = None
    desk.worklist.current = replace(desk.worklist.current, reader_id="resident", reader_name="宋佳")

    assert desk.deliver().refused == 1
    assert desk.drafts.kept["1.2.3", "expert"].values == DECIDED.values

    desk.drafts.kept.clear()  # its writer has used it or thrown it away
    desk.clock.advance(25 * 3600)
    assert desk.deliver().refused == 1
    assert desk.drafts.kept == {}


@pytest.mark.parametrize("error", [CriticalOpen("open"), NoLongerUpdatable("moved on"), NotPermitted("no")])
def test_nothing_of_a_report_that_the_hub_refuses_lies_in_the_archive(error: WorkstationError) -> None:
    desk = Desk()
    desk.sign()
    desk.reports.fail_with = error

    assert desk.deliver().refused == 1

    assert desk.images.stored == []


def test_a_report_held_by_an_open_critical_value_is_told_once_and_goes_by_itself_after_the_read_back() -> None:
    desk = Desk()
    desk.sign()
    desk.reports.fail_with = CriticalOpen("Critical values without a read-back: 脑出血", hint="Call it through")

    told = desk.deliver()
    assert (told, told.hint) == (
        DeliveryOutcome(0, 0, 1, "Critical values without a read-back: 脑出血"),
        "Call it through",
    )
    assert desk.drafts.kept == {}  # nobody has to sign it anew
    desk.clock.advance(21)
    assert desk.deliver() == DeliveryOutcome(0, 1, 0, "Critical values without a read-back: 脑出血")
    desk.reports.fail_with = None
    desk.clock.advance(21)
    assert desk.deliver() == DeliveryOutcome(1, 0, 0)


def test_signing_stops_at_a_critical_value_that_only_the_hub_knows_of() -> None:
    hub = CriticalHub(FixedClock(AT))
    hub.recognise(DECIDED.ups_instance_uid, Recognition("2.25.50", "perforation", "消化道穿孔"))
    desk = Desk(critical=AskCritical(hub, patience_s=20))
    with pytest.raises(NotSignable, match=r"2\.25\.50"):
        desk.sign()
    assert desk.outbox.waiting == []
    hub.dismiss("2.25.50", "误报")
    assert [one.state for one in desk.sign().report.critical_values] == [CriticalState.DISMISSED]


def test_a_report_whose_signer_may_not_sign_any_more_is_told_and_in_nobodys_way() -> None:
    desk = Desk()
    desk.sign(replace(DECIDED, author=Person("expert", "王启明", "省影像专科联盟远程诊断中心")))
    desk.outbox.enqueue(replace(desk.outbox.waiting[0].report, report_uid="2.25.77"), CLAIM, ())
    desk.reports.refused = {DECIDED.report_uid: NotPermitted("a second doctor has to sign")}

    told = desk.deliver()

    assert (told.delivered, told.waiting, told.refused, told.reason) == (1, 0, 1, "a second doctor has to sign")
    assert desk.drafts.kept["1.2.3", "expert"].values == DECIDED.values
    assert [final.report_uid for final, _claim, _outputs in desk.reports.finals] == ["2.25.77"]


def test_a_report_that_was_taken_is_no_draft_again_when_its_decisions_may_not_be_recorded() -> None:
    desk = Desk()
    desk.sign()
    desk.audit.fail_with = NotPermitted("no")

    assert desk.deliver() == DeliveryOutcome(delivered=0, waiting=1, refused=0)
    assert desk.drafts.kept == {}


def test_a_newer_draft_is_never_overwritten_by_a_report_that_was_refused() -> None:
    desk = Desk()
    desk.sign()
    newer = replace(DECIDED, values={"impression": "later"})
    desk.drafts.kept["1.2.3", "expert"] = newer
    desk.reports.fail_with = NoLongerUpdatable("final already")

    desk.deliver()

    assert desk.drafts.kept["1.2.3", "expert"] == newer


@pytest.mark.parametrize("error", [NoLongerUpdatable("final already"), IntegrityMismatch("other bytes")])
def test_a_refusal_is_recorded_and_the_report_is_kept(error: NoLongerUpdatable | IntegrityMismatch) -> None:
    desk = Desk()
    desk.sign()
    desk.reports.fail_with = error

    assert desk.deliver() == DeliveryOutcome(delivered=0, waiting=0, refused=1, reason=error.user_text)
    assert desk.outbox.failures[0][1] == error.user_text
    assert len(desk.outbox.waiting) == 1


def test_a_report_waits_for_the_senior_who_signed_it() -> None:
    desk = Desk()
    desk.sign()
    desk.session.actor = fakes.RESIDENT

    assert desk.deliver() == DeliveryOutcome(delivered=0, waiting=1, refused=0)


def test_delivering_stops_when_asked() -> None:
    class Stopped(NoJob):
        def raise_if_cancelled(self) -> None:
            raise JobCancelled

    desk = Desk()
    desk.sign()

    with pytest.raises(JobCancelled):
        desk.delivery()(Stopped())


def test_a_junior_submits_a_complete_report_only() -> None:
    desk = Desk()
    submit = SubmitPreliminary(desk.reports, desk.drafts, desk.audit, desk.clock)

    with pytest.raises(NotSignable):
        submit(report(ai_finding()), template(), CLAIM, submitter="resident")
    stored = submit(DECIDED, template(), CLAIM, submitter="resident")
    assert (stored.state, stored.revision) == (ReportState.PRELIMINARY, 1)
    assert desk.drafts.discarded == [("1.2.3", "resident")]


def test_a_senior_sends_a_report_back_with_a_reason() -> None:
    desk = Desk()
    preliminary = DECIDED.moved(ReportState.PRELIMINARY, at=NOON)
    stored = SendReportBack(desk.reports, desk.clock)(preliminary, CLAIM, "方位写错")

    assert (stored.state, stored.return_reason) == (ReportState.RETURNED, "方位写错")


def test_a_final_report_is_not_saved_as_a_draft() -> None:
    drafts = fakes.FakeDrafts()
    SaveDraft(drafts)(DECIDED)
    SaveDraft(drafts)(replace(DECIDED, study_instance_uid="1.2.3", state=ReportState.FINAL))

    assert [r.state for r in drafts.kept.values()] == [ReportState.DRAFTED]


def test_blockers_are_said_in_words() -> None:
    incomplete = report(ai_finding(), values={"ctdi": "4000"})
    words = [describe_blocker(b, incomplete, template()) for b in signing_blockers(incomplete, template())]
    assert len(words) == 4
    assert "1" in words[0]
    assert all(word for word in words)


def test_nothing_to_compare_with_is_never_filled_in_for_a_patient_with_priors() -> None:
    lung = TemplateLibrary().get("ct-chest-nodule")
    empty = report(values={})

    assert with_normal_phrases(empty, lung).values["comparison"]
    filled = with_normal_phrases(empty, lung, has_priors=True)
    assert "comparison" not in filled.values
    assert filled.values


def test_normal_phrases_fill_empty_fields_only() -> None:
    filled = with_normal_phrases(report(values={"impression": "x"}), template())
    kept = with_normal_phrases(report(values={"airways": "狭窄"}), template())

    assert filled.values == {"impression": "x", "airways": "气管及主支气管通畅。"}
    assert kept.values["airways"] == "狭窄"


def test_the_slice_of_a_finding_is_the_nearest_one() -> None:
    """Slices lie at z = -521, -520, -519, -518, -517; -519.4 is nearest to the third."""
    finding = replace(ai_finding(), centre_lps_mm=(0.0, 0.0, -519.4))

    assert slice_number(study(), "1.2.3.2", finding) == 3
    assert slice_number(study(), "9.9", finding) is None
