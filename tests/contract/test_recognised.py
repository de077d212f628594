"""Before an exam is repeated: recognised results of the same patient, told with as little as helps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from tests.helpers.hub import HubBed, SentStudy, expect, new_uid, result_file
from tests.helpers.hub_reports import ENHANCED_SR, EXPERT, PDF, finalise, new_report, signed
from tests.helpers.papers import GRANTED, REFUSED
from worklist.http import HubClient
from worklist.hub import recognised_service
from worklist.hub.tables import audit_events, cases, reports
from worklist.recognised import HubRecognised
from workstation.domain.audit import AuditAction
from workstation.domain.mutual_recognition import Recognition
from workstation.domain.study import Patient

ASKED = {"patient_id": "RE-1", "name": "周一", "birth_date": "19610303", "sex": "M"}


def reported(hub: HubBed, recognition: Recognition | None, user: str = "technician", **patient: str) -> SentStudy:
    """Send a study and sign its report."""
    patient = {"PatientBirthDate": "19610303", "PatientSex": "M", "StudyDate": "20261101", **patient}
    sent = hub.send(user, **patient)  # type: ignore[arg-type]  # DICOM keywords only
    lock = hub.claim("expert", sent.ups)
    report = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))
    report = replace(report, recognition=recognition)
    expect(200, finalise(hub, sent.ups, report, lock, _outputs(hub, sent.study, patient)))
    return sent


def _outputs(hub: HubBed, study: str, patient: dict[str, str]) -> list[dict[str, str]]:
    """Store a report and a PDF of this patient."""
    outputs = []
    for sop_class in (ENHANCED_SR, PDF):
        series = new_uid()
        uid, content = result_file(study, series, sop_class, **patient)
        expect(200, hub.store("expert", study, [content]))
        outputs.append(
            {
                "study_instance_uid": study,
                "series_instance_uid": series,
                "sop_class_uid": sop_class,
                "sop_instance_uid": uid,
            }
        )
    return outputs


def results(hub: HubBed, user: str = "technician", **asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = expect(200, hub.as_(user).get("/api/recognised", params={**ASKED, **asked})).json()
    return found


def test_a_recognised_result_is_found_at_the_own_site_and_by_name_and_birth_date_at_others(hub: HubBed) -> None:
    here = reported(hub, GRANTED, PatientID="RE-1", PatientName="周^一")
    elsewhere = reported(hub, GRANTED, "technician2", PatientID="B-1", PatientName="周^一")
    reported(hub, REFUSED, PatientID="RE-1", PatientName="周^一")
    reported(hub, None, PatientID="RE-1", PatientName="周^一")
    reported(hub, GRANTED, "technician2", PatientID="RE-1", PatientName="吴^二")
    hub.send(PatientID="RE-1", PatientName="周^一", StudyDate="20261102")

    found = results(hub)

    assert {one["study_instance_uid"] for one in found} == {here.study, elsewhere.study}
    assert {one["studied_on"] for one in found} == {"2026-11-01"}
    assert set(found[0]) == {
        "study_instance_uid", "modality", "description", "studied_on", "site_name", "recognition",
    }  # fmt: skip


def test_nobody_is_found_by_halves_of_an_identity(hub: HubBed) -> None:
    reported(hub, GRANTED, PatientID="RE-7", PatientName="冯^七")

    assert results(hub, patient_id="", name="冯七", birth_date="") == []
    assert results(hub, patient_id="", name="", birth_date="") == []


def test_only_who_sends_studies_may_ask(hub: HubBed) -> None:
    assert hub.as_("expert").get("/api/recognised", params=ASKED).status_code == 403
    assert hub.nobody().get("/api/recognised", params=ASKED).status_code == 401


def test_the_workstation_reads_them(hub: HubBed) -> None:
    sent = reported(hub, GRANTED, PatientID="RE-9", PatientName="陈^九")
    with HubClient(hub.url) as client:
        client.authorise(hub.as_("technician").headers["Authorization"].removeprefix("Bearer "))
        (one,) = HubRecognised(client).results(Patient("RE-9", "陈九", "19610303", "M"))

    assert (one.study_instance_uid, one.studied_on) == (sent.study, date(2026, 11, 1))
    assert one.recognition == GRANTED


def test_another_person_with_the_same_id_has_no_result_that_spares_this_one_the_exam(hub: HubBed) -> None:
    reported(hub, GRANTED, PatientID="RE-8", PatientName="秦^八", PatientBirthDate="19420101")
    reported(hub, GRANTED, PatientID="RE-8", PatientName="秦^八", PatientSex="F")
    reported(hub, GRANTED, PatientID="RE-8", PatientName="赵^铁柱", PatientBirthDate="")
    his = reported(hub, GRANTED, PatientID="RE-8", PatientName="QIN^BA")

    assert [one["study_instance_uid"] for one in results(hub, patient_id="RE-8", name="秦八")] == [his.study]


def test_an_id_that_two_issuers_gave_out_is_the_same_person_only_with_the_name(hub: HubBed) -> None:
    his = reported(hub, GRANTED, PatientID="RE-9", PatientName="何^一", IssuerOfPatientID="市一院")
    reported(hub, GRANTED, PatientID="RE-9", PatientName="吕^二", IssuerOfPatientID="市二院")

    found = results(hub, patient_id="RE-9", name="何一", birth_date="")

    assert [one["study_instance_uid"] for one in found] == [his.study]


def test_strangers_and_reports_without_the_mark_never_push_out_a_result(hub: HubBed) -> None:
    his = reported(hub, GRANTED, PatientID="RE-10", PatientName="施^十", PatientBirthDate="", PatientSex="")
    with hub.context.write() as connection:
        case, report = (
            dict(connection.execute(select(table).where(table.c.study_instance_uid == his.study)).mappings().one())
            for table in (cases, reports)
        )
        for n in range(120):
            study = f"1.2.826.0.1.96.{n}"
            newer = {"study_instance_uid": study, "ups_instance_uid": f"{study}.1"}
            name = {"patient_name": f"陌生{n}"} if n % 2 else {}
            connection.execute(
                insert(cases).values(case | newer | name | {"studied": datetime(2026, 11, 20, tzinfo=UTC)})
            )
            final = newer | {"report_uid": f"{study}.2", "final_of_study": study}
            document = report["document"] if n % 2 else "{}"
            connection.execute(insert(reports).values(report | final | {"document": document}))

    found = results(hub, patient_id="RE-10", name="施十", birth_date="", sex="")

    assert [one["study_instance_uid"] for one in found] == [his.study]


def test_who_writes_does_not_wait_while_reports_are_looked_through(
    hub: HubBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    his = reported(hub, GRANTED, "technician2", PatientID="B-20", PatientName="谢^远")
    looked_through, written = recognised_service._granted, Event()

    def write() -> None:
        with hub.context.write() as connection:
            connection.execute(update(cases).values(patient_id="B-21").where(cases.c.study_instance_uid == his.study))
        written.set()

    def slowly(connection: Connection, rows: list[Any]) -> list[Any]:
        Thread(target=write, daemon=True).start()
        assert written.wait(5), "a writer waits until the documents were read"
        return looked_through(connection, rows)

    monkeypatch.setattr(recognised_service, "_granted", slowly)
    assert [one["study_instance_uid"] for one in results(hub, patient_id="", name="谢远")] == [his.study]
    with hub.context.read() as connection:
        of_it = select(audit_events.c.action).where(audit_events.c.subject_uid == his.study)
        actions = connection.execute(of_it.order_by(audit_events.c.sequence)).scalars().all()
    assert actions[-1] == AuditAction.STUDY_VIEWED.value


def test_a_result_is_told_under_the_day_that_its_images_carry_whatever_zone_they_name(hub: HubBed) -> None:
    for zone, number in (("+1400", "RE-11"), ("-1200", "RE-12")):
        told = {"PatientID": number, "PatientName": "张^早", "TimezoneOffsetFromUTC": zone}
        reported(hub, GRANTED, StudyDate="20261110", StudyTime="001500" if zone[0] == "+" else "234500", **told)

        (found,) = results(hub, patient_id=number, name="张早", birth_date="")
        assert found["studied_on"] == "2026-11-10"
