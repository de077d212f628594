"""Studies from headers, the same for files and for WADO-RS metadata: grouping, order, warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations, pairwise
from typing import Any, Final

from resources.translation import tr, trn
from workstation.dicom.charset import display_name
from workstation.dicom.header import Header
from workstation.dicom.images.frames import stacks_of
from workstation.dicom.images.stack import Placement, StackGeometry, describe
from workstation.dicom.json_headers import headers_from_json
from workstation.dicom.scanner_charsets import SETTING
from workstation.domain.errors import DecodeError
from workstation.domain.one_person import contradictions
from workstation.domain.study import DecodeWarning, Patient, Series, Study
from workstation.domain.told_fields import is_storable_id, told_date, told_number, told_sex, told_time

_CROSS_SECTIONAL: Final = frozenset({"CT", "MR", "PT"})
"""Modalities whose images must have a place in the patient; a radiograph has none."""
_PAIRED: Final = 40
"""So many persons of one study are held against each other, 0.1 s at most; all are against its patient."""


def study_from_json(instances: Sequence[Mapping[str, Any]]) -> Study:
    """
    Build one study from the metadata of its instances (WADO-RS, DICOM JSON).

    Raises DecodeError when the list is empty or names more than one study.
    """
    studies = studies_of(headers_from_json(instances))
    if len(studies) != 1:
        raise DecodeError(
            tr("The archive's answer does not describe exactly one study."), detail=f"{len(studies)} studies"
        )
    return studies[0]


def studies_of(headers: Iterable[Header]) -> list[Study]:
    """Group headers into studies, newest first; instances without the identifying UIDs are left out."""
    groups: dict[str, list[Header]] = {}
    for header in headers:
        uid = header.text("StudyInstanceUID")
        if uid and header.text("SeriesInstanceUID") and header.text("SOPInstanceUID"):
            groups.setdefault(uid, []).append(header)
    studies = [_study(uid, members) for uid, members in groups.items()]
    return sorted(studies, key=lambda one: (one.study_date, one.study_time, one.study_instance_uid), reverse=True)


def stack_of(headers: Sequence[Header]) -> StackGeometry:
    """Describe the stack of single-frame headers; order works without pixel spacing, too."""
    return describe([placement_of(header) for header in headers])


def placement_of(header: Header) -> Placement | None:
    """Return where an image lies, None without position or orientation."""
    first = header.frames[0] if header.frames else header
    position, axes = first.position, first.axes
    if position is None or axes is None:
        return None
    return Placement(position, axes[0], axes[1], first.spacing_mm, (header.integer("Rows"), header.integer("Columns")))


def _study(uid: str, members: list[Header]) -> Study:
    first = members[0]
    by_series: dict[str, list[Header]] = {}
    for header in members:
        by_series.setdefault(header.text("SeriesInstanceUID"), []).append(header)
    series = [_series(series_uid, headers) for series_uid, headers in by_series.items()]
    doubts = [doubt for header in members for doubt in header.warnings]
    named, others = _persons(members)
    return Study(
        study_instance_uid=uid,
        patient=_patient(named),
        study_date=told_date(first.whole("StudyDate")),
        study_time=told_time(first.whole("StudyTime"))[:6],
        accession_number=first.whole("AccessionNumber"),
        description=first.text("StudyDescription"),
        institution=first.text("InstitutionName"),
        series=tuple(
            sorted(series, key=lambda one: (one.series_number is None, one.series_number or 0, one.series_instance_uid))
        ),
        warnings=tuple(
            dict.fromkeys([*_mixed_patient(members, (_patient(named), *others)), *_unstorable(first, named), *doubts])
        ),
        also_of=others,
    )


def _patient(header: Header) -> Patient:
    return Patient(
        patient_id=header.whole("PatientID"),
        name=display_name(header.text("PatientName")),
        birth_date=told_date(header.whole("PatientBirthDate")),
        sex=told_sex(header.whole("PatientSex")),
        recorded_name=header.text("PatientName"),
    )


def _unstorable(header: Header, named: Header) -> list[DecodeWarning]:
    """
    Return what is said in a form that no report can hold, told before anything is written.

    ``header`` tells of the study, ``named`` of its patient.
    """
    found = []
    if not is_storable_id(named.whole("PatientID")):
        text = tr(
            "The patient ID of these images is not a valid one: no report can be stored. Have it corrected and the"
            " images sent again."
        )
        found.append(DecodeWarning("patient_id", text))
    for there, keyword, told, code in (
        (named, "PatientBirthDate", told_date, "birth_date"),
        (named, "PatientSex", told_sex, "sex"),
        (header, "StudyDate", told_date, "study_date"),
        (header, "StudyTime", told_time, "study_time"),
        (header, "AccessionNumber", told_number, "accession_number"),
    ):
        said = there.whole(keyword)
        if said and not told(said):
            text = tr(
                "{field} “{value}” cannot be stored: it stays empty in reports.", field=_names()[code], value=said
            )
            found.append(DecodeWarning(code, text))
    return found


def _names() -> dict[str, str]:
    return {
        "birth_date": tr("Birth date"),
        "sex": tr("Sex"),
        "study_date": tr("Study date"),
        "study_time": tr("Study time"),
        "accession_number": tr("Accession number"),
    }


def _persons(members: list[Header]) -> tuple[Header, tuple[Patient, ...]]:
    """
    Return the header that tells most of the patient, and everybody else whom objects of the study name.

    A document with the ID alone contradicts nobody, so that what it says is no measure of the others.
    """
    told = {
        tuple(header.whole(key) for key in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")): header
        for header in reversed(members)
    }
    headers = [*reversed(told.values())]  # the first of each
    fullest = max(headers, key=lambda one: sum(bool(part) for part in _parts(_patient(one))))
    patient = _patient(fullest)
    others = dict.fromkeys(_patient(header) for header in headers)
    return fullest, tuple(one for one in others if not _is_said_by(patient, one))


def _parts(patient: Patient) -> tuple[str, ...]:
    return patient.patient_id, patient.name, patient.birth_date, patient.sex


def _is_said_by(patient: Patient, other: Patient) -> bool:
    """Tell whether everything that is told of the other is told of the patient in the same words."""
    return all(part in {"", mine} for part, mine in zip(_parts(other), _parts(patient), strict=True))


def _mixed_patient(members: list[Header], persons: tuple[Patient, ...]) -> list[DecodeWarning]:
    # two IDs under one study are two people until proven otherwise
    if len({header.whole("PatientID") for header in members}) > 1:
        text = tr("This study holds images with different patient IDs. Check the patient.")
        return [DecodeWarning("mixed_patient", text)]
    pairs = chain(((persons[0], one) for one in persons[1:]), combinations(persons[1:_PAIRED], 2))
    if any(contradictions(one, other) for one, other in pairs):
        text = tr("This study holds images of one patient ID with another name, birth date or sex. Check the patient.")
        return [DecodeWarning("mixed_person", text)]
    return []


def _series(uid: str, headers: list[Header]) -> Series:
    first = headers[0]
    headers, repeated = _without_repeats(headers)
    headers = sorted(headers, key=_by_number)
    images = [header for header in headers if header.is_image]
    others = [header for header in headers if not header.is_image]
    geometry = stack_of(images)
    cross_sectional = first.text("Modality") in _CROSS_SECTIONAL and not _is_localizer(images)
    if cross_sectional or all(placement_of(image) is not None for image in images):
        images = _towards_rising_numbers([images[n] for n in geometry.order])
    warnings, stacks = [*repeated], stacks_of(images)
    if not images:  # whoever reads a document later has to know how its text is to be read
        warnings += dict.fromkeys(one for header in others for one in header.warnings if one.code == SETTING)
    # several stacks are judged one by one, when a volume is made
    if cross_sectional and not stacks:
        warnings += geometry.warnings
        # de-identified CTs come with a new UID per slice: positions on one even grid prove one frame
        warnings += [] if geometry.is_regular else _frame_of_reference(images)
    return Series(
        series_instance_uid=uid,
        modality=first.text("Modality"),
        series_number=first.optional_integer("SeriesNumber"),
        description=first.text("SeriesDescription"),
        body_part=first.text("BodyPartExamined"),
        anatomic_region=first.text("AnatomicRegionSequence"),
        instances=tuple(header.instance() for header in [*images, *others]),
        warnings=tuple(warnings),
        stacks=stacks,
    )


def _towards_rising_numbers(images: list[Header]) -> list[Header]:
    """
    Turn a stack that is sorted by position so that Instance Numbers rise where they can.

    The position decides the order; the numbers only at which end to begin, so that slice k here
    is slice k on the console and in other viewers.
    """
    numbers = [n for image in images if (n := image.optional_integer("InstanceNumber")) is not None]
    rising = sum(b > a for a, b in pairwise(numbers))
    falling = sum(b < a for a, b in pairwise(numbers))
    return images[::-1] if falling > rising else images


def _by_number(header: Header) -> tuple[bool, int, str]:
    number = header.optional_integer("InstanceNumber")
    return number is None, number or 0, header.text("SOPInstanceUID")


def _is_localizer(images: Sequence[Header]) -> bool:
    return bool(images) and all("LOCALIZER" in image.values.get("ImageType", ()) for image in images)


def _without_repeats(headers: list[Header]) -> tuple[list[Header], list[DecodeWarning]]:
    unique = {header.text("SOPInstanceUID"): header for header in reversed(headers)}
    repeats = len(headers) - len(unique)
    kept = [header for header in headers if unique[header.text("SOPInstanceUID")] is header]
    if not repeats:
        return kept, []
    text = trn(
        "{count} file repeats an image that is already there and was left out.",
        "{count} files repeat an image that is already there and were left out.",
        repeats,
    )
    return kept, [DecodeWarning("repeated", text)]


def _frame_of_reference(images: Sequence[Header]) -> list[DecodeWarning]:
    if len({image.text("FrameOfReferenceUID") for image in images}) < 2:
        return []
    return [DecodeWarning("frame_of_reference", tr("The images of this series have different frames of reference."))]
