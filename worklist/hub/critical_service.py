"""Critical values on the hub: recognised, called, acknowledged, closed; the clock is the hub's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, insert, select, update

from worklist.hub.auth import authorize
from worklist.hub.case_rows import touch, visible_case
from worklist.hub.context import HubContext
from worklist.hub.critical_policy_service import CriticalPolicyService
from worklist.hub.critical_tables import critical_values
from worklist.hub.errors import BadRequest, NoLongerUpdatable, NotFound
from worklist.hub.tables import cases, sites
from worklist.hub.ups import require_scope
from worklist.hub.ups_json import is_uid
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.critical import (
    CallRecord,
    CriticalState,
    CriticalValue,
    Dismissal,
    Party,
    repeats,
)
from workstation.domain.critical_board import CallReport, CriticalBoard, CriticalNotice, Recognition
from workstation.domain.critical_clock import NotificationShare, notification_share
from workstation.domain.critical_policy import free_entry, recognise

VALUE: Final = TypeAdapter(CriticalValue)
LISTED: Final = (CriticalState.RECOGNISED, CriticalState.CALLED, CriticalState.CONFIRMED)
LATEST_REPORT: Final = timedelta(days=7)
"""How long something may have happened before it is told, when the line was dead."""
_BATCH: Final = 200
_TOLD_FOR: Final = timedelta(days=1)
"""How long it is told that somebody else dismissed what one recognised."""


class CriticalService:
    """Every act takes the row's lock; the same act again answers as the first time."""

    def __init__(self, context: HubContext, policies: CriticalPolicyService) -> None:
        self._context = context
        self._policies = policies
        self.clock_started: Callable[[], object] = lambda: None
        """Called after a recognition, so that the watch looks when its clock is due."""

    def board(self, actor: Actor) -> CriticalBoard:
        """Return what waits, the longest waiting first: of the own site, or of the alliance. Raises NotPermitted."""
        require_scope(actor, self._context)
        board = self._board(actor, critical_values.c.state.in_([state.value for state in LISTED]))
        return replace(board, taken_back=self._taken_back(actor, board.now))

    def of_case(self, actor: Actor, ups_instance_uid: str) -> CriticalBoard:
        """Return every critical value of a case. Raises NotFound."""
        require_scope(actor, self._context)
        with self._context.read() as connection:
            case = visible_case(connection, actor, ups_instance_uid)
        return self._board(actor, critical_values.c.study_instance_uid == case.study_instance_uid)

    def recognise(self, actor: Actor, ups_instance_uid: str, told: Recognition) -> CriticalValue:
        """
        Start the clock of a critical value at the moment of its recognition.

        A key that the policy in force does not have is no reason to refuse: the words and their level count.
        """
        authorize(actor, Permission.NOTIFY_CRITICAL, self._context, subject_uid=ups_instance_uid[:64])
        if not is_uid(told.critical_uid) or not told.text.strip() or told.level not in {1, 2, 3}:
            raise BadRequest("a critical value has a UID, a level and says what was found")
        policy = self._policies.in_force()
        now = self._context.clock.now()
        with self._context.write() as connection:
            case = visible_case(connection, actor, ups_instance_uid, for_update=True)
            before = _row(connection, told.critical_uid)
            if before is not None:
                if before.study_instance_uid != case.study_instance_uid:
                    raise BadRequest("the critical value is of another study")
                return VALUE.validate_json(before.document)
            value = recognise(
                policy.entry(told.entry_key) or free_entry(told.level, told.text),
                critical_uid=told.critical_uid,
                study_instance_uid=case.study_instance_uid,
                ups_instance_uid=ups_instance_uid,
                text=told.text.strip(),
                source=told.source,
                by=_party(actor),
                at=_when(now, told.age_s),
                policy=policy.name,
            )
            connection.execute(insert(critical_values).values(site_id=case.site_id, **_columns(value)))
            self._follow(connection, value)
            self._audit(
                connection, actor, AuditAction.CRITICAL_RECOGNISED, value, f"{value.level.value} {told.age_s:.0f} s"
            )
        self.clock_started()
        return value

    def call(self, actor: Actor, critical_uid: str, told: CallReport) -> CriticalValue:
        """
        Add one attempt to call; its time is told as an age, so that the notifier's clock does not matter.

        A call that is known answers as the first time, whatever is asked of a new one by now. Raises BadRequest.
        """
        authorize(actor, Permission.NOTIFY_CRITICAL, self._context, subject_uid=critical_uid[:64])
        now = self._context.clock.now()

        def step(value: CriticalValue) -> CriticalValue:
            if any(known.call_uid == told.call_uid for known in value.calls):
                return value
            return value.called(_record(told, _party(actor), value, now))

        detail = f"{told.method} {told.outcome} read-back {told.read_back}"
        return self._change(actor, critical_uid, AuditAction.CRITICAL_CALLED, step, detail)

    def acknowledge(self, actor: Actor, critical_uid: str, receiver: str, read_back_text: str) -> CriticalValue:
        """Put the receiver's name and read-back to it; for the sending site only."""
        authorize(actor, Permission.ACKNOWLEDGE_CRITICAL, self._context, subject_uid=critical_uid[:64])
        if not receiver.strip():
            raise BadRequest("an acknowledgement names the receiver")
        if not repeats(read_back_text):
            raise BadRequest("an acknowledgement repeats what was said")
        now = self._context.clock.now()
        party = Party(actor.user_id, receiver.strip(), actor.role, actor.site_name)
        return self._change(
            actor,
            critical_uid,
            AuditAction.CRITICAL_ACKNOWLEDGED,
            lambda value: value.acknowledged(party, now, read_back_text.strip()),
        )

    def close(self, actor: Actor, critical_uid: str) -> CriticalValue:
        """Close what was read back."""
        authorize(actor, Permission.NOTIFY_CRITICAL, self._context, subject_uid=critical_uid[:64])
        now = self._context.clock.now()
        return self._change(
            actor, critical_uid, AuditAction.CRITICAL_CLOSED, lambda value: value.closed(_party(actor), now)
        )

    def dismiss(self, actor: Actor, critical_uid: str, reason: str) -> CriticalValue:
        """Take back what is no critical value, with a reason: who recognised it may, or a senior. Raises NotFound."""
        authorize(actor, Permission.NOTIFY_CRITICAL, self._context, subject_uid=critical_uid[:64])
        with self._context.read() as connection:
            row = _row(connection, critical_uid)
        if row is None or not actor.may_see_site(row.site_id):  # another site's is not told from none
            raise NotFound("there is no such critical value")
        if VALUE.validate_json(row.document).recognised_by.user_id != actor.user_id:
            authorize(actor, Permission.SIGN_FINAL, self._context, subject_uid=critical_uid[:64])
        if not reason.strip():
            raise BadRequest("a critical value is dismissed with a reason")
        dismissal = Dismissal(_party(actor), self._context.clock.now(), reason.strip())
        return self._change(
            actor, critical_uid, AuditAction.CRITICAL_DISMISSED, lambda value: value.dismissed(dismissal)
        )

    def notified_in_time(self, actor: Actor, days: int) -> NotificationShare:
        """Return national indicator 4 over what was recognised in the last days. Raises NotPermitted."""
        authorize(actor, Permission.SEE_STATISTICS, self._context)
        since = self._context.clock.now() - timedelta(days=days)
        query = select(critical_values.c.document).where(critical_values.c.recognised_at >= since)
        with self._context.read() as connection:
            documents = connection.execute(query).scalars().all()
        return notification_share(VALUE.validate_json(document) for document in documents)

    def tick(self) -> int:
        """
        Write down the reminders and escalations that are due, each in the audit trail; return how many clocks spoke.

        Several hubs on one database may do so at once: the row's lock and its revision keep each step single.
        """
        now = self._context.clock.now()
        due = select(critical_values.c.critical_uid).where(critical_values.c.next_at <= now).limit(_BATCH)
        with self._context.read() as connection:
            uids = connection.execute(due.order_by(critical_values.c.next_at)).scalars().all()
        return sum(self._speak(uid, now) for uid in uids)

    def _speak(self, critical_uid: str, now: datetime) -> bool:
        with self._context.write() as connection:
            row = _row(connection, critical_uid, for_update=True)
            if row is None:
                return False
            before = VALUE.validate_json(row.document)
            value = before.timed(now)
            if value == before:
                return False
            self._put(connection, value)
            for moment, action in (
                ((before.reminded_at, value.reminded_at), AuditAction.CRITICAL_REMINDED),
                ((before.escalated_at, value.escalated_at), AuditAction.CRITICAL_ESCALATED),
            ):
                if moment[0] != moment[1]:
                    self._audit(connection, None, action, value, outcome=4)
            return True

    def next_due(self) -> datetime | None:
        """Return when the next clock speaks, None while none runs."""
        query = select(critical_values.c.next_at).where(critical_values.c.next_at.is_not(None))
        with self._context.read() as connection:
            return connection.execute(query.order_by(critical_values.c.next_at).limit(1)).scalar_one_or_none()

    def _change(
        self,
        actor: Actor,
        critical_uid: str,
        action: AuditAction,
        step: Callable[[CriticalValue], CriticalValue],
        detail: str = "",
    ) -> CriticalValue:
        with self._context.write() as connection:
            row = _row(connection, critical_uid, for_update=True)
            if row is None or not actor.may_see_site(row.site_id):
                raise NotFound("there is no such critical value")
            before = VALUE.validate_json(row.document)
            try:
                value = step(before)
            except ValueError as exc:
                raise NoLongerUpdatable(str(exc)) from exc
            if value == before:
                return value
            self._put(connection, value)
            signed = next(
                (s for s in (value.received, value.notified) if s not in {before.received, before.notified}), None
            )
            self._audit(connection, actor, action, value, f"{detail} {signed.digest if signed else ''}".strip())
        return value

    def _put(self, connection: Connection, value: CriticalValue) -> None:
        connection.execute(
            update(critical_values)
            .where(critical_values.c.critical_uid == value.critical_uid)
            .values(**_columns(value))
        )
        self._follow(connection, value)

    def _follow(self, connection: Connection, value: CriticalValue) -> None:
        """Show on the worklist whether anything of the case waits, and until when it must be read back."""
        rows = connection.execute(
            select(critical_values.c.document).where(
                critical_values.c.study_instance_uid == value.study_instance_uid,
                critical_values.c.state.in_([state.value for state in LISTED]),
            )
        ).scalars()
        waiting = [VALUE.validate_json(document) for document in rows]
        due = min((one.due for one in waiting if one.is_open), default=None)
        touch(connection, self._context, value.study_instance_uid, critical=bool(waiting), critical_due=due)

    def _board(self, actor: Actor, wanted: Any) -> CriticalBoard:  # noqa: ANN401 - SQLAlchemy's condition
        query = (
            select(
                critical_values.c.document,
                critical_values.c.site_id,
                cases.c.patient_name,
                cases.c.patient_id,
                cases.c.modality,
                cases.c.description,
                cases.c.studied,
                sites.c.name.label("site_name"),
            )
            .join(cases, cases.c.study_instance_uid == critical_values.c.study_instance_uid)
            .join(sites, sites.c.site_id == critical_values.c.site_id)
            .where(wanted)
            .order_by(critical_values.c.recognised_at, critical_values.c.critical_uid)
        )
        if not actor.may(Permission.SEE_ALLIANCE):
            query = query.where(critical_values.c.site_id == actor.site_id)
        now = self._context.clock.now()
        with self._context.read() as connection:
            rows = connection.execute(query).all()
        notices = tuple(
            CriticalNotice(
                VALUE.validate_json(row.document),
                row.patient_name,
                row.patient_id,
                row.modality,
                row.description,
                row.site_id,
                row.site_name,
                studied=row.studied,
            )
            for row in rows
        )
        return CriticalBoard(now, notices)

    def _taken_back(self, actor: Actor, now: datetime) -> tuple[CriticalNotice, ...]:
        """Return what this person recognised and somebody else dismissed within a day."""
        if not actor.may(Permission.NOTIFY_CRITICAL):
            return ()
        found = self._board(
            actor,
            (critical_values.c.state == CriticalState.DISMISSED.value)
            & (critical_values.c.recognised_at >= now - LATEST_REPORT),
        )
        return tuple(notice for notice in found.notices if _was_taken_from(actor, notice.value, now))

    def _audit(
        self,
        connection: Connection,
        actor: Actor | None,
        action: AuditAction,
        value: CriticalValue,
        detail: str = "",
        *,
        outcome: int = 0,
    ) -> None:
        self._context.audit.record(
            connection,
            actor,
            action,
            subject_uid=value.study_instance_uid,
            outcome=outcome,
            detail=f"critical value {value.critical_uid} {detail}".strip(),
        )


def _was_taken_from(actor: Actor, value: CriticalValue, now: datetime) -> bool:
    ended = value.dismissal
    return (
        ended is not None
        and value.recognised_by.user_id == actor.user_id != ended.by.user_id
        and now - ended.at <= _TOLD_FOR
    )


def _row(connection: Connection, critical_uid: str, *, for_update: bool = False) -> Row[Any] | None:
    query = select(critical_values).where(critical_values.c.critical_uid == critical_uid)
    return connection.execute(query.with_for_update() if for_update else query).first()


def _columns(value: CriticalValue) -> dict[str, Any]:
    return {
        "critical_uid": value.critical_uid,
        "study_instance_uid": value.study_instance_uid,
        "state": value.state.value,
        "recognised_at": value.recognised_at,
        "next_at": value.next_at,
        "document": VALUE.dump_json(value).decode(),
    }


def _record(told: CallReport, by: Party, value: CriticalValue, now: datetime) -> CallRecord:
    if told.lacks:
        raise BadRequest(told.lacks)
    at = max(value.recognised_at, _when(now, told.age_s))
    try:
        return CallRecord(
            told.call_uid, by, told.receiver, told.receiver_role, told.number, at, told.method, told.outcome,
            told.content, told.read_back, told.read_back_text, recorded_at=now,
        )  # fmt: skip
    except ValueError as exc:
        raise BadRequest(str(exc)) from exc


def _party(actor: Actor) -> Party:
    return Party(actor.user_id, actor.display_name, actor.role, actor.site_name)


def _when(now: datetime, age_s: float) -> datetime:
    return now - min(LATEST_REPORT, timedelta(seconds=max(0.0, age_s)))
