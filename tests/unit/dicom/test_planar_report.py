"""Boxes on films are stored where they lie, with the model that drew them; what cannot be shown is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset

from resources.translation import use_language
from tests.helpers.cases import ALGORITHM, NOON, FixedClock, study
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.dicom.sr.reader import read_detections
from workstation.domain.errors import TemplateViolation
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.model import ImageFindings, PlanarMark, StudyFinding

STUDY = study(2)
BOX = PlanarMark((10.0, 20.0, 30.0, 40.0), 0.8, shown=True, label="nodule", out_of_ten=7)
FINDING = StudyFinding("effusion", 0.9, shown=False)
IMAGES = (ImageFindings("1.2.3.2.1", (BOX,), (FINDING,)), ImageFindings("1.2.3.2.2"))
OBJECTS = DicomObjects(FixedClock(NOON))


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def _read(data: bytes) -> Dataset:
    return pydicom.dcmread(BytesIO(data))


def _items(of: Dataset, meaning: str) -> list[Dataset]:
    return [one for one in of.ContentSequence if _name(one) == meaning]


def _name(item: Dataset) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].CodeMeaning) if names else ""


def _groups(ds: Dataset) -> list[Dataset]:
    (measurements,) = _items(ds, "Imaging Measurements")
    return list(measurements.ContentSequence)


def _tracking(data: bytes) -> list[str]:
    return [
        str(one.UID) for group in _groups(_read(data)) for one in group.ContentSequence if one.ValueType == "UIDREF"
    ]


def test_a_box_lies_on_its_image_in_pixels_counted_from_the_corner() -> None:
    box, _finding = _groups(_read(OBJECTS.planar_sr(STUDY, ALGORITHM, IMAGES)))

    (region,) = _items(box, "Image Region")
    assert (region.ValueType, region.GraphicType) == ("SCOORD", "POLYLINE")
    assert list(region.GraphicData) == [10.5, 20.5, 30.5, 20.5, 30.5, 40.5, 10.5, 40.5, 10.5, 20.5]
    (image,) = region.ContentSequence
    assert image.RelationshipType == "SELECTED FROM"
    assert image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3.2.1"
    assert box.ContentTemplateSequence[0].TemplateIdentifier == "1410"


def test_a_finding_without_a_place_names_its_image_and_claims_none() -> None:
    _box, finding = _groups(_read(OBJECTS.planar_sr(STUDY, ALGORITHM, IMAGES)))

    assert finding.ContentTemplateSequence[0].TemplateIdentifier == "1501"
    assert [one.ValueType for one in finding.ContentSequence if one.ValueType.startswith("SCOORD")] == []
    (image,) = [one for one in finding.ContentSequence if one.ValueType == "IMAGE"]
    assert image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3.2.1"


def test_the_object_says_which_model_how_sure_and_that_nobody_verified_it() -> None:
    ds = _read(OBJECTS.planar_sr(STUDY, ALGORITHM, IMAGES))
    box, _finding = _groups(ds)

    assert (ds.Modality, ds.VerificationFlag, ds.StudyInstanceUID) == ("SR", "UNVERIFIED", "1.2.3")
    assert ds.ContributingEquipmentSequence[0].DeviceSerialNumber == "ab" * 32
    assert [one.TextValue for one in _items(box, "Algorithm Name")] == [ALGORITHM.name]
    assert "sha256=" + "ab" * 32 in [one.TextValue for one in _items(box, "Algorithm Parameters")]
    numbers = [
        float(one.MeasuredValueSequence[0].NumericValue) for one in box.ContentSequence if one.ValueType == "NUM"
    ]
    assert numbers == [80.0, 7.0]


def test_the_same_result_has_the_same_tracking_uids() -> None:
    first, again = (_tracking(OBJECTS.planar_sr(STUDY, ALGORITHM, IMAGES)) for _ in range(2))

    assert first == again
    assert len(set(first)) == 2


def test_nothing_found_is_said() -> None:
    ds = _read(OBJECTS.planar_sr(STUDY, ALGORITHM, [ImageFindings("1.2.3.2.1")]))

    (told,) = _items(ds, "Qualitative Evaluations")
    assert told.ContentSequence[0].ConceptCodeSequence[0].CodeMeaning.endswith("without findings")
    assert read_detections(OBJECTS.planar_sr(STUDY, ALGORITHM, [])).findings == ()


def test_boxes_and_findings_come_back_on_the_image_they_were_made_on_and_never_in_millimetres() -> None:
    found = read_detections(OBJECTS.planar_sr(STUDY, ALGORITHM, IMAGES))

    box, whole = found.findings
    assert box.on_image == ImagePlace("1.2.3.2.1", box_px=(10.0, 20.0, 30.0, 40.0))
    assert whole.on_image == ImagePlace("1.2.3.2.1")
    assert [(one.centre_lps_mm, one.diameter_mm) for one in found.findings] == [(None, None), (None, None)]
    assert box.original == ImageMark(box.on_image, 0.8, shown=True, label="nodule", out_of_ten=7)
    assert whole.original == ImageMark(whole.on_image, 0.9, shown=False, label="effusion")
    assert (found.algorithm, found.series_instance_uid) == (ALGORITHM, "1.2.3.2")
    assert [one.number for one in found.undecided] == [1]


def test_a_research_model_and_an_image_of_another_study_are_refused() -> None:
    with pytest.raises(TemplateViolation):
        OBJECTS.planar_sr(STUDY, replace(ALGORITHM, research=True), IMAGES)
    with pytest.raises(ValueError, match="its own study"):
        OBJECTS.planar_sr(STUDY, ALGORITHM, [ImageFindings("9.9", (BOX,))])
