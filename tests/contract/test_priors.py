"""Priors: another person's images never pass as this person's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from tests.helpers.hub import HubBed, expect, new_uid
from tests.helpers.hub_reports import NOW, new_report, submit
from worklist.http import HubClient
from worklist.hub.tables import cases
from worklist.priors import HubPriors
from workstation.domain.report import ReportState


@pytest.fixture
def in_china(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the hub stand where its day begins eight hours before the day of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()


def priors(hub: HubBed, ups: str, user: str = "expert") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = expect(200, hub.as_(user).get(f"/api/worklist/{ups}/priors")).json()
    return found


def _patient() -> dict[str, str]:
    """Return a patient whom no other test has sent: elsewhere name, birth date and sex are looked for."""
    number = new_uid()[-20:]
    born = f"19{int(number[:8]) % 90 + 10}{int(number[8:14]) % 12 + 1:02}{int(number[14:]) % 28 + 1:02}"
    return {"PatientID": number, "PatientName": "周^丽华", "PatientBirthDate": born, "PatientSex": "F"}


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


@pytest.mark.parametrize(("here", "there"), [("HIS-A", "HIS-B"), ("HIS-A", ""), ("", "HIS-B")])
def test_who_issued_both_ids_is_told_with_what_is_only_possibly_the_same_person(
    hub: HubBed, here: str, there: str
) -> None:
    who = _patient()
    hub.send(StudyDate="20250105", IssuerOfPatientID=there, **who)  # type: ignore[arg-type]  # DICOM keywords only
    current = hub.send(StudyDate="20260105", IssuerOfPatientID=here, **who)  # type: ignore[arg-type]  # DICOM keywords

    (found,) = priors(hub, current.ups)

    assert (found["relation"], found["against"], found["issuers"]) == ("possibly_same", [], [here, there])


def test_nobody_without_id_or_birth_date_has_priors(hub: HubBed) -> None:
    hub.send(PatientID="", PatientName="陈^六", PatientBirthDate="", PatientSex="F")
    current = hub.send(PatientID="", PatientName="陈^六", PatientBirthDate="", PatientSex="F")

    assert priors(hub, current.ups) == []


@pytest.mark.parametrize(("born", "sex"), [("", ""), ("", "O")])
def test_a_patient_of_whom_neither_birth_date_nor_sex_is_told_has_priors_all_the_same(
    hub: HubBed, born: str, sex: str
) -> None:
    who = _patient() | {"PatientBirthDate": born, "PatientSex": sex}
    own = hub.send(StudyDate="20250105", **who)  # type: ignore[arg-type]  # DICOM keywords only
    current = hub.send(StudyDate="20260105", **who)  # type: ignore[arg-type]  # DICOM keywords only

    assert [(one["study_instance_uid"], one["relation"]) for one in priors(hub, current.ups)] == [
        (own.study, "same_patient")
    ]


@pytest.mark.usefixtures("in_china")
@pytest.mark.parametrize("zone", ["", "+0800", "-0500"])
def test_an_exam_of_the_early_morning_is_told_under_the_day_that_its_images_carry(hub: HubBed, zone: str) -> None:
    """07:30 in China is the day before in UTC; an exam that is later that morning was never the day before."""
    who = _patient() | ({"TimezoneOffsetFromUTC": zone} if zone else {})
    hub.send(StudyDate="20250310", StudyTime="074500", **who)  # type: ignore[arg-type]  # DICOM keywords only
    hub.send(StudyDate="20261110", StudyTime="073000", **who)  # type: ignore[arg-type]  # DICOM keywords only
    current = hub.send(StudyDate="20261110", StudyTime="063000", **who)  # type: ignore[arg-type]  # DICOM keywords only

    assert [one["study_date"] for one in priors(hub, current.ups)] == ["20261110", "20250310"]


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA")
@pytest.mark.parametrize(("written", "told"), [("2025.03.10", "20250310"), ("", ""), ("20250231", "")])
def test_a_study_date_is_told_as_a_day_or_not_at_all(hub: HubBed, written: str, told: str) -> None:
    who = _patient()
    hub.send(StudyDate=written, **who)  # type: ignore[arg-type]  # DICOM keywords only
    current = hub.send(StudyDate="20260105", **who)  # type: ignore[arg-type]  # DICOM keywords only

    assert [one["study_date"] for one in priors(hub, current.ups)] == [told]


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_a_prior_with_date_and_time_of_an_old_form_stands_among_the_others_by_its_day(hub: HubBed) -> None:
    who = _patient()
    for day, at in (("20230105", "073000"), ("2024.01.05", "07:30:00"), ("20250105", "073000")):
        hub.send(StudyDate=day, StudyTime=at, **who)  # type: ignore[arg-type]  # DICOM keywords only
    current = hub.send(StudyDate="20260105", **who)  # type: ignore[arg-type]  # DICOM keywords only

    assert [one["study_date"] for one in priors(hub, current.ups)] == ["20250105", "20240105", "20230105"]


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


def test_marks_that_a_reader_is_deciding_or_has_decided_are_never_called_undecided(hub: HubBed) -> None:
    who = _patient()
    older = hub.send(StudyDate="20250105", **who)  # type: ignore[arg-type]  # DICOM keywords only
    current = hub.send(StudyDate="20260105", **who)  # type: ignore[arg-type]  # DICOM keywords only
    with hub.context.write() as connection:
        found = update(cases).where(cases.c.study_instance_uid == older.study)
        connection.execute(found.values(ai_finding_count=3))

    def told() -> list[tuple[str, int]]:
        return [(one["state"], one["undecided_marks"]) for one in priors(hub, current.ups)]

    assert told() == [("ready", 3)]
    lock = hub.claim("resident", older.ups)
    assert told() == [("reading", 0)]
    written = new_report(older.study, older.ups, new_uid()).moved(ReportState.PRELIMINARY, at=NOW)
    expect(200, submit(hub, "resident", older.ups, written, lock))
    assert told() == [("preliminary", 0)]


@pytest.mark.parametrize(
    ("other", "against"),
    [
        ({"PatientName": "赵^铁柱", "PatientBirthDate": "19420101", "PatientSex": "M"}, ["name", "birth_date", "sex"]),
        ({"PatientBirthDate": "19420101"}, ["birth_date"]),
        ({"PatientSex": "M"}, ["sex"]),
        ({"PatientName": "赵^铁柱", "PatientBirthDate": "", "PatientSex": ""}, ["name"]),
    ],
)
def test_an_id_that_was_given_out_again_is_never_certainly_the_same_patient(
    hub: HubBed, other: dict[str, str], against: list[str]
) -> None:
    who = _patient()
    earlier = hub.send(StudyDate="20250105", **(who | other))  # type: ignore[arg-type]  # DICOM keywords only
    current = hub.send(StudyDate="20260105", **who)  # type: ignore[arg-type]  # DICOM keywords only

    (found,) = priors(hub, current.ups)

    assert (found["study_instance_uid"], found["relation"], found["against"]) == (
        earlier.study,
        "possibly_same",
        against,
    )
    assert found["patient"]["birth_date"] == (who | other)["PatientBirthDate"]
    assert hub.row("expert", current.ups)["prior_count"] == 0


@pytest.mark.parametrize(
    "other",
    [
        {"PatientName": "ZHOU^LIHUA"},
        {"PatientName": "周^麗華"},
        {"PatientBirthDate": "", "PatientSex": ""},
        {"PatientName": ""},
        {"PatientSex": "O"},
    ],
)
def test_a_name_written_otherwise_and_what_is_missing_make_no_other_patient(hub: HubBed, other: dict[str, str]) -> None:
    who = _patient()
    hub.send(StudyDate="20250105", **(who | other))  # type: ignore[arg-type]  # DICOM keywords only
    current = hub.send(StudyDate="20260105", **who)  # type: ignore[arg-type]  # DICOM keywords only

    assert [(one["relation"], one["against"]) for one in priors(hub, current.ups)] == [("same_patient", [])]
    assert hub.row("expert", current.ups)["prior_count"] == 1


@pytest.mark.parametrize(
    ("earlier", "later"), [("WANG^QIMING=王^启明", "WANG^QIMING"), ("WANG^QIMING", "WANG^QIMING=王^启明")]
)
def test_a_scanner_that_sends_the_latin_letters_alone_makes_no_other_patient(
    hub: HubBed, earlier: str, later: str
) -> None:
    who = _patient() | {"PatientBirthDate": ""}
    hub.send(StudyDate="20250105", **(who | {"PatientName": earlier}))  # type: ignore[arg-type]  # DICOM keywords only
    current = hub.send(StudyDate="20260105", **(who | {"PatientName": later}))  # type: ignore[arg-type]  # as above

    assert [(one["relation"], one["against"]) for one in priors(hub, current.ups)] == [("same_patient", [])]
    assert hub.row("expert", current.ups)["prior_count"] == 1


@pytest.mark.parametrize("born", ["19420101", ""])
def test_strangers_under_one_id_never_push_out_the_priors_of_the_patient(hub: HubBed, born: str) -> None:
    who = _patient()
    own = hub.send(StudyDate="20200105", **who)  # type: ignore[arg-type]  # DICOM keywords only
    current = hub.send(StudyDate="20260105", **who)  # type: ignore[arg-type]  # DICOM keywords only
    with hub.context.write() as connection:
        row = dict(connection.execute(select(cases).where(cases.c.study_instance_uid == own.study)).mappings().one())
        strangers = [
            row
            | {
                "study_instance_uid": f"1.2.826.0.1.98.{len(born)}.{n}",
                "ups_instance_uid": f"1.2.826.0.1.97.{len(born)}.{n}",
                "patient_name": f"陌生{n}",
                "birth_date": born,
                "studied": datetime(2025, 1, 5, tzinfo=UTC),
            }
            for n in range(60)
        ]
        connection.execute(insert(cases), strangers)

    found = priors(hub, current.ups)

    assert len(found) == 50
    assert [one["relation"] for one in found] == ["possibly_same"] * 49 + ["same_patient"]
    assert found[-1]["study_instance_uid"] == own.study


def test_the_workstation_reads_them(hub: HubBed) -> None:
    hub.send(PatientID="PR-9", PatientName="蒋^九", StudyDate="20250909")
    current = hub.send(PatientID="PR-9", PatientName="蒋^九")
    with HubClient(hub.url) as client:
        client.authorise(hub.as_("expert").headers["Authorization"].removeprefix("Bearer "))
        found = HubPriors(client).priors(current.ups)

    assert [(one.study_date, one.relation.value, one.modality) for one in found] == [("20250909", "same_patient", "CT")]
