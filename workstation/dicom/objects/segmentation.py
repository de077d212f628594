"""A model's mask as a DICOM Segmentation of the images it was made from, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import highdicom
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread

from resources.translation import tr
from workstation.dicom.charset import decode_dataset
from workstation.dicom.sr.common import MANUFACTURER, require_storable_id, software_version, uid_from
from workstation.dicom.sr.unnamed_frame import written_frame
from workstation.dicom.values import whole
from workstation.domain.errors import DecodeError, NotAVolume, TemplateViolation
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import SegmentMask
from workstation.domain.template import Code
from workstation.domain.told_fields import told_date, told_number, told_sex, told_time
from workstation.domain.volume import Volume

SEGMENTATION: Final = "1.2.840.10008.5.1.4.1.1.66.4"
SERIES_NUMBER: Final = 9103
_MORPHOLOGICALLY_ABNORMAL: Final = Code("49755003", "SCT", "Morphologically Abnormal Structure")
_TOLERANCE_MM: Final = 0.01
_TAKEN_OVER: Final[Mapping[str, Callable[[str], str]]] = {
    "PatientName": str,
    "PatientID": str,
    "PatientBirthDate": told_date,
    "PatientSex": told_sex,
    "StudyDate": told_date,
    "StudyTime": told_time,
    "StudyID": told_number,
    "AccessionNumber": told_number,
    "ReferringPhysicianName": str,
}
"""What must be there (type 2), as the standard has it (PS3.3 C.7.1.1, C.7.2.1)"""


@dataclass(frozen=True, slots=True)
class SegmentName:
    """
    What one segment is, for the object.

    ``tracking_id`` and ``site`` (where it lies) may be empty; without an identifier the label is one.
    """

    label: str
    code: Code
    tracking_uid: str = ""
    tracking_id: str = ""
    site: Code | None = None


def write_segmentation(
    masks: Sequence[SegmentMask],
    names: Sequence[SegmentName],
    sources: Sequence[bytes],
    volume: Volume,
    algorithm: AlgorithmIdentity,
    *,
    at: datetime,
) -> bytes:
    """
    Return a binary SEG as Part 10 bytes; slices without a voxel are left out.

    ``sources`` are the Part 10 files of the volume's slices, in any order; ``masks`` lie on its
    voxels. Raises TemplateViolation for an empty mask or a research model, NotAVolume when the
    files are not the slices of the volume.
    """
    _refuse_research(algorithm)
    found = [mask for mask in masks if not mask.empty]
    if not found:
        raise TemplateViolation(tr("There is no segmentation to store: the mask is empty."))
    by_label = {name.label: name for name in names}
    pixels = np.stack([mask.voxels for mask in found], axis=-1).astype(np.uint8)
    named = [by_label[mask.label] for mask in found]
    return _stored(pixels, [np.packbits(pixels).tobytes()], named, sources, volume, algorithm, at, 1)


def write_lesions(
    lesions: npt.NDArray[np.uint16],
    names: Sequence[SegmentName],
    sources: Sequence[bytes],
    volume: Volume,
    algorithm: AlgorithmIdentity,
    *,
    at: datetime,
    number: int = 1,
) -> bytes:
    """
    Return one segment per lesion as Part 10 bytes; ``lesions`` is ``[z, y, x]``, 0 = none, n = ``names[n - 1]``.

    Every name has a voxel. ``number`` is the instance's in the series. Raises as ``write_segmentation``. Its UIDs
    follow from what it says, not from ``at``: made again after a crash it is known for the same object.
    """
    _refuse_research(algorithm)
    if not names:
        raise TemplateViolation(tr("There is no segmentation to store: the mask is empty."))
    packed = [np.packbits(one > 0).tobytes() for one in lesions]
    return _stored(lesions, packed, names, sources, volume, algorithm, at, number)


def _refuse_research(algorithm: AlgorithmIdentity) -> None:
    if algorithm.research:
        raise TemplateViolation(
            tr("Marks of a research model cannot be written into a report or result."),
            hint=tr("Use a signed model, or mark the finding yourself."),
        )


def _stored(
    pixels: npt.NDArray[np.unsignedinteger[Any]],
    packed: Sequence[bytes],
    names: Sequence[SegmentName],
    sources: Sequence[bytes],
    volume: Volume,
    algorithm: AlgorithmIdentity,
    at: datetime,
    instance_number: int,
) -> bytes:
    slices = _in_order([_source(data) for data in sources], volume)
    for one in slices:  # anonymisers give each slice a frame of its own; the SR says that of the volume
        one.FrameOfReferenceUID = written_frame(volume.frame_of_reference_uid, volume.series_instance_uid)
    identity = highdicom.AlgorithmIdentificationSequence(
        name=algorithm.name[:64],
        version=algorithm.version[:64],
        family=highdicom.sr.CodedConcept("123110", "DCM", "Artificial Intelligence"),
        parameters={"sha256": algorithm.sha256},
    )
    digest = hashlib.sha256(repr((volume.series_instance_uid, algorithm.sha256, *names)).encode())
    for part in packed:
        digest.update(part)
    study_uid = str(slices[0].StudyInstanceUID)
    segmentation = highdicom.seg.Segmentation(
        source_images=slices,
        pixel_array=pixels,
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(number, name, identity) for number, name in enumerate(names, start=1)],
        series_instance_uid=uid_from(study_uid, "segmentation", algorithm.sha256),
        series_number=SERIES_NUMBER,
        sop_instance_uid=uid_from(study_uid, "segmentation", digest.hexdigest()),
        instance_number=instance_number,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=algorithm.name[:64],
        software_versions=software_version(),
        device_serial_number=algorithm.sha256[:64],
        series_description=f"AI {algorithm.name} {algorithm.version}"[:64],
        content_label="AI",
        omit_empty_frames=True,
    )
    stamp = at.astimezone()
    for event in ("Content", "InstanceCreation", "Series"):
        setattr(segmentation, f"{event}Date", stamp.strftime("%Y%m%d"))
        setattr(segmentation, f"{event}Time", stamp.strftime("%H%M%S"))
    buffer = BytesIO()
    segmentation.save_as(buffer)
    return buffer.getvalue()


def read_segmentation(part10: bytes, volume: Volume) -> tuple[SegmentMask, ...]:
    """
    Return the segments on the voxels of a volume; frames are placed by their positions.

    Raises DecodeError for anything that is no segmentation of such slices.
    """
    try:
        ds = dcmread(BytesIO(part10))
        if ds.SOPClassUID != SEGMENTATION:
            raise ValueError(str(ds.SOPClassUID))  # noqa: TRY301  one way to refuse, below
        segments = {int(item.SegmentNumber): str(item.SegmentLabel) for item in ds.SegmentSequence}
        masks = {number: np.zeros(volume.voxels.shape, np.bool_) for number in segments}
        frames = ds.pixel_array.reshape(-1, ds.Rows, ds.Columns)
        shared = ds.SharedFunctionalGroupsSequence[0]  # names the segment where there is only one
        for frame, item in zip(frames, ds.PerFrameFunctionalGroupsSequence, strict=True):
            said = item if "SegmentIdentificationSequence" in item else shared
            number = int(said.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
            position = item.PlanePositionSequence[0].ImagePositionPatient
            masks[number][_slice_at([float(value) for value in position], volume)] |= frame > 0
    except (AttributeError, ValueError, KeyError, IndexError, TypeError, OSError) as exc:
        raise DecodeError(
            tr("The segmentation does not belong to these images or is damaged."),
            hint=tr("The images can be read without it."),
            detail=f"{type(exc).__name__}: {exc}"[:300],
        ) from exc
    return tuple(SegmentMask(segments[number], voxels) for number, voxels in masks.items())


def _source(data: bytes) -> Dataset:
    ds = dcmread(BytesIO(data), stop_before_pixels=True)
    decode_dataset(ds)
    ds.SpecificCharacterSet = "ISO_IR 192"  # what the segmentation takes over of it is written as UTF-8
    for keyword, told in _TAKEN_OVER.items():  # type 2: a scanner or an anonymiser may have left any of them out
        setattr(ds, keyword, told(whole(ds.get(keyword))))
    require_storable_id(whole(ds.PatientID))
    return ds


def _in_order(slices: Sequence[Dataset], volume: Volume) -> list[Dataset]:
    placed: dict[int, Dataset] = {}
    for ds in slices:
        if str(ds.get("SeriesInstanceUID", "")) != volume.series_instance_uid or "ImagePositionPatient" not in ds:
            raise _foreign(str(ds.get("SOPInstanceUID", "")))
        try:
            number = _slice_at([float(value) for value in ds.ImagePositionPatient], volume)
        except ValueError as exc:
            raise _foreign(str(exc)) from exc
        placed.setdefault(number, ds)
    if len(placed) != volume.voxels.shape[0]:
        raise _foreign(f"{len(placed)} of {volume.voxels.shape[0]} slices")
    return [placed[number] for number in sorted(placed)]


def _slice_at(position: Sequence[float], volume: Volume) -> int:
    """Return the slice whose first voxel lies here; ValueError when there is none."""
    ijk: npt.NDArray[np.float64] = volume.ijk_of(position)
    number = round(float(ijk[2]))
    off_mm = float(np.linalg.norm(volume.lps_of([0, 0, number]) - np.asarray(position)))
    if off_mm > max(_TOLERANCE_MM, 0.1 * volume.spacing_mm[2]) or not 0 <= number < volume.voxels.shape[0]:
        raise ValueError(f"no slice at {position}")
    return number


def _description(number: int, name: SegmentName, identity: Any) -> Any:  # noqa: ANN401  highdicom ships no types
    return highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=name.label[:64],
        segmented_property_category=_concept(_MORPHOLOGICALLY_ABNORMAL),
        segmented_property_type=_concept(name.code),
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=identity,
        tracking_uid=name.tracking_uid or None,
        tracking_id=(name.tracking_id or name.label) if name.tracking_uid else None,
        anatomic_regions=None if name.site is None else [_concept(name.site)],
    )


def _concept(code: Code) -> Any:  # noqa: ANN401  ditto
    return highdicom.sr.CodedConcept(code.value, code.scheme, code.meaning[:64])


def _foreign(detail: str) -> NotAVolume:
    return NotAVolume(
        tr("The files are not the images that the mask was made from."),
        hint=tr("Fetch the series again, then run the model again."),
        detail=detail,
    )
