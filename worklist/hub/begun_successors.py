"""A report that follows a signed one is submitted and signed as what it was begun as."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from worklist.hub.errors import NoLongerUpdatable
from worklist.hub.report_rows import final_row
from worklist.hub.workflow_tables import begun_successors
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind


def note_begun(connection: Connection, study_instance_uid: str, predecessor_uid: str, kind: ReportKind) -> None:
    """Keep what was begun, in the place of what was begun before; the caller holds the case's row."""
    table = begun_successors
    connection.execute(delete(table).where(table.c.study_instance_uid == study_instance_uid))
    connection.execute(
        insert(table).values(study_instance_uid=study_instance_uid, predecessor_uid=predecessor_uid, kind=kind.value)
    )


def require_as_begun(connection: Connection, report: Report) -> None:
    """
    Refuse another kind than the one that ``revise`` was asked for: its rules and its words would be others.

    What was begun under a hub that kept no note is taken; what follows a document that holds no more is refused
    elsewhere, as outdated. Raises NoLongerUpdatable.
    """
    holding = final_row(connection, report.study_instance_uid)
    if holding is None or report.predecessor is None or report.predecessor.report_uid != holding.report_uid:
        return
    table = begun_successors.c
    kind = connection.execute(
        select(table.kind).where(
            table.study_instance_uid == report.study_instance_uid, table.predecessor_uid == holding.report_uid
        )
    ).scalar_one_or_none()
    if kind is not None and kind != report.kind.value:
        raise NoLongerUpdatable(f"this was begun as {kind}, not as {report.kind}", begun_as=kind)
