"""The worklist: what a reader sees first, what each tab holds, and that AI never hides a case."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from tests.helpers.hub import Dataset, HubBed, code_item, digests, expect, new_uid, performed, study_files
from worklist.hub.tables import cases

TABS = {"to_read", "mine", "to_review", "returned", "signed", "critical", "all"}
MINUTES = {"HIGH": 30, "MEDIUM": 120, "LOW": 1440}


def page(hub: HubBed, user: str = "expert", **query: str | int) -> dict[str, Any]:
    found: dict[str, Any] = expect(200, hub.as_(user).get("/api/worklist", params=query)).json()
    return found


def studies(found: dict[str, Any]) -> list[str]:
    return [row["study_instance_uid"] for row in found["rows"]]


def test_a_requested_study_arrives_image_by_image(hub: HubBed) -> None:
    study, client = new_uid(), hub.as_("technician")
    files = study_files(study, 3, PatientName="王^小明", PatientID="RX-1")
    uids = list(files)
    request = {"study_instance_uid": study, "priority": "HIGH", "clinical_question": "咯血", "expected_instances": 3}
    expect(201, client.post("/api/requests", json=request))
    expect(201, client.post("/api/requests", json=request))

    def row() -> dict[str, Any]:
        return next(r for r in page(hub, "technician", tab="mine")["rows"] if r["study_instance_uid"] == study)

    before = row()
    expect(200, hub.store("technician", study, list(files.values())[:2]))
    half = row()
    promised = digests(files)
    missing = expect(200, client.post(f"/api/requests/{study}/missing", json={"instances": promised})).json()
    early = client.post(f"/api/requests/{study}/complete", json={"instances": promised})
    expect(200, hub.store("technician", study, list(files.values())[2:]))
    wrong = client.post(f"/api/requests/{study}/complete", json={"instances": promised | {uids[0]: "0" * 64}})
    none = client.post(f"/api/requests/{study}/complete", json={"instances": {}})
    done = expect(200, client.post(f"/api/requests/{study}/complete", json={"instances": promised})).json()
    again = expect(200, client.post(f"/api/requests/{study}/complete", json={"instances": promised})).json()
    after = row()

    assert (before["state"], before["images_received"], before["images_expected"]) == ("receiving", 0, 3)
    assert (half["images_received"], half["ups_instance_uid"]) == (2, before["ups_instance_uid"])
    assert missing == {"missing": [uids[2]], "conflicts": []}
    assert (early.status_code, early.json()["error"], early.json()["missing"]) == (409, "study_incomplete", [uids[2]])
    assert (wrong.status_code, wrong.json()["error"], wrong.json()["conflicts"]) == (
        409,
        "integrity_mismatch",
        [uids[0]],
    )
    assert none.status_code == 400
    assert done == again
    assert done["ups_instance_uid"] == after["ups_instance_uid"] == before["ups_instance_uid"]
    assert (after["state"], after["ai"]["state"], after["images_received"]) == ("ready", "queued", 3)
    assert (after["patient_name"], after["pinyin_initials"], after["modality"]) == ("王小明", "wxm", "CT")
    assert (after["site_name"], after["clinical_question"]) == ("清水镇中心卫生院", "咯血")
    assert after["revision"] > before["revision"]


@pytest.mark.parametrize("priority", MINUTES)
def test_the_due_time_follows_the_priority(hub: HubBed, priority: str) -> None:
    row = hub.row("expert", hub.send(priority=priority).ups)

    left = datetime.fromisoformat(row["due"]) - datetime.fromisoformat(row["arrived"])

    assert left == timedelta(minutes=MINUTES[priority])


def test_the_reading_workitem_carries_what_a_reader_needs(hub: HubBed) -> None:
    sent = hub.send(priority="MEDIUM", question="结节随访", slices=3, AccessionNumber="ACC-1")

    item = expect(200, hub.as_("expert").get(f"/dicom-web/workitems/{sent.ups}")).json()[0]

    request = item["0040A370"]["Value"][0]
    source = item["00404021"]["Value"][0]
    assert item["00404018"]["Value"][0]["00080100"]["Value"] == ["110005"]
    assert item["00741200"]["Value"] == ["MEDIUM"]
    assert item["00404041"]["Value"] == ["READY"]
    assert item["0020000D"]["Value"] == [sent.study]
    assert item["00404011"]["Value"][0]
    assert (request["00080050"]["Value"], request["00321033"]["Value"]) == (["ACC-1"], ["清水镇中心卫生院"])
    assert request["00401002"]["Value"] == ["结节随访"]
    assert [reference["00081155"]["Value"][0] for reference in source["00081199"]["Value"]] == list(sent.files)
    assert source["0040E025"]["Value"][0]["00081190"]["Value"][0].startswith(f"/dicom-web/studies/{sent.study}/series/")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"Modality": "CT", "StudyDescription": "Chest CT"}, "queued"),
        ({"Modality": "CT", "StudyDescription": ""}, "queued"),
        ({"Modality": "CT", "StudyDescription": "胸腹联合"}, "queued"),
        ({"Modality": "CT", "StudyDescription": "Head CT"}, "not_applicable"),
        ({"Modality": "CT", "StudyDescription": "腹部平扫"}, "not_applicable"),
        ({"Modality": "CT", "StudyDescription": "", "BodyPartExamined": "KNEE"}, "not_applicable"),
        ({"Modality": "MR", "StudyDescription": "Chest"}, "not_applicable"),
    ],
)
def test_only_a_chest_ct_is_read_by_the_chest_model(hub: HubBed, attributes: dict[str, str], expected: str) -> None:
    sent = hub.send(slices=2, priority="LOW", question="", **attributes)

    assert hub.row("expert", sent.ups)["ai"]["state"] == expected
    assert (sent.ai_ups is not None) == (expected == "queued")


def summary(finding_count: int, top: int | None) -> Dataset:
    """Return a finished pre-read as the worker sends it."""
    content = performed(code="110004")
    told = {
        "series_instance_uid": "1.2.3",
        "algorithm": {"name": "xs-baseline", "version": "1", "sha256": "ab"},
        "finding_count": finding_count,
        "top_score": 0.9,
        "top_out_of_ten": top,
        "seconds": {"total": 1.5},
    }
    content["00741216"]["Value"][0]["00741212"] = {
        "vr": "SQ",
        "Value": [
            {
                "0040A040": {"vr": "CS", "Value": ["TEXT"]},
                "0040A043": {"vr": "SQ", "Value": [code_item("DETECTION_SUMMARY", "Summary", "99LIANYUE")]},
                "0040A160": {"vr": "UT", "Value": [json.dumps(told)]},
            }
        ],
    }
    return content


def percent(value: str) -> Dataset:
    return {"00741002": {"vr": "SQ", "Value": [{"00741004": {"vr": "DS", "Value": [value]}}]}}


def test_the_pre_read_is_followed_and_the_case_can_be_read_all_the_while(hub: HubBed) -> None:
    sent, worker = hub.send(), hub.as_("worker")
    assert sent.ai_ups is not None

    def ai() -> dict[str, Any]:
        row = hub.row("expert", sent.ups)
        assert row["state"] == "ready"
        cell: dict[str, Any] = row["ai"]
        return cell

    queued = ai()
    lock = hub.claim("worker", sent.ai_ups)
    running = ai()
    expect(200, worker.post(f"/dicom-web/workitems/{sent.ai_ups}?{lock}", json=percent("40")))
    halfway = ai()
    expect(200, worker.post(f"/dicom-web/workitems/{sent.ai_ups}?{lock}", json=summary(3, 8)))
    expect(200, hub.change_state("worker", sent.ai_ups, lock, "COMPLETED"))
    done = ai()

    assert (queued["state"], running["state"], halfway["progress"]) == ("queued", "running", 0.4)
    assert queued["queue_position"] >= 1
    assert (done["state"], done["finding_count"], done["top_out_of_ten"], done["progress"]) == ("done", 3, 8, 1.0)
    assert sent.study in studies(page(hub, tab="to_read", with_ai_findings="true"))
    hub.claim("expert", sent.ups)


def test_a_failed_pre_read_leaves_the_case_readable(hub: HubBed) -> None:
    sent = hub.send()
    assert sent.ai_ups is not None
    lock = hub.claim("worker", sent.ai_ups)

    expect(200, hub.change_state("worker", sent.ai_ups, lock, "CANCELED"))

    row = hub.row("expert", sent.ups)
    assert (row["state"], row["ai"]["state"]) == ("ready", "failed")
    hub.claim("expert", sent.ups)


def test_a_worker_may_give_a_pre_read_back(hub: HubBed) -> None:
    sent = hub.send()
    assert sent.ai_ups is not None
    lock = hub.claim("worker", sent.ai_ups)

    body = {"transaction_uid": lock}
    fresh = expect(200, hub.as_("worker").post(f"/api/worklist/{sent.ai_ups}/release", json=body)).json()

    assert fresh["ups_instance_uid"] not in {sent.ups, sent.ai_ups}
    assert hub.row("expert", sent.ups)["ai"]["state"] == "queued"
    hub.claim("worker", fresh["ups_instance_uid"])


@pytest.fixture
def later(hub: HubBed) -> Iterator[HubBed]:
    """Return the hub with a clock that the test may move; it is set back afterwards."""
    yield hub
    hub.clock.ahead = timedelta()


def test_what_a_killed_worker_held_is_scheduled_anew_and_the_dead_one_is_locked_out(later: HubBed) -> None:
    sent = later.send()
    assert sent.ai_ups is not None
    lock = later.claim("worker", sent.ai_ups)
    query = {"ScheduledWorkitemCodeSequence.CodeValue": "110004", "StudyInstanceUID": sent.study}
    waiting = query | {"ProcedureStepState": "SCHEDULED"}
    later.clock.ahead = timedelta(minutes=4)
    expect(204, later.as_("worker").get("/dicom-web/workitems", params=waiting))
    expect(200, later.as_("worker").post(f"/dicom-web/workitems/{sent.ai_ups}?{lock}", json=percent("10")))
    later.clock.ahead = timedelta(minutes=8)
    expect(204, later.as_("worker").get("/dicom-web/workitems", params=waiting))  # a sign of life renewed the lease

    later.clock.ahead = timedelta(minutes=10)
    found = expect(200, later.as_("worker").get("/dicom-web/workitems", params=waiting)).json()

    assert len(found) == 1
    assert found[0]["00080018"]["Value"] != [sent.ai_ups]
    assert later.change_state("worker", sent.ai_ups, lock, "COMPLETED").json()["dimse_status"] == "C300"
    assert later.row("expert", sent.ups)["ai"]["state"] == "queued"


def test_a_claim_shows_the_reader_and_a_release_schedules_anew(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("resident", sent.ups)
    reading = hub.row("expert", sent.ups)
    assert sent.study in studies(page(hub, "resident", tab="mine"))
    assert sent.study not in studies(page(hub, "expert", tab="mine"))
    release = f"/api/worklist/{sent.ups}/release"

    wrong = hub.as_("expert").post(release, json={"transaction_uid": new_uid()})
    fresh = expect(200, hub.as_("resident").post(release, json={"transaction_uid": lock})).json()["ups_instance_uid"]
    twice = hub.as_("resident").post(release, json={"transaction_uid": lock})

    row = hub.row("expert", sent.ups)
    old = hub.as_("expert").get(f"/dicom-web/workitems/{sent.ups}").json()[0]
    assert (reading["state"], reading["reader_name"], reading["reader_id"]) == ("reading", "宋佳", "resident")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "wrong_transaction")
    assert (twice.status_code, twice.json()["error"]) == (409, "no_longer_updatable")
    assert (row["state"], row["reader_name"], row["ups_instance_uid"]) == ("ready", "", fresh)
    assert row["revision"] > reading["revision"]
    assert old["00741000"]["Value"] == ["CANCELED"]
    assert old["00741002"]["Value"][0]["0074100E"]["Value"][0]["00080100"]["Value"] == ["110513"]
    hub.claim("expert", fresh)


def test_a_cancelled_claim_is_scheduled_anew_too(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("resident", sent.ups)

    expect(200, hub.change_state("resident", sent.ups, lock, "CANCELED"))

    row = hub.row("expert", sent.ups)
    assert row["state"] == "ready"
    assert row["ups_instance_uid"] != sent.ups


def test_a_withdrawn_request_leaves_the_reading_list(hub: HubBed) -> None:
    sent = hub.send()

    expect(202, hub.as_("technician").post(f"/dicom-web/workitems/{sent.ups}/cancelrequest"))

    assert hub.row("technician", sent.ups)["state"] == "cancelled"
    assert sent.study not in studies(page(hub, tab="to_read"))


def test_stat_comes_first_then_the_least_time_left(hub: HubBed) -> None:
    sent = [hub.send(priority=priority, PatientID="ORDER") for priority in ("LOW", "MEDIUM", "HIGH", "MEDIUM", "HIGH")]

    found = studies(page(hub, text="order"))

    assert found == [sent[index].study for index in (2, 4, 1, 3, 0)]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("欧阳", True),
        ("oyxx", True),
        ("OYXX", True),
        ("find-9", True),
        ("acc-99", True),
        ("欧阳 find-9", True),
        ("欧阳 nobody", False),
        ("%", False),
        ("_", False),
        ("f_nd", False),
    ],
)
def test_searching_by_name_initials_id_and_accession_number(
    hub: HubBed, ouyang: str, text: str, *, is_found: bool
) -> None:
    assert (ouyang in studies(page(hub, tab="all", text=text))) == is_found


@pytest.fixture(scope="module")
def ouyang(hub: HubBed) -> str:
    """Return the study of a patient with a name to search for."""
    return hub.send(PatientName="欧阳^潇潇", PatientID="FIND-9", AccessionNumber="ACC-99").study


def test_a_pet_with_its_ct_is_listed_as_both_however_many_slices_the_ct_has(hub: HubBed) -> None:
    study, client = new_uid(), hub.as_("technician")
    patient = {"PatientName": "贺^云", "PatientID": "PETCT-1"}
    files = study_files(study, 3, Modality="CT", **patient) | study_files(study, 1, Modality="PT", **patient)
    request = {"study_instance_uid": study, "priority": "LOW", "clinical_question": "", "expected_instances": 4}
    expect(201, client.post("/api/requests", json=request))
    expect(200, hub.store("technician", study, files.values()))
    expect(200, client.post(f"/api/requests/{study}/complete", json={"instances": digests(files)}))
    alone = hub.send(PatientID="PETCT-1", PatientName="贺^云", Modality="CT").study

    rows = {row["study_instance_uid"]: row for row in page(hub, tab="all", text="petct-1")["rows"]}

    assert (rows[study]["modality"], rows[study]["beneath"]) == ("PT", "CT")
    assert (rows[alone]["modality"], rows[alone]["beneath"]) == ("CT", "")
    beside = hub.as_("expert").get(f"/api/worklist/{rows[alone]['ups_instance_uid']}/priors").json()
    assert [(one["modality"], one["beneath"]) for one in beside] == [("PT", "CT")]
    found = {asked: set(studies(page(hub, tab="all", text="petct-1", modality=asked))) for asked in ("PT", "CT", "MR")}
    assert found == {"PT": {study}, "CT": {study, alone}, "MR": set()}
    assert page(hub, tab="all", text="petct-1", modality="CT")["counts"]["all"] == 2


def test_filters_narrow_every_tab(hub: HubBed) -> None:
    here = hub.send("technician", PatientID="FILTER", Modality="CT")
    there = hub.send("technician2", PatientID="FILTER", Modality="MR", StudyDescription="Knee")

    def found(**query: str) -> set[str]:
        return set(studies(page(hub, tab="all", text="filter", **query)))

    assert found() == {here.study, there.study}
    assert found(modality="MR") == {there.study}
    assert found(site_id="qingshui") == {here.study}
    assert found(today_only="true") == {here.study, there.study}
    assert found(with_ai_findings="true") == set()
    assert page(hub, text="filter", modality="MR")["counts"]["to_read"] == 1


def test_a_technician_sees_the_own_site_only(hub: HubBed) -> None:
    here = hub.send("technician", PatientID="OWN-SITE")
    there = hub.send("technician2", PatientID="OWN-SITE")

    mine = page(hub, "technician", tab="all", text="own-site")

    assert (studies(mine), mine["total"], mine["counts"]["all"]) == ([here.study], 1, 1)
    assert hub.as_("technician").get(f"/api/worklist/{there.ups}").status_code == 404
    assert page(hub, "technician", tab="all", text="own-site", site_id="beihe")["total"] == 0


def test_a_second_examination_counts_the_first_as_prior(hub: HubBed) -> None:
    first = hub.send(PatientID="PRIOR-1")
    second = hub.send(PatientID="PRIOR-1")
    elsewhere = hub.send("technician2", PatientID="PRIOR-1")

    assert [hub.row("expert", sent.ups)["prior_count"] for sent in (first, second, elsewhere)] == [0, 1, 0]


def test_ten_thousand_cases_are_counted_and_paged(hub: HubBed) -> None:
    now = datetime.now(UTC)
    states = ("ready", "reading", "preliminary", "returned", "final")
    rows = [
        {
            "study_instance_uid": f"1.2.826.0.1.77.{number}",
            "site_id": "beihe",
            "requested_by": "technician2",
            "priority": "HIGH" if number % 10 == 0 else "LOW",
            "stat_rank": 0 if number % 10 == 0 else 1,
            "due": now + timedelta(minutes=number),
            "arrived": now,
            "changed": now,
            "clinical_question": "",
            "images_expected": 300,
            "images_received": 300,
            "state": states[number % 5],
            "patient_name": f"患者{number}",
            "patient_id": f"BULK-{number:05d}",
            "modality": "CT",
            "search_text": f"患者{number}\nhz\nbulk-{number:05d}",
            "critical": False,
            "ups_instance_uid": f"1.2.826.0.1.78.{number}",
            "workitem_code": "110005",
            "ai_state": "queued" if number % 2 else "done",
            "revision": 1,
        }
        for number in range(10_000)
    ]
    with hub.context.write() as connection:
        connection.execute(insert(cases), rows)

    timings = []
    for _ in range(5):
        started = time.perf_counter()
        found = page(hub, tab="to_read", text="bulk-", limit=200)
        timings.append(time.perf_counter() - started)

    print(f"\n{hub.kind}: worklist of 10 000, page of 200: median {sorted(timings)[2] * 1000:.0f} ms")  # noqa: T201 - a figure
    assert found["counts"] == dict.fromkeys(TABS, 0) | {
        "to_read": 2000,
        "to_review": 2000,
        "returned": 2000,
        "signed": 2000,
        "all": 10_000,
    }
    assert found["total"] == 2000
    assert [row["patient_id"] for row in found["rows"]] == [f"BULK-{number:05d}" for number in range(0, 2000, 10)]
    second = page(hub, tab="to_read", text="bulk-", limit=200, offset=1000)
    assert second["rows"][0]["patient_id"] == "BULK-00005"
    assert second["rows"][0]["ai"]["queue_position"] >= 3


@pytest.mark.parametrize("query", ["tab=unknown", "limit=-1", "offset=-1", "limit=100000", "today_only=perhaps"])
def test_a_query_that_makes_no_sense_is_a_bad_request(hub: HubBed, query: str) -> None:
    response = hub.as_("expert").get(f"/api/worklist?{query}")

    assert (response.status_code, response.json()["error"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "request_body",
    [
        {"study_instance_uid": "abc"},
        {"study_instance_uid": ""},
        {"study_instance_uid": "1.2.3", "expected_instances": -1},
        {"study_instance_uid": "1.2.3", "priority": "NOW"},
        {},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(hub: HubBed, request_body: dict[str, Any]) -> None:
    assert hub.as_("technician").post("/api/requests", json=request_body).status_code == 400
