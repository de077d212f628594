"""Results with the mark of mutual recognition that exist of a patient, for whoever is about to repeat an exam."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Row, and_, false, func, or_, select

from worklist.hub.auth import authorize, signed_in
from worklist.hub.context import HubContext
from worklist.hub.exam_repeats import RepeatService, repeat_routes
from worklist.hub.identity import LONGEST, patient_of, told_otherwise
from worklist.hub.tables import cases, reports, sites
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.mutual_recognition import RecognisedResult, Recognition
from workstation.domain.one_person import Contradiction, contradictions
from workstation.domain.study import Patient

MAXIMUM: Final = 50
_RECOGNITION: Final = TypeAdapter(Recognition | None)


class RecognisedService:
    """Finds the signed reports of a patient that hold and carry the mark, at every site of the alliance."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def results(self, actor: Actor, patient: Patient) -> list[RecognisedResult]:
        """
        Return the results, newest first: kind of exam, day and hospital, nothing of their content.

        The same person is who has the same ID at the actor's site and nothing that contradicts, or the same name, birth
        date and sex at any. An ID
        that several issuers gave out there says who it is together with the name only.
        Raises NotPermitted. What is told of another site is audited.
        """
        authorize(actor, Permission.SEND_STUDY, self._context)
        query = (
            select(cases, sites.c.name.label("site_name"), reports.c.document)
            .join(sites, sites.c.site_id == cases.c.site_id)
            .join(reports, reports.c.final_of_study == cases.c.study_instance_uid)
            .where(_same(actor, patient), cases.c.studied.is_not(None))
            .order_by(cases.c.studied.desc(), cases.c.study_instance_uid)
            .limit(MAXIMUM)
        )
        with self._context.write() as connection:
            rows = [row for row in connection.execute(query) if _is_of(patient, row)]
            found = [(row, result) for row in rows if (result := _result(row)) is not None]
            for row, result in found:
                if row.site_id != actor.site_id:
                    self._context.audit.record(
                        connection, actor, AuditAction.STUDY_VIEWED, subject_uid=result.study_instance_uid
                    )
        return [result for _, result in found]


def recognised_routes(service: RecognisedService, repeats: RepeatService) -> APIRouter:
    """Return the routes of the check for repeats, and of the reasons that are given afterwards."""
    router = APIRouter(prefix="/api", tags=["recognition"])
    router.include_router(repeat_routes(repeats))

    @router.get("/recognised")
    def results(
        actor: Annotated[Actor, Depends(signed_in)],
        patient_id: Annotated[str, Query(max_length=LONGEST)] = "",
        name: Annotated[str, Query(max_length=400)] = "",
        birth_date: Annotated[str, Query(max_length=16)] = "",
        sex: Annotated[str, Query(max_length=16)] = "",
    ) -> list[RecognisedResult]:
        return service.results(actor, Patient(patient_id, name, birth_date, sex))

    return router


def _same(actor: Actor, patient: Patient) -> ColumnElement[bool]:
    of_id = cases.alias("of_id")
    issuers = (
        select(func.count(of_id.c.issuer_of_patient_id.distinct()))
        .where(of_id.c.site_id == actor.site_id, of_id.c.patient_id == patient.patient_id)
        .scalar_subquery()
    )
    here = and_(
        cases.c.site_id == actor.site_id,
        cases.c.patient_id == patient.patient_id,
        or_(issuers <= 1, cases.c.patient_name == patient.name),
        ~told_otherwise(patient),
    )
    person = and_(
        cases.c.patient_name == patient.name,
        cases.c.birth_date == patient.birth_date,
        cases.c.sex == patient.sex,
    )
    return or_(
        here if patient.patient_id and actor.site_id else false(),
        person if patient.name and patient.birth_date and patient.sex else false(),
    )


def _is_of(patient: Patient, row: Row[Any]) -> bool:
    """Tell whether nothing but the ID, which is another site's own, contradicts that a case is of a patient."""
    return not set(contradictions(patient, patient_of(row))) - {Contradiction.PATIENT_ID}


def _result(row: Row[Any]) -> RecognisedResult | None:
    given = _RECOGNITION.validate_python(json.loads(row.document).get("recognition"))
    if given is None or not given.granted:
        return None
    return RecognisedResult(
        study_instance_uid=row.study_instance_uid,
        modality=row.modality,
        description=row.description,
        studied_on=row.studied.astimezone().date(),
        site_name=row.site_name,
        recognition=given,
    )
