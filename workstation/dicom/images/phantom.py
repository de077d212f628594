"""
A chest CT made by rule: body, lungs, vessels, bones and nodules at known places.

For the demo, the benchmarks and tests where no real study is at hand. Sizes and densities are those
of a textbook adult; the nodules are spheres of soft tissue whose centre and diameter are exact.
Everything is deterministic for a seed. The patient is invented.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from workstation.dicom.images.phantom_anatomy import Capsule, slice_hu, vessel_tree
from workstation.domain.geometry import Point

PATIENT_NAME: Final = "Lin^Wanqing=林^晚晴"
_NOISE_HU: Final = 18.0
_DIAMETERS_MM: Final = (14.0, 10.0, 12.0)
_CLEARANCE_MM: Final = 5.0

# middle of lung zones without large vessels (LPS mm, phantom centre at 0): tried in seeded order
_SITES: Final = (
    (-88.0, 18.0, 30.0),
    (92.0, 28.0, 18.0),
    (-72.0, -34.0, -38.0),
    (84.0, 42.0, -42.0),
    (-66.0, 46.0, 58.0),
    (66.0, -22.0, 52.0),
)


@dataclass(frozen=True, slots=True)
class PhantomNodule:
    """One solid nodule: its centre in LPS millimetres and its diameter."""

    centre_lps_mm: Point
    diameter_mm: float


@dataclass(frozen=True, slots=True)
class PhantomTruth:
    """What was written where."""

    folder: Path
    study_instance_uid: str
    series_instance_uid: str
    nodules: tuple[PhantomNodule, ...]
    spacing_mm: tuple[float, float, float]
    """Between columns, rows and slices."""


def make_phantom_study(
    folder: Path,
    *,
    slices: int = 120,
    seed: int = 1,
    size: int = 512,
    nodules: int = 3,
    slice_spacing_mm: float = 2.5,
) -> PhantomTruth:
    """
    Write a chest CT series of ``slices`` axial images below ``folder`` and return the truth.

    ``nodules`` is at most 6. 120 slices of 512 x 512 take about 60 MB and a few seconds.
    """
    if not 0 <= nodules <= len(_SITES):
        raise ValueError(f"between 0 and {len(_SITES)} nodules, got {nodules}")
    folder.mkdir(parents=True, exist_ok=True)
    pixel_mm = 368.0 / size
    heights = (np.arange(slices) - (slices - 1) / 2) * slice_spacing_mm
    marks = _nodules(seed, nodules, (float(heights[0]), float(heights[-1])))
    vessels = [one for one in vessel_tree(seed) if _clear_of(one, marks)]
    axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(pixel_mm)
    spheres = tuple((*mark.centre_lps_mm, mark.diameter_mm / 2) for mark in marks)
    uids = _Uids(seed, slices, size)

    def write(n: int) -> None:
        hu = slice_hu(axis, float(heights[n]), slice_spacing_mm, vessels, spheres)
        hu += _noise(seed, n, size)
        dataset = ct_slice_dataset(
            n,
            np.clip(np.rint(hu), -1024, 3071).astype(np.int16),
            position=(float(axis[0]), float(axis[0]), float(heights[n])),
            pixel_mm=pixel_mm,
            slice_mm=slice_spacing_mm,
            study_uid=uids.study,
            series_uid=uids.series,
            frame_of_reference_uid=uids.make("frame"),
            instance_uid=uids.make(f"instance {n}"),
        )
        dataset.save_as(folder / f"{n + 1:04}.dcm", enforce_file_format=True)

    with ThreadPoolExecutor(2, thread_name_prefix="phantom") as pool:
        list(pool.map(write, range(slices)))
    return PhantomTruth(folder, uids.study, uids.series, marks, (pixel_mm, pixel_mm, slice_spacing_mm))


def ct_slice_dataset(
    number: int,
    hu: npt.NDArray[np.int16],
    *,
    position: Point,
    pixel_mm: float = 0.7,
    slice_mm: float = 1.0,
    study_uid: str = "2.25.101",
    series_uid: str = "2.25.102",
    frame_of_reference_uid: str = "2.25.103",
    instance_uid: str = "",
    orientation: Sequence[float] = (1, 0, 0, 0, 1, 0),
) -> FileDataset:
    """
    Return one valid CT Image of the invented patient, Explicit VR Little Endian, 16 bit signed.

    ``hu`` is ``(rows, columns)``; stored values are HU + 1024. ``position`` is the centre of the first
    pixel in LPS mm. Source: PS3.3 A.3.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(instance_uid or f"2.25.{104 + number}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", Dataset(), preamble=bytes(128), file_meta=meta)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    _describe_patient_and_study(dataset, study_uid)
    dataset.Modality = "CT"
    dataset.SeriesInstanceUID, dataset.SeriesNumber = series_uid, 2
    dataset.SeriesDescription = "胸部平扫 肺窗薄层"
    dataset.BodyPartExamined, dataset.PatientPosition, dataset.ProtocolName = "CHEST", "HFS", "Chest phantom"
    dataset.Manufacturer, dataset.ManufacturerModelName = "Lianyue", "Chest phantom"
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = "1", "1"
    dataset.InstitutionName = "联阅演示医院"
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = frame_of_reference_uid, ""
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.InstanceNumber, dataset.AcquisitionNumber = number + 1, 1
    dataset.AcquisitionDate = dataset.ContentDate = dataset.StudyDate
    dataset.AcquisitionTime = dataset.ContentTime = dataset.StudyTime
    dataset.PixelSpacing = [_decimal(pixel_mm), _decimal(pixel_mm)]
    dataset.ImageOrientationPatient = [_decimal(value) for value in orientation]
    dataset.ImagePositionPatient = [_decimal(value) for value in position]
    dataset.SliceThickness, dataset.KVP = _decimal(slice_mm), "120"
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
    dataset.WindowCenter, dataset.WindowWidth = ["-600", "40"], ["1500", "400"]
    dataset.WindowCenterWidthExplanation = ["LUNG", "MEDIASTINUM"]
    _describe_pixels(dataset, hu)
    return dataset


def _describe_patient_and_study(dataset: Dataset, study_uid: str) -> None:
    dataset.PatientName, dataset.PatientID = PATIENT_NAME, "LY-DEMO-0001"
    dataset.PatientBirthDate, dataset.PatientSex, dataset.PatientAge = "19610412", "F", "064Y"
    dataset.StudyInstanceUID, dataset.StudyID = study_uid, "1"
    dataset.StudyDate = dataset.SeriesDate = "20260105"
    dataset.StudyTime = dataset.SeriesTime = "093000"
    dataset.AccessionNumber, dataset.ReferringPhysicianName = "LY20260105001", ""
    dataset.StudyDescription = "胸部CT平扫"


def _describe_pixels(dataset: Dataset, hu: npt.NDArray[np.int16]) -> None:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = hu.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.PixelData = (hu.astype("<i2") + np.int16(1024)).tobytes()
    dataset["PixelData"].VR = "OW"


def _decimal(value: float) -> str:
    """Return a DS of at most 16 characters."""
    return f"{value:.8g}"


class _Uids:
    """UIDs that depend on the parameters alone, so that the same phantom is the same study."""

    def __init__(self, *parameters: int) -> None:
        self.parameters = parameters
        self.study = self.make("study")
        self.series = self.make("series")

    def make(self, what: str) -> str:
        """Return a UID derived from a UUID-sized hash. Source: PS3.5 B.2."""
        digest = hashlib.sha256(f"lianyue phantom {self.parameters} {what}".encode()).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def _nodules(seed: int, count: int, heights: tuple[float, float]) -> tuple[PhantomNodule, ...]:
    rng = np.random.default_rng([seed, 77])
    inside = [site for site in _SITES if heights[0] + 10 < site[2] < heights[1] - 10]
    chosen = [inside[k] for k in rng.permutation(len(inside))[:count]]
    found = []
    for k, site in enumerate(chosen):
        x, y, z = (round(float(value + shift), 1) for value, shift in zip(site, rng.uniform(-4, 4, 3), strict=True))
        found.append(PhantomNodule((x, y, z), _DIAMETERS_MM[k % len(_DIAMETERS_MM)]))
    return tuple(found)


def _clear_of(vessel: Capsule, marks: Sequence[PhantomNodule]) -> bool:
    return all(
        vessel.distance_mm(mark.centre_lps_mm) > mark.diameter_mm / 2 + vessel.radius_mm + _CLEARANCE_MM
        for mark in marks
    )


def _noise(seed: int, n: int, size: int) -> npt.NDArray[np.float32]:
    """Return one slice of noise with the grain of a standard kernel."""
    white = np.random.default_rng([seed, n]).standard_normal((size, size), dtype=np.float32)
    for axis in (0, 1):
        white = white + np.float32(0.5) * (np.roll(white, 1, axis) + np.roll(white, -1, axis))
    # each pass scales the deviation by sqrt(1 + 2 * 0.25)
    scaled: npt.NDArray[np.float32] = white * np.float32(_NOISE_HU / 1.5)
    return scaled
