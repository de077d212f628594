"""Why an exam was repeated though a recognised result exists: kept with its request."""

from __future__ import annotations

from sqlalchemy import Connection

from worklist.hub.context import HubContext
from worklist.hub.database import insert_once
from worklist.hub.quality_tables import exam_repeats
from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction
from workstation.domain.mutual_recognition import RepeatReason


def record_repeat(
    connection: Connection, context: HubContext, actor: Actor, study_instance_uid: str, reason: RepeatReason
) -> None:
    """Keep the reason, within the transaction of the request; what was said first stands."""
    row = {
        "study_instance_uid": study_instance_uid,
        "exception": reason.exception.value,
        "words": reason.words.strip(),
        "recorded_by": actor.user_id,
        "recorded_name": actor.display_name[:200],
        "recorded_at": context.clock.now(),
    }
    if insert_once(connection, exam_repeats, row):
        context.audit.record(
            connection,
            actor,
            AuditAction.EXAM_REPEATED,
            subject_uid=study_instance_uid,
            detail=reason.exception.value,
        )
