"""Blind double reading on the hub: two who know nothing of each other, a third who decides, kappa over all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.helpers.hub import HubBed, SentStudy, expect, new_uid
from tests.helpers.hub_reports import (
    EXPERT,
    NOW,
    RESIDENT,
    finalise,
    from_json,
    new_report,
    signed,
    stored_outputs,
    submit,
)
from workstation.domain.categories.values import AssignedCategory, CategoryResult, Scheme
from workstation.domain.report import Person, Report
from workstation.domain.report_state import ReportState

SECOND = Person("reader2", "赵敏", "")  # an account of no site: the hub takes the name and place of the account
THIRD = Person("senior2", "李明", "省影像专科联盟远程诊断中心")


@pytest.fixture(autouse=True, scope="module")
def people(hub: HubBed) -> None:
    """Add a second reader and a second senior."""
    for person, role in ((SECOND, "reader"), (THIRD, "senior")):
        account = {"user_id": person.user_id, "password": "long-enough-1", "display_name": person.name, "role": role}
        expect(201, hub.as_("admin").post("/api/accounts", json=account))


def ordered(hub: HubBed, user: str = "expert") -> SentStudy:
    sent = hub.send()
    expect(204, hub.as_(user).post(f"/api/reports/{sent.ups}/double"))
    return sent


def reading(sent: SentStudy, ups: str, author: Person, impression: str, category: str = "") -> Report:
    report = new_report(sent.study, ups, new_uid(), author=author, impression=impression)
    if category:
        result = CategoryResult(Scheme.LUNG_RADS, "v2022", category, "rule", "management")
        report = report.with_category(AssignedCategory(result, category, "rule", "m", author.user_id, NOW), at=NOW)
    return report.moved(ReportState.PRELIMINARY, at=NOW)


def read(hub: HubBed, sent: SentStudy, author: Person, impression: str, category: str = "") -> Report:
    ups = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim(author.user_id, ups)
    report = reading(sent, ups, author, impression, category)
    expect(200, submit(hub, author.user_id, ups, report, lock))
    expect(200, submit(hub, author.user_id, ups, report, lock))  # again, after an answer that was lost
    return report


def test_the_second_reader_finds_the_case_as_if_nobody_had_read_it(hub: HubBed) -> None:
    sent = ordered(hub)
    read(hub, sent, RESIDENT, "良性")

    row = hub.row(SECOND.user_id, sent.ups)
    secrets = [
        hub.as_(user).get(f"/api/reports/{ups}{path}")
        for user in (SECOND.user_id, "expert", "resident", "technician")
        for ups in (sent.ups, row["ups_instance_uid"])
        for path in ("", "/versions", "/readings")
    ]

    assert (row["state"], row["workitem_code"], row["reader_name"]) == ("ready", "110005", "")
    assert row["ups_instance_uid"] != sent.ups
    assert all("良性" not in answer.text for answer in secrets)
    assert {answer.status_code for answer in secrets} == {200, 403, 404}
    assert hub.as_(SECOND.user_id).get(f"/api/reports/{sent.ups}/rules").json()["double_reading"] == "reading"
    own_again = hub.change_state("resident", row["ups_instance_uid"], new_uid(), "IN PROGRESS")
    assert (own_again.status_code, own_again.json()["error"]) == (403, "not_independent")
    assert hub.row("expert", sent.ups)["state"] == "ready"


def test_a_blind_reading_is_not_signed(hub: HubBed) -> None:
    sent = ordered(hub)
    lock = hub.claim("expert", sent.ups)
    report = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))

    refused = finalise(hub, sent.ups, report, lock, stored_outputs(hub, sent.study))

    assert (refused.status_code, refused.json()["error"]) == (409, "no_longer_updatable")


def test_two_who_agree_give_one_report_to_verify(hub: HubBed) -> None:
    sent = ordered(hub)
    first = read(hub, sent, RESIDENT, "右肺结节，随访", "3")
    second = read(hub, sent, SECOND, "右肺上叶实性结节", "3")

    row = hub.row("expert", sent.ups)
    assert (row["state"], row["workitem_code"], row["reader_id"]) == ("preliminary", "110007", "resident")
    assert hub.as_("expert").get(f"/api/reports/{sent.ups}/rules").json()["double_reading"] == "agreed"
    assert from_json(hub.as_("expert").get(f"/api/reports/{sent.ups}").json()) == first
    both = hub.as_("expert").get(f"/api/reports/{sent.ups}/readings").json()
    assert [from_json(one) for one in both] == [first, second]


def test_two_who_disagree_go_to_a_third_who_read_neither(hub: HubBed) -> None:
    sent = ordered(hub, "quality")
    first = read(hub, sent, RESIDENT, "随访", "3")
    read(hub, sent, EXPERT, "穿刺", "4B")
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]

    by_reader = hub.change_state("expert", verification, new_uid(), "IN PROGRESS")
    lock = hub.claim(THIRD.user_id, verification)
    decided = signed(first.with_values({"impression": "穿刺"}, at=NOW + timedelta(hours=1)))
    final = replace(decided, verifier=THIRD)
    outputs = stored_outputs(hub, sent.study)
    expect(200, finalise(hub, verification, final, lock, outputs, user=THIRD.user_id))

    assert (by_reader.status_code, by_reader.json()["error"]) == (403, "not_independent")
    assert hub.as_("expert").get(f"/api/reports/{sent.ups}/rules").json()["double_reading"] == "decided"
    assert hub.row("technician", sent.ups)["state"] == "final"


def test_without_a_category_only_the_same_words_agree(hub: HubBed) -> None:
    states = []
    for impression in ("未见 异常。", "双肺纹理增多"):
        sent = ordered(hub)
        read(hub, sent, RESIDENT, "未见异常。")
        read(hub, sent, SECOND, impression)
        states.append(hub.as_("expert").get(f"/api/reports/{sent.ups}/rules").json()["double_reading"])

    assert states == ["agreed", "arbitration"]


def test_every_nth_case_is_read_twice_where_the_rules_say_so(hub: HubBed) -> None:
    expect(200, hub.as_("quality").put("/api/policy/report", json={"double_reading_every": 2}))
    try:
        marks = [hub.as_("expert").get(f"/api/reports/{hub.send().ups}/rules").json() for _ in range(4)]
    finally:
        expect(200, hub.as_("quality").put("/api/policy/report", json={}))

    wanted = [mark["double_reading"] for mark in marks]
    assert wanted in (["reading", None] * 2, [None, "reading"] * 2)
    assert hub.as_("quality").put("/api/policy/report", json={"double_reading_every": -1}).status_code == 400


def test_a_case_that_somebody_reads_is_not_made_a_double_reading(hub: HubBed) -> None:
    sent = hub.send()
    hub.claim("resident", sent.ups)
    again = ordered(hub)

    assert hub.as_("expert").post(f"/api/reports/{sent.ups}/double").status_code == 409
    assert hub.as_("expert").post(f"/api/reports/{again.ups}/double").status_code == 204
    assert hub.as_("expert").post(f"/api/reports/{new_uid()}/double").status_code == 404


def test_kappa_over_all_double_readings(hub: HubBed) -> None:
    before = expect(200, hub.as_("quality").get("/api/quality/agreement")).json()

    assert [(one["scheme"], one["agreement"]["cases"]) for one in before["schemes"]] == [("lung-rads", 2)]
    # readers gave 3/3 and 3/4B: observed 1/2; by chance (2*1 + 0*1) / 4 = 1/2; so kappa is 0
    assert before["schemes"][0]["agreement"]["kappa"] == 0.0
    assert (before["concluded"], before["agreed"], before["arbitrated"], before["unrated"]) == (4, 2, 2, 2)
    assert hub.as_("resident").get("/api/quality/agreement").status_code == 403
