"""Small Part 10 files made in memory."""

from __future__ import annotations

from io import BytesIO

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, EncapsulatedPDFStorage, ExplicitVRLittleEndian

SERIES_UID = "1.2.826.0.1.3680043.10.5.1"


def ct_slice(number: int, *, study_uid: str, series_uid: str = SERIES_UID, value: int = 0, size: int = 16) -> bytes:
    """Return one axial CT slice; ``value`` fills its pixels, so that two contents can share a UID."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(sop_uid(number, series_uid))
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = sop_uid(number, series_uid)
    dataset.StudyInstanceUID = study_uid
    dataset.SeriesInstanceUID = series_uid
    dataset.FrameOfReferenceUID = f"{series_uid}.0"
    dataset.Modality = "CT"
    dataset.PatientName = "Zhang^San=张^三"
    dataset.PatientID = "P0001"
    dataset.PatientBirthDate = "19600102"
    dataset.PatientSex = "M"
    dataset.StudyDate = "20260305"
    dataset.StudyTime = "081500"
    dataset.StudyID = "1"
    dataset.AccessionNumber = "A1"
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "Chest CT"
    dataset.SeriesNumber = 2
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = [0, 0, float(number)]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [0.7, 0.7]
    dataset.SliceThickness = 1
    dataset.RescaleIntercept = -1024
    dataset.RescaleSlope = 1
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = dataset.Columns = size
    dataset.BitsAllocated = 16
    dataset.BitsStored = 12
    dataset.HighBit = 11
    dataset.PixelRepresentation = 0
    dataset.PixelData = value.to_bytes(2, "little") * (size * size)
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def sop_uid(number: int, series_uid: str = SERIES_UID) -> str:
    """Return the SOP Instance UID of a slice made by ``ct_slice``."""
    return f"{series_uid}.{number}"


def result_object(number: int, sop_class: str, *, study_uid: str, series_uid: str = f"{SERIES_UID}.9") -> bytes:
    """Return a small SR or Encapsulated PDF of the study of ``ct_slice``."""
    source = pydicom.dcmread(BytesIO(ct_slice(1, study_uid=study_uid)), stop_before_pixels=True)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{series_uid}.{number}")
    kept = ("SpecificCharacterSet", "StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex")
    for keyword in (*kept, "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        setattr(dataset, keyword, source[keyword].value)
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = f"{series_uid}.{number}"
    dataset.SeriesInstanceUID = series_uid
    dataset.SeriesNumber = 90
    dataset.InstanceNumber = number
    is_pdf = sop_class == EncapsulatedPDFStorage
    dataset.Modality = "DOC" if is_pdf else "SR"
    if is_pdf:
        dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
        dataset.EncapsulatedDocument = b"%PDF-1.7\n%%EOF\n"
    else:
        dataset.ValueType = "CONTAINER"
        dataset.ContinuityOfContent = "SEPARATE"
        dataset.CompletionFlag = "COMPLETE"
        dataset.VerificationFlag = "UNVERIFIED"
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()
