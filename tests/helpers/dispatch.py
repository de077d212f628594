"""Signed reports on their way from a hub to a site: a carrier that does as it is told, and the signing of a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pydantic import TypeAdapter

from tests.helpers.hub import HubBed, SentStudy, expect, new_uid, result_file
from tests.helpers.hub_reports import EXPERT, as_json, new_report
from worklist.hub.archive import open_archive
from worklist.hub.consignments import Consignments
from worklist.hub.dispatcher import Dispatcher
from workstation.domain.dispatch import Carriers, Consignment, Dispatch, Receipt, RetryPolicy, Route, RouteKind
from workstation.domain.report import ReportState

NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_DISPATCHES = TypeAdapter(list[Dispatch])
_ROUTE = TypeAdapter(Route)


@dataclass
class FakeCarrier:
    """Takes what it is given, or fails with the next of ``troubles``; keeps what it took."""

    troubles: list[Exception] = field(default_factory=list)
    taken: list[tuple[Consignment, Route]] = field(default_factory=list)
    on_carry: Callable[[Consignment], object] = lambda _consignment: None

    def carry(self, consignment: Consignment, route: Route) -> Receipt:
        if self.troubles:
            raise self.troubles.pop(0)
        self.on_carry(consignment)
        self.taken.append((consignment, route))
        return Receipt(f"AA {consignment.control_id}")

    @property
    def reports(self) -> list[str]:
        return [consignment.report.report_uid for consignment, _route in self.taken]


def dispatcher(bed: HubBed, carriers: Carriers, **given: object) -> Dispatcher:
    """Return a dispatcher on a hub's own database and archive; its jitter is none."""
    archive = open_archive(bed.context.data_dir)
    settings: dict[str, object] = {"policy": RetryPolicy(), "spread": lambda: 0.0, **given}
    return Dispatcher(bed.context, Consignments(bed.context, archive), carriers, **settings)  # type: ignore[arg-type]  # by name


def drain(work: Dispatcher) -> None:
    """Send until nothing is due."""
    while work.run_once():
        pass


def open_route(bed: HubBed, route_id: str, **changes: object) -> Route:
    """Make a route of the sending site."""
    route = Route(route_id, "qingshui", RouteKind.HL7, "HIS", "127.0.0.1:2575")
    return put_route(bed, replace(route, **changes))  # type: ignore[arg-type]  # by name


def put_route(bed: HubBed, route: Route) -> Route:
    """Make or change a route, as the administrator."""
    body = _ROUTE.dump_python(route, mode="json")
    return _ROUTE.validate_python(expect(200, bed.as_("admin").put(f"/api/routes/{route.route_id}", json=body)).json())


def dispatched(bed: HubBed, route_id: str) -> list[Dispatch]:
    """Return what stands on a route, in the order in which it was put there."""
    listed = _DISPATCHES.validate_python(expect(200, bed.as_("admin").get("/api/dispatches")).json())
    return sorted((one for one in listed if one.route_id == route_id), key=lambda one: one.number)


def signed_case(bed: HubBed, *, impression: str = "", **attributes: str) -> tuple[SentStudy, str]:
    """Send, read and sign one study; return it with the UID of its report."""
    sent = bed.send(slices=1, **attributes)
    lock = bed.claim("expert", sent.ups)
    outputs = []
    for sop_class in (ENHANCED_SR, PDF):
        series = new_uid()
        uid, content = result_file(sent.study, series, sop_class, **attributes)
        expect(200, bed.store("expert", sent.study, [content]))
        outputs.append(
            {
                "study_instance_uid": sent.study,
                "series_instance_uid": series,
                "sop_class_uid": sop_class,
                "sop_instance_uid": uid,
            }
        )
    draft = new_report(sent.study, sent.ups, new_uid(), author=EXPERT, impression=impression)
    report = replace(draft.moved(ReportState.FINAL, at=NOW), verifier=EXPERT, signed_at=NOW)
    body = {"report": as_json(report), "transaction_uid": lock, "outputs": outputs}
    expect(200, bed.as_("expert").post(f"/api/reports/{sent.ups}/final", json=body))
    return sent, report.report_uid
