"""Objects of other systems about real CT slices: key images, presentation states, documents, measurements."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from workstation.domain.study import Instance, Patient, Series, Study

MAKER = "Kodiak"
_COMMON: dict[str, Any] = {
    "manufacturer": MAKER,
    "manufacturer_model_name": "Reader 7",
    "software_versions": "7",
    "device_serial_number": "1",
}


def saved(ds: Dataset) -> bytes:
    """Return the Part 10 bytes of an object."""
    buffer = BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()


def sources(
    folder: Path, first: int, last: int, every: int = 1, study_uid: str = "", series_uid: str = ""
) -> list[Dataset]:
    """Return headers of real slices, feet first, optionally of another study and series as the fakes serve them."""
    found = [pydicom.dcmread(path, stop_before_pixels=True) for path in folder.glob("*.dcm")]
    found.sort(key=lambda ds: float(ds.ImagePositionPatient[2]))
    chosen = found[first:last:every]
    for number, ds in enumerate(chosen):
        ds.SpecificCharacterSet = "ISO_IR 192"
        if study_uid:
            ds.StudyInstanceUID = study_uid
        if series_uid:
            ds.SeriesInstanceUID = series_uid
            ds.SOPInstanceUID = f"{series_uid}.{number}"
    return list(chosen)


def study_of(headers: list[Dataset], *others: tuple[str, bytes]) -> Study:
    """Return the study of these slices with further series, each of one object: (modality, Part 10)."""
    first = headers[0]
    images = tuple(
        Instance(str(ds.SOPInstanceUID), str(ds.SOPClassUID), n, rows=int(ds.Rows), columns=int(ds.Columns))
        for n, ds in enumerate(headers, start=1)
    )
    series = [Series(str(first.SeriesInstanceUID), "CT", 2, "", "", images)]
    for number, (modality, part10) in enumerate(others):
        ds = pydicom.dcmread(BytesIO(part10), stop_before_pixels=True) if part10[128:132] == b"DICM" else Dataset()
        uid = str(ds.get("SOPInstanceUID", f"1.2.9.{number}"))
        one = Instance(uid, str(ds.get("SOPClassUID", "")), 1)
        series.append(
            Series(str(ds.get("SeriesInstanceUID", f"1.2.8.{number}")), modality, 50 + number, modality, "", (one,))
        )
    return Study(str(first.StudyInstanceUID), Patient("1", "周丽华"), series=tuple(series))


def key_selection(headers: list[Dataset], number: int, uid: str = "1.2.77.1") -> bytes:
    """Return another system's key object selection of one slice."""
    chosen = headers[number]
    content = hd.ko.KeyObjectSelection(
        document_title=hd.sr.CodedConcept("113004", "DCM", "For Teaching"),
        referenced_objects=[chosen],
        description="zum Zeigen",
    )
    made = hd.ko.KeyObjectSelectionDocument(
        evidence=[chosen], content=content, series_instance_uid=f"{uid}.1", series_number=70, sop_instance_uid=uid,
        instance_number=1, manufacturer=MAKER,
    )  # fmt: skip
    return saved(made)


def presentation(headers: list[Dataset], number: int, uid: str = "1.2.77.2", **extra: object) -> bytes:
    """Return a grayscale presentation state of one slice: bone window, an arrow's line and words in pixels."""
    chosen = headers[number]
    layer = hd.pr.GraphicLayer("MARKS", 1)
    line = hd.pr.GraphicObject(
        hd.pr.GraphicTypeValues.POLYLINE, np.array([[100.5, 200.5], [140.5, 200.5]]),
        hd.pr.AnnotationUnitsValues.PIXEL,
    )  # fmt: skip
    words = hd.pr.TextObject("复查此处", hd.pr.AnnotationUnitsValues.PIXEL, anchor_point=(140.5, 200.5))
    annotation = hd.pr.GraphicAnnotation([chosen], layer, graphic_objects=[line], text_objects=[words])
    made = hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[chosen], series_instance_uid=f"{uid}.1", series_number=71, sop_instance_uid=uid,
        instance_number=1, content_label="BONE", content_description="bone window", concept_name=None,
        content_creator_name="Roe^Jane", graphic_annotations=[annotation], graphic_layers=[layer],
        voi_lut_transformations=[hd.pr.SoftcopyVOILUTTransformation(window_center=300.0, window_width=1500.0)],
        **_COMMON,
    )  # fmt: skip
    for name, value in extra.items():
        setattr(made, name, value)
    return saved(made)


def displayed_area(left: int, top: int, right: int, bottom: int) -> Sequence:
    """Return the sequence that names the shown part, corners counted from 1 and included."""
    item = Dataset()
    item.DisplayedAreaTopLeftHandCorner = [left, top]
    item.DisplayedAreaBottomRightHandCorner = [right, bottom]
    item.PresentationSizeMode = "SCALE TO FIT"
    item.PresentationPixelAspectRatio = [1, 1]
    return Sequence([item])


def document(study_uid: str, mime: str, content: bytes, uid: str = "1.2.77.3", kind: str = "1") -> bytes:
    """Return an encapsulated document of another make; ``kind`` is the last part of its SOP Class."""
    ds = Dataset()
    ds.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.104.{kind}"
    ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = uid, study_uid, f"{uid}.1"
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.Modality, ds.Manufacturer, ds.DocumentTitle = "DOC", MAKER, "外院报告"
    ds.MIMETypeOfEncapsulatedDocument = mime
    ds.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    return _part10(ds)


def text_report(study_uid: str, *texts: str, charset: str = "GB18030", uid: str = "1.2.77.4") -> bytes:
    """Return a basic text SR with a heading and its texts in a Chinese character set."""
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = uid, study_uid, f"{uid}.1"
    ds.SpecificCharacterSet = charset
    ds.Modality, ds.Manufacturer, ds.ValueType = "SR", MAKER, "CONTAINER"
    ds.ConceptNameCodeSequence = _code("18748-4", "LN", "Diagnostic Imaging Report")
    ds.ContentSequence = Sequence([_text(text) for text in texts])
    return _part10(ds)


def length_on_image(study_uid: str, image_uid: str, points: list[float], uid: str = "1.2.77.7") -> bytes:
    """Return a measurement report (TID 1500) with one length in the pixels of an image, corner of the first at 0."""
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.34"
    ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = uid, study_uid, f"{uid}.1"
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.Modality, ds.Manufacturer, ds.ValueType = "SR", MAKER, "CONTAINER"
    ds.ConceptNameCodeSequence = _code("126000", "DCM", "Imaging Measurement Report")
    image, line, length, group, groups, reference = (Dataset() for _ in range(6))
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", image_uid
    image.RelationshipType, image.ValueType = "SELECTED FROM", "IMAGE"
    image.ReferencedSOPSequence = Sequence([reference])
    line.RelationshipType, line.ValueType, line.GraphicType, line.GraphicData = (
        "INFERRED FROM", "SCOORD", "POLYLINE", points,
    )  # fmt: skip
    line.ContentSequence = Sequence([image])
    length.RelationshipType, length.ValueType = "CONTAINS", "NUM"
    length.ConceptNameCodeSequence = _code("410668003", "SCT", "Length")
    length.ContentSequence = Sequence([line])
    group.RelationshipType, group.ValueType, group.ContentSequence = "CONTAINS", "CONTAINER", Sequence([length])
    group.ConceptNameCodeSequence = _code("125007", "DCM", "Measurement Group")
    groups.RelationshipType, groups.ValueType, groups.ContentSequence = "CONTAINS", "CONTAINER", Sequence([group])
    groups.ConceptNameCodeSequence = _code("126010", "DCM", "Imaging Measurements")
    ds.ContentSequence = Sequence([groups])
    return _part10(ds)


def structure_set(
    study_uid: str,
    frame: str,
    contours: dict[str, list[list[float]]],
    colour: tuple[int, int, int] = (0, 0, 160),
    uid: str = "1.2.77.5",
) -> bytes:
    """Return an RTSTRUCT with closed contours by name, each a flat list of x, y, z."""
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = uid, study_uid, f"{uid}.1"
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.Modality, ds.Manufacturer, ds.StructureSetLabel = "RTSTRUCT", MAKER, "PLAN 1"
    ds.StructureSetDate, ds.StructureSetTime = "20261120", "101500"
    ds.StructureSetROISequence, ds.ROIContourSequence = Sequence(), Sequence()
    for number, (name, rings) in enumerate(contours.items(), start=1):
        roi, drawn = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, frame
        drawn.ReferencedROINumber, drawn.ROIDisplayColor = number, list(colour)
        drawn.ContourSequence = Sequence([_ring(ring) for ring in rings])
        ds.StructureSetROISequence.append(roi)
        ds.ROIContourSequence.append(drawn)
    return _part10(ds)


def _ring(points: list[float]) -> Dataset:
    item = Dataset()
    item.ContourGeometricType, item.NumberOfContourPoints = "CLOSED_PLANAR", len(points) // 3
    item.ContourData = [f"{value:.4f}" for value in points]
    return item


def _text(text: str) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType, item.TextValue = "CONTAINS", "TEXT", text
    item.ConceptNameCodeSequence = _code("121071", "DCM", "Finding")
    return item


def _code(value: str, scheme: str, meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def _part10(ds: Dataset) -> bytes:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = UID(ExplicitVRLittleEndian)
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()
