"""What people type or paste is stored as it reads or refused: nothing becomes "?", nothing makes a report invalid."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from workstation.dicom.sr.common import dcm, part10, person_name, text
from workstation.dicom.sr.storable import storable_name, storable_text
from workstation.domain.errors import TemplateViolation

WORDS = dcm("121106", "Comment")
NAME = dcm("121008", "Person Observer Name")


def document(item: Dataset) -> Dataset:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.SpecificCharacterSet = "1.2.840.10008.5.1.4.1.1.88.34", "1.2.3", "ISO_IR 192"
    ds.ContentSequence = Sequence([item])
    return ds


@pytest.mark.parametrize("item", [text(WORDS, "右肺\ud800结节"), person_name(NAME, "王\udc00启明")])
def test_half_a_character_is_refused_and_never_stored_as_a_question_mark(item: Dataset) -> None:
    with pytest.raises(TemplateViolation):
        part10(document(item))


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("右肺\v上叶", "右肺\n上叶"),  # a line break within a paragraph, as word processors paste it
        ("结节\x1b[31m 5 mm", "结节[31m 5 mm"),
        ("a\x00b\x7fc\x9fd", "abcd"),
        ("第一行\r\n第二行\t完", "第一行\r\n第二行\t完"),
        ("x\u2028y", "x\u2028y"),
        ("😀 ½ µ é", "😀 ½ µ é"),
    ],
)
def test_text_is_stored_as_it_reads_without_control_characters(typed: str, stored: str) -> None:
    ds = dcmread(BytesIO(part10(document(text(WORDS, typed)))))

    assert ds.ContentSequence[0].TextValue == stored
    assert storable_text(stored) == stored


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("王^启明", "王^启明"),
        ("Wang=王^启明", "Wang=王^启明"),
        ("A\\B", "A/B"),
        ("x" * 70, "x" * 64),
        ("Wang^Qi^Ming^Dr^MD^extra", "Wang^Qi^Ming^Dr^MD extra"),
        ("王\x1b启明\n", "王启明"),
        ("Wang=王=wang", "Wang=王=wang"),
        ("a=b=c=d", "a=b=c d"),
    ],
)
def test_a_name_is_one_value_of_at_most_three_groups_of_64_characters(name: str, stored: str) -> None:
    assert storable_name(name) == stored
    ds = dcmread(BytesIO(part10(document(person_name(NAME, name)))))

    assert str(ds.ContentSequence[0].PersonName) == stored
    assert ds.ContentSequence[0]["PersonName"].VM == 1
