"""How long a report waits for a receiver that cannot be reached before a person is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from worklist.hub.context import HubContext
from worklist.hub.dispatch_tables import dispatch_events
from workstation.domain.dispatch import RetryPolicy, TimelineStep
from workstation.domain.errors import NotTrusted, Unreachable, WorkstationError

_SENT_AGAIN = TimelineStep.SENT_AGAIN.value


def is_overdue(context: HubContext, policy: RetryPolicy, row: Row[Any], error: Unreachable) -> bool:
    """
    Tell whether a row of ``dispatches`` has waited too long for its receiver.

    Distrust counts from when this report first met it for this reason: the time that it stood in line behind
    others, or that the line was cut, is no distrust. What a person sent again is waited for anew.
    """
    steps = (TimelineStep.FAILED.value, _SENT_AGAIN)
    query = select(dispatch_events.c.step, dispatch_events.c.at).where(
        dispatch_events.c.dispatch == row.number, dispatch_events.c.step.in_(steps)
    )
    with context.read() as connection:
        events = connection.execute(query).all()
    now = context.clock.now()
    since: datetime = max([row.queued_at, *(event.at for event in events if event.step == _SENT_AGAIN)])
    if now - since > policy.patience:
        return True
    if not isinstance(error, NotTrusted) or row.reason != told_reason(error):
        return False
    since = max([row.queued_at, *(event.at for event in events)])
    return now - since > policy.trust_patience


def told_reason(error: WorkstationError) -> str:
    """Return what the administrator is told of a failure, without a patient's name."""
    return " ".join(part for part in (error.user_text, error.hint) if part)[:2000]
