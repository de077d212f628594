"""Claiming is exact: one reader holds a case, everybody else is told who."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from resources.translation import use_language
from tests.helpers.loopback_hub import Answer, Asked, LoopbackHub
from worklist.detection_queue import HubDetectionQueue
from worklist.http import HubClient
from worklist.ups_rs import HubWorklist
from workstation.domain.detection import AiWorkitem, DetectionSummary
from workstation.domain.errors import AlreadyClaimed, NotPermitted, Refused, Unreachable, WrongTransaction
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.workitem import Claim, OutputReference, WorklistQuery, WorklistTab

UPS = "1.2.3"
LOCK = "1.2.3.77"
CLAIM = Claim(UPS, LOCK)
SR = OutputReference("1.2.4", "1.2.5", "1.2.840.10008.5.1.4.1.1.88.33", "1.2.6")
ROW = {
    "ups_instance_uid": UPS,
    "study_instance_uid": "1.2.4",
    "workitem_code": "110005",
    "state": "reading",
    "priority": "HIGH",
    "patient_name": "张三",
    "patient_id": "P1",
    "sex": "M",
    "birth_date": "19600102",
    "accession_number": "A1",
    "modality": "CT",
    "description": "Chest",
    "site_id": "county",
    "site_name": "县医院",
    "due": "2026-03-05T12:30:00Z",
    "studied": None,
    "arrived": "2026-03-05T12:00:00Z",
    "images_received": 275,
    "images_expected": 275,
    "ai": {"state": "done", "finding_count": 1, "top_out_of_ten": 8, "progress": 1.0, "queue_position": None},
    "reader_id": "expert",
    "reader_name": "王主任",
}
WORKITEM = {
    "00080018": {"vr": "UI", "Value": [UPS]},
    "00404010": {"vr": "DT", "Value": ["20260305120000"]},
    "00404018": {
        "vr": "SQ",
        "Value": [
            {
                "00080100": {"vr": "SH", "Value": ["110007"]},
                "00080102": {"vr": "SH", "Value": ["DCM"]},
                "00080104": {"vr": "LO", "Value": ["Report Verification"]},
            }
        ],
    },
    "00741000": {"vr": "CS", "Value": ["IN PROGRESS"]},
}
Script = Callable[[Asked], Answer]


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    use_language("en")
    with LoopbackHub(lambda _: Answer(200)) as made:
        yield made
    use_language("zh_CN")


@pytest.fixture
def client(hub: LoopbackHub) -> Iterator[HubClient]:
    with HubClient(hub.url) as made:
        yield made


def test_a_claim_sends_the_lock_and_the_state(hub: LoopbackHub, client: HubClient) -> None:
    assert HubWorklist(client).claim(UPS, LOCK) == CLAIM

    (asked,) = hub.asked
    assert (asked.method, asked.path) == ("PUT", f"/dicom-web/workitems/{UPS}/state")
    assert asked.headers["content-type"] == "application/dicom+json"
    assert asked.json == [
        {"00081195": {"vr": "UI", "Value": [LOCK]}, "00741000": {"vr": "CS", "Value": ["IN PROGRESS"]}}
    ]


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(409, {"error": "already_claimed", "holder": "王主任", "dimse_status": "C301"}),
        Answer(400, {"error": "wrong_transaction", "dimse_status": "C301"}),
        Answer(409, {"error": "no_longer_updatable", "dimse_status": "C302"}),
        Answer(409, b"", {"Warning": "299 peer: The submitted request is inconsistent with the state"}),
        Answer(400, b"", {"Warning": "299 peer: The Transaction UID is incorrect."}),
        Answer(400, b""),
    ],
)
def test_the_loser_of_a_race_is_told_who_holds_the_case(hub: LoopbackHub, client: HubClient, refusal: Answer) -> None:
    def script(asked: Asked) -> Answer:
        if asked.path == "/api/session":
            return Answer(200, {"user_id": "resident"})
        return Answer(200, ROW) if asked.path.startswith("/api/worklist") else refusal

    hub.script = script
    with pytest.raises(AlreadyClaimed) as caught:
        HubWorklist(client).claim(UPS, LOCK)

    assert caught.value.user_text == "王主任 is already reading this case"


def test_a_loser_is_told_even_when_the_holder_cannot_be_asked(hub: LoopbackHub, client: HubClient) -> None:
    hub.script = lambda asked: Answer(400 if asked.path.endswith("/state") else 500)

    with pytest.raises(AlreadyClaimed) as caught:
        HubWorklist(client).claim(UPS, LOCK)

    assert caught.value.user_text == "Another reader is already reading this case"


def test_the_own_lock_is_taken_up_again_after_a_lost_answer(hub: LoopbackHub, client: HubClient) -> None:
    """C302 on the recorded Transaction UID while the row names this reader: the first answer was lost."""

    def script(asked: Asked) -> Answer:
        if asked.path == "/api/session":
            return Answer(200, {"user_id": "expert"})
        if asked.path.startswith("/api/worklist"):
            return Answer(200, ROW)
        return Answer(409, {"error": "already_claimed", "holder": "王主任", "dimse_status": "C302"})

    hub.script = script

    assert HubWorklist(client).claim(UPS, LOCK) == CLAIM


def test_c302_while_nobody_can_say_who_holds_it_is_not_a_claim(hub: LoopbackHub, client: HubClient) -> None:
    hub.script = lambda asked: (
        Answer(409, {"dimse_status": "C302"}) if asked.path.endswith("/state") else Answer(200, [])
    )

    with pytest.raises(AlreadyClaimed):
        HubWorklist(client).claim(UPS, LOCK)


def test_a_claim_the_hub_does_not_understand_is_not_called_taken(hub: LoopbackHub, client: HubClient) -> None:
    hub.script = lambda _: Answer(400, {"error": "bad_request", "message": "invalid: body"})

    with pytest.raises(Refused):
        HubWorklist(client).claim(UPS, LOCK)


@pytest.mark.parametrize(("status", "kind"), [(403, NotPermitted), (404, Refused), (503, Unreachable)])
def test_a_claim_that_fails_otherwise_is_not_called_taken(
    hub: LoopbackHub, client: HubClient, status: int, kind: type[Exception]
) -> None:
    hub.script = lambda _: Answer(status)

    with pytest.raises(kind):
        HubWorklist(client).claim(UPS, LOCK)


def test_completing_records_what_was_performed_before_the_state(hub: LoopbackHub, client: HubClient) -> None:
    hub.script = lambda asked: Answer(200, [WORKITEM]) if asked.method == "GET" else Answer(200)

    HubWorklist(client).complete(CLAIM, [SR])

    retrieve, update, state = hub.asked
    assert (retrieve.method, update.method, state.method) == ("GET", "POST", "PUT")
    assert update.query == LOCK
    (performed,) = update.json[0]["00741216"]["Value"]
    assert performed["00404019"]["Value"][0]["00080100"]["Value"] == ["110007"]
    assert performed["00404050"]["Value"] == ["20260305120000"]
    (ended,) = performed["00404051"]["Value"]
    assert abs(datetime.strptime(ended, "%Y%m%d%H%M%S%z") - datetime.now(UTC)) < timedelta(minutes=5)
    assert performed["00404028"]["Value"]
    (output,) = performed["00404033"]["Value"]
    assert output["0020000D"]["Value"] == ["1.2.4"]
    assert output["00081199"]["Value"][0]["00081155"]["Value"] == ["1.2.6"]
    assert state.json[0]["00741000"]["Value"] == ["COMPLETED"]


def test_completing_again_after_a_lost_answer_is_success(hub: LoopbackHub, client: HubClient) -> None:
    done = {**WORKITEM, "00741000": {"vr": "CS", "Value": ["COMPLETED"]}}
    hub.script = lambda asked: Answer(200, [done]) if asked.method == "GET" else Answer(200)

    HubWorklist(client).complete(CLAIM, [SR])

    assert [asked.method for asked in hub.asked] == ["GET", "PUT"]


def test_completing_under_another_lock_is_refused(hub: LoopbackHub, client: HubClient) -> None:
    done = {**WORKITEM, "00741000": {"vr": "CS", "Value": ["COMPLETED"]}}
    hub.script = lambda asked: (
        Answer(200, [done]) if asked.method == "GET" else Answer(400, {"error": "wrong_transaction"})
    )

    with pytest.raises(WrongTransaction):
        HubWorklist(client).complete(CLAIM, [SR])


def test_a_workitem_without_code_counts_as_a_reading(hub: LoopbackHub, client: HubClient) -> None:
    bare = {"00741000": {"vr": "CS", "Value": ["IN PROGRESS"]}}
    hub.script = lambda asked: Answer(200, [bare]) if asked.method == "GET" else Answer(200)

    HubWorklist(client).complete(CLAIM, [])

    performed = hub.asked[1].json[0]["00741216"]["Value"][0]
    assert performed["00404019"]["Value"][0]["00080100"]["Value"] == ["110005"]
    assert performed["00404033"] == {"vr": "SQ"}


@pytest.mark.parametrize("body", [b"<html>", b"[3]", b"7"])
def test_a_workitem_that_is_no_dataset_is_refused(hub: LoopbackHub, client: HubClient, body: bytes) -> None:
    hub.script = lambda _: Answer(200, body)

    with pytest.raises(Refused):
        HubWorklist(client).complete(CLAIM, [])


def test_releasing_sends_the_lock(hub: LoopbackHub, client: HubClient) -> None:
    hub.script = lambda _: Answer(200, {"ups_instance_uid": "1.2.9"})

    HubWorklist(client).release(CLAIM)

    assert hub.asked[0].path == f"/api/worklist/{UPS}/release"
    assert hub.asked[0].json == {"transaction_uid": LOCK}


def test_the_worklist_asks_only_for_what_filters(hub: LoopbackHub, client: HubClient) -> None:
    hub.script = lambda _: Answer(200, {"rows": [ROW], "total": 1, "counts": {"to_read": 1, "all": 4}})

    page = HubWorklist(client).query(WorklistQuery(text="张 三&", today_only=True, limit=50))

    assert hub.asked[0].parameters == {
        "tab": "to_read",
        "text": "张 三&",
        "today_only": "true",
        "limit": "50",
    }
    assert page.rows[0].reader_name == "王主任"
    assert page.counts[WorklistTab.ALL] == 4


def test_the_ai_queue_takes_the_most_urgent_case_it_can_get(hub: LoopbackHub, client: HubClient) -> None:
    """Another worker is faster on the first; the second one is ours."""

    def waiting(uid: str, priority: str) -> dict[str, object]:
        return {
            "00080018": {"vr": "UI", "Value": [uid]},
            "00741200": {"vr": "CS", "Value": [priority]},
            "00404021": {"vr": "SQ", "Value": [{"0020000D": {"vr": "UI", "Value": [f"{uid}.1"]}}]},
        }

    def script(asked: Asked) -> Answer:
        if asked.method == "GET":
            return Answer(200, [waiting("1.1", "LOW"), waiting("1.2", "MEDIUM"), waiting("1.3", "HIGH"), {}])
        return Answer(409 if "1.3" in asked.path else 200, {"error": "already_claimed"})

    hub.script = script
    item = HubDetectionQueue(client, new_uid=lambda: LOCK).claim_next()

    assert item == AiWorkitem(Claim("1.2", LOCK), "1.2.1")
    assert hub.asked[0].parameters == {
        "ScheduledWorkitemCodeSequence.CodeValue": "110004",
        "ProcedureStepState": "SCHEDULED",
        "limit": "20",
    }


def test_an_empty_ai_queue_gives_nothing(hub: LoopbackHub, client: HubClient) -> None:
    hub.script = lambda _: Answer(204)

    assert HubDetectionQueue(client).claim_next() is None


def test_a_search_that_is_no_list_is_refused(hub: LoopbackHub, client: HubClient) -> None:
    hub.script = lambda _: Answer(200, {})

    with pytest.raises(Refused):
        HubDetectionQueue(client).claim_next()


def test_a_case_withdrawn_since_the_search_is_left_out(hub: LoopbackHub, client: HubClient) -> None:
    first = {"00080018": {"vr": "UI", "Value": ["1.1"]}, "0020000D": {"vr": "UI", "Value": ["1.4"]}}
    without_study = {"00080018": {"vr": "UI", "Value": ["1.2"]}}
    hub.script = lambda asked: Answer(200, [first, without_study]) if asked.method == "GET" else Answer(404)

    assert HubDetectionQueue(client).claim_next() is None
    assert [asked.method for asked in hub.asked] == ["GET", "PUT"]


def test_a_hub_that_fails_every_claim_does_not_look_like_an_empty_queue(hub: LoopbackHub, client: HubClient) -> None:
    study = {"00080018": {"vr": "UI", "Value": ["1.1"]}, "0020000D": {"vr": "UI", "Value": ["1.4"]}}
    hub.script = lambda asked: Answer(200, [study]) if asked.method == "GET" else Answer(500)

    with pytest.raises(Refused):
        HubDetectionQueue(client).claim_next()


def test_a_worker_that_cannot_reach_the_hub_is_told(hub: LoopbackHub, client: HubClient) -> None:
    study = {"00080018": {"vr": "UI", "Value": ["1.1"]}, "0020000D": {"vr": "UI", "Value": ["1.4"]}}
    hub.script = lambda asked: Answer(200, [study]) if asked.method == "GET" else Answer(503)

    with pytest.raises(Unreachable):
        HubDetectionQueue(client).claim_next()


ITEM = AiWorkitem(CLAIM, "1.2.4")


def test_the_worker_reports_progress_in_percent(hub: LoopbackHub, client: HubClient) -> None:
    queue = HubDetectionQueue(client)
    queue.progress(ITEM, 0.425, "network")
    queue.progress(ITEM, 7)

    told = [asked.json[0]["00741002"]["Value"][0] for asked in hub.asked]
    assert told[0]["00741004"]["Value"] == ["42"]
    assert told[0]["00741006"]["Value"] == ["network"]
    assert told[1] == {"00741004": {"vr": "DS", "Value": ["100"]}}
    assert [asked.query for asked in hub.asked] == [LOCK, LOCK]


def test_a_finished_pre_read_carries_its_summary(hub: LoopbackHub, client: HubClient) -> None:
    hub.script = lambda asked: Answer(200, [WORKITEM]) if asked.method == "GET" else Answer(200)
    summary = DetectionSummary("1.2.5", AlgorithmIdentity("lung-nodule-s", "0.1", "ab" * 32), 2, 0.9, 8, {"total": 3.5})

    HubDetectionQueue(client).complete(ITEM, [SR], summary)

    performed = hub.asked[1].json[0]["00741216"]["Value"][0]
    (told,) = performed["00741212"]["Value"]
    assert told["0040A043"]["Value"][0]["00080100"]["Value"] == ["DETECTION_SUMMARY"]
    assert '"finding_count":2' in told["0040A160"]["Value"][0]
    assert hub.asked[2].json[0]["00741000"]["Value"] == ["COMPLETED"]


def test_a_finished_pre_read_may_be_reported_twice(hub: LoopbackHub, client: HubClient) -> None:
    done = {**WORKITEM, "00741000": {"vr": "CS", "Value": ["COMPLETED"]}}
    hub.script = lambda asked: Answer(200, [done]) if asked.method == "GET" else Answer(200)
    summary = DetectionSummary("1.2.5", AlgorithmIdentity("m", "1", ""), 0)

    HubDetectionQueue(client).complete(ITEM, [SR], summary)

    assert [asked.method for asked in hub.asked] == ["GET", "PUT"]


def test_a_failed_pre_read_says_why(hub: LoopbackHub, client: HubClient) -> None:
    HubDetectionQueue(client).fail(ITEM, "no axial series")

    update, state = hub.asked
    stopped = update.json[0]["00741002"]["Value"][0]
    assert stopped["00741238"]["Value"] == ["no axial series"]
    assert stopped["00404052"]["Value"][0].endswith("+0000")
    assert stopped["0074100E"]["Value"][0]["00080100"]["Value"] == ["110513"]
    assert state.json[0]["00741000"]["Value"] == ["CANCELED"]


def test_a_worker_that_stops_gives_its_case_back(hub: LoopbackHub, client: HubClient) -> None:
    HubDetectionQueue(client).release(ITEM)

    assert hub.asked[0].path == f"/api/worklist/{UPS}/release"
