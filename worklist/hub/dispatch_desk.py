"""Rows that say "send this on that route", written in the transaction that makes a report what it is."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, insert, select, update

from worklist.hub.context import HubContext
from worklist.hub.dispatch_tables import dispatch_events, dispatches, routes
from workstation.domain.dispatch import DispatchState, Route, TimelineStep
from workstation.domain.report import Report
from workstation.domain.report_state import STATUS_CODES, ReportKind, ReportStatus
from workstation.domain.workitem import OutputReference

REPORT: Final = TypeAdapter(Report)
OUTPUTS: Final = TypeAdapter(tuple[OutputReference, ...])
ROUTE: Final = TypeAdapter(Route)
_ENDS: Final = frozenset({ReportStatus.ENTERED_IN_ERROR, ReportStatus.CANCELLED})
"""What comes after these is another report, under another name."""


def enqueue(
    connection: Connection, context: HubContext, report: Report, site_id: str, outputs: Sequence[OutputReference]
) -> int:
    """
    Put a report on every enabled route of the study's site; return on how many.

    Call it inside the transaction that stores the report, under the lock of its case: then the rows
    are there exactly when the report is, and stand in the order of its versions. The same state of
    the same document is put on a route once.
    """
    if not STATUS_CODES[report.status].obr_25:
        return 0
    query = select(routes).where(routes.c.site_id == site_id, routes.c.enabled == 1).order_by(routes.c.route_id)
    wanted = [row.route_id for row in connection.execute(query).all() if _is_wanted(connection, route_of(row), report)]
    return sum(_put(connection, context, route_id, report, site_id, outputs) for route_id in wanted)


def _is_wanted(connection: Connection, route: Route, report: Report) -> bool:
    """Unsigned words go where they were asked for, and what ends them goes where they went."""
    if report.status is ReportStatus.PRELIMINARY:  # of what follows a signed report nothing goes out unsigned
        return route.preliminary and report.kind is ReportKind.ORIGINAL
    if report.status is not ReportStatus.CANCELLED:
        return True
    told = select(dispatches.c.number).where(
        dispatches.c.route_id == route.route_id, dispatches.c.report_uid == report.report_uid[:64]
    )
    return connection.execute(told.limit(1)).first() is not None


def _supersede(connection: Connection, context: HubContext, route_id: str, report: Report) -> None:
    """Let go of preliminary reports that have not arrived: a dead one must never hold back what is signed."""
    outdated = select(dispatches.c.number).where(
        dispatches.c.route_id == route_id,
        dispatches.c.study_instance_uid == report.study_instance_uid,
        dispatches.c.report_state == ReportStatus.PRELIMINARY.value,
        dispatches.c.state.in_((DispatchState.WAITING.value, DispatchState.DEAD.value)),
    )
    for number in connection.execute(outdated).scalars().all():
        this = dispatches.c.number == number
        connection.execute(update(dispatches).where(this).values(state=DispatchState.SUPERSEDED.value))
        note(connection, context, number, TimelineStep.SUPERSEDED)


def _put(
    connection: Connection,
    context: HubContext,
    route_id: str,
    report: Report,
    site_id: str,
    outputs: Sequence[OutputReference],
) -> bool:
    control_id = control_id_of(route_id, report)
    of_route = dispatches.c.route_id == route_id
    known = select(dispatches.c.number).where(of_route, dispatches.c.control_id == control_id)
    if connection.execute(known).first() is not None:
        return False
    _supersede(connection, context, route_id, report)
    now = context.clock.now()
    number = connection.execute(
        insert(dispatches)
        .values(
            route_id=route_id,
            site_id=site_id,
            study_instance_uid=report.study_instance_uid,
            report_uid=report.report_uid[:64],
            report_root=_root(connection, route_id, report),
            report_state=report.status.value,
            control_id=control_id,
            document=REPORT.dump_json(report).decode(),
            outputs=OUTPUTS.dump_json(tuple(outputs)).decode(),
            state=DispatchState.WAITING.value,
            queued_at=now,
            due_at=now,
        )
        .returning(dispatches.c.number)
    ).scalar_one()
    note(connection, context, number, TimelineStep.QUEUED)
    return True


def _root(connection: Connection, route_id: str, report: Report) -> str:
    """Return the name of all versions of a report on a route; after a withdrawal the next one begins anew."""
    before = connection.execute(
        select(dispatches.c.report_root, dispatches.c.report_state)
        .where(dispatches.c.route_id == route_id, dispatches.c.study_instance_uid == report.study_instance_uid)
        .order_by(dispatches.c.number.desc())
        .limit(1)
    ).first()
    if before is None or (before.report_state in _ENDS and report.status not in _ENDS):
        return report.report_uid[:64]
    return str(before.report_root)


def control_id_of(route_id: str, report: Report) -> str:
    """Return what names this state of this document on this route for ever; fits MSH-10 (20 characters)."""
    told = f"{route_id}|{report.report_uid}|{report.status}|{report.revision}"
    return base64.b32encode(hashlib.sha256(told.encode()).digest())[:20].decode()


def note(
    connection: Connection, context: HubContext, number: int, step: TimelineStep, *, who: str = "", detail: str = ""
) -> None:
    """Add a line to the history of a dispatch."""
    connection.execute(
        insert(dispatch_events).values(
            dispatch=number, at=context.clock.now(), step=step.value, who=who[:200], detail=detail[:2000]
        )
    )


def route_of(row: Row[Any]) -> Route:
    """Return the route of a row of ``routes``."""
    return ROUTE.validate_json(row.document)
