"""A number keeps its unit: on the screen, in the report that is stored, and when that is read again."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from workstation.dicom.images.frame_attributes import unit_of
from workstation.dicom.sr import annotation_codes as written

CT, CAPTURE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7"


def header(**values: object) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


@pytest.mark.parametrize(
    ("declared", "unit"),
    [
        (header(Modality="CT", SOPClassUID=CT, RescaleIntercept=-1024), "HU"),
        (header(Modality="CT", SOPClassUID=CT), ""),
        (header(Modality="CT", SOPClassUID=CAPTURE, RescaleIntercept=0), ""),
        (header(Modality="CT", SOPClassUID=CAPTURE, RescaleIntercept=0, RescaleType="HU"), "HU"),
        (header(Modality="CT", SOPClassUID=CT, RescaleIntercept=0, RescaleType="US"), ""),
        (header(Modality="PT", Units="NONE"), ""),
        (header(Modality="NM", Units="PCNT"), "%"),
        (header(Modality="DX", RescaleType="OD"), "mOD"),  # 2140 stands for an optical density of 2.140
        (header(Modality="CR", ModalityLUTSequence=[header(ModalityLUTType="OD")]), "mOD"),
        (header(Modality="CT", SOPClassUID=CT, ModalityLUTSequence=[header(ModalityLUTType="HU")]), "HU"),
        (header(Modality="CR", ModalityLUTSequence=[header(ModalityLUTType="US")]), ""),
    ],
)
def test_hounsfield_units_are_told_only_where_the_image_has_them(declared: Dataset, unit: str) -> None:
    assert unit_of(declared, declared) == unit


@pytest.mark.parametrize(
    ("unit", "standard"),
    [
        ("BQML", codes.UCUM.BecquerelsPerMilliliter),
        ("CNTS", codes.UCUM.Counts),
        ("CPS", codes.UCUM.CountsPerSecond),
        ("PROPCPS", codes.UCUM.ProportionalToCountsPerSecond),
        ("%", codes.UCUM.Percent),
        ("MLMING", codes.UCUM.MilliliterPerMinutePerGram),
    ],
)
def test_units_of_pet_are_written_as_the_standard_codes_them(unit: str, standard: object) -> None:
    assert written.unit_code(unit).value == standard.value  # type: ignore[attr-defined]  # a code of pydicom


@pytest.mark.parametrize("unit", ["BQML", "CNTS", "mm2/s", "mOD", "%", "HU", "SUV", "HU_MOD", "10-6mm2/s"])
def test_a_unit_that_was_written_is_read_again(unit: str) -> None:
    assert written.unit_of(written.unit_code(unit).value) == (unit, 1.0)


@pytest.mark.parametrize(
    ("unit", "code"), [("Z EFF {x}", "{ZEFFx}"), ("密度", "{unit}"), ("a" * 40, "{" + "a" * 14 + "}"), ("", "1")]
)
def test_an_unknown_unit_is_never_written_as_a_bare_number(unit: str, code: str) -> None:
    assert written.unit_code(unit).value == code
