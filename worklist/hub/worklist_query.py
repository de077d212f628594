"""The worklist: one page of cases with the counts of every tab, urgent ones first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, false, func, select, true

from worklist.hub.blind_view import PersonalColumns, personal
from worklist.hub.case_rows import local_midnight, shown_rows, visible_case, worklist_row
from worklist.hub.context import HubContext
from worklist.hub.errors import BadRequest
from worklist.hub.instance_tables import dicom_instances
from worklist.hub.instances import PET
from worklist.hub.pet_beneath import beneath, of_modality
from worklist.hub.tables import cases
from worklist.hub.ups import require_scope
from workstation.domain.access import Actor, Permission, Role
from workstation.domain.workitem import (
    AiState,
    ReadingState,
    WorklistPage,
    WorklistQuery,
    WorklistRow,
    WorklistTab,
)

MAXIMUM_PAGE: Final = 10_000

_TO_READ: Final = (ReadingState.READY, ReadingState.AI_RUNNING, ReadingState.AI_FAILED, ReadingState.PRECHECK)
_SIGNED: Final = (ReadingState.FINAL, ReadingState.ACKNOWLEDGED)
_MINE: Final = (ReadingState.READING, ReadingState.RETURNED, ReadingState.PRELIMINARY)


class WorklistService:
    """Answer worklist queries within what the actor may see."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def query(self, actor: Actor, query: WorklistQuery) -> WorklistPage:
        """Return one page: STAT first, then the least time left; signed cases newest first. Raises NotPermitted."""
        require_scope(actor, self._context)
        if query.offset < 0 or not 0 <= query.limit <= MAXIMUM_PAGE or len(query.text) > 200:
            raise BadRequest("offset, limit or text is out of bounds")
        filters, seen = self._filters(actor, query), personal(actor)
        # one pass that looks at each tab once for each combination, not once for each case
        marks = (seen.state, cases.c.critical, _is_own(actor, seen))
        counted = select(*marks, func.count()).select_from(seen.source).where(filters).group_by(*marks)
        ordered = (
            (cases.c.changed.desc(), cases.c.study_instance_uid)
            if query.tab is WorklistTab.SIGNED
            else (cases.c.stat_rank, cases.c.due, cases.c.study_instance_uid)
        )
        page = (
            shown_rows(seen)
            .where(filters, _tab(query.tab, actor, seen))
            .order_by(*ordered)
            .offset(query.offset)
            .limit(query.limit)
        )
        with self._context.read() as connection:
            groups = connection.execute(counted).all()
            rows = connection.execute(page).all()
            shown = _shown(connection, rows)
        counts = dict.fromkeys(WorklistTab, 0)
        for state, critical, own, number in groups:
            for tab in tabs_of(ReadingState(state), actor, is_critical=bool(critical), is_own=bool(own)):
                counts[tab] += number
        return WorklistPage(rows=shown, total=counts[query.tab], counts=counts)

    def row(self, actor: Actor, ups_instance_uid: str) -> WorklistRow:
        """Return one case by any of its workitems. Raises NotFound."""
        with self._context.read() as connection:
            found = visible_case(connection, actor, ups_instance_uid)
            wanted = shown_rows(personal(actor)).where(cases.c.study_instance_uid == found.study_instance_uid)
            rows = connection.execute(wanted).all()
            return _shown(connection, rows)[0]

    def _filters(self, actor: Actor, query: WorklistQuery) -> ColumnElement[bool]:
        wanted: list[ColumnElement[bool]] = [true()]
        if not actor.may(Permission.SEE_ALLIANCE):
            wanted.append(cases.c.site_id == actor.site_id if actor.site_id else false())
        if query.site_id:
            wanted.append(cases.c.site_id == query.site_id)
        if query.modality:
            wanted.append(of_modality(query.modality))
        if query.with_ai_findings:
            wanted.append(cases.c.ai_finding_count > 0)
        if query.today_only:
            wanted.append(cases.c.arrived >= local_midnight(self._context.clock.now()))
        wanted += [cases.c.search_text.contains(word, autoescape=True) for word in query.text.casefold().split()]
        return and_(*wanted)


def _tab(tab: WorklistTab, actor: Actor, seen: PersonalColumns) -> ColumnElement[bool]:
    own = _is_own(actor, seen)
    is_mine = own if actor.role is Role.TECHNICIAN else and_(_in(seen, _MINE), own)
    return {
        WorklistTab.TO_READ: _in(seen, _TO_READ),
        WorklistTab.MINE: is_mine,
        WorklistTab.TO_REVIEW: _in(seen, (ReadingState.PRELIMINARY,)),
        WorklistTab.RETURNED: _in(seen, (ReadingState.RETURNED,)),
        WorklistTab.SIGNED: _in(seen, _SIGNED),
        WorklistTab.CRITICAL: cases.c.critical == true(),
        WorklistTab.ALL: true(),
    }[tab]


def _is_own(actor: Actor, seen: PersonalColumns) -> ColumnElement[bool]:
    return (cases.c.requested_by if actor.role is Role.TECHNICIAN else seen.reader_id) == actor.user_id


def tabs_of(state: ReadingState, actor: Actor, *, is_critical: bool, is_own: bool) -> Iterator[WorklistTab]:
    """Yield the tabs that show a case; the same conditions as ``_tab``."""
    yield WorklistTab.ALL
    if state in _TO_READ:
        yield WorklistTab.TO_READ
    if is_own and (actor.role is Role.TECHNICIAN or state in _MINE):
        yield WorklistTab.MINE
    if state is ReadingState.PRELIMINARY:
        yield WorklistTab.TO_REVIEW
    if state is ReadingState.RETURNED:
        yield WorklistTab.RETURNED
    if state in _SIGNED:
        yield WorklistTab.SIGNED
    if is_critical:
        yield WorklistTab.CRITICAL


def _in(seen: PersonalColumns, states: Sequence[ReadingState]) -> ColumnElement[bool]:
    return seen.state.in_([state.value for state in states])


def _shown(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[WorklistRow, ...]:
    positions: dict[str, int] = {}
    queued = {row.study_instance_uid for row in rows if row.ai_state == AiState.QUEUED}
    if queued:
        queue = select(cases.c.study_instance_uid).where(cases.c.ai_state == AiState.QUEUED.value)
        queue = queue.order_by(cases.c.stat_rank, cases.c.due, cases.c.study_instance_uid)
        positions = {row[0]: place for place, row in enumerate(connection.execute(queue), start=1) if row[0] in queued}
    receiving = [row.study_instance_uid for row in rows if row.state == ReadingState.RECEIVING]
    received: dict[str, int] = {}
    if receiving:
        arrived = (
            select(dicom_instances.c.study_instance_uid, func.count())
            .where(dicom_instances.c.study_instance_uid.in_(receiving))
            .group_by(dicom_instances.c.study_instance_uid)
        )
        received = {row[0]: row[1] for row in connection.execute(arrived)}
    with_pets = _beneath_pets(connection, [row.study_instance_uid for row in rows if row.modality == PET])
    shown = (
        worklist_row(
            row,
            queue_position=positions.get(row.study_instance_uid),
            received=received.get(row.study_instance_uid),
        )
        for row in rows
    )
    return tuple(replace(one, beneath=with_pets.get(one.study_instance_uid, "")) if with_pets else one for one in shown)


def _beneath_pets(connection: Connection, studies: Sequence[str]) -> dict[str, str]:
    """Return by study what was scanned with a PET."""
    if not studies:
        return {}
    query = select(cases.c.study_instance_uid, beneath()).where(cases.c.study_instance_uid.in_(studies))
    return {row.study_instance_uid: row.beneath for row in connection.execute(query)}
