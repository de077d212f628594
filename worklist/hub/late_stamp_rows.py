"""Rows of reports whose time stamp is missing: written with the report, in its transaction; what no more gets one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from worklist.hub.report_rows import ENCAPSULATED_PDF
from worklist.hub.tables import reports
from worklist.hub.workflow_tables import late_stamps
from workstation.dicom.objects.stamped_version import stamped_uid
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
            report_uid=report.report_uid,
            signer_id=signer.user_id,
            signer_name=signer.name[:200],
            signed_at=report.signed_at or now,
            since=now,
            stamped_sop_instance_uid=stamped_uid(pdf.sop_instance_uid),
        )
    )


def stamp_named(connection: Connection, sop_instance_uid: str) -> Row[Any] | None:
    """
    Return the row whose stamped version is named so, with the ``state`` of its report; None where there is none.

    Stored or not, and whatever study the question is about: a SOP Instance UID is one in the whole archive.
    """
    query = (
        select(late_stamps, reports.c.state)
        .join(reports, reports.c.report_uid == late_stamps.c.report_uid)
        .where(late_stamps.c.stamped_sop_instance_uid == sop_instance_uid)
    )
    return connection.execute(query).first()
