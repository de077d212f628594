"""Searching workitems as PS3.18 11.9 has it, by every key that PS3.4 CC asks for, on every database."""

from __future__ import annotations

import httpx
import pytest

from tests.helpers.hub import WORKITEMS, Attribute, Dataset, HubBed, code_item, create_workitem, expect


@pytest.fixture(scope="module")
def shelf(hub: HubBed) -> dict[str, str]:
    """Return three workitems that differ in every match key."""

    def sequence(*items: Dataset) -> Attribute:
        return {"vr": "SQ", "Value": list(items)}

    first = create_workitem(
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
    second = create_workitem(
        hub,
        t00741204={"vr": "LO", "Value": ["Shelf MR"]},
        t00741202={"vr": "LO", "Value": ["shelf"]},
        t00741200={"vr": "CS", "Value": ["HIGH"]},
        t00404041={"vr": "CS", "Value": ["INCOMPLETE"]},
        t00404005={"vr": "DT", "Value": ["20260302120000+0800"]},
        t00404018={"vr": "SQ", "Value": [code_item("110007", "Report Verification")]},
        t00100020={"vr": "LO", "Value": ["S-2"]},
    )
    third = create_workitem(
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
    response = hub.as_("expert").get(WORKITEMS, params={"WorklistLabel": "shelf", **match})

    assert expected.split() == sorted(found(hub, shelf, response))


def test_a_list_of_uids_matches_each(hub: HubBed, shelf: dict[str, str]) -> None:
    uids = list(shelf)

    response = hub.as_("expert").get(WORKITEMS, params={"SOPInstanceUID": ",".join(uids[:2])})

    assert sorted(found(hub, shelf, response)) == ["first", "second"]


def test_a_request_can_be_found_by_its_accession_number(hub: HubBed) -> None:
    sent = hub.send(AccessionNumber="ACC-4711")

    response = hub.as_("expert").get(WORKITEMS, params={"ReferencedRequestSequence.AccessionNumber": "ACC-4711"})

    assert {sent.ups, sent.ai_ups} == {item["00080018"]["Value"][0] for item in response.json()}


def test_paging_is_stable_urgent_first_and_tells_what_is_left(hub: HubBed, shelf: dict[str, str]) -> None:
    expert = hub.as_("expert")

    def page(offset: int) -> httpx.Response:
        return expert.get(WORKITEMS, params={"WorklistLabel": "shelf", "offset": offset, "limit": 1})

    answers = [page(offset) for offset in range(4)]

    assert [found(hub, shelf, answer) for answer in answers] == [["second"], ["third"], ["first"], []]
    assert answers[0].headers["warning"] == "299 lianyue: There are 2 additional results that can be requested"
    assert "warning" not in answers[2].headers
    assert answers[3].status_code == 204


def test_fuzzy_matching_is_declined_with_a_warning(hub: HubBed, shelf: dict[str, str]) -> None:
    response = hub.as_("expert").get(WORKITEMS, params={"WorklistLabel": "shelf", "fuzzymatching": "true"})

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
    assert hub.as_("expert").get(f"{WORKITEMS}?{query}").status_code == 400


def test_a_pattern_full_of_stars_does_not_stall_the_hub(hub: HubBed, shelf: dict[str, str]) -> None:
    response = hub.as_("expert").get(
        WORKITEMS, params={"WorklistLabel": "shelf", "ProcedureStepLabel": "*S*" * 300 + "x"}
    )

    assert response.status_code == 204


def test_includefield_brings_more_and_required_keys_come_always(hub: HubBed, shelf: dict[str, str]) -> None:
    item = hub.as_("expert").get(WORKITEMS, params={"PatientID": "S-1"}).json()[0]

    for tag in ("00080016", "00080018", "00741000", "00741200", "00741204", "00404005", "00404041", "00404010"):
        assert item[tag]["Value"]
    for tag in ("0040A370", "00741002", "00741216", "00100010"):
        assert tag in item
