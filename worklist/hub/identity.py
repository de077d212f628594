"""
Who a study is of: identifiers are kept whole or not taken at all, for one that was cut is somebody else's.

*Source:* PS3.5 6.2 (LO 64 characters, SH 16, one value), PS3.3 C.7.1.1 (an ID means something with its issuer only).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, false, func, or_, select

from resources.translation import tr
from worklist.hub.instance_json import JsonAttributes
from worklist.hub.instance_tables import dicom_studies
from worklist.hub.stored_headers import recorded_name
from worklist.hub.tables import cases
from workstation.dicom.part10 import hostile
from workstation.domain.one_person import contradictions
from workstation.domain.study import Patient

LONGEST: Final = 128
"""Twice what the standard gives an ID: others overstep by a little. What is longer is no ID that anybody typed."""

WRITINGS: Final = 1000
"""Names and the like that are held against a case's; an ID with more of them is nobody's (0, unknown)."""

PATIENT_ID: Final = "00100020"
ISSUER: Final = "00100021"
ACCESSION: Final = "00080050"


def identifier(attributes: JsonAttributes, tag: str) -> str:
    """Return an identifier with all its values: of one that holds a backslash, the first value is another patient's."""
    values = attributes.get(tag, {}).get("Value") or []
    return "\\".join("" if value is None else str(value) for value in values).replace("\x00", "").strip()


def number(attributes: JsonAttributes, tag: str) -> str:
    """Return an Accession Number or the like, empty where it is too long to be kept whole; the header keeps it."""
    told = identifier(attributes, tag)
    return told if len(told) <= LONGEST else ""


def require_whole(attributes: JsonAttributes) -> None:
    """Refuse (HostileInput) an object whose patient cannot be kept whole: cut, the ID would be somebody else's."""
    for tag, name in ((PATIENT_ID, "Patient ID"), (ISSUER, "Issuer of Patient ID")):
        length = len(identifier(attributes, tag))
        if length > LONGEST:
            detail = f"{name} has {length} characters, more than {LONGEST}"
            hostile(tr("An identifier in the file has a forbidden form."), detail)


def same_person(case: Row[Any]) -> ColumnElement[bool]:
    """Return the condition that a case is of the same ID, of the same issuer, at the same site; it may contradict."""
    return and_(_same_id(case), cases.c.issuer_of_patient_id == case.issuer_of_patient_id)


def perhaps_same_person(case: Row[Any]) -> ColumnElement[bool]:
    """
    Return the condition that a case has the same ID where only one of both says who issued it.

    Two issuers that are both named and differ make two patients.
    """
    if not case.issuer_of_patient_id:
        return _same_id(case)
    return and_(_same_id(case), or_(cases.c.issuer_of_patient_id == "", same_person(case)))


def told_otherwise(patient: Patient) -> ColumnElement[bool]:
    """Return the condition that birth date or sex of a case contradicts; of names ``contradictions`` judges."""
    born, sex = cases.c.birth_date, cases.c.sex
    other_sex = {"M": "F", "F": "M"}.get(patient.sex)
    return or_(
        and_(born != "", born != patient.birth_date) if patient.birth_date else false(),
        sex == other_sex if other_sex else false(),
    )


def patient_of(row: Row[Any]) -> Patient:
    """Return who a case is of; the row has its ``recorded_name`` (``stored_headers``)."""
    return Patient(row.patient_id, row.patient_name, row.birth_date, row.sex, row.recorded_name)


def described_person(connection: Connection, case: Row[Any]) -> Patient:
    """Return who a case is of, with all that its header calls the patient."""
    query = select(cases, recorded_name()).where(cases.c.study_instance_uid == case.study_instance_uid)
    return patient_of(connection.execute(query).one())


def has_same_id(one: Row[Any], other: Row[Any]) -> bool:
    """Tell whether two rows are of the same ID, issuer and site; the persons may still contradict."""
    return bool(one.patient_id) and (one.site_id, one.patient_id, one.issuer_of_patient_id) == (
        other.site_id,
        other.patient_id,
        other.issuer_of_patient_id,
    )


def studies_of_same_person(connection: Connection, case: Row[Any]) -> int:
    """Return how many other studies have the ID, issuer and site of a case, and nothing that contradicts its person."""
    patient = described_person(connection, case)
    who = (cases.c.patient_id, cases.c.patient_name, cases.c.birth_date, cases.c.sex)
    recorded = func.coalesce(dicom_studies.c.patient_name, "").label("recorded_name")
    count = func.count().label("studies")
    query = (
        select(*who, recorded, count)
        .join(dicom_studies, dicom_studies.c.study_instance_uid == cases.c.study_instance_uid, isouter=True)
        .where(
            same_person(case),
            cases.c.study_instance_uid != case.study_instance_uid,
            ~told_otherwise(patient),
        )
        .group_by(*who, dicom_studies.c.patient_name)
        .order_by(cases.c.patient_name != case.patient_name, count.desc(), cases.c.patient_name)
        .limit(WRITINGS)
    )
    rows = connection.execute(query)
    return sum(row.studies for row in rows if not contradictions(patient, patient_of(row)))


def _same_id(case: Row[Any]) -> ColumnElement[bool]:
    if not case.patient_id:
        return false()
    return and_(cases.c.site_id == case.site_id, cases.c.patient_id == case.patient_id)
