"""Other studies of the same person: certain where ID and person agree within a site, possible elsewhere."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, exists, false, or_, select
from sqlalchemy import case as case_when

from worklist.hub.blind_view import personal
from worklist.hub.case_rows import visible_case
from worklist.hub.context import HubContext
from worklist.hub.identity import described_person, has_same_id, patient_of, perhaps_same_person, told_otherwise
from worklist.hub.pet_beneath import beneath
from worklist.hub.stored_headers import day_of, recorded_name, study_date
from worklist.hub.tables import cases, reports, sites
from worklist.hub.ups import require_scope
from workstation.domain.access import Actor, Permission
from workstation.domain.hanging import PriorRelation, PriorStudy
from workstation.domain.one_person import contradictions
from workstation.domain.study import Patient
from workstation.domain.workitem import ReadingState

MAXIMUM: Final = 50
_ABSENT: Final = frozenset({ReadingState.RECEIVING.value, ReadingState.CANCELLED.value})
_UNREAD: Final = frozenset({ReadingState.AI_RUNNING, ReadingState.AI_FAILED, ReadingState.PRECHECK, ReadingState.READY})
"""Where nobody has begun to decide about the marks of an AI; what a reader has decided lies in the report."""


class PriorService:
    """Find priors within what the actor may see."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def priors(self, actor: Actor, ups_instance_uid: str) -> list[PriorStudy]:
        """
        Return other complete studies of the person, newest first, at most 50. Raises NotFound, NotPermitted.

        Patient IDs are a site's own: the same ID at another site is another person until the name,
        the birth date and the sex agree, and even then only possibly the same one; so is an ID at one site
        of which only one study says who issued it, or with which name, birth date or sex contradict. Where there are
        more than 50, those with another birth date or sex are left out first, then those with another name.
        """
        require_scope(actor, self._context)
        with self._context.read() as connection:
            case = visible_case(connection, actor, ups_instance_uid)
            patient = described_person(connection, case)
            seen = personal(actor)  # who reads blind is not told who the other is
            query = (
                select(
                    cases,
                    sites.c.name.label("site_name"),
                    _is_reported().label("reported"),
                    beneath(),
                    recorded_name(),
                    study_date(),
                    seen.state.label("seen_state"),
                    seen.reader_name.label("seen_reader"),
                )
                .select_from(seen.source.join(sites, sites.c.site_id == cases.c.site_id))
                .where(
                    cases.c.study_instance_uid != case.study_instance_uid,
                    cases.c.state.not_in(_ABSENT),
                    or_(perhaps_same_person(case), _possibly_same(case)),
                    _within_sight(actor),
                )
                .order_by(
                    *_least_likely_last(patient),
                    cases.c.studied.desc().nulls_last(),
                    cases.c.arrived.desc(),
                    cases.c.study_instance_uid,
                )
                .limit(MAXIMUM)
            )
            rows = sorted(connection.execute(query), key=_newest_first)
        return [_prior(case, patient, row) for row in rows]


def _is_reported() -> ColumnElement[bool]:
    """A signed report holds, also while something that follows it is being written."""
    return exists().where(reports.c.final_of_study == cases.c.study_instance_uid)


def _possibly_same(case: Row[Any]) -> ColumnElement[bool]:
    if not (case.patient_name and case.birth_date and case.sex):
        return false()
    return and_(
        cases.c.patient_name == case.patient_name,
        cases.c.birth_date == case.birth_date,
        cases.c.sex == case.sex,
    )


def _within_sight(actor: Actor) -> ColumnElement[bool]:
    if actor.may(Permission.SEE_ALLIANCE):
        return cases.c.study_instance_uid != ""
    return cases.c.site_id == actor.site_id if actor.site_id else false()


def _least_likely_last(patient: Patient) -> tuple[ColumnElement[int], ColumnElement[bool]]:
    # as a number: of a patient of whom nothing is told the condition is a constant, which PostgreSQL orders nothing by
    return case_when((told_otherwise(patient), 1), else_=0), cases.c.patient_name != patient.name


def _newest_first(row: Row[Any]) -> tuple[bool, float, float, str]:
    taken = row.studied.timestamp() if row.studied else 0.0
    return row.studied is None, -taken, -row.arrived.timestamp(), row.study_instance_uid


def _prior(case: Row[Any], patient: Patient, row: Row[Any]) -> PriorStudy:
    there = patient_of(row)
    against = contradictions(patient, there)
    state = ReadingState(row.seen_state)
    return PriorStudy(
        study_instance_uid=row.study_instance_uid,
        ups_instance_uid=row.ups_instance_uid,
        study_date=day_of(row),
        modality=row.modality,
        description=row.description,
        site_name=row.site_name,
        relation=PriorRelation.SAME_PATIENT if has_same_id(case, row) and not against else PriorRelation.POSSIBLY_SAME,
        reported=bool(row.reported),
        beneath=row.beneath,
        state=state,
        reader="" if row.reported else row.seen_reader,
        undecided_marks=row.ai_finding_count if state in _UNREAD and not row.reported else 0,
        patient=there,
        against=against,
        issuers=(case.issuer_of_patient_id, row.issuer_of_patient_id),
    )
