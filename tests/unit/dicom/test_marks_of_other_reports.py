"""Marks of other systems' reports: in measurement groups and beside them, and none left out without a word."""

from __future__ import annotations

from io import BytesIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.helpers import foreign
from workstation.dicom.sr.annotation_reader import read_drawn
from workstation.domain.annotation import AnnotationKind
from workstation.services.foreign_objects_service import ForeignObject, ObjectKind, Provenance
from workstation.ui.foreign_words import left_out_lines, maker


def report(points: list[float]) -> tuple[Dataset, Dataset]:
    """Return a measurement report and its one NUM item, a line of points on an image inside."""
    ds = pydicom.dcmread(BytesIO(foreign.length_on_image("1.2.3", "1.9.6", points)))
    return ds, ds.ContentSequence[0].ContentSequence[0].ContentSequence[0]


def code(value: str, scheme: str, meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def test_a_cobb_angle_of_one_line_of_four_points_is_drawn_with_its_value() -> None:
    ds, number = report([10.5, 10.5, 60.5, 10.5, 10.5, 40.5, 60.5, 60.5])
    number.ConceptNameCodeSequence = code("285285000", "SCT", "Cobb angle")
    measured = Dataset()
    measured.NumericValue, measured.MeasurementUnitsCodeSequence = "21.8", code("deg", "UCUM", "degree")
    number.MeasuredValueSequence = Sequence([measured])

    found = read_drawn(foreign.saved(ds))

    (drawn,) = found.annotations.annotations
    assert drawn.kind is AnnotationKind.COBB
    assert drawn.points_px == ((10.0, 10.0), (60.0, 10.0), (10.0, 40.0), (60.0, 60.0))
    assert [(one.value, one.unit) for one in drawn.measures] == [(21.8, "deg")]
    assert found.left_out == 0


def test_an_open_line_that_cannot_be_drawn_is_counted_and_told() -> None:
    ds, _number = report([10.5, 10.5, 60.5, 10.5, 80.5, 40.5, 60.5, 60.5, 30.5, 30.5])

    found = read_drawn(foreign.saved(ds))

    assert (found.annotations.annotations, found.left_out) == ((), 1)
    listed = ForeignObject("1.2.3", ObjectKind.DOCUMENT, Provenance("1.2.4", "SR"), undrawn=found.left_out)
    assert left_out_lines(listed) == ("Not drawn: 1 mark of another kind",)


def test_a_length_beside_the_text_of_a_report_is_drawn() -> None:
    ds, number = report([10.5, 10.5, 60.5, 10.5])
    ds.ContentSequence = Sequence([number])

    (drawn,) = read_drawn(foreign.saved(ds)).annotations.annotations

    assert (drawn.kind, drawn.points_px) == (AnnotationKind.LENGTH, ((10.0, 10.0), (60.0, 10.0)))
    assert drawn.referenced_sop_instance_uid == "1.9.6"


def test_centre_and_outline_of_a_cad_finding_are_drawn() -> None:
    ds, number = report([90.5, 190.5, 110.5, 190.5, 110.5, 210.5, 90.5, 210.5, 90.5, 190.5])
    outline = number.ContentSequence[0]
    centre, finding = Dataset(), Dataset()
    centre.ValueType, centre.GraphicType, centre.GraphicData = "SCOORD", "POINT", [100.5, 200.5]
    centre.ContentSequence = outline.ContentSequence
    finding.RelationshipType, finding.ValueType = "INFERRED FROM", "CODE"
    finding.ConceptNameCodeSequence = code("111059", "DCM", "Single Image Finding")
    finding.ContentSequence = Sequence([centre, outline])
    ds.ContentSequence = Sequence([finding])

    found = read_drawn(foreign.saved(ds)).annotations.annotations

    assert [(one.kind, one.points_px) for one in found] == [
        (AnnotationKind.PROBE, ((100.0, 200.0),)),
        (AnnotationKind.FREEHAND, ((90.0, 190.0), (110.0, 190.0), (110.0, 210.0), (90.0, 210.0))),
    ]


def content(relation: str, kind: str, name: tuple[str, str, str] | None = None, *children: Dataset) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = relation, kind
    if name is not None:
        item.ConceptNameCodeSequence = code(*name)
    if children:
        item.ContentSequence = Sequence(children)
    return item


def mammography_cad(selected: Dataset, *intents: str) -> bytes:
    """Return a CAD report: a library of one image, and one finding per intent with a centre on ``selected``."""
    ds, number = report([90.5, 190.5, 110.5, 190.5])
    image = number.ContentSequence[0].ContentSequence[0]
    image.RelationshipType = "CONTAINS"
    library = content("CONTAINS", "CONTAINER", ("111028", "DCM", "Image Library"), image)
    findings = []
    for row, intent in enumerate(intents):
        centre = content("HAS PROPERTIES", "SCOORD", ("111010", "DCM", "Center"), selected)
        centre.GraphicType, centre.GraphicData = "POINT", [100.5, 200.5 + row]
        said = content("HAS CONCEPT MOD", "CODE", ("111056", "DCM", "Rendering Intent"))
        said.ConceptCodeSequence = code(intent, "DCM", "Rendering Intent of the finding")
        finding = content("CONTAINS", "CODE", ("111059", "DCM", "Single Image Finding"), said, centre)
        finding.ConceptCodeSequence = code("129793001", "SCT", "Mammographic breast mass")
        findings.append(finding)
    summary = content("CONTAINS", "CODE", ("111017", "DCM", "CAD Processing and Findings Summary"), *findings)
    summary.ConceptCodeSequence = code("111242", "DCM", "All algorithms succeeded; with findings")
    ds.ContentSequence = Sequence([library, summary])
    return foreign.saved(ds)


def by_place(*numbers: int) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ReferencedContentItemIdentifier = "SELECTED FROM", list(numbers)
    return item


def test_a_cad_mark_on_an_image_of_the_library_is_drawn_on_that_image() -> None:
    (drawn,) = read_drawn(mammography_cad(by_place(1, 1, 1), "111150")).annotations.annotations

    assert (drawn.kind, drawn.points_px) == (AnnotationKind.PROBE, ((100.0, 200.0),))
    assert drawn.referenced_sop_instance_uid == "1.9.6"


def test_a_mark_whose_image_cannot_be_found_is_counted_and_told() -> None:
    for nowhere in (by_place(1, 1, 2), by_place(1, 2), by_place(2, 1, 1), Dataset()):
        found = read_drawn(mammography_cad(nowhere, "111150"))

        assert (found.annotations.annotations, found.left_out, found.hidden) == ((), 1, 0)


def test_a_mark_that_is_not_for_presentation_is_not_drawn_but_told() -> None:
    required, optional, never = "111150", "111151", "111152"

    found = read_drawn(mammography_cad(by_place(1, 1, 1), required, never, optional, never))

    assert [one.points_px for one in found.annotations.annotations] == [((100.0, 200.0),), ((100.0, 202.0),)]
    assert (found.left_out, found.hidden) == (0, 2)
    listed = ForeignObject("1.2.3", ObjectKind.MARKS, Provenance("1.2.4", "SR"), hidden=found.hidden)
    assert left_out_lines(listed) == ("Not drawn: 2 marks that their maker does not mean to be displayed",)


def test_what_stands_in_a_finding_that_is_not_for_presentation_is_not_drawn_either() -> None:
    ds = pydicom.dcmread(BytesIO(mammography_cad(by_place(1, 1, 1), "111152")))
    finding = ds.ContentSequence[1].ContentSequence[0]
    said, centre = finding.ContentSequence
    finding.ContentSequence = Sequence([said, content("INFERRED FROM", "CODE", ("111015", "DCM", "Feature"), centre)])

    found = read_drawn(foreign.saved(ds))

    assert (found.annotations.annotations, found.hidden) == ((), 1)


def test_a_label_on_an_image_names_the_system_and_never_the_person() -> None:
    """It is painted into pictures that are taken without names."""
    assert maker(Provenance("1.2.4", "SR", author="Roe Jane")) == "Other system"
    assert maker(Provenance("1.2.4", "SR", manufacturer="Kodiak", author="Roe Jane")) == "Kodiak"
