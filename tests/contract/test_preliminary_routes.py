"""Preliminary reports on routes: where asked for, told as unsigned, never in the way of what is signed; and checks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from tests.helpers.consignments import HL7
from tests.helpers.dispatch import NOW, FakeCarrier, dispatched, dispatcher, drain, open_route, put_route
from tests.helpers.fhir_server import running_fhir_server
from tests.helpers.hub import HubBed, SentStudy, expect, new_uid
from tests.helpers.hub_reports import EXPERT, as_json, finalise, new_report, send_back, stored_outputs, submit
from tests.helpers.mllp import running_receiver
from worklist.hub.audit import HubAudit
from worklist.hub.dispatch_service import DispatchService
from worklist.hub.dispatch_tables import dispatches
from workstation.domain.access import Actor, Role
from workstation.domain.audit import AuditEvent
from workstation.domain.dispatch import DispatchState, Route, RouteKind, RouteVerdict
from workstation.domain.errors import Refused, Undeliverable, Unreachable
from workstation.domain.report import Predecessor, Report, ReportState
from workstation.domain.report_state import ReportKind
from workstation.exchange.routes.fhir_carrier import FhirCarrier
from workstation.exchange.routes.mllp import Hl7Carrier
from workstation.exchange.routes.route_checks import route_checks
from workstation.exchange.routes.secure_lines import SecureLines
from workstation.exchange.templates.library import TemplateLibrary

MakeRoute = Callable[..., Route]
template_of = TemplateLibrary().get
ADMIN = Actor("admin", "系统管理员", Role.ADMIN, "centre")


@pytest.fixture
def route(hub: HubBed, request: pytest.FixtureRequest) -> Iterator[MakeRoute]:
    """Make routes that no later test sends on."""
    made: list[Route] = []

    def make(name: str = "pre", **changes: object) -> Route:
        found = open_route(hub, f"{name}-{abs(hash(request.node.name)) % 10**9}", **{"preliminary": True, **changes})
        made.append(found)
        return found

    yield make
    for one in made:
        put_route(hub, replace(one, enabled=False))


def submitted(hub: HubBed) -> tuple[SentStudy, Report, str]:
    """Return a study whose report a resident handed in, and the workitem of its verification."""
    sent = hub.send(slices=1)
    report = new_report(sent.study, sent.ups, new_uid()).moved(ReportState.PRELIMINARY, at=NOW)
    expect(200, submit(hub, "resident", sent.ups, report, hub.claim("resident", sent.ups)))
    return sent, report, open_ups(hub, sent)


def open_ups(hub: HubBed, sent: SentStudy) -> str:
    rows = expect(200, hub.as_("expert").get("/api/worklist", params={"tab": "all", "limit": 500})).json()["rows"]
    return next(str(row["ups_instance_uid"]) for row in rows if row["study_instance_uid"] == sent.study)


def sign(hub: HubBed, sent: SentStudy, report: Report, ups: str) -> Report:
    lock = hub.claim("expert", ups)
    final = replace(report.moved(ReportState.FINAL, at=NOW), verifier=EXPERT, signed_at=NOW, ups_instance_uid=ups)
    expect(200, finalise(hub, ups, final, lock, stored_outputs(hub, sent.study)))
    return final


def states(hub: HubBed, route: Route) -> list[tuple[str, DispatchState]]:
    return [(one.report_state, one.state) for one in dispatched(hub, route.route_id)]


def test_nothing_unsigned_goes_out_unless_a_route_asks_for_it(hub: HubBed, route: MakeRoute) -> None:
    asked, silent = route(), route("silent", preliminary=False)

    submitted(hub)

    assert states(hub, asked) == [("preliminary", DispatchState.WAITING)]
    assert states(hub, silent) == []


def test_the_his_is_told_p_first_and_then_f_of_the_same_order(hub: HubBed, route: MakeRoute) -> None:
    with running_receiver() as his:
        route(address=his.address)
        work = dispatcher(hub, {RouteKind.HL7: Hl7Carrier(template_of)})
        sent, report, ups = submitted(hub)
        drain(work)
        sign(hub, sent, report, ups)
        drain(work)
        first, last = [[line.split("|") for line in text.split("\r")] for text in his.texts]

    (before,), (after,) = [[line for line in told if line[0] == "OBR"] for told in (first, last)]
    assert (before[25], after[25]) == ("P", "F")
    assert before[3] == after[3] == f"{report.report_uid}^LIANYUE"
    assert {line[11] for line in first if line[0] == "OBX"} == {"P"}
    assert "初步报告：尚未经上级医师审核签发，以正式报告为准。" in his.texts[0]
    assert "初步报告" not in his.texts[1]


def test_the_final_report_takes_the_place_of_the_preliminary_at_a_fhir_server(hub: HubBed, route: MakeRoute) -> None:
    with running_fhir_server() as server:
        route(kind=RouteKind.FHIR, address=server.address)
        work = dispatcher(hub, {RouteKind.FHIR: FhirCarrier(template_of)})
        sent, report, ups = submitted(hub)
        drain(work)
        (before,) = server.of("DiagnosticReport")
        (made,) = server.of("Provenance")
        sign(hub, sent, report, ups)
        drain(work)
        (after,) = server.of("DiagnosticReport")

    assert (before["status"], after["status"]) == ("preliminary", "final")
    assert "signature" not in made
    assert made["agent"][0]["type"]["coding"][0]["code"] == "author"


def test_a_preliminary_that_was_refused_for_good_never_holds_back_the_signed_report(
    hub: HubBed, route: MakeRoute
) -> None:
    own, carrier = route(), FakeCarrier([Undeliverable("refused for good")])
    work = dispatcher(hub, {RouteKind.HL7: carrier})
    sent, report, ups = submitted(hub)
    drain(work)
    assert states(hub, own) == [("preliminary", DispatchState.DEAD)]

    sign(hub, sent, report, ups)
    drain(work)

    assert states(hub, own) == [("preliminary", DispatchState.SUPERSEDED), ("final", DispatchState.DELIVERED)]
    assert [one.report.state for one, _route in carrier.taken] == [ReportState.FINAL]


def test_a_preliminary_that_has_not_left_yet_is_not_sent_after_the_final(hub: HubBed, route: MakeRoute) -> None:
    own, carrier = route(), FakeCarrier()
    sent, report, ups = submitted(hub)
    sign(hub, sent, report, ups)

    drain(dispatcher(hub, {RouteKind.HL7: carrier}))

    assert [one.report.state for one, _route in carrier.taken] == [ReportState.FINAL]
    line = expect(200, hub.as_("expert").get(f"/api/reports/{ups}/timeline")).json()
    assert [one["step"] for one in line if one["route"]] == ["queued", "superseded", "queued", "delivered"]
    assert states(hub, own)[0] == ("preliminary", DispatchState.SUPERSEDED)


def test_what_was_sent_back_goes_out_again_when_it_is_handed_in_again(hub: HubBed, route: MakeRoute) -> None:
    own, carrier = route(), FakeCarrier()
    work = dispatcher(hub, {RouteKind.HL7: carrier})
    sent, report, ups = submitted(hub)
    drain(work)
    returned = back_to_its_author(hub, report, ups)
    again_ups = open_ups(hub, sent)
    again = replace(returned.moved(ReportState.PRELIMINARY, at=NOW), ups_instance_uid=again_ups)
    expect(200, submit(hub, "resident", again_ups, again, hub.claim("resident", again_ups)))
    drain(work)

    assert states(hub, own) == [("preliminary", DispatchState.DELIVERED)] * 2
    assert len({consignment.report_root for consignment, _route in carrier.taken}) == 1


def test_a_report_given_up_is_taken_back_where_it_went_and_nowhere_else(hub: HubBed, route: MakeRoute) -> None:
    asked, silent, carrier = route(), route("silent", preliminary=False), FakeCarrier()
    work = dispatcher(hub, {RouteKind.HL7: carrier})
    _sent, report, ups = submitted(hub)
    drain(work)
    given_up(hub, report, ups)
    drain(work)

    assert states(hub, asked) == [("preliminary", DispatchState.DELIVERED), ("cancelled", DispatchState.DELIVERED)]
    assert states(hub, silent) == []
    assert [one.report_root for one, _route in carrier.taken] == [report.report_uid] * 2


def back_to_its_author(hub: HubBed, report: Report, ups: str) -> Report:
    returned = report.moved(ReportState.RETURNED, at=NOW, reason="侧别")
    expect(200, send_back(hub, ups, returned, hub.claim("expert", ups), "侧别"))
    return returned


def given_up(hub: HubBed, report: Report, ups: str) -> None:
    body = {"report": as_json(report), "transaction_uid": hub.claim("expert", ups), "reason": "检查取消"}
    expect(200, hub.as_("expert").post(f"/api/reports/{ups}/cancel", json=body))


def steps(hub: HubBed, ups: str) -> list[str]:
    told = expect(200, hub.as_("expert").get(f"/api/reports/{ups}/timeline")).json()
    return [one["step"] for one in told if one["route"]]


def test_what_was_sent_back_stays_here_when_the_line_recovers(hub: HubBed, route: MakeRoute) -> None:
    own, carrier = route(), FakeCarrier([Unreachable("away")])
    work = dispatcher(hub, {RouteKind.HL7: carrier})
    _sent, report, ups = submitted(hub)
    drain(work)

    back_to_its_author(hub, report, ups)
    hub.clock.ahead += timedelta(minutes=2)
    drain(work)

    assert carrier.taken == []
    assert states(hub, own) == [("preliminary", DispatchState.SUPERSEDED)]
    assert steps(hub, ups) == ["queued", "failed", "superseded"]


def test_an_unsigned_report_never_follows_the_signed_one_on_a_route_that_was_switched_off(
    hub: HubBed, route: MakeRoute
) -> None:
    own, carrier = route(), FakeCarrier()
    sent, report, ups = submitted(hub)
    put_route(hub, replace(own, enabled=False))
    sign(hub, sent, report, ups)
    put_route(hub, own)

    drain(dispatcher(hub, {RouteKind.HL7: carrier}))

    assert carrier.taken == []
    assert states(hub, own) == [("preliminary", DispatchState.SUPERSEDED)]


def test_what_follows_an_unsigned_report_waits_for_a_route_that_was_switched_off_meanwhile(
    hub: HubBed, route: MakeRoute
) -> None:
    own, carrier = route(), FakeCarrier()
    work = dispatcher(hub, {RouteKind.HL7: carrier})
    sent, report, ups = submitted(hub)
    drain(work)
    put_route(hub, replace(own, enabled=False))
    sign(hub, sent, report, ups)
    drain(work)
    before = states(hub, own)
    put_route(hub, own)
    drain(work)

    assert before == [("preliminary", DispatchState.DELIVERED), ("final", DispatchState.WAITING)]
    assert [one.report.state for one, _route in carrier.taken] == [ReportState.PRELIMINARY, ReportState.FINAL]


def test_a_route_that_asks_for_nothing_unsigned_any_more_is_sent_none(hub: HubBed, route: MakeRoute) -> None:
    own, carrier = route(), FakeCarrier()
    submitted(hub)
    put_route(hub, replace(own, preliminary=False))

    drain(dispatcher(hub, {RouteKind.HL7: carrier}))

    assert carrier.taken == []
    assert states(hub, own) == [("preliminary", DispatchState.SUPERSEDED)]


def test_an_unsigned_report_whose_moving_on_was_not_told_to_the_routes_stays_here(
    hub: HubBed, route: MakeRoute
) -> None:
    """As an older version of the hub has left them."""
    own, carrier = route(), FakeCarrier()
    _sent, report, ups = submitted(hub)
    back_to_its_author(hub, report, ups)
    with hub.context.write() as connection:
        connection.execute(
            update(dispatches).where(dispatches.c.route_id == own.route_id).values(state=DispatchState.WAITING.value)
        )

    drain(dispatcher(hub, {RouteKind.HL7: carrier}))

    assert carrier.taken == []
    assert states(hub, own) == [("preliminary", DispatchState.SUPERSEDED)]


def test_a_report_that_arrives_while_it_is_sent_back_is_noted_as_delivered(hub: HubBed, route: MakeRoute) -> None:
    own = route()
    _sent, report, ups = submitted(hub)
    carrier = FakeCarrier(on_carry=lambda _consignment: back_to_its_author(hub, report, ups))

    drain(dispatcher(hub, {RouteKind.HL7: carrier}))

    assert states(hub, own) == [("preliminary", DispatchState.DELIVERED)]
    assert steps(hub, ups) == ["queued", "superseded", "delivered"]
    (one,) = dispatched(hub, own.route_id)
    assert one.proof == f"AA {one.control_id}"


def test_a_report_that_is_sent_back_while_it_is_put_together_stays_here(hub: HubBed, route: MakeRoute) -> None:
    own, carrier = route(), FakeCarrier()
    _sent, report, ups = submitted(hub)

    def step(name: str) -> None:
        if name == "built":
            back_to_its_author(hub, report, ups)

    drain(dispatcher(hub, {RouteKind.HL7: carrier}, step=step))

    assert carrier.taken == []
    assert states(hub, own) == [("preliminary", DispatchState.SUPERSEDED)]


def test_signing_while_the_unsigned_report_arrives_loses_neither(hub: HubBed, route: MakeRoute) -> None:
    """The delivery is being recorded when the signature arrives; on PostgreSQL they once waited for each other."""
    own, carrier = route(), FakeCarrier()
    sent, report, ups = submitted(hub)
    signing = threading.Thread(target=sign, args=(hub, sent, report, ups))
    trail = _TrailBehind(hub, signing)

    drain(replace(dispatcher(hub, {RouteKind.HL7: carrier}), context=replace(hub.context, audit=trail)))
    signing.join(60)
    drain(dispatcher(hub, {RouteKind.HL7: carrier}))

    assert states(hub, own) == [("preliminary", DispatchState.DELIVERED), ("final", DispatchState.DELIVERED)]
    assert [one.report.state for one, _route in carrier.taken] == [ReportState.PRELIMINARY, ReportState.FINAL]


class _TrailBehind(HubAudit):
    """Before its first line is written a signature comes in, and waits for the database."""

    def __init__(self, hub: HubBed, signing: threading.Thread) -> None:
        super().__init__(hub.context.engine, hub.context.clock)
        self._hub, self._signing = hub, signing

    def record(self, connection: Connection | None, *given: Any, **named: Any) -> AuditEvent:  # noqa: ANN401 - as above
        if not self._signing.ident:
            self._signing.start()
            while self._hub.kind == "postgres" and self._signing.is_alive() and not self._someone_waits():
                time.sleep(0.01)  # asks the database again; SQLite has one lock for all and tells nobody who waits
        return super().record(connection, *given, **named)

    def _someone_waits(self) -> bool:
        query = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        with self._hub.context.read() as connection:
            return connection.exec_driver_sql(query).first() is not None


def test_nothing_is_taken_back_where_nothing_was_tried(hub: HubBed, route: MakeRoute) -> None:
    own, carrier = route(), FakeCarrier()
    _sent, report, ups = submitted(hub)

    given_up(hub, report, ups)
    drain(dispatcher(hub, {RouteKind.HL7: carrier}))

    assert carrier.taken == []
    assert states(hub, own) == [("preliminary", DispatchState.SUPERSEDED)]


@pytest.mark.parametrize("decided", ["left dead", "sent again"])
def test_a_taking_back_that_is_refused_never_holds_back_the_next_signed_report(
    hub: HubBed, route: MakeRoute, decided: str
) -> None:
    own, carrier = route(), FakeCarrier([Undeliverable("no such order"), Undeliverable("no such order")])
    work = dispatcher(hub, {RouteKind.HL7: carrier})
    sent, report, ups = submitted(hub)
    drain(work)
    if decided == "sent again":  # its attempts are counted anew, yet it may have arrived
        (dead,) = dispatched(hub, own.route_id)
        expect(200, hub.as_("admin").post(f"/api/dispatches/{dead.number}/retry"))
    given_up(hub, report, ups)
    drain(work)
    assert states(hub, own) == [("preliminary", DispatchState.SUPERSEDED), ("cancelled", DispatchState.DEAD)]

    fresh = open_ups(hub, sent)
    signed = sign(hub, sent, new_report(sent.study, fresh, new_uid(), author=EXPERT), fresh)
    drain(work)

    assert states(hub, own)[2:] == [("final", DispatchState.DELIVERED)]
    ((consignment, _route),) = carrier.taken
    assert consignment.report_root == signed.report_uid


def test_what_waits_to_be_taken_back_goes_before_the_next_report(hub: HubBed, route: MakeRoute) -> None:
    """A HIS that looks at the accession number alone would cancel the new one."""
    route()
    carrier = FakeCarrier()
    work = dispatcher(hub, {RouteKind.HL7: carrier})
    sent, report, ups = submitted(hub)
    drain(work)
    given_up(hub, report, ups)
    carrier.troubles.append(Refused("busy"))
    fresh = open_ups(hub, sent)
    sign(hub, sent, new_report(sent.study, fresh, new_uid(), author=EXPERT), fresh)
    drain(work)
    hub.clock.ahead += timedelta(minutes=2)
    drain(work)

    assert [one.report.state for one, _route in carrier.taken] == [
        ReportState.PRELIMINARY, ReportState.CANCELLED, ReportState.FINAL,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [RouteKind.C_STORE, RouteKind.STOW, RouteKind.FOLDER])
def test_archives_are_given_signed_objects_only(kind: RouteKind) -> None:
    address = {RouteKind.C_STORE: "pacs:104", RouteKind.STOW: "https://pacs/rs", RouteKind.FOLDER: "site"}[kind]

    with pytest.raises(ValueError, match="takes no preliminary reports"):
        Route("r", "qingshui", kind, "PACS", address, called_aet="PACS", preliminary=True)


def test_a_correction_in_work_never_makes_a_signed_report_preliminary_again(hub: HubBed, route: MakeRoute) -> None:
    own, carrier = route(), FakeCarrier()
    sent, report, ups = submitted(hub)
    final = sign(hub, sent, report, ups)
    drain(dispatcher(hub, {RouteKind.HL7: carrier}))
    fresh = new_uid()
    begun = {
        "kind": ReportKind.CORRECTED.value,
        "predecessor_uid": final.report_uid,
        "ups_instance_uid": fresh,
        "transaction_uid": (lock := new_uid()),
    }
    expect(204, hub.as_("resident").post(f"/api/reports/{ups}/revise", json=begun))
    before = Predecessor(final.report_uid, ReportKind.ORIGINAL, NOW, EXPERT.name, ())
    correction = replace(
        new_report(sent.study, fresh, new_uid()),
        kind=ReportKind.CORRECTED,
        change_reason="侧别",
        predecessors=(before,),
    )
    expect(200, submit(hub, "resident", fresh, correction.moved(ReportState.PRELIMINARY, at=NOW), lock))

    assert [state for state, _ in states(hub, own)] == ["preliminary", "final"]


def test_the_administrator_is_told_and_the_test_is_in_the_audit_trail(hub: HubBed) -> None:
    desk = DispatchService(hub.context, route_checks(Path("/nowhere"), SecureLines()))
    with running_receiver() as his:
        good = desk.check_route(ADMIN, replace(HL7, address=his.address))
    bad = desk.check_route(ADMIN, replace(HL7, kind=RouteKind.FOLDER, address="reports"))
    events = expect(200, hub.as_("admin").get("/api/audit")).json()

    assert good == RouteVerdict(works=True, words="The receiver takes connections; no message was sent")
    assert bad == RouteVerdict(
        works=False, words="The drop folder reports does not exist on the hub",
        hint="Make it, or mount the site's share there.",
    )  # fmt: skip
    checked = [one for one in events if one["action"] == "route_checked"][-2:]
    assert [(one["outcome"], one["detail"]) for one in checked] == [
        (0, f"qs-his hl7 {his.address}"),
        (4, "qs-his folder reports"),
    ]


def test_a_hub_that_sends_nothing_says_so(hub: HubBed) -> None:
    body = {"route_id": "r", "site_id": "qingshui", "kind": "folder", "name": "R", "address": "r"}

    assert hub.as_("admin").post("/api/routes/r/check", json=body).json()["message"] == (
        "this hub sends nothing on routes of this kind"
    )
    assert hub.as_("admin").post("/api/routes/other/check", json=body).status_code == 400
