"""Case rows: changing them so that every change is seen, and showing them as worklist rows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select, update

from worklist.hub.blind_view import PersonalColumns
from worklist.hub.context import HubContext
from worklist.hub.errors import NotFound
from worklist.hub.tables import cases, sites, workitems
from workstation.domain.access import Actor
from workstation.domain.workitem import (
    AiState,
    AiSummary,
    Priority,
    ReadingState,
    WorkitemCode,
    WorklistRow,
)

_STATES: Final = {state.value: state for state in ReadingState}
_AI_STATES: Final = {state.value: state for state in AiState}
_CODES: Final = {code.value: code for code in WorkitemCode}
_PRIORITIES: Final = {priority.value: priority for priority in Priority}
_SHOWN: Final = (
    cases.c.ups_instance_uid,
    cases.c.study_instance_uid,
    cases.c.workitem_code,
    cases.c.state,
    cases.c.priority,
    cases.c.patient_name,
    cases.c.patient_id,
    cases.c.sex,
    cases.c.birth_date,
    cases.c.accession_number,
    cases.c.modality,
    cases.c.description,
    cases.c.site_id,
    sites.c.name.label("site_name"),
    cases.c.due,
    cases.c.studied,
    cases.c.arrived,
    cases.c.images_received,
    cases.c.images_expected,
    cases.c.ai_state,
    cases.c.ai_finding_count,
    cases.c.ai_top_out_of_ten,
    cases.c.ai_progress,
    cases.c.reader_id,
    cases.c.reader_name,
    cases.c.clinical_question,
    cases.c.prior_count,
    cases.c.critical,
    cases.c.quality_grade,
    cases.c.pinyin_initials,
    cases.c.revision,
    cases.c.critical_due,
)
"""The columns of a worklist row, in the order of ``WorklistRow``."""
_AI: Final = 19
"""Where the columns of the pre-read begin."""
_HAN = re.compile(r"[\u3400-\u9fff]")


def touch(connection: Connection, context: HubContext, study_instance_uid: str, **changes: object) -> None:
    """Change a case; its revision grows and its change time moves."""
    connection.execute(
        update(cases)
        .where(cases.c.study_instance_uid == study_instance_uid)
        .values(revision=cases.c.revision + 1, changed=context.clock.now(), **changes)
    )


def case_of_workitem(connection: Connection, ups_instance_uid: str, *, for_update: bool = False) -> Row[Any] | None:
    """Return the case that a workitem belongs to, None for workitems outside any case."""
    study = connection.execute(
        select(workitems.c.study_instance_uid).where(workitems.c.ups_instance_uid == ups_instance_uid)
    ).scalar_one_or_none()
    found = cases.c.study_instance_uid == study if study else cases.c.ups_instance_uid == ups_instance_uid
    query = select(cases).where(found)
    return connection.execute(query.with_for_update() if for_update else query).first()


def visible_case(connection: Connection, actor: Actor, ups_instance_uid: str, *, for_update: bool = False) -> Row[Any]:
    """Return the case of a workitem. Raises NotFound for an unknown one or another site's."""
    row = case_of_workitem(connection, ups_instance_uid, for_update=for_update)
    if row is None or not actor.may_see_site(row.site_id):
        raise NotFound("there is no such case")
    return row


def pinyin_initials(name: str) -> str:
    """Return the initials of a Chinese name (王启明 gives ``wqm``), empty for a name without Chinese characters."""
    if not _HAN.search(name):
        return ""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - its dictionary takes 0.3 s to load

    letters = lazy_pinyin("".join(_HAN.findall(name)), style=Style.FIRST_LETTER)
    return "".join(letters).lower()[:64]


def search_text(*, patient_name: str, patient_id: str, accession_number: str, initials: str) -> str:
    """Return the lower-case text that a worklist search looks into."""
    plain = patient_name.replace("^", " ")
    return f"{patient_name}\n{plain}\n{initials}\n{patient_id}\n{accession_number}".casefold()


def rows_with_site() -> Select[Any]:
    """Return the query of cases with their site's name."""
    return select(cases, sites.c.name.label("site_name")).join(sites, sites.c.site_id == cases.c.site_id)


def shown_rows(seen: PersonalColumns) -> Select[Any]:
    """Return the query of cases with just what ``worklist_row`` takes, in its order, as one person sees them."""
    own = {column.name: column for column in (seen.ups_instance_uid, seen.state, seen.reader_id, seen.reader_name)}
    columns = (own.get(column.name, column) for column in _SHOWN)
    return select(*columns).select_from(seen.source.join(sites, sites.c.site_id == cases.c.site_id))


def worklist_row(row: Row[Any], *, queue_position: int | None = None, received: int | None = None) -> WorklistRow:
    """Return one case as clients see it; unpacked by position, since a page has thousands."""
    values: tuple[Any, ...] = tuple(row)
    ups_instance_uid, study_instance_uid, code, state, priority, *described, images, expected = values[:_AI]
    ai_state, finding_count, top_out_of_ten, progress, *rest = values[_AI:]
    fields: tuple[Any, ...] = (
        ups_instance_uid,
        study_instance_uid,
        _CODES[code],
        _STATES[state],
        _PRIORITIES[priority],
        *described,
        images if received is None else received,
        expected,
        AiSummary(_AI_STATES[ai_state], finding_count, top_out_of_ten, progress, queue_position),
        *rest,
    )
    return WorklistRow(*fields)


def local_midnight(now: datetime) -> datetime:
    """Return when today began at the hub's own place, in UTC."""
    here = now.astimezone()
    return (
        (here - timedelta(hours=here.hour, minutes=here.minute, seconds=here.second))
        .astimezone(UTC)
        .replace(microsecond=0)
    )
