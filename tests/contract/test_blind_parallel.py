"""Two blind readings at the same time: each place has one winner, and neither reader hears of the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import delete, insert, select, text

from tests.helpers.hub import HubBed, SentStudy, expect, new_uid
from tests.helpers.hub_reports import (
    EXPERT,
    NOW,
    RESIDENT,
    as_json,
    finalise,
    from_json,
    new_report,
    signed,
    stored_outputs,
)
from tests.helpers.hub_reports import submit as send_in
from worklist.hub.quality_tables import blind_slots
from worklist.hub.tables import accounts, cases
from workstation.domain.report import Person, Report
from workstation.domain.report_state import ReportState

SECOND = Person("reader2", "赵敏", "")  # an account of no site
THIRD = Person("reader3", "孙伟", "省影像专科联盟远程诊断中心")
ARBITER = Person("senior2", "李明", "省影像专科联盟远程诊断中心")


@pytest.fixture(autouse=True, scope="module")
def people(hub: HubBed) -> None:
    """Add two readers and a second senior; nobody signs in with a password here, and hashing one takes seconds."""
    with hub.context.write() as connection:
        for person, role in ((SECOND, "reader"), (THIRD, "reader"), (ARBITER, "senior")):
            connection.execute(
                insert(accounts).values(
                    user_id=person.user_id, password_hash="", display_name=person.name, role=role, enabled=True
                )
            )


@pytest.fixture
def sent(hub: HubBed) -> SentStudy:
    case = hub.send()
    expect(204, hub.as_("expert").post(f"/api/reports/{case.ups}/double"))
    return case


def offered(hub: HubBed, user: str, sent: SentStudy) -> str:
    return str(hub.row(user, sent.ups)["ups_instance_uid"])


def seen(hub: HubBed, user: str, sent: SentStudy) -> tuple[str, str]:
    row = hub.row(user, sent.ups)
    return row["state"], row["reader_name"]


def draft(sent: SentStudy, ups: str, author: Person, impression: str) -> Report:
    report = new_report(sent.study, ups, new_uid(), author=author, impression=impression)
    return report.moved(ReportState.PRELIMINARY, at=NOW)


def submit(hub: HubBed, sent: SentStudy, ups: str, author: Person, lock: str, impression: str) -> Report:
    report = draft(sent, ups, author, impression)
    expect(200, send_in(hub, author.user_id, ups, report, lock))
    return report


def while_the_case_is_held(
    hub: HubBed, study: str, first: Callable[[], httpx.Response], second: Callable[[], httpx.Response]
) -> tuple[httpx.Response, httpx.Response]:
    """Have two requests meet: the second comes while the first waits for the case. SQLite has one writer anyway."""
    if hub.kind == "sqlite":
        return first(), second()
    answers = []
    with ThreadPoolExecutor(2) as pool:
        with hub.context.write() as connection:
            connection.execute(select(cases).where(cases.c.study_instance_uid == study).with_for_update())
            for number, ask in enumerate((first, second), 1):
                answers.append(pool.submit(ask))
                until_waiting(hub, number)
        return answers[0].result(), answers[1].result()


def until_waiting(hub: HubBed, count: int) -> None:
    """Wait until so many transactions of the hub wait for another; a test that never sees it ends at its time limit."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with hub.context.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(text(query)).scalar_one() < count:
            time.sleep(0.02)  # polls another process


def test_two_read_at_the_same_time_and_neither_hears_of_the_other(hub: HubBed, sent: SentStudy) -> None:
    first = offered(hub, "resident", sent)
    lock = hub.claim("resident", first)
    alone = seen(hub, SECOND.user_id, sent)
    second = offered(hub, SECOND.user_id, sent)
    other_lock = hub.claim(SECOND.user_id, second)
    both = [seen(hub, user, sent) for user in ("resident", SECOND.user_id, THIRD.user_id, "technician")]

    mine = submit(hub, sent, first, RESIDENT, lock, "首阅意见")
    after = [seen(hub, user, sent) for user in ("resident", SECOND.user_id, THIRD.user_id, "technician")]
    heard = [
        hub.as_(SECOND.user_id).get(path)
        for ups in (first, second)
        for path in (
            f"/api/reports/{ups}",
            f"/api/reports/{ups}/versions",
            f"/api/reports/{ups}/readings",
            f"/api/reports/{ups}/timeline",
            f"/dicom-web/workitems/{first}",
            f"/dicom-web/workitems?StudyInstanceUID={sent.study}",
        )
    ]

    assert first != second
    assert alone == ("ready", "")
    assert both == [("reading", "宋佳"), ("reading", "赵敏"), ("reading", ""), ("reading", "")]
    assert after == [("reading", ""), ("reading", "赵敏"), ("reading", ""), ("reading", "")]
    assert all("首阅意见" not in answer.text and "宋佳" not in answer.text for answer in heard)
    assert all(first not in answer.text for answer in heard if answer.status_code == 200)
    theirs = submit(hub, sent, second, SECOND, other_lock, "次阅意见")
    readings = expect(200, hub.as_("expert").get(f"/api/reports/{sent.ups}/readings")).json()
    assert [from_json(one) for one in readings] == [mine, theirs]


def test_the_second_place_may_be_in_before_the_first(hub: HubBed, sent: SentStudy) -> None:
    first = offered(hub, "resident", sent)
    lock = hub.claim("resident", first)
    second = offered(hub, SECOND.user_id, sent)
    theirs = submit(hub, sent, second, SECOND, hub.claim(SECOND.user_id, second), "乙")
    mine = submit(hub, sent, first, RESIDENT, lock, "甲")

    readings = expect(200, hub.as_("expert").get(f"/api/reports/{sent.ups}/readings")).json()
    assert [from_json(one) for one in readings] == [mine, theirs]
    verification = offered(hub, "expert", sent)
    assert seen(hub, "expert", sent) == ("preliminary", "宋佳")
    refused = hub.change_state("resident", verification, new_uid(), "IN PROGRESS")
    decided = signed(mine.with_values({"impression": "乙"}, at=NOW + timedelta(hours=1)))
    lock = hub.claim("expert", verification)
    expect(200, finalise(hub, verification, decided, lock, stored_outputs(hub, sent.study)))
    assert refused.status_code == 403
    assert hub.row("technician", sent.ups)["state"] == "final"


def test_many_who_claim_at_once_give_each_place_one_reader(hub: HubBed, sent: SentStudy) -> None:
    users = ("resident", SECOND.user_id, THIRD.user_id, "expert", ARBITER.user_id)
    row_of = {user: offered(hub, user, sent) for user in users}

    def claim(user: str) -> int:
        return hub.change_state(user, row_of[user], new_uid(), "IN PROGRESS").status_code

    for user in users:
        hub.as_(user)  # sessions are opened before the race
    with ThreadPoolExecutor(5) as pool:
        first = list(pool.map(claim, users))
        row_of = {user: offered(hub, user, sent) for user in users}
        losers = [user for user, code in zip(users, first, strict=True) if code != 200]
        second = list(pool.map(claim, losers))

    names = {hub.row(user, sent.ups)["reader_name"] for user in users} - {""}
    assert (first.count(200), second.count(200), len(names)) == (1, 1, 2)


def test_who_loses_a_claim_is_not_told_who_reads(hub: HubBed, sent: SentStudy) -> None:
    first = offered(hub, "resident", sent)
    hub.claim("resident", first)

    refused = hub.change_state(SECOND.user_id, first, new_uid(), "IN PROGRESS")

    assert refused.status_code == 409
    assert "宋佳" not in refused.text


def test_nobody_takes_both_places(hub: HubBed, sent: SentStudy) -> None:
    with hub.context.read() as connection:
        places = connection.execute(blind_slots.select().where(blind_slots.c.study_instance_uid == sent.study)).all()
    hub.claim("resident", places[0].ups_instance_uid)

    refused = hub.change_state("resident", places[1].ups_instance_uid, new_uid(), "IN PROGRESS")

    assert (refused.status_code, refused.json()["error"]) == (403, "not_independent")


def test_who_claims_while_a_double_reading_is_ordered_has_one_place(hub: HubBed) -> None:
    case = hub.send()
    hub.as_("resident")

    ordered, claimed = while_the_case_is_held(
        hub,
        case.study,
        lambda: hub.as_("expert").post(f"/api/reports/{case.ups}/double"),
        lambda: hub.change_state("resident", case.ups, new_uid(), "IN PROGRESS"),
    )

    assert (ordered.status_code, claimed.status_code) == (204, 200)
    with hub.context.read() as connection:
        places = connection.execute(blind_slots.select().where(blind_slots.c.study_instance_uid == case.study)).all()
    assert sorted((place.state, place.reader_id) for place in places) == [("free", ""), ("reading", "resident")]
    free = next(place.ups_instance_uid for place in places if place.state == "free")
    assert hub.change_state("resident", free, new_uid(), "IN PROGRESS").status_code == 403
    assert seen(hub, "technician", case) == ("ready", "")


def test_withdrawing_a_request_and_claiming_its_other_place_do_not_wait_for_each_other(
    hub: HubBed, sent: SentStudy
) -> None:
    with hub.context.read() as connection:
        places = connection.execute(blind_slots.select().where(blind_slots.c.study_instance_uid == sent.study)).all()
    one, other = (place.ups_instance_uid for place in places)

    withdrawn, claimed = while_the_case_is_held(
        hub,
        sent.study,
        lambda: hub.as_("technician").post(f"/dicom-web/workitems/{one}/cancelrequest", json=[{}]),
        lambda: hub.change_state("resident", other, new_uid(), "IN PROGRESS"),
    )

    assert (withdrawn.status_code, claimed.status_code) == (202, 400)
    assert hub.row("technician", sent.ups)["state"] == "cancelled"


def test_a_place_that_is_given_back_is_offered_again(hub: HubBed, sent: SentStudy) -> None:
    first = offered(hub, "resident", sent)
    lock = hub.claim("resident", first)
    hub.claim(SECOND.user_id, offered(hub, SECOND.user_id, sent))

    new = expect(200, hub.as_("resident").post(f"/api/worklist/{first}/release", json={"transaction_uid": lock})).json()

    assert seen(hub, THIRD.user_id, sent) == ("ready", "")
    assert offered(hub, THIRD.user_id, sent) == new["ups_instance_uid"] != first
    assert seen(hub, SECOND.user_id, sent) == ("reading", "赵敏")


def test_a_reading_is_not_completed_past_its_report(hub: HubBed, sent: SentStudy) -> None:
    hub.claim("resident", offered(hub, "resident", sent))
    second = offered(hub, SECOND.user_id, sent)
    lock = hub.claim(SECOND.user_id, second)

    refused = hub.change_state(SECOND.user_id, second, lock, "COMPLETED")

    assert refused.status_code == 409


def test_a_request_is_withdrawn_while_nobody_reads_and_not_after(hub: HubBed, sent: SentStudy) -> None:
    other = hub.send()
    expect(204, hub.as_("expert").post(f"/api/reports/{other.ups}/double"))
    hub.claim("resident", offered(hub, "resident", other))
    free = offered(hub, "technician", other)

    late = hub.as_("technician").post(f"/dicom-web/workitems/{free}/cancelrequest", json=[{}])
    early = hub.as_("technician").post(f"/dicom-web/workitems/{sent.ups}/cancelrequest", json=[{}])

    assert (late.status_code, early.status_code) == (409, 202)
    assert hub.row("technician", other.ups)["state"] == "ready"
    assert hub.row("technician", sent.ups)["state"] == "cancelled"


def test_a_double_reading_begun_one_after_the_other_goes_on(hub: HubBed, sent: SentStudy) -> None:
    with hub.context.write() as connection:  # as the tables come out of the former version
        connection.execute(
            delete(blind_slots).where(blind_slots.c.study_instance_uid == sent.study, blind_slots.c.slot == 2)
        )
    submit(hub, sent, sent.ups, EXPERT, hub.claim("expert", sent.ups), "甲")

    second = offered(hub, "resident", sent)
    submit(hub, sent, second, RESIDENT, hub.claim("resident", second), "甲")

    assert hub.as_("expert").get(f"/api/reports/{sent.ups}/rules").json()["double_reading"] == "agreed"


def test_a_blind_reading_that_is_given_up_leaves_no_trace_for_the_other(hub: HubBed, sent: SentStudy) -> None:
    first = offered(hub, "resident", sent)
    lock = hub.claim("resident", first)
    given_up = new_report(sent.study, first, new_uid(), author=RESIDENT, impression="首阅意见")
    body = {"report": as_json(given_up), "transaction_uid": lock, "reason": "请他人阅片"}
    expect(200, hub.as_("resident").post(f"/api/reports/{first}/cancel", json=body))

    assert seen(hub, SECOND.user_id, sent) == ("ready", "")
    for user, impression in (("expert", "甲"), (SECOND.user_id, "甲")):
        place = offered(hub, user, sent)
        author = EXPERT if user == "expert" else SECOND
        submit(hub, sent, place, author, hub.claim(user, place), impression)
    versions = expect(200, hub.as_("expert").get(f"/api/reports/{sent.ups}/versions")).text
    assert "首阅意见" not in versions


def test_giving_up_a_blind_reading_is_answered_again_after_a_lost_answer(hub: HubBed, sent: SentStudy) -> None:
    first = offered(hub, "resident", sent)
    lock = hub.claim("resident", first)
    given_up = new_report(sent.study, first, new_uid(), author=RESIDENT, impression="首阅意见")
    body = {"report": as_json(given_up), "transaction_uid": lock, "reason": "请他人阅片"}
    path = f"/api/reports/{first}/cancel"

    answers = [expect(200, hub.as_("resident").post(path, json=body)).json() for _time in range(2)]
    another = hub.as_("expert").post(path, json=body)

    assert [from_json(one).state for one in answers] == [ReportState.CANCELLED] * 2
    assert another.status_code == 409
    assert seen(hub, SECOND.user_id, sent) == ("ready", "")
    place = offered(hub, "resident", sent)
    assert place != first
    hub.claim("resident", place)
