"""What the hub's documents say of scanners that mislabel their text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from worklist.hub.document_tables import documents
from workstation.dicom.scanner_charsets import parse_scanner_charsets, read_as
from workstation.domain.errors import TemplateViolation
from workstation.domain.scanner_charset import CharsetRule
from workstation.domain.shared_document import CHARSETS_NAME, EVERY_SITE, DocumentKind


def charset_rules(connection: Connection, site_id: str) -> tuple[CharsetRule, ...]:
    """Return the rules for images of a site: its own before those of the alliance."""
    mine = (
        documents.c.kind == DocumentKind.SCANNER_CHARSETS.value,
        documents.c.site_id.in_({EVERY_SITE, site_id}),
    )
    last = (
        select(documents.c.site_id, func.max(documents.c.revision).label("last"))
        .where(*mine)
        .group_by(documents.c.site_id)
        .subquery()
    )
    query = (
        select(documents.c.site_id, documents.c.revision, documents.c.content)
        .join(last, (documents.c.site_id == last.c.site_id) & (documents.c.revision == last.c.last))
        .where(*mine, documents.c.withdrawn == 0)
        .order_by(documents.c.site_id.desc())  # the alliance's has none and comes last
    )
    found: list[CharsetRule] = []
    for row in connection.execute(query):
        try:
            found += parse_scanner_charsets(row.content, CHARSETS_NAME, f"{row.site_id or '*'} r{row.revision}")
        except TemplateViolation:  # of a newer hub on the same database
            continue
    return tuple(found)


def told_settings(attributes: Iterable[Mapping[str, Any]]) -> str:
    """Return for the audit trail by which settings the text of instances was read, empty for none."""
    said = sorted({words for one in attributes if (words := read_as(one))})
    return f"; text read as {', '.join(said)} by the site's setting" if said else ""
