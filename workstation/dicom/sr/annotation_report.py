"""Annotations as a document of their own: Comprehensive 3D SR, TID 1500."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from workstation.dicom.sr import codes as code
from workstation.dicom.sr.annotation_groups import annotation_group
from workstation.dicom.sr.common import (
    DocumentHead,
    coded,
    container,
    document,
    language_items,
    part10,
    person_observer,
    uid_from,
)
from workstation.dicom.sr.measurement_report import findings_procedure, sop_classes
from workstation.domain.annotation import AnnotationList
from workstation.domain.report import Person
from workstation.domain.study import Study

SERIES_NUMBER: Final = 9005


def annotation_sr(annotations: AnnotationList, study: Study, *, at: datetime, author: Person, language: str) -> bytes:
    """
    Return the annotations as Part 10 bytes; the same ones at the same time give the same bytes.

    Raises ValueError for none, for those of another study, or for a reference outside the study.
    TemplateViolation: a value that cannot be stored.
    """
    if not annotations.annotations or annotations.study_instance_uid != study.study_instance_uid:
        raise ValueError("a document holds annotations of its own study")
    groups = [annotation_group(item, sop_classes(study)) for item in annotations.annotations]
    shown = annotations.annotations[0].series_instance_uid
    root = container(
        code.REPORT_TITLE,
        [
            *language_items(language),
            *person_observer(author),
            coded(code.PROCEDURE_REPORTED, findings_procedure(study, shown), relationship="HAS CONCEPT MOD"),
            container(code.MEASUREMENTS, groups),
        ],
        template="1500",
        relationship="",
    )
    digest = hashlib.sha256(root.to_json().encode()).hexdigest()
    head = DocumentHead(
        sop_class_uid=code.COMPREHENSIVE_3D_SR,
        series_instance_uid=uid_from(study.study_instance_uid, "annotations", author.user_id),
        sop_instance_uid=uid_from(study.study_instance_uid, "annotations", digest, at.isoformat()),
        series_number=SERIES_NUMBER,
        series_description="Annotations",
        at=at,
        author=author,
        description=study.description,
        institution=author.organisation,
    )
    return part10(document(head, study, study.series, root))
