"""The alliance's rules for reports, kept on the hub."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, delete, insert, select

from worklist.hub.auth import authorize
from worklist.hub.context import HubContext
from worklist.hub.workflow_tables import alliance_rules
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.errors import StorageError
from workstation.domain.report_version import ReportPolicy

_NAME: Final = "report_policy"
_POLICY: Final = TypeAdapter(ReportPolicy)


def read_policy(connection: Connection) -> ReportPolicy:
    """Return the rules in force. Raises StorageError: rules that nobody can read are no reason to do without."""
    value = connection.execute(
        select(alliance_rules.c.value).where(alliance_rules.c.name == _NAME)
    ).scalar_one_or_none()
    if value is None:
        return ReportPolicy()
    try:
        return _POLICY.validate_json(value)
    except ValidationError as exc:
        raise StorageError("the alliance's rules cannot be read", detail="alliance_rules report_policy") from exc


class PolicyService:
    """Tell and change the rules."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def policy(self) -> ReportPolicy:
        """Return the rules in force."""
        with self._context.read() as connection:
            return read_policy(connection)

    def change(self, actor: Actor, policy: ReportPolicy) -> ReportPolicy:
        """Put other rules into force. Raises NotPermitted."""
        authorize(actor, Permission.SET_REPORT_POLICY, self._context)
        value = _POLICY.dump_json(policy).decode()
        with self._context.write() as connection:
            connection.execute(delete(alliance_rules).where(alliance_rules.c.name == _NAME))
            connection.execute(
                insert(alliance_rules).values(
                    name=_NAME, value=value, changed_at=self._context.clock.now(), changed_by=actor.user_id
                )
            )
            self._context.audit.record(connection, actor, AuditAction.POLICY_CHANGED, detail=value)
        return policy
