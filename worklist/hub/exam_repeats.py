"""
Why an exam was repeated though a recognised result exists: with its request, or asked afterwards.

A row without an exception is a question that somebody of the site has to answer; it stays until then.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, StringConstraints
from sqlalchemy import Connection, select, update

from worklist.hub.auth import authorize, signed_in
from worklist.hub.cases import require_study
from worklist.hub.context import HubContext
from worklist.hub.database import insert_once
from worklist.hub.errors import BadRequest, NotFound
from worklist.hub.quality_tables import exam_repeats
from worklist.hub.tables import cases
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.mutual_recognition import OpenRepeat, RepeatException, RepeatReason

UNANSWERED: Final = ""
MOST_OPEN: Final = 100
LONGEST: Final = 2000
"""Signs of a reason or a question"""


def record_repeat(
    connection: Connection, context: HubContext, actor: Actor, study_instance_uid: str, reason: RepeatReason
) -> None:
    """Keep the reason, within the transaction of the request; what was said first stands."""
    if len(reason.words) > LONGEST:
        raise BadRequest("the reason is too long")
    row = _row(context, actor, study_instance_uid, reason.exception.value, reason.words.strip())
    if not insert_once(connection, exam_repeats, row):
        of_study = exam_repeats.c.study_instance_uid == study_instance_uid
        still_open = update(exam_repeats).where(of_study, exam_repeats.c.exception == UNANSWERED).values(row)
        if not connection.execute(still_open).rowcount:
            return
    context.audit.record(
        connection, actor, AuditAction.EXAM_REPEATED, subject_uid=study_instance_uid, detail=reason.exception.value
    )


class RepeatService:
    """Keeps the question why an exam was repeated, and takes its answer."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def open(self, actor: Actor) -> list[OpenRepeat]:
        """Return what the actor's site has not answered, the newest first. Raises NotPermitted."""
        authorize(actor, Permission.REQUEST_READING, self._context)
        query = (
            select(exam_repeats.c.words, cases.c.study_instance_uid, cases.c.patient_name, cases.c.description)
            .join(cases, cases.c.study_instance_uid == exam_repeats.c.study_instance_uid)
            .where(exam_repeats.c.exception == UNANSWERED, cases.c.site_id == actor.site_id)
            .order_by(exam_repeats.c.recorded_at.desc(), cases.c.study_instance_uid)
            .limit(MOST_OPEN)
        )
        with self._context.read() as connection:
            return [
                OpenRepeat(row.study_instance_uid, row.patient_name, row.description, row.words)
                for row in connection.execute(query)
            ]

    def ask(self, actor: Actor, study_instance_uid: str, exists: str) -> None:
        """Open the question; where it is open or answered already nothing changes. Raises NotPermitted, NotFound."""
        self._authorize(actor, study_instance_uid)
        with self._context.write() as connection:
            _require_case(connection, actor, study_instance_uid)
            row = _row(self._context, actor, study_instance_uid, UNANSWERED, exists.strip())
            insert_once(connection, exam_repeats, row)

    def answer(self, actor: Actor, study_instance_uid: str, reason: RepeatReason) -> RepeatReason:
        """Answer it and return the reason that stands, which is the first one given. Raises NotPermitted, NotFound."""
        self._authorize(actor, study_instance_uid)
        with self._context.write() as connection:
            _require_case(connection, actor, study_instance_uid)
            record_repeat(connection, self._context, actor, study_instance_uid, reason)
            kept = connection.execute(
                select(exam_repeats).where(exam_repeats.c.study_instance_uid == study_instance_uid)
            ).one()
            return RepeatReason(RepeatException(kept.exception), kept.words)

    def _authorize(self, actor: Actor, study_instance_uid: str) -> None:
        authorize(actor, Permission.REQUEST_READING, self._context, subject_uid=study_instance_uid[:64])


class Question(BaseModel):
    """What a sender was told of the recognised result after the study had gone."""

    exists: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]


def repeat_routes(service: RepeatService) -> APIRouter:
    """Return the routes of the reasons that are given afterwards."""
    router = APIRouter(prefix="/repeats")

    @router.get("/open")
    def unanswered(actor: Annotated[Actor, Depends(signed_in)]) -> list[OpenRepeat]:
        return service.open(actor)

    @router.post("/{study_instance_uid}/question", status_code=204)
    def ask(study_instance_uid: str, question: Question, actor: Annotated[Actor, Depends(signed_in)]) -> Response:
        service.ask(actor, study_instance_uid, question.exists)
        return Response(status_code=204)

    @router.post("/{study_instance_uid}")
    def answer(
        study_instance_uid: str, reason: RepeatReason, actor: Annotated[Actor, Depends(signed_in)]
    ) -> RepeatReason:
        return service.answer(actor, study_instance_uid, reason)

    return router


def _require_case(connection: Connection, actor: Actor, study_instance_uid: str) -> None:
    require_study(connection, actor, study_instance_uid)
    known = select(cases.c.study_instance_uid).where(cases.c.study_instance_uid == study_instance_uid)
    if connection.execute(known).first() is None:
        raise NotFound("there is no such study")


def _row(context: HubContext, actor: Actor, study_instance_uid: str, exception: str, words: str) -> dict[str, object]:
    return {
        "study_instance_uid": study_instance_uid,
        "exception": exception,
        "words": words,
        "recorded_by": actor.user_id,
        "recorded_name": actor.display_name[:200],
        "recorded_at": context.clock.now(),
    }
