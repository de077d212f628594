"""Cases follow their workitems: what a claim, completion or cancellation means on the worklist."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Row, select

from worklist.hub import blind_slots
from worklist.hub.audit import HubAudit
from worklist.hub.case_rows import rows_with_site, touch
from worklist.hub.case_workitems import input_instances, workitem_for
from worklist.hub.context import HubContext
from worklist.hub.quality_tables import FREE
from worklist.hub.report_rows import document_of, final_row, open_row
from worklist.hub.tables import cases, returned_reports
from worklist.hub.ups_errors import inconsistent
from worklist.hub.ups_json import Dataset, code_value, items, text
from worklist.hub.ups_rules import canceled
from worklist.hub.ups_store import Workitem, add, load, new_uid, save
from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction
from workstation.domain.detection import DetectionSummary
from workstation.domain.report import ReportState
from workstation.domain.workitem import AiState, ProcedureStepState, ReadingState, WorkitemCode

_SUMMARY: Final = TypeAdapter(DetectionSummary)
_SUMMARY_CONCEPT: Final = "DETECTION_SUMMARY"


class CaseFollower:
    """Implements ``WorkitemObserver`` for the cases of the hub."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    @property
    def _audit(self) -> HubAudit:
        return self._context.audit

    def claimed(self, connection: Connection, item: Workitem, actor: Actor) -> None:
        """Show who reads the case, or that its pre-read runs."""
        if blind_slots.slot_of(connection, item.ups_instance_uid) is not None:
            blind_slots.take(connection, self._context, item, actor)
            return
        case = _case(connection, item)
        if case is None:
            return
        if item.ups_instance_uid == case.ai_ups_instance_uid:
            self._touch(connection, item, ai_state=AiState.RUNNING, ai_progress=0.0)
        elif item.ups_instance_uid == case.ups_instance_uid:
            blind_slots.require_independent(connection, item, actor)
            self._touch(
                connection,
                item,
                state=ReadingState.READING,
                reader_id=actor.user_id,
                reader_name=actor.display_name,
            )

    def completing(self, connection: Connection, item: Workitem) -> None:
        """Refuse to complete a case's reading without its report; that goes through /api/reports."""
        case = _case(connection, item)
        is_slot = blind_slots.slot_of(connection, item.ups_instance_uid) is not None
        if is_slot or (case is not None and item.ups_instance_uid == case.ups_instance_uid):
            raise inconsistent("C304", "this reading is completed by storing its report")

    def completed(self, connection: Connection, item: Workitem) -> None:
        """Take over what a finished pre-read came to."""
        case = _case(connection, item)
        if case is None or item.ups_instance_uid != case.ai_ups_instance_uid:
            return
        summary = detection_summary(item.dataset)
        self._touch(
            connection,
            item,
            ai_state=AiState.DONE,
            ai_progress=1.0,
            ai_finding_count=summary.finding_count if summary else 0,
            ai_top_out_of_ten=summary.top_out_of_ten if summary else None,
        )
        self._audit.record(
            connection,
            None,
            AuditAction.DETECTION_STORED,
            subject_uid=item.study_instance_uid,
            detail=f"{summary.algorithm.name} {summary.algorithm.version} {summary.algorithm.sha256}"
            if summary
            else "",
        )

    def canceled(self, connection: Connection, item: Workitem, actor: Actor, *, was_claimed: bool) -> None:
        """Schedule a given-back reading anew; a withdrawn request ends the case, a failed pre-read does not."""
        slot = blind_slots.slot_of(connection, item.ups_instance_uid)
        if slot is not None:
            self._slot_canceled(connection, item, slot, was_claimed=was_claimed)
            return
        case = _case(connection, item)
        if case is None:
            return
        if item.ups_instance_uid == case.ai_ups_instance_uid:
            self._touch(connection, item, ai_state=AiState.FAILED, ai_progress=0.0)
        elif item.ups_instance_uid == case.ups_instance_uid and was_claimed:
            step, state, reader = _waiting(connection, case)
            if step is None:  # somebody left off what would have followed a signed report, which goes on to hold
                self._touch(connection, item, state=state, reader_id=reader[0], reader_name=reader[1])
            else:
                self.schedule(connection, case, step, actor, state=state, reader=reader)
        elif item.ups_instance_uid == case.ups_instance_uid:
            _require_unwritten(connection, case)
            self._touch(connection, item, state=ReadingState.CANCELLED, reader_id="", reader_name="")

    def _slot_canceled(self, connection: Connection, item: Workitem, slot: Row[Any], *, was_claimed: bool) -> None:
        case = case_with_site(connection, item.study_instance_uid, for_update=True)
        if case is None:
            return
        if was_claimed:
            blind_slots.give_back(connection, self._context, case, slot)
            return
        others = sorted(blind_slots.other_slots(connection, slot), key=lambda row: str(row.ups_instance_uid))
        for other in others:
            workitem = load(connection, other.ups_instance_uid, for_update=True)
            if other.state != FREE or workitem is None:
                raise inconsistent("C312", "the performer cannot be contacted")
            now = self._context.clock.now()
            ended = replace(
                workitem,
                state=ProcedureStepState.CANCELED,
                dataset=canceled(workitem.dataset, now, None),
                modified=now,
            )
            save(connection, ended)
        blind_slots.close(connection, item.study_instance_uid)
        self._touch(connection, item, state=ReadingState.CANCELLED, reader_id="", reader_name="")

    def updated(self, connection: Connection, item: Workitem) -> None:
        """Show the progress of a pre-read."""
        case = _case(connection, item)
        if case is None or item.ups_instance_uid != case.ai_ups_instance_uid:
            return
        for progress in items(item.dataset, "ProcedureStepProgressInformationSequence")[:1]:
            percent = _number(text(progress, "ProcedureStepProgress"))
            if percent is not None and case.ai_state == AiState.RUNNING:
                self._touch(connection, item, ai_progress=min(1.0, max(0.0, percent / 100)))

    def schedule(
        self,
        connection: Connection,
        case: Row[Any],
        step: WorkitemCode,
        actor: Actor | None,
        *,
        state: ReadingState,
        performer: Dataset | None = None,
        reader: tuple[str, str] = ("", ""),
        ups_instance_uid: str = "",
    ) -> str:
        """Schedule the next step of a case and make it the one that a claim locks; return its UID."""
        uid = ups_instance_uid or new_uid()
        instances = input_instances(connection, case.study_instance_uid)
        now = self._context.clock.now()
        add(connection, workitem_for(case, step, instances, ups_instance_uid=uid, now=now, performer=performer))
        touch(
            connection,
            self._context,
            case.study_instance_uid,
            ups_instance_uid=uid,
            workitem_code=step.value,
            state=state,
            reader_id=reader[0],
            reader_name=reader[1],
        )
        self._audit.record(connection, actor, AuditAction.WORKITEM_CREATED, subject_uid=uid)
        return uid

    def schedule_detection(self, connection: Connection, case: Row[Any], actor: Actor | None) -> str:
        """Queue a pre-read of the case; return its workitem's UID."""
        uid = new_uid()
        instances = input_instances(connection, case.study_instance_uid)
        step = WorkitemCode.COMPUTER_AIDED_DETECTION
        add(connection, workitem_for(case, step, instances, ups_instance_uid=uid, now=self._context.clock.now()))
        touch(
            connection,
            self._context,
            case.study_instance_uid,
            ai_ups_instance_uid=uid,
            ai_state=AiState.QUEUED,
            ai_progress=0.0,
        )
        self._audit.record(connection, actor, AuditAction.WORKITEM_CREATED, subject_uid=uid)
        return uid

    def _touch(self, connection: Connection, item: Workitem, **changes: object) -> None:
        touch(connection, self._context, item.study_instance_uid, **changes)


def detection_summary(content: Dataset) -> DetectionSummary | None:
    """Return the summary that the worker left in the performed procedure, None without a readable one."""
    for performed in items(content, "UnifiedProcedureStepPerformedProcedureSequence"):
        for parameter in items(performed, "PerformedProcessingParametersSequence"):
            concepts = items(parameter, "ConceptNameCodeSequence")
            if concepts and code_value(concepts[0]) == _SUMMARY_CONCEPT:
                try:
                    return _SUMMARY.validate_python(json.loads(text(parameter, "TextValue")))
                except (ValidationError, ValueError):
                    return None
    return None


def case_with_site(connection: Connection, study_instance_uid: str, *, for_update: bool = False) -> Row[Any] | None:
    """Return a case with its site's name."""
    query = rows_with_site().where(cases.c.study_instance_uid == study_instance_uid)
    return connection.execute(query.with_for_update(of=cases) if for_update else query).first()


def _case(connection: Connection, item: Workitem) -> Row[Any] | None:
    if not item.study_instance_uid:
        return None
    owned = (cases.c.ups_instance_uid == item.ups_instance_uid) | (cases.c.ai_ups_instance_uid == item.ups_instance_uid)
    study = connection.execute(
        select(cases.c.study_instance_uid).where(cases.c.study_instance_uid == item.study_instance_uid, owned)
    ).scalar_one_or_none()
    return None if study is None else case_with_site(connection, study)


def _require_unwritten(connection: Connection, case: Row[Any]) -> None:
    """Refuse to withdraw a request of which somebody has written: their report would be lost with it."""
    study = case.study_instance_uid
    if open_row(connection, study) is not None or final_row(connection, study) is not None:
        raise inconsistent("C312", "a report of this case has been begun; its reader can cancel it")


def _waiting(connection: Connection, case: Row[Any]) -> tuple[WorkitemCode | None, ReadingState, tuple[str, str]]:
    """Return the step that a given-back case waits for, None where a report holds, and whose it is."""
    author = (case.author_id, case.author_name)
    row = open_row(connection, case.study_instance_uid)
    if row is not None and row.state == ReportState.PRELIMINARY:
        return WorkitemCode.REPORT_VERIFICATION, ReadingState.PRELIMINARY, author
    if row is not None:
        return WorkitemCode.INTERPRETATION, ReadingState.RETURNED, author
    final = final_row(connection, case.study_instance_uid)
    if final is None:
        return WorkitemCode.INTERPRETATION, ReadingState.READY, ("", "")
    seen = connection.execute(
        select(returned_reports.c.acknowledged_at).where(
            returned_reports.c.study_instance_uid == case.study_instance_uid,
            returned_reports.c.superseded_at.is_(None),
        )
    ).scalar_one_or_none()
    signer = document_of(final).verifier
    return (
        None,
        ReadingState.FINAL if seen is None else ReadingState.ACKNOWLEDGED,
        (signer.user_id, signer.name[:200]) if signer is not None else author,
    )


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
