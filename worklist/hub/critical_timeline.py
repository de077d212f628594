"""The acts of critical values as lines of a report's time-line."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from worklist.hub.critical_service import VALUE
from worklist.hub.critical_tables import critical_values
from workstation.domain.critical import CallOutcome, CallRecord, CriticalValue
from workstation.domain.dispatch import TimelineEvent, TimelineStep


def critical_events(connection: Connection, study_instance_uid: str) -> Iterator[TimelineEvent]:
    """Yield what was done for the critical values of a study."""
    query = (
        select(critical_values.c.document)
        .where(critical_values.c.study_instance_uid == study_instance_uid)
        .order_by(critical_values.c.recognised_at, critical_values.c.critical_uid)
    )
    for document in connection.execute(query).scalars():
        yield from acts_of(VALUE.validate_json(document))


def acts_of(value: CriticalValue) -> Iterator[TimelineEvent]:
    """Yield the acts of one critical value, each at the time when it happened."""
    said = value.text
    yield TimelineEvent(value.recognised_at, TimelineStep.CRITICAL_RECOGNISED, value.recognised_by.name, "", said)
    if value.reminded_at is not None:
        yield TimelineEvent(value.reminded_at, TimelineStep.CRITICAL_REMINDED, "", "", said)
    if value.escalated_at is not None:
        yield TimelineEvent(value.escalated_at, TimelineStep.CRITICAL_ESCALATED, "", "", said)
    for call in value.calls:
        yield TimelineEvent(call.at, _step(call), call.notifier.name, call.receiver, call.read_back_text)
    if value.received is not None:
        signed = value.received
        yield TimelineEvent(
            signed.at, TimelineStep.CRITICAL_ACKNOWLEDGED, signed.party.name, signed.party.organisation,
            value.acknowledgement,
        )  # fmt: skip
    if value.closed_at is not None and value.closed_by is not None:
        yield TimelineEvent(value.closed_at, TimelineStep.CRITICAL_CLOSED, value.closed_by.name, "", said)
    if value.dismissal is not None:
        ended = value.dismissal
        yield TimelineEvent(ended.at, TimelineStep.CRITICAL_DISMISSED, ended.by.name, "", ended.reason)


def _step(call: CallRecord) -> TimelineStep:
    if call.read_back:
        return TimelineStep.CRITICAL_READ_BACK
    return TimelineStep.CRITICAL_CALLED if call.outcome is CallOutcome.REACHED else TimelineStep.CRITICAL_TRIED
