"""
Whether a device alone made what an object says: what a reader who looks first must not see yet.

*Source:* PS3.3 C.17.2 Verification Flag, C.8.20.2 Segment Algorithm Type, C.8.8.5 ROI Generation Algorithm, C.30
Approval Status; PS3.16 TID 1002 Observer Context, TID 4019 Algorithm Identification; IHE AI Results: results are SRs
and segmentations that name their algorithm.
"""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.objects.segment_outlines import SEGMENTATIONS
from workstation.dicom.objects.structure_set import RT_STRUCTURE_SET
from workstation.dicom.sr import codes as code

_SR: Final = "1.2.840.10008.5.1.4.1.1.88."
_KEY_OBJECTS: Final = f"{_SR}59"
_CAD: Final = frozenset({f"{_SR}50", f"{_SR}65", f"{_SR}69"})
"""Mammography, Chest and Colon CAD SR (PS3.4 B.5)."""
_PERSON: Final = "121006"
_AUTOMATIC: Final = "AUTOMATIC"
_MODALITIES: Final = frozenset({"SR", "SEG", "RTSTRUCT"})


def may_be_of_ai(sop_class_uid: str, modality: str) -> bool:
    """Tell whether objects of this kind can be an AI's; the modality speaks where the class is unknown."""
    if not sop_class_uid:
        return modality in _MODALITIES
    is_report = sop_class_uid.startswith(_SR) and sop_class_uid != _KEY_OBJECTS
    return is_report or sop_class_uid == RT_STRUCTURE_SET or sop_class_uid in SEGMENTATIONS


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

    A report: CAD; or not verified, without a person among its observers, and either naming its algorithm or a
    measurement report (TID 1500) by devices alone, as one "without findings" is. Outlines: any of them made
    automatically, unless a person approved the whole structure set. Key images, presentation states and documents
    never are: they do not tell it.
    """
    kind = str(ds.get("SOPClassUID", ""))
    if kind in SEGMENTATIONS:
        return _any(ds, "SegmentSequence", "SegmentAlgorithmType")
    if kind == RT_STRUCTURE_SET:
        is_approved = str(ds.get("ApprovalStatus", "")) == "APPROVED"
        return not is_approved and _any(ds, "StructureSetROISequence", "ROIGenerationAlgorithm")
    if kind in _CAD:
        return True
    if not may_be_of_ai(kind, "") or str(ds.get("VerificationFlag", "")) == "VERIFIED":
        return False
    observers = {
        _code(item, "ConceptCodeSequence")
        for item in ds.get("ContentSequence") or ()
        if _code(item, "ConceptNameCodeSequence") == code.OBSERVER_TYPE.value
    }
    is_devices = observers == {code.DEVICE.value} and _code(ds, "ConceptNameCodeSequence") == code.REPORT_TITLE.value
    return is_devices or (_PERSON not in observers and names_algorithm(ds))


def _any(ds: Dataset, sequence: str, name: str) -> bool:
    return any(str(item.get(name, "")) == _AUTOMATIC for item in ds.get(sequence) or ())


def _code(item: Dataset, sequence: str) -> str:
    return str(next(iter(item.get(sequence) or ()), Dataset()).get("CodeValue", ""))
