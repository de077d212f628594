"""What a report is signed with lies in the archive, as what it is said to be, and belongs to no other report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from worklist.hub.errors import BadRequest, Incomplete
from worklist.hub.instance_tables import dicom_instances
from worklist.hub.report_rows import ENCAPSULATED_PDF, ENHANCED_SR
from worklist.hub.tables import returned_reports
from workstation.domain.workitem import OutputReference

KEY_OBJECT_SELECTION: Final = "1.2.840.10008.5.1.4.1.1.88.59"


def require_stored(connection: Connection, study_instance_uid: str, outputs: Sequence[OutputReference]) -> None:
    """Refuse outputs that are not stored, or are not what they are called. Raises BadRequest, Incomplete."""
    if any(output.study_instance_uid != study_instance_uid for output in outputs):
        raise BadRequest("an output belongs to another study")
    table = dicom_instances.c
    rows = connection.execute(
        select(table.sop_instance_uid, table.series_instance_uid, table.sop_class_uid).where(
            table.study_instance_uid == study_instance_uid,
            table.sop_instance_uid.in_([output.sop_instance_uid for output in outputs]),
        )
    )
    stored = {row.sop_instance_uid: (row.series_instance_uid, row.sop_class_uid) for row in rows}
    absent = [output.sop_instance_uid for output in outputs if output.sop_instance_uid not in stored]
    if absent:
        raise Incomplete("outputs are not stored", missing=absent)
    if any(stored[one.sop_instance_uid] != (one.series_instance_uid, one.sop_class_uid) for one in outputs):
        raise BadRequest("an output is stored as something else")


def require_report_objects(connection: Connection, report_uid: str, outputs: Sequence[OutputReference]) -> None:
    """Refuse a signature without exactly one structured report and one PDF of its own. Raises BadRequest."""
    counted = Counter(output.sop_class_uid for output in outputs)
    if counted[ENHANCED_SR] != 1 or counted[ENCAPSULATED_PDF] != 1:
        raise BadRequest("a final report has one structured report and one PDF")
    uids = [output.sop_instance_uid for output in outputs if output.sop_class_uid in {ENHANCED_SR, ENCAPSULATED_PDF}]
    returned = returned_reports.c
    others = select(returned.report_uid).where(
        returned.report_sop_instance_uid.in_(uids) | returned.pdf_sop_instance_uid.in_(uids),
        returned.report_uid != report_uid[:64],
    )
    if connection.execute(others.limit(1)).first() is not None:
        raise BadRequest("an output belongs to another report")


def require_note(connection: Connection, study_instance_uid: str, outputs: Sequence[OutputReference]) -> None:
    """Refuse a withdrawal without a stored rejection note. Raises BadRequest, Incomplete."""
    if not any(output.sop_class_uid == KEY_OBJECT_SELECTION for output in outputs):
        raise BadRequest("a withdrawal has its rejection note")
    require_stored(connection, study_instance_uid, outputs)
