"""The sender's inbox: signed reports of the own site, and that somebody there has seen them."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from sqlalchemy import Row, Select, select, update

from worklist.hub.auth import authorize
from worklist.hub.case_rows import touch
from worklist.hub.context import HubContext
from worklist.hub.errors import NotFound
from worklist.hub.pet_beneath import beneath
from worklist.hub.tables import cases, returned_reports
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.report_state import ReportKind, WithdrawalCode
from workstation.domain.site import ReturnedReport
from workstation.domain.workitem import ReadingState


class InboxService:
    """Show and acknowledge returned reports."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def returned(self, actor: Actor) -> list[ReturnedReport]:
        """Return the signed reports of the actor's site, newest first. Raises NotPermitted."""
        authorize(actor, Permission.ACKNOWLEDGE_REPORT, self._context)
        query = _select(actor).order_by(returned_reports.c.signed_at.desc(), returned_reports.c.ups_instance_uid)
        with self._context.read() as connection:
            return [_returned(row) for row in connection.execute(query)]

    def acknowledge(self, actor: Actor, ups_instance_uid: str) -> ReturnedReport:
        """Record once that the sender has seen the report. Raises NotFound, NotPermitted."""
        authorize(actor, Permission.ACKNOWLEDGE_REPORT, self._context, subject_uid=ups_instance_uid[:64])
        query = _select(actor).where(returned_reports.c.ups_instance_uid == ups_instance_uid)
        with self._context.write() as connection:
            row = connection.execute(query.with_for_update(of=returned_reports)).first()
            if row is None:
                raise NotFound("there is no such report")
            if row.acknowledged_at is not None:
                return _returned(row)
            connection.execute(
                update(returned_reports)
                .where(returned_reports.c.ups_instance_uid == ups_instance_uid)
                .values(acknowledged_at=self._context.clock.now(), acknowledged_by=actor.display_name)
            )
            if row.state == ReadingState.FINAL and row.superseded_at is None and row.withdrawn_at is None:
                touch(connection, self._context, row.study_instance_uid, state=ReadingState.ACKNOWLEDGED.value)
            self._context.audit.record(
                connection, actor, AuditAction.REPORT_ACKNOWLEDGED, subject_uid=row.study_instance_uid
            )
            return _returned(connection.execute(query).one())


def _select(actor: Actor) -> Select[Any]:
    return (
        select(
            returned_reports,
            cases.c.patient_name,
            cases.c.patient_id,
            cases.c.description,
            cases.c.modality,
            cases.c.critical,
            cases.c.state,
            cases.c.accession_number,
            cases.c.studied,
            beneath(),
        )
        .join(cases, cases.c.study_instance_uid == returned_reports.c.study_instance_uid)
        .where(returned_reports.c.site_id == actor.site_id, returned_reports.c.site_id != "")
    )


def _returned(row: Row[Any]) -> ReturnedReport:
    code, _colon, reason = row.withdrawn_reason.partition(": ")
    return ReturnedReport(
        study_instance_uid=row.study_instance_uid,
        ups_instance_uid=row.ups_instance_uid,
        patient_name=row.patient_name,
        description=row.description,
        modality=row.modality,
        signed_at=row.signed_at.astimezone(UTC).isoformat(),
        signer=row.signer,
        summary=row.summary,
        report_sop_instance_uid=row.report_sop_instance_uid,
        pdf_sop_instance_uid=row.pdf_sop_instance_uid,
        pdf_series_instance_uid=row.pdf_series_instance_uid,
        acknowledged_at=row.acknowledged_at.astimezone(UTC).isoformat() if row.acknowledged_at else "",
        acknowledged_by=row.acknowledged_by,
        critical=row.critical,
        report_uid=row.report_uid,
        kind=ReportKind(row.kind),
        change_reason=row.change_reason,
        superseded_by=row.superseded_by,
        withdrawn_code=WithdrawalCode(code) if code else None,
        withdrawn_reason=reason,
        accession_number=row.accession_number,
        studied=row.studied.astimezone(UTC).isoformat() if row.studied else "",
        beneath=row.beneath,
        patient_id=row.patient_id,
    )
