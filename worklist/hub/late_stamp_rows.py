"""Rows of reports whose time stamp is missing: written with the report, in its transaction; what no more gets one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from worklist.hub.report_rows import ENCAPSULATED_PDF
from worklist.hub.tables import reports
from worklist.hub.workflow_tables import late_stamps
from workstation.dicom.objects.stamped_version import stamped_uid
from workstation.domain.report import Report, ReportState
from workstation.domain.workitem import OutputReference


def await_stamp(connection: Connection, report: Report, outputs: Sequence[OutputReference], *, now: datetime) -> None:
    """Note that the PDF of a report that is taken now waits for its time stamp."""
    pdf = next(output for output in outputs if output.sop_class_uid == ENCAPSULATED_PDF)
    signer = report.verifier or report.author
    connection.execute(
        insert(late_stamps).values(
            pdf_sop_instance_uid=pdf.sop_instance_uid,
            pdf_series_instance_uid=pdf.series_instance_uid,
            study_instance_uid=report.study_instance_uid,
            report_uid=report.report_uid[:64],
            signer_id=signer.user_id[:64],
            signer_name=signer.name[:200],
            signed_at=report.signed_at or now,
            since=now,
        )
    )


def comes_too_late(connection: Connection, study_instance_uid: str, sop_instance_uid: str) -> bool:
    """
    Tell whether an object is the stamped version of a report that holds no more.

    The note that rejects a withdrawn report is written by then: nothing that it may not name joins it.
    """
    query = (
        select(late_stamps.c.pdf_sop_instance_uid)
        .join(reports, reports.c.report_uid == late_stamps.c.report_uid)
        .where(late_stamps.c.study_instance_uid == study_instance_uid, reports.c.state != ReportState.FINAL.value)
    )
    return any(stamped_uid(pdf) == sop_instance_uid for pdf in connection.execute(query).scalars())
