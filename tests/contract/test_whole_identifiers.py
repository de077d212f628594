"""Two patients stay two: identifiers are kept whole, count with their issuer, or are not taken at all."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.helpers.hub import WORKITEMS, HubBed, create_workitem, expect, new_uid, new_workitem, study_files
from tests.helpers.hub_reports import new_report, submit, workitem
from worklist.hub.accounts import AccountService
from worklist.hub.errors import NotSignedIn

BEGINS_ALIKE = "CN-RENMIN-YIYUAN-320106-ZHUYUAN-0000000000000000000000000000-201"
"""64 characters: what was left of an ID before."""


def relations(hub: HubBed, ups: str) -> list[tuple[str, str]]:
    found = expect(200, hub.as_("expert").get(f"/api/worklist/{ups}/priors")).json()
    return [(one["study_instance_uid"], one["relation"]) for one in found]


@pytest.mark.filterwarnings("ignore:The value length")
def test_two_patients_whose_long_ids_begin_alike_are_never_one(hub: HubBed) -> None:
    assert len(BEGINS_ALIKE) == 64
    other = hub.send(PatientID=f"{BEGINS_ALIKE}8", PatientName="周^一", StudyDate="20250101")
    same = hub.send(PatientID=f"{BEGINS_ALIKE}9", PatientName="吴^二", StudyDate="20250102")
    current = hub.send(PatientID=f"{BEGINS_ALIKE}9", PatientName="吴^二", StudyDate="20260101")

    assert relations(hub, current.ups) == [(same.study, "same_patient")]
    assert relations(hub, other.ups) == []
    row = hub.row("expert", current.ups)
    assert (row["patient_id"], row["prior_count"]) == (f"{BEGINS_ALIKE}9", 1)
    assert workitem(hub, current.ups)["00100020"]["Value"] == [f"{BEGINS_ALIKE}9"]


@pytest.mark.filterwarnings("ignore:The value length")
def test_an_id_that_cannot_be_kept_whole_is_set_aside_with_the_reason(hub: HubBed) -> None:
    study = new_uid()
    expect(201, hub.as_("technician").post("/api/requests", json={"study_instance_uid": study}))

    answer = expect(409, hub.store("technician", study, study_files(study, 1, PatientID="7" * 129).values()))

    assert [one["00081197"]["Value"] for one in answer.json()["00081198"]["Value"]] == [[0xC000]]
    with hub.context.read() as connection:
        told = connection.execute(
            text("SELECT detail FROM audit_events WHERE action = 'instance_quarantined' ORDER BY 1")
        ).scalars()
        assert any("Patient ID has 129 characters, more than 128" in one for one in told)
        stored = "SELECT count(*) FROM dicom_studies WHERE study_instance_uid = :study"
        assert connection.execute(text(stored), {"study": study}).scalar_one() == 0


def test_an_id_with_a_backslash_is_not_the_patient_of_its_first_half(hub: HubBed) -> None:
    hub.send(PatientID="D1204\\A", PatientName="郑^三")
    hub.send(PatientID="D1204", PatientName="王^四")
    current = hub.send(PatientID="D1204\\B", PatientName="冯^五")

    assert relations(hub, current.ups) == []
    assert hub.row("expert", current.ups)["patient_id"] == "D1204\\B"


@pytest.mark.parametrize(
    ("issuer", "relation"), [("市一院", ["same_patient"]), ("", ["possibly_same"]), ("市二院", [])]
)
def test_an_id_counts_with_who_issued_it(hub: HubBed, issuer: str, relation: list[str]) -> None:
    number = new_uid()[-16:]
    hub.send(PatientID=number, PatientName=f"褚^{number}", IssuerOfPatientID=issuer)
    current = hub.send(PatientID=number, PatientName=f"卫^{number}", IssuerOfPatientID="市一院")

    assert [found for _, found in relations(hub, current.ups)] == relation
    listed = expect(200, hub.as_("expert").get(f"/api/worklist/{current.ups}/priors")).json()
    assert [one["issuers"] for one in listed] == [["市一院", issuer]] * len(relation)
    assert hub.row("expert", current.ups)["prior_count"] == relation.count("same_patient")
    assert workitem(hub, current.ups)["00100021"]["Value"] == ["市一院"]


@pytest.mark.filterwarnings("ignore:The value length")
def test_an_accession_number_of_twenty_digits_is_told_whole(hub: HubBed) -> None:
    sent = hub.send(PatientID="A-20", AccessionNumber="20260305081500000123")

    assert hub.row("expert", sent.ups)["accession_number"] == "20260305081500000123"
    (request,) = workitem(hub, sent.ups)["0040A370"]["Value"]
    assert request["00080050"]["Value"] == ["20260305081500000123"]
    found = expect(200, hub.as_("expert").get(WORKITEMS, params={
        "ReferencedRequestSequence.AccessionNumber": "20260305081500000123"})).json()  # fmt: skip
    assert {one["0020000D"]["Value"][0] for one in found} == {sent.study}


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
@pytest.mark.parametrize(("written", "told"), [("MALE", ["M"]), ("f", ["F"]), ("W", None), ("1", None)])
def test_a_sex_is_told_in_the_standards_letters_or_not_at_all(
    hub: HubBed, written: str, told: list[str] | None
) -> None:
    sent = hub.send(PatientID=f"S-{written}", PatientSex=written)

    assert workitem(hub, sent.ups)["00100040"].get("Value") == told
    assert hub.row("expert", sent.ups)["sex"] == (told or [""])[0]


@pytest.mark.parametrize(
    ("tag", "element"),
    [
        ("00100040", {"vr": "CS", "Value": ["MALE"]}),
        ("00100040", {"vr": "CS", "Value": ["M", "F"]}),
        ("00100030", {"vr": "DA", "Value": ["19680231"]}),
        ("00100030", {"vr": "DA", "Value": ["1968-02-03"]}),
        ("00100020", {"vr": "LO", "Value": ["7" * 65]}),
        ("00100020", {"vr": "LO", "Value": ["P-1", "P-2"]}),
        ("00100021", {"vr": "LO", "Value": ["A\\B"]}),
    ],
)
def test_a_workitem_of_a_patient_who_cannot_be_told_is_refused(hub: HubBed, tag: str, element: dict[str, Any]) -> None:
    answer = hub.as_("technician").post(f"{WORKITEMS}?{new_uid()}", json=[new_workitem(**{f"t{tag}": element})])

    assert answer.status_code == 400
    assert create_workitem(hub, t00100040={"vr": "CS", "Value": ["O"]})


def test_a_report_whose_uid_is_too_long_is_not_stored_under_another_ones(hub: HubBed) -> None:
    sent = hub.send(PatientID="R-65")
    lock = hub.claim("resident", sent.ups)

    answer = submit(hub, "resident", sent.ups, new_report(sent.study, sent.ups, "2.25." + "1" * 60), lock)

    assert (answer.status_code, answer.json()["message"]) == (400, "the report names no UID")


def test_nobody_signs_in_with_the_beginning_of_a_name(hub: HubBed) -> None:
    service = AccountService(hub.context)
    with hub.context.write() as connection:
        connection.execute(text("UPDATE accounts SET user_id = :long WHERE user_id = 'trainer'"), {"long": "t" * 64})

    with pytest.raises(NotSignedIn):
        service.sign_in("t" * 65, "lianyue")
