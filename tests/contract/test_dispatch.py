"""From the hub to the site's own systems: every signed report, once, in order, or a person is told why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.helpers.dispatch import FakeCarrier, dispatched, dispatcher, drain, open_route, put_route, signed_case
from tests.helpers.hub import HubBed, expect, new_uid
from tests.helpers.hub_reports import from_json
from worklist.hub.dispatch_desk import enqueue
from worklist.hub.dispatch_tables import dispatches, routes
from workstation.domain.dispatch import DispatchState, RetryPolicy, Route, RouteKind
from workstation.domain.errors import NotTrusted, Refused, Undeliverable, Unreachable
from workstation.domain.report import Predecessor, ReportState
from workstation.domain.report_state import ReportKind

MakeRoute = Callable[..., Route]


@pytest.fixture
def route(hub: HubBed, request: pytest.FixtureRequest) -> Iterator[MakeRoute]:
    """Make routes that no later test sends on."""
    made: list[Route] = []

    def make(name: str = "his", **changes: object) -> Route:
        found = open_route(hub, f"{name}-{abs(hash(request.node.name)) % 10**9}", **changes)
        made.append(found)
        return found

    yield make
    for one in made:
        put_route(hub, replace(one, enabled=False))


def test_a_signed_report_goes_out_on_the_routes_of_its_own_site_only(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    closed = route("closed", enabled=False)
    foreign = route("foreign", site_id="beihe")
    carrier = FakeCarrier()

    sent, report_uid = signed_case(hub, PatientName="Li^Mei=李^梅", AccessionNumber="A-77")
    drain(dispatcher(hub, {RouteKind.HL7: carrier}))

    (one,) = dispatched(hub, own.route_id)
    assert (one.state, one.attempts, one.report_uid, one.report_state) == (
        DispatchState.DELIVERED, 1, report_uid, "final",
    )  # fmt: skip
    assert one.proof == f"AA {one.control_id}"
    assert dispatched(hub, closed.route_id) == dispatched(hub, foreign.route_id) == []
    ((consignment, _route),) = carrier.taken
    assert consignment.patient.name == "Li^Mei=李^梅"
    assert (consignment.study.study_instance_uid, consignment.study.accession_number) == (sent.study, "A-77")
    assert [len(series.instances) for series in consignment.study.series] == [1]
    assert [item.read()[128:132] for item in consignment.objects] == [b"DICM", b"DICM"]


def test_a_repeated_final_report_is_put_on_a_route_once(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    sent, _uid = signed_case(hub)
    report = from_json(hub.as_("expert").get(f"/api/reports/{sent.ups}").json())

    with hub.context.write() as connection:
        assert enqueue(connection, hub.context, report, "qingshui", ()) == 0

    assert len(dispatched(hub, own.route_id)) == 1


def test_a_receiver_that_is_away_is_asked_again_after_a_growing_pause(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    _sent, first = signed_case(hub)
    _sent, second = signed_case(hub)
    carrier = FakeCarrier([Unreachable("away"), Unreachable("away")])
    work = dispatcher(hub, {RouteKind.HL7: carrier})

    drain(work)
    held = [one.attempts for one in dispatched(hub, own.route_id)]
    hub.clock.ahead += timedelta(seconds=1.1)
    drain(work)
    drain(work)
    assert (held, carrier.taken) == ([1, 0], [])  # the second one did not knock at a closed door
    assert [one.attempts for one in dispatched(hub, own.route_id)] == [2, 0]
    hub.clock.ahead += timedelta(seconds=2.1)
    drain(work)

    assert [one.state for one in dispatched(hub, own.route_id)] == [DispatchState.DELIVERED] * 2
    assert carrier.reports == [first, second]


def test_what_is_refused_for_good_waits_for_a_person_with_its_reason(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    signed_case(hub)
    carrier = FakeCarrier([Undeliverable("The HIS knows no such patient", hint="Ask the site.")])
    work = dispatcher(hub, {RouteKind.HL7: carrier})

    drain(work)
    (dead,) = dispatched(hub, own.route_id)
    again = hub.as_("admin").post(f"/api/dispatches/{dead.number}/retry")
    drain(work)

    assert (dead.state, dead.reason) == (DispatchState.DEAD, "The HIS knows no such patient Ask the site.")
    assert expect(200, again).json()["state"] == "waiting"
    (one,) = dispatched(hub, own.route_id)
    assert (one.state, one.attempts, one.control_id) == (DispatchState.DELIVERED, 1, dead.control_id)
    late = hub.as_("admin").post(f"/api/dispatches/{dead.number}/retry")
    assert late.status_code == 409


def test_a_refusal_that_may_pass_is_tried_twelve_times_and_then_told(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    signed_case(hub)
    work = dispatcher(hub, {RouteKind.HL7: FakeCarrier([Refused("busy") for _ in range(12)])})

    for _ in range(12):
        drain(work)
        hub.clock.ahead += timedelta(seconds=60)

    (one,) = dispatched(hub, own.route_id)
    assert (one.state, one.attempts, one.reason) == (DispatchState.DEAD, 12, "busy")


def test_a_refusal_after_a_line_that_was_cut_for_long_is_the_first_one(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    signed_case(hub)
    work = dispatcher(hub, {RouteKind.HL7: FakeCarrier([*(Unreachable("away") for _ in range(12)), Refused("busy")])})

    for _ in range(13):
        drain(work)
        hub.clock.ahead += timedelta(seconds=60)
    (refused,) = dispatched(hub, own.route_id)
    drain(work)
    (one,) = dispatched(hub, own.route_id)

    assert (refused.state, refused.attempts, refused.reason) == (DispatchState.WAITING, 13, "busy")
    assert (one.state, one.attempts) == (DispatchState.DELIVERED, 14)


def test_a_receiver_away_for_longer_than_patience_becomes_a_persons_business(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    signed_case(hub)
    hub.clock.ahead += timedelta(hours=1, seconds=1)
    policy = RetryPolicy(patience=timedelta(hours=1))

    drain(dispatcher(hub, {RouteKind.HL7: FakeCarrier([Unreachable("away")])}, policy=policy))

    assert [one.state for one in dispatched(hub, own.route_id)] == [DispatchState.DEAD]


def test_a_later_version_never_overtakes_an_earlier_one(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    sent, report_uid = signed_case(hub)
    _other, free = signed_case(hub)
    report = from_json(hub.as_("expert").get(f"/api/reports/{sent.ups}").json())
    before_it = Predecessor(report_uid, ReportKind.ORIGINAL, hub.clock.now(), report.author.name, ())
    corrected = replace(report, report_uid=new_uid(), kind=ReportKind.CORRECTED, change_reason="侧别",
                        predecessors=(before_it,))  # fmt: skip
    with hub.context.write() as connection:
        assert enqueue(connection, hub.context, corrected, "qingshui", ()) == 1
    carrier = FakeCarrier([Undeliverable("refused")])
    work = dispatcher(hub, {RouteKind.HL7: carrier})

    drain(work)
    before = carrier.reports
    dead = dispatched(hub, own.route_id)[0]
    answer = hub.as_("admin").post(f"/api/dispatches/{dead.number}/give-up", json={"reason": "told by telephone"})
    drain(work)

    assert before == [free]
    assert expect(200, answer).json()["state"] == "given_up"
    assert [(one.report.report_uid, one.report.status) for one, _route in carrier.taken] == [
        (free, "final"),
        (corrected.report_uid, "corrected"),
    ]
    assert carrier.taken[-1][0].report_root == report_uid


def withdraw(hub: HubBed, ups: str) -> None:
    """Tell the routes that the signed report of a case is of another patient."""
    report = from_json(hub.as_("expert").get(f"/api/reports/{ups}").json())
    withdrawn = report.moved(ReportState.ENTERED_IN_ERROR, at=hub.clock.now(), reason="wrong patient")
    with hub.context.write() as connection:
        enqueue(connection, hub.context, withdrawn, "qingshui", ())


def told(hub: HubBed, route: Route) -> list[tuple[str, DispatchState]]:
    return [(one.report_state, one.state) for one in dispatched(hub, route.route_id)]


def test_a_report_of_the_wrong_patient_that_has_not_left_yet_never_leaves(hub: HubBed, route: MakeRoute) -> None:
    own, off = route(), route("off")
    sent, _uid = signed_case(hub)
    put_route(hub, replace(off, enabled=False))
    withdraw(hub, sent.ups)
    put_route(hub, off)
    carrier = FakeCarrier()

    drain(dispatcher(hub, {RouteKind.HL7: carrier}))

    assert carrier.taken == []
    assert told(hub, own) == told(hub, off) == [("final", DispatchState.SUPERSEDED)]


@pytest.mark.parametrize("trouble", [Refused("busy"), Undeliverable("refused")])
def test_a_report_of_the_wrong_patient_that_may_have_arrived_is_taken_back(
    hub: HubBed, route: MakeRoute, trouble: Exception
) -> None:
    own, carrier = route(), FakeCarrier([trouble])
    work = dispatcher(hub, {RouteKind.HL7: carrier})
    sent, _uid = signed_case(hub)
    drain(work)
    withdraw(hub, sent.ups)
    drain(work)

    assert [one.report.status for one, _route in carrier.taken] == ["entered-in-error"]
    assert told(hub, own) == [("final", DispatchState.SUPERSEDED), ("entered-in-error", DispatchState.DELIVERED)]


def test_a_site_whose_route_is_switched_off_hears_of_the_withdrawal_when_it_is_on_again(
    hub: HubBed, route: MakeRoute
) -> None:
    own, carrier = route(), FakeCarrier()
    work = dispatcher(hub, {RouteKind.HL7: carrier})
    sent, _uid = signed_case(hub)
    drain(work)
    put_route(hub, replace(own, enabled=False))
    withdraw(hub, sent.ups)
    new = route("new")
    drain(work)
    silent = told(hub, own)
    put_route(hub, own)
    drain(work)

    assert silent[1:] == [("entered-in-error", DispatchState.WAITING)]
    assert told(hub, own)[1:] == [("entered-in-error", DispatchState.DELIVERED)]
    assert told(hub, new) == []


def test_distrust_counts_from_when_it_began_and_not_from_the_backlog_before_it(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    signed_case(hub)
    carrier = FakeCarrier([Unreachable("away"), *(NotTrusted("expired") for _ in range(4))])
    policy = RetryPolicy(trust_patience=timedelta(minutes=10))
    work = dispatcher(hub, {RouteKind.HL7: carrier}, policy=policy)

    def after(minutes: int) -> DispatchState:
        hub.clock.ahead += timedelta(minutes=minutes)
        drain(work)
        (one,) = dispatched(hub, own.route_id)
        return one.state

    assert [after(minutes) for minutes in (0, 30, 9, 2)] == [DispatchState.WAITING] * 3 + [DispatchState.DEAD]

    (dead,) = dispatched(hub, own.route_id)
    expect(200, hub.as_("admin").post(f"/api/dispatches/{dead.number}/retry"))
    assert [after(0), after(2)] == [DispatchState.WAITING, DispatchState.DELIVERED]


def test_what_was_sent_again_waits_as_patiently_as_at_first(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    signed_case(hub)
    hub.clock.ahead += timedelta(minutes=11)
    carrier = FakeCarrier([Unreachable("away"), Unreachable("away")])
    work = dispatcher(hub, {RouteKind.HL7: carrier}, policy=RetryPolicy(patience=timedelta(minutes=10)))
    drain(work)
    (dead,) = dispatched(hub, own.route_id)
    expect(200, hub.as_("admin").post(f"/api/dispatches/{dead.number}/retry"))
    drain(work)
    (again,) = dispatched(hub, own.route_id)

    assert (dead.state, again.state) == (DispatchState.DEAD, DispatchState.WAITING)


def test_giving_up_needs_a_reason_and_only_what_is_dead_is_given_up(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    signed_case(hub)
    (waiting,) = dispatched(hub, own.route_id)
    path = f"/api/dispatches/{waiting.number}/give-up"

    assert hub.as_("admin").post(path, json={"reason": " "}).status_code == 400
    assert hub.as_("admin").post(path, json={"reason": "no"}).status_code == 409
    assert hub.as_("admin").post("/api/dispatches/999999/retry").status_code == 404


@pytest.mark.parametrize("user", ["expert", "technician", "quality", "worker"])
def test_only_administrators_see_and_change_routes(hub: HubBed, user: str) -> None:
    client = hub.as_(user)

    answers = [
        client.get("/api/routes"),
        client.get("/api/dispatches"),
        client.put("/api/routes/x", json={"route_id": "x", "site_id": "qingshui", "kind": "folder", "name": "x",
                                          "address": "x"}),
        client.post("/api/dispatches/1/retry"),
        client.post("/api/dispatches/1/give-up", json={"reason": "x"}),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [403] * 5


def test_a_route_stays_with_its_site_and_must_have_one(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    body = {"route_id": own.route_id, "kind": "hl7", "name": "HIS", "address": "127.0.0.1:2575"}
    admin = hub.as_("admin")

    assert admin.put(f"/api/routes/{own.route_id}", json={**body, "site_id": "beihe"}).status_code == 400
    assert admin.put(f"/api/routes/{own.route_id}", json={**body, "site_id": "nowhere"}).status_code == 404
    assert admin.put("/api/routes/other", json={**body, "site_id": "qingshui"}).status_code == 400
    assert (
        admin.put(f"/api/routes/{own.route_id}", json={**body, "site_id": "qingshui", "address": "x"}).status_code
        == 400
    )
    listed = {entry["route"]["route_id"]: entry for entry in admin.get("/api/routes").json()}
    assert listed[own.route_id]["site_name"] == "清水镇中心卫生院"


def test_the_lease_of_a_killed_dispatcher_runs_out(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    signed_case(hub)
    carrier = FakeCarrier()
    killed = dispatcher(hub, {RouteKind.HL7: carrier}, lease=timedelta(seconds=30))
    assert killed._leased("killed") is not None
    work = dispatcher(hub, {RouteKind.HL7: carrier})

    drain(work)
    early = len(carrier.taken)
    hub.clock.ahead += timedelta(seconds=31)
    drain(work)

    assert (early, len(carrier.taken)) == (0, 1)
    with hub.context.read() as connection:
        owner = connection.execute(select(routes.c.lease_owner).where(routes.c.route_id == own.route_id)).scalar_one()
    assert owner == ""


def test_a_fault_of_our_own_holds_up_its_own_report_only(
    hub: HubBed, route: MakeRoute, caplog: pytest.LogCaptureFixture
) -> None:
    own = route()
    _sent, broken = signed_case(hub)
    _sent, whole = signed_case(hub)
    carrier = FakeCarrier([KeyError("a fault of ours")])

    drain(dispatcher(hub, {RouteKind.HL7: carrier}))

    assert carrier.reports == [whole]
    first, second = dispatched(hub, own.route_id)
    assert (first.report_uid, first.state, second.state) == (broken, DispatchState.WAITING, DispatchState.DELIVERED)
    assert "could not be built or sent" in caplog.text
    caplog.clear()


def test_the_time_line_tells_the_sender_what_became_of_a_report(hub: HubBed, route: MakeRoute) -> None:
    route()
    sent, _uid = signed_case(hub)
    carrier = FakeCarrier([Refused("busy"), Refused("busy")])
    work = dispatcher(hub, {RouteKind.HL7: carrier})
    for _ in range(3):
        drain(work)
        hub.clock.ahead += timedelta(seconds=10)
    expect(200, hub.as_("technician").post(f"/api/inbox/{sent.ups}/acknowledge"))

    told = expect(200, hub.as_("technician").get(f"/api/reports/{sent.ups}/timeline")).json()
    other = hub.as_("technician2").get(f"/api/reports/{sent.ups}/timeline")

    assert [(event["step"], event["who"], event["route"]) for event in told] == [
        ("signed", "王启明", ""),
        ("queued", "", "HIS"),
        ("stored", "", ""),
        ("failed", "", "HIS"),
        ("delivered", "", "HIS"),
        ("acknowledged", "韩梅", ""),
    ]
    assert other.status_code == 404


def test_every_delivery_and_every_dead_letter_is_in_the_audit(hub: HubBed, route: MakeRoute) -> None:
    route()
    sent, _uid = signed_case(hub)
    drain(dispatcher(hub, {RouteKind.HL7: FakeCarrier([Undeliverable("no")])}))

    events = hub.as_("admin").get("/api/audit", params={"study_instance_uid": sent.study}).json()

    assert [(event["action"], event["outcome"]) for event in events][-1] == ("dispatch_dead", 8)
    assert hub.as_("admin").get("/api/audit/check").json() == {"first_broken": None}


def test_nothing_that_names_the_patient_reaches_the_administrator(hub: HubBed, route: MakeRoute) -> None:
    route()
    signed_case(hub, PatientName="Zhao^Yong=赵^勇", PatientID="ZQ-4711-XK")

    answer = hub.as_("admin").get("/api/dispatches")
    told = answer.text

    assert {one["modality"] for one in answer.json()} == {"CT"}  # the study is told by its kind and its day
    assert "赵" not in told
    assert "ZQ-4711-XK" not in told
    with hub.context.read() as connection:
        assert connection.execute(select(dispatches.c.document)).first() is not None
