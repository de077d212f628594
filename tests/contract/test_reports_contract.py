"""The report on the hub: from a junior's submission to the sender's acknowledgement, each step once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.hub import HubBed, expect, new_uid
from tests.helpers.hub_reports import (
    EXPERT,
    NOW,
    RESIDENT,
    finalise,
    from_json,
    new_report,
    send_back,
    signed,
    state,
    stored_outputs,
    submit,
    submitted,
    workitem,
)
from workstation.domain.report import ReportState


def test_submitting_completes_the_reading_and_schedules_its_verification(hub: HubBed) -> None:
    sent, report = submitted(hub)

    row = hub.row("expert", sent.ups)
    verification = workitem(hub, row["ups_instance_uid"])

    assert (row["state"], row["workitem_code"], row["reader_name"]) == ("preliminary", "110007", "宋佳")
    assert row["ups_instance_uid"] != sent.ups
    assert state(hub, sent.ups) == "COMPLETED"
    assert workitem(hub, sent.ups)["00741216"]["Value"][0]["00404033"] == {"vr": "SQ"}  # no output yet
    assert verification["00741000"]["Value"] == ["SCHEDULED"]
    assert verification["00404018"]["Value"][0]["00080100"]["Value"] == ["110007"]
    assert verification["0020000D"]["Value"] == [sent.study]
    assert from_json(hub.as_("expert").get(f"/api/reports/{sent.ups}").json()) == report
    assert from_json(hub.as_("expert").get(f"/api/reports/{row['ups_instance_uid']}").json()) == report


def test_a_draft_becomes_preliminary_on_the_hub_itself(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("resident", sent.ups)
    report = new_report(sent.study, sent.ups, new_uid())

    stored = from_json(expect(200, submit(hub, "resident", sent.ups, report, lock)).json())

    assert (stored.state, stored.revision) == (ReportState.PRELIMINARY, report.revision + 1)


def test_submitting_again_after_a_lost_answer_changes_nothing(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("resident", sent.ups)
    report = new_report(sent.study, sent.ups, new_uid()).moved(ReportState.PRELIMINARY, at=NOW)
    first = expect(200, submit(hub, "resident", sent.ups, report, lock))
    row = hub.row("expert", sent.ups)

    second = expect(200, submit(hub, "resident", sent.ups, report, lock))

    assert first.json() == second.json()
    assert row == hub.row("expert", sent.ups)


def test_a_returned_report_goes_back_to_its_author_and_comes_again(hub: HubBed) -> None:
    sent, report = submitted(hub)
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim("expert", verification)
    returned = report.moved(ReportState.RETURNED, at=NOW, reason="请补充结节大小")

    stored = from_json(expect(200, send_back(hub, verification, returned, lock, "请补充结节大小")).json())
    again = expect(200, send_back(hub, verification, returned, lock, "请补充结节大小"))

    row = hub.row("resident", sent.ups)
    reading = workitem(hub, row["ups_instance_uid"])
    assert stored == returned == from_json(again.json())
    assert (row["state"], row["workitem_code"], row["reader_id"]) == ("returned", "110005", "resident")
    assert reading["00404034"]["Value"][0]["00404037"]["Value"][0]["Alphabetic"] == "宋佳"
    assert state(hub, verification) == "COMPLETED"
    lock = hub.claim("resident", row["ups_instance_uid"])
    better = stored.with_values({"impression": "8 mm"}, at=NOW).moved(ReportState.PRELIMINARY, at=NOW)
    expect(200, submit(hub, "resident", row["ups_instance_uid"], better, lock))
    assert hub.row("expert", sent.ups)["state"] == "preliminary"


def test_a_given_back_returned_case_is_still_its_authors(hub: HubBed) -> None:
    sent, report = submitted(hub)
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim("expert", verification)
    expect(200, send_back(hub, verification, report, lock, "why"))
    reading = hub.row("resident", sent.ups)["ups_instance_uid"]
    lock = hub.claim("resident", reading)

    expect(200, hub.as_("resident").post(f"/api/worklist/{reading}/release", json={"transaction_uid": lock}))

    row = hub.row("resident", sent.ups)
    assert (row["state"], row["reader_id"]) == ("returned", "resident")


def test_a_return_needs_a_reason(hub: HubBed) -> None:
    sent, report = submitted(hub)
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim("expert", verification)

    response = send_back(hub, verification, report, lock, "  ")

    assert (response.status_code, state(hub, verification)) == (400, "IN PROGRESS")


def test_a_final_report_reaches_the_sender_in_one_step(hub: HubBed) -> None:
    sent, report = submitted(hub)
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim("expert", verification)
    outputs = stored_outputs(hub, sent.study)

    stored = from_json(expect(200, finalise(hub, verification, signed(report), lock, outputs)).json())

    row = hub.row("technician", sent.ups)
    produced = workitem(hub, verification)["00741216"]["Value"][0]["00404033"]["Value"]
    inbox = {item["ups_instance_uid"]: item for item in hub.as_("technician").get("/api/inbox").json()}
    returned = inbox[verification]
    assert stored == signed(report)
    assert (row["state"], row["reader_name"]) == ("final", "王启明")
    assert state(hub, verification) == "COMPLETED"
    assert [item["00081199"]["Value"][0]["00081155"]["Value"][0] for item in produced] == [
        output["sop_instance_uid"] for output in outputs
    ]
    assert returned["summary"] == "右肺上叶结节，建议随访。"
    assert (returned["signer"], returned["acknowledged_at"]) == ("王启明", "")
    assert returned["report_sop_instance_uid"] == outputs[0]["sop_instance_uid"]
    assert returned["pdf_sop_instance_uid"] == outputs[1]["sop_instance_uid"]
    assert returned["pdf_series_instance_uid"] == outputs[1]["series_instance_uid"]
    assert from_json(hub.as_("technician").get(f"/api/reports/{sent.ups}").json()) == signed(report)


def test_the_sender_sees_no_report_before_it_is_final(hub: HubBed) -> None:
    sent, _report = submitted(hub)

    assert hub.as_("technician").get(f"/api/reports/{sent.ups}").status_code == 404
    assert hub.as_("resident").get(f"/api/reports/{sent.ups}").status_code == 200


def test_a_senior_may_sign_straight_from_the_reading(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    report = new_report(sent.study, sent.ups, new_uid(), author=EXPERT)

    expect(200, finalise(hub, sent.ups, signed(report), lock, stored_outputs(hub, sent.study)))

    assert hub.row("technician", sent.ups)["state"] == "final"
    assert state(hub, sent.ups) == "COMPLETED"


def test_a_final_report_delivered_twice_has_one_effect(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    report = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))
    outputs = stored_outputs(hub, sent.study)
    first = expect(200, finalise(hub, sent.ups, report, lock, outputs))
    row = hub.row("expert", sent.ups)

    second = expect(200, finalise(hub, sent.ups, report, lock, outputs))

    assert first.json() == second.json()
    assert row == hub.row("expert", sent.ups)
    assert sum(item["study_instance_uid"] == sent.study for item in hub.as_("technician").get("/api/inbox").json()) == 1


def test_a_final_report_whose_objects_are_not_stored_is_refused_and_nothing_moves(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    report = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))
    outputs = stored_outputs(hub, sent.study)
    lost = {**outputs[1], "sop_instance_uid": new_uid()}

    response = finalise(hub, sent.ups, report, lock, [outputs[0], lost])
    none = finalise(hub, sent.ups, report, lock, [])

    assert (response.status_code, response.json()["error"]) == (409, "study_incomplete")
    assert response.json()["missing"] == [lost["sop_instance_uid"]]
    assert none.status_code == 400
    assert state(hub, sent.ups) == "IN PROGRESS"
    assert hub.as_("expert").get(f"/api/reports/{sent.ups}").status_code == 404


def test_a_second_final_report_from_a_stale_claim_is_refused(hub: HubBed) -> None:
    sent = hub.send()
    stale = hub.claim("expert", sent.ups)
    expect(200, hub.as_("expert").post(f"/api/worklist/{sent.ups}/release", json={"transaction_uid": stale}))
    fresh = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim("expert", fresh)
    outputs = stored_outputs(hub, sent.study)
    expect(
        200,
        finalise(
            hub, fresh, signed(new_report(sent.study, fresh, "2.25.1" + new_uid()[5:], author=EXPERT)), lock, outputs
        ),
    )

    late = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))
    answers = [
        finalise(hub, sent.ups, late, stale, outputs),
        finalise(hub, fresh, late, lock, outputs),
        finalise(hub, fresh, late, stale, outputs),
    ]

    assert [(a.status_code, a.json()["error"]) for a in answers] == [
        (409, "no_longer_updatable"),
        (409, "no_longer_updatable"),
        (400, "wrong_transaction"),
    ]


def test_an_older_revision_never_replaces_a_newer_one(hub: HubBed) -> None:
    sent, report = submitted(hub)
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim("expert", verification)
    stale = replace(report, revision=report.revision - 1, state=ReportState.RETURNED, return_reason="x")

    response = send_back(hub, verification, stale, lock, "x")

    assert (response.status_code, response.json()["error"]) == (409, "stale_revision")
    assert state(hub, verification) == "IN PROGRESS"


def test_reports_move_only_under_their_lock(hub: HubBed) -> None:
    sent = hub.send()
    report = new_report(sent.study, sent.ups, new_uid())
    before = submit(hub, "resident", sent.ups, report, new_uid())
    lock = hub.claim("resident", sent.ups)
    other = hub.send()
    answers = [
        before,
        submit(hub, "resident", sent.ups, report, ""),
        submit(hub, "resident", sent.ups, report, new_uid()),
        submit(hub, "expert", sent.ups, replace(report, author=EXPERT), new_uid()),
        submit(hub, "resident", sent.ups, new_report(other.study, sent.ups, new_uid()), lock),
        submit(hub, "resident", new_uid(), report, lock),
    ]

    assert [(a.status_code, a.json()["error"]) for a in answers] == [
        (400, "wrong_transaction"),
        (400, "wrong_transaction"),
        (400, "wrong_transaction"),
        (409, "already_claimed"),
        (400, "bad_request"),
        (404, "not_found"),
    ]
    assert answers[3].json()["holder"] == "宋佳"
    assert state(hub, sent.ups) == "IN PROGRESS"


def test_nobody_signs_or_writes_under_another_name(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    outputs = stored_outputs(hub, sent.study)
    foreign = new_report(sent.study, sent.ups, new_uid(), author=RESIDENT)
    own = new_report(sent.study, sent.ups, new_uid(), author=EXPERT)

    answers = [
        submit(hub, "expert", sent.ups, foreign, lock),
        finalise(hub, sent.ups, signed(foreign), lock, outputs),
        finalise(hub, sent.ups, replace(signed(own), verifier=RESIDENT), lock, outputs),
        finalise(hub, sent.ups, signed(own), lock, outputs, user="resident"),
    ]

    assert [(a.status_code, a.json()["error"]) for a in answers] == [(403, "not_permitted")] * 4


def test_a_reading_of_a_case_is_not_completed_without_its_report(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    performed_by_hand = workitem(hub, sent.ups)

    response = hub.change_state("expert", sent.ups, lock, "COMPLETED")

    assert (response.status_code, response.json()["dimse_status"]) == (409, "C304")
    assert performed_by_hand == workitem(hub, sent.ups)


def test_acknowledging_is_done_once_and_by_the_own_site_only(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    report = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))
    expect(200, finalise(hub, sent.ups, report, lock, stored_outputs(hub, sent.study)))

    foreign = hub.as_("technician2").post(f"/api/inbox/{sent.ups}/acknowledge")
    first = expect(200, hub.as_("technician").post(f"/api/inbox/{sent.ups}/acknowledge")).json()
    second = expect(200, hub.as_("technician").post(f"/api/inbox/{sent.ups}/acknowledge")).json()

    assert foreign.status_code == 404
    assert first == second
    assert first["acknowledged_by"] == "韩梅"
    assert first["acknowledged_at"]
    assert hub.row("expert", sent.ups)["state"] == "acknowledged"


def test_releasing_a_verification_leaves_the_report_waiting(hub: HubBed) -> None:
    sent, report = submitted(hub)
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim("expert", verification)

    fresh = expect(
        200, hub.as_("expert").post(f"/api/worklist/{verification}/release", json={"transaction_uid": lock})
    ).json()["ups_instance_uid"]

    row = hub.row("expert", sent.ups)
    assert (row["state"], row["workitem_code"], row["ups_instance_uid"]) == ("preliminary", "110007", fresh)
    assert state(hub, verification) == "CANCELED"
    assert from_json(hub.as_("expert").get(f"/api/reports/{fresh}").json()) == report


@pytest.mark.parametrize("body", ["{}", '{"report": 1}', "[]", "nonsense"])
def test_a_body_that_is_no_report_is_a_bad_request(hub: HubBed, body: str) -> None:
    response = hub.as_("resident").post(
        f"/api/reports/{new_uid()}/submit", content=body, headers={"Content-Type": "application/json"}
    )

    assert (response.status_code, response.json()["error"]) == (400, "bad_request")
