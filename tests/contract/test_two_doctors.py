"""Two doctors at two workstations and one report: one winner, and no text is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.helpers.cases import FixedClock
from tests.helpers.fakes import FakeDelivery
from tests.helpers.hub import HubBed, expect, new_uid
from tests.helpers.hub_reports import EXPERT, finalise, new_report, signed, stored_outputs, submit
from workstation.bootstrap.adapters import Hub, connect
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.dicom.sr.common import read_part10
from workstation.domain.access import Actor, Role
from workstation.domain.errors import AlreadyClaimed, WorklistError
from workstation.domain.report import Person, Report
from workstation.domain.report_state import ReportKind, ReportState, WithdrawalCode
from workstation.domain.signature import SignedArtefact
from workstation.domain.workitem import Claim, OutputReference, WorklistRow
from workstation.services.late_stamps import StampedVersions
from workstation.services.report_difference import pieces
from workstation.services.report_workflow import (
    CancelReport,
    ReportHistory,
    StartSuccessor,
    WithdrawReport,
    signed_objects,
)
from workstation.services.untaken_objects import RejectUntaken
from workstation.storage.drafts import DraftStore

LATE = datetime(2027, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Workstation:
    """One doctor's own clients and drafts."""

    actor: Actor
    hub: Hub
    drafts: DraftStore

    def start(self, row: WorklistRow, signed_report: Report, kind: ReportKind, reason: str) -> WorklistRow:
        begin = StartSuccessor(
            self.hub.workflow,
            self.hub.worklist,
            self.drafts,
            FixedClock(LATE),
            new_uid,
            lambda user, ups: f"2.25.{int.from_bytes((user + ups).encode()[-12:])}",
        )
        return begin(row, signed_report, kind, reason, self.actor)

    def draft(self, study: str) -> Report | None:
        return self.drafts.load(study, self.actor.user_id)

    def claim_of(self, draft: Report) -> Claim:
        uid = f"2.25.{int.from_bytes((self.actor.user_id + draft.ups_instance_uid).encode()[-12:])}"
        return Claim(draft.ups_instance_uid, uid)


@pytest.fixture(scope="module")
def doctors(hub: HubBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workstation, Workstation]]:
    second = {"user_id": "senior3", "password": "long-enough-1", "display_name": "李明", "role": "senior"}
    expect(201, hub.as_("admin").post("/api/accounts", json=second))
    with ExitStack() as stack:
        made = []
        for user, name in (("expert", "王启明"), ("senior3", "李明")):
            clients = stack.enter_context(connect(hub.url))
            clients.client.authorise(hub.app.state.accounts.open_session(user).token)
            folder: Path = tmp_path_factory.mktemp(user)
            drafts = DraftStore(folder, b"k" * 32, editor=lambda user=user: user)  # type: ignore[misc]  # its own user
            made.append(Workstation(Actor(user, name, Role.SENIOR, ""), clients, drafts))
        yield made[0], made[1]


def final_case(hub: HubBed) -> tuple[str, Report]:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    report = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))
    expect(200, finalise(hub, sent.ups, report, lock, stored_outputs(hub, sent.study)))
    return sent.ups, report


def sign(hub: HubBed, doctor: Workstation, draft: Report) -> Report:
    """Record the draft as signed through the doctor's own clients."""
    outputs = [OutputReference(**one) for one in stored_outputs(hub, draft.study_instance_uid)]
    who = Person(doctor.actor.user_id, doctor.actor.display_name, "centre")
    final = replace(draft.moved(ReportState.FINAL, at=LATE), verifier=who, signed_at=LATE)
    return doctor.hub.reports.finalise(final, doctor.claim_of(draft), outputs)


def test_of_two_who_begin_at_once_one_writes_and_the_other_knows_who(
    hub: HubBed, doctors: tuple[Workstation, Workstation]
) -> None:
    ups, first = final_case(hub)
    row = doctors[0].hub.worklist.row(ups)

    def begin(doctor: Workstation) -> str:
        try:
            doctor.start(row, first, ReportKind.AMENDED, "新的对比片")
        except AlreadyClaimed as told:
            return told.user_text
        return ""

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(begin, doctors))

    won = told.index("")
    assert doctors[won].actor.display_name in told[1 - won]
    drafts = [doctor.draft(first.study_instance_uid) for doctor in doctors]
    assert [draft is not None for draft in drafts] == [number == won for number in range(2)]


def test_who_signs_too_late_is_told_and_keeps_every_word(hub: HubBed, doctors: tuple[Workstation, Workstation]) -> None:
    slow, fast = doctors
    ups, first = final_case(hub)
    study = first.study_instance_uid
    slow.start(slow.hub.worklist.row(ups), first, ReportKind.CORRECTED, "左右写反")
    begun = slow.draft(study)
    assert begun is not None
    mine = begun.with_values({"impression": "左肺上叶结节，建议随访。"}, at=LATE)
    slow.drafts.save(mine)
    lock = slow.claim_of(mine)
    slow.hub.worklist.release(lock)  # from another place, while the slow doctor's text stays where it is
    fast.start(fast.hub.worklist.row(ups), first, ReportKind.AMENDED, "新的对比片")
    theirs = fast.draft(study)
    assert theirs is not None
    held = sign(hub, fast, theirs.with_values({"impression": "右肺上叶结节，增大。"}, at=LATE))

    with pytest.raises(WorklistError):
        sign(hub, slow, mine)

    kept = slow.draft(study)
    assert kept == mine
    slow.start(slow.hub.worklist.row(ups), held, ReportKind.CORRECTED, "左右写反")
    assert ReportHistory(slow.hub.workflow, slow.drafts).own(study, "expert")[0] == mine
    assert slow.hub.reports.fetch(ups) == held
    newest = ReportHistory(slow.hub.workflow, slow.drafts)(ups)[-1].report
    beside = pieces(newest.values["impression"], kept.values["impression"])
    assert "".join(piece.text for piece in beside if piece.change != "removed") == "左肺上叶结节，建议随访。"
    assert "".join(piece.text for piece in beside if piece.change != "added") == "右肺上叶结节，增大。"


def test_an_older_revision_never_overwrites_a_newer_one(hub: HubBed, doctors: tuple[Workstation, Workstation]) -> None:
    sent = hub.send()
    lock = hub.claim("resident", sent.ups)
    handed = new_report(sent.study, sent.ups, new_uid()).moved(ReportState.PRELIMINARY, at=LATE)
    handed = replace(handed, revision=5)
    expect(200, submit(hub, "resident", sent.ups, handed, lock))
    senior = doctors[0]
    row = senior.hub.worklist.row(sent.ups)
    claim = senior.hub.worklist.claim(row.ups_instance_uid, new_uid())
    stale = replace(handed, revision=4).moved(ReportState.RETURNED, at=LATE, reason="x")

    with pytest.raises(WorklistError, match="stale_revision"):
        senior.hub.reports.send_back(stale, claim, "x")

    assert senior.hub.reports.fetch(sent.ups) == handed


def test_a_withdrawn_report_is_rejected_by_a_note_that_the_archive_keeps(
    hub: HubBed, doctors: tuple[Workstation, Workstation]
) -> None:
    doctor = doctors[0]
    ups, first = final_case(hub)
    row, study = doctor.hub.worklist.row(ups), doctor.hub.images.study(first.study_instance_uid)
    withdraw = WithdrawReport(
        doctor.hub.workflow,
        doctor.hub.reports,
        doctor.hub.images,
        DicomObjects(FixedClock(LATE)),
        StampedVersions(doctor.hub.late_stamps, doctor.hub.images),
    )

    done = withdraw(row, study, first, WithdrawalCode.WRONG_PATIENT, "患者错位", doctor.actor)

    assert (done.state, doctor.hub.reports.fetch(ups)) == (ReportState.ENTERED_IN_ERROR, None)
    notes = [one for one in doctor.hub.images.study(first.study_instance_uid).series if one.modality == "KO"]
    assert [len(one.instances) for one in notes] == [1]
    note = read_part10(
        doctor.hub.images.instance(
            first.study_instance_uid, notes[0].series_instance_uid, notes[0].instances[0].sop_instance_uid
        )
    )
    named = [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in note.ContentSequence[-2:]]
    assert named == [one.sop_instance_uid for one in signed_objects(first)]


def test_a_dropped_report_is_rejected_in_the_archive_where_it_got_there_and_was_never_taken(
    hub: HubBed, doctors: tuple[Workstation, Workstation]
) -> None:
    doctor, sent = doctors[0], hub.send()
    report = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))
    claim = Claim(sent.ups, hub.claim("expert", sent.ups))
    names = [OutputReference(**one) for one in stored_outputs(hub, sent.study)]
    absent = replace(names[0], sop_instance_uid=new_uid())
    objects = [
        SignedArtefact(
            "report_sr", sent.study, one.series_instance_uid, one.sop_class_uid, one.sop_instance_uid, b"", ""
        )
        for one in (*names, absent)
    ]
    images = doctor.hub.images
    reject = RejectUntaken(doctor.hub.workflow, images, images, DicomObjects(FixedClock(LATE)))

    reject(FakeDelivery(report, claim, tuple(objects[-1:])), doctor.actor)
    assert [one for one in images.study(sent.study).series if one.modality == "KO"] == []
    reject(FakeDelivery(report, claim, tuple(objects)), doctor.actor)

    (notes,) = [one for one in images.study(sent.study).series if one.modality == "KO"]
    (stored,) = notes.instances
    note = read_part10(images.instance(sent.study, notes.series_instance_uid, stored.sop_instance_uid))
    assert [
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for item in note.ContentSequence
        if "ReferencedSOPSequence" in item
    ] == [one.sop_instance_uid for one in names]


def test_who_gives_up_a_blind_reading_finds_its_words_where_nobody_else_does(
    hub: HubBed, doctors: tuple[Workstation, Workstation]
) -> None:
    doctor, other = doctors
    sent = hub.send()
    expect(204, hub.as_("expert").post(f"/api/reports/{sent.ups}/double"))
    draft = new_report(sent.study, sent.ups, new_uid(), author=EXPERT, impression="左肺下叶实变")
    claim = Claim(sent.ups, hub.claim("expert", sent.ups))

    CancelReport(doctor.hub.workflow, doctor.drafts, FixedClock(LATE))(draft, claim, "不需要", user_id="expert")

    assert ReportHistory(doctor.hub.workflow, doctor.drafts).own(sent.study, "expert") == (draft,)
    assert ReportHistory(other.hub.workflow, other.drafts)(sent.ups) == ()
    assert ReportHistory(other.hub.workflow, other.drafts).own(sent.study, "senior3") == ()


def test_giving_up_leaves_what_was_signed_and_every_step_in_the_history(
    hub: HubBed, doctors: tuple[Workstation, Workstation]
) -> None:
    doctor = doctors[0]
    ups, first = final_case(hub)
    doctor.start(doctor.hub.worklist.row(ups), first, ReportKind.ADDENDUM, "前片到达")
    draft = doctor.draft(first.study_instance_uid)
    assert draft is not None
    cancel = CancelReport(doctor.hub.workflow, doctor.drafts, FixedClock(LATE))

    cancel(draft, doctor.claim_of(draft), "不需要", user_id="expert")

    assert doctor.draft(first.study_instance_uid) is None
    assert doctor.drafts.asides(first.study_instance_uid, "expert") == (draft,)
    assert doctor.hub.reports.fetch(ups) == first
    history = ReportHistory(doctor.hub.workflow, doctor.drafts)(ups)
    assert [(one.step.value, one.actor_name, one.reason) for one in history] == [
        ("signed", "王启明", ""),
        ("cancelled", "王启明", "不需要"),
    ]
