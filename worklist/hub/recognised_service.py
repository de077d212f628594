"""Results with the mark of mutual recognition that exist of a patient, for whoever is about to repeat an exam."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Row, and_, false, func, or_, select

from worklist.hub.auth import authorize, signed_in
from worklist.hub.context import HubContext
from worklist.hub.exam_repeats import RepeatService, repeat_routes
from worklist.hub.identity import LONGEST, WRITINGS, patient_of, told_otherwise
from worklist.hub.stored_headers import local_day, recorded_name, study_date
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
        that several issuers gave out there says who it is together with the name only. Strangers under the same ID
        count for nothing before the first fifty are taken.
        Raises NotPermitted. What is told of another site is audited.
        """
        authorize(actor, Permission.SEND_STUDY, self._context)
        with self._context.read() as connection:  # up to a thousand documents: no writer waits for them
            found = _granted(connection, _cases_of(connection, actor, patient))
        elsewhere = [result.study_instance_uid for row, result in found if row.site_id != actor.site_id]
        if elsewhere:
            with self._context.write() as connection:
                for uid in elsewhere:
                    self._context.audit.record(connection, actor, AuditAction.STUDY_VIEWED, subject_uid=uid)
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


def _cases_of(connection: Connection, actor: Actor, patient: Patient) -> list[Row[Any]]:
    """Return the patient's cases with a signed report, newest first; of more than are looked at, other names go."""
    query = (
        select(cases, sites.c.name.label("site_name"), recorded_name(), study_date())
        .join(sites, sites.c.site_id == cases.c.site_id)
        .join(reports, reports.c.final_of_study == cases.c.study_instance_uid)
        .where(_same(actor, patient), cases.c.studied.is_not(None))
        .order_by(cases.c.patient_name != patient.name, cases.c.studied.desc(), cases.c.study_instance_uid)
        .limit(WRITINGS)
    )
    rows = [row for row in connection.execute(query) if _is_of(patient, row)]
    return sorted(rows, key=lambda row: (-row.studied.timestamp(), row.study_instance_uid))


def _is_of(patient: Patient, row: Row[Any]) -> bool:
    """Tell whether nothing but the ID, which is another site's own, contradicts that a case is of a patient."""
    return not set(contradictions(patient, patient_of(row))) - {Contradiction.PATIENT_ID}


def _granted(connection: Connection, rows: list[Row[Any]]) -> list[tuple[Row[Any], RecognisedResult]]:
    """Return the first fifty whose report carries the mark; reports are long, so that some are read at a time."""
    found: list[tuple[Row[Any], RecognisedResult]] = []
    for first in range(0, len(rows), MAXIMUM):
        some = rows[first : first + MAXIMUM]
        studies = [row.study_instance_uid for row in some]
        query = select(reports.c.final_of_study, reports.c.document).where(reports.c.final_of_study.in_(studies))
        documents = {row.final_of_study: row.document for row in connection.execute(query)}
        for row in some:
            given = _RECOGNITION.validate_python(json.loads(documents[row.study_instance_uid]).get("recognition"))
            if given is not None and given.granted:
                found.append((row, _result(row, given)))
        if len(found) >= MAXIMUM:
            break
    return found[:MAXIMUM]


def _result(row: Row[Any], given: Recognition) -> RecognisedResult:
    return RecognisedResult(
        study_instance_uid=row.study_instance_uid,
        modality=row.modality,
        description=row.description,
        studied_on=local_day(row, row.studied),
        site_name=row.site_name,
        recognition=given,
    )
