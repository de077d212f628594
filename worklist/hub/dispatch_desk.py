"""Rows that say "send this on that route", written in the transaction that makes a report what it is."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Row, and_, exists, insert, or_, select, update

from worklist.hub.context import HubContext
from worklist.hub.dispatch_tables import dispatch_events, dispatches, routes
from worklist.hub.tables import reports
from workstation.domain.dispatch import DispatchState, Route, RouteKind, TimelineStep
from workstation.domain.report import Report
from workstation.domain.report_state import STATUS_CODES, ReportKind, ReportStatus
from workstation.domain.workitem import OutputReference

REPORT: Final = TypeAdapter(Report)
OUTPUTS: Final = TypeAdapter(tuple[OutputReference, ...])
ROUTE: Final = TypeAdapter(Route)
_ENDS: Final = frozenset({ReportStatus.ENTERED_IN_ERROR, ReportStatus.CANCELLED})
"""What comes after these is another report, under another name."""
_KEEPS_OBJECTS: Final = frozenset({RouteKind.C_STORE, RouteKind.STOW, RouteKind.FOLDER})
_OPEN: Final = (DispatchState.WAITING.value, DispatchState.DEAD.value)
_IS_UNSIGNED: Final = dispatches.c.report_state == ReportStatus.PRELIMINARY.value
MAY_HAVE_ARRIVED: Final = or_(
    dispatches.c.attempts > 0,  # written down before each attempt
    exists().where(  # somebody sent it again, and its attempts are counted anew
        dispatch_events.c.dispatch == dispatches.c.number, dispatch_events.c.step == TimelineStep.DEAD.value
    ),
)


def enqueue(
    connection: Connection, context: HubContext, report: Report, site_id: str, outputs: Sequence[OutputReference]
) -> int:
    """
    Put a report on every route of the study's site that should have it; return on how many.

    Call it inside the transaction that stores the report, under the lock of its case: then the rows
    are there exactly when the report is, and stand in the order of its versions. The same state of
    the same document is put on a route once.
    """
    if not STATUS_CODES[report.status].obr_25:
        return 0
    query = select(routes).where(routes.c.site_id == site_id).order_by(routes.c.route_id)
    found = [route_of(row) for row in connection.execute(query).all()]
    _supersede(connection, context, report, {control_id_of(route.route_id, report) for route in found})
    wanted = [route.route_id for route in found if _is_wanted(connection, route, report)]
    return sum(_put(connection, context, route_id, report, site_id, outputs) for route_id in wanted)


def enqueue_stamped(
    connection: Connection, context: HubContext, report: Report, site_id: str, outputs: Sequence[OutputReference]
) -> int:
    """
    Send the stamped version of a report after the report itself, where objects are kept; return on how many routes.

    Messages (HL7, FHIR) say what they said: nothing in their words has changed.
    """
    sent = select(dispatches.c.route_id).where(
        dispatches.c.report_uid == report.report_uid, dispatches.c.state != DispatchState.GIVEN_UP.value
    )
    query = select(routes).where(routes.c.site_id == site_id, routes.c.route_id.in_(sent)).order_by(routes.c.route_id)
    found = [route for route in map(route_of, connection.execute(query).all()) if route.kind in _KEEPS_OBJECTS]
    return sum(_put(connection, context, one.route_id, report, site_id, outputs, stamped=True) for one in found)


def hold_dispatches(connection: Connection, study_instance_uid: str) -> None:
    """
    Let nothing of a study begin to go out, nor be recorded as gone, until this transaction ends.

    To be called before anything that writes the audit trail: a delivery that is being recorded has its row first
    and the trail last.
    """
    query = select(dispatches.c.number).where(
        dispatches.c.study_instance_uid == study_instance_uid, dispatches.c.state.in_(_OPEN)
    )
    connection.execute(query.order_by(dispatches.c.number).with_for_update()).all()


def supersede_unsigned(connection: Connection, context: HubContext, study_instance_uid: str) -> None:
    """Let go of unsigned reports of a study that have not arrived, on whatever route, switched off or not."""
    _let_go(connection, context, study_instance_uid, _IS_UNSIGNED)


def is_outdated(connection: Connection, route: Route, report: Report) -> bool:
    """Tell whether an unsigned report is not to go out any more: it was moved on, or the route wants none."""
    if report.status is not ReportStatus.PRELIMINARY:
        return False
    stored = connection.execute(
        select(reports.c.state, reports.c.revision).where(reports.c.report_uid == report.report_uid)
    ).first()
    is_newest = stored is not None and (stored.state, stored.revision) == (report.state.value, report.revision)
    return not (route.preliminary and is_newest)


def supersede_one(connection: Connection, context: HubContext, row: Row[Any]) -> None:
    """Let go of one row that has not gone out."""
    _let_go(connection, context, row.study_instance_uid, dispatches.c.number == row.number)


def _is_wanted(connection: Connection, route: Route, report: Report) -> bool:
    """
    Unsigned words go where they were asked for, and what ends words goes where they may have arrived.

    What follows words that may have arrived is kept for a route that is switched off now.
    """
    if report.status is ReportStatus.PRELIMINARY:  # of what follows a signed report nothing goes out unsigned
        return route.enabled and route.preliminary and report.kind is ReportKind.ORIGINAL
    former = connection.execute(
        select(dispatches.c.report_state, MAY_HAVE_ARRIVED.label("told"))
        .where(
            dispatches.c.route_id == route.route_id,
            dispatches.c.study_instance_uid == report.study_instance_uid,
            dispatches.c.report_root == _root(connection, route.route_id, report),
        )
        .order_by(dispatches.c.number)
    ).all()
    told = [row.report_state for row in former if row.told]
    if report.status is ReportStatus.CANCELLED:
        return report.kind is ReportKind.ORIGINAL and told[-1:] == [ReportStatus.PRELIMINARY.value]
    if report.status is ReportStatus.ENTERED_IN_ERROR and former:
        return bool(told)
    return route.enabled or bool(told)


def _supersede(connection: Connection, context: HubContext, report: Report, own: set[str]) -> None:
    """
    Let go of what has not arrived and is outdated by a report.

    A dead preliminary must never hold back what is signed, and what is withdrawn must not arrive first.
    """
    outdated = _IS_UNSIGNED
    if report.status is ReportStatus.ENTERED_IN_ERROR:
        outdated = or_(_IS_UNSIGNED, dispatches.c.report_uid == report.report_uid)
    _let_go(connection, context, report.study_instance_uid, and_(outdated, dispatches.c.control_id.not_in(sorted(own))))


def _let_go(connection: Connection, context: HubContext, study_instance_uid: str, which: ColumnElement[bool]) -> None:
    """Supersede in one statement: what was delivered meanwhile stays delivered."""
    outdated = (dispatches.c.study_instance_uid == study_instance_uid, dispatches.c.state.in_(_OPEN), which)
    let_go = update(dispatches).where(*outdated).values(state=DispatchState.SUPERSEDED.value)
    for number in sorted(connection.execute(let_go.returning(dispatches.c.number)).scalars()):
        note(connection, context, number, TimelineStep.SUPERSEDED)


def _put(
    connection: Connection,
    context: HubContext,
    route_id: str,
    report: Report,
    site_id: str,
    outputs: Sequence[OutputReference],
    *,
    stamped: bool = False,
) -> bool:
    control_id = control_id_of(route_id, report, stamped=stamped)
    of_route = dispatches.c.route_id == route_id
    known = select(dispatches.c.number).where(of_route, dispatches.c.control_id == control_id)
    if connection.execute(known).first() is not None:
        return False
    now = context.clock.now()
    number = connection.execute(
        insert(dispatches)
        .values(
            route_id=route_id,
            site_id=site_id,
            study_instance_uid=report.study_instance_uid,
            report_uid=report.report_uid,
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
        return report.report_uid
    return str(before.report_root)


def control_id_of(route_id: str, report: Report, *, stamped: bool = False) -> str:
    """Return what names this state of this document on this route for ever; fits MSH-10 (20 characters)."""
    told = f"{route_id}|{report.report_uid}|{report.status}|{report.revision}{'|stamped' if stamped else ''}"
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
