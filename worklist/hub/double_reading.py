"""
Blind double reading: two readings at the same time or one after the other, neither seen by anybody until both are in.

Each reading is a workitem of its own (``blind_slots``). What was submitted lies in ``blind_reads`` until both are in,
so that no other door knows it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from worklist.hub import blind_slots
from worklist.hub.auth import authorize
from worklist.hub.case_follower import CaseFollower, case_with_site
from worklist.hub.case_rows import case_of_workitem, touch, visible_case
from worklist.hub.context import HubContext
from worklist.hub.double_state import double_state
from worklist.hub.errors import NoLongerUpdatable, NotFound
from worklist.hub.report_policy import read_policy
from worklist.hub.report_rows import REPORT, document_of, put_report, record_version
from worklist.hub.tables import cases
from worklist.hub.ups_store import Workitem, load
from worklist.hub.workflow_tables import blind_reads, double_readings, report_versions
from workstation.domain.access import Actor, Permission
from workstation.domain.agreement import cohen_kappa
from workstation.domain.audit import AuditAction
from workstation.domain.double_reading import AgreementFigures, SchemeAgreement, ratings, readings_agree
from workstation.domain.report import Report
from workstation.domain.report_version import DoubleReadingState, VersionStep
from workstation.domain.workitem import ProcedureStepState, ReadingState, WorkitemCode


class DoubleReadings:
    """Order, take and compare readings."""

    def __init__(self, context: HubContext, follower: CaseFollower) -> None:
        self._context = context
        self._follower = follower

    def order(self, actor: Actor, ups_instance_uid: str) -> None:
        """Have a case read twice; ordering it again changes nothing. Raises NoLongerUpdatable, NotPermitted."""
        authorize(actor, Permission.ORDER_DOUBLE_READING, self._context, subject_uid=ups_instance_uid[:64])
        with self._context.write() as connection:
            case = case_of_workitem(connection, ups_instance_uid, for_update=True)
            if case is None:
                raise NotFound("there is no such case")
            study = case.study_instance_uid
            if double_state(connection, study) is not None:
                return
            item = load(connection, case.ups_instance_uid)
            is_waiting = item is not None and item.state is ProcedureStepState.SCHEDULED
            touched = connection.execute(
                select(report_versions.c.number).where(report_versions.c.study_instance_uid == study).limit(1)
            ).first()
            if touched is not None or not is_waiting or case.workitem_code != WorkitemCode.INTERPRETATION.value:
                raise NoLongerUpdatable("somebody reads or has read this case")
            self._mark(connection, actor, study)

    def mark_by_policy(self, connection: Connection, study_instance_uid: str, actor: Actor) -> None:
        """Mark a case that has just come to the worklist when it is the nth."""
        every = read_policy(connection).double_reading_every
        if not every:
            return
        arrived = connection.execute(
            select(func.count()).select_from(cases).where(cases.c.state != ReadingState.RECEIVING.value)
        ).scalar_one()
        if arrived % every == 0 and double_state(connection, study_instance_uid) is None:
            self._mark(connection, actor, study_instance_uid)

    def forget(self, connection: Connection, study_instance_uid: str) -> None:
        """Let go what was planned for a request that was withdrawn before anybody read."""
        connection.execute(delete(double_readings).where(double_readings.c.study_instance_uid == study_instance_uid))

    def is_blind(self, connection: Connection, study_instance_uid: str) -> bool:
        """Tell whether readings of the study are still to come, so that nobody signs it or sees one."""
        return double_state(connection, study_instance_uid) is DoubleReadingState.READING

    def take(self, connection: Connection, actor: Actor, case: Row[Any], ups_instance_uid: str, report: Report) -> bool:
        """
        Take a submitted report for a blind reading; False where the study is not read twice.

        The first that is in is put away; with the second both come out and are compared.
        """
        study = case.study_instance_uid
        slot = blind_slots.slot_of(connection, ups_instance_uid)
        if slot is None or not self.is_blind(connection, study):
            return False
        before = connection.execute(select(blind_reads).where(blind_reads.c.study_instance_uid == study)).all()
        blind_slots.submit(connection, ups_instance_uid)
        connection.execute(
            insert(blind_reads).values(
                study_instance_uid=study,
                slot=slot.slot,
                ups_instance_uid=ups_instance_uid,
                reader_id=report.author.user_id,
                reader_name=report.author.name[:200],
                submitted_at=self._context.clock.now(),
                document=REPORT.dump_json(report).decode(),
            )
        )
        self._audit(connection, actor, AuditAction.REPORT_SUBMITTED, study, f"blind reading {slot.slot}")
        if not before:
            if not blind_slots.other_slots(connection, slot):  # begun under a version that read one after the other
                blind_slots.add_slot(connection, self._context, case, slot.slot + 1)
            blind_slots.offer(connection, self._context, study)
        else:
            readings = sorted(((slot.slot, report), *((row.slot, document_of(row)) for row in before)), key=_place)
            self._compare(connection, actor, case, *(one for _slot, one in readings))
        return True

    def has_taken(self, connection: Connection, actor: Actor, ups_instance_uid: str) -> bool:
        """Tell whether this reader's blind reading of a workitem is in already, after an answer that was lost."""
        query = select(blind_reads.c.slot).where(
            blind_reads.c.ups_instance_uid == ups_instance_uid, blind_reads.c.reader_id == actor.user_id
        )
        return connection.execute(query).first() is not None

    def has_given_up(self, connection: Connection, actor: Actor, item: Workitem) -> bool:
        """Tell whether this reader gave a blind reading up, of which nothing is stored."""
        is_own = item.state is ProcedureStepState.CANCELED and item.holder_id == actor.user_id
        return is_own and double_state(connection, item.study_instance_uid) is not None

    def conclude(self, connection: Connection, study_instance_uid: str) -> None:
        """Note that a third doctor has decided."""
        connection.execute(
            update(double_readings)
            .where(
                double_readings.c.study_instance_uid == study_instance_uid,
                double_readings.c.state == DoubleReadingState.ARBITRATION.value,
            )
            .values(state=DoubleReadingState.DECIDED.value)
        )

    def readings(self, actor: Actor, ups_instance_uid: str) -> list[Report]:
        """Return both readings once they are in, to those who see the alliance; nothing before. Raises NotFound."""
        authorize(actor, Permission.SEE_ALLIANCE, self._context, subject_uid=ups_instance_uid[:64])
        with self._context.read() as connection:
            study = visible_case(connection, actor, ups_instance_uid).study_instance_uid
            if double_state(connection, study) in {None, DoubleReadingState.READING}:
                return []
            query = select(blind_reads).where(blind_reads.c.study_instance_uid == study).order_by(blind_reads.c.slot)
            return [document_of(row) for row in connection.execute(query)]

    def figures(self, actor: Actor) -> AgreementFigures:
        """Return how all concluded double readings agreed, kappa for each scheme. Raises NotPermitted."""
        authorize(actor, Permission.SEE_STATISTICS, self._context)
        documents: dict[str, list[Report]] = defaultdict(list)
        with self._context.read() as connection:
            concluded = select(double_readings.c.study_instance_uid, double_readings.c.state).where(
                double_readings.c.state != DoubleReadingState.READING.value
            )
            states = {row.study_instance_uid: row.state for row in connection.execute(concluded)}
            rows = connection.execute(
                select(blind_reads).order_by(blind_reads.c.study_instance_uid, blind_reads.c.slot)
            )
            for row in rows:
                if row.study_instance_uid in states:
                    documents[row.study_instance_uid].append(document_of(row))
        pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
        unrated = 0
        for first, second in documents.values():
            one, two = ratings(first), ratings(second)
            for scheme in one.keys() & two.keys():
                pairs[scheme].append((one[scheme], two[scheme]))
            unrated += not one.keys() & two.keys()
        agreed = sum(state == DoubleReadingState.AGREED for state in states.values())
        return AgreementFigures(
            concluded=len(states),
            agreed=agreed,
            arbitrated=len(states) - agreed,
            unrated=unrated,
            schemes=tuple(SchemeAgreement(scheme, cohen_kappa(pairs[scheme])) for scheme in sorted(pairs)),
        )

    def _compare(self, connection: Connection, actor: Actor, case: Row[Any], first: Report, second: Report) -> None:
        """Let both readings out, that of the first place as the one that is verified."""
        study, now = case.study_instance_uid, self._context.clock.now()
        blind_slots.close(connection, study)
        agree = readings_agree(first, second)
        state = DoubleReadingState.AGREED if agree else DoubleReadingState.ARBITRATION
        connection.execute(
            update(double_readings)
            .where(double_readings.c.study_instance_uid == study)
            .values(state=state.value, concluded_at=now)
        )
        for report in (second, first):  # the last step of the history is that of the report in work
            reader = Actor(report.author.user_id, report.author.name, actor.role, "", report.author.organisation)
            put_report(connection, report, None)
            record_version(connection, reader, VersionStep.SUBMITTED, report, at=now)
        author = (first.author.user_id, first.author.name[:200])
        touch(connection, self._context, study, author_id=author[0], author_name=author[1])
        self._schedule(
            connection, actor, case, WorkitemCode.REPORT_VERIFICATION, ReadingState.PRELIMINARY, reader=author
        )
        self._audit(connection, actor, AuditAction.DOUBLE_READING_COMPARED, study, state.value)

    def _schedule(
        self,
        connection: Connection,
        actor: Actor,
        case: Row[Any],
        step: WorkitemCode,
        state: ReadingState,
        *,
        reader: tuple[str, str] = ("", ""),
    ) -> None:
        self._follower.schedule(connection, case, step, actor, state=state, reader=reader)

    def _mark(self, connection: Connection, actor: Actor, study_instance_uid: str) -> None:
        connection.execute(
            insert(double_readings).values(
                study_instance_uid=study_instance_uid,
                state=DoubleReadingState.READING.value,
                ordered_by=actor.user_id,
                ordered_at=self._context.clock.now(),
            )
        )
        case = case_with_site(connection, study_instance_uid)
        if case is None:
            raise NotFound("there is no such case")
        blind_slots.open_slots(connection, self._context, case)
        blind_slots.offer(connection, self._context, study_instance_uid)
        self._audit(connection, actor, AuditAction.DOUBLE_READING_ORDERED, study_instance_uid, "")

    def _audit(self, connection: Connection, actor: Actor, action: AuditAction, study: str, detail: str) -> None:
        self._context.audit.record(connection, actor, action, subject_uid=study, detail=detail)


def _place(reading: tuple[int, Report]) -> int:
    return reading[0]
