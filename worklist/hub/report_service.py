"""Reports on the hub: submitted, returned, final; each move with its workitems in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from worklist.hub.auth import authorize
from worklist.hub.begun_successors import require_as_begun
from worklist.hub.blind_slots import slot_of
from worklist.hub.case_follower import CaseFollower, case_with_site
from worklist.hub.case_rows import touch, visible_case
from worklist.hub.case_workitems import performed_step
from worklist.hub.context import HubContext
from worklist.hub.critical_gate import require_no_open_critical
from worklist.hub.dispatch_desk import enqueue, hold_dispatches, supersede_unsigned
from worklist.hub.double_reading import DoubleReadings
from worklist.hub.errors import (
    AlreadyClaimed,
    BadRequest,
    NoLongerUpdatable,
    NotFound,
    SecondSigner,
    StaleRevision,
    Superseded,
    WrongTransaction,
)
from worklist.hub.late_stamp_rows import await_stamp
from worklist.hub.report_policy import read_policy
from worklist.hub.report_rows import (
    document_of,
    final_row,
    hand_over_final,
    open_row,
    put_into_inbox,
    put_report,
    record_version,
)
from worklist.hub.signed_check import UNJUDGED, SignedCheck, told_of
from worklist.hub.signed_outputs import require_report_objects, require_stored
from worklist.hub.tables import reports
from worklist.hub.ups import PERFORM, UpsService
from worklist.hub.ups_json import LONGEST_UID, put
from worklist.hub.ups_rules import performer
from worklist.hub.ups_store import Workitem, load
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted
from workstation.domain.report import ALLOWED_REPORT_TRANSITIONS, Person, Report, ReportKind, ReportState
from workstation.domain.report_version import VersionStep
from workstation.domain.succession import same_content
from workstation.domain.workitem import OutputReference, ProcedureStepState, ReadingState, WorkitemCode

_WERE_SIGNED: Final = (ReportState.FINAL.value, ReportState.ENTERED_IN_ERROR.value)


class ReportService:
    """Store reports under the lock of their workitem."""

    def __init__(
        self, context: HubContext, ups: UpsService, follower: CaseFollower, signatures: SignedCheck | None = None
    ) -> None:
        self._context = context
        self._ups = ups
        self._follower = follower
        self._double = DoubleReadings(context, follower)
        self._signatures = signatures

    def newest(self, actor: Actor, ups_instance_uid: str) -> Report:
        """
        Return the report that the case is about now: the one in work, else the one that holds. Raises NotFound.

        Its sender sees only what is signed.
        """
        with self._context.read() as connection:
            case = visible_case(connection, actor, ups_instance_uid)
            study = case.study_instance_uid
            row = open_row(connection, study) if actor.may(Permission.SEE_ALLIANCE) else None
            row = row or final_row(connection, study)
        if row is None:
            raise NotFound("there is no report")
        return document_of(row)

    def submit(self, actor: Actor, ups_instance_uid: str, report: Report, transaction_uid: str) -> Report:
        """Hand a report to a senior: the reading completes, its verification is scheduled."""
        authorize(actor, Permission.SUBMIT_PRELIMINARY, self._context, subject_uid=ups_instance_uid)
        self._require_author(actor, report)
        with self._context.write() as connection:
            item, case, before = self._locked(connection, actor, ups_instance_uid, report, transaction_uid)
            if item.is_final and _is_stored(before, report, ReportState.PRELIMINARY):
                return report
            if item.is_final and self._double.has_taken(connection, actor, ups_instance_uid):
                return report
            _require_in_progress(connection, item, case, (WorkitemCode.INTERPRETATION,))
            require_as_begun(connection, report)
            stored = self._moved(before, report, ReportState.PRELIMINARY)
            stored = replace(stored, author=document_of(before).author if before is not None else _person(actor))
            self._complete(connection, actor, item, ())
            if self._double.take(connection, actor, case, ups_instance_uid, stored):
                return stored
            put_report(connection, stored, before)
            self._record(connection, actor, VersionStep.SUBMITTED, stored)
            author = (stored.author.user_id, stored.author.name)
            described = self._follow(connection, case, author_id=author[0], author_name=author[1][:200])
            self._follower.schedule(
                connection,
                described,
                WorkitemCode.REPORT_VERIFICATION,
                actor,
                state=ReadingState.PRELIMINARY,
                reader=author,
            )
            enqueue(connection, self._context, stored, case.site_id, ())
            self._audit(connection, actor, AuditAction.REPORT_SUBMITTED, stored)
        return stored

    def send_back(
        self,
        actor: Actor,
        ups_instance_uid: str,
        report: Report,
        transaction_uid: str,
        reason: str,
    ) -> Report:
        """Return a preliminary report to its author, whose reading is scheduled anew."""
        authorize(actor, Permission.VERIFY_REPORT, self._context, subject_uid=ups_instance_uid)
        if not reason.strip():
            raise BadRequest("a report is returned with a reason")
        with self._context.write() as connection:
            item, case, before = self._locked(connection, actor, ups_instance_uid, report, transaction_uid)
            if item.is_final and _is_stored(before, report, ReportState.RETURNED):
                return report
            _require_in_progress(connection, item, case, (WorkitemCode.REPORT_VERIFICATION,))
            if before is None:
                raise NotFound("there is no report")
            stored = self._moved(before, report, ReportState.RETURNED, reason)
            stored = replace(stored, author=document_of(before).author)
            self._complete(connection, actor, item, ())
            put_report(connection, stored, before)
            self._record(connection, actor, VersionStep.RETURNED, stored, reason)
            supersede_unsigned(connection, self._context, stored.study_instance_uid)
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
        *,
        wants_time_stamp: bool = True,
    ) -> Report:
        """
        Record a signed report, complete its workitem with the outputs and put it into the sender's inbox.

        All of it is one transaction. The same report again, after a lost answer, is answered as
        the first time. What follows a signed report takes its place, unless another did so meanwhile. A report that
        lacks a time stamp waits for one where the signer's house wants any.

        Raises:
            Incomplete: an output is not stored. BadRequest: it is something else than it is called, or another's.
            Superseded: another successor was faster. SecondSigner.
            CriticalOpen: nobody has read back a critical value of the study, and the signer does not answer for it.
            SignatureRefused, StaleRevision, WrongTransaction, NoLongerUpdatable.
        """
        authorize(actor, Permission.SIGN_FINAL, self._context, subject_uid=ups_instance_uid)
        self._require_verifier(actor, report)
        judged = self._signatures(actor, report, outputs) if self._signatures is not None else UNJUDGED
        with self._context.write() as connection:
            item, case, before = self._locked(connection, actor, ups_instance_uid, report, transaction_uid)
            if before is not None and before.state in _WERE_SIGNED:
                return document_of(before)
            stored = self._final(connection, actor, report, item, case, before)
            require_stored(connection, report.study_instance_uid, outputs)
            require_report_objects(connection, report.report_uid, outputs)
            if self._signatures is not None:
                self._signatures.require_judged(judged)
            author = document_of(before).author if before is not None else _person(actor)
            stored = replace(stored, author=author, verifier=_person(actor))
            stored = replace(stored, signed_at=stored.signed_at or stored.updated_at)
            self._complete(connection, actor, item, outputs)
            if not hand_over_final(connection, stored):
                raise Superseded("another successor was faster")
            put_report(connection, stored, before)
            self._record(connection, actor, VersionStep.SIGNED, stored, stored.change_reason)
            self._double.conclude(connection, stored.study_instance_uid)
            put_into_inbox(connection, case, stored, outputs, now=self._context.clock.now())
            if judged.awaits_time_stamp and wants_time_stamp:
                await_stamp(connection, stored, outputs, now=self._context.clock.now())
            enqueue(connection, self._context, stored, case.site_id, outputs)
            self._follow(
                connection,
                case,
                state=ReadingState.FINAL.value,
                reader_id=actor.user_id,
                reader_name=actor.display_name,
                author_id=stored.author.user_id,
                author_name=stored.author.name[:200],
            )
            self._audit(connection, actor, AuditAction.REPORT_SIGNED, stored, told_of(judged))
            self._audit(connection, actor, AuditAction.REPORT_DELIVERED, stored)
        return stored

    def check_final(self, actor: Actor, ups_instance_uid: str, report: Report, transaction_uid: str) -> None:
        """
        Refuse what ``finalise`` would refuse, before its objects are stored; nothing is written.

        Raises what ``finalise`` raises, less what it says of the outputs.
        """
        authorize(actor, Permission.SIGN_FINAL, self._context, subject_uid=ups_instance_uid)
        self._require_verifier(actor, report)
        with self._context.write() as connection:  # under the locks of ``finalise``: the same answer at that moment
            item, case, before = self._locked(connection, actor, ups_instance_uid, report, transaction_uid)
            if before is not None and before.state in _WERE_SIGNED:
                return
            self._final(connection, actor, report, item, case, before)
            holding = final_row(connection, report.study_instance_uid)
            follows = "" if report.predecessor is None else report.predecessor.report_uid
            if follows != ("" if holding is None else holding.report_uid):
                raise Superseded("another successor was faster")

    def cancel(self, actor: Actor, ups_instance_uid: str, report: Report, transaction_uid: str, reason: str) -> Report:
        """Give up a report before it is signed; the case waits for a reader again, or holds what it held."""
        authorize(actor, Permission.WRITE_REPORT, self._context, subject_uid=ups_instance_uid)
        if not reason.strip():
            raise BadRequest("a report is cancelled with a reason")
        with self._context.write() as connection:
            item, case, before = self._locked(connection, actor, ups_instance_uid, report, transaction_uid)
            if item.is_final and _is_stored(before, report, ReportState.CANCELLED):
                return report
            is_repeat = before is None and self._double.has_given_up(connection, actor, item)
            if not is_repeat:
                _require_in_progress(
                    connection, item, case, (WorkitemCode.INTERPRETATION, WorkitemCode.REPORT_VERIFICATION)
                )
            stored = self._moved(before, report, ReportState.CANCELLED, reason)
            author = document_of(before).author if before is not None else _person(actor)
            stored = replace(stored, author=author, verifier=None, signed_at=None)
            if is_repeat:
                return stored
            is_blind = self._double.is_blind(connection, stored.study_instance_uid)
            if not is_blind:  # else routes and versions would tell the other reader of it
                put_report(connection, stored, before)
                self._record(connection, actor, VersionStep.CANCELLED, stored, reason)
                enqueue(connection, self._context, stored, case.site_id, ())
            self._ups.cancel(connection, actor, item)
            self._audit(connection, actor, AuditAction.REPORT_CANCELLED, stored)
        return stored

    def _record(
        self, connection: Connection, actor: Actor, step: VersionStep, report: Report, reason: str = ""
    ) -> None:
        record_version(connection, actor, step, report, at=self._context.clock.now(), reason=reason)

    def _require_rules(self, connection: Connection, actor: Actor, report: Report) -> None:
        if self._double.is_blind(connection, report.study_instance_uid):
            raise NoLongerUpdatable("a blind reading is submitted, not signed")
        if read_policy(connection).second_signer and report.author.user_id == actor.user_id:
            raise SecondSigner("a report is signed by another than its author")

    def _final(
        self,
        connection: Connection,
        actor: Actor,
        report: Report,
        item: Workitem,
        case: Row[Any],
        before: Row[Any] | None,
    ) -> Report:
        """Return the report as final once every rule holds that does not ask for its stored objects."""
        _require_in_progress(connection, item, case, (WorkitemCode.INTERPRETATION, WorkitemCode.REPORT_VERIFICATION))
        self._require_rules(connection, actor, report)
        require_no_open_critical(connection, actor, report)
        require_as_begun(connection, report)
        _require_whole(connection, report)
        _require_said(report)
        return self._moved(before, report, ReportState.FINAL)

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
        if max(len(report.report_uid), len(report.ups_instance_uid)) > LONGEST_UID:  # cut, it would be another report
            raise BadRequest("the report names no UID")
        if not transaction_uid or transaction_uid != item.transaction_uid:
            if item.state is ProcedureStepState.IN_PROGRESS and item.holder_id != actor.user_id:
                raise AlreadyClaimed("another reader holds the case", holder=item.holder_name)
            raise WrongTransaction("the Transaction UID is not the lock")
        before = connection.execute(
            select(reports).where(reports.c.report_uid == report.report_uid).with_for_update()
        ).first()
        if before is not None and before.study_instance_uid != report.study_instance_uid:
            raise BadRequest("the report is of another study")
        hold_dispatches(connection, item.study_instance_uid)
        return item, case, before

    def _moved(
        self,
        before: Row[Any] | None,
        report: Report,
        state: ReportState,
        reason: str = "",
    ) -> Report:
        """Return the report in its new state; the client may have moved it already."""
        former = ReportState(before.state) if before is not None else ReportState.DRAFTED
        if state not in ALLOWED_REPORT_TRANSITIONS[former]:
            raise NoLongerUpdatable(f"a {former} report cannot become {state}")
        try:
            now = self._context.clock.now()
            moved = report if report.state is state else report.moved(state, at=now, reason=reason)
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

    def _follow(self, connection: Connection, case: Row[Any], **changes: object) -> Row[Any]:
        touch(connection, self._context, case.study_instance_uid, **changes)
        changed = case_with_site(connection, case.study_instance_uid)
        if changed is None:
            raise NotFound("there is no such case")
        return changed

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

    def _audit(self, connection: Connection, actor: Actor, action: AuditAction, report: Report, told: str = "") -> None:
        detail = f"report {report.report_uid[:64]}{told}"
        self._context.audit.record(connection, actor, action, subject_uid=report.study_instance_uid, detail=detail)


def _require_in_progress(
    connection: Connection, item: Workitem, case: Row[Any], codes: tuple[WorkitemCode, ...]
) -> None:
    if item.state is not ProcedureStepState.IN_PROGRESS:
        raise NoLongerUpdatable(f"the workitem is {item.state}")
    is_current = item.ups_instance_uid == case.ups_instance_uid or slot_of(connection, item.ups_instance_uid)
    if item.workitem_code not in codes or not is_current:
        raise NoLongerUpdatable("this workitem does not take that step")


def _is_stored(before: Row[Any] | None, report: Report, state: ReportState) -> bool:
    return before is not None and before.state == state.value and before.revision == report.revision


def _person(actor: Actor) -> Person:
    return Person(actor.user_id, actor.display_name, actor.site_name)


def _require_said(report: Report) -> None:
    """A report says something, and one that changes a signed report says why."""
    if not any(text.strip() for text in (report.addendum, *report.values.values())):
        raise BadRequest("a final report says something")
    if report.kind not in {ReportKind.ORIGINAL, ReportKind.ADDENDUM} and not report.change_reason.strip():
        raise BadRequest("what changes a signed report says why")


def _require_whole(connection: Connection, report: Report) -> None:
    """An addendum repeats what it adds to; nobody slips another finding in under its name."""
    if report.kind is not ReportKind.ADDENDUM:
        return
    signed = final_row(connection, report.study_instance_uid)
    if signed is None or report.predecessor is None or signed.report_uid != report.predecessor.report_uid:
        raise Superseded("another successor was faster")
    if not report.addendum.strip() or not same_content(report, document_of(signed)):
        raise BadRequest("an addendum says something and changes nothing")
