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
from workstation.ui.foreign_words import left_out_lines


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
