"""
What a workitem must hold when it is created, updated and finished.

Source: PS3.4 Table CC.2.5-3 (creation, N-SET and final state columns).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from worklist.hub.identity import LONGEST
from worklist.hub.ups_errors import UpsRefused, inconsistent, invalid
from worklist.hub.ups_json import Dataset, attribute, code, dataset, has_value, is_uid, items, put, tag, text, values
from workstation.domain.access import Actor
from workstation.domain.told_fields import is_storable_id, told_date, told_sex
from workstation.domain.workitem import Priority, ProcedureStepState

UPS_PUSH_SOP_CLASS: Final = "1.2.840.10008.5.1.4.34.6.1"

_REQUIRED_VALUE: Final = (
    "ScheduledProcedureStepPriority",
    "ProcedureStepLabel",
    "ScheduledProcedureStepStartDateTime",
    "InputReadinessState",
    "ProcedureStepState",
)
_PRESENT_AND_EMPTY: Final = (
    "TransactionUID",
    "ProcedureStepProgressInformationSequence",
    "UnifiedProcedureStepPerformedProcedureSequence",
)
_PRESENT: Final = (
    "WorklistLabel",
    "ScheduledProcessingParametersSequence",
    "ScheduledStationNameCodeSequence",
    "ScheduledStationClassCodeSequence",
    "ScheduledStationGeographicLocationCodeSequence",
    "ScheduledWorkitemCodeSequence",
    "CommentsOnTheScheduledProcedureStep",
    "InputInformationSequence",
    "PatientName",
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDsSequence",
    "PatientBirthDate",
    "PatientSex",
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    "AdmittingDiagnosesDescription",
    "AdmittingDiagnosesCodeSequence",
    "ReferencedRequestSequence",
)
_CONDITIONAL: Final = (
    "SpecificCharacterSet",
    "PatientID",
    "StudyInstanceUID",
    "ScheduledHumanPerformersSequence",
    "ReplacedProcedureStepSequence",
    "ExpectedCompletionDateTime",
    "SOPClassUID",
    "SOPInstanceUID",
    "ScheduledProcedureStepModificationDateTime",
    "ScheduledProcedureStepExpirationDateTime",
    "TypeOfPatientID",
    "OtherPatientNames",
    "ReasonForTheRequestedProcedure",
    "ReasonForVisit",
    "PatientComments",
    "MedicalAlerts",
    "Allergies",
    "PregnancyStatus",
    "TimezoneOffsetFromUTC",
)
_REQUEST_VALUE: Final = ("StudyInstanceUID",)
_REQUEST_PRESENT: Final = (
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "OrderPlacerIdentifierSequence",
    "OrderFillerIdentifierSequence",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "RequestedProcedureCodeSequence",
)
_PERFORMER_VALUE: Final = ("HumanPerformerCodeSequence", "HumanPerformerName", "HumanPerformerOrganization")
_RETRIEVAL: Final = (
    "DICOMRetrievalSequence",
    "DICOMMediaRetrievalSequence",
    "WADORetrievalSequence",
    "WADORSRetrievalSequence",
    "XDSRetrievalSequence",
)
_SCP_SETS: Final = ("SOPClassUID", "SOPInstanceUID", "TransactionUID", "ScheduledProcedureStepModificationDateTime")
_NEVER_SET: Final = frozenset(
    tag(keyword)
    for keyword in (
        "SOPClassUID",
        "SOPInstanceUID",
        "ProcedureStepState",
        "StudyInstanceUID",
        "PatientName",
        "PatientID",
        "IssuerOfPatientID",
        "IssuerOfPatientIDQualifiersSequence",
        "TypeOfPatientID",
        "OtherPatientIDsSequence",
        "OtherPatientNames",
        "PatientBirthDate",
        "PatientSex",
        "AdmissionID",
        "IssuerOfAdmissionIDSequence",
        "AdmittingDiagnosesDescription",
        "AdmittingDiagnosesCodeSequence",
        "ReferencedRequestSequence",
        "ReplacedProcedureStepSequence",
        "ScheduledWorkitemCodeSequence",  # it decides who may perform the step
    )
)
KNOWN_TAGS: Final = frozenset(
    tag(keyword) for keyword in (*_REQUIRED_VALUE, *_PRESENT_AND_EMPTY, *_PRESENT, *_CONDITIONAL)
)
RETURN_TAGS: Final = frozenset(
    tag(keyword)
    for keyword in (*_REQUIRED_VALUE, *_PRESENT, *_CONDITIONAL, *_PRESENT_AND_EMPTY)
    if keyword != "TransactionUID"
)

_READINESS: Final = frozenset({"INCOMPLETE", "UNAVAILABLE", "READY"})
_DISCONTINUED: Final = ("110513", "Discontinued for unspecified reason")


def check_new(content: Dataset) -> tuple[Dataset, bool]:
    """
    Check a dataset for creation; return what is stored and whether it was modified.

    Raises:
        UpsRefused: 0120, 0121, 0106 or C309 with the attribute's keyword, HTTP 400.
    """
    _check_presence(content)
    _check_choices(content)
    if has_value(content, "PatientName") and not has_value(content, "PatientID"):
        raise invalid("PatientID is missing", "0120")
    _check_patient(content)
    _check_sequences(content)
    stored = {key: value for key, value in content.items() if key in KNOWN_TAGS}
    is_modified = len(stored) != len(content)
    if not has_value(stored, "WorklistLabel"):
        put(stored, "WorklistLabel", "lianyue")
        is_modified = True
    put(stored, "SpecificCharacterSet", "ISO_IR 192")
    for keyword in _SCP_SETS:
        stored.pop(tag(keyword), None)
    stored.pop(tag("ProcedureStepState"))
    return dict(sorted(stored.items())), is_modified


def _check_presence(content: Dataset) -> None:
    for keyword in (*_REQUIRED_VALUE, *_PRESENT_AND_EMPTY, *_PRESENT):
        if tag(keyword) not in content:
            raise invalid(f"{keyword} is missing", "0120")
    for keyword in _REQUIRED_VALUE:
        if not has_value(content, keyword):
            raise invalid(f"{keyword} has no value", "0121")
    for keyword in _PRESENT_AND_EMPTY:
        if "Value" in content[tag(keyword)]:
            raise invalid(f"{keyword} is not empty")
    if text(content, "ProcedureStepState") != ProcedureStepState.SCHEDULED:
        raise invalid("ProcedureStepState is not SCHEDULED", "C309")


def check_update(content: Dataset, stored: Dataset) -> tuple[Dataset, bool]:
    """
    Check an N-SET dataset; return the attributes to set and whether unknown ones were left out.

    Raises:
        UpsRefused: an attribute that never changes would change, or a value is invalid (HTTP 400).
    """
    changes: Dataset = {}
    left_out = False
    for key, element in content.items():
        if key in _NEVER_SET:
            if element != stored.get(key, element):
                raise invalid(f"{key} cannot be changed")
        elif key in {tag("TransactionUID"), tag("ScheduledProcedureStepModificationDateTime")}:
            continue
        elif key in KNOWN_TAGS:
            changes[key] = element
        else:
            left_out = True
    for keyword in _REQUIRED_VALUE:
        if tag(keyword) in changes and not has_value(changes, keyword):
            raise invalid(f"{keyword} has no value", "0121")
    _check_choices(changes)
    _check_sequences(changes)
    return changes, left_out


def _check_choices(content: Dataset) -> None:
    priority = text(content, "ScheduledProcedureStepPriority")
    if priority and priority not in set(Priority):
        raise invalid("ScheduledProcedureStepPriority is not HIGH, MEDIUM or LOW")
    readiness = text(content, "InputReadinessState")
    if readiness and readiness not in _READINESS:
        raise invalid("InputReadinessState is not INCOMPLETE, UNAVAILABLE or READY")


def _check_patient(content: Dataset) -> None:
    """Refuse what would make of this patient nobody or another one: an ID is whole, sex and day are what they say."""
    for keyword in ("PatientID", "IssuerOfPatientID"):
        told = values(content, keyword)
        if len(told) > 1 or not is_storable_id(text(content, keyword)):
            raise invalid(f"{keyword} is not one text of at most 64 characters")
    if len(values(content, "PatientSex")) > 1 or told_sex(text(content, "PatientSex")) != text(content, "PatientSex"):
        raise invalid("PatientSex is not M, F or O")
    born = text(content, "PatientBirthDate")
    if len(values(content, "PatientBirthDate")) > 1 or told_date(born) != born:
        raise invalid("PatientBirthDate is no day of the calendar")
    for request in items(content, "ReferencedRequestSequence"):
        number = text(request, "AccessionNumber")
        if len(values(request, "AccessionNumber")) > 1 or len(number) > LONGEST or "\\" in number:
            raise invalid(f"AccessionNumber is not one text of at most {LONGEST} characters")


def _check_sequences(content: Dataset) -> None:
    for item in items(content, "ReferencedRequestSequence"):
        _check_item(item, "ReferencedRequestSequence", _REQUEST_VALUE, _REQUEST_PRESENT)
    for item in items(content, "ScheduledHumanPerformersSequence"):
        _check_item(item, "ScheduledHumanPerformersSequence", _PERFORMER_VALUE, ())
    for keyword in ("ScheduledWorkitemCodeSequence", "ScheduledStationNameCodeSequence"):
        for item in items(content, keyword):
            _check_item(item, keyword, ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"), ())
    for item in items(content, "InputInformationSequence"):
        check_reference(item, "InputInformationSequence")
    for performed in items(content, "UnifiedProcedureStepPerformedProcedureSequence"):
        for item in items(performed, "OutputInformationSequence"):
            check_reference(item, "OutputInformationSequence")


def check_reference(item: Dataset, where: str) -> None:
    """Check one item of Input or Output Information Sequence."""
    _check_item(item, where, ("TypeOfInstances", "ReferencedSOPSequence"), ())
    if text(item, "TypeOfInstances") == "DICOM":
        _check_item(item, where, ("StudyInstanceUID", "SeriesInstanceUID"), ())
    for reference in items(item, "ReferencedSOPSequence"):
        _check_item(
            reference, f"{where} > ReferencedSOPSequence", ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID"), ()
        )
    if not any(has_value(item, keyword) for keyword in _RETRIEVAL):
        raise invalid(f"{where} tells no way to retrieve the instances", "0120")


def _check_item(item: Dataset, where: str, with_value: tuple[str, ...], present: tuple[str, ...]) -> None:
    for keyword in (*with_value, *present):
        if tag(keyword) not in item:
            raise invalid(f"{where} > {keyword} is missing", "0120")
    for keyword in with_value:
        if not has_value(item, keyword):
            raise invalid(f"{where} > {keyword} has no value", "0121")


def completed(content: Dataset, holder: Actor) -> Dataset:
    """
    Return the dataset of a finished workitem.

    Raises:
        UpsRefused: C304, the final state requirements are not met (HTTP 409).
    """
    performed = items(content, "UnifiedProcedureStepPerformedProcedureSequence")
    lacking = [] if performed else ["UnifiedProcedureStepPerformedProcedureSequence"]
    for item in performed[:1]:
        lacking += [
            keyword
            for keyword in (
                "PerformedStationNameCodeSequence",
                "PerformedProcedureStepStartDateTime",
                "PerformedProcedureStepEndDateTime",
                "PerformedWorkitemCodeSequence",
            )
            if not has_value(item, keyword)
        ]
        if tag("OutputInformationSequence") not in item:
            lacking.append("OutputInformationSequence")
    lacking += _lacking_always(content)
    if lacking:
        raise _not_final(lacking)
    item = dict(performed[0])
    if not has_value(item, "ActualHumanPerformersSequence"):
        put(item, "ActualHumanPerformersSequence", performer(holder))
    finished = dict(content)
    put(finished, "UnifiedProcedureStepPerformedProcedureSequence", dict(sorted(item.items())))
    return finished


def canceled(content: Dataset, at: datetime, reason: Dataset | None = None) -> Dataset:
    """Return the dataset of a canceled workitem; a missing time or reason is filled in."""
    lacking = _lacking_always(content)
    if lacking:
        raise _not_final(lacking)
    progress = dict((items(content, "ProcedureStepProgressInformationSequence") or [{}])[0])
    if not has_value(progress, "ProcedureStepCancellationDateTime"):
        put(progress, "ProcedureStepCancellationDateTime", date_time(at))
    if reason is not None:
        put(progress, "ProcedureStepDiscontinuationReasonCodeSequence", reason)
    elif not has_value(progress, "ProcedureStepDiscontinuationReasonCodeSequence"):
        put(progress, "ProcedureStepDiscontinuationReasonCodeSequence", code(*_DISCONTINUED))
    finished = dict(content)
    put(finished, "ProcedureStepProgressInformationSequence", dict(sorted(progress.items())))
    return finished


def _lacking_always(content: Dataset) -> list[str]:
    always = ("ScheduledProcedureStepPriority", "ScheduledProcedureStepStartDateTime", "InputReadinessState")
    return [keyword for keyword in always if not has_value(content, keyword)]


def _not_final(lacking: list[str]) -> UpsRefused:
    return inconsistent("C304", "final state requirements are not met: " + ", ".join(lacking))


def performer(actor: Actor) -> Dataset:
    """Return a human performer item."""
    return dataset(
        attribute("HumanPerformerCodeSequence", code(actor.user_id, actor.display_name[:64], "99LIANYUE")),
        attribute("HumanPerformerName", actor.display_name),
        attribute("HumanPerformerOrganization", actor.site_name),
    )


def date_time(moment: datetime) -> str:
    """Return a DT value in UTC with its offset."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S.%f+0000")


def require_uid(transaction_uid: str) -> bool:
    """Tell whether a Transaction UID can be a lock."""
    return bool(transaction_uid) and is_uid(transaction_uid)
