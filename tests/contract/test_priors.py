"""Priors: another person's images never pass as this person's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from tests.helpers.hub import HubBed, expect
from worklist.http import HubClient
from worklist.hub.tables import cases
from worklist.priors import HubPriors


def priors(hub: HubBed, ups: str, user: str = "expert") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = expect(200, hub.as_(user).get(f"/api/worklist/{ups}/priors")).json()
    return found


def test_the_same_id_at_the_same_site_is_a_prior_newest_first(hub: HubBed) -> None:
    oldest = hub.send(PatientID="PR-1", PatientName="周^一", StudyDate="20240105")
    older = hub.send(PatientID="PR-1", PatientName="周^一", StudyDate="20250105")
    current = hub.send(PatientID="PR-1", PatientName="周^一", StudyDate="20260105")
    hub.send(PatientID="PR-2", PatientName="吴^二", StudyDate="20250105")

    found = priors(hub, current.ups)

    assert [one["study_instance_uid"] for one in found] == [older.study, oldest.study]
    assert {one["relation"] for one in found} == {"same_patient"}
    assert [one["study_date"] for one in found] == ["20250105", "20240105"]
    assert [one["reported"] for one in found] == [False, False]
    assert [one["ups_instance_uid"] for one in found] == [older.ups, oldest.ups]


def test_the_same_id_at_another_site_is_another_person(hub: HubBed) -> None:
    hub.send("technician2", PatientID="PR-3", PatientName="郑^三", PatientBirthDate="19500101", PatientSex="M")
    current = hub.send(PatientID="PR-3", PatientName="王^四", PatientBirthDate="19700202", PatientSex="F")

    assert priors(hub, current.ups) == []


def test_name_birth_date_and_sex_elsewhere_are_only_possibly_the_same_person(hub: HubBed) -> None:
    elsewhere, current = (
        hub.send(user, PatientID=number, PatientName="冯^五", PatientBirthDate="19610303", PatientSex="M")
        for user, number in (("technician2", "B-77"), ("technician", "PR-4"))
    )

    found = priors(hub, current.ups)

    assert [(one["study_instance_uid"], one["relation"]) for one in found] == [(elsewhere.study, "possibly_same")]


def test_nobody_without_id_or_birth_date_has_priors(hub: HubBed) -> None:
    hub.send(PatientID="", PatientName="陈^六", PatientBirthDate="", PatientSex="F")
    current = hub.send(PatientID="", PatientName="陈^六", PatientBirthDate="", PatientSex="F")

    assert priors(hub, current.ups) == []


def test_a_technician_sees_priors_of_the_own_site_only(hub: HubBed) -> None:
    _, current = (
        hub.send(user, PatientID=number, PatientName="褚^七", PatientBirthDate="19720404", PatientSex="F")
        for user, number in (("technician2", "B-88"), ("technician", "PR-5"))
    )

    assert priors(hub, current.ups, "technician") == []
    assert hub.as_("technician2").get(f"/api/worklist/{current.ups}/priors").status_code == 404


def test_a_study_still_arriving_is_no_prior(hub: HubBed) -> None:
    current = hub.send(PatientID="PR-6", PatientName="卫^八")
    expect(201, hub.as_("technician").post("/api/requests", json={"study_instance_uid": "1.2.826.0.1.99.6"}))

    assert priors(hub, current.ups) == []


def test_a_prior_that_somebody_has_claimed_says_who_is_reading_it(hub: HubBed) -> None:
    older = hub.send(PatientID="PR-7", PatientName="韩^十一", StudyDate="20250105")
    current = hub.send(PatientID="PR-7", PatientName="韩^十一", StudyDate="20260105")
    assert [(one["state"], one["reader"]) for one in priors(hub, current.ups)] == [("ready", "")]

    hub.claim("resident", older.ups)

    name = hub.row("expert", older.ups)["reader_name"]
    assert name
    assert [(one["state"], one["reader"]) for one in priors(hub, current.ups)] == [("reading", name)]


def test_a_prior_tells_how_many_marks_of_an_ai_nobody_has_decided(hub: HubBed) -> None:
    older = hub.send(PatientID="PR-8", PatientName="沈^十二", StudyDate="20250105")
    current = hub.send(PatientID="PR-8", PatientName="沈^十二", StudyDate="20260105")
    with hub.context.write() as connection:
        found = update(cases).where(cases.c.study_instance_uid == older.study)
        connection.execute(found.values(ai_finding_count=3))

    assert [one["undecided_marks"] for one in priors(hub, current.ups)] == [3]


def test_the_workstation_reads_them(hub: HubBed) -> None:
    hub.send(PatientID="PR-9", PatientName="蒋^九", StudyDate="20250909")
    current = hub.send(PatientID="PR-9", PatientName="蒋^九")
    with HubClient(hub.url) as client:
        client.authorise(hub.as_("expert").headers["Authorization"].removeprefix("Bearer "))
        found = HubPriors(client).priors(current.ups)

    assert [(one.study_date, one.relation.value, one.modality) for one in found] == [("20250909", "same_patient", "CT")]
