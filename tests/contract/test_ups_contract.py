"""UPS-RS as PS3.4 CC and PS3.18 chapter 11 have it, on every database."""

from __future__ import annotations

import pytest

from tests.helpers.hub import (
    WORKITEMS,
    Dataset,
    HubBed,
    code_item,
    create_workitem,
    expect,
    new_uid,
    new_workitem,
    performed,
)

MISSING = "299 lianyue: The Transaction UID is missing."
INCORRECT = "299 lianyue: The Transaction UID is incorrect."
INCONSISTENT = "299 lianyue: The submitted request is inconsistent with the state of the UPS Instance."


def workitem_in(hub: HubBed, state: str) -> tuple[str, str]:
    """Return a workitem that has reached a state, and its lock."""
    uid = create_workitem(hub)
    if state == "SCHEDULED":
        return uid, ""
    lock = hub.claim("expert", uid)
    if state == "COMPLETED":
        expect(200, hub.as_("expert").post(f"{WORKITEMS}/{uid}?{lock}", json=performed()))
    if state != "IN PROGRESS":
        expect(200, hub.change_state("expert", uid, lock, state))
    return uid, lock


def state_of(hub: HubBed, uid: str) -> str:
    found: str = hub.as_("expert").get(f"{WORKITEMS}/{uid}").json()[0]["00741000"]["Value"][0]
    return found


# PS3.4 Table CC.1.1-2, one line for each cell: from, lock given, to, HTTP status, DIMSE status, Warning, state after
STATE_TABLE = [
    ("SCHEDULED", "right", "IN PROGRESS", 200, "0000", None, "IN PROGRESS"),
    ("IN PROGRESS", "right", "IN PROGRESS", 409, "C302", INCONSISTENT, "IN PROGRESS"),
    ("COMPLETED", "right", "IN PROGRESS", 409, "C300", INCONSISTENT, "COMPLETED"),
    ("CANCELED", "right", "IN PROGRESS", 409, "C300", INCONSISTENT, "CANCELED"),
    ("SCHEDULED", "none", "IN PROGRESS", 400, "C301", MISSING, "SCHEDULED"),
    ("IN PROGRESS", "none", "IN PROGRESS", 400, "C301", MISSING, "IN PROGRESS"),
    ("IN PROGRESS", "other", "IN PROGRESS", 409, "C301", INCORRECT, "IN PROGRESS"),
    ("COMPLETED", "none", "IN PROGRESS", 400, "C301", MISSING, "COMPLETED"),
    ("COMPLETED", "other", "IN PROGRESS", 400, "C301", INCORRECT, "COMPLETED"),
    ("CANCELED", "none", "IN PROGRESS", 400, "C301", MISSING, "CANCELED"),
    ("CANCELED", "other", "IN PROGRESS", 400, "C301", INCORRECT, "CANCELED"),
    ("SCHEDULED", "right", "SCHEDULED", 409, "C303", INCONSISTENT, "SCHEDULED"),
    ("IN PROGRESS", "right", "SCHEDULED", 409, "C303", INCONSISTENT, "IN PROGRESS"),
    ("COMPLETED", "right", "SCHEDULED", 409, "C303", INCONSISTENT, "COMPLETED"),
    ("CANCELED", "right", "SCHEDULED", 409, "C303", INCONSISTENT, "CANCELED"),
    ("SCHEDULED", "right", "COMPLETED", 409, "C310", INCONSISTENT, "SCHEDULED"),
    ("IN PROGRESS", "right", "COMPLETED", 409, "C304", INCONSISTENT, "IN PROGRESS"),
    (
        "COMPLETED",
        "right",
        "COMPLETED",
        200,
        "B306",
        "299 lianyue: The UPS is already in the requested state of COMPLETED.",
        "COMPLETED",
    ),
    ("CANCELED", "right", "COMPLETED", 409, "C300", INCONSISTENT, "CANCELED"),
    ("SCHEDULED", "right", "CANCELED", 409, "C310", INCONSISTENT, "SCHEDULED"),
    ("IN PROGRESS", "right", "CANCELED", 200, "0000", None, "CANCELED"),
    ("COMPLETED", "right", "CANCELED", 409, "C300", INCONSISTENT, "COMPLETED"),
    (
        "CANCELED",
        "right",
        "CANCELED",
        200,
        "B304",
        "299 lianyue: The UPS is already in the requested state of CANCELED.",
        "CANCELED",
    ),
    ("SCHEDULED", "none", "COMPLETED", 400, "C301", MISSING, "SCHEDULED"),
    ("IN PROGRESS", "other", "COMPLETED", 400, "C301", INCORRECT, "IN PROGRESS"),
    ("COMPLETED", "other", "COMPLETED", 400, "C301", INCORRECT, "COMPLETED"),
    ("CANCELED", "other", "COMPLETED", 400, "C301", INCORRECT, "CANCELED"),
    ("SCHEDULED", "none", "CANCELED", 400, "C301", MISSING, "SCHEDULED"),
    ("IN PROGRESS", "other", "CANCELED", 400, "C301", INCORRECT, "IN PROGRESS"),
    ("IN PROGRESS", "none", "CANCELED", 400, "C301", MISSING, "IN PROGRESS"),
    ("COMPLETED", "other", "CANCELED", 400, "C301", INCORRECT, "COMPLETED"),
    ("CANCELED", "other", "CANCELED", 400, "C301", INCORRECT, "CANCELED"),
]


@pytest.mark.parametrize(("before", "given", "target", "status", "dimse", "warning", "after"), STATE_TABLE)
def test_every_cell_of_the_state_table(
    hub: HubBed, before: str, given: str, target: str, status: int, dimse: str, warning: str | None, after: str
) -> None:
    uid, lock = workitem_in(hub, before)
    transaction = {"none": "", "other": new_uid(), "right": lock or new_uid()}[given]

    response = hub.change_state("expert", uid, transaction, target)

    assert (response.status_code, response.json()["dimse_status"]) == (status, dimse)
    assert warning == response.headers.get("warning")
    assert after == state_of(hub, uid)


def test_in_progress_completes_once_the_final_state_requirements_are_met(hub: HubBed) -> None:
    uid, lock = workitem_in(hub, "IN PROGRESS")
    expect(200, hub.as_("expert").post(f"{WORKITEMS}/{uid}?{lock}", json=performed()))

    expect(200, hub.change_state("expert", uid, lock, "COMPLETED"))

    step = hub.as_("expert").get(f"{WORKITEMS}/{uid}").json()[0]["00741216"]["Value"][0]
    performer = step["00404035"]["Value"][0]  # RC: the hub knows who did it and says so
    assert performer["00404037"]["Value"][0]["Alphabetic"] == "王启明"


@pytest.mark.parametrize("lacking", ["00404028", "00404050", "00404051", "00404019", "00404033"])
def test_completing_without_one_of_the_required_attributes_is_c304(hub: HubBed, lacking: str) -> None:
    uid, lock = workitem_in(hub, "IN PROGRESS")
    content = performed()
    del content["00741216"]["Value"][0][lacking]
    expect(200, hub.as_("expert").post(f"{WORKITEMS}/{uid}?{lock}", json=content))

    response = hub.change_state("expert", uid, lock, "COMPLETED")

    assert (
        response.status_code,
        response.json()["dimse_status"],
        state_of(hub, uid),
    ) == (409, "C304", "IN PROGRESS")


def test_cancelling_fills_in_time_and_reason(hub: HubBed) -> None:
    uid, _lock = workitem_in(hub, "CANCELED")

    progress = hub.as_("expert").get(f"{WORKITEMS}/{uid}").json()[0]["00741002"]["Value"][0]

    assert progress["0074100E"]["Value"][0]["00080100"]["Value"][0] == "110513"
    assert progress["00404052"]["vr"] == "DT"
    assert progress["00404052"]["Value"][0]


@pytest.mark.parametrize("state", ["FINISHED", "in progress", ""])
def test_an_unknown_state_is_a_bad_request(hub: HubBed, state: str) -> None:
    uid, _lock = workitem_in(hub, "SCHEDULED")

    assert hub.change_state("expert", uid, new_uid(), state).status_code == 400


@pytest.mark.parametrize("lock", ["1.2.", "01.2", "abc", "1." + "2" * 64])
def test_a_malformed_uid_is_no_lock(hub: HubBed, lock: str) -> None:
    uid, _lock = workitem_in(hub, "SCHEDULED")

    assert hub.change_state("expert", uid, lock, "IN PROGRESS").status_code == 400
    assert state_of(hub, uid) == "SCHEDULED"


def test_unknown_workitems_are_c307_everywhere(hub: HubBed) -> None:
    expert, uid = hub.as_("expert"), new_uid()

    responses = [
        expert.get(f"{WORKITEMS}/{uid}"),
        expert.post(f"{WORKITEMS}/{uid}", json=performed()),
        hub.change_state("expert", uid, new_uid(), "IN PROGRESS"),
        expert.post(f"{WORKITEMS}/{uid}/cancelrequest"),
    ]

    assert [(r.status_code, r.json()["dimse_status"]) for r in responses] == [(404, "C307")] * 4


def test_the_transaction_uid_is_never_told(hub: HubBed) -> None:
    uid, lock = workitem_in(hub, "IN PROGRESS")

    retrieved = hub.as_("technician").get(f"{WORKITEMS}/{uid}")
    found = hub.as_("expert").get(WORKITEMS, params={"SOPInstanceUID": uid, "includefield": "all"})
    asked = hub.as_("expert").get(WORKITEMS, params={"SOPInstanceUID": uid, "includefield": "TransactionUID"})

    for response in (retrieved, found, asked):
        assert response.status_code == 200
        assert lock not in response.text
        assert "00081195" not in response.json()[0]


def test_the_loser_of_a_claim_is_told_who_holds_it(hub: HubBed) -> None:
    uid, _lock = workitem_in(hub, "IN PROGRESS")

    body = hub.change_state("resident", uid, new_uid(), "IN PROGRESS").json()

    assert (body["error"], body["holder"], body["dimse_status"]) == ("already_claimed", "王启明", "C301")


def test_creating_answers_201_with_the_location(hub: HubBed) -> None:
    uid = new_uid()

    response = hub.as_("technician").post(f"{WORKITEMS}?{uid}", json=[new_workitem()])

    assert (201, f"{WORKITEMS}/{uid}", b"") == (response.status_code, response.headers["location"], response.content)
    assert "warning" not in response.headers
    stored = hub.as_("technician").get(f"{WORKITEMS}/{uid}").json()[0]
    assert stored["00080016"]["Value"][0] == "1.2.840.10008.5.1.4.34.6.1"
    assert uid == stored["00080018"]["Value"][0]
    assert "00404010" in stored  # SPS Modification DateTime, set by the SCP
    assert sorted(stored) == list(stored)


def test_the_uid_may_also_come_in_the_dataset_or_from_the_hub(hub: HubBed) -> None:
    uid, client = new_uid(), hub.as_("technician")

    in_dataset = client.post(WORKITEMS, json=new_workitem(t00080018={"vr": "UI", "Value": [uid]}))
    by_hub = client.post(WORKITEMS, json=new_workitem())
    torn = client.post(f"{WORKITEMS}?{new_uid()}", json=new_workitem(t00080018={"vr": "UI", "Value": [uid]}))

    assert f"{WORKITEMS}/{uid}" == in_dataset.headers["location"]
    assert by_hub.headers["location"].startswith(f"{WORKITEMS}/2.25.")
    assert torn.status_code == 400


def test_creating_twice_is_0111_in_every_state(hub: HubBed) -> None:
    for state in ("SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"):
        uid, _lock = workitem_in(hub, state)
        response = hub.as_("technician").post(f"{WORKITEMS}?{uid}", json=new_workitem())
        assert (response.status_code, response.json()["dimse_status"]) == (409, "0111")


def test_an_empty_worklist_label_is_filled_and_said_so(hub: HubBed) -> None:
    uid = new_uid()

    response = hub.as_("technician").post(f"{WORKITEMS}?{uid}", json=new_workitem(t00741202={"vr": "LO"}))

    assert response.headers["warning"] == "299 lianyue: The Workitem was created with modifications."
    assert hub.as_("technician").get(f"{WORKITEMS}/{uid}").json()[0]["00741202"]["Value"]


REQUEST: Dataset = {
    "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
    **{tag: {"vr": vr} for tag, vr in (("00080050", "SH"), ("00080051", "SQ"), ("00402016", "LO"))},
}
BAD_DATASETS = {
    "no priority": (new_workitem(t00741200=None), "0120"),
    "empty priority": (new_workitem(t00741200={"vr": "CS"}), "0121"),
    "unknown priority": (new_workitem(t00741200={"vr": "CS", "Value": ["URGENT"]}), "0106"),
    "no label": (new_workitem(t00741204=None), "0120"),
    "empty label": (new_workitem(t00741204={"vr": "LO", "Value": [""]}), "0121"),
    "no start": (new_workitem(t00404005=None), "0120"),
    "malformed start": (new_workitem(t00404005={"vr": "DT", "Value": ["tomorrow"]}), "0106"),
    "no readiness": (new_workitem(t00404041=None), "0120"),
    "unknown readiness": (new_workitem(t00404041={"vr": "CS", "Value": ["MAYBE"]}), "0106"),
    "in progress from the start": (new_workitem(t00741000={"vr": "CS", "Value": ["IN PROGRESS"]}), "C309"),
    "no transaction uid attribute": (new_workitem(t00081195=None), "0120"),
    "transaction uid with a value": (new_workitem(t00081195={"vr": "UI", "Value": ["1.2.3"]}), "0106"),
    "progress from the start": (new_workitem(t00741002={"vr": "SQ", "Value": [{}]}), "0106"),
    "performed from the start": (new_workitem(t00741216={"vr": "SQ", "Value": [{}]}), "0106"),
    "no workitem code attribute": (new_workitem(t00404018=None), "0120"),
    "code without meaning": (
        new_workitem(t00404018={"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["110005"]}}]}),
        "0120",
    ),
    "no patient name attribute": (new_workitem(t00100010=None), "0120"),
    "name without id": (new_workitem(t00100020=None), "0120"),
    "no referenced request attribute": (new_workitem(t0040A370=None), "0120"),
    "torn referenced request": (new_workitem(t0040A370={"vr": "SQ", "Value": [REQUEST]}), "0120"),
    "performer without organisation": (
        new_workitem(
            t00404034={
                "vr": "SQ",
                "Value": [
                    {
                        "00404009": {"vr": "SQ", "Value": [code_item("A", "A")]},
                        "00404037": {"vr": "PN", "Value": [{"Alphabetic": "A"}]},
                        "00404036": {"vr": "LO"},
                    }
                ],
            }
        ),
        "0121",
    ),
    "input without a way to fetch it": (
        new_workitem(
            t00404021={
                "vr": "SQ",
                "Value": [
                    {
                        "0040E020": {"vr": "CS", "Value": ["DICOM"]},
                        "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
                        "0020000E": {"vr": "UI", "Value": ["1.2.3.4"]},
                        "00081199": {
                            "vr": "SQ",
                            "Value": [
                                {
                                    "00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
                                    "00081155": {"vr": "UI", "Value": ["1.2.3.4.5"]},
                                }
                            ],
                        },
                    }
                ],
            }
        ),
        "0120",
    ),
    "wrong vr": (new_workitem(t00741204={"vr": "CS", "Value": ["A"]}), "0106"),
    "lower case tag": ({**new_workitem(), "0040a370": {"vr": "SQ"}}, "0106"),
    "no vr": ({**new_workitem(), "00741204": {"Value": ["A"]}}, "0106"),
    "value and binary": ({**new_workitem(), "00741204": {"vr": "LO", "Value": ["A"], "InlineBinary": ""}}, "0106"),
    "name as text": (new_workitem(t00100010={"vr": "PN", "Value": ["Wang"]}), "0106"),
    "value no list": (new_workitem(t00741204={"vr": "LO", "Value": "A"}), "0106"),
    "group length": ({**new_workitem(), "00740000": {"vr": "UL", "Value": [1]}}, "0106"),
}


@pytest.mark.parametrize("name", BAD_DATASETS)
def test_a_dataset_that_breaks_the_creation_table_is_refused(hub: HubBed, name: str) -> None:
    dataset, dimse = BAD_DATASETS[name]
    uid = new_uid()

    response = hub.as_("technician").post(f"{WORKITEMS}?{uid}", json=[dataset])

    assert (400, dimse) == (response.status_code, response.json()["dimse_status"])
    assert hub.as_("technician").get(f"{WORKITEMS}/{uid}").status_code == 404


def deep(levels: int) -> Dataset:
    content: Dataset = {}
    for _ in range(levels):
        content = {"00404021": {"vr": "SQ", "Value": [content]}}
    return content


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"[{},{}]", b"7", b'{"a":1}', b"[" * 100_000, b"\xff\xfe"],
    ids=["empty", "torn", "no dataset", "two datasets", "number", "no tags", "deep", "no utf-8"],
)
def test_hostile_bodies_are_a_bad_request(hub: HubBed, body: bytes) -> None:
    response = hub.as_("technician").post(WORKITEMS, content=body, headers={"Content-Type": "application/dicom+json"})

    assert response.status_code == 400


def test_bottomless_sequences_are_refused(hub: HubBed) -> None:
    assert hub.as_("technician").post(WORKITEMS, json=deep(50)).status_code == 400


def test_what_is_neither_json_nor_xml_is_not_taken(hub: HubBed) -> None:
    uid = create_workitem(hub)

    answer = hub.as_("technician").post(WORKITEMS, content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    answer = hub.as_("expert").get(f"{WORKITEMS}/{uid}", headers={"Accept": "application/pdf"})
    assert answer.status_code == 406
    answer = hub.as_("expert").get(f"{WORKITEMS}/{uid}", headers={"Accept": "application/dicom+json"})
    assert answer.headers["content-type"] == "application/dicom+json"


def test_updating_follows_the_lock(hub: HubBed) -> None:
    expert, change = hub.as_("expert"), {"00741204": {"vr": "LO", "Value": ["CT Thorax"]}}
    scheduled, _none = workitem_in(hub, "SCHEDULED")
    claimed, lock = workitem_in(hub, "IN PROGRESS")
    finished, old_lock = workitem_in(hub, "COMPLETED")
    cancelled, last_lock = workitem_in(hub, "CANCELED")

    answers = [
        expert.post(f"{WORKITEMS}/{scheduled}", json=change),
        expert.post(f"{WORKITEMS}/{scheduled}?{new_uid()}", json=change),
        expert.post(f"{WORKITEMS}/{claimed}?{lock}", json=change),
        expert.post(f"{WORKITEMS}/{claimed}", json=change),
        expert.post(f"{WORKITEMS}/{claimed}?{new_uid()}", json=change),
        expert.post(f"{WORKITEMS}/{finished}?{old_lock}", json=change),
        expert.post(f"{WORKITEMS}/{cancelled}?{last_lock}", json=change),
    ]

    assert [(answer.status_code, answer.json()["dimse_status"]) for answer in answers] == [
        (200, "0000"),
        (409, "C310"),
        (200, "0000"),
        (400, "C301"),
        (400, "C301"),
        (409, "C300"),
        (409, "C300"),
    ]
    assert [answer.headers.get("warning") for answer in answers] == [
        None,
        INCONSISTENT,
        None,
        MISSING,
        INCORRECT,
        INCONSISTENT,
        INCONSISTENT,
    ]
    assert expert.get(f"{WORKITEMS}/{claimed}").json()[0]["00741204"]["Value"][0] == "CT Thorax"
    assert expert.get(f"{WORKITEMS}/{finished}").json()[0]["00741204"]["Value"][0] == "Interpretation"


@pytest.mark.parametrize(
    "change",
    [
        {"00100020": {"vr": "LO", "Value": ["P-2"]}},
        {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Li^Si"}]}},
        {"00741000": {"vr": "CS", "Value": ["COMPLETED"]}},
        {"0020000D": {"vr": "UI", "Value": ["1.2.3"]}},
        {"00741200": {"vr": "CS"}},
        {"00741200": {"vr": "CS", "Value": ["NOW"]}},
    ],
    ids=["patient id", "patient name", "state", "study", "no priority", "unknown priority"],
)
def test_what_an_update_may_not_change_stays_and_nothing_else_changes_with_it(hub: HubBed, change: Dataset) -> None:
    uid = create_workitem(hub)
    before = hub.as_("expert").get(f"{WORKITEMS}/{uid}").json()

    response = hub.as_("expert").post(
        f"{WORKITEMS}/{uid}", json={**change, "00741204": {"vr": "LO", "Value": ["should not stick"]}}
    )

    if "0020000D" not in change:
        assert response.status_code == 400
        assert before == hub.as_("expert").get(f"{WORKITEMS}/{uid}").json()
    else:  # the study was never named, so naming it is no change of a value but still not stored
        assert "0020000D" not in hub.as_("expert").get(f"{WORKITEMS}/{uid}").json()[0]


def test_attributes_beyond_the_table_are_left_out_with_a_warning(hub: HubBed) -> None:
    uid = create_workitem(hub)

    response = hub.as_("expert").post(f"{WORKITEMS}/{uid}", json={"00180015": {"vr": "CS", "Value": ["CHEST"]}})

    assert (response.status_code, response.json()["dimse_status"]) == (200, "0001")
    assert response.headers["warning"] == "299 lianyue: Requested optional Attributes are not supported."


def test_a_request_to_cancel(hub: HubBed) -> None:
    client = hub.as_("technician")
    by_state = {state: workitem_in(hub, state)[0] for state in ("SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED")}
    reason = {"0074100E": {"vr": "SQ", "Value": [code_item("110510", "Duplicate order")]}}

    answers = {state: client.post(f"{WORKITEMS}/{uid}/cancelrequest", json=reason) for state, uid in by_state.items()}

    assert {state: answer.status_code for state, answer in answers.items()} == {
        "SCHEDULED": 202,
        "IN PROGRESS": 409,
        "COMPLETED": 409,
        "CANCELED": 202,
    }
    assert {state: answer.json()["dimse_status"] for state, answer in answers.items()} == {
        "SCHEDULED": "0000",
        "IN PROGRESS": "C312",
        "COMPLETED": "C311",
        "CANCELED": "B304",
    }
    content = client.get(f"{WORKITEMS}/{by_state['SCHEDULED']}").json()[0]
    assert content["00741000"]["Value"][0] == "CANCELED"
    assert content["00741002"]["Value"][0]["0074100E"]["Value"][0]["00080100"]["Value"][0] == "110510"
    assert state_of(hub, by_state["IN PROGRESS"]) == "IN PROGRESS"


def test_a_request_to_cancel_needs_no_body(hub: HubBed) -> None:
    uid = create_workitem(hub)

    expect(202, hub.as_("technician").post(f"{WORKITEMS}/{uid}/cancelrequest"))

    assert state_of(hub, uid) == "CANCELED"
