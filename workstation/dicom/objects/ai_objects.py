"""
Whether a device alone made what an object says: what a reader who looks first must not see yet.

*Source:* PS3.3 C.17.2 Verification Flag and Author Observer, C.8.20.2 Segment Algorithm Type, C.8.8.5 ROI Generation
Algorithm, C.8.8.8 RT ROI Interpreted Type, C.30 Approval Status; PS3.16 TID 1001 and 1002 Observer Context (a person
where no type is told; the author where no observer is), TID 4019 Algorithm Identification; IHE AI Results: results are
SRs and segmentations that name their algorithm.
"""

from __future__ import annotations

import re
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.coded_value import code_value
from workstation.dicom.objects.segment_outlines import SEGMENTATIONS
from workstation.dicom.objects.structure_set import RT_STRUCTURE_SET
from workstation.dicom.sr import codes as code
from workstation.dicom.sr.annotation_codes import OBSERVER_NAME

_SR: Final = "1.2.840.10008.5.1.4.1.1.88."
_KEY_OBJECTS: Final = f"{_SR}59"
_CAD: Final = frozenset({f"{_SR}50", f"{_SR}65", f"{_SR}69"})
"""Mammography, Chest and Colon CAD SR (PS3.4 B.5)."""
_WORDS: Final = frozenset({f"{_SR}11", f"{_SR}22", f"{_SR}34", f"{_SR}35"})
"""Basic Text, Enhanced, Comprehensive 3D and Extensible SR: in a Comprehensive SR scanners measure as well."""
_OF_SCANNERS: Final = frozenset({
    "113500", "113701", "121120", "122120", "125000", "125100", "125195", "125196", "125197", "125200", "128401",
})  # fmt: skip
"""Titles of what the machine at the patient reports: doses, procedure logs, haemodynamics, ultrasound (PS3.16)."""
_PERSON: Final = "121006"
_AUTOMATIC: Final = "AUTOMATIC"
_MODALITIES: Final = frozenset({"SR", "SEG", "RTSTRUCT"})
_OF_PLANNING: Final = frozenset({"EXTERNAL", "SUPPORT", "FIXATION"})
_PATIENTS_OUTLINE: Final = re.compile(
    r"(body|external|skin|身体|体表|皮肤|外轮廓|体廓)[\W_]*(contour|outline|auto|轮廓|自动)?[\W_\d]*", re.IGNORECASE
)


def may_be_of_ai(sop_class_uid: str, modality: str) -> bool:
    """Tell whether objects of this kind can be an AI's: by their class, or by their modality where that says more."""
    is_report = sop_class_uid.startswith(_SR) and sop_class_uid != _KEY_OBJECTS
    is_outline = sop_class_uid == RT_STRUCTURE_SET or sop_class_uid in SEGMENTATIONS
    return is_report or is_outline or (modality in _MODALITIES and sop_class_uid != _KEY_OBJECTS)


def names_algorithm(ds: Dataset) -> bool:
    """Tell whether an item of a structured report identifies an algorithm (TID 4019)."""
    waiting = list(ds.get("ContentSequence") or ())
    while waiting:
        item = waiting.pop()
        if _code(item, "ConceptNameCodeSequence") == code.ALGORITHM_NAME.value:
            return True
        waiting.extend(item.get("ContentSequence") or ())
    return False


def is_of_ai(ds: Dataset) -> bool:
    """
    Tell whether an object is a device's own result that no person stands behind.

    A report: CAD; or not verified, without a person among its observers, and either naming its algorithm or written
    by devices alone: a measurement report (TID 1500), as one "without findings" is, or a document in words that is no
    scanner's own. Outlines: any of them made automatically, unless a person approved the whole structure set; where
    the patient ends and the couch begins, planning systems draw by themselves. Key images, presentation states and
    documents never are: they do not tell it.
    """
    kind = str(ds.get("SOPClassUID", ""))
    if kind in SEGMENTATIONS:
        return _is_automatic(ds, "SegmentSequence", "SegmentAlgorithmType")
    if kind == RT_STRUCTURE_SET:
        return str(ds.get("ApprovalStatus", "")) != "APPROVED" and _has_automatic_structure(ds)
    if kind in _CAD:
        return True
    if not may_be_of_ai(kind, "") or str(ds.get("VerificationFlag", "")) == "VERIFIED":
        return False
    observers, title = _observers(ds), _code(ds, "ConceptNameCodeSequence")
    says_results = title == code.REPORT_TITLE.value or (kind in _WORDS and title not in _OF_SCANNERS)
    is_devices = observers == {code.DEVICE.value} and says_results
    return is_devices or (_PERSON not in observers and names_algorithm(ds))


def _observers(ds: Dataset) -> frozenset[str]:
    """Return which kinds of observers stand behind a report: those that it names, and whoever wrote it."""
    found: set[str] = set()
    for item in ds.get("ContentSequence") or ():
        name = _code(item, "ConceptNameCodeSequence")
        if name == code.OBSERVER_TYPE.value:
            found.add(_code(item, "ConceptCodeSequence"))
        elif name == OBSERVER_NAME.value:
            found.add(_PERSON)
    wrote = {str(item.get("ObserverType", "")) for item in ds.get("AuthorObserverSequence") or ()}
    if "PSN" in wrote:
        found.add(_PERSON)
    if "DEV" in wrote and not found:
        found.add(code.DEVICE.value)
    return frozenset(found)


def _has_automatic_structure(ds: Dataset) -> bool:
    of_planning = {
        str(item.get("ReferencedROINumber", ""))
        for item in ds.get("RTROIObservationsSequence") or ()
        if str(item.get("RTROIInterpretedType", "")) in _OF_PLANNING
    }
    return any(
        str(item.get("ROIGenerationAlgorithm", "")) == _AUTOMATIC
        and str(item.get("ROINumber", "")) not in of_planning
        and not _PATIENTS_OUTLINE.fullmatch(str(item.get("ROIName", "")).strip())
        for item in ds.get("StructureSetROISequence") or ()
    )


def _is_automatic(ds: Dataset, sequence: str, name: str) -> bool:
    return any(str(item.get(name, "")) == _AUTOMATIC for item in ds.get(sequence) or ())


def _code(item: Dataset, sequence: str) -> str:
    return code_value(next(iter(item.get(sequence) or ()), Dataset()))
