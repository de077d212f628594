"""Report rows: which document of a study holds, storing a step of one, and putting it into the sender's inbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, func, insert, select, update

from worklist.hub.tables import reports, returned_reports
from worklist.hub.workflow_tables import report_versions
from workstation.domain.access import Actor
from workstation.domain.double_reading import conclusion
from workstation.domain.report import Report
from workstation.domain.report_state import ReportState
from workstation.domain.report_version import VersionStep
from workstation.domain.workitem import OutputReference

ENHANCED_SR: Final = "1.2.840.10008.5.1.4.1.1.88.22"
ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
REPORT: Final = TypeAdapter(Report)

_SUMMARY_LENGTH: Final = 400
_OPEN: Final = frozenset({ReportState.PRELIMINARY.value, ReportState.RETURNED.value})


def document_of(row: Row[Any]) -> Report:
    """Return the report that a row keeps."""
    return REPORT.validate_json(row.document)


def final_row(connection: Connection, study_instance_uid: str, *, for_update: bool = False) -> Row[Any] | None:
    """Return the signed document of a study that holds now, None without one."""
    query = select(reports).where(reports.c.final_of_study == study_instance_uid)
    return connection.execute(query.with_for_update() if for_update else query).first()


def open_row(connection: Connection, study_instance_uid: str) -> Row[Any] | None:
    """Return the document that waits for its verification or its author, None where the last step closed one."""
    newest = connection.execute(
        select(report_versions.c.report_uid, report_versions.c.state)
        .where(report_versions.c.study_instance_uid == study_instance_uid)
        .order_by(report_versions.c.number.desc())
        .limit(1)
    ).first()
    if newest is None or newest.state not in _OPEN:
        return None
    return connection.execute(select(reports).where(reports.c.report_uid == newest.report_uid)).first()


def put_report(connection: Connection, report: Report, before: Row[Any] | None) -> None:
    """Store a document; a signed one becomes that of its study, which no other may be at that moment."""
    row = {
        "ups_instance_uid": report.ups_instance_uid,
        "final_of_study": report.study_instance_uid if report.state is ReportState.FINAL else None,
        "state": report.state.value,
        "kind": report.kind.value,
        "revision": report.revision,
        "author_id": report.author.user_id,
        "updated_at": report.updated_at,
        "document": REPORT.dump_json(report).decode(),
    }
    if before is None:
        connection.execute(
            insert(reports).values(report_uid=report.report_uid, study_instance_uid=report.study_instance_uid, **row)
        )
    else:
        connection.execute(update(reports).where(reports.c.report_uid == report.report_uid).values(**row))


def hand_over_final(connection: Connection, report: Report) -> bool:
    """Take the place of the predecessor; False when that holds no more, because another was faster."""
    predecessor = report.predecessor
    if predecessor is None:
        return final_row(connection, report.study_instance_uid) is None
    taken = connection.execute(
        update(reports)
        .where(
            reports.c.report_uid == predecessor.report_uid,
            reports.c.final_of_study == report.study_instance_uid,
        )
        .values(final_of_study=None, superseded_by=report.report_uid)
    )
    return taken.rowcount == 1


def record_version(
    connection: Connection, actor: Actor, step: VersionStep, report: Report, *, at: datetime, reason: str = ""
) -> None:
    """Add a step to the history of a study; the caller holds the case's row, so that numbers do not collide."""
    highest = connection.execute(
        select(func.max(report_versions.c.number)).where(
            report_versions.c.study_instance_uid == report.study_instance_uid
        )
    ).scalar_one_or_none()
    connection.execute(
        insert(report_versions).values(
            study_instance_uid=report.study_instance_uid,
            number=(highest or 0) + 1,
            report_uid=report.report_uid,
            step=step.value,
            state=report.state.value,
            kind=report.kind.value,
            revision=report.revision,
            actor_id=actor.user_id,
            actor_name=actor.display_name[:200],
            at=at,
            reason=reason,
            document=REPORT.dump_json(report).decode(),
        )
    )


def put_into_inbox(
    connection: Connection, case: Row[Any], report: Report, outputs: Sequence[OutputReference], *, now: datetime
) -> None:
    """Show a signed report to its sender, who has to acknowledge it; what it follows is marked as such."""
    connection.execute(
        update(returned_reports)
        .where(
            returned_reports.c.study_instance_uid == report.study_instance_uid,
            returned_reports.c.superseded_at.is_(None),
        )
        .values(superseded_by=case.ups_instance_uid, superseded_at=now)
    )
    document = _first(outputs, ENHANCED_SR)
    pdf = _first(outputs, ENCAPSULATED_PDF)
    signer = report.verifier or report.author
    connection.execute(
        insert(returned_reports).values(
            ups_instance_uid=case.ups_instance_uid,
            study_instance_uid=report.study_instance_uid,
            site_id=case.site_id,
            signed_at=report.signed_at or now,
            signer=signer.name[:200],
            summary=_summary(report),
            report_sop_instance_uid=document.sop_instance_uid if document else "",
            pdf_sop_instance_uid=pdf.sop_instance_uid if pdf else "",
            pdf_series_instance_uid=pdf.series_instance_uid if pdf else "",
            report_uid=report.report_uid,
            kind=report.kind.value,
            change_reason=report.change_reason,
        )
    )


def _first(outputs: Sequence[OutputReference], sop_class_uid: str) -> OutputReference | None:
    return next((output for output in outputs if output.sop_class_uid == sop_class_uid), None)


def _summary(report: Report) -> str:
    if report.addendum.strip():
        return report.addendum.strip()[:_SUMMARY_LENGTH]
    return conclusion(report)[:_SUMMARY_LENGTH]
