"""
Who a study is of: identifiers are kept whole or not taken at all, for one that was cut is somebody else's.

*Source:* PS3.5 6.2 (LO 64 characters, SH 16, one value), PS3.3 C.7.1.1 (an ID means something with its issuer only).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, false, or_

from resources.translation import tr
from worklist.hub.instance_json import JsonAttributes
from worklist.hub.tables import cases
from workstation.dicom.part10 import hostile

LONGEST: Final = 128
"""Twice what the standard gives an ID: others overstep by a little. What is longer is no ID that anybody typed."""

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
    """Return the condition that a case is of the same ID, of the same issuer, at the same site."""
    return and_(_same_id(case), cases.c.issuer_of_patient_id == case.issuer_of_patient_id)


def perhaps_same_person(case: Row[Any]) -> ColumnElement[bool]:
    """
    Return the condition that a case has the same ID where only one of both says who issued it.

    Two issuers that are both named and differ make two patients.
    """
    if not case.issuer_of_patient_id:
        return _same_id(case)
    return and_(_same_id(case), or_(cases.c.issuer_of_patient_id == "", same_person(case)))


def is_same_person(one: Row[Any], other: Row[Any]) -> bool:
    """Tell what ``same_person`` asks of two rows."""
    return (
        bool(one.patient_id)
        and (one.site_id, one.patient_id, one.issuer_of_patient_id)
        == (other.site_id, other.patient_id, other.issuer_of_patient_id)
    )  # fmt: skip


def _same_id(case: Row[Any]) -> ColumnElement[bool]:
    if not case.patient_id:
        return false()
    return and_(cases.c.site_id == case.site_id, cases.c.patient_id == case.patient_id)
