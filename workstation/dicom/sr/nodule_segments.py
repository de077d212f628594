"""
Outlined nodules as binary DICOM Segmentations, one object for each series they were outlined on.

A pixel belongs to a nodule where its centre lies inside its outlines (even-odd, so that holes stay holes).
*Source:* PS3.3 A.51, C.8.20.2, C.7.6.16; CID 7150 and 7159.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.valuerep import format_number_as_ds

from workstation.dicom.sr.codes import NODULE
from workstation.dicom.sr.common import (
    add_equipment,
    add_time,
    code_dataset,
    dcm,
    part10,
    patient_and_study,
    sct,
    software_version,
    uid_from,
)
from workstation.dicom.sr.storable import storable_name
from workstation.domain import outline
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.geometry import ImagePlane
from workstation.domain.marked_images import MarkedImage, StudyImages
from workstation.domain.report import Person, Report
from workstation.domain.study import Study

SEGMENTATION: Final = "1.2.840.10008.5.1.4.1.1.66.4"
SERIES_NUMBER: Final = 9007
_ABNORMAL: Final = sct("49755003", "Morphologically Abnormal Structure")
_DERIVATION: Final = dcm("113076", "Segmentation")
_PURPOSE: Final = dcm("121322", "Source image for image processing operation")
_TOOL: Final = "Lianyue nodule outline"
_COLOUR_CIELAB: Final = (55000, 38000, 49000)
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SegmentRef:
    """Where the segmentation of a nodule will be: known before the object is made, so that the SR can name it."""

    sop_instance_uid: str
    number: int


@dataclass(frozen=True, slots=True)
class _Slice:
    number: int
    image: MarkedImage
    plane: ImagePlane
    mask: Mask


def segment_refs(report: Report, study: Study) -> dict[str, SegmentRef]:
    """Return the segment of each outlined nodule of a report by the UID of its annotation."""
    return {
        one.uid: SegmentRef(_uid(report, series), number)
        for series, nodules in _by_series(report.drawn.annotations, study).items()
        for number, one in enumerate(nodules, 1)
    }


def add_segmentations(ds: Dataset, report: Report, study: Study) -> None:
    """Add the segmentations of a report to the evidence of an SR that names them (PS3.3 C.17.2.3)."""
    item = Dataset()
    item.SeriesInstanceUID = _series_uid(report, study)
    item.ReferencedSOPSequence = DicomSequence()
    for uid in dict.fromkeys(one.sop_instance_uid for one in segment_refs(report, study).values()):
        reference = Dataset()
        reference.ReferencedSOPClassUID = SEGMENTATION
        reference.ReferencedSOPInstanceUID = uid
        item.ReferencedSOPSequence.append(reference)
    ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence.append(item)


def nodule_segmentations(report: Report, study: Study, *, at: datetime, author: Person) -> tuple[bytes, ...]:
    """
    Return the outlined nodules of a report as Part 10 bytes, one object a series; none for none.

    The same report gives the same bytes. Raises TemplateViolation for text that cannot be stored.
    """
    images = StudyImages(study)
    labels = {finding.tracking_uid: f"Nodule {finding.number}" for finding in report.findings.reported}
    found = []
    for series, nodules in _by_series(report.drawn.annotations, study).items():
        slices = [
            _Slice(number, image, image.plane, mask)
            for number, one in enumerate(nodules, 1)
            for image in images.frames(series)
            if image.plane is not None and (mask := nodule_mask(one, image)).any()
        ]
        names = [labels.get(one.tracking_uid, f"Nodule outline {n}") for n, one in enumerate(nodules, 1)]
        ds = _object(report, study, series, at=at, author=author)
        ds.FrameOfReferenceUID = nodules[0].frame_of_reference_uid
        ds.SegmentSequence = DicomSequence(
            _segment(number, one, name) for number, (one, name) in enumerate(zip(nodules, names, strict=True), 1)
        )
        _add_frames(ds, slices, images.frames(series))
        found.append(part10(ds))
    return tuple(found)


def nodule_mask(nodule: Annotation, image: MarkedImage) -> Mask:
    """Return the ``[row, column]`` pixels of one frame whose centres lie inside the nodule's outlines there."""
    mask = np.zeros((image.rows, image.columns), dtype=np.bool_)
    if image.plane is None:
        return mask
    for ring in nodule.contours_lps_mm:
        if not image.holds(ring):
            continue
        corners = np.array([image.plane.pixel_of(point) for point in ring])
        left, top = np.maximum(np.ceil(corners.min(axis=0)).astype(int), 0)
        right, bottom = np.minimum(np.floor(corners.max(axis=0)).astype(int) + 1, (image.columns, image.rows))
        if left >= right or top >= bottom:
            continue
        column, row = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
        points = np.column_stack([column.ravel(), row.ravel()]).astype(np.float64)
        mask[top:bottom, left:right] ^= outline.inside(corners, points).reshape(column.shape)
    return mask


def _by_series(annotations: Iterable[Annotation], study: Study) -> dict[str, list[Annotation]]:
    """Return the nodules that fill at least one pixel, by series and in drawing order."""
    images, found = StudyImages(study), dict[str, list[Annotation]]()
    for one in annotations:
        if one.kind is not AnnotationKind.NODULE or not one.contours_lps_mm or not one.frame_of_reference_uid:
            continue
        if any(nodule_mask(one, image).any() for image in images.of(one)):
            series = found.setdefault(one.series_instance_uid, [])
            if not series or series[0].frame_of_reference_uid == one.frame_of_reference_uid:
                series.append(one)
    return found


def _uid(report: Report, series_instance_uid: str) -> str:
    return uid_from(report.report_uid, "segmentation", series_instance_uid, str(report.revision))


def _series_uid(report: Report, study: Study) -> str:
    return uid_from(study.study_instance_uid, "segmentations", report.author.user_id)


def _object(report: Report, study: Study, series: str, *, at: datetime, author: Person) -> Dataset:
    ds = patient_and_study(study)
    ds.SOPClassUID = SEGMENTATION
    ds.SOPInstanceUID = _uid(report, series)
    ds.Modality = "SEG"
    ds.SeriesInstanceUID = _series_uid(report, study)
    ds.SeriesNumber = SERIES_NUMBER
    ds.SeriesDescription = "Outlined nodules"
    ds.InstanceNumber = 1
    ds.ContentLabel = "NODULES"
    ds.ContentDescription = "Outlined by the reader"
    ds.ContentCreatorName = storable_name(author.name)
    ds.PositionReferenceIndicator = ""
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.SegmentationType = "BINARY"
    ds.SegmentsOverlap = "UNDEFINED"
    ds.LossyImageCompression = "00"
    add_equipment(ds, author.organisation)
    add_time(ds, at)
    return ds


def _segment(number: int, nodule: Annotation, label: str) -> Dataset:
    item = Dataset()
    item.SegmentNumber = number
    item.SegmentLabel = label
    item.SegmentAlgorithmType = "SEMIAUTOMATIC"
    item.SegmentAlgorithmName = f"{_TOOL} {software_version()}"[:64]
    item.SegmentedPropertyCategoryCodeSequence = DicomSequence([code_dataset(_ABNORMAL)])
    item.SegmentedPropertyTypeCodeSequence = DicomSequence([code_dataset(NODULE)])
    item.RecommendedDisplayCIELabValue = list(_COLOUR_CIELAB)
    item.TrackingID = label
    item.TrackingUID = nodule.tracking_uid
    return item


def _add_frames(ds: Dataset, slices: Sequence[_Slice], frames: Sequence[MarkedImage]) -> None:
    first = slices[0]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = first.mask.shape
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = ds.PixelRepresentation = 0
    ds.NumberOfFrames = len(slices)
    packed = np.packbits(np.concatenate([one.mask.ravel() for one in slices]), bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    ds["PixelData"].VR = "OB"
    dimensions = uid_from(str(ds.SOPInstanceUID), "dimensions")
    organisation = Dataset()
    organisation.DimensionOrganizationUID = dimensions
    ds.DimensionOrganizationSequence = DicomSequence([organisation])
    ds.DimensionIndexSequence = DicomSequence(
        [
            _dimension(dimensions, 0x0062000B, 0x0062000A, "Segment Number"),
            _dimension(dimensions, 0x00200032, 0x00209113, "Image Position Patient"),
        ]
    )
    ds.SharedFunctionalGroupsSequence = DicomSequence([_shared(first, frames)])
    places = {key: place for place, key in enumerate(dict.fromkeys(one.image.image for one in slices), 1)}
    ds.PerFrameFunctionalGroupsSequence = DicomSequence(_frame(one, places[one.image.image]) for one in slices)
    ds.ReferencedSeriesSequence = DicomSequence([_sources(slices)])


def _dimension(organisation: str, pointer: int, group: int, label: str) -> Dataset:
    item = Dataset()
    item.DimensionOrganizationUID = organisation
    item.DimensionIndexPointer = pointer
    item.FunctionalGroupPointer = group
    item.DimensionDescriptionLabel = label
    return item


def _shared(first: _Slice, frames: Sequence[MarkedImage]) -> Dataset:
    across, down = first.plane.spacing_mm
    measures = Dataset()
    measures.PixelSpacing = [format_number_as_ds(float(down)), format_number_as_ds(float(across))]
    measures.SliceThickness = format_number_as_ds(2 * frames[0].half_gap_mm)
    measures.SpacingBetweenSlices = measures.SliceThickness
    orientation = Dataset()
    orientation.ImageOrientationPatient = [
        format_number_as_ds(float(value)) for value in (*first.plane.right, *first.plane.down)
    ]
    item = Dataset()
    item.PixelMeasuresSequence = DicomSequence([measures])
    item.PlaneOrientationSequence = DicomSequence([orientation])
    return item


def _frame(one: _Slice, place: int) -> Dataset:
    content, position, segment = Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues = [one.number, place]
    position.ImagePositionPatient = [format_number_as_ds(float(value)) for value in one.plane.origin]
    segment.ReferencedSegmentNumber = one.number
    source = _reference(one.image)
    source.PurposeOfReferenceCodeSequence = DicomSequence([code_dataset(_PURPOSE)])
    derivation = Dataset()
    derivation.DerivationCodeSequence = DicomSequence([code_dataset(_DERIVATION)])
    derivation.SourceImageSequence = DicomSequence([source])
    item = Dataset()
    item.FrameContentSequence = DicomSequence([content])
    item.PlanePositionSequence = DicomSequence([position])
    item.DerivationImageSequence = DicomSequence([derivation])
    item.SegmentIdentificationSequence = DicomSequence([segment])
    return item


def _sources(slices: Sequence[_Slice]) -> Dataset:
    named = {one.image.image.sop_instance_uid: one.image for one in slices}
    item = Dataset()
    item.SeriesInstanceUID = slices[0].image.image.series_instance_uid
    item.ReferencedInstanceSequence = DicomSequence()
    for image in named.values():
        one = Dataset()
        one.ReferencedSOPClassUID = image.image.sop_class_uid
        one.ReferencedSOPInstanceUID = image.image.sop_instance_uid
        item.ReferencedInstanceSequence.append(one)
    return item


def _reference(image: MarkedImage) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = image.image.sop_class_uid
    item.ReferencedSOPInstanceUID = image.image.sop_instance_uid
    if image.image.frame is not None:
        item.ReferencedFrameNumber = image.image.frame
    return item
