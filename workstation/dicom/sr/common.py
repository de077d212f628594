"""
Building blocks of Structured Reports: content items and the modules every SR document shares.

Everything is written as UTF-8 and depends on its input only, clock and random numbers excluded:
the same report gives the same bytes, so sending twice is harmless.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import metadata
from io import BytesIO
from typing import Final

from pydicom import config
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import dcmread
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import PersonName, validate_value

from resources.translation import tr
from workstation.dicom.coded_value import put_code_value
from workstation.dicom.sr.storable import storable_name, storable_text
from workstation.domain.errors import HostileInput, TemplateViolation
from workstation.domain.geometry import Point
from workstation.domain.report import Person
from workstation.domain.study import Series, Study
from workstation.domain.template import Code
from workstation.domain.told_fields import is_storable_id, told_date, told_number, told_sex, told_time

PRIVATE: Final = "99LIANYUE"
"""Scheme of the few concepts no public scheme has; announced in Coding Scheme Identification."""
MANUFACTURER: Final = "Lianyue"
IMPLEMENTATION_CLASS_UID: Final = "2.25.176285047402190811853428019937542170165"
VERSION_NAME: Final = "LIANYUE"
_NAMESPACE: Final = uuid.UUID("6f1d26a0-3a55-4f0c-9b5e-8d6a1d0f6b52")
_NOT_IMAGES: Final = frozenset({"SR", "DOC", "PR", "KO", "SEG"})

LANGUAGES: Final = {
    "zh": (Code("zh", "RFC5646", "Chinese"), Code("CN", "ISO3166_1", "CHINA")),
    "en": (Code("en", "RFC5646", "English"), Code("US", "ISO3166_1", "UNITED STATES")),
}


def dcm(value: str, meaning: str) -> Code:
    """Return a code of the DICOM Controlled Terminology."""
    return Code(value, "DCM", meaning)


def sct(value: str, meaning: str) -> Code:
    """Return a SNOMED CT code."""
    return Code(value, "SCT", meaning)


MILLIMETRE: Final = Code("mm", "UCUM", "mm")
SQUARE_MILLIMETRE: Final = Code("mm2", "UCUM", "mm2")
PERCENT: Final = Code("%", "UCUM", "%")
UNITLESS: Final = Code("1", "UCUM", "no units")


def uid_from(*parts: str) -> str:
    """Return the UID (2.25, a version 5 UUID) that always belongs to these names."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, '|'.join(parts)).int}"


@cache
def software_version() -> str:
    """Return the version of the installed product."""
    return metadata.version("lianyue")


# -- content items -------------------------------------------------------------------------------


def code_dataset(code: Code) -> Dataset:
    """Return the item of a code sequence."""
    item = Dataset()
    put_code_value(item, code.value)
    item.CodingSchemeDesignator = code.scheme
    item.CodeMeaning = code.meaning[:64]
    return item


def _item(value_type: str, name: Code, relationship: str, children: Iterable[Dataset] = ()) -> Dataset:
    item = Dataset()
    if relationship:
        item.RelationshipType = relationship
    item.ValueType = value_type
    item.ConceptNameCodeSequence = DicomSequence([code_dataset(name)])
    inner = list(children)
    if inner:
        item.ContentSequence = DicomSequence(inner)
    return item


def container(
    name: Code, children: Iterable[Dataset], *, template: str = "", relationship: str = "CONTAINS"
) -> Dataset:
    """Return a CONTAINER; ``template`` is the DCMR template it follows."""
    item = _item("CONTAINER", name, relationship, children)
    item.ContinuityOfContent = "SEPARATE"
    if template:
        used = Dataset()
        used.MappingResource = "DCMR"
        used.TemplateIdentifier = template
        item.ContentTemplateSequence = DicomSequence([used])
    return item


def text(name: Code, value: str, *, relationship: str = "CONTAINS", children: Iterable[Dataset] = ()) -> Dataset:
    """Return a TEXT item; what no DICOM text may hold and nobody sees is left out."""
    item = _item("TEXT", name, relationship, children)
    item.TextValue = storable_text(value)
    return item


def coded(name: Code, value: Code, *, relationship: str = "CONTAINS", children: Iterable[Dataset] = ()) -> Dataset:
    """Return a CODE item."""
    item = _item("CODE", name, relationship, children)
    item.ConceptCodeSequence = DicomSequence([code_dataset(value)])
    return item


def uid_reference(name: Code, value: str, *, relationship: str = "CONTAINS") -> Dataset:
    """Return a UIDREF item."""
    item = _item("UIDREF", name, relationship)
    item.UID = value
    return item


def person_name(name: Code, value: str, *, relationship: str = "HAS OBS CONTEXT") -> Dataset:
    """Return a PNAME item."""
    item = _item("PNAME", name, relationship)
    item.PersonName = storable_name(value)
    return item


def number(
    name: Code, value: float, unit: Code, *, relationship: str = "CONTAINS", children: Iterable[Dataset] = ()
) -> Dataset:
    """Return a NUM item: a decimal string for everyone and the exact double beside it."""
    item = _item("NUM", name, relationship, children)
    measured = Dataset()
    measured.NumericValue = f"{value:.10g}"
    measured.FloatingPointValue = float(value)
    measured.MeasurementUnitsCodeSequence = DicomSequence([code_dataset(unit)])
    item.MeasuredValueSequence = DicomSequence([measured])
    return item


def scoord3d(
    name: Code, graphic: str, points_lps_mm: Sequence[Point], frame_of_reference_uid: str, *, relationship: str
) -> Dataset:
    """Return a SCOORD3D item; coordinates are stored as 32-bit floats (within 0.0001 mm)."""
    item = _item("SCOORD3D", name, relationship)
    item.GraphicType = graphic
    item.GraphicData = [value for point in points_lps_mm for value in point]
    item.ReferencedFrameOfReferenceUID = frame_of_reference_uid
    return item


def sphere(centre: Point, diameter_mm: float) -> list[Point]:
    """Return the ends of the three axes of a sphere, as GraphicType ELLIPSOID wants them."""
    x, y, z = centre
    r = diameter_mm / 2
    return [(x - r, y, z), (x + r, y, z), (x, y - r, z), (x, y + r, z), (x, y, z - r), (x, y, z + r)]


def language_items(language: str) -> list[Dataset]:
    """Return TID 1204 for ``zh_CN`` or ``en``."""
    spoken, country = LANGUAGES["zh" if language.startswith("zh") else "en"]
    where = coded(dcm("121046", "Country of Language"), country, relationship="HAS CONCEPT MOD")
    name = dcm("121049", "Language of Content Item and Descendants")
    return [coded(name, spoken, relationship="HAS CONCEPT MOD", children=[where])]


def person_observer(person: Person) -> list[Dataset]:
    """Return TID 1001 with TID 1003 for a person."""
    context = "HAS OBS CONTEXT"
    items = [
        coded(dcm("121005", "Observer Type"), dcm("121006", "Person"), relationship=context),
        person_name(dcm("121008", "Person Observer Name"), person.name),
        text(dcm("128774", "Person Observer's Login Name"), person.user_id, relationship=context),
    ]
    if person.organisation:
        name = dcm("121009", "Person Observer's Organization Name")
        items.append(text(name, person.organisation, relationship=context))
    return items


# -- the document --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DocumentHead:
    """What differs between the SR documents apart from their content."""

    sop_class_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    series_number: int
    series_description: str
    at: datetime
    final: bool = False
    complete: bool = True
    author: Person | None = None
    verifier: Person | None = None
    verified_at: datetime | None = None
    description: str = ""
    institution: str = ""

    def __post_init__(self) -> None:
        if self.verifier is not None and not (self.complete and self.verified_at is not None):
            raise ValueError("VERIFIED only with COMPLETE and a time (PS3.3 C.17.2)")


def unstorable_id_hint() -> str:
    """Return what to do about a Patient ID that no object can hold."""
    return tr("Have the ID corrected and the images sent again. What was written stays in the draft.")


def require_storable_id(patient_id: str) -> None:
    """Raise TemplateViolation for a Patient ID that no object can hold as it is."""
    if not is_storable_id(patient_id):
        raise TemplateViolation(
            tr("The patient ID of these images is not a valid one: nothing can be stored under it"),
            hint=unstorable_id_hint(),
        )


def patient_and_study(study: Study) -> Dataset:
    """
    Return the patient and study modules with every type 2 attribute present, empty where the images say no value.

    Raises TemplateViolation for a Patient ID that no object can hold: cut it would be someone else's.
    """
    require_storable_id(study.patient.patient_id)
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = study.patient.dicom_name
    ds.PatientID = study.patient.patient_id
    ds.PatientBirthDate = told_date(study.patient.birth_date)
    ds.PatientSex = told_sex(study.patient.sex)
    ds.StudyInstanceUID = study.study_instance_uid
    ds.StudyDate = told_date(study.study_date)
    ds.StudyTime = told_time(study.study_time)
    ds.StudyID = ""
    ds.AccessionNumber = told_number(study.accession_number)
    ds.ReferringPhysicianName = ""
    if study.description:
        ds.StudyDescription = study.description[:64]
    return ds


def add_equipment(ds: Dataset, institution: str) -> None:
    """Add General and Enhanced General Equipment."""
    ds.Manufacturer = MANUFACTURER
    ds.InstitutionName = institution[:64]
    ds.ManufacturerModelName = "Lianyue"
    ds.DeviceSerialNumber = "0"
    ds.SoftwareVersions = software_version()


def add_time(ds: Dataset, at: datetime) -> None:
    """Add instance and content times in local time, together with the offset that explains them."""
    local = at.astimezone()
    ds.InstanceCreationDate = ds.ContentDate = ds.SeriesDate = local.strftime("%Y%m%d")
    ds.InstanceCreationTime = ds.ContentTime = ds.SeriesTime = local.strftime("%H%M%S")
    ds.TimezoneOffsetFromUTC = local.strftime("%z")[:5]


def evidence(study: Study, series: Iterable[Series]) -> DicomSequence:
    """Return Current Requested Procedure Evidence for the given series, images only."""
    study_item = Dataset()
    study_item.StudyInstanceUID = study.study_instance_uid
    study_item.ReferencedSeriesSequence = DicomSequence()
    for one in series:
        if one.modality in _NOT_IMAGES or not one.instances:
            continue
        series_item = Dataset()
        series_item.SeriesInstanceUID = one.series_instance_uid
        series_item.ReferencedSOPSequence = DicomSequence()
        for instance in one.instances:
            reference = Dataset()
            reference.ReferencedSOPClassUID = instance.sop_class_uid
            reference.ReferencedSOPInstanceUID = instance.sop_instance_uid
            series_item.ReferencedSOPSequence.append(reference)
        study_item.ReferencedSeriesSequence.append(series_item)
    return DicomSequence([study_item] if study_item.ReferencedSeriesSequence else [])


def document(head: DocumentHead, study: Study, series: Iterable[Series], root: Dataset) -> Dataset:
    """Return a whole SR document around the content tree ``root``."""
    ds = patient_and_study(study)
    ds.SOPClassUID = head.sop_class_uid
    ds.SOPInstanceUID = head.sop_instance_uid
    ds.Modality = "SR"
    ds.SeriesInstanceUID = head.series_instance_uid
    ds.SeriesNumber = head.series_number
    ds.SeriesDescription = head.series_description
    ds.ReferencedPerformedProcedureStepSequence = DicomSequence()
    add_equipment(ds, head.institution)
    add_time(ds, head.at)
    ds.InstanceNumber = 1
    ds.PreliminaryFlag = "FINAL" if head.final else "PRELIMINARY"
    ds.CompletionFlag = "COMPLETE" if head.complete else "PARTIAL"
    ds.VerificationFlag = "UNVERIFIED" if head.verifier is None else "VERIFIED"
    if head.verifier is not None and head.verified_at is not None:
        ds.VerifyingObserverSequence = DicomSequence([_verifying_observer(head.verifier, head.verified_at)])
    if head.author is not None:
        ds.AuthorObserverSequence = DicomSequence([_author(head.author)])
    ds.ReferencedRequestSequence = DicomSequence([_request(study, head.description)])
    ds.PerformedProcedureCodeSequence = DicomSequence()
    current = evidence(study, series)
    if current:
        ds.CurrentRequestedProcedureEvidenceSequence = current
    scheme = Dataset()
    scheme.CodingSchemeDesignator = PRIVATE
    scheme.CodingSchemeName = "Lianyue reading workstation codes"
    scheme.CodingSchemeResponsibleOrganization = MANUFACTURER
    ds.CodingSchemeIdentificationSequence = DicomSequence([scheme])
    ds.update(root)
    return ds


def part10(ds: Dataset) -> bytes:
    """
    Encode a data set as a Part 10 file.

    Raises TemplateViolation when a value cannot be written as it is; nothing is replaced by "?".
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = VERSION_NAME
    ds.file_meta = meta
    buffer = BytesIO()
    try:
        _refuse_too_long(ds)
        dcmwrite(buffer, ds, enforce_file_format=True)
    except (TypeError, ValueError, UnicodeError) as exc:
        raise TemplateViolation(
            tr("A value of the report cannot be stored"),
            hint=tr("Check names and texts for unusual characters or excessive length."),
            detail=f"{type(exc).__name__}: {exc}"[:300],
        ) from exc
    return buffer.getvalue()


def read_part10(data: bytes) -> Dataset:
    """Read a Part 10 file that may come from anywhere. Raises HostileInput."""
    try:
        return dcmread(BytesIO(data))
    except Exception as exc:  # pydicom raises many kinds on broken input
        raise HostileInput(
            tr("This file is not a readable DICOM object"), detail=f"{type(exc).__name__}: {exc}"[:300]
        ) from exc


def _refuse_too_long(ds: Dataset) -> None:
    """Apply pydicom's strict checks to every value, whatever its global setting is; codes and UIDs come many times."""
    checked: set[tuple[str, str]] = set()
    for element in ds.iterall():
        value = element.value
        if isinstance(value, str | PersonName):
            str(value).encode()  # pydicom would write half a surrogate pair as "?"
        if not isinstance(value, str) or element.VR in {"SQ", "OB", "PN"} or (element.VR, value) in checked:
            continue
        if element.VM == 1:
            validate_value(element.VR, value, config.RAISE)
            checked.add((element.VR, str(value)))


def _verifying_observer(verifier: Person, at: datetime) -> Dataset:
    item = Dataset()
    item.VerifyingOrganization = verifier.organisation[:64] or MANUFACTURER
    item.VerificationDateTime = at.astimezone().strftime("%Y%m%d%H%M%S%z")
    item.VerifyingObserverName = storable_name(verifier.name)
    item.VerifyingObserverIdentificationCodeSequence = DicomSequence()
    return item


def _author(author: Person) -> Dataset:
    item = Dataset()
    item.ObserverType = "PSN"
    item.PersonName = storable_name(author.name)
    item.PersonIdentificationCodeSequence = DicomSequence()
    item.InstitutionName = author.organisation[:64]
    item.InstitutionCodeSequence = DicomSequence()
    return item


def _request(study: Study, description: str) -> Dataset:
    item = Dataset()
    item.StudyInstanceUID = study.study_instance_uid
    item.ReferencedStudySequence = DicomSequence()
    item.AccessionNumber = told_number(study.accession_number)
    item.PlacerOrderNumberImagingServiceRequest = ""
    item.FillerOrderNumberImagingServiceRequest = ""
    item.RequestedProcedureID = ""
    item.RequestedProcedureDescription = (description or study.description)[:64]
    item.RequestedProcedureCodeSequence = DicomSequence()
    return item
