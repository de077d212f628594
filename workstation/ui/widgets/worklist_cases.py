"""
Cases made ready for the list: sorted by urgency, with their search text; no Qt in here.

``made_ready`` takes tens of milliseconds for 10 000 cases and runs in the job that asks the hub;
what the main thread does with the result (filter, sort, merge) then takes a few.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from workstation.domain.workitem import WorklistQuery, WorklistRow


def by_urgency(rows: Iterable[WorklistRow]) -> list[WorklistRow]:
    """Return the cases with the least time left first; the UPS Instance UID settles ties."""
    return sorted(rows, key=lambda row: (row.due, row.ups_instance_uid))


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases by urgency; ``texts`` holds for each the folded text in which a search looks."""

    rows: tuple[WorklistRow, ...] = ()
    texts: tuple[str, ...] = ()

    def passing(self, query: WorklistQuery, today: datetime) -> tuple[WorklistRow, ...]:
        """Return the cases that pass the filters, by urgency; ``today`` is any local time of the day meant."""
        rows: Iterable[WorklistRow] = self.rows
        if query.text:
            needle = query.text.casefold()
            rows = [row for row, text in zip(self.rows, self.texts, strict=True) if needle in text]
        if query.modality:
            rows = [row for row in rows if query.modality in (row.modality, row.beneath)]
        if query.site_id:
            rows = [row for row in rows if row.site_id == query.site_id]
        if query.with_ai_findings:
            rows = [row for row in rows if row.ai.finding_count]
        if query.today_only:
            start = datetime(today.year, today.month, today.day, tzinfo=today.tzinfo)
            end = start + timedelta(days=1)
            rows = [row for row in rows if start <= row.arrived < end]
        return tuple(rows)


def made_ready(rows: Iterable[WorklistRow], before: Cases) -> Cases:
    """
    Return the cases of an answer, made ready.

    A case that is equal to one of ``before`` is that very object, so that the table finds what
    changed by identity.
    """
    known = {row.ups_instance_uid: row for row in before.rows}
    same = []
    for row in rows:
        old = known.get(row.ups_instance_uid)
        same.append(old if old is not None and old == row else row)
    ready = by_urgency(same)
    return Cases(tuple(ready), tuple(_search_text(row) for row in ready))


def _search_text(row: WorklistRow) -> str:
    # the line break keeps a search from matching across two values
    return f"{row.patient_name}\n{row.pinyin_initials}\n{row.patient_id}\n{row.accession_number}".casefold()
