"""Reading the audit trail, and recording what only the workstation can see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from worklist.hub.auth import authorize
from worklist.hub.case_rows import case_of_workitem
from worklist.hub.cases import may_see_study
from worklist.hub.context import HubContext
from worklist.hub.errors import BadRequest, NotFound
from worklist.hub.instance_tables import dicom_instances
from worklist.hub.tables import workitems
from worklist.hub.ups import require_scope
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction, AuditEvent, first_broken

CLIENT_ACTIONS: Final = frozenset(
    {
        AuditAction.STUDY_VIEWED,
        AuditAction.PRIOR_CONFIRMED,
        AuditAction.FINDING_DECIDED,
        AuditAction.AI_REVEALED,
        AuditAction.REPORT_SIGNED,
        AuditAction.REPORT_TEXT_CARRIED,
        AuditAction.REPORT_SAVED,
        AuditAction.REPORT_PRINTED,
        AuditAction.PICTURES_SAVED,
        AuditAction.SIGNATURE_FAILED,
        AuditAction.INSTANCE_QUARANTINED,
        AuditAction.MODEL_CHANGED,
        AuditAction.TEMPLATE_CHANGED,
        AuditAction.NORM_OVERRIDDEN,
        AuditAction.CRITICAL_OVERRIDDEN,
        AuditAction.DELIVERY_DROPPED,
    }
)
"""What happens at the workstation only; everything else the hub records itself."""

_LONGEST_DETAIL: Final = 2000


@dataclass(frozen=True, slots=True)
class ClientAct:
    """An act that a workstation reports."""

    action: AuditAction
    subject_uid: str = ""
    outcome: int = 0
    detail: str = ""


class AuditService:
    """Append for clients, read for those who may."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def record(self, actor: Actor, act: ClientAct) -> None:
        """Append an act of the client. Raises BadRequest for acts the hub sees itself, NotFound."""
        if act.action is AuditAction.MODEL_CHANGED:
            authorize(actor, Permission.MANAGE_MODELS, self._context)
        elif act.action is AuditAction.TEMPLATE_CHANGED:
            authorize(actor, Permission.SET_REPORT_POLICY, self._context)
        else:
            require_scope(actor, self._context)
        if act.action not in CLIENT_ACTIONS:
            raise BadRequest("the hub records this act itself")
        if act.outcome not in {0, 4, 8, 12} or len(act.detail) > _LONGEST_DETAIL or "\x00" in act.detail:
            raise BadRequest("outcome or detail is out of bounds")
        with self._context.write() as connection:
            if act.subject_uid and not _may_name(connection, actor, act.subject_uid):
                raise NotFound("there is no such subject")
            self._context.audit.record(
                connection, actor, act.action, subject_uid=act.subject_uid, outcome=act.outcome, detail=act.detail
            )

    def events(self, actor: Actor, study_instance_uid: str = "") -> list[AuditEvent]:
        """Return the chain, or what concerns one study, its workitems and its instances. Raises NotPermitted."""
        authorize(actor, Permission.READ_AUDIT, self._context, subject_uid=study_instance_uid[:64])
        with self._context.read() as connection:
            if not study_instance_uid:
                return list(self._context.audit.events(connection))
            subjects = {study_instance_uid}
            for table in (workitems.c.ups_instance_uid, dicom_instances.c.sop_instance_uid):
                of_study = table.table.c.study_instance_uid == study_instance_uid
                subjects |= set(connection.execute(select(table).where(of_study)).scalars())
            return list(self._context.audit.events(connection, subject_uids=frozenset(subjects)))

    def first_broken(self, actor: Actor) -> int | None:
        """Return where the chain breaks, None when it is whole. Raises NotPermitted."""
        authorize(actor, Permission.READ_AUDIT, self._context)
        with self._context.read() as connection:
            return first_broken(self._context.audit.events(connection))


def _may_name(connection: Connection, actor: Actor, subject_uid: str) -> bool:
    if may_see_study(connection, actor, subject_uid):
        return True
    case = case_of_workitem(connection, subject_uid)
    if case is not None:
        return actor.may_see_site(case.site_id)
    study = connection.execute(
        select(dicom_instances.c.study_instance_uid).where(dicom_instances.c.sop_instance_uid == subject_uid)
    ).scalar_one_or_none()
    return study is not None and may_see_study(connection, actor, study)
