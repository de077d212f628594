"""Critical values on the hub: its own clock, both names, one effect of each act, and only within the own site."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from resources.critical_policy import shipped_policy
from tests.helpers.hub import HubBed, SentStudy, expect, new_uid
from tests.helpers.hub_reports import EXPERT, NOW, check_final, finalise, new_report, signed, stored_outputs
from worklist.critical import HubCritical
from worklist.errors import refusal
from worklist.http import HubClient
from worklist.hub.critical_service import CriticalService
from worklist.hub.errors import NotFound
from workstation.domain.access import PERMISSIONS, Actor, Permission, Role
from workstation.domain.critical import CallMethod, CallOutcome, CallRecord, CriticalState, CriticalValue
from workstation.domain.critical_board import CallReport, Recognition
from workstation.domain.errors import CriticalOpen, NoLongerUpdatable, NotPermitted, Refused, WorkstationError
from workstation.domain.norm.values import NormOverride


@pytest.fixture(autouse=True)
def present(hub: HubBed) -> Iterator[None]:
    """Begin each test at the present time of the hub, and close every client at its end."""
    hub.clock.ahead = timedelta()
    yield
    hub.clock.ahead = timedelta()
    for client in _CLIENTS:
        client.close()
    _CLIENTS.clear()


_CLIENTS: list[HubClient] = []


def as_(hub: HubBed, user: str) -> HubCritical:
    client = HubClient(hub.url)
    _CLIENTS.append(client)
    client.authorise(hub.as_(user).headers["Authorization"].removeprefix("Bearer "))
    return HubCritical(client)


def service(hub: HubBed) -> CriticalService:
    found: CriticalService = hub.app.state.critical
    return found


def found(text: str = "蛛网膜下腔出血", **changes: Any) -> Recognition:  # noqa: ANN401 - any field
    return Recognition(new_uid(), "subarachnoid-haemorrhage", text, **changes)


def call(**changes: Any) -> CallReport:  # noqa: ANN401 - any field
    told = {"receiver": "王护士", "receiver_role": "病房护士", "number": "0571-1", "content": "蛛网膜下腔出血"}
    return CallReport(new_uid(), **{**told, **changes})


def read_back(**changes: Any) -> CallReport:  # noqa: ANN401 - any field
    return call(read_back=True, read_back_text="蛛网膜下腔出血，立即联系神经外科", **changes)


def acts(hub: HubBed, study: str) -> list[tuple[str, str]]:
    events = expect(200, hub.as_("quality").get("/api/audit", params={"study_instance_uid": study})).json()
    return [(event["action"], event["user_id"]) for event in events if event["action"].startswith("critical_")]


def recognised(hub: HubBed, user: str = "expert", **changes: Any) -> tuple[SentStudy, CriticalValue]:  # noqa: ANN401
    sent = hub.send("technician", PatientName="赵^六")
    return sent, as_(hub, user).recognise(sent.ups, found(**changes))


def test_a_critical_value_goes_from_recognition_to_both_signatures(hub: HubBed) -> None:
    sent, value = recognised(hub)
    assert (value.level.value, value.finding.value if value.finding else "") == ("RID49480", "1386000")
    assert (value.recognised_by.name, value.recognised_by.organisation) == ("王启明", "省影像专科联盟远程诊断中心")
    row = hub.row("resident", sent.ups)
    assert (row["critical"], datetime.fromisoformat(row["critical_due"])) == (True, value.due)

    expert, technician = as_(hub, "expert"), as_(hub, "technician")
    missed = expert.call(value.critical_uid, call(outcome=CallOutcome.NO_ANSWER, receiver=""))
    assert missed.state is CriticalState.RECOGNISED
    told = expert.call(value.critical_uid, call(method=CallMethod.IN_PERSON))
    assert told.state is CriticalState.CALLED
    confirmed = expert.call(value.critical_uid, read_back())
    assert (confirmed.state, len(confirmed.calls), confirmed.next_at) == (CriticalState.CONFIRMED, 3, None)
    assert hub.row("resident", sent.ups)["critical_due"] is None
    assert hub.row("resident", sent.ups)["critical"]
    acknowledged = technician.acknowledge(value.critical_uid, "韩梅", "已通知值班医生")
    assert acknowledged.is_signed_by_both
    assert acknowledged.received is not None
    assert acknowledged.notified is not None
    assert (acknowledged.received.party.name, acknowledged.received.party.user_id) == ("韩梅", "technician")
    assert acknowledged.received.holds
    closed = expert.close(value.critical_uid)
    assert closed.state is CriticalState.CLOSED
    assert not hub.row("resident", sent.ups)["critical"]
    assert acts(hub, sent.study) == [
        ("critical_recognised", "expert"),
        ("critical_called", "expert"),
        ("critical_called", "expert"),
        ("critical_called", "expert"),
        ("critical_acknowledged", "technician"),
        ("critical_closed", "expert"),
    ]
    details = " ".join(
        event["detail"]
        for event in hub.as_("quality").get("/api/audit", params={"study_instance_uid": sent.study}).json()
    )
    assert acknowledged.received.digest in details
    assert acknowledged.notified.digest in details
    assert "赵" not in details


def test_the_hub_reminds_and_escalates_while_no_client_runs(hub: HubBed) -> None:
    sent, value = recognised(hub, "resident")
    service(hub).tick()
    assert acts(hub, sent.study) == [("critical_recognised", "resident")]
    hub.clock.ahead = timedelta(minutes=5, seconds=1)
    service(hub).tick()
    hub.clock.ahead = timedelta(minutes=10, seconds=1)
    service(hub).tick()
    service(hub).tick()

    (notice,) = as_(hub, "expert").of_case(sent.ups).notices
    assert notice.value.reminded_at is not None
    assert notice.value.escalated_at is not None
    assert acts(hub, sent.study)[1:] == [("critical_reminded", ""), ("critical_escalated", "")]
    assert service(hub).next_due() is None or service(hub).next_due() != value.due


def test_several_looks_at_once_remind_and_escalate_once(hub: HubBed) -> None:
    sent, _value = recognised(hub)
    hub.clock.ahead = timedelta(minutes=11)
    looks = [threading.Thread(target=service(hub).tick) for _ in range(4)]
    for look in looks:
        look.start()
    for look in looks:
        look.join()
    assert acts(hub, sent.study)[1:] == [("critical_reminded", ""), ("critical_escalated", "")]


def test_the_watch_of_the_hub_looks_when_a_clock_is_started_and_when_it_is_due(hub: HubBed) -> None:
    spoke, looked = threading.Event(), service(hub).tick

    def tick() -> int:
        count = looked()
        if count:
            spoke.set()
        return count

    service(hub).tick = tick  # type: ignore[method-assign]  # told when the watch itself has written something down
    try:
        sent, _value = recognised(hub, age_s=400)
        assert spoke.wait(60)
    finally:
        service(hub).tick = looked  # type: ignore[method-assign]
    assert ("critical_reminded", "") in acts(hub, sent.study)


def test_what_is_told_late_counts_from_when_it_happened_by_the_hubs_own_clock(hub: HubBed) -> None:
    sent = hub.send("technician")
    before = hub.clock.now()
    value = as_(hub, "resident").recognise(sent.ups, found(age_s=420))
    assert timedelta(seconds=419) < before - value.recognised_at + timedelta(seconds=1)
    assert value.recognised_at <= hub.clock.now() - timedelta(seconds=420)
    done = as_(hub, "resident").call(value.critical_uid, read_back(age_s=300))
    assert done.confirmed_at is not None
    assert timedelta(seconds=118) < done.confirmed_at - value.recognised_at < timedelta(seconds=180)
    assert done.calls[0].recorded_at is not None
    assert done.calls[0].recorded_at - done.calls[0].at >= timedelta(seconds=299)
    early = as_(hub, "resident").call(value.critical_uid, call(age_s=900))
    assert early.calls[-1].at == value.recognised_at


def test_the_same_act_told_twice_has_one_effect(hub: HubBed) -> None:
    sent = hub.send("technician")
    resident = as_(hub, "resident")
    recognition, told = found(), read_back()
    first = resident.recognise(sent.ups, recognition)
    assert resident.recognise(sent.ups, recognition) == first
    called = resident.call(first.critical_uid, told)
    assert resident.call(first.critical_uid, told) == called
    closed = resident.close(first.critical_uid)
    assert resident.close(first.critical_uid) == closed
    assert len(acts(hub, sent.study)) == 3
    other = hub.send("technician")
    with pytest.raises(Refused):
        resident.recognise(other.ups, recognition)


def test_words_that_the_policy_does_not_know_are_taken_with_their_level(hub: HubBed) -> None:
    sent = hub.send("technician")
    value = as_(hub, "resident").recognise(sent.ups, Recognition(new_uid(), "no-such-entry", "异物移位", level=2))
    assert (value.entry_key, value.level.value, value.escalate_after_s) == ("", "RID49481", 3600)


def test_what_was_read_back_is_not_dismissed_and_what_was_not_is_not_closed(hub: HubBed) -> None:
    sent, value = recognised(hub)
    expert = as_(hub, "expert")
    with pytest.raises(NoLongerUpdatable):
        expert.close(value.critical_uid)
    with pytest.raises(WorkstationError):
        expert.dismiss(value.critical_uid, "  ")
    dismissed = expert.dismiss(value.critical_uid, "伪影")
    assert dismissed.state is CriticalState.DISMISSED
    assert not hub.row("resident", sent.ups)["critical"]
    with pytest.raises(NoLongerUpdatable):
        as_(hub, "technician").acknowledge(value.critical_uid, "韩梅", "知晓")
    _, second = recognised(hub)
    expert.call(second.critical_uid, read_back())
    with pytest.raises(NoLongerUpdatable):
        expert.dismiss(second.critical_uid, "误报")


def test_a_call_without_its_words_is_refused(hub: HubBed) -> None:
    _sent, value = recognised(hub)
    for wrong in (
        call(receiver=""),
        call(content=" "),
        call(read_back=True),
        call(number=" "),
        call(number="", method=CallMethod.MESSAGE),
        call(read_back=True, read_back_text="."),
        call(read_back=True, outcome=CallOutcome.BUSY),
    ):
        with pytest.raises(Refused, match="400 bad_request"):  # and not that it came too late
            as_(hub, "expert").call(value.critical_uid, wrong)
    for name, words in (("", "知晓"), ("韩梅", " "), ("韩梅", "."), ("韩梅", "OK")):
        with pytest.raises(WorkstationError):
            as_(hub, "technician").acknowledge(value.critical_uid, name, words)


def test_a_call_that_the_hub_took_under_a_former_rule_is_answered_as_the_first_time(hub: HubBed) -> None:
    sent, value = recognised(hub)
    taken = CallRecord(
        new_uid(), value.recognised_by, "王护士", "病房护士", "", hub.clock.now(), CallMethod.PHONE,
        CallOutcome.REACHED, "蛛网膜下腔出血", read_back=True, read_back_text="收到，已联系神经外科",
    )  # fmt: skip
    kept = value.called(taken)
    with service(hub)._context.write() as connection:  # as a hub wrote it before it asked for a number
        service(hub)._put(connection, kept)

    again = call(number="", read_back=True, read_back_text="收到，已联系神经外科")
    assert as_(hub, "expert").call(value.critical_uid, replace(again, call_uid=taken.call_uid)) == kept
    assert acts(hub, sent.study) == [("critical_recognised", "expert")]


def test_who_may_not_see_a_site_learns_nothing_of_its_critical_values_by_dismissing(
    hub: HubBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, value = recognised(hub)
    own = frozenset({Permission.SEE_OWN_SITE, Permission.NOTIFY_CRITICAL})
    monkeypatch.setitem(PERMISSIONS, Role.READER, own)  # an alliance whose readers keep to their hospital
    stranger = Actor("resident-elsewhere", "赵立新", Role.READER, "another-site")

    def answer(critical_uid: str) -> str:
        with pytest.raises(NotFound) as refused:
            service(hub).dismiss(stranger, critical_uid, "误报")
        return str(refused.value)

    assert answer(value.critical_uid) == answer(new_uid())
    assert value.critical_uid not in str(
        [
            event
            for event in expect(200, hub.as_("quality").get("/api/audit", params={"study_instance_uid": ""})).json()
            if event["user_id"] == "resident-elsewhere"
        ]
    )
    (still,) = as_(hub, "expert").of_case(sent.ups).notices
    assert still.value == value


def test_only_who_recognised_it_or_a_senior_dismisses_it_and_the_first_is_told(hub: HubBed) -> None:
    _sent, of_senior = recognised(hub)
    with pytest.raises(NotPermitted):
        as_(hub, "resident").dismiss(of_senior.critical_uid, "误报")
    refused = expect(200, hub.as_("quality").get("/api/audit", params={"study_instance_uid": ""})).json()
    assert ("not_permitted", "resident") in [(event["action"], event["user_id"]) for event in refused]
    _, own = recognised(hub, "resident")
    assert as_(hub, "resident").dismiss(own.critical_uid, "误报").state is CriticalState.DISMISSED
    _, of_resident = recognised(hub, "resident")
    as_(hub, "expert").dismiss(of_resident.critical_uid, "术后改变")
    told = as_(hub, "resident").board().taken_back
    assert [
        one.value.critical_uid for one in told if one.value.critical_uid in {own.critical_uid, of_resident.critical_uid}
    ] == [of_resident.critical_uid]
    for user in ("expert", "technician"):
        assert of_resident.critical_uid not in [one.value.critical_uid for one in as_(hub, user).board().taken_back]


def test_a_call_that_is_told_hours_later_fills_no_indicator_afterwards(hub: HubBed) -> None:
    quality = as_(hub, "quality")
    before = quality.notified_in_time(1)
    _, value = recognised(hub)
    hub.clock.ahead = timedelta(hours=5)
    called = as_(hub, "expert").call(value.critical_uid, read_back(age_s=17_990))
    assert called.calls[0].delay == timedelta(seconds=17_990)
    as_(hub, "technician").acknowledge(value.critical_uid, "韩梅", "已通知值班医生")
    after = quality.notified_in_time(1)
    assert (after.in_time - before.in_time, after.told_late - before.told_late) == (0, 1)


def test_another_site_neither_sees_nor_acknowledges(hub: HubBed) -> None:
    sent, value = recognised(hub)
    stranger = as_(hub, "technician2")
    assert [one for one in stranger.board().notices if one.value.critical_uid == value.critical_uid] == []
    with pytest.raises(Refused):
        stranger.acknowledge(value.critical_uid, "赵立新", "知晓")
    with pytest.raises(Refused):
        stranger.of_case(sent.ups)
    with pytest.raises(NotPermitted):
        as_(hub, "technician").call(value.critical_uid, call())
    with pytest.raises(NotPermitted):
        as_(hub, "expert").acknowledge(value.critical_uid, "王启明", "知晓")
    own = as_(hub, "technician").board()
    assert [one.patient_name for one in own.notices if one.value.critical_uid == value.critical_uid] == ["赵六"]
    assert abs(own.now - hub.clock.now()) < timedelta(minutes=1)


def test_the_board_shows_the_longest_waiting_first_and_nothing_that_is_closed(hub: HubBed) -> None:
    _, newer = recognised(hub)
    _, older = recognised(hub, age_s=60)
    _, gone = recognised(hub)
    as_(hub, "expert").call(gone.critical_uid, read_back())
    as_(hub, "expert").close(gone.critical_uid)
    uids = [one.value.critical_uid for one in as_(hub, "resident").board().notices]
    assert uids.index(older.critical_uid) < uids.index(newer.critical_uid)
    assert gone.critical_uid not in uids


def test_no_final_report_passes_an_open_value_but_its_signer_s_own_answer(hub: HubBed) -> None:
    sent, value = recognised(hub)
    report = new_report(sent.study, sent.ups, new_uid(), author=EXPERT)
    lock, outputs = hub.claim("expert", sent.ups), stored_outputs(hub, sent.study)

    refused = expect(409, finalise(hub, sent.ups, signed(report), lock, outputs))
    assert expect(409, check_final(hub, sent.ups, signed(report), lock)).json() == refused.json()
    told = refusal(refused, doing="POST final")
    assert isinstance(told, CriticalOpen)
    assert told.user_text == "Critical values without a read-back: 蛛网膜下腔出血"
    for by, status in (("resident", 409), ("expert", 200)):
        answer = NormOverride("critical_open", value.critical_uid, value.text, "三次未接", by, NOW)
        answered = report.with_overrides((answer,), at=NOW)
        expect(status, finalise(hub, sent.ups, signed(answered), lock, outputs))


@pytest.mark.parametrize("act", ["read back", "dismissed"])
def test_a_final_report_that_was_held_goes_once_nothing_is_open_any_more(hub: HubBed, act: str) -> None:
    sent, value = recognised(hub)
    report = signed(new_report(sent.study, sent.ups, new_uid(), author=EXPERT))
    lock, outputs = hub.claim("expert", sent.ups), stored_outputs(hub, sent.study)
    expect(409, finalise(hub, sent.ups, report, lock, outputs))
    if act == "read back":
        as_(hub, "expert").call(value.critical_uid, read_back())
    else:
        as_(hub, "expert").dismiss(value.critical_uid, "伪影")

    expect(200, finalise(hub, sent.ups, report, lock, outputs))


def test_the_tab_counts_what_waits(hub: HubBed) -> None:
    def counted() -> int:
        answer = expect(200, hub.as_("expert").get("/api/worklist", params={"tab": "critical", "limit": 0})).json()
        return int(answer["counts"]["critical"])

    before = counted()
    _, value = recognised(hub)
    assert counted() == before + 1
    as_(hub, "expert").dismiss(value.critical_uid, "伪影")
    assert counted() == before


def test_a_site_brings_its_own_policy_and_each_version_once(hub: HubBed) -> None:
    admin, version = as_(hub, "admin"), new_uid()[-20:]
    assert len(as_(hub, "resident").policy().entries) == 16
    content = (
        shipped_policy()
        .replace('"2026.5"', f'"{version}"')
        .replace('"escalate_after_s": 600', '"escalate_after_s": 900')
    )
    assert admin.replace_policy(content).version == version
    assert admin.replace_policy(content).version == version
    try:
        _, value = recognised(hub)
        assert (value.escalate_after_s, value.policy_version) == (900, f"lianyue {version}")
        with pytest.raises(Refused):
            admin.replace_policy(content.replace("900", "901"))
        with pytest.raises(Refused):
            admin.replace_policy(content.replace("RID49480", "RID1"))
        with pytest.raises(Refused):
            admin.replace_policy(" " * 1_000_001)
        with pytest.raises(NotPermitted):
            as_(hub, "expert").replace_policy(content)
    finally:
        admin.replace_policy(shipped_policy().replace('"2026.5"', f'"back-{version}"'))
    assert admin.policy().version == f"back-{version}"


def test_the_indicator_counts_what_both_sides_signed_within_ten_minutes(hub: HubBed) -> None:
    quality = as_(hub, "quality")
    before = quality.notified_in_time(1)
    _, in_time = recognised(hub)
    as_(hub, "expert").call(in_time.critical_uid, read_back())
    as_(hub, "technician").acknowledge(in_time.critical_uid, "韩梅", "已通知值班医生")
    _, by_telephone = recognised(hub)
    as_(hub, "expert").call(by_telephone.critical_uid, read_back())
    _, late = recognised(hub, age_s=1200)
    as_(hub, "expert").call(late.critical_uid, read_back())
    recognised(hub)
    after = quality.notified_in_time(1)
    assert (after.total - before.total, after.in_time - before.in_time) == (4, 1)
    assert after.unsigned - before.unsigned == 1
    assert after.still_open - before.still_open == 1
    with pytest.raises(NotPermitted):
        as_(hub, "expert").notified_in_time(1)
