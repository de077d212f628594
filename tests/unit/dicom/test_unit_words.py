"""A number of a report carries its unit as people write it, and none where it has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import cases
from workstation.dicom.sr.report_words import field_text
from workstation.domain.template import FieldType, TemplateField, Text


@pytest.mark.parametrize(
    ("unit", "value", "said"),
    [("mGy.cm", "123.45", "123.45 mGy·cm"), ("1", "8", "8"), ("%", "12", "12 %"), ("g/ml", "2.1", "2.1 g/ml")],
)
def test_a_score_without_a_unit_is_not_told_with_a_one_behind_it(unit: str, value: str, said: str) -> None:
    item = TemplateField("asked", FieldType.NUMBER, Text("所问", "Asked"), unit=unit)
    report = replace(cases.report(), values={"asked": value})
    assert field_text(item, report) == said


def test_the_code_of_a_unit_stays_what_machines_read() -> None:
    item = TemplateField("dlp", FieldType.NUMBER, Text("剂量长度乘积", "Dose length product"), unit="mGy.cm")
    assert (item.unit, item.unit_words) == ("mGy.cm", "mGy·cm")
