"""
Time stamps that come after a report was taken: what waits for one, and taking the version that has it.

The hub asks no time-stamp authority and holds no trust of one's own making: workstations do it, whoever's first. The
name of the stamped object follows from the first one's, so that there is one whoever adds the stamp, and after any
crash the next one finds it and tells the hub. What was final stays as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from worklist.hub.auth import authorize
from worklist.hub.case_follower import case_with_site
from worklist.hub.context import HubContext
from worklist.hub.dispatch_desk import enqueue_stamped, hold_dispatches
from worklist.hub.errors import BadRequest, NoLongerUpdatable, NotFound, SignatureRefused
from worklist.hub.late_stamp_rows import stamp_named
from worklist.hub.report_rows import ENCAPSULATED_PDF, document_of
from worklist.hub.signed_check import SignedCheck
from worklist.hub.signed_outputs import require_stored
from worklist.hub.tables import reports, returned_reports
from worklist.hub.workflow_tables import late_stamps
from workstation.dicom.quarantine import InspectedInstance
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.late_stamp import AwaitedStamp
from workstation.domain.report import ReportState
from workstation.domain.signed_judging import JudgedReport, SignedFault
from workstation.domain.workitem import OutputReference

MOST_LISTED: Final = 500


class LateStamps:
    """Needs SIGN_FINAL: who may sign may carry a signature on."""

    def __init__(self, context: HubContext, signatures: SignedCheck) -> None:
        self._context = context
        self._signatures = signatures

    def awaited(self, actor: Actor) -> list[AwaitedStamp]:
        """
        Return what waits for its time stamp, the longest first; what was withdrawn waits for nothing.

        Of more than MOST_LISTED others each time, by lot: what never gets its stamp must not stand before the rest.
        """
        authorize(actor, Permission.SIGN_FINAL, self._context)
        query = (
            select(late_stamps, returned_reports.c.summary)
            .join(reports, reports.c.report_uid == late_stamps.c.report_uid)
            .join(returned_reports, returned_reports.c.report_uid == late_stamps.c.report_uid, isouter=True)
            .where(late_stamps.c.stored_at.is_(None), reports.c.state == ReportState.FINAL.value)
            .order_by(func.random())
        )
        with self._context.read() as connection:
            rows = connection.execute(query.limit(MOST_LISTED)).all()
        return [_awaited(row) for row in sorted(rows, key=lambda row: (row.since, row.pdf_sop_instance_uid))]

    def stamped(self, actor: Actor, pdf_sop_instance_uid: str, stored: OutputReference) -> None:
        """
        Take the stamped version of a report; told twice it is taken once.

        The sender opens it from now on, and the routes that keep objects carry it, unless a correction or an
        addendum has gone out meanwhile: nothing may arrive after that and be taken for newer. Raises NotFound,
        Incomplete, BadRequest, SignatureRefused where it is not that report with a time stamp, NoLongerUpdatable
        where the report holds no more: after a withdrawal nothing takes the place of what was withdrawn.
        """
        authorize(actor, Permission.SIGN_FINAL, self._context)
        if stored.sop_class_uid != ENCAPSULATED_PDF:
            raise BadRequest("a stamped report is an encapsulated PDF")
        with self._context.read() as connection:
            row = _row(connection, pdf_sop_instance_uid)
            report = document_of(
                connection.execute(select(reports).where(reports.c.report_uid == row.report_uid)).one()
            )
            require_stored(connection, row.study_instance_uid, [stored])
        if row.stored_at is not None:
            return
        signer = Actor(row.signer_id, row.signer_name, actor.role, "", "")
        judged = self._signatures.judged(actor, signer, report, stored)
        stamped_at = self._stamp_of(actor, row, judged, stored.sop_instance_uid)
        with self._context.write() as connection:
            case = case_with_site(connection, row.study_instance_uid, for_update=True)
            if case is None:
                raise NotFound("there is no such case")
            stands = connection.execute(select(reports).where(reports.c.report_uid == row.report_uid)).one()
            if stands.state != ReportState.FINAL.value:
                raise NoLongerUpdatable("this report holds no more, and waits for no time stamp")
            hold_dispatches(connection, row.study_instance_uid)
            taken = connection.execute(
                update(late_stamps)
                .where(late_stamps.c.pdf_sop_instance_uid == pdf_sop_instance_uid, late_stamps.c.stored_at.is_(None))
                .values(
                    stored_at=self._context.clock.now(),
                    stamped_at=stamped_at,
                    stored_by=actor.display_name[:200],
                )
            )
            if not taken.rowcount:
                return
            connection.execute(
                update(returned_reports)
                .where(returned_reports.c.pdf_sop_instance_uid == pdf_sop_instance_uid)
                .values(
                    pdf_sop_instance_uid=stored.sop_instance_uid, pdf_series_instance_uid=stored.series_instance_uid
                )
            )
            if stands.final_of_study is not None:
                enqueue_stamped(connection, self._context, document_of(stands), case.site_id, [stored])
            self._context.audit.record(
                connection,
                actor,
                AuditAction.REPORT_STAMPED,
                subject_uid=row.study_instance_uid,
                detail=f"report {row.report_uid}, stamped {stamped_at.astimezone(UTC).isoformat()}",
            )

    def require_fit(self, actor: Actor, seen: InspectedInstance, content: Path) -> None:
        """
        Refuse an object that bears the name of a stamped version still awaited and is none.

        Called before it is stored: its UID is given and the archive keeps the first bytes, so no workstation could
        mend it any more. An object of another class or study occupies it as well. Raises SignatureRefused.
        """
        with self._context.read() as connection:
            row = stamp_named(connection, seen.sop_instance_uid)
            if row is None or row.stored_at is not None:
                return
            report = document_of(
                connection.execute(select(reports).where(reports.c.report_uid == row.report_uid)).one()
            )
        if (seen.sop_class_uid, seen.study_instance_uid) != (ENCAPSULATED_PDF, row.study_instance_uid):
            raise self._other(actor, row)
        signer = Actor(row.signer_id, row.signer_name, actor.role, "", "")
        judged = self._signatures.judged_file(actor, signer, report, content)
        self._stamp_of(actor, row, judged, seen.sop_instance_uid)

    def _stamp_of(self, actor: Actor, row: Row[Any], judged: JudgedReport, sop_instance_uid: str) -> datetime:
        """Return the time of the stamp on the version that a row waits for. Raises SignatureRefused."""
        named = judged.follows, sop_instance_uid
        is_other = named != (row.pdf_sop_instance_uid, row.stamped_sop_instance_uid)
        if judged.awaits_time_stamp or judged.stamped_at is None or is_other:
            raise self._other(actor, row)
        return judged.stamped_at

    def _other(self, actor: Actor, row: Row[Any]) -> SignatureRefused:
        words = "this is not the stamped version of that report"
        return self._signatures.refused(actor, row.study_instance_uid, row.report_uid, SignedFault.OTHER_REPORT, words)


def _row(connection: Connection, pdf_sop_instance_uid: str) -> Row[Any]:
    found = connection.execute(
        select(late_stamps).where(late_stamps.c.pdf_sop_instance_uid == pdf_sop_instance_uid)
    ).first()
    if found is None:
        raise NotFound("no report waits for this time stamp")
    return found


def _awaited(row: Row[Any]) -> AwaitedStamp:
    return AwaitedStamp(
        study_instance_uid=row.study_instance_uid,
        report_uid=row.report_uid,
        pdf_series_instance_uid=row.pdf_series_instance_uid,
        pdf_sop_instance_uid=row.pdf_sop_instance_uid,
        signer=row.signer_name,
        signed_at=row.signed_at,
        words=" ".join((row.summary or "").split())[:80],
    )
