"""UPS-RS as PS3.4 CC and PS3.18 chapter 11 have it, on every database."""

from __future__ import annotations

import httpx
import pytest

from tests.helpers.hub import Attribute, Dataset, HubBed, code_item, expect, new_uid, new_workitem, performed

MISSING = "299 lianyue: The Transaction UID is missing."
INCORRECT = "299 lianyue: The Transaction UID is incorrect."
INCONSISTENT = "299 lianyue: The submitted request is inconsistent with the state of the UPS Instance."
PATH = "/dicom-web/workitems"


def create(hub: HubBed, **changed: Attribute) -> str:
    uid = new_uid()
    expect(201, hub.as_("technician").post(f"{PATH}?{uid}", json=[new_workitem(**changed)]))
    return uid


def workitem_in(hub: HubBed, state: str) -> tuple[str, str]:
    """Return a workitem that has reached a state, and its lock."""
    uid = create(hub)
    if state == "SCHEDULED":
        return uid, ""
    lock = hub.claim("expert", uid)
    if state == "COMPLETED":
        expect(200, hub.as_("expert").post(f"{PATH}/{uid}?{lock}", json=performed()))
    if state != "IN PROGRESS":
        expect(200, hub.change_state("expert", uid, lock, state))
    return uid, lock


def state_of(hub: HubBed, uid: str) -> str:
    found: str = hub.as_("expert").get(f"{PATH}/{uid}").json()[0]["00741000"]["Value"][0]
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
    expect(200, hub.as_("expert").post(f"{PATH}/{uid}?{lock}", json=performed()))

    expect(200, hub.change_state("expert", uid, lock, "COMPLETED"))

    step = hub.as_("expert").get(f"{PATH}/{uid}").json()[0]["00741216"]["Value"][0]
    performer = step["00404035"]["Value"][0]  # RC: the hub knows who did it and says so
    assert performer["00404037"]["Value"][0]["Alphabetic"] == "王启明"


@pytest.mark.parametrize("lacking", ["00404028", "00404050", "00404051", "00404019", "00404033"])
def test_completing_without_one_of_the_required_attributes_is_c304(hub: HubBed, lacking: str) -> None:
    uid, lock = workitem_in(hub, "IN PROGRESS")
    content = performed()
    del content["00741216"]["Value"][0][lacking]
    expect(200, hub.as_("expert").post(f"{PATH}/{uid}?{lock}", json=content))

    response = hub.change_state("expert", uid, lock, "COMPLETED")

    assert (
        response.status_code,
        response.json()["dimse_status"],
        state_of(hub, uid),
    ) == (409, "C304", "IN PROGRESS")


def test_cancelling_fills_in_time_and_reason(hub: HubBed) -> None:
    uid, _lock = workitem_in(hub, "CANCELED")

    progress = hub.as_("expert").get(f"{PATH}/{uid}").json()[0]["00741002"]["Value"][0]

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
        expert.get(f"{PATH}/{uid}"),
        expert.post(f"{PATH}/{uid}", json=performed()),
        hub.change_state("expert", uid, new_uid(), "IN PROGRESS"),
        expert.post(f"{PATH}/{uid}/cancelrequest"),
    ]

    assert [(r.status_code, r.json()["dimse_status"]) for r in responses] == [(404, "C307")] * 4


def test_the_transaction_uid_is_never_told(hub: HubBed) -> None:
    uid, lock = workitem_in(hub, "IN PROGRESS")

    retrieved = hub.as_("technician").get(f"{PATH}/{uid}")
    found = hub.as_("expert").get(PATH, params={"SOPInstanceUID": uid, "includefield": "all"})
    asked = hub.as_("expert").get(PATH, params={"SOPInstanceUID": uid, "includefield": "TransactionUID"})

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

    response = hub.as_("technician").post(f"{PATH}?{uid}", json=[new_workitem()])

    assert (201, f"{PATH}/{uid}", b"") == (response.status_code, response.headers["location"], response.content)
    assert "warning" not in response.headers
    stored = hub.as_("technician").get(f"{PATH}/{uid}").json()[0]
    assert stored["00080016"]["Value"][0] == "1.2.840.10008.5.1.4.34.6.1"
    assert uid == stored["00080018"]["Value"][0]
    assert "00404010" in stored  # SPS Modification DateTime, set by the SCP
    assert sorted(stored) == list(stored)


def test_the_uid_may_also_come_in_the_dataset_or_from_the_hub(hub: HubBed) -> None:
    uid, client = new_uid(), hub.as_("technician")

    in_dataset = client.post(PATH, json=new_workitem(t00080018={"vr": "UI", "Value": [uid]}))
    by_hub = client.post(PATH, json=new_workitem())
    torn = client.post(f"{PATH}?{new_uid()}", json=new_workitem(t00080018={"vr": "UI", "Value": [uid]}))

    assert f"{PATH}/{uid}" == in_dataset.headers["location"]
    assert by_hub.headers["location"].startswith(f"{PATH}/2.25.")
    assert torn.status_code == 400


def test_creating_twice_is_0111_in_every_state(hub: HubBed) -> None:
    for state in ("SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"):
        uid, _lock = workitem_in(hub, state)
        response = hub.as_("technician").post(f"{PATH}?{uid}", json=new_workitem())
        assert (response.status_code, response.json()["dimse_status"]) == (409, "0111")


def test_an_empty_worklist_label_is_filled_and_said_so(hub: HubBed) -> None:
    uid = new_uid()

    response = hub.as_("technician").post(f"{PATH}?{uid}", json=new_workitem(t00741202={"vr": "LO"}))

    assert response.headers["warning"] == "299 lianyue: The Workitem was created with modifications."
    assert hub.as_("technician").get(f"{PATH}/{uid}").json()[0]["00741202"]["Value"]


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

    response = hub.as_("technician").post(f"{PATH}?{uid}", json=[dataset])

    assert (400, dimse) == (response.status_code, response.json()["dimse_status"])
    assert hub.as_("technician").get(f"{PATH}/{uid}").status_code == 404


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
    response = hub.as_("technician").post(PATH, content=body, headers={"Content-Type": "application/dicom+json"})

    assert response.status_code == 400


def test_bottomless_sequences_are_refused(hub: HubBed) -> None:
    assert hub.as_("technician").post(PATH, json=deep(50)).status_code == 400


def test_what_is_neither_json_nor_xml_is_not_taken(hub: HubBed) -> None:
    uid = create(hub)

    answer = hub.as_("technician").post(PATH, content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    answer = hub.as_("expert").get(f"{PATH}/{uid}", headers={"Accept": "application/pdf"})
    assert answer.status_code == 406
    answer = hub.as_("expert").get(f"{PATH}/{uid}", headers={"Accept": "application/dicom+json"})
    assert answer.headers["content-type"] == "application/dicom+json"


def test_updating_follows_the_lock(hub: HubBed) -> None:
    expert, change = hub.as_("expert"), {"00741204": {"vr": "LO", "Value": ["CT Thorax"]}}
    scheduled, _none = workitem_in(hub, "SCHEDULED")
    claimed, lock = workitem_in(hub, "IN PROGRESS")
    finished, old_lock = workitem_in(hub, "COMPLETED")
    cancelled, last_lock = workitem_in(hub, "CANCELED")

    answers = [
        expert.post(f"{PATH}/{scheduled}", json=change),
        expert.post(f"{PATH}/{scheduled}?{new_uid()}", json=change),
        expert.post(f"{PATH}/{claimed}?{lock}", json=change),
        expert.post(f"{PATH}/{claimed}", json=change),
        expert.post(f"{PATH}/{claimed}?{new_uid()}", json=change),
        expert.post(f"{PATH}/{finished}?{old_lock}", json=change),
        expert.post(f"{PATH}/{cancelled}?{last_lock}", json=change),
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
    assert expert.get(f"{PATH}/{claimed}").json()[0]["00741204"]["Value"][0] == "CT Thorax"
    assert expert.get(f"{PATH}/{finished}").json()[0]["00741204"]["Value"][0] == "Interpretation"


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
    uid = create(hub)
    before = hub.as_("expert").get(f"{PATH}/{uid}").json()

    response = hub.as_("expert").post(
        f"{PATH}/{uid}", json={**change, "00741204": {"vr": "LO", "Value": ["should not stick"]}}
    )

    if "0020000D" not in change:
        assert response.status_code == 400
        assert before == hub.as_("expert").get(f"{PATH}/{uid}").json()
    else:  # the study was never named, so naming it is no change of a value but still not stored
        assert "0020000D" not in hub.as_("expert").get(f"{PATH}/{uid}").json()[0]


def test_attributes_beyond_the_table_are_left_out_with_a_warning(hub: HubBed) -> None:
    uid = create(hub)

    response = hub.as_("expert").post(f"{PATH}/{uid}", json={"00180015": {"vr": "CS", "Value": ["CHEST"]}})

    assert (response.status_code, response.json()["dimse_status"]) == (200, "0001")
    assert response.headers["warning"] == "299 lianyue: Requested optional Attributes are not supported."


def test_a_request_to_cancel(hub: HubBed) -> None:
    client = hub.as_("technician")
    by_state = {state: workitem_in(hub, state)[0] for state in ("SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED")}
    reason = {"0074100E": {"vr": "SQ", "Value": [code_item("110510", "Duplicate order")]}}

    answers = {state: client.post(f"{PATH}/{uid}/cancelrequest", json=reason) for state, uid in by_state.items()}

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
    content = client.get(f"{PATH}/{by_state['SCHEDULED']}").json()[0]
    assert content["00741000"]["Value"][0] == "CANCELED"
    assert content["00741002"]["Value"][0]["0074100E"]["Value"][0]["00080100"]["Value"][0] == "110510"
    assert state_of(hub, by_state["IN PROGRESS"]) == "IN PROGRESS"


def test_a_request_to_cancel_needs_no_body(hub: HubBed) -> None:
    uid = create(hub)

    expect(202, hub.as_("technician").post(f"{PATH}/{uid}/cancelrequest"))

    assert state_of(hub, uid) == "CANCELED"


@pytest.fixture(scope="module")
def shelf(hub: HubBed) -> dict[str, str]:
    """Return three workitems that differ in every match key."""

    def sequence(*items: Dataset) -> Attribute:
        return {"vr": "SQ", "Value": list(items)}

    first = create(
        hub,
        t00741204={"vr": "LO", "Value": ["Shelf CT 胸部"]},
        t00741202={"vr": "LO", "Value": ["shelf"]},
        t00741200={"vr": "CS", "Value": ["LOW"]},
        t00404005={"vr": "DT", "Value": ["20260301120000+0800"]},
        t00404011={"vr": "DT", "Value": ["20260301130000+0800"]},
        t00100010={"vr": "PN", "Value": [{"Alphabetic": "Zhao^Yun", "Ideographic": "赵^云"}]},
        t00100020={"vr": "LO", "Value": ["S-1"]},
        t00100021={"vr": "LO", "Value": ["QS"]},
        t00100030={"vr": "DA", "Value": ["19700102"]},
        t00100040={"vr": "CS", "Value": ["F"]},
        t00380010={"vr": "LO", "Value": ["ADM-5"]},
        t00404025=sequence(code_item("WS1", "Workstation 1", "99T")),
        t00404026=sequence(code_item("MPR", "MPR station", "99T")),
        t00404027=sequence(code_item("ROOM1", "Room 1", "99T")),
        t00404034=sequence(
            {
                "00404009": {"vr": "SQ", "Value": [code_item("DOC7", "Doctor 7", "99T")]},
                "00404037": {"vr": "PN", "Value": [{"Alphabetic": "Hua^Tuo"}]},
                "00404036": {"vr": "LO", "Value": ["Centre"]},
            }
        ),
        t00741224=sequence(
            {
                "00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.34.6.1"]},
                "00081155": {"vr": "UI", "Value": ["1.2.9"]},
            }
        ),
    )
    second = create(
        hub,
        t00741204={"vr": "LO", "Value": ["Shelf MR"]},
        t00741202={"vr": "LO", "Value": ["shelf"]},
        t00741200={"vr": "CS", "Value": ["HIGH"]},
        t00404041={"vr": "CS", "Value": ["INCOMPLETE"]},
        t00404005={"vr": "DT", "Value": ["20260302120000+0800"]},
        t00404018={"vr": "SQ", "Value": [code_item("110007", "Report Verification")]},
        t00100020={"vr": "LO", "Value": ["S-2"]},
    )
    third = create(
        hub,
        t00741204={"vr": "LO", "Value": ["Shelf CT head"]},
        t00741202={"vr": "LO", "Value": ["shelf"]},
        t00404005={"vr": "DT", "Value": ["20260303120000+0800"]},
        t00100020={"vr": "LO", "Value": ["S-3"]},
    )
    hub.claim("expert", third)
    return {first: "first", second: "second", third: "third"}


def found(hub: HubBed, shelf: dict[str, str], response: httpx.Response) -> list[str]:
    if response.status_code == 204:
        return []
    expect(200, response)
    return [shelf[item["00080018"]["Value"][0]] for item in response.json() if item["00080018"]["Value"][0] in shelf]


MATCHES = [
    ({}, "first second third"),
    ({"ProcedureStepState": "SCHEDULED"}, "first second"),
    ({"00741000": "IN PROGRESS"}, "third"),
    ({"ScheduledProcedureStepPriority": "HIGH"}, "second"),
    ({"ProcedureStepLabel": "Shelf CT*"}, "first third"),
    ({"ProcedureStepLabel": "Shelf CT 胸?"}, "first"),
    ({"ProcedureStepLabel": "shelf ct*"}, ""),
    ({"ScheduledWorkitemCodeSequence.CodeValue": "110007"}, "second"),
    ({"00404018.00080100": "110005", "ProcedureStepState": "SCHEDULED"}, "first"),
    ({"ScheduledStationNameCodeSequence.CodeValue": "WS1"}, "first"),
    ({"ScheduledStationClassCodeSequence.CodeValue": "MPR"}, "first"),
    ({"ScheduledStationGeographicLocationCodeSequence.CodeValue": "ROOM1"}, "first"),
    ({"ScheduledHumanPerformersSequence.HumanPerformerCodeSequence.CodeValue": "DOC7"}, "first"),
    ({"ScheduledProcedureStepStartDateTime": "20260302"}, "second"),
    ({"ScheduledProcedureStepStartDateTime": "20260302000000+0800-20260303115959+0800"}, "second"),
    ({"ScheduledProcedureStepStartDateTime": "-20260302120000+0800"}, "first second"),
    ({"ScheduledProcedureStepStartDateTime": "20260302120001+0800-"}, "third"),
    ({"ScheduledProcedureStepStartDateTime": "202603"}, "first second third"),
    ({"ExpectedCompletionDateTime": "20260301-20260302"}, "first"),
    ({"InputReadinessState": "INCOMPLETE"}, "second"),
    ({"PatientName": "zhao^yun"}, "first"),
    ({"PatientName": "赵*"}, "first"),
    ({"PatientName": "ZHAO*"}, "first"),
    ({"PatientID": "S-2"}, "second"),
    ({"PatientID": "S-?"}, "first second third"),
    ({"PatientID": "S-1", "IssuerOfPatientID": "QS"}, "first"),
    ({"PatientBirthDate": "19700102"}, "first"),
    ({"PatientBirthDate": "19700101-19700103"}, "first"),
    ({"PatientSex": "F"}, "first"),
    ({"AdmissionID": "ADM-5"}, "first"),
    ({"ReplacedProcedureStepSequence.ReferencedSOPInstanceUID": "1.2.8,1.2.9"}, "first"),
    ({"PatientID": ""}, "first second third"),
    ({"PatientID": "*"}, "first second third"),
    ({"PatientID": "S-4"}, ""),
]


@pytest.mark.parametrize(("match", "expected"), MATCHES, ids=[str(number) for number in range(len(MATCHES))])
def test_searching_by_every_required_key(
    hub: HubBed, shelf: dict[str, str], match: dict[str, str], expected: str
) -> None:
    response = hub.as_("expert").get(PATH, params={"WorklistLabel": "shelf", **match})

    assert expected.split() == sorted(found(hub, shelf, response))


def test_a_list_of_uids_matches_each(hub: HubBed, shelf: dict[str, str]) -> None:
    uids = list(shelf)

    response = hub.as_("expert").get(PATH, params={"SOPInstanceUID": ",".join(uids[:2])})

    assert sorted(found(hub, shelf, response)) == ["first", "second"]


def test_a_request_can_be_found_by_its_accession_number(hub: HubBed) -> None:
    sent = hub.send(AccessionNumber="ACC-4711")

    response = hub.as_("expert").get(PATH, params={"ReferencedRequestSequence.AccessionNumber": "ACC-4711"})

    assert {sent.ups, sent.ai_ups} == {item["00080018"]["Value"][0] for item in response.json()}


def test_paging_is_stable_urgent_first_and_tells_what_is_left(hub: HubBed, shelf: dict[str, str]) -> None:
    expert = hub.as_("expert")

    def page(offset: int) -> httpx.Response:
        return expert.get(PATH, params={"WorklistLabel": "shelf", "offset": offset, "limit": 1})

    answers = [page(offset) for offset in range(4)]

    assert [found(hub, shelf, answer) for answer in answers] == [["second"], ["third"], ["first"], []]
    assert answers[0].headers["warning"] == "299 lianyue: There are 2 additional results that can be requested"
    assert "warning" not in answers[2].headers
    assert answers[3].status_code == 204


def test_fuzzy_matching_is_declined_with_a_warning(hub: HubBed, shelf: dict[str, str]) -> None:
    response = hub.as_("expert").get(PATH, params={"WorklistLabel": "shelf", "fuzzymatching": "true"})

    assert len(found(hub, shelf, response)) == 3
    assert (
        response.headers["warning"]
        == "299 lianyue: The fuzzymatching parameter is not supported. Only literal matching has been performed."
    )


@pytest.mark.parametrize(
    "query",
    [
        "NoSuchAttribute=1",
        "limit=-1",
        "limit=many",
        "offset=1.5",
        "ScheduledProcedureStepStartDateTime=yesterday",
        "PatientID=1&00100020=2",
        "includefield=Nonsense",
    ],
)
def test_a_search_that_makes_no_sense_is_a_bad_request(hub: HubBed, query: str) -> None:
    assert hub.as_("expert").get(f"{PATH}?{query}").status_code == 400


def test_a_pattern_full_of_stars_does_not_stall_the_hub(hub: HubBed, shelf: dict[str, str]) -> None:
    response = hub.as_("expert").get(PATH, params={"WorklistLabel": "shelf", "ProcedureStepLabel": "*S*" * 300 + "x"})

    assert response.status_code == 204


def test_includefield_brings_more_and_required_keys_come_always(hub: HubBed, shelf: dict[str, str]) -> None:
    item = hub.as_("expert").get(PATH, params={"PatientID": "S-1"}).json()[0]

    for tag in ("00080016", "00080018", "00741000", "00741200", "00741204", "00404005", "00404041", "00404010"):
        assert item[tag]["Value"]
    for tag in ("0040A370", "00741002", "00741216", "00100010"):
        assert tag in item
