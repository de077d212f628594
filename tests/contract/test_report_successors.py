"""What follows a signed report: one current document, old ones readable, nobody's text lost, sites apart."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from tests.helpers.hub import HubBed, SentStudy, expect, new_uid, result_file
from tests.helpers.hub_reports import (
    EXPERT,
    NOW,
    as_json,
    check_final,
    finalise,
    from_json,
    new_report,
    send_back,
    signed,
    stored_outputs,
    submit,
)
from workstation.domain.report import Person, Report
from workstation.domain.report_state import ReportKind, ReportState
from workstation.domain.succession import successor
from workstation.domain.workitem import OutputReference

KOS = "1.2.840.10008.5.1.4.1.1.88.59"


@dataclass(frozen=True)
class Begun:
    """A successor that somebody writes: its workitem and its lock."""

    ups: str
    lock: str
    draft: Report


def final_case(hub: HubBed) -> tuple[SentStudy, Report, list[dict[str, str]]]:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    report = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))
    outputs = stored_outputs(hub, sent.study)
    expect(200, finalise(hub, sent.ups, report, lock, outputs))
    return sent, report, outputs


def ask_to_revise(hub: HubBed, user: str, before: Report, kind: ReportKind, ups: str, lock: str) -> httpx.Response:
    body = {
        "kind": kind.value,
        "predecessor_uid": before.report_uid,
        "ups_instance_uid": ups,
        "transaction_uid": lock,
    }
    return hub.as_(user).post(f"/api/reports/{before.ups_instance_uid}/revise", json=body)


def begun(hub: HubBed, before: Report, kind: ReportKind, *, user: str = "expert", author: Person = EXPERT) -> Begun:
    ups, lock = new_uid(), new_uid()
    expect(204, ask_to_revise(hub, user, before, kind, ups, lock))
    draft = successor(
        before,
        kind,
        reason="左右写反",
        objects=(),
        report_uid=new_uid(),
        ups_instance_uid=ups,
        author=author,
        at=NOW,
    )
    return Begun(ups, lock, draft)


def versions(hub: HubBed, user: str, ups: str) -> list[tuple[str, str, str]]:
    answer = expect(200, hub.as_(user).get(f"/api/reports/{ups}/versions")).json()
    assert [one["number"] for one in answer] == list(range(1, len(answer) + 1)) or user != "expert"
    return [(one["step"], one["report"]["kind"], one["report"]["state"]) for one in answer]


def inbox(hub: HubBed, study: str, user: str = "technician") -> list[dict[str, Any]]:
    return [one for one in hub.as_(user).get("/api/inbox").json() if one["study_instance_uid"] == study]


@contextmanager
def policy(hub: HubBed, **rules: object) -> Iterator[None]:
    expect(200, hub.as_("quality").put("/api/policy/report", json=rules))
    try:
        yield
    finally:
        expect(200, hub.as_("quality").put("/api/policy/report", json={}))


def test_a_correction_takes_the_place_of_the_signed_report_and_both_stay_readable(hub: HubBed) -> None:
    sent, first, _outputs = final_case(hub)
    expect(200, hub.as_("technician").post(f"/api/inbox/{sent.ups}/acknowledge"))
    work = begun(hub, first, ReportKind.CORRECTED)
    assert from_json(hub.as_("technician").get(f"/api/reports/{sent.ups}").json()) == first  # it holds meanwhile
    corrected = signed(work.draft.with_values({"impression": "左肺上叶结节"}, at=NOW))

    stored = from_json(
        expect(200, finalise(hub, work.ups, corrected, work.lock, stored_outputs(hub, sent.study))).json()
    )

    assert stored == corrected
    assert from_json(hub.as_("technician").get(f"/api/reports/{sent.ups}").json()) == corrected
    assert versions(hub, "expert", sent.ups) == [("signed", "original", "final"), ("signed", "corrected", "final")]
    assert versions(hub, "technician", sent.ups) == versions(hub, "expert", sent.ups)
    new, old = sorted(inbox(hub, sent.study), key=lambda one: str(one["kind"]))
    assert (new["kind"], new["change_reason"], new["acknowledged_at"], new["superseded_by"]) == (
        "corrected",
        "左右写反",
        "",
        "",
    )
    assert (old["kind"], old["superseded_by"], bool(old["acknowledged_at"])) == ("original", work.ups, True)
    assert new["summary"] == "左肺上叶结节"
    assert hub.row("technician", sent.ups)["state"] == "final"
    expect(200, hub.as_("technician").post(f"/api/inbox/{work.ups}/acknowledge"))
    assert hub.row("technician", sent.ups)["state"] == "acknowledged"


def test_an_addendum_adds_and_changes_nothing(hub: HubBed) -> None:
    sent, first, _outputs = final_case(hub)
    work = begun(hub, first, ReportKind.ADDENDUM)
    outputs = stored_outputs(hub, sent.study)
    addendum = signed(work.draft.with_addendum("补充：与外院前片对比无变化。", at=NOW))
    smuggled = replace(addendum, values={"impression": "另一句"})

    refused = finalise(hub, work.ups, smuggled, work.lock, outputs)
    empty = finalise(hub, work.ups, signed(work.draft), work.lock, outputs)
    taken = finalise(hub, work.ups, addendum, work.lock, outputs)

    assert (refused.status_code, empty.status_code, taken.status_code) == (400, 400, 200)
    assert {one["kind"]: one["summary"] for one in inbox(hub, sent.study)}["addendum"] == "补充：与外院前片对比无变化。"
    assert versions(hub, "expert", sent.ups)[-1] == ("signed", "addendum", "final")


def test_what_was_begun_as_a_correction_is_not_signed_as_something_else(hub: HubBed) -> None:
    """A receiver reads a correction and an amendment in different ways, and an addendum may change nothing."""
    sent, first, _outputs = final_case(hub)
    work = begun(hub, first, ReportKind.CORRECTED)
    outputs = stored_outputs(hub, sent.study)
    other = replace(work.draft, kind=ReportKind.AMENDED)
    addendum = replace(work.draft, kind=ReportKind.ADDENDUM, addendum="补充")

    submitted = submit(hub, "expert", work.ups, other.moved(ReportState.PRELIMINARY, at=NOW), work.lock)
    warned = check_final(hub, work.ups, signed(other), work.lock)
    refused = [finalise(hub, work.ups, signed(one), work.lock, outputs) for one in (other, addendum)]
    taken = finalise(hub, work.ups, signed(work.draft), work.lock, outputs)

    assert [answer.status_code for answer in (submitted, warned, *refused, taken)] == [409, 409, 409, 409, 200]
    assert {answer.json()["begun_as"] for answer in (submitted, warned, *refused)} == {"corrected"}
    assert versions(hub, "expert", sent.ups) == [("signed", "original", "final"), ("signed", "corrected", "final")]


def test_what_was_left_off_is_begun_anew_as_something_else(hub: HubBed) -> None:
    sent, first, _outputs = final_case(hub)
    left = begun(hub, first, ReportKind.CORRECTED)
    body = {"report": as_json(left.draft), "transaction_uid": left.lock, "reason": "应为补充"}
    expect(200, hub.as_("expert").post(f"/api/reports/{left.ups}/cancel", json=body))
    work = begun(hub, first, ReportKind.ADDENDUM)
    addendum = signed(work.draft.with_addendum("补充：与外院前片对比无变化。", at=NOW))

    expect(200, finalise(hub, work.ups, addendum, work.lock, stored_outputs(hub, sent.study)))


def test_of_racing_successors_one_wins_and_the_other_is_told_who_writes(hub: HubBed) -> None:
    _sent, first, _outputs = final_case(hub)
    second = {"user_id": "expert2", "password": "long-enough-1", "display_name": "李明", "role": "senior"}
    hub.as_("admin").post("/api/accounts", json=second)
    tries = [("expert", new_uid(), new_uid()), ("expert2", new_uid(), new_uid())]
    hub.as_("expert2")

    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda one: ask_to_revise(hub, one[0], first, ReportKind.AMENDED, one[1], one[2]), tries)
        )

    assert sorted(answer.status_code for answer in answers) == [204, 409]
    won = next(number for number, answer in enumerate(answers) if answer.status_code == 204)
    lost = answers[1 - won].json()
    assert (lost["error"], lost["holder"]) == ("already_claimed", ("王启明", "李明")[won])
    again = ask_to_revise(hub, tries[won][0], first, ReportKind.AMENDED, tries[won][1], tries[won][2])
    assert again.status_code == 204  # after an answer that was lost


def test_what_was_signed_late_does_not_take_a_place_that_is_taken(hub: HubBed) -> None:
    sent, first, _outputs = final_case(hub)
    late = begun(hub, first, ReportKind.CORRECTED)
    expect(200, hub.as_("expert").post(f"/api/worklist/{late.ups}/release", json={"transaction_uid": late.lock}))
    fast = begun(hub, first, ReportKind.AMENDED)
    expect(200, finalise(hub, fast.ups, signed(fast.draft), fast.lock, stored_outputs(hub, sent.study)))
    third = begun(hub, signed(fast.draft), ReportKind.AMENDED)
    stale = replace(late.draft, ups_instance_uid=third.ups)

    warned = check_final(hub, third.ups, signed(stale), third.lock)
    refused = finalise(hub, third.ups, signed(stale), third.lock, stored_outputs(hub, sent.study))
    begins = ask_to_revise(hub, "expert", first, ReportKind.ADDENDUM, new_uid(), new_uid())

    assert (warned.status_code, warned.json()["error"]) == (409, "superseded")
    assert (refused.status_code, refused.json()["error"]) == (409, "superseded")
    assert (begins.status_code, begins.json()["error"]) == (409, "superseded")
    assert from_json(hub.as_("technician").get(f"/api/reports/{sent.ups}").json()) == signed(fast.draft)
    assert versions(hub, "expert", sent.ups) == [("signed", "original", "final"), ("signed", "amended", "final")]


def test_leaving_off_a_correction_brings_the_case_back_to_what_it_was(hub: HubBed) -> None:
    sent, first, _outputs = final_case(hub)
    expect(200, hub.as_("technician").post(f"/api/inbox/{sent.ups}/acknowledge"))
    work = begun(hub, first, ReportKind.CORRECTED)
    assert hub.row("expert", sent.ups)["state"] == "reading"

    cancelled = hub.as_("expert").post(
        f"/api/reports/{work.ups}/cancel",
        json={"report": as_json(work.draft), "transaction_uid": work.lock, "reason": "无需修订"},
    )

    row = hub.row("expert", sent.ups)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert (row["state"], row["reader_id"]) == ("acknowledged", "expert")
    assert from_json(hub.as_("expert").get(f"/api/reports/{sent.ups}").json()) == first
    assert versions(hub, "expert", sent.ups)[-1] == ("cancelled", "corrected", "cancelled")
    assert versions(hub, "technician", sent.ups) == [("signed", "original", "final")]


def test_a_preliminary_report_is_cancelled_with_a_reason_and_the_case_read_anew(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("resident", sent.ups)
    report = new_report(sent.study, sent.ups, new_uid()).moved(ReportState.PRELIMINARY, at=NOW)
    expect(200, submit(hub, "resident", sent.ups, report, lock))
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim("expert", verification)
    body = {"report": as_json(report), "transaction_uid": lock, "reason": " "}

    without = hub.as_("expert").post(f"/api/reports/{verification}/cancel", json=body)
    done = expect(200, hub.as_("expert").post(f"/api/reports/{verification}/cancel", json={**body, "reason": "撤检"}))
    again = hub.as_("expert").post(
        f"/api/reports/{verification}/cancel", json={**body, "report": done.json(), "reason": "撤检"}
    )

    row = hub.row("expert", sent.ups)
    assert (without.status_code, again.status_code, again.json()) == (400, 200, done.json())
    assert (done.json()["ended_reason"], done.json()["author"]["user_id"]) == ("撤检", "resident")
    assert (row["state"], row["workitem_code"], row["reader_id"]) == ("ready", "110005", "")
    assert hub.as_("expert").get(f"/api/reports/{sent.ups}").status_code == 404
    events = hub.as_("quality").get("/api/audit", params={"study_instance_uid": sent.study}).json()
    assert "report_cancelled" in [event["action"] for event in events]


def rejection_note(hub: HubBed, study: str) -> dict[str, str]:
    series = new_uid()
    uid, content = result_file(study, series, KOS, Modality="KO")
    expect(200, hub.store("expert", study, [content]))
    reference = OutputReference(study, series, KOS, uid)
    return {name: getattr(reference, name) for name in OutputReference.__slots__}


def test_a_report_of_the_wrong_patient_is_withdrawn_with_all_it_stands_together_with(hub: HubBed) -> None:
    sent, first, outputs = final_case(hub)
    work = begun(hub, first, ReportKind.ADDENDUM)
    addendum = signed(work.draft.with_addendum("补充", at=NOW))
    expect(200, finalise(hub, work.ups, addendum, work.lock, stored_outputs(hub, sent.study)))
    body = {"report_uid": addendum.report_uid, "code": "wrong_patient", "reason": "患者错位"}
    url = f"/api/reports/{sent.ups}/withdraw"

    bare = hub.as_("expert").post(url, json={**body, "outputs": outputs})
    of_old = hub.as_("expert").post(url, json={**body, "report_uid": first.report_uid, "outputs": outputs})
    note = rejection_note(hub, sent.study)
    lost = hub.as_("expert").post(url, json={**body, "outputs": [{**note, "sop_instance_uid": new_uid()}]})
    by_junior = hub.as_("resident").post(url, json={**body, "outputs": [note]})
    done = expect(200, hub.as_("expert").post(url, json={**body, "outputs": [note]}))
    again = hub.as_("expert").post(url, json={**body, "outputs": [note]})

    assert [bare.status_code, of_old.status_code, lost.status_code, by_junior.status_code] == [400, 409, 409, 403]
    assert (done.json()["state"], done.json()["ended_reason"]) == ("entered_in_error", "wrong_patient: 患者错位")
    assert again.json() == done.json()
    assert [step for step, _kind, _state in versions(hub, "expert", sent.ups)] == ["signed", "signed"] + [
        "withdrawn"
    ] * 2
    assert {(one["withdrawn_code"], one["withdrawn_reason"]) for one in inbox(hub, sent.study)} == {
        ("wrong_patient", "患者错位")
    }
    row = hub.row("expert", sent.ups)
    assert (row["state"], row["workitem_code"]) == ("ready", "110005")
    assert hub.as_("technician").get(f"/api/reports/{sent.ups}").status_code == 404
    lock = hub.claim("expert", row["ups_instance_uid"])
    right = signed(new_report(sent.study, row["ups_instance_uid"], new_uid(), author=EXPERT))
    expect(200, finalise(hub, row["ups_instance_uid"], right, lock, stored_outputs(hub, sent.study)))
    assert from_json(hub.as_("technician").get(f"/api/reports/{sent.ups}").json()) == right


def test_where_the_rules_say_so_nobody_signs_what_he_wrote_alone(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    report = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))
    outputs = stored_outputs(hub, sent.study)
    with policy(hub, second_signer=True):
        refused = finalise(hub, sent.ups, report, lock, outputs)
        told = hub.as_("expert").get(f"/api/reports/{sent.ups}/rules").json()
        of_others = hub.as_("technician2").get(f"/api/reports/{sent.ups}/rules")
    forbidden = hub.as_("expert").put("/api/policy/report", json={"second_signer": False})
    allowed = finalise(hub, sent.ups, report, lock, outputs)

    assert (refused.status_code, refused.json()["error"]) == (403, "second_signer")
    assert told == {"second_signer": True, "double_reading": None}
    assert (of_others.status_code, forbidden.status_code, allowed.status_code) == (404, 403, 200)


def test_a_correction_is_written_by_its_author_or_a_senior_and_may_need_a_second_doctor(hub: HubBed) -> None:
    sent, first, _outputs = final_case(hub)
    by_other = ask_to_revise(hub, "resident", first, ReportKind.CORRECTED, new_uid(), new_uid())
    by_sender = ask_to_revise(hub, "technician", first, ReportKind.CORRECTED, new_uid(), new_uid())
    original = ask_to_revise(hub, "expert", first, ReportKind.ORIGINAL, new_uid(), new_uid())
    work = begun(hub, first, ReportKind.CORRECTED)
    handed = work.draft.moved(ReportState.PRELIMINARY, at=NOW)
    expect(200, submit(hub, "expert", work.ups, handed, work.lock))
    row = hub.row("expert", sent.ups)
    lock = hub.claim("expert", row["ups_instance_uid"])
    returned = handed.moved(ReportState.RETURNED, at=NOW, reason="措辞")
    expect(200, send_back(hub, row["ups_instance_uid"], returned, lock, "措辞"))

    assert (by_other.status_code, by_sender.status_code, original.status_code) == (403, 403, 400)
    assert (row["state"], row["workitem_code"]) == ("preliminary", "110007")
    assert hub.row("expert", sent.ups)["state"] == "returned"
    assert from_json(hub.as_("technician").get(f"/api/reports/{sent.ups}").json()) == first
    assert versions(hub, "technician", sent.ups) == [("signed", "original", "final")]
    assert [step for step, _kind, _state in versions(hub, "expert", sent.ups)] == ["signed", "submitted", "returned"]


@pytest.mark.parametrize("path", ["versions", "rules", "readings"])
def test_another_site_learns_nothing(hub: HubBed, path: str) -> None:
    sent, _first, _outputs = final_case(hub)

    answers = {user: hub.as_(user).get(f"/api/reports/{sent.ups}/{path}").status_code for user in USERS_APART}

    assert answers == dict.fromkeys(USERS_APART, 403 if path == "readings" else 404)


USERS_APART = ("technician2", "trainer", "quality", "admin")


@pytest.mark.parametrize("path", ["revise", "cancel", "withdraw", "double"])
def test_another_site_changes_nothing(hub: HubBed, path: str) -> None:
    sent, first, outputs = final_case(hub)
    bodies: dict[str, dict[str, Any]] = {
        "revise": {
            "kind": "corrected",
            "predecessor_uid": first.report_uid,
            "ups_instance_uid": new_uid(),
            "transaction_uid": new_uid(),
        },
        "cancel": {"report": as_json(first), "transaction_uid": new_uid(), "reason": "x"},
        "withdraw": {"report_uid": first.report_uid, "code": "wrong_patient", "reason": "x", "outputs": outputs},
        "double": {},
    }

    answers = [
        hub.as_(user).post(f"/api/reports/{sent.ups}/{path}", json=bodies[path]).status_code
        for user in ("technician", "technician2", "trainer", "admin")
    ]

    assert answers == [403] * 4
    assert hub.row("expert", sent.ups)["state"] == "final"
