"""Reports that waited for a day drain in order, and take no more memory than one."""

from __future__ import annotations

import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert

from tests.helpers.dispatch import FakeCarrier
from tests.helpers.hub_reports import new_report
from worklist.hub.archive import FileArchive
from worklist.hub.audit import HubAudit
from worklist.hub.consignments import Consignments
from worklist.hub.context import HubContext
from worklist.hub.database import open_database
from worklist.hub.dispatch_desk import ROUTE, enqueue
from worklist.hub.dispatch_tables import routes
from worklist.hub.dispatcher import Dispatcher
from worklist.hub.instance_tables import dicom_studies
from worklist.hub.tables import cases, sites
from workstation.domain.dispatch import Consignment, Receipt, Route, RouteKind
from workstation.domain.errors import Unreachable
from workstation.domain.report import ReportState

STUDIES, VERSIONS = 40, 5
"""A hundred studies in ten versions were drained for ADR 0031; that takes a minute."""
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


def filled(folder: Path, clock: Clock) -> HubContext:
    """Return a hub with a backlog on one route, the versions of a study between those of the others."""
    engine = open_database(folder)
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    engine.dispose()  # the next connections do not wait for the disk
    context = HubContext(engine, clock, HubAudit(engine, clock), folder)
    route = Route("his", "qs", RouteKind.HL7, "HIS", "127.0.0.1:1")
    with context.write() as connection:
        connection.execute(insert(sites).values(site_id="qs", name="清水镇中心卫生院"))
        connection.execute(
            insert(routes).values(route_id="his", site_id="qs", enabled=1, document=ROUTE.dump_json(route).decode())
        )
        for number in range(STUDIES):
            study = f"1.2.{number}"
            connection.execute(insert(dicom_studies).values(study_instance_uid=study, attributes="{}", stored_at=NOON))
            connection.execute(
                insert(cases).values(
                    study_instance_uid=study, site_id="qs", requested_by="t", priority="LOW", stat_rank=1, due=NOON,
                    arrived=NOON, changed=NOON, clinical_question="", images_expected=1, images_received=1,
                    state="final", critical=False, ups_instance_uid=f"1.3.{number}", workitem_code="110005",
                    ai_state="none", revision=1,
                )
            )  # fmt: skip
        for version in range(VERSIONS):
            for number in range(STUDIES):
                report = new_report(f"1.2.{number}", f"1.3.{number}", f"1.4.{number}.{version}")
                signed = report.moved(ReportState.FINAL, at=NOON)
                assert enqueue(connection, context, signed, "qs", ()) == 1
    return context


@pytest.mark.fault
def test_reports_that_waited_for_a_day_drain_in_order_with_flat_memory(tmp_path: Path) -> None:
    clock = Clock()
    context = filled(tmp_path, clock)
    arrived: list[str] = []
    kept: list[int] = []

    class Counting:
        def carry(self, consignment: Consignment, _route: Route) -> Receipt:
            arrived.append(consignment.report.report_uid)
            if len(arrived) in {40, STUDIES * VERSIONS}:
                pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
                kept.append(pages * resource.getpagesize())
            return Receipt("AA")

    away = FakeCarrier([Unreachable("away")] * 5)
    consignments = Consignments(context, FileArchive(tmp_path))
    for _ in range(5):  # a day in which the receiver is knocked at, and nobody opens
        Dispatcher(context, consignments, {RouteKind.HL7: away}).run_once()
        clock.time += timedelta(hours=5)
    work = Dispatcher(context, consignments, {RouteKind.HL7: Counting()})
    while work.run_once():
        pass
    context.engine.dispose()

    assert away.taken == []
    assert len(arrived) == len(set(arrived)) == STUDIES * VERSIONS
    for number in range(STUDIES):
        mine = [uid for uid in arrived if uid.startswith(f"1.4.{number}.")]
        assert mine == [f"1.4.{number}.{version}" for version in range(VERSIONS)]
    assert kept[1] - kept[0] < 8 << 20  # resident bytes; a backlog held in memory would be tens of MiB
