"""PET series for tests: one that is right in everything, to be changed in one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from pydicom.dataset import Dataset

from workstation.domain.pet import Injection, PetAcquisition, PetPatient, PetSlice

SCAN = datetime(2026, 3, 1, 10, 0, 0)  # noqa: DTZ001 - DICOM times have no zone
F18_S = 6586.2


def slices(*acquired: datetime, **times: float) -> tuple[PetSlice, ...]:
    """Return slices acquired at the given times; the rest in common."""
    return tuple(PetSlice(one, **times) for one in acquired)  # type: ignore[arg-type] # floats of the dataclass


def pet(**changes: Any) -> PetAcquisition:  # noqa: ANN401 - any field of the acquisition
    """Return 70 kg, 370 MBq of F-18 given an hour before a START corrected scan in Bq/ml."""
    right = PetAcquisition(
        slices=slices(SCAN),
        units="BQML",
        corrected_image=("ATTN", "DECY"),
        decay_correction="START",
        patient=PetPatient(70.0, 1.75, "M"),
        dose=370e6,
        half_life_s=F18_S,
        injection=Injection(at=SCAN - timedelta(seconds=3600)),
        series_start=SCAN,
    )
    return replace(right, **changes)


def injected(hour: int, minute: int = 0) -> Injection:
    """Return an injection whose day is not written down."""
    return Injection(time_only=time(hour, minute))


def pet_header(n: int = 0, **changes: Any) -> Dataset:  # noqa: ANN401 - any attribute
    """Return the header of one slice of the same scan, 3 mm above the last; ``changes`` None deletes."""
    tracer = Dataset()
    tracer.RadionuclideTotalDose = "370000000"
    tracer.RadionuclideHalfLife = "6586.2"
    tracer.RadiopharmaceuticalStartTime = "090000"
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
    dataset.SOPInstanceUID, dataset.SeriesInstanceUID = f"2.25.70{n}", "2.25.7"
    dataset.Rows = dataset.Columns = 8
    dataset.ImagePositionPatient = [0, 0, 3 * n]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [4, 4]
    dataset.Manufacturer = "Lianyue"
    dataset.PatientWeight, dataset.PatientSize, dataset.PatientSex = "70", "1.75", "M"
    dataset.SeriesDate = dataset.AcquisitionDate = "20260301"
    dataset.SeriesTime = dataset.AcquisitionTime = "100000.000"
    dataset.Units, dataset.DecayCorrection = "BQML", "START"
    dataset.CorrectedImage = ["ATTN", "DECY", "SCAT"]
    dataset.FrameReferenceTime, dataset.ActualFrameDuration = "0", "120000"
    dataset.RadiopharmaceuticalInformationSequence = [tracer]
    for keyword, value in changes.items():
        target = tracer if keyword.startswith("Radio") and keyword in _TRACER else dataset
        if value is None:
            del target[keyword]
        else:
            setattr(target, keyword, value)
    return dataset


_TRACER = {
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
    "RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalStartDateTime",
}
