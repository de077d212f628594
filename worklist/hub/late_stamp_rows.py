"""Rows of reports whose time stamp is missing: written with the report, in its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert

from worklist.hub.report_rows import ENCAPSULATED_PDF
from worklist.hub.workflow_tables import late_stamps
from workstation.domain.report import Report
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
