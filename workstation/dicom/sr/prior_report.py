"""What was measured on a prior, as a document of the open study that cites the prior's images: TID 1500."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.sr import codes as code
from workstation.dicom.sr.annotation_groups import annotation_group
from workstation.dicom.sr.common import coded, container, document, language_items, part10, person_observer, text
from workstation.dicom.sr.references import other_evidence
from workstation.dicom.sr.structured_report import report_head
from workstation.domain.prior_measurements import PriorMeasurements
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import Code

SERIES_NUMBER: Final = 9008
_TIME_POINT: Final = Code("C2348792", "UMLS", "Time Point")


def prior_sr(report: Report, study: Study, prior: PriorMeasurements) -> bytes:
    """
    Return what was measured on one prior as Part 10 bytes.

    The document belongs to the open study, for it was read there; everything in it speaks of the prior: its images
    are Pertinent Other Evidence, there is no evidence of the current procedure, and each group names the prior's day
    as its Time Point (PS3.16 TID 1502). Raises TemplateViolation: a value that cannot be stored.
    """
    classes = {uid: part.sop_class_uid for part in prior.measured for uid in part.sop_instance_uids}
    groups = [annotation_group(item, classes) for item in prior.annotations]
    for group in groups if prior.study_date else ():
        # observation context comes before what is observed
        group.ContentSequence.insert(1, text(_TIME_POINT, prior.study_date, relationship="HAS OBS CONTEXT"))
    procedure = code.PROCEDURES.get(prior.modality, code.ANY_PROCEDURE)
    root = container(
        code.REPORT_TITLE,
        [
            *language_items(report.language),
            *person_observer(report.author),
            coded(code.PROCEDURE_REPORTED, procedure, relationship="HAS CONCEPT MOD"),
            container(code.MEASUREMENTS, groups),
        ],
        template="1500",
        relationship="",
    )
    head = report_head(
        report,
        kind=f"prior_measurements {prior.study_instance_uid}",
        sop_class_uid=code.COMPREHENSIVE_3D_SR,
        number=SERIES_NUMBER,
        description=f"Measurements on prior {prior.study_date}".strip(),
    )
    ds = document(head, study, (), root)
    ds.PertinentOtherEvidenceSequence = other_evidence((prior.cited,), study.study_instance_uid)
    return part10(ds)


def speaks_of_another_study(ds: Dataset) -> bool:
    """
    Tell whether all evidence of a document is of studies other than its own.

    Marks and nodules in such a document are never those of the study that it is stored in, whoever wrote it.
    """
    own = str(ds.get("StudyInstanceUID", ""))
    others = {str(one.get("StudyInstanceUID", "")) for one in ds.get("PertinentOtherEvidenceSequence") or ()}
    return bool(others - {own}) and own not in others and not ds.get("CurrentRequestedProcedureEvidenceSequence")
