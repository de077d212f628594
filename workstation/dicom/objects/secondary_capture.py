"""
Pictures of a viewport as DICOM: Secondary Capture for one, Multi-frame True Color for a film.

*Source:* PS3.3 A.8.1, A.8.5, C.8.6.1 to C.8.6.4; PS3.6 for the UIDs.
"""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from workstation.dicom.sr.common import add_equipment, add_time, part10, patient_and_study
from workstation.domain.pictures import CaptureIdentity, Film
from workstation.domain.study import Study

SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
MULTI_FRAME_TRUE_COLOR: Final = "1.2.840.10008.5.1.4.1.1.7.4"
SERIES_NUMBER: Final = 9010
_FRAME_TIME: Final = Tag(0x0018, 0x1063)
_FRAME_TIME_VECTOR: Final = Tag(0x0018, 0x1065)
_SWEEPING: Final = 1


def secondary_capture(study: Study, film: Film, identity: CaptureIdentity) -> bytes:
    """
    Return the pictures as a Part 10 file of the same study in a series of its own.

    Burned In Annotation says YES of text of the patient, ours or the modality's, and NO only where there is none for
    certain. Where nobody knows it is absent (type 3), of a film YES: there it is type 1. Raises TemplateViolation.
    """
    rows, columns, samples = film.frames[0].shape
    ds = patient_and_study(study)
    ds.SOPClassUID = MULTI_FRAME_TRUE_COLOR if film.is_moving else SECONDARY_CAPTURE
    ds.SOPInstanceUID = identity.sop_instance_uid
    ds.SeriesInstanceUID = identity.series_instance_uid
    ds.SeriesNumber = SERIES_NUMBER
    ds.SeriesDescription = "Secondary capture"
    ds.Modality = identity.modality
    add_equipment(ds, study.institution)
    add_time(ds, identity.at)
    ds.ConversionType = "WSD"
    ds.SecondaryCaptureDeviceManufacturer = ds.Manufacturer
    ds.SecondaryCaptureDeviceManufacturerModelName = ds.ManufacturerModelName
    ds.SecondaryCaptureDeviceSoftwareVersions = ds.SoftwareVersions
    ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture = ds.ContentDate, ds.ContentTime
    ds.InstanceNumber = 1
    ds.Laterality = ds.PatientOrientation = ""  # what stands in a viewport may show both sides
    ds.ImageType = ["DERIVED", "SECONDARY"]
    if film.shows_name is not None or film.is_moving:
        ds.BurnedInAnnotation = "NO" if film.shows_name is False else "YES"
    if film.lossy:
        ds.LossyImageCompression = "01"
    ds.SamplesPerPixel = samples
    ds.PhotometricInterpretation = "RGB"
    ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    ds.PixelRepresentation = 0
    if film.is_moving:
        ds.NumberOfFrames = len(film.frames)
        _add_cine(ds, film)
    pixels = b"".join(frame.tobytes() for frame in film.frames)
    ds.PixelData = pixels + b"\0" * (len(pixels) % 2)
    ds["PixelData"].VR = "OB"
    return part10(ds)


def _add_cine(ds: Dataset, film: Film) -> None:
    """Say how a film plays; the vector names the time before each frame, none before the first. PS3.3 C.7.6.5."""
    if len(set(film.intervals_ms)) == 1:
        ds.FrameIncrementPointer = _FRAME_TIME
        ds.FrameTime = f"{film.intervals_ms[0]:.6g}"
    else:
        ds.FrameIncrementPointer = _FRAME_TIME_VECTOR
        ds.FrameTimeVector = ["0", *(f"{one:.6g}" for one in film.intervals_ms[:-1])]
    if film.sweeps:
        ds.PreferredPlaybackSequencing = _SWEEPING
