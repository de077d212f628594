"""What another system tells of the values in its region is shown as far as it tells it, whatever it leaves out."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.contract.test_annotation_report import AT, READER, STATISTICS, drawn, study
from viewers.scene.callipers import has_values, words, words_elsewhere
from workstation.dicom.sr.annotation_report import annotation_sr
from workstation.domain.annotation import AnnotationKind, AnnotationList
from workstation.domain.study import Study
from workstation.services.foreign_objects_service import ForeignObject, read_object
from workstation.ui.foreign_words import left_out_lines

__all__ = ["study"]
MEAN, DEVIATION, MAXIMUM, MINIMUM = "373098007", "386136009", "56851009", "255605001"
"""SNOMED codes of PS3.16 CID 3488"""


def code_of(item: Dataset, keyword: str = "ConceptNameCodeSequence") -> str:
    return str(item[keyword][0].get("CodeValue", ""))


def derivation(item: Dataset) -> str:
    children = item.get("ContentSequence") or ()
    return next((code_of(one, "ConceptCodeSequence") for one in children if code_of(one) == "121401"), "")


def from_elsewhere(study: Study, edit: Callable[[Dataset], bool]) -> ForeignObject:
    """Return an ellipse in the report of another system, whose items are those that ``edit`` keeps."""
    mine = AnnotationList(study.study_instance_uid, (drawn(AnnotationKind.ELLIPSE, study),))
    ds = dcmread(BytesIO(annotation_sr(mine, study, at=AT, author=READER, language="en")))
    ds.Manufacturer = "OTHER"
    (groups,) = [one for one in ds.ContentSequence if code_of(one) == "126010"]
    for group in groups.ContentSequence:
        group.ContentSequence = Sequence(
            one for one in group.ContentSequence if code_of(one) != "AS_DRAWN" and edit(one)
        )
    buffer = BytesIO()
    dcmwrite(buffer, ds)
    return read_object(buffer.getvalue(), study)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({MEAN, DEVIATION, MINIMUM, MAXIMUM}, ("Mean −622 SD 87.2 HU", "Min −1003 Max 41")),
        ({MEAN, DEVIATION}, ("Mean −622 HU", "SD 87.2 HU")),
        ({MEAN, DEVIATION, MAXIMUM}, ("Mean −622 HU", "SD 87.2 HU", "Maximum 41 HU")),
        ({MINIMUM}, ("Minimum −1003 HU",)),
        (set(), ()),
    ],
    ids=["all four", "mean and SD", "no minimum", "one", "none"],
)
def test_statistics_that_are_told_in_part_are_shown_in_part(
    study: Study,
    told: set[str],
    expected: tuple[str, ...],
) -> None:
    one = from_elsewhere(study, lambda item: not derivation(item) or derivation(item) in told)
    (mark,) = one.marks
    assert words(mark) == (*expected, "Area 187.1 mm²")
    assert has_values(mark) is bool(told)
    assert words_elsewhere(mark) == ("Area 187.1 mm²", "Values of another series")
    assert left_out_lines(one) == ()


def test_statistics_whose_concept_is_the_derivation_itself_are_read(study: Study) -> None:
    """So dcmjs, and with it OHIF, writes them."""

    def named(item: Dataset) -> bool:
        if how := derivation(item):
            item.ConceptNameCodeSequence[0].CodeValue = how
            item.ConceptNameCodeSequence[0].CodeMeaning = "by its kind"
            del item.ContentSequence
        return True

    one = from_elsewhere(study, named)
    (mark,) = one.marks
    assert mark.statistics == STATISTICS
    assert left_out_lines(one) == ()


def test_a_number_in_an_unknown_unit_is_said_to_be_left_out(study: Study) -> None:
    def unknown(item: Dataset) -> bool:
        if derivation(item) == MAXIMUM:
            item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = "furlong"
        return True

    one = from_elsewhere(study, unknown)
    (mark,) = one.marks
    assert words(mark) == ("Mean −622 HU", "SD 87.2 HU", "Minimum −1003 HU", "Area 187.1 mm²")
    assert left_out_lines(one) == ("Not shown: 1 number of another kind or in another unit",)


def test_a_mean_of_lengths_is_not_taken_for_one_of_values(study: Study) -> None:
    def in_mm(item: Dataset) -> bool:
        if derivation(item):
            item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = "mm"
        return derivation(item) in {"", MEAN}

    one = from_elsewhere(study, in_mm)
    (mark,) = one.marks
    assert words(mark) == ("Area 187.1 mm²",)
    assert left_out_lines(one) == ("Not shown: 1 number of another kind or in another unit",)
