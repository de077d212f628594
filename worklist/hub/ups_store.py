"""Workitem rows: one dataset each, with state, lock and the usual matching keys beside it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from worklist.hub.tables import cases, workitems
from worklist.hub.ups_json import Dataset, code_value, items, put, text
from worklist.hub.ups_rules import UPS_PUSH_SOP_CLASS, date_time
from workstation.domain.access import Actor
from workstation.domain.workitem import Priority, ProcedureStepState

_RANK: Final = {Priority.HIGH.value: 0, Priority.MEDIUM.value: 1, Priority.LOW.value: 2}


@dataclass(frozen=True, slots=True)
class Workitem:
    """
    One workitem. ``dataset`` lacks state, lock and modification time: those live in columns.

    ``holder_id`` and ``transaction_uid`` stay after the final state, for answers B306 and B304.
    """

    ups_instance_uid: str
    study_instance_uid: str
    site_id: str
    state: ProcedureStepState
    dataset: Dataset
    modified: datetime
    transaction_uid: str = ""
    holder_id: str = ""
    holder_name: str = ""
    claimed_at: datetime | None = None

    @property
    def workitem_code(self) -> str:
        """Return the first Scheduled Workitem Code value, empty without one."""
        for item in items(self.dataset, "ScheduledWorkitemCodeSequence"):
            return code_value(item)
        return ""

    @property
    def is_final(self) -> bool:
        """Tell whether no transition leaves this state."""
        return self.state in {ProcedureStepState.COMPLETED, ProcedureStepState.CANCELED}

    def published(self) -> Dataset:
        """Return the dataset as others see it; the Transaction UID is never in it."""
        shown = dict(self.dataset)
        put(shown, "SOPClassUID", UPS_PUSH_SOP_CLASS)
        put(shown, "SOPInstanceUID", self.ups_instance_uid)
        put(shown, "ProcedureStepState", self.state.value)
        put(shown, "ScheduledProcedureStepModificationDateTime", date_time(self.modified))
        return dict(sorted(shown.items()))


def new_uid() -> str:
    """Return a new UID (PS3.5 B.2: 2.25 and a random UUID)."""
    return f"2.25.{uuid.uuid4().int}"


def load(connection: Connection, ups_instance_uid: str, *, for_update: bool = False) -> Workitem | None:
    """
    Return one workitem, locked against other writers until the commit when asked.

    Its case is locked before it, always: whoever changes a workitem sees what others made of its case, and two
    who want several workitems of one case never wait for each other.
    """
    query = select(workitems).where(workitems.c.ups_instance_uid == ups_instance_uid)
    if for_update:
        study = select(workitems.c.study_instance_uid).where(workitems.c.ups_instance_uid == ups_instance_uid)
        case = select(cases.c.study_instance_uid).where(cases.c.study_instance_uid == study.scalar_subquery())
        connection.execute(case.with_for_update())
        query = query.with_for_update()
    row = connection.execute(query).first()
    return None if row is None else from_row(row)


def from_row(row: Row[Any]) -> Workitem:
    """Return the workitem of a table row."""
    return Workitem(
        ups_instance_uid=row.ups_instance_uid,
        study_instance_uid=row.study_instance_uid,
        site_id=row.site_id,
        state=ProcedureStepState(row.state),
        dataset=json.loads(row.dataset),
        modified=row.modified,
        transaction_uid=row.transaction_uid,
        holder_id=row.holder_id,
        holder_name=row.holder_name,
        claimed_at=row.claimed_at,
    )


def add(connection: Connection, item: Workitem) -> None:
    """Store a new workitem."""
    connection.execute(
        insert(workitems).values(
            ups_instance_uid=item.ups_instance_uid,
            study_instance_uid=item.study_instance_uid,
            site_id=item.site_id,
            state=item.state.value,
            **_indexed(item),
        )
    )


def save(connection: Connection, item: Workitem) -> None:
    """Store a changed dataset and state."""
    connection.execute(
        update(workitems)
        .where(workitems.c.ups_instance_uid == item.ups_instance_uid)
        .values(state=item.state.value, **_indexed(item))
    )


def claim(connection: Connection, item: Workitem, transaction_uid: str, actor: Actor, at: datetime) -> Workitem | None:
    """
    Take the lock in one conditional UPDATE; None when another was faster.

    This is the one place where a claim is decided, whatever was read before.
    """
    won = connection.execute(
        update(workitems)
        .where(
            workitems.c.ups_instance_uid == item.ups_instance_uid,
            workitems.c.state == ProcedureStepState.SCHEDULED.value,
        )
        .values(
            state=ProcedureStepState.IN_PROGRESS.value,
            transaction_uid=transaction_uid,
            holder_id=actor.user_id,
            holder_name=actor.display_name,
            claimed_at=at,
            modified=at,
        )
    )
    if won.rowcount != 1:
        return None
    return replace(
        item,
        state=ProcedureStepState.IN_PROGRESS,
        transaction_uid=transaction_uid,
        holder_id=actor.user_id,
        holder_name=actor.display_name,
        claimed_at=at,
        modified=at,
    )


def _indexed(item: Workitem) -> dict[str, object]:
    content = item.dataset
    priority = text(content, "ScheduledProcedureStepPriority")
    requests = items(content, "ReferencedRequestSequence")
    return {
        "workitem_code": item.workitem_code[:16],
        "priority": priority,
        "priority_rank": _RANK.get(priority, len(_RANK)),
        "readiness": text(content, "InputReadinessState"),
        "start": text(content, "ScheduledProcedureStepStartDateTime")[:26],
        "patient_id": text(content, "PatientID"),
        "accession_number": text(requests[0], "AccessionNumber") if requests else "",
        "modified": item.modified,
        "dataset": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
    }
