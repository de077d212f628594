"""Reports on the hub: submitted, returned, final; each move with its workitems in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, insert, select, update

from worklist.hub.auth import authorize
from worklist.hub.case_follower import CaseFollower, case_with_site
from worklist.hub.case_rows import touch, visible_case
from worklist.hub.case_workitems import performed_step
from worklist.hub.context import HubContext
from worklist.hub.errors import (
    AlreadyClaimed,
    BadRequest,
    Incomplete,
    NoLongerUpdatable,
    NotFound,
    StaleRevision,
    WrongTransaction,
)
from worklist.hub.instances import InstanceIndex
from worklist.hub.tables import reports, returned_reports
from worklist.hub.ups import PERFORM, UpsService
from worklist.hub.ups_json import put
from worklist.hub.ups_rules import performer
from worklist.hub.ups_store import Workitem, load
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted
from workstation.domain.report import ALLOWED_REPORT_TRANSITIONS, Report, ReportState
from workstation.domain.workitem import OutputReference, ProcedureStepState, ReadingState, WorkitemCode

ENHANCED_SR: Final = "1.2.840.10008.5.1.4.1.1.88.22"
ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"

_REPORT: Final = TypeAdapter(Report)
_SUMMARY_FIELDS: Final = ("impression", "conclusion", "diagnosis", "summary", "opinion")
_SUMMARY_LENGTH: Final = 400


class ReportService:
    """Store reports under the lock of their workitem."""

    def __init__(self, context: HubContext, index: InstanceIndex, ups: UpsService, follower: CaseFollower) -> None:
        self._context = context
        self._index = index
        self._ups = ups
        self._follower = follower

    def newest(self, actor: Actor, ups_instance_uid: str) -> Report:
        """Return the newest report of a case: to its sender only once it is final. Raises NotFound."""
        with self._context.read() as connection:
            case = visible_case(connection, actor, ups_instance_uid)
            query = select(reports.c.document).where(reports.c.study_instance_uid == case.study_instance_uid)
            if not actor.may(Permission.SEE_ALLIANCE):
                query = query.where(reports.c.state == ReportState.FINAL.value)
            document = connection.execute(query.order_by(reports.c.updated_at.desc()).limit(1)).scalar_one_or_none()
        if document is None:
            raise NotFound("there is no report")
        return _REPORT.validate_json(document)

    def submit(self, actor: Actor, ups_instance_uid: str, report: Report, transaction_uid: str) -> Report:
        """Hand a report to a senior: the reading completes, its verification is scheduled."""
        authorize(actor, Permission.SUBMIT_PRELIMINARY, self._context, subject_uid=ups_instance_uid)
        self._require_author(actor, report)
        with self._context.write() as connection:
            item, case, before = self._locked(connection, actor, ups_instance_uid, report, transaction_uid)
            if item.is_final and _is_stored(before, report, ReportState.PRELIMINARY):
                return report
            _require_in_progress(item, case, (WorkitemCode.INTERPRETATION,))
            stored = self._moved(before, report, ReportState.PRELIMINARY)
            self._complete(connection, actor, item, ())
            self._put(connection, stored, before)
            author = (report.author.user_id, report.author.name)
            described = self._follow(connection, case, author_id=author[0], author_name=author[1][:200])
            self._follower.schedule(
                connection,
                described,
                WorkitemCode.REPORT_VERIFICATION,
                actor,
                state=ReadingState.PRELIMINARY,
                reader=author,
            )
            self._audit(connection, actor, AuditAction.REPORT_SUBMITTED, stored)
        return stored

    def send_back(
        self, actor: Actor, ups_instance_uid: str, report: Report, transaction_uid: str, reason: str
    ) -> Report:
        """Return a preliminary report to its author, whose reading is scheduled anew."""
        authorize(actor, Permission.VERIFY_REPORT, self._context, subject_uid=ups_instance_uid)
        if not reason.strip():
            raise BadRequest("a report is returned with a reason")
        with self._context.write() as connection:
            item, case, before = self._locked(connection, actor, ups_instance_uid, report, transaction_uid)
            if item.is_final and _is_stored(before, report, ReportState.RETURNED):
                return report
            _require_in_progress(item, case, (WorkitemCode.REPORT_VERIFICATION,))
            if before is None:
                raise NotFound("there is no report")
            stored = replace(self._moved(before, report, ReportState.RETURNED, reason), author=_stored(before).author)
            self._complete(connection, actor, item, ())
            self._put(connection, stored, before)
            author = Actor(stored.author.user_id, stored.author.name, actor.role, "", stored.author.organisation or "-")
            self._follower.schedule(
                connection,
                case,
                WorkitemCode.INTERPRETATION,
                actor,
                state=ReadingState.RETURNED,
                performer=performer(author),
                reader=(author.user_id, author.display_name),
            )
            self._audit(connection, actor, AuditAction.REPORT_RETURNED, stored)
        return stored

    def finalise(
        self,
        actor: Actor,
        ups_instance_uid: str,
        report: Report,
        transaction_uid: str,
        outputs: Sequence[OutputReference],
    ) -> Report:
        """
        Record a signed report, complete its workitem with the outputs and put it into the sender's inbox.

        All of it is one transaction. The same report again, after a lost answer, is answered as
        the first time; another final report of the study is refused.

        Raises:
            Incomplete: an output is not stored. StaleRevision, WrongTransaction, NoLongerUpdatable.
        """
        authorize(actor, Permission.SIGN_FINAL, self._context, subject_uid=ups_instance_uid)
        self._require_verifier(actor, report)
        with self._context.write() as connection:
            item, case, before = self._locked(connection, actor, ups_instance_uid, report, transaction_uid)
            if before is not None and before.state == ReportState.FINAL.value:
                return _stored(before)
            _require_in_progress(item, case, (WorkitemCode.INTERPRETATION, WorkitemCode.REPORT_VERIFICATION))
            signed = _final_of(connection, report.study_instance_uid)
            if signed is not None:
                raise NoLongerUpdatable("the study already has a final report")
            self._require_stored(connection, report.study_instance_uid, outputs)
            stored = self._moved(before, report, ReportState.FINAL)
            stored = replace(stored, signed_at=stored.signed_at or stored.updated_at)
            self._complete(connection, actor, item, outputs)
            self._put(connection, stored, before)
            self._deliver(connection, case, stored, outputs)
            self._follow(
                connection,
                case,
                state=ReadingState.FINAL.value,
                reader_id=actor.user_id,
                reader_name=actor.display_name,
                author_id=stored.author.user_id,
                author_name=stored.author.name[:200],
            )
            self._audit(connection, actor, AuditAction.REPORT_SIGNED, stored)
            self._audit(connection, actor, AuditAction.REPORT_DELIVERED, stored)
        return stored

    def _locked(
        self, connection: Connection, actor: Actor, ups_instance_uid: str, report: Report, transaction_uid: str
    ) -> tuple[Workitem, Row[Any], Row[Any] | None]:
        """Return workitem, case and stored report once the lock fits; row locks are held until the commit."""
        item = load(connection, ups_instance_uid, for_update=True)
        if item is None or item.workitem_code not in PERFORM or not actor.may_see_site(item.site_id):
            raise NotFound("there is no such case")
        case = case_with_site(connection, item.study_instance_uid, for_update=True)
        if case is None:
            raise NotFound("there is no such case")
        if report.study_instance_uid != item.study_instance_uid:
            raise BadRequest("the report is of another study")
        if not transaction_uid or transaction_uid != item.transaction_uid:
            if item.state is ProcedureStepState.IN_PROGRESS and item.holder_id != actor.user_id:
                raise AlreadyClaimed("another reader holds the case", holder=item.holder_name)
            raise WrongTransaction("the Transaction UID is not the lock")
        before = connection.execute(
            select(reports).where(reports.c.report_uid == report.report_uid).with_for_update()
        ).first()
        if before is not None and before.study_instance_uid != report.study_instance_uid:
            raise BadRequest("the report is of another study")
        return item, case, before

    def _moved(self, before: Row[Any] | None, report: Report, state: ReportState, reason: str = "") -> Report:
        """Return the report in its new state; the client may have moved it already."""
        former = ReportState(before.state) if before is not None else ReportState.DRAFTED
        if state not in ALLOWED_REPORT_TRANSITIONS[former]:
            raise NoLongerUpdatable(f"a {former} report cannot become {state}")
        try:
            moved = (
                report if report.state is state else report.moved(state, at=self._context.clock.now(), reason=reason)
            )
        except ValueError as exc:
            raise NoLongerUpdatable(str(exc)) from exc
        if before is not None and moved.revision <= before.revision:
            raise StaleRevision("a newer revision is stored", revision=before.revision)
        return moved

    def _complete(
        self, connection: Connection, actor: Actor, item: Workitem, outputs: Sequence[OutputReference]
    ) -> None:
        content = dict(item.dataset)
        step = performed_step(item, WorkitemCode(item.workitem_code), outputs, ended=self._context.clock.now())
        put(content, "UnifiedProcedureStepPerformedProcedureSequence", step)
        self._ups.complete(connection, actor, replace(item, dataset=dict(sorted(content.items()))))

    def _put(self, connection: Connection, report: Report, before: Row[Any] | None) -> None:
        is_final = report.state is ReportState.FINAL
        row = {
            "ups_instance_uid": report.ups_instance_uid[:64],
            "final_of_study": report.study_instance_uid if is_final else None,
            "state": report.state.value,
            "revision": report.revision,
            "author_id": report.author.user_id[:64],
            "updated_at": report.updated_at,
            "document": _REPORT.dump_json(report).decode(),
        }
        if before is None:
            connection.execute(
                insert(reports).values(
                    report_uid=report.report_uid[:64], study_instance_uid=report.study_instance_uid, **row
                )
            )
        else:
            connection.execute(update(reports).where(reports.c.report_uid == report.report_uid).values(**row))

    def _deliver(
        self, connection: Connection, case: Row[Any], report: Report, outputs: Sequence[OutputReference]
    ) -> None:
        document = _first(outputs, ENHANCED_SR)
        pdf = _first(outputs, ENCAPSULATED_PDF)
        signer = report.verifier or report.author
        connection.execute(
            insert(returned_reports).values(
                ups_instance_uid=case.ups_instance_uid,
                study_instance_uid=report.study_instance_uid,
                site_id=case.site_id,
                signed_at=_aware(report.signed_at) or self._context.clock.now(),
                signer=signer.name[:200],
                summary=_summary(report),
                report_sop_instance_uid=document.sop_instance_uid if document else "",
                pdf_sop_instance_uid=pdf.sop_instance_uid if pdf else "",
                pdf_series_instance_uid=pdf.series_instance_uid if pdf else "",
            )
        )

    def _follow(self, connection: Connection, case: Row[Any], **changes: object) -> Row[Any]:
        touch(connection, self._context, case.study_instance_uid, **changes)
        changed = case_with_site(connection, case.study_instance_uid)
        if changed is None:
            raise NotFound("there is no such case")
        return changed

    def _require_stored(
        self, connection: Connection, study_instance_uid: str, outputs: Sequence[OutputReference]
    ) -> None:
        if not outputs:
            raise BadRequest("a final report has outputs")
        if any(output.study_instance_uid != study_instance_uid for output in outputs):
            raise BadRequest("an output belongs to another study")
        stored = self._index.digests(connection, study_instance_uid)
        absent = [output.sop_instance_uid for output in outputs if output.sop_instance_uid not in stored]
        if absent:
            raise Incomplete("outputs are not stored", missing=absent)

    def _require_author(self, actor: Actor, report: Report) -> None:
        """A new report is its writer's own; a stored one keeps its author whoever works on it."""
        with self._context.read() as connection:
            stored = connection.execute(
                select(reports.c.author_id).where(reports.c.report_uid == report.report_uid)
            ).scalar_one_or_none()
        if report.author.user_id != (actor.user_id if stored is None else stored):
            self._refuse(actor, report, "a report names its author")

    def _require_verifier(self, actor: Actor, report: Report) -> None:
        self._require_author(actor, report)
        if (report.verifier or report.author).user_id != actor.user_id:
            self._refuse(actor, report, "a report is signed by its verifier")

    def _refuse(self, actor: Actor, report: Report, why: str) -> None:
        self._context.audit.record(
            None, actor, AuditAction.NOT_PERMITTED, subject_uid=report.study_instance_uid[:64], outcome=4, detail=why
        )
        raise NotPermitted(why, detail=why)

    def _audit(self, connection: Connection, actor: Actor, action: AuditAction, report: Report) -> None:
        self._context.audit.record(
            connection, actor, action, subject_uid=report.study_instance_uid, detail=f"report {report.report_uid[:64]}"
        )


def _require_in_progress(item: Workitem, case: Row[Any], codes: tuple[WorkitemCode, ...]) -> None:
    if item.state is not ProcedureStepState.IN_PROGRESS:
        raise NoLongerUpdatable(f"the workitem is {item.state}")
    if item.workitem_code not in codes or item.ups_instance_uid != case.ups_instance_uid:
        raise NoLongerUpdatable("this workitem does not take that step")


def _is_stored(before: Row[Any] | None, report: Report, state: ReportState) -> bool:
    return before is not None and before.state == state.value and before.revision == report.revision


def _stored(before: Row[Any]) -> Report:
    return _REPORT.validate_json(before.document)


def _final_of(connection: Connection, study_instance_uid: str) -> str | None:
    return connection.execute(
        select(reports.c.report_uid).where(reports.c.final_of_study == study_instance_uid)
    ).scalar_one_or_none()


def _first(outputs: Sequence[OutputReference], sop_class_uid: str) -> OutputReference | None:
    return next((output for output in outputs if output.sop_class_uid == sop_class_uid), None)


def _summary(report: Report) -> str:
    for key in _SUMMARY_FIELDS:
        if report.values.get(key, "").strip():
            return report.values[key].strip()[:_SUMMARY_LENGTH]
    return ""


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone()
