"""Who may take up a case that is read twice: nobody who has read it already."""

from __future__ import annotations

from sqlalchemy import Connection, select

from worklist.hub.errors import NotIndependent
from worklist.hub.ups_store import Workitem
from worklist.hub.workflow_tables import blind_reads, double_readings
from workstation.domain.access import Actor
from workstation.domain.report_version import DoubleReadingState
from workstation.domain.workitem import WorkitemCode


def require_independent(connection: Connection, item: Workitem, actor: Actor) -> None:
    """Refuse a second reading by the first reader, and an arbitration by either. Raises NotIndependent."""
    state = connection.execute(
        select(double_readings.c.state).where(double_readings.c.study_instance_uid == item.study_instance_uid)
    ).scalar_one_or_none()
    is_reading = item.workitem_code == WorkitemCode.INTERPRETATION.value
    open_now = (DoubleReadingState.READING if is_reading else DoubleReadingState.ARBITRATION).value
    if state != open_now:
        return
    own = connection.execute(
        select(blind_reads.c.slot).where(
            blind_reads.c.study_instance_uid == item.study_instance_uid, blind_reads.c.reader_id == actor.user_id
        )
    ).first()
    if own is not None:
        raise NotIndependent("this person has read the case already")
