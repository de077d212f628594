"""The hub's audit trail: one hash chain, appended in the transaction of the act it records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, String, Table, Text, insert, select

from worklist.hub.database import one_at_a_time
from worklist.hub.metadata import metadata
from workstation.domain.access import Actor
from workstation.domain.audit import GENESIS, AuditAction, AuditEvent
from workstation.domain.ports import Clock

_APPEND_LOCK: Final = 0x4C59_4155

audit_events = Table(
    "audit_events",
    metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("role", String(32), nullable=False),
    Column("action", String(40), nullable=False),
    Column("outcome", Integer, nullable=False),
    Column("subject_uid", String(64), nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)


class HubAudit:
    """Append and read the chain."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def record(
        self,
        connection: Connection | None,
        actor: Actor | None,
        action: AuditAction,
        *,
        subject_uid: str = "",
        outcome: int = 0,
        detail: str = "",
    ) -> AuditEvent:
        """
        Append one event, in the caller's write transaction or (None) in one of its own.

        A failure here fails the act: what cannot be recorded does not happen. ``detail`` never
        carries a patient's name.
        """
        if connection is None:
            with self._engine.begin() as own:
                return self.record(own, actor, action, subject_uid=subject_uid, outcome=outcome, detail=detail)
        one_at_a_time(connection, _APPEND_LOCK)
        newest = connection.execute(
            select(audit_events.c.sequence, audit_events.c.digest).order_by(audit_events.c.sequence.desc()).limit(1)
        ).first()
        event = AuditEvent(
            sequence=1 if newest is None else newest.sequence + 1,
            at=self._clock.now().astimezone(UTC).isoformat(timespec="microseconds"),
            user_id=actor.user_id if actor else "",
            role=actor.role if actor else "",
            action=action,
            outcome=outcome,
            subject_uid=subject_uid,
            detail=detail,
            previous=GENESIS if newest is None else newest.digest,
        ).sealed()
        connection.execute(insert(audit_events).values(**{name: getattr(event, name) for name in _FIELDS}))
        return event

    def events(self, connection: Connection, *, subject_uids: frozenset[str] | None = None) -> Iterator[AuditEvent]:
        """Yield the chain in order, or only what concerns some UIDs."""
        query = select(audit_events).order_by(audit_events.c.sequence)
        if subject_uids is not None:
            query = query.where(audit_events.c.subject_uid.in_(sorted(subject_uids)))
        for row in connection.execute(query):
            values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
            values["action"] = AuditAction(values["action"])
            yield AuditEvent(**values)


_FIELDS: Final = tuple(column.name for column in audit_events.columns)
