"""What the hub asks of a final report: every critical value of its study is read back, or its signer answers for it."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, select

from worklist.hub.critical_tables import critical_values
from worklist.hub.errors import CriticalOpen
from workstation.domain.access import Actor
from workstation.domain.critical import CriticalState, CriticalValue
from workstation.domain.norm.values import CRITICAL_OPEN
from workstation.domain.report import Report

_VALUE: Final = TypeAdapter(CriticalValue)
_OPEN: Final = (CriticalState.RECOGNISED.value, CriticalState.CALLED.value)


def require_no_open_critical(connection: Connection, actor: Actor, report: Report) -> None:
    """Raise CriticalOpen with the words of each open value that the signer's own overrides do not answer for."""
    documents = connection.execute(
        select(critical_values.c.document)
        .where(
            critical_values.c.study_instance_uid == report.study_instance_uid,
            critical_values.c.state.in_(_OPEN),
        )
        .order_by(critical_values.c.recognised_at)
    ).scalars()
    answered = {one.target for one in report.norm_overrides if one.rule == CRITICAL_OPEN and one.by == actor.user_id}
    waiting = [value for value in map(_VALUE.validate_json, documents) if value.critical_uid not in answered]
    if waiting:
        raise CriticalOpen("a critical value was not read back", open=[value.text for value in waiting])
