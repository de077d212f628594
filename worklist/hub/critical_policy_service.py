"""The policy of critical values in force: the shipped one until an administrator brings another."""

from __future__ import annotations

from sqlalchemy import insert, select

from worklist.hub.auth import authorize
from worklist.hub.context import HubContext
from worklist.hub.critical_tables import critical_policies
from worklist.hub.errors import BadRequest
from worklist.hub.ups import require_scope
from workstation.dicom.critical_policy import default_policy, parse_policy
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.critical_policy import CriticalPolicy
from workstation.domain.errors import CriticalPolicyInvalid

_LONGEST = 1_000_000


class CriticalPolicyService:
    """Read and replace the policy; every one that was in force is kept."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def read(self, actor: Actor) -> CriticalPolicy:
        """Return the policy in force. Raises NotPermitted."""
        if not actor.may(Permission.MANAGE_CRITICAL_POLICY):
            require_scope(actor, self._context)
        return self.in_force()

    def in_force(self) -> CriticalPolicy:
        """Return the policy in force."""
        newest = select(critical_policies.c.document).order_by(critical_policies.c.number.desc()).limit(1)
        with self._context.read() as connection:
            document = connection.execute(newest).scalar_one_or_none()
        return default_policy() if document is None else parse_policy(document, "policy")

    def replace(self, actor: Actor, content: str) -> CriticalPolicy:
        """
        Put another policy in force, audited.

        Raises:
            BadRequest: it does not hold, or its identifier and version were in force before with other words.
        """
        authorize(actor, Permission.MANAGE_CRITICAL_POLICY, self._context)
        if len(content) > _LONGEST:
            raise BadRequest("the policy is too long")
        try:
            policy = parse_policy(content, "policy")
        except CriticalPolicyInvalid as exc:
            raise BadRequest(exc.detail) from exc
        with self._context.write() as connection:
            rows = connection.execute(select(critical_policies).order_by(critical_policies.c.number)).all()
            if rows and rows[-1].document == content:
                return policy
            if any((row.policy_id, row.version) == (policy.policy_id, policy.version) for row in rows):
                raise BadRequest("this version of the policy was in force before; give it another version")
            connection.execute(
                insert(critical_policies).values(
                    number=len(rows) + 1,
                    policy_id=policy.policy_id,
                    version=policy.version,
                    imported_at=self._context.clock.now(),
                    imported_by=actor.user_id,
                    document=content,
                )
            )
            self._context.audit.record(
                connection, actor, AuditAction.CRITICAL_POLICY_CHANGED, detail=f"policy {policy.name}"
            )
        return policy
