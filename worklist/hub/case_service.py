"""Reading requests: from the first byte of a study to its place on the worklist, and back from a reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from worklist.hub.auth import authorize
from worklist.hub.blind_slots import slot_in, slot_of
from worklist.hub.case_follower import CaseFollower, case_with_site
from worklist.hub.case_rows import case_of_workitem, pinyin_initials, search_text, touch
from worklist.hub.case_workitems import input_instances, is_chest_ct, is_film
from worklist.hub.cases import require_study
from worklist.hub.context import HubContext
from worklist.hub.database import insert_once
from worklist.hub.double_reading import DoubleReadings
from worklist.hub.errors import (
    AlreadyClaimed,
    BadRequest,
    Incomplete,
    Integrity,
    NoLongerUpdatable,
    NotFound,
    WrongTransaction,
)
from worklist.hub.exam_repeats import record_repeat
from worklist.hub.identity import studies_of_same_person
from worklist.hub.instances import InstanceIndex
from worklist.hub.tables import cases, workitems
from worklist.hub.ups import PERFORM, UpsService
from worklist.hub.ups_json import is_uid
from worklist.hub.ups_store import Workitem, load, new_uid
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.site import DEFAULT_DUE, ReadingRequest
from workstation.domain.workitem import AiState, Priority, ProcedureStepState, ReadingState, WorkitemCode

LEASE: Final = timedelta(minutes=5)
"""How long a pre-read may go without a sign of life before another worker gets it."""

MAXIMUM_INSTANCES: Final = 200_000


@dataclass(frozen=True, slots=True)
class Missing:
    """What the hub lacks of a promised study, and what it holds with other bytes."""

    missing: tuple[str, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Completed:
    """The workitems of a complete study."""

    ups_instance_uid: str
    ai_ups_instance_uid: str | None


class CaseService:
    """Register, complete and give back cases."""

    def __init__(self, context: HubContext, index: InstanceIndex, ups: UpsService, follower: CaseFollower) -> None:
        self._context = context
        self._index = index
        self._ups = ups
        self._follower = follower
        self._double = DoubleReadings(context, follower)

    def request(self, actor: Actor, request: ReadingRequest) -> None:
        """Register a study for reading; the same request again changes nothing."""
        authorize(actor, Permission.REQUEST_READING, self._context, subject_uid=request.study_instance_uid[:64])
        if not is_uid(request.study_instance_uid):
            raise BadRequest("study_instance_uid is no UID")
        if not 0 <= request.expected_instances <= MAXIMUM_INSTANCES or len(_words(request)) > 10_000:
            raise BadRequest("expected_instances or clinical_question is out of bounds")
        now = self._context.clock.now()
        with self._context.write() as connection:
            owner = self._index.owner(connection, request.study_instance_uid)
            if owner is not None and owner and not actor.may_see_site(owner):
                raise NotFound("there is no such study")
            before = case_with_site(connection, request.study_instance_uid, for_update=True)
            if before is not None:
                if before.state == ReadingState.CANCELLED:
                    self._reopen(connection, actor, request)
                if request.repeat is not None:  # a study that is sent again may bring the reason that lacked
                    record_repeat(connection, self._context, actor, request.study_instance_uid, request.repeat)
                return
            row = {
                "study_instance_uid": request.study_instance_uid,
                "site_id": actor.site_id,
                "requested_by": actor.user_id,
                "priority": request.priority.value,
                "stat_rank": 0 if request.priority is Priority.HIGH else 1,
                "due": now + DEFAULT_DUE[request.priority],
                "arrived": now,
                "changed": now,
                "clinical_question": request.clinical_question,
                "images_expected": request.expected_instances,
                "images_received": 0,
                "state": ReadingState.RECEIVING.value,
                "critical": False,
                "ups_instance_uid": new_uid(),
                "workitem_code": WorkitemCode.INTERPRETATION.value,
                "ai_state": AiState.NOT_APPLICABLE.value,
                "revision": 1,
            }
            if not insert_once(connection, cases, row):
                return  # the same request came a moment earlier through another hub process
            self._context.audit.record(
                connection, actor, AuditAction.STUDY_REGISTERED, subject_uid=request.study_instance_uid
            )
            if request.repeat is not None:
                record_repeat(connection, self._context, actor, request.study_instance_uid, request.repeat)

    def _reopen(self, connection: Connection, actor: Actor, request: ReadingRequest) -> None:
        """Ask anew for what was withdrawn: the case waits for its images again, under a workitem of its own."""
        study, now = request.study_instance_uid, self._context.clock.now()
        self._double.forget(connection, study)
        touch(
            connection,
            self._context,
            study,
            requested_by=actor.user_id,
            priority=request.priority.value,
            stat_rank=0 if request.priority is Priority.HIGH else 1,
            due=now + DEFAULT_DUE[request.priority],
            arrived=now,
            clinical_question=request.clinical_question,
            images_expected=request.expected_instances,
            state=ReadingState.RECEIVING,
            ups_instance_uid=new_uid(),
            workitem_code=WorkitemCode.INTERPRETATION.value,
        )
        self._context.audit.record(connection, actor, AuditAction.STUDY_REGISTERED, subject_uid=study)

    def missing(self, actor: Actor, study_instance_uid: str, promised: dict[str, str]) -> Missing:
        """Compare what was promised with what is stored. Raises NotFound, NotPermitted."""
        authorize(actor, Permission.SEND_STUDY, self._context, subject_uid=study_instance_uid[:64])
        _check_promised(promised)
        with self._context.read() as connection:
            require_study(connection, actor, study_instance_uid)
            return self._compare(connection, study_instance_uid, promised)

    def complete(self, actor: Actor, study_instance_uid: str, promised: dict[str, str]) -> Completed:
        """
        Put a whole study on the worklist; the same call again answers the same.

        Raises:
            Incomplete: instances are missing; the body lists them.
            Integrity: the hub holds other bytes under a promised UID.
        """
        authorize(actor, Permission.SEND_STUDY, self._context, subject_uid=study_instance_uid[:64])
        _check_promised(promised)
        if not promised:
            raise BadRequest("a study has instances")
        pinyin_initials("\u738b")  # its dictionary loads here, while nobody waits for the write lock
        with self._context.write() as connection:
            require_study(connection, actor, study_instance_uid)
            case = case_with_site(connection, study_instance_uid, for_update=True)
            if case is None:
                raise NotFound("there is no such study")
            found = self._compare(connection, study_instance_uid, promised)
            if found.conflicts:
                raise Integrity("other bytes are stored under a promised UID", conflicts=list(found.conflicts))
            if found.missing:
                raise Incomplete("instances are missing", missing=list(found.missing))
            if case.state != ReadingState.RECEIVING:
                return Completed(case.ups_instance_uid, case.ai_ups_instance_uid or None)
            return self._put_on_worklist(connection, actor, case, expected=len(promised))

    def release(self, actor: Actor, ups_instance_uid: str, transaction_uid: str) -> str:
        """
        Give a claimed workitem back; return the UID of the one scheduled in its place.

        Raises:
            NotFound: no such case. WrongTransaction: not the lock. NoLongerUpdatable: not in progress.
        """
        seen = self._claimed_case_workitem(actor, ups_instance_uid)
        authorize(actor, PERFORM[seen.workitem_code], self._context, subject_uid=ups_instance_uid)
        with self._context.write() as connection:
            item = load(connection, ups_instance_uid, for_update=True)
            if item is None or transaction_uid != item.transaction_uid or not transaction_uid:
                raise WrongTransaction("the Transaction UID is not the lock")
            if item.state is not ProcedureStepState.IN_PROGRESS:
                raise NoLongerUpdatable(f"the workitem is {item.state}")
            return self._give_back(connection, actor, item)

    def free(self, actor: Actor, ups_instance_uid: str, reason: str) -> str:
        """
        Take a case from a machine that does not give it back; return the UID of the workitem scheduled in its place.

        Who holds it may do so from anywhere, a senior with anybody's. What the former lock brings later is refused.

        Raises:
            NotFound: no such case. NotPermitted: another's, and no senior. NoLongerUpdatable: nobody holds it.
        """
        seen = self._claimed_case_workitem(actor, ups_instance_uid)
        if seen.workitem_code == WorkitemCode.COMPUTER_AIDED_DETECTION.value:
            raise NotFound("there is no such case")
        is_own = seen.holder_id == actor.user_id
        needed = PERFORM[seen.workitem_code] if is_own else Permission.VERIFY_REPORT
        authorize(actor, needed, self._context, subject_uid=ups_instance_uid)
        if not reason.strip():
            raise BadRequest("a case is taken back with a reason")
        with self._context.write() as connection:
            item = load(connection, ups_instance_uid, for_update=True)
            if item is None or item.state is not ProcedureStepState.IN_PROGRESS:
                raise NoLongerUpdatable("nobody holds the case")
            if item.holder_id != seen.holder_id:
                raise AlreadyClaimed("another reader holds the case", holder=item.holder_name)
            return self._give_back(connection, actor, item, f"from {item.holder_id}: {reason.strip()}")

    def reclaim_lost_detections(self, actor: Actor) -> int:
        """Schedule anew what a killed worker left behind; return how many."""
        deadline = self._context.clock.now() - LEASE
        lost = select(workitems.c.ups_instance_uid).where(
            workitems.c.state == ProcedureStepState.IN_PROGRESS.value,
            workitems.c.workitem_code == WorkitemCode.COMPUTER_AIDED_DETECTION.value,
            workitems.c.modified < deadline,
        )
        with self._context.read() as connection:
            found = connection.execute(lost).scalars().all()
        given_back = 0
        for uid in found:  # a transaction for each: none holds one case while it waits for another
            with self._context.write() as connection:
                item = load(connection, uid, for_update=True)
                if item is not None and item.state is ProcedureStepState.IN_PROGRESS and item.modified < deadline:
                    self._give_back(connection, actor, item)
                    given_back += 1
        return given_back

    def _give_back(self, connection: Connection, actor: Actor, item: Workitem, why: str = "") -> str:
        place = slot_of(connection, item.ups_instance_uid)
        self._ups.cancel(connection, actor, item)
        case = case_with_site(connection, item.study_instance_uid)
        if case is None:
            raise NotFound("there is no such case")
        replacement: str = case.ups_instance_uid
        if place is not None:
            replacement = slot_in(connection, item.study_instance_uid, place.slot)
        elif item.ups_instance_uid == case.ai_ups_instance_uid:
            replacement = self._follower.schedule_detection(connection, case, actor)
        self._context.audit.record(
            connection, actor, AuditAction.WORKITEM_RELEASED, subject_uid=item.ups_instance_uid, detail=why
        )
        return replacement

    def _claimed_case_workitem(self, actor: Actor, ups_instance_uid: str) -> Workitem:
        with self._context.read() as connection:
            item = load(connection, ups_instance_uid)
            case = case_of_workitem(connection, ups_instance_uid) if item is not None else None
        if item is None or case is None or not actor.may_see_site(case.site_id) or item.workitem_code not in PERFORM:
            raise NotFound("there is no such case")
        return item

    def _compare(self, connection: Connection, study_instance_uid: str, promised: dict[str, str]) -> Missing:
        stored = self._index.digests(connection, study_instance_uid)
        return Missing(
            missing=tuple(uid for uid in promised if uid not in stored),
            conflicts=tuple(uid for uid, digest in promised.items() if stored.get(uid, digest) != digest),
        )

    def _put_on_worklist(self, connection: Connection, actor: Actor, case: Row[Any], *, expected: int) -> Completed:
        study = case.study_instance_uid
        summary = self._index.study_summary(connection, study)
        if summary is None:
            raise Incomplete("nothing of the study is stored", missing=[])
        initials = pinyin_initials(summary.patient_name)
        touch(
            connection,
            self._context,
            study,
            images_expected=max(expected, case.images_expected),
            images_received=summary.instance_count,
            patient_name=summary.patient_name[:400],
            patient_id=summary.patient_id,
            issuer_of_patient_id=summary.issuer_of_patient_id,
            sex=summary.sex,
            birth_date=summary.birth_date,
            accession_number=summary.accession_number,
            modality=summary.modality[:64],
            description=(summary.description or summary.body_part)[:400],
            studied=summary.studied,
            pinyin_initials=initials,
            search_text=search_text(
                patient_name=summary.patient_name,
                patient_id=summary.patient_id,
                accession_number=summary.accession_number,
                initials=initials,
            ),
        )
        described = case_with_site(connection, study)
        if described is None:
            raise NotFound("there is no such study")
        touch(connection, self._context, study, prior_count=studies_of_same_person(connection, described))
        reading = self._follower.schedule(
            connection,
            described,
            WorkitemCode.INTERPRETATION,
            actor,
            state=ReadingState.READY,
            ups_instance_uid=case.ups_instance_uid,
        )
        self._double.mark_by_policy(connection, study, actor)
        instances = input_instances(connection, study)
        is_film_to_read = is_film(instances, self._context.films)
        if not is_film_to_read and not is_chest_ct(instances, summary.description, summary.body_part):
            return Completed(reading, None)
        return Completed(reading, self._follower.schedule_detection(connection, described, actor))


def _check_promised(promised: dict[str, str]) -> None:
    if len(promised) > MAXIMUM_INSTANCES or not all(is_uid(uid) for uid in promised):
        raise BadRequest("instances must map SOP Instance UIDs to digests")


def _words(request: ReadingRequest) -> str:
    return request.clinical_question + (request.repeat.words if request.repeat is not None else "")
