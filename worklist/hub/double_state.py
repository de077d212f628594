"""How far the double reading of a study has come."""

from __future__ import annotations

from sqlalchemy import Connection, select

from worklist.hub.workflow_tables import double_readings
from workstation.domain.report_version import DoubleReadingState


def double_state(connection: Connection, study_instance_uid: str) -> DoubleReadingState | None:
    """Return the state, None where the study is read once."""
    state = connection.execute(
        select(double_readings.c.state).where(double_readings.c.study_instance_uid == study_instance_uid)
    ).scalar_one_or_none()
    return None if state is None else DoubleReadingState(state)
