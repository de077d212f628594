"""
The signed PDF inside a DICOM object (Encapsulated PDF Storage).

The object is made after the PDF was signed, so the signature cannot cover it. What surrounds the
PDF depends on the report alone; its digest is put into the PDF's manifest beforehand and
``taken_apart`` lets a verifier account for every byte of the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from workstation.dicom.sr.common import add_equipment, add_time, code_dataset, part10, patient_and_study, read_part10
from workstation.dicom.sr.structured_report import report_head
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import Code

ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
SERIES_NUMBER: Final = 9003
_NO_TITLE: Final = Code("18748-4", "LN", "Diagnostic Imaging Report")
_ELEMENT: Final = struct.pack("<HH2sH", 0x0042, 0x0011, b"OB", 0)
_LENGTH: Final = struct.pack("<HH2sH", 0x0042, 0x0015, b"UL", 4)


def encapsulated_pdf(report: Report, study: Study, pdf: bytes) -> bytes:
    """Return the PDF as a DICOM object of the same study, one image named as its source."""
    head = report_head(
        report,
        kind="report_pdf",
        sop_class_uid=ENCAPSULATED_PDF,
        number=SERIES_NUMBER,
        description="Signed report" if report.signed_at else "Report",
    )
    ds = patient_and_study(study)
    ds.SOPClassUID = head.sop_class_uid
    ds.SOPInstanceUID = head.sop_instance_uid
    ds.Modality = "DOC"
    ds.SeriesInstanceUID = head.series_instance_uid
    ds.SeriesNumber = head.series_number
    ds.SeriesDescription = head.series_description
    add_equipment(ds, head.institution)
    add_time(ds, head.at)
    ds.ConversionType = "WSD"
    ds.InstanceNumber = 1
    ds.AcquisitionDateTime = ""
    ds.BurnedInAnnotation = "YES"  # the page shows the patient's name
    ds.VerificationFlag = "VERIFIED" if head.verifier else "UNVERIFIED"
    ds.ConceptNameCodeSequence = DicomSequence([code_dataset(_NO_TITLE)])
    ds.DocumentTitle = "Diagnostic Imaging Report"
    source = _source(report, study)
    if source is not None:
        ds.SourceInstanceSequence = DicomSequence([source])
    ds.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    ds.EncapsulatedDocumentLength = len(pdf)
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    return part10(ds)


def with_pdf(data: bytes, pdf: bytes) -> bytes:
    """Return one of our own objects with another PDF inside; all that surrounds it stays."""
    ds = read_part10(data)
    ds.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    ds.EncapsulatedDocumentLength = len(pdf)
    return part10(ds)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An encapsulated PDF taken apart: the document and all other bytes in a fixed form."""

    pdf: bytes
    surroundings: bytes


def taken_apart(data: bytes) -> Envelope:
    """
    Split a Part 10 file into its PDF and what surrounds it; every byte ends up in one of them.

    Raises ValueError when lengths, padding or layout are not those we write.
    """
    start = data.find(_ELEMENT)
    if start < 0:
        raise ValueError("no encapsulated document in explicit little endian")
    begin = start + len(_ELEMENT) + 4
    (padded,) = struct.unpack_from("<I", data, begin - 4)
    end = begin + padded
    at = data.find(_LENGTH, end)
    if end > len(data) or at < 0 or at + len(_LENGTH) + 4 > len(data):
        raise ValueError("the encapsulated document is cut short")
    (length,) = struct.unpack_from("<I", data, at + len(_LENGTH))
    if padded != length + length % 2 or data[begin + length : end].strip(b"\0"):
        raise ValueError("the length of the encapsulated document does not fit")
    after = data[end:at] + data[at + len(_LENGTH) + 4 :]
    return Envelope(data[begin : begin + length], data[:start] + after)


def _source(report: Report, study: Study) -> Dataset | None:
    """Return the reference to the image in the middle of the series that was read."""
    wanted = report.findings.series_instance_uid
    with_images = [series for series in study.series if series.instances]
    series = next((s for s in with_images if s.series_instance_uid == wanted), next(iter(with_images), None))
    if series is None:
        return None
    instance = series.instances[len(series.instances) // 2]
    item = Dataset()
    item.ReferencedSOPClassUID = instance.sop_class_uid
    item.ReferencedSOPInstanceUID = instance.sop_instance_uid
    return item
