"""The cases that a question about quality is about."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, true

from worklist.hub.tables import cases
from workstation.domain.quality import QualityQuery


def of_case(query: QualityQuery) -> ColumnElement[bool]:
    """Return the condition for site and modality; who the reader is depends on what is counted."""
    wanted: list[ColumnElement[bool]] = [true()]
    if query.site_id:
        wanted.append(cases.c.site_id == query.site_id)
    if query.modality:
        wanted.append(cases.c.modality == query.modality)
    return and_(*wanted)


def of_author(query: QualityQuery) -> ColumnElement[bool]:
    """Return the condition for site, modality and who wrote the report of the case."""
    return and_(of_case(query), cases.c.author_id == query.reader_id) if query.reader_id else of_case(query)
