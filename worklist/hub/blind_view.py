"""The cases as one person sees them: who takes part in a blind double reading sees the own part and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, case, exists, literal, select

from worklist.hub.quality_tables import FREE, READING, blind_slots
from worklist.hub.tables import cases, workitems
from workstation.domain.access import Actor
from workstation.domain.workitem import ReadingState


@dataclass(frozen=True, slots=True)
class PersonalColumns:
    """
    What differs from reader to reader. ``source`` is the cases joined with the own place, to select from.

    The own reading is the reader's; once it is in, the case is being read, by nobody who is named.
    """

    source: FromClause
    ups_instance_uid: ColumnElement[str]
    state: ColumnElement[str]
    reader_id: ColumnElement[str]
    reader_name: ColumnElement[str]


def personal(actor: Actor) -> PersonalColumns:
    """Return the columns for one person."""
    own = blind_slots.alias("own_place")
    mine = and_(own.c.study_instance_uid == cases.c.study_instance_uid, own.c.reader_id == actor.user_id)
    takes_part, reads = own.c.state.is_not(None), own.c.state == READING

    def shown(of_place: ColumnElement[str], while_reading: ColumnElement[str], column: Any) -> ColumnElement[str]:  # noqa: ANN401 - a column of a table
        chosen: ColumnElement[str] = case((reads, while_reading), (takes_part, of_place), else_=column)
        return chosen.label(column.name)

    nobody: ColumnElement[str] = literal("")
    being_read: ColumnElement[str] = literal(ReadingState.READING.value)
    return PersonalColumns(
        cases.outerjoin(own, mine),
        shown(own.c.ups_instance_uid, own.c.ups_instance_uid, cases.c.ups_instance_uid),
        shown(being_read, being_read, cases.c.state),
        shown(nobody, own.c.reader_id, cases.c.reader_id),
        shown(nobody, own.c.reader_name, cases.c.reader_name),
    )


def open_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a workitem is no other person's part of a blind double reading."""
    return ~exists(
        select(blind_slots.c.slot).where(
            blind_slots.c.ups_instance_uid == workitems.c.ups_instance_uid,
            blind_slots.c.state != FREE,
            blind_slots.c.reader_id != actor.user_id,
        )
    )
