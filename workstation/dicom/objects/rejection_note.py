"""
The rejection note of a report that was signed for the wrong patient or study.

A Key Object Selection titled "Rejected for Patient Safety Reasons" that names every object of the report.
*Source:* PS3.3 A.35.4, C.17.6; PS3.16 TID 2010, CID 7010 (113037).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from workstation.dicom.objects.key_objects import KEY_OBJECT_SELECTION
from workstation.dicom.sr.common import (
    add_equipment,
    add_time,
    container,
    dcm,
    language_items,
    part10,
    patient_and_study,
    person_observer,
    text,
    uid_from,
)
from workstation.dicom.sr.references import document_references
from workstation.domain.report import Person
from workstation.domain.study import Study
from workstation.domain.workitem import OutputReference

SERIES_NUMBER: Final = 9010
REJECTED: Final = dcm("113037", "Rejected for Patient Safety Reasons")
_DESCRIPTION: Final = dcm("113012", "Key Object Description")


def rejection_note(
    study: Study, rejected: tuple[OutputReference, ...], *, note: str, author: Person, language: str, at: datetime
) -> bytes:
    """
    Return the note as Part 10 bytes. ``rejected`` are objects of this study; ValueError without any.

    Raises TemplateViolation when the note cannot be stored.
    """
    if not rejected or any(one.study_instance_uid != study.study_instance_uid for one in rejected):
        raise ValueError("a rejection note names objects of its own study")
    languages = language_items(language)
    for item in languages:
        item.pop("ContentSequence", None)  # a selection allows no item below a CODE (PS3.3 table A.35.4-2)
    root = container(
        REJECTED,
        [*languages, *person_observer(author), text(_DESCRIPTION, note), *map(_composite, rejected)],
        template="2010",
        relationship="",
    )
    digest = hashlib.sha256(root.to_json().encode()).hexdigest()
    ds = patient_and_study(study)
    ds.SOPClassUID = KEY_OBJECT_SELECTION
    ds.SOPInstanceUID = uid_from(study.study_instance_uid, "rejection note", digest, at.isoformat())
    ds.Modality = "KO"
    ds.SeriesInstanceUID = uid_from(study.study_instance_uid, "rejection notes")
    ds.SeriesNumber = SERIES_NUMBER
    ds.SeriesDescription = "Rejected reports"
    ds.ReferencedPerformedProcedureStepSequence = DicomSequence()
    ds.InstanceNumber = 1
    add_equipment(ds, author.organisation)
    add_time(ds, at)
    ds.CurrentRequestedProcedureEvidenceSequence = document_references(rejected)
    ds.update(root)
    return part10(ds)


def _composite(one: OutputReference) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = one.sop_class_uid
    reference.ReferencedSOPInstanceUID = one.sop_instance_uid
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ValueType = "COMPOSITE"
    item.ReferencedSOPSequence = DicomSequence([reference])
    return item
