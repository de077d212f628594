"""What happened to a report after it was written: signed, stored, sent, received, acknowledged by whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from worklist.hub.audit import audit_events
from worklist.hub.case_rows import visible_case
from worklist.hub.context import HubContext
from worklist.hub.critical_timeline import critical_events
from worklist.hub.dispatch_desk import REPORT, ROUTE
from worklist.hub.dispatch_tables import dispatch_events, dispatches, routes
from worklist.hub.double_state import double_state
from worklist.hub.tables import accounts, reports
from worklist.hub.workflow_tables import late_stamps
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.dispatch import TimelineEvent, TimelineStep
from workstation.domain.report import ReportState
from workstation.domain.report_version import DoubleReadingState

_STEPS: Final = {
    AuditAction.REPORT_SUBMITTED: TimelineStep.SUBMITTED,
    AuditAction.REPORT_RETURNED: TimelineStep.RETURNED,
    AuditAction.REPORT_DELIVERED: TimelineStep.STORED,
    AuditAction.REPORT_ACKNOWLEDGED: TimelineStep.ACKNOWLEDGED,
}
_INSIDE: Final = frozenset({TimelineStep.SUBMITTED, TimelineStep.RETURNED})
"""What the readers settle among themselves is not the sender's business."""


class TimelineService:
    """Read only; a case that the actor may not see has no time-line."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def timeline(self, actor: Actor, ups_instance_uid: str) -> list[TimelineEvent]:
        """Return what happened to the reports of a case, oldest first. Raises NotFound."""
        with self._context.read() as connection:
            study = visible_case(connection, actor, ups_instance_uid).study_instance_uid
            is_blind = double_state(connection, study) is DoubleReadingState.READING
            parts = (_signatures, _acts, _stamps, _sent, critical_events)
            events = [event for part in parts for event in part(connection, study)]
        if is_blind or not actor.may(Permission.SEE_ALLIANCE):  # nor does a blind reader hear that the other is done
            events = [event for event in events if event.step not in _INSIDE]
        return sorted(events, key=lambda event: event.at)


def _acts(connection: Connection, study_instance_uid: str) -> Iterator[TimelineEvent]:
    query = (
        select(audit_events, accounts.c.display_name)
        .join(accounts, accounts.c.user_id == audit_events.c.user_id, isouter=True)
        .where(
            audit_events.c.subject_uid == study_instance_uid,
            audit_events.c.action.in_([action.value for action in _STEPS]),
            audit_events.c.outcome == 0,
        )
        .order_by(audit_events.c.sequence)
    )
    for row in connection.execute(query):
        step = _STEPS[AuditAction(row.action)]
        who = row.display_name or row.user_id
        yield TimelineEvent(datetime.fromisoformat(row.at), step, who if step is not TimelineStep.STORED else "")


def _signatures(connection: Connection, study_instance_uid: str) -> Iterator[TimelineEvent]:
    """The signature's own time is the report's; the hub heard of it later."""
    query = select(reports.c.document).where(
        reports.c.study_instance_uid == study_instance_uid,
        reports.c.state.in_([ReportState.FINAL.value, ReportState.ENTERED_IN_ERROR.value]),
    )
    for document in connection.execute(query).scalars():
        report = REPORT.validate_json(document)
        signer = report.verifier or report.author
        if report.signed_at is not None:
            yield TimelineEvent(report.signed_at.astimezone(UTC), TimelineStep.SIGNED, signer.name, "", report.kind)


def _stamps(connection: Connection, study_instance_uid: str) -> Iterator[TimelineEvent]:
    query = select(late_stamps).where(late_stamps.c.study_instance_uid == study_instance_uid)
    for row in connection.execute(query):
        yield TimelineEvent(row.since.astimezone(UTC), TimelineStep.UNSTAMPED)
        if row.stored_at is not None:
            yield TimelineEvent(row.stored_at.astimezone(UTC), TimelineStep.STAMPED, row.stored_by)


def _sent(connection: Connection, study_instance_uid: str) -> Iterator[TimelineEvent]:
    query = (
        select(dispatch_events, routes.c.document)
        .join(dispatches, dispatches.c.number == dispatch_events.c.dispatch)
        .join(routes, routes.c.route_id == dispatches.c.route_id)
        .where(dispatches.c.study_instance_uid == study_instance_uid)
        .order_by(dispatch_events.c.number)
    )
    rows: list[Row[Any]] = list(connection.execute(query))
    for row in rows:
        name = ROUTE.validate_json(row.document).name
        yield TimelineEvent(row.at.astimezone(UTC), TimelineStep(row.step), row.who, name, row.detail)
