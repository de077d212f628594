"""What follows a signed report, and the history of all: successors, withdrawal, versions, rules of a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from worklist.hub.auth import authorize
from worklist.hub.begun_successors import note_begun
from worklist.hub.case_follower import CaseFollower, case_with_site
from worklist.hub.case_rows import visible_case
from worklist.hub.context import HubContext
from worklist.hub.dispatch_desk import enqueue
from worklist.hub.double_state import double_state
from worklist.hub.errors import AlreadyClaimed, BadRequest, NoLongerUpdatable, NotFound, Superseded
from worklist.hub.report_policy import read_policy
from worklist.hub.report_rows import document_of, final_row, put_report, record_version
from worklist.hub.signed_outputs import require_note
from worklist.hub.tables import reports, returned_reports
from worklist.hub.ups_json import is_uid
from worklist.hub.ups_store import claim, load
from worklist.hub.workflow_tables import report_versions
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind, ReportState, WithdrawalCode
from workstation.domain.report_version import CaseRules, DoubleReadingState, ReportVersion, VersionStep
from workstation.domain.workitem import OutputReference, ProcedureStepState, ReadingState, WorkitemCode

_SIGNED: Final = frozenset({ReadingState.FINAL.value, ReadingState.ACKNOWLEDGED.value})
_SHOWN_TO_SENDERS: Final = frozenset({ReportState.FINAL.value, ReportState.ENTERED_IN_ERROR.value})


class ReportWorkflow:
    """Begin successors, withdraw, and tell the history."""

    def __init__(self, context: HubContext, follower: CaseFollower) -> None:
        self._context = context
        self._follower = follower

    def rules(self, actor: Actor, ups_instance_uid: str) -> CaseRules:
        """Return what the alliance's rules mean for a case. Raises NotFound."""
        with self._context.read() as connection:
            case = visible_case(connection, actor, ups_instance_uid)
            return CaseRules(read_policy(connection).second_signer, double_state(connection, case.study_instance_uid))

    def versions(self, actor: Actor, ups_instance_uid: str) -> list[ReportVersion]:
        """
        Return every step of every document of the case, oldest first. Raises NotFound.

        Its sender sees what was signed. Nobody sees anything while the case is being read twice.
        """
        with self._context.read() as connection:
            study = visible_case(connection, actor, ups_instance_uid).study_instance_uid
            if double_state(connection, study) is DoubleReadingState.READING:
                return []
            query = select(report_versions).where(report_versions.c.study_instance_uid == study)
            if not actor.may(Permission.SEE_ALLIANCE):
                query = query.where(report_versions.c.state.in_(sorted(_SHOWN_TO_SENDERS)))
            rows = connection.execute(query.order_by(report_versions.c.number)).all()
        return [
            ReportVersion(row.number, VersionStep(row.step), row.actor_name, row.at, row.reason, document_of(row))
            for row in rows
        ]

    def revise(
        self,
        actor: Actor,
        ups_instance_uid: str,
        kind: ReportKind,
        predecessor_uid: str,
        *,
        new_ups_instance_uid: str,
        transaction_uid: str,
    ) -> None:
        """
        Begin what follows the signed report: a reading of the case, locked for this person from the start.

        The signed report goes on to hold until the new one is signed. The same request again is success.

        Raises:
            AlreadyClaimed: somebody else writes one. Superseded: ``predecessor_uid`` holds no more.
            NotPermitted: neither the author nor one who may sign.
        """
        authorize(actor, Permission.WRITE_REPORT, self._context, subject_uid=ups_instance_uid[:64])
        if kind is ReportKind.ORIGINAL or not (is_uid(new_ups_instance_uid) and is_uid(transaction_uid)):
            raise BadRequest("kind or a UID is wrong")
        with self._context.write() as connection:
            case, signed = self._signed(connection, actor, ups_instance_uid)
            begun = load(connection, new_ups_instance_uid)
            if begun is not None and begun.transaction_uid == transaction_uid and begun.holder_id == actor.user_id:
                return
            if begun is not None:
                raise BadRequest("there is already a workitem of this UID")
            if signed is None or signed.report_uid != predecessor_uid:
                raise Superseded("this document does not hold any more")
            if not actor.may(Permission.SIGN_FINAL) and signed.author_id != actor.user_id:
                raise NotPermitted("only its author or a senior writes what follows a report", detail="revise")
            if case.state not in _SIGNED:
                raise AlreadyClaimed("somebody writes what follows this report", holder=case.reader_name)
            self._follower.schedule(
                connection,
                case,
                WorkitemCode.INTERPRETATION,
                actor,
                state=ReadingState.READING,
                reader=(actor.user_id, actor.display_name),
                ups_instance_uid=new_ups_instance_uid,
            )
            item = load(connection, new_ups_instance_uid)
            if item is None or item.state is not ProcedureStepState.SCHEDULED:
                raise NoLongerUpdatable("the workitem was not scheduled")
            claim(connection, item, transaction_uid, actor, self._context.clock.now())
            study = case.study_instance_uid
            note_begun(connection, study, predecessor_uid, kind)
            self._audit(connection, actor, AuditAction.REPORT_REVISED, study, f"{kind} of {predecessor_uid[:64]}")

    def withdraw(
        self,
        actor: Actor,
        ups_instance_uid: str,
        report_uid: str,
        code: WithdrawalCode,
        reason: str,
        outputs: Sequence[OutputReference],
    ) -> Report:
        """
        Declare the signed report, and all it stands together with, entered in error; the case is read anew.

        ``outputs`` is the stored rejection note. The same request again is answered as the first time.

        Raises:
            Superseded: ``report_uid`` does not hold any more. AlreadyClaimed: somebody writes what follows it.
            Incomplete: the rejection note is not stored.
        """
        authorize(actor, Permission.SIGN_FINAL, self._context, subject_uid=ups_instance_uid[:64])
        if not reason.strip():
            raise BadRequest("a report is withdrawn with a reason")
        with self._context.write() as connection:
            case, signed = self._signed(connection, actor, ups_instance_uid)
            study = case.study_instance_uid
            if signed is None or signed.report_uid != report_uid:
                row = connection.execute(select(reports).where(reports.c.report_uid == report_uid)).first()
                if row is not None and row.study_instance_uid == study and row.state == ReportState.ENTERED_IN_ERROR:
                    return document_of(row)
                raise Superseded("this document does not hold any more")
            if case.state not in _SIGNED:
                raise AlreadyClaimed("somebody writes what follows this report", holder=case.reader_name)
            require_note(connection, study, outputs)
            now = self._context.clock.now()
            told = f"{code.value}: {reason.strip()}"
            query = select(reports).where(
                reports.c.study_instance_uid == study, reports.c.state == ReportState.FINAL.value
            )
            for row in connection.execute(query.order_by(reports.c.updated_at)).all():
                ended = document_of(row).moved(ReportState.ENTERED_IN_ERROR, at=now, reason=told)
                put_report(connection, ended, row)
                record_version(connection, actor, VersionStep.WITHDRAWN, ended, at=now, reason=told)
                enqueue(connection, self._context, ended, case.site_id, outputs)
            connection.execute(
                update(returned_reports)
                .where(returned_reports.c.study_instance_uid == study, returned_reports.c.withdrawn_at.is_(None))
                .values(withdrawn_at=now, withdrawn_reason=told)
            )
            self._follower.schedule(connection, case, WorkitemCode.INTERPRETATION, actor, state=ReadingState.READY)
            self._audit(connection, actor, AuditAction.REPORT_WITHDRAWN, study, f"report {report_uid[:64]} {code}")
            withdrawn = connection.execute(select(reports).where(reports.c.report_uid == report_uid)).one()
        return document_of(withdrawn)

    def _signed(self, connection: Connection, actor: Actor, ups_instance_uid: str) -> tuple[Row[Any], Row[Any] | None]:
        found = visible_case(connection, actor, ups_instance_uid)
        case = case_with_site(connection, found.study_instance_uid, for_update=True)
        if case is None:
            raise NotFound("there is no such case")
        return case, final_row(connection, case.study_instance_uid, for_update=True)

    def _audit(self, connection: Connection, actor: Actor, action: AuditAction, study: str, detail: str) -> None:
        self._context.audit.record(connection, actor, action, subject_uid=study, detail=detail)
