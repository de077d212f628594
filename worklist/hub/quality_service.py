"""The quality manager's figures, counted from what the hub keeps; deny by default, without names of patients."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, select

from worklist.hub.auth import authorize
from worklist.hub.context import HubContext
from worklist.hub.database import insert_once
from worklist.hub.errors import BadRequest
from worklist.hub.quality_counts import critical_share, double_figures, grade_figures, repeat_counts
from worklist.hub.quality_rads import rads_rates
from worklist.hub.quality_reports import norm_figures, return_figures, turnaround_figures
from worklist.hub.tables import accounts, cases, sites
from worklist.hub.workflow_tables import alliance_rules
from workstation.domain.access import Actor, Permission, Role
from workstation.domain.audit import AuditAction
from workstation.domain.quality import Choice, QualityFigures, QualityQuery

LONGEST: Final = timedelta(days=732)
"""Two years: the longest period that is counted in one request."""
_KEY: Final = "pseudonym_key"


class QualityService:
    """Answers the manager; each question is in the audit trail."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def figures(self, actor: Actor, query: QualityQuery) -> QualityFigures:
        """Return the figures of a period. Raises NotPermitted, BadRequest."""
        self._record(actor, query, AuditAction.QUALITY_SEEN)
        with self._context.read() as connection:
            key = connection.execute(select(alliance_rules.c.value).where(alliance_rules.c.name == _KEY)).scalar_one()
            returned, codes = return_figures(connection, query)
            return QualityFigures(
                query=query,
                norm=norm_figures(connection, query),
                double=double_figures(connection, query, lambda study: _pseudonym(key, study)),
                critical=critical_share(connection, query),
                turnaround=turnaround_figures(connection, query),
                returned=returned,
                return_codes=codes,
                grades=grade_figures(connection, query),
                repeats=repeat_counts(connection, query),
                rads=rads_rates(connection, query),
                sites=_sites(connection),
                readers=_readers(connection),
                modalities=_modalities(connection),
            )

    def exported(self, actor: Actor, query: QualityQuery) -> None:
        """Record that the figures were saved to a file. Raises NotPermitted."""
        self._record(actor, query, AuditAction.QUALITY_EXPORTED)

    def _record(self, actor: Actor, query: QualityQuery, action: AuditAction) -> None:
        authorize(actor, Permission.SEE_STATISTICS, self._context)
        if query.until - query.since > LONGEST:
            raise BadRequest("the period is longer than two years")
        filters = f"site {query.site_id or '*'} reader {query.reader_id or '*'} modality {query.modality or '*'}"
        with self._context.write() as connection:
            row = {
                "name": _KEY,
                "value": secrets.token_hex(32),
                "changed_at": self._context.clock.now(),
                "changed_by": "",
            }
            insert_once(connection, alliance_rules, row)
            self._context.audit.record(
                connection, actor, action, detail=f"{query.since:%Y-%m-%d}..{query.until:%Y-%m-%d} {filters}"
            )


def _pseudonym(key: str, study_instance_uid: str) -> str:
    """Return what a case is called here: nobody without the hub's key finds the study behind it."""
    digest = hmac.new(bytes.fromhex(key), study_instance_uid.encode(), hashlib.sha256).hexdigest()
    return f"Q-{digest[:8].upper()}"


def _sites(connection: Connection) -> tuple[Choice, ...]:
    query = select(sites.c.site_id, sites.c.name).order_by(sites.c.name)
    return tuple(Choice(*row) for row in connection.execute(query))


def _readers(connection: Connection) -> tuple[Choice, ...]:
    query = (
        select(accounts.c.user_id, accounts.c.display_name)
        .where(accounts.c.role.in_([Role.READER.value, Role.SENIOR.value]))
        .order_by(accounts.c.display_name)
    )
    return tuple(Choice(*row) for row in connection.execute(query))


def _modalities(connection: Connection) -> tuple[Choice, ...]:
    query = select(cases.c.modality).where(cases.c.modality != "").distinct().order_by(cases.c.modality)
    return tuple(Choice(row.modality, row.modality) for row in connection.execute(query))
