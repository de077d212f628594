"""What a model means by its labels reaches every reader and every system: the code and the words of its manifest."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from resources.finding_names import finding_name
from tests.helpers.cases import ALGORITHM, NOON, FixedClock, ai_finding, report, study
from tests.helpers.films import on_film
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.dicom.sr.finding_items import finding_code
from workstation.dicom.sr.reader import read_detections
from workstation.domain.finding import Finding, FindingList
from workstation.domain.finding_class import FindingMeaning, NamedClass
from workstation.domain.image_place import ImageMark
from workstation.domain.model import ImageFindings, PlanarMark, StudyFinding
from workstation.domain.template import Code

OBJECTS = DicomObjects(FixedClock(NOON))
TB = FindingMeaning(Code("427099000", "SCT", "Active tuberculosis"), "活动性肺结核")
FILM = "1.2.3.2.1"
SHAPE = (0.0, 1.0, 8.0, 9.0)


def concepts(part10: bytes, session: str) -> list[tuple[str, str, str]]:
    """Return value, scheme and meaning of Finding in every group of a session, read without our own reader."""
    told = []
    for part in dcmread(BytesIO(part10)).ContentSequence:
        for group in part.get("ContentSequence") or ():
            items = list(group.get("ContentSequence") or ())
            if session in [str(item.get("TextValue", "")) for item in items]:
                told += [_concept(item) for item in items if item.ConceptNameCodeSequence[0].CodeValue == "121071"]
    return told


def _concept(item: Dataset) -> tuple[str, str, str]:
    said = item.ConceptCodeSequence[0]
    return said.CodeValue, said.CodingSchemeDesignator, said.CodeMeaning


def on_films(*classes: NamedClass) -> bytes:
    told = tuple(StudyFinding(one, 0.9, shown=True) for one in ("pneumothorax", "fracture", "mass"))
    boxed = (PlanarMark(SHAPE, 0.8, shown=True, label="tb_active"),)
    return OBJECTS.planar_sr(study(), replace(ALGORITHM, classes=classes), [ImageFindings(FILM, boxed, told)])


def test_labels_without_a_code_never_share_one() -> None:
    # "L" and 15 digits of the SHA-256 of the label, from sha256sum
    assert concepts(on_films(), "AI") == [
        ("LECAC58A5DDB8ADE", "99LIANYUE", "tb_active"),
        ("L4461982B07D0C93", "99LIANYUE", "pneumothorax"),
        ("LC7935748BD98DE2", "99LIANYUE", "fracture"),
        ("L4084A32B9BBA4B4", "99LIANYUE", "mass"),
    ]
    assert finding_code("TB Active").value == finding_code("tb_active").value
    assert finding_code("nodule") == Code("27925004", "SCT", "Nodule")


def test_the_code_and_both_names_of_the_manifest_are_written_and_come_back() -> None:
    written = on_films(NamedClass("tb_active", TB))

    assert concepts(written, "AI")[0] == ("427099000", "SCT", "Active tuberculosis")
    first, second = read_detections(written).findings[:2]
    assert (first.called, first.meaning) == ("tb_active", TB)
    assert (first.name("zh_CN"), first.name("en")) == ("活动性肺结核", "Active tuberculosis")
    assert (second.called, second.meaning) == ("pneumothorax", None)


def in_the_patient(meaning: FindingMeaning | None) -> Finding:
    finding = ai_finding(1)
    assert finding.mark is not None
    return replace(finding, original=replace(finding.mark, label="tb_active", meaning=meaning))


@pytest.mark.parametrize("where", ["film", "patient"])
def test_what_the_reader_accepts_keeps_the_code_of_the_model(where: str) -> None:
    found = in_the_patient(TB) if where == "patient" else on_film(1, sop=FILM, label="tb_active")
    if isinstance(found.original, ImageMark):
        found = replace(found, original=replace(found.original, meaning=TB))
    series, frame = "1.2.3.2", "1.9"
    listed = FindingList("1.2.3", series, frame, algorithm=ALGORITHM, findings=(found.accepted(by="expert", at=NOON),))
    written = OBJECTS.measurement_sr(replace(report(), findings=listed), study())

    told = ("427099000", "SCT", "Active tuberculosis")
    assert (concepts(written, "AI"), concepts(written, "Reader")) == ([told], [told])


def test_a_name_that_the_reader_gave_is_not_the_models() -> None:
    found = on_film(1, label="tb_active")
    assert isinstance(found.original, ImageMark)
    renamed = replace(found, label="mass", original=replace(found.original, meaning=TB))

    assert renamed.meaning is None
    assert renamed.name("zh_CN") == finding_name("mass", "zh_CN")


def test_the_code_of_another_maker_is_kept_with_what_the_reader_decides() -> None:
    ds = dcmread(BytesIO(OBJECTS.detection_sr(study(), listed_one())))
    for part in ds.ContentSequence:
        for group in part.get("ContentSequence") or ():
            for item in group.get("ContentSequence") or ():
                if item.ConceptNameCodeSequence[0].CodeValue == "121071":
                    said = item.ConceptCodeSequence[0]
                    said.CodeValue, said.CodingSchemeDesignator, said.CodeMeaning = "RID5352", "RADLEX", "pneumothorax"
    written = BytesIO()
    ds.save_as(written)
    (found,) = read_detections(written.getvalue()).findings

    assert found.meaning == FindingMeaning(Code("RID5352", "RADLEX", "pneumothorax"))
    assert found.name("zh_CN") == "气胸"  # the word of this product
    listed = replace(listed_one(), findings=(found.accepted(by="expert", at=NOON),))
    again = OBJECTS.measurement_sr(replace(report(), findings=listed), study())
    assert concepts(again, "Reader") == [("RID5352", "RADLEX", "pneumothorax")]


def listed_one() -> FindingList:
    return FindingList("1.2.3", "1.2.3.2", "1.9", algorithm=ALGORITHM, findings=(in_the_patient(None),))
