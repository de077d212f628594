"""Grades of images on the hub: given by technicians and physicians, kept for ever, one of them stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy import ColumnElement, Connection, insert, select

from worklist.hub.auth import authorize, signed_in
from worklist.hub.case_rows import touch, visible_case
from worklist.hub.context import HubContext
from worklist.hub.double_state import double_state
from worklist.hub.errors import BadRequest, NoLongerUpdatable
from worklist.hub.quality_tables import image_grades
from worklist.hub.tables import cases
from worklist.hub.ups import require_scope
from workstation.domain.access import Actor, Permission, Role
from workstation.domain.audit import AuditAction
from workstation.domain.image_quality import GivenGrade, GradeReason, ImageGrade, ImageGrading, standing
from workstation.domain.report_version import DoubleReadingState
from workstation.domain.workitem import ReadingState

_PHYSICIANS: Final = frozenset({Role.READER, Role.SENIOR})


class ImageGrades:
    """Give and tell grades."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def grades(self, actor: Actor, ups_instance_uid: str) -> list[GivenGrade]:
        """Return every grade of a case, oldest first; no physician's name while it is read blind. Raises NotFound."""
        require_scope(actor, self._context)
        with self._context.read() as connection:
            study = visible_case(connection, actor, ups_instance_uid).study_instance_uid
            blind = double_state(connection, study) is DoubleReadingState.READING
            found = stored_grades(connection, study)
        own = actor.display_name
        return [replace(one, by="") if blind and one.by_reader and one.by != own else one for one in found]

    def grade(self, actor: Actor, ups_instance_uid: str, grading: ImageGrading) -> list[GivenGrade]:
        """Add a grade; the worklist shows the one that stands. Raises NotFound, NotPermitted, NoLongerUpdatable."""
        authorize(actor, Permission.GRADE_IMAGES, self._context, subject_uid=ups_instance_uid[:64])
        now = self._context.clock.now()
        with self._context.write() as connection:
            case = visible_case(connection, actor, ups_instance_uid, for_update=True)
            if case.state == ReadingState.RECEIVING:
                raise NoLongerUpdatable("the images are still arriving")
            study = case.study_instance_uid
            connection.execute(
                insert(image_grades).values(
                    study_instance_uid=study,
                    grade=grading.grade.value,
                    reasons=" ".join(dict.fromkeys(grading.reasons)),
                    words=grading.words.strip(),
                    graded_by=actor.user_id,
                    graded_name=actor.display_name[:200],
                    by_reader=actor.role in _PHYSICIANS,
                    graded_at=now,
                )
            )
            stands = standing(tuple(stored_grades(connection, study)))
            if stands is not None:
                touch(connection, self._context, study, quality_grade=stands.grading.grade.value)
            self._context.audit.record(
                connection,
                actor,
                AuditAction.IMAGES_GRADED,
                subject_uid=study,
                detail=f"{grading.grade} {' '.join(grading.reasons)}".strip(),
            )
        return self.grades(actor, ups_instance_uid)


def stored_grades(connection: Connection, study_instance_uid: str) -> list[GivenGrade]:
    """Return every grade of a study, oldest first."""
    return grades_by_study(connection, cases.c.study_instance_uid == study_instance_uid).get(study_instance_uid, [])


def grades_by_study(connection: Connection, wanted: ColumnElement[bool]) -> dict[str, list[GivenGrade]]:
    """Return every grade of the wanted cases, oldest first."""
    query = (
        select(image_grades)
        .join(cases, cases.c.study_instance_uid == image_grades.c.study_instance_uid)
        .where(wanted)
        .order_by(image_grades.c.number)
    )
    found: dict[str, list[GivenGrade]] = defaultdict(list)
    for row in connection.execute(query):
        grading = ImageGrading(ImageGrade(row.grade), tuple(map(GradeReason, row.reasons.split())), row.words)
        found[row.study_instance_uid].append(GivenGrade(grading, row.graded_name, row.by_reader, row.graded_at))
    return found


@dataclass(frozen=True, slots=True)
class GradingBody:
    """A grade as it comes over the line."""

    grade: ImageGrade
    reasons: Annotated[tuple[GradeReason, ...], Field(max_length=20)] = ()
    words: Annotated[str, Field(max_length=2000)] = ""


def image_grade_routes(service: ImageGrades) -> APIRouter:
    """Return the routes of grades."""
    router = APIRouter(prefix="/api/worklist", tags=["quality"])

    @router.get("/{ups_instance_uid}/grades")
    def grades(ups_instance_uid: str, actor: Annotated[Actor, Depends(signed_in)]) -> list[GivenGrade]:
        return service.grades(actor, ups_instance_uid)

    @router.post("/{ups_instance_uid}/grades")
    def grade(
        ups_instance_uid: str, actor: Annotated[Actor, Depends(signed_in)], body: GradingBody
    ) -> list[GivenGrade]:
        try:
            grading = ImageGrading(body.grade, body.reasons, body.words)
        except ValueError as exc:
            raise BadRequest(str(exc)) from exc
        return service.grade(actor, ups_instance_uid, grading)

    return router
