"""
The Unified Procedure Step service: the state table of PS3.4 Table CC.1.1-2 behind access control.

The standard's lock is the Transaction UID alone; who may ask for it is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

from sqlalchemy import Connection, Select, func, select

from worklist.hub.auth import authorize
from worklist.hub.blind_view import open_to
from worklist.hub.context import HubContext
from worklist.hub.errors import NotFound
from worklist.hub.tables import cases, workitems
from worklist.hub.ups_errors import (
    ALREADY_CANCELED,
    ALREADY_COMPLETED,
    CREATED_MODIFIED,
    NOT_FUZZY,
    OPTIONAL_UNSUPPORTED,
    UpsRefused,
    already_claimed,
    inconsistent,
    invalid,
    unknown_workitem,
    wrong_transaction,
)
from worklist.hub.ups_json import Dataset, is_uid, items, merged, tag, text
from worklist.hub.ups_matching import MAXIMUM_RESULTS, UpsQuery
from worklist.hub.ups_rules import canceled, check_new, check_update, completed, require_uid
from worklist.hub.ups_store import Workitem, add, claim, from_row, load, new_uid, save
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted
from workstation.domain.workitem import ProcedureStepState, WorkitemCode

PERFORM: Final = {
    WorkitemCode.INTERPRETATION.value: Permission.CLAIM_READING,
    WorkitemCode.REPORT_VERIFICATION.value: Permission.VERIFY_REPORT,
    WorkitemCode.COMPUTER_AIDED_DETECTION.value: Permission.RUN_DETECTOR,
}
"""Which right performs which step; other steps are performed by nobody."""

_SCHEDULED: Final = ProcedureStepState.SCHEDULED
_IN_PROGRESS: Final = ProcedureStepState.IN_PROGRESS
_COMPLETED: Final = ProcedureStepState.COMPLETED
_CANCELED: Final = ProcedureStepState.CANCELED


class WorkitemObserver(Protocol):
    """Told of every change inside its transaction, so that cases follow their workitems."""

    def claimed(self, connection: Connection, item: Workitem, actor: Actor) -> None:
        """Follow SCHEDULED to IN PROGRESS."""
        ...

    def completing(self, connection: Connection, item: Workitem) -> None:
        """Refuse (UpsRefused) a completion that needs more than the standard asks."""
        ...

    def completed(self, connection: Connection, item: Workitem) -> None:
        """Follow IN PROGRESS to COMPLETED."""
        ...

    def canceled(self, connection: Connection, item: Workitem, actor: Actor, *, was_claimed: bool) -> None:
        """Follow to CANCELED."""
        ...

    def updated(self, connection: Connection, item: Workitem) -> None:
        """Follow changed attributes."""
        ...


@dataclass(frozen=True, slots=True)
class UpsAnswer:
    """A success: the workitem's UID and what the Warning header says, if anything."""

    ups_instance_uid: str
    warning: str = ""
    dimse_status: str = "0000"


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """Found datasets, what the Warning header says, and whether the hub cut the list short."""

    datasets: tuple[Dataset, ...]
    warnings: tuple[str, ...] = ()
    is_partial: bool = False


class UpsService:
    """Create, search, retrieve, update and move workitems on behalf of an actor."""

    def __init__(self, context: HubContext, observer: WorkitemObserver) -> None:
        self._context = context
        self._observer = observer

    def create(self, actor: Actor, content: Dataset, ups_instance_uid: str = "") -> UpsAnswer:
        """Create a workitem of the actor's own site. Raises UpsRefused, NotFound, NotPermitted."""
        authorize(actor, Permission.REQUEST_READING, self._context)
        in_dataset = text(content, "SOPInstanceUID")
        if ups_instance_uid and in_dataset and ups_instance_uid != in_dataset:
            raise invalid("the UID of the query and that of the dataset differ")
        uid = ups_instance_uid or in_dataset or new_uid()
        if not is_uid(uid):
            raise invalid("the UID is malformed")
        stored, is_modified = check_new(content)
        studies = _studies(stored)
        item = Workitem(
            uid, text(stored, "StudyInstanceUID"), actor.site_id, _SCHEDULED, stored, self._context.clock.now()
        )
        with self._context.write() as connection:
            if load(connection, uid) is not None:
                raise UpsRefused("0111", "there is already a workitem of this UID")
            if studies - _own_studies(connection, actor, studies):
                raise NotFound("there is no such study")
            add(connection, item)
            self._context.audit.record(connection, actor, AuditAction.WORKITEM_CREATED, subject_uid=uid)
        return UpsAnswer(uid, CREATED_MODIFIED if is_modified else "", "B300" if is_modified else "0000")

    def search(self, actor: Actor, query: UpsQuery) -> SearchAnswer:
        """Return matching workitems that the actor may see, urgent first, then by start time and UID."""
        require_scope(actor, self._context)
        limit = MAXIMUM_RESULTS if query.limit is None else min(query.limit, MAXIMUM_RESULTS)
        select_rows, is_exact = _select(actor, query)
        with self._context.read() as connection:
            if is_exact:
                total = connection.execute(
                    select(func.count()).select_from(select_rows.order_by(None).subquery())
                ).scalar_one()
                rows = connection.execute(select_rows.offset(query.offset).limit(limit))
                found = [from_row(row).published() for row in rows]
            else:
                published = (from_row(row).published() for row in connection.execute(select_rows))
                matching = [content for content in published if query.matches(content)]
                total = len(matching)
                found = matching[query.offset : query.offset + limit]
        left = max(0, total - query.offset - len(found))
        warnings = [NOT_FUZZY] if query.fuzzy else []
        if left:
            warnings.append(f"There are {left} additional results that can be requested")
        is_partial = left > 0 and (query.limit is None or query.limit > limit)
        return SearchAnswer(tuple(query.shown(content) for content in found), tuple(warnings), is_partial)

    def retrieve(self, actor: Actor, ups_instance_uid: str) -> Dataset:
        """Return one workitem without its Transaction UID. Raises UpsRefused C307."""
        with self._context.read() as connection:
            item = _visible(connection, actor, ups_instance_uid)
            wanted = select(workitems.c.state).where(workitems.c.ups_instance_uid == ups_instance_uid, open_to(actor))
            if connection.execute(wanted).first() is None:
                raise unknown_workitem()
            return item.published()

    def update(self, actor: Actor, ups_instance_uid: str, transaction_uid: str, content: Dataset) -> UpsAnswer:
        """Set attributes; all or none are set. Raises UpsRefused, NotPermitted."""
        seen = self._seen(actor, ups_instance_uid)
        if seen.state is not _SCHEDULED or not actor.may(Permission.REQUEST_READING):
            self._authorize_performer(actor, seen)
        with self._context.write() as connection:
            item = _visible(connection, actor, ups_instance_uid, for_update=True)
            if item.is_final:
                raise inconsistent("C300", f"the workitem is {item.state}")
            if item.state is _SCHEDULED and transaction_uid:
                raise inconsistent("C310", "the workitem is not in progress")
            if item.state is _IN_PROGRESS and transaction_uid != item.transaction_uid:
                raise wrong_transaction(transaction_uid)
            changes, left_out = check_update(content, item.published())
            changed = replace(item, dataset=merged(item.dataset, changes), modified=self._context.clock.now())
            save(connection, changed)
            self._observer.updated(connection, changed)
        return UpsAnswer(ups_instance_uid, OPTIONAL_UNSUPPORTED if left_out else "", "0001" if left_out else "0000")

    def change_state(self, actor: Actor, ups_instance_uid: str, transaction_uid: str, target: str) -> UpsAnswer:
        """Move a workitem as Table CC.1.1-2 allows. Raises UpsRefused, NotPermitted."""
        seen = self._seen(actor, ups_instance_uid)
        self._authorize_performer(actor, seen)
        try:
            state = ProcedureStepState(target)
        except ValueError as exc:
            raise invalid("ProcedureStepState has no such value") from exc
        if state is _IN_PROGRESS and seen.state is not _SCHEDULED:
            raise _lost(seen, transaction_uid)  # nothing becomes SCHEDULED again: no need to wait for the writers
        with self._context.write() as connection:
            item = _visible(connection, actor, ups_instance_uid, for_update=True)
            if state is _SCHEDULED:
                raise inconsistent("C303", "a workitem never becomes SCHEDULED")
            if state is _IN_PROGRESS:
                self._claim(connection, actor, item, transaction_uid)
                return UpsAnswer(ups_instance_uid)
            return self._finish(connection, actor, item, transaction_uid, state)

    def request_cancel(self, actor: Actor, ups_instance_uid: str, content: Dataset) -> UpsAnswer:
        """Cancel what nobody performs yet; a performer cannot be contacted by this hub (C312)."""
        seen = self._seen(actor, ups_instance_uid)
        if not actor.may(Permission.REQUEST_READING):
            self._authorize_performer(actor, seen)
        reasons = items(content, "ProcedureStepDiscontinuationReasonCodeSequence")
        with self._context.write() as connection:
            item = _visible(connection, actor, ups_instance_uid, for_update=True)
            if item.state is _CANCELED:
                return UpsAnswer(ups_instance_uid, ALREADY_CANCELED, "B304")
            if item.state is _COMPLETED:
                raise inconsistent("C311", "the workitem is already COMPLETED")
            if item.state is _IN_PROGRESS:
                raise inconsistent("C312", "the performer cannot be contacted")
            # CC.1.1: SCHEDULED passes through IN PROGRESS; both steps are in this transaction
            started = claim(connection, item, new_uid(), actor, self._context.clock.now())
            if started is None:
                raise already_claimed("C312", item.holder_name)
            self.cancel(connection, actor, started, reason=reasons[0] if reasons else None, was_claimed=False)
        return UpsAnswer(ups_instance_uid)

    def cancel(
        self,
        connection: Connection,
        actor: Actor,
        item: Workitem,
        *,
        reason: Dataset | None = None,
        was_claimed: bool = True,
    ) -> None:
        """Move an IN PROGRESS workitem to CANCELED within the caller's transaction."""
        now = self._context.clock.now()
        finished = replace(item, state=_CANCELED, dataset=canceled(item.dataset, now, reason), modified=now)
        save(connection, finished)
        self._observer.canceled(connection, finished, actor, was_claimed=was_claimed)
        self._context.audit.record(connection, actor, AuditAction.WORKITEM_CANCELED, subject_uid=item.ups_instance_uid)

    def complete(self, connection: Connection, actor: Actor, item: Workitem) -> None:
        """Move an IN PROGRESS workitem to COMPLETED within the caller's transaction. Raises UpsRefused C304."""
        finished = replace(
            item, state=_COMPLETED, dataset=completed(item.dataset, actor), modified=self._context.clock.now()
        )
        save(connection, finished)
        self._observer.completed(connection, finished)
        self._context.audit.record(connection, actor, AuditAction.WORKITEM_COMPLETED, subject_uid=item.ups_instance_uid)

    def _claim(self, connection: Connection, actor: Actor, item: Workitem, transaction_uid: str) -> None:
        if item.state is not _SCHEDULED:
            raise _lost(item, transaction_uid)
        if not require_uid(transaction_uid):
            raise wrong_transaction(transaction_uid)
        won = claim(connection, item, transaction_uid, actor, self._context.clock.now())
        if won is None:
            holder = load(connection, item.ups_instance_uid)
            raise already_claimed("C301", holder.holder_name if holder else "")
        self._observer.claimed(connection, won, actor)
        self._context.audit.record(connection, actor, AuditAction.WORKITEM_CLAIMED, subject_uid=item.ups_instance_uid)

    def _finish(
        self, connection: Connection, actor: Actor, item: Workitem, transaction_uid: str, state: ProcedureStepState
    ) -> UpsAnswer:
        if item.state is _SCHEDULED:
            if not require_uid(transaction_uid):
                raise wrong_transaction(transaction_uid)
            raise inconsistent("C310", "the workitem is not in progress")
        if not transaction_uid or transaction_uid != item.transaction_uid:
            raise wrong_transaction(transaction_uid)
        if item.state is state:
            done = state is _COMPLETED
            return UpsAnswer(
                item.ups_instance_uid, ALREADY_COMPLETED if done else ALREADY_CANCELED, "B306" if done else "B304"
            )
        if item.is_final:
            raise inconsistent("C300", f"the workitem is {item.state}")
        if state is _COMPLETED:
            self._observer.completing(connection, item)
            self.complete(connection, actor, item)
        else:
            self.cancel(connection, actor, item)
        return UpsAnswer(item.ups_instance_uid)

    def _seen(self, actor: Actor, ups_instance_uid: str) -> Workitem:
        with self._context.read() as connection:
            return _visible(connection, actor, ups_instance_uid)

    def _authorize_performer(self, actor: Actor, item: Workitem) -> None:
        permission = PERFORM.get(item.workitem_code)
        if permission is not None:
            authorize(actor, permission, self._context, subject_uid=item.ups_instance_uid)
            return
        self._context.audit.record(
            None, actor, AuditAction.NOT_PERMITTED, subject_uid=item.ups_instance_uid, outcome=4, detail="no such step"
        )
        raise NotPermitted("nobody performs workitems of this code", detail=f"workitem code {item.workitem_code!r}")


def _lost(item: Workitem, transaction_uid: str) -> UpsRefused:
    """Return why a workitem that is not SCHEDULED cannot be claimed."""
    if item.is_final and transaction_uid and transaction_uid == item.transaction_uid:
        return inconsistent("C300", f"the workitem is {item.state}")
    if item.is_final or not transaction_uid:
        return wrong_transaction(transaction_uid)
    return already_claimed("C302" if transaction_uid == item.transaction_uid else "C301", item.holder_name)


def require_scope(actor: Actor, context: HubContext) -> None:
    """Refuse roles that see no studies at all. Raises NotPermitted."""
    if not actor.may(Permission.SEE_ALLIANCE):
        authorize(actor, Permission.SEE_OWN_SITE, context)


def _visible(connection: Connection, actor: Actor, ups_instance_uid: str, *, for_update: bool = False) -> Workitem:
    item = load(connection, ups_instance_uid, for_update=for_update)
    if item is None or not actor.may_see_site(item.site_id):
        raise unknown_workitem()
    if item.holder_id in {"", actor.user_id}:
        return item
    seen = select(workitems.c.state).where(workitems.c.ups_instance_uid == ups_instance_uid, open_to(actor))
    return item if connection.execute(seen).first() is not None else replace(item, holder_name="")


def _studies(content: Dataset) -> set[str]:
    named = [text(content, "StudyInstanceUID")]
    named += [text(item, "StudyInstanceUID") for item in items(content, "ReferencedRequestSequence")]
    named += [text(item, "StudyInstanceUID") for item in items(content, "InputInformationSequence")]
    return {uid for uid in named if uid}


def _own_studies(connection: Connection, actor: Actor, studies: set[str]) -> set[str]:
    rows = connection.execute(
        select(cases.c.study_instance_uid, cases.c.site_id).where(cases.c.study_instance_uid.in_(sorted(studies)))
    )
    return {row.study_instance_uid for row in rows if actor.may_see_site(row.site_id)}


def _select(actor: Actor, query: UpsQuery) -> tuple[Select[tuple[object, ...]], bool]:
    """Return the rows to look at, narrowed by what columns know, and whether that is already the exact answer."""
    columns = {
        (tag("ProcedureStepState"),): workitems.c.state,
        (tag("ScheduledWorkitemCodeSequence"), tag("CodeValue")): workitems.c.workitem_code,
        (tag("ScheduledProcedureStepPriority"),): workitems.c.priority,
        (tag("InputReadinessState"),): workitems.c.readiness,
        (tag("SOPInstanceUID"),): workitems.c.ups_instance_uid,
        (tag("StudyInstanceUID"),): workitems.c.study_instance_uid,
        (tag("PatientID"),): workitems.c.patient_id,
    }
    rows: Select[tuple[object, ...]] = select(workitems).order_by(
        workitems.c.priority_rank, workitems.c.start, workitems.c.ups_instance_uid
    )
    rows = rows.where(open_to(actor))
    if not actor.may(Permission.SEE_ALLIANCE):
        rows = rows.where(workitems.c.site_id == actor.site_id)
    is_exact = True
    for key in query.keys:
        wanted = query.exact(*key.path)
        if wanted is not None and key.path in columns:
            rows = rows.where(columns[key.path] == wanted)
        elif key.value:
            is_exact = False
    return rows, is_exact
