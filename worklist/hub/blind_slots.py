"""
The two places of a blind double reading, open at the same time: who has taken one, who has finished, who may.

Each place is a workitem, so that a claim has one winner. ``cases.ups_instance_uid`` is the place that is offered
next; state and reader of the case tell nobody who reads or has read it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from worklist.hub.case_rows import touch
from worklist.hub.case_workitems import input_instances, workitem_for
from worklist.hub.context import HubContext
from worklist.hub.errors import NotIndependent
from worklist.hub.quality_tables import FREE, READING, SUBMITTED, blind_slots
from worklist.hub.tables import cases
from worklist.hub.ups_store import Workitem, add, new_uid
from worklist.hub.workflow_tables import blind_reads, double_readings
from workstation.domain.access import Actor
from workstation.domain.report_version import DoubleReadingState
from workstation.domain.workitem import ReadingState, WorkitemCode


def open_slots(connection: Connection, context: HubContext, case: Row[Any]) -> None:
    """Open both places: the reading that is scheduled, and another beside it."""
    _insert(connection, case.study_instance_uid, 1, case.ups_instance_uid)
    add_slot(connection, context, case, 2)


def add_slot(connection: Connection, context: HubContext, case: Row[Any], slot: int) -> str:
    """Schedule a reading for a place; return its UID."""
    uid = new_uid()
    instances = input_instances(connection, case.study_instance_uid)
    now = context.clock.now()
    add(connection, workitem_for(case, WorkitemCode.INTERPRETATION, instances, ups_instance_uid=uid, now=now))
    _insert(connection, case.study_instance_uid, slot, uid)
    return uid


def slot_of(connection: Connection, ups_instance_uid: str) -> Row[Any] | None:
    """Return the place that a workitem is, None for any other workitem and once the readings are compared."""
    query = select(blind_slots).where(blind_slots.c.ups_instance_uid == ups_instance_uid)
    return connection.execute(query).first()


def slot_in(connection: Connection, study_instance_uid: str, slot: int) -> str:
    """Return the workitem that a place is now."""
    row = next(row for row in _slots(connection, study_instance_uid) if row.slot == slot)
    return str(row.ups_instance_uid)


def take(connection: Connection, context: HubContext, item: Workitem, actor: Actor) -> None:
    """Note who reads in a place. Raises NotIndependent for whoever reads or has read in the other."""
    _lock(connection, item.study_instance_uid)
    if any(row.reader_id == actor.user_id for row in _slots(connection, item.study_instance_uid)):
        raise NotIndependent("this person has read the case already")
    _set(connection, item.ups_instance_uid, READING, actor.user_id, actor.display_name)
    offer(connection, context, item.study_instance_uid)


def submit(connection: Connection, ups_instance_uid: str) -> None:
    """Note that the reading of a place is in."""
    connection.execute(
        update(blind_slots).where(blind_slots.c.ups_instance_uid == ups_instance_uid).values(state=SUBMITTED)
    )


def give_back(connection: Connection, context: HubContext, case: Row[Any], slot: Row[Any]) -> str:
    """Open a place anew after its reader gave it back; return the UID of its new workitem."""
    _lock(connection, case.study_instance_uid)
    mine = (blind_slots.c.study_instance_uid == case.study_instance_uid) & (blind_slots.c.slot == slot.slot)
    connection.execute(delete(blind_slots).where(mine))
    uid = add_slot(connection, context, case, slot.slot)
    offer(connection, context, case.study_instance_uid)
    return uid


def other_slots(connection: Connection, slot: Row[Any]) -> list[Row[Any]]:
    """Return the places beside one."""
    return [row for row in _slots(connection, slot.study_instance_uid) if row.slot != slot.slot]


def offer(connection: Connection, context: HubContext, study_instance_uid: str) -> None:
    """Offer a free place on the worklist; without one the case is being read, by nobody who is named."""
    slots = _slots(connection, study_instance_uid)
    free = next((row for row in slots if row.state == FREE), None)
    touch(
        connection,
        context,
        study_instance_uid,
        ups_instance_uid=(free or slots[0]).ups_instance_uid,
        state=(ReadingState.READING if free is None else ReadingState.READY).value,
        reader_id="",
        reader_name="",
    )


def close(connection: Connection, study_instance_uid: str) -> None:
    """Close both places, once the readings are compared or the request was withdrawn."""
    connection.execute(delete(blind_slots).where(blind_slots.c.study_instance_uid == study_instance_uid))


def require_independent(connection: Connection, item: Workitem, actor: Actor) -> None:
    """Refuse an arbitration by either reader. Raises NotIndependent."""
    state = connection.execute(
        select(double_readings.c.state).where(double_readings.c.study_instance_uid == item.study_instance_uid)
    ).scalar_one_or_none()
    if state != DoubleReadingState.ARBITRATION.value or item.workitem_code == WorkitemCode.INTERPRETATION.value:
        return
    own = connection.execute(
        select(blind_reads.c.slot).where(
            blind_reads.c.study_instance_uid == item.study_instance_uid, blind_reads.c.reader_id == actor.user_id
        )
    ).first()
    if own is not None:
        raise NotIndependent("this person has read the case already")


def _slots(connection: Connection, study_instance_uid: str) -> list[Row[Any]]:
    query = select(blind_slots).where(blind_slots.c.study_instance_uid == study_instance_uid)
    return list(connection.execute(query.order_by(blind_slots.c.slot)))


def _lock(connection: Connection, study_instance_uid: str) -> None:
    """One at a time: a reader who claims both places at once gets one of them."""
    query = select(cases.c.study_instance_uid).where(cases.c.study_instance_uid == study_instance_uid)
    connection.execute(query.with_for_update())


def _insert(connection: Connection, study_instance_uid: str, slot: int, ups_instance_uid: str) -> None:
    connection.execute(
        insert(blind_slots).values(
            study_instance_uid=study_instance_uid, slot=slot, ups_instance_uid=ups_instance_uid, state=FREE
        )
    )


def _set(connection: Connection, ups_instance_uid: str, state: str, reader_id: str, reader_name: str) -> None:
    connection.execute(
        update(blind_slots)
        .where(blind_slots.c.ups_instance_uid == ups_instance_uid)
        .values(state=state, reader_id=reader_id, reader_name=reader_name[:200])
    )
