"""
The same signed report with the time stamp that came later: a further object, for the first one is final.

It differs from the first in three places that all follow from it: its SOP Instance UID, its Instance Number and the
name of the first as its predecessor. So what surrounds the PDF is still what the manifest vouches for, to the byte.
"""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from workstation.dicom.objects.encapsulated import taken_apart, with_pdf
from workstation.dicom.sr.common import part10, read_part10, uid_from

_FIRST: Final = 1
_SECOND: Final = 2


def stamped_uid(sop_instance_uid: str) -> str:
    """Return the SOP Instance UID of the stamped version of an object: the same for whoever adds the stamp."""
    return uid_from(sop_instance_uid, "time stamp added later")


def stamped_version(data: bytes, pdf: bytes) -> bytes:
    """
    Return one of our own objects around a PDF as a further object around the same PDF with its stamp.

    *Source:* Predecessor Documents Sequence (0040,A360), PS3.3 C.24.2. ValueError where ``pdf`` does not begin with the
    PDF of ``data``: a stamp is added to the end.
    """
    if not pdf.startswith(taken_apart(data).pdf):
        raise ValueError("the stamped PDF begins with other bytes")
    return _following(with_pdf(data, pdf))


def before_its_stamp(data: bytes) -> bytes:
    """
    Return what a stamped version would be without its three changes; any other object as it is.

    The PDF inside stays as it is. ValueError where something else differs than what ``stamped_version`` changes.
    """
    ds = read_part10(data)
    if "PredecessorDocumentsSequence" not in ds:
        return data
    first = ds.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    del ds.PredecessorDocumentsSequence
    ds.SOPInstanceUID, ds.InstanceNumber = first.ReferencedSOPInstanceUID, _FIRST
    before = part10(ds)
    if _following(before) != data:
        raise ValueError("the object is no stamped version of its predecessor")
    return before


def follows(data: bytes) -> str:
    """Return the SOP Instance UID of the object that a stamped version follows, empty where it follows none."""
    before = before_its_stamp(data)
    return "" if before is data else str(read_part10(before).SOPInstanceUID)


def _following(data: bytes) -> bytes:
    ds = read_part10(data)
    document = Dataset()
    document.ReferencedSOPClassUID = ds.SOPClassUID
    document.ReferencedSOPInstanceUID = ds.SOPInstanceUID
    series = Dataset()
    series.SeriesInstanceUID = ds.SeriesInstanceUID
    series.ReferencedSOPSequence = DicomSequence([document])
    study = Dataset()
    study.StudyInstanceUID = ds.StudyInstanceUID
    study.ReferencedSeriesSequence = DicomSequence([series])
    ds.PredecessorDocumentsSequence = DicomSequence([study])
    ds.SOPInstanceUID = stamped_uid(ds.SOPInstanceUID)
    ds.InstanceNumber = _SECOND
    return part10(ds)
