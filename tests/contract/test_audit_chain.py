"""The audit trail: every act is written with the act itself, and no record can be changed unseen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, update

from tests.helpers.hub import HubBed, expect, new_uid
from worklist.hub.tables import audit_events
from workstation.domain.audit import AuditAction, AuditEvent, first_broken


def chain(hub: HubBed, **query: str) -> list[AuditEvent]:
    found = expect(200, hub.as_("quality").get("/api/audit", params=query)).json()
    return [AuditEvent(**{**event, "action": AuditAction(event["action"])}) for event in found]


def test_a_reading_leaves_its_trail_in_order(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    expect(200, hub.as_("expert").post(f"/api/worklist/{sent.ups}/release", json={"transaction_uid": lock}))

    trail = [
        (event.action.value, event.user_id)
        for event in chain(hub, study_instance_uid=sent.study)
        if event.action is not AuditAction.INSTANCES_STORED
    ]

    assert trail == [
        ("study_registered", "technician"),
        ("workitem_created", "technician"),
        ("workitem_created", "technician"),
        ("workitem_claimed", "expert"),
        ("workitem_created", "expert"),
        ("workitem_canceled", "expert"),
        ("workitem_released", "expert"),
    ]


def test_signing_in_failing_and_out_are_recorded(hub: HubBed) -> None:
    door = hub.nobody()
    token = door.post("/api/session", json={"user": "resident", "password": "lianyue-demo"}).json()["token"]
    door.delete("/api/session", headers={"Authorization": f"Bearer {token}"})
    door.post("/api/session", json={"user": "resident", "password": "secret typed wrong"})
    door.post("/api/session", json={"user": "my-password-by-mistake", "password": "x"})

    newest = chain(hub)[-4:]

    assert [(event.action.value, event.outcome, event.detail) for event in newest] == [
        ("login", 0, ""),
        ("logout", 0, ""),
        ("login_failed", 4, "resident"),
        ("login_failed", 4, "unknown user"),
    ]


def test_no_record_names_a_patient(hub: HubBed) -> None:
    hub.send(PatientName="李^隐私", PatientID="PRIVATE-1")

    text = hub.as_("quality").get("/api/audit").text

    assert "隐私" not in text
    assert "PRIVATE-1" not in text


def test_a_workstation_records_only_what_it_alone_sees(hub: HubBed) -> None:
    sent, expert = hub.send(), hub.as_("expert")
    viewed = {"action": "study_viewed", "subject_uid": sent.study, "outcome": 0, "detail": ""}

    answers = [
        expert.post("/api/audit", json=viewed),
        expert.post("/api/audit", json=viewed | {"subject_uid": sent.ups}),
        expert.post("/api/audit", json=viewed | {"subject_uid": next(iter(sent.files))}),
        expert.post("/api/audit", json=viewed | {"action": "workitem_claimed"}),
        expert.post("/api/audit", json=viewed | {"action": "nonsense"}),
        expert.post("/api/audit", json=viewed | {"outcome": 3}),
        expert.post("/api/audit", json=viewed | {"subject_uid": new_uid()}),
        hub.as_("technician2").post("/api/audit", json=viewed),
        hub.as_("trainer").post("/api/audit", json=viewed),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 400, 400, 400, 404, 404, 403]
    recorded = [event for event in chain(hub, study_instance_uid=sent.study) if event.action == "study_viewed"]
    assert [event.user_id for event in recorded] == ["expert"] * 3


def test_concurrent_acts_make_one_unbroken_chain(hub: HubBed) -> None:
    sent = hub.send()
    viewed = {"action": "study_viewed", "subject_uid": sent.study}
    clients = [hub.as_(user) for user in ("expert", "resident", "technician", "worker")]
    before = len(chain(hub))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: clients[number % 4].post("/api/audit", json=viewed), range(80)))

    events = chain(hub)
    assert {answer.status_code for answer in answers} == {201}
    assert len(events) == before + 80
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert first_broken(events) is None


def test_what_fails_is_not_recorded_as_done(hub: HubBed) -> None:
    sent = hub.send()
    hub.claim("expert", sent.ups)

    def claims() -> list[str]:
        trail = chain(hub, study_instance_uid=sent.study)
        return [event.user_id for event in trail if event.action is AuditAction.WORKITEM_CLAIMED]

    assert hub.change_state("resident", sent.ups, new_uid(), "IN PROGRESS").status_code == 409

    assert claims() == ["expert"]


@pytest.mark.parametrize("attack", ["edit", "delete", "swap"])
def test_tampering_is_found_at_its_place(hub: HubBed, attack: str) -> None:
    hub.send()
    whole = chain(hub)
    victim = len(whole) // 2
    assert hub.as_("admin").get("/api/audit/check").json() == {"first_broken": None}
    sequence = audit_events.c.sequence

    def put(number: int, **changed: str | int) -> None:
        connection.execute(update(audit_events).where(sequence == number).values(**changed))

    with hub.context.write() as connection:
        if attack == "edit":
            put(victim, user_id="somebody else")
        elif attack == "delete":
            connection.execute(delete(audit_events).where(sequence == victim))
        else:
            put(victim, sequence=-1)
            put(victim + 1, sequence=victim)
            put(-1, sequence=victim + 1)

    found = hub.as_("admin").get("/api/audit/check").json()["first_broken"]

    with hub.context.write() as connection:  # mend it for the tests after this one
        connection.execute(delete(audit_events).where(sequence.in_([victim, victim + 1])))
        for event in whole[victim - 1 : victim + 1]:
            values = {column.name: getattr(event, column.name) for column in audit_events.columns}
            connection.execute(audit_events.insert().values(**values))
    assert found == {"edit": victim, "delete": victim + 1, "swap": victim}[attack]
    assert hub.as_("admin").get("/api/audit/check").json() == {"first_broken": None}


def test_only_administrators_record_a_change_of_models(hub: HubBed) -> None:
    changed = {"action": "model_changed", "subject_uid": "", "outcome": 0, "detail": "active lung-nodule-s shadow -"}

    answers = [hub.as_(who).post("/api/audit", json=changed).status_code for who in ("admin", "expert")]

    assert answers == [201, 403]


def test_a_reader_who_reads_first_records_the_reveal(hub: HubBed) -> None:
    sent = hub.send()
    shown = {"action": "ai_revealed", "subject_uid": sent.study, "outcome": 0, "detail": "0 own findings before 2"}

    assert hub.as_("expert").post("/api/audit", json=shown).status_code == 201
