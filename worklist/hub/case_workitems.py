"""The workitems that the hub schedules for a case, with every attribute of PS3.4 Table CC.2.5-3."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from worklist.hub.instance_tables import dicom_instances, dicom_series
from worklist.hub.ups_json import Dataset, attribute, code, dataset
from worklist.hub.ups_rules import date_time
from worklist.hub.ups_store import Workitem
from workstation.domain.workitem import OutputReference, Priority, ProcedureStepState, WorkitemCode

_MEANING: Final = {
    WorkitemCode.COMPUTER_AIDED_DETECTION: "Computer Aided Detection",
    WorkitemCode.INTERPRETATION: "Interpretation",
    WorkitemCode.REPORT_VERIFICATION: "Report Verification",
}
_EMPTY: Final = (
    "ProcedureStepProgressInformationSequence",
    "UnifiedProcedureStepPerformedProcedureSequence",
    "ScheduledProcessingParametersSequence",
    "ScheduledStationNameCodeSequence",
    "ScheduledStationClassCodeSequence",
    "ScheduledStationGeographicLocationCodeSequence",
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDsSequence",
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    "AdmittingDiagnosesDescription",
    "AdmittingDiagnosesCodeSequence",
)
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_CHEST: Final = re.compile(r"chest|thora|lung|pulmo|胸|肺", re.IGNORECASE)
_ELSEWHERE: Final = re.compile(
    r"head|brain|skull|neck|sinus|orbit|abdom|pelvi|liver|kidney|urogr|colon|spine|knee|hip|ankle|foot|wrist|hand"
    r"|shoulder|elbow|extremity|头|颅|脑|颈|鼻|眼|腹|盆|肝|肾|泌尿|肠|腰|椎|膝|髋|踝|足|腕|手|肩|肘",
    re.IGNORECASE,
)


FILMS: Final = frozenset({"CR", "DX", "MG"})
"""Modalities of single images that a model can be made for"""


@dataclass(frozen=True, slots=True)
class InputInstance:
    """One instance that a workitem works on."""

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    modality: str


def input_instances(connection: Connection, study_instance_uid: str) -> tuple[InputInstance, ...]:
    """Return the stored instances of a study, series by series."""
    query = (
        select(
            dicom_instances.c.series_instance_uid,
            dicom_instances.c.sop_class_uid,
            dicom_instances.c.sop_instance_uid,
            dicom_series.c.modality,
        )
        .join(dicom_series, dicom_series.c.series_instance_uid == dicom_instances.c.series_instance_uid)
        .where(dicom_instances.c.study_instance_uid == study_instance_uid)
        .order_by(
            dicom_series.c.series_number,
            dicom_instances.c.series_instance_uid,
            dicom_instances.c.instance_number,
            dicom_instances.c.sop_instance_uid,
        )
    )
    return tuple(InputInstance(*row) for row in connection.execute(query))


def is_chest_ct(instances: Iterable[InputInstance], *texts: str) -> bool:
    """
    Tell whether the chest model may be asked at all.

    A CT that names the chest, or that names no other part: scanners often leave the part out,
    and the detector itself refuses what lies outside its intended use.
    """
    if not any(instance.modality == "CT" for instance in instances):
        return False
    told = " ".join(texts)
    return bool(_CHEST.search(told)) or not _ELSEWHERE.search(told)


def is_film(instances: Iterable[InputInstance], films: Collection[str]) -> bool:
    """Tell whether a model for single images may be asked: one of ``films`` is there and no CT."""
    modalities = {instance.modality for instance in instances}
    return "CT" not in modalities and not modalities.isdisjoint(films)


def workitem_for(
    case: Row[Any],
    step: WorkitemCode,
    instances: Iterable[InputInstance],
    *,
    ups_instance_uid: str,
    now: datetime,
    performer: Dataset | None = None,
) -> Workitem:
    """Return a SCHEDULED workitem of a case; ``performer`` names whom it is meant for."""
    known = tuple(instances)
    read = {"CT"} if any(i.modality == "CT" for i in known) else FILMS
    wanted = [i for i in known if step is not WorkitemCode.COMPUTER_AIDED_DETECTION or i.modality in read]
    content = dataset(
        *(attribute(keyword) for keyword in _EMPTY),
        attribute("SpecificCharacterSet", "ISO_IR 192"),
        attribute("ScheduledProcedureStepPriority", Priority(case.priority).value),
        attribute("ProcedureStepLabel", _MEANING[step]),
        attribute("WorklistLabel", "lianyue"),
        attribute("ScheduledProcedureStepStartDateTime", date_time(now)),
        attribute("ExpectedCompletionDateTime", date_time(case.due)),
        attribute("InputReadinessState", "READY"),
        attribute("ScheduledWorkitemCodeSequence", code(step.value, _MEANING[step])),
        attribute("ScheduledHumanPerformersSequence", performer),
        attribute("CommentsOnTheScheduledProcedureStep", case.clinical_question[:1024]),
        attribute("InputInformationSequence", *_references(case.study_instance_uid, wanted)),
        attribute("StudyInstanceUID", case.study_instance_uid),
        attribute("PatientName", _name(case.patient_name)),
        attribute("PatientID", case.patient_id),
        attribute("IssuerOfPatientID", case.issuer_of_patient_id),
        attribute("PatientBirthDate", case.birth_date if re.fullmatch(r"\d{8}", case.birth_date) else ""),
        attribute("PatientSex", case.sex),
        attribute("ReferencedRequestSequence", _request(case)),
    )
    return Workitem(ups_instance_uid, case.study_instance_uid, case.site_id, ProcedureStepState.SCHEDULED, content, now)


def performed_step(
    item: Workitem, step: WorkitemCode, outputs: Iterable[OutputReference], *, ended: datetime
) -> Dataset:
    """Return the UPS Performed Procedure item of a step that this hub saw done."""
    instances = tuple(outputs)
    referenced = [
        reference
        for output in instances
        for reference in _references(
            output.study_instance_uid,
            [InputInstance(output.series_instance_uid, output.sop_class_uid, output.sop_instance_uid, "")],
        )
    ]
    return dataset(
        attribute("PerformedStationNameCodeSequence", code("LIANYUE", "Lianyue workstation", "99LIANYUE")),
        attribute("PerformedProcedureStepStartDateTime", date_time(item.claimed_at or ended)),
        attribute("PerformedProcedureStepEndDateTime", date_time(ended)),
        attribute("PerformedWorkitemCodeSequence", code(step.value, _MEANING[step])),
        attribute("OutputInformationSequence", *referenced),
    )


def _references(study_instance_uid: str, instances: list[InputInstance]) -> list[Dataset]:
    found = []
    for series, members in groupby(instances, key=lambda instance: instance.series_instance_uid):
        url = f"/dicom-web/studies/{study_instance_uid}/series/{series}"
        found.append(
            dataset(
                attribute("TypeOfInstances", "DICOM"),
                attribute("StudyInstanceUID", study_instance_uid),
                attribute("SeriesInstanceUID", series),
                attribute(
                    "ReferencedSOPSequence",
                    *(
                        dataset(
                            attribute("ReferencedSOPClassUID", member.sop_class_uid),
                            attribute("ReferencedSOPInstanceUID", member.sop_instance_uid),
                        )
                        for member in members
                    ),
                ),
                attribute("WADORSRetrievalSequence", dataset(attribute("RetrieveURL", url))),
            )
        )
    return found


def _request(case: Row[Any]) -> Dataset:
    return dataset(
        attribute("StudyInstanceUID", case.study_instance_uid),
        attribute("AccessionNumber", case.accession_number),
        attribute("IssuerOfAccessionNumberSequence"),
        attribute("OrderPlacerIdentifierSequence"),
        attribute("OrderFillerIdentifierSequence"),
        attribute("RequestedProcedureID"),
        attribute("RequestedProcedureDescription", case.description[:64]),
        attribute("RequestedProcedureCodeSequence"),
        attribute("ReasonForTheRequestedProcedure", case.clinical_question[:64]),
        attribute("RequestingService", case.site_name[:64]),
    )


def _name(name: str) -> dict[str, str] | None:
    if not name:
        return None
    return {"Ideographic" if _HAN.search(name) else "Alphabetic": name}
