"""Whose a signed report is, read from its own objects: what names the patient where the hub cannot be asked."""

from __future__ import annotations

from io import BytesIO

from pydicom.errors import InvalidDicomError
from pydicom.filereader import dcmread

from workstation.dicom.charset import display_name
from workstation.dicom.values import whole
from workstation.domain.ports import Delivery
from workstation.domain.told_fields import day_words

_TAGS = ["SpecificCharacterSet", "PatientName", "PatientID", "StudyDescription", "StudyDate"]


def case_of(delivery: Delivery) -> str:
    """Return name, ID, examination and day (``YYYY-MM-DD``) as its first readable object says; else nothing."""
    for artefact in delivery.artefacts:
        words = case_in(artefact.payload)
        if words:
            return words
    return ""


def case_in(part10: bytes) -> str:
    """Return name, ID, examination and day of one DICOM file; nothing of what is none."""
    try:
        ds = dcmread(BytesIO(part10), specific_tags=_TAGS)
    except (InvalidDicomError, EOFError, ValueError):
        return ""
    day = day_words(str(ds.get("StudyDate", "") or ""))
    parts = (
        display_name(str(ds.get("PatientName", "") or "")),
        whole(ds.get("PatientID")),
        ds.get("StudyDescription"),
        day,
    )
    return " · ".join(str(part) for part in parts if part)
