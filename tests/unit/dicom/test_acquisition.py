"""Age, contrast medium, kernel and phantom as the header states them."""

from __future__ import annotations

import pytest

from workstation.dicom.acquisition import acquisition_of, age_years
from workstation.dicom.header import Header


def _header(**values: str) -> Header:
    return Header({key: (value,) for key, value in values.items()})


@pytest.mark.parametrize(
    ("stated", "born", "examined", "expected"),
    [
        ("064Y", "", "", 64.0),
        ("018M", "", "", 1.5),
        ("8Y", "", "", 8.0),
        ("08Y", "", "", 8.0),
        ("026W", "", "", 0.498),
        ("010D", "", "", 0.027),
        ("009Y", "19600101", "20200101", 9.0),
        ("", "20100301", "20200301", 10.0),
        ("abc", "20100301", "20200301", 10.0),
        ("", "2010.03.01", "20200301", 10.0),
    ],
)
def test_the_age_is_the_stated_one_or_follows_from_the_dates(
    stated: str, born: str, examined: str, expected: float
) -> None:
    assert age_years(stated, born, examined) == pytest.approx(expected, abs=0.003)


@pytest.mark.parametrize(
    ("stated", "born", "examined"),
    [("", "", ""), ("", "20100301", ""), ("", "20200301", "20100301"), ("64", "", ""), ("", "20101301", "20200301")],
)
def test_an_age_that_cannot_be_known_stays_unknown(stated: str, born: str, examined: str) -> None:
    assert age_years(stated, born, examined) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"ContrastBolusAgent": "Omnipaque 350"}, True),
        ({"ContrastBolusAgent": "NONE"}, None),
        ({"SeriesDescription": "胸部增强 动脉期"}, True),
        ({"SeriesDescription": "胸部平扫"}, False),
        ({"ProtocolName": "Thorax with contrast"}, True),
        ({"ProtocolName": "Thorax without contrast"}, False),
        ({"SeriesDescription": "CHEST C+ 1.0"}, True),
        ({"SeriesDescription": "LUNG 1.0"}, None),
        ({}, None),
    ],
)
def test_contrast_medium_is_known_only_where_it_is_stated(values: dict[str, str], *, expected: bool | None) -> None:
    assert acquisition_of(_header(**values)).contrast is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"PatientName": "QA Phantom"}, True),
        ({"ProtocolName": "Chest phantom"}, True),
        ({"StudyDescription": "水模校准"}, True),
        ({"PatientName": "ZHANG^SAN", "StudyDescription": "CT chest"}, False),
    ],
)
def test_a_phantom_is_known_by_its_names(values: dict[str, str], *, expected: bool) -> None:
    assert acquisition_of(_header(**values)).phantom is expected


def test_kernel_and_body_part_are_kept() -> None:
    facts = acquisition_of(_header(Modality="CT", BodyPartExamined="Chest", ConvolutionKernel="B70f"))

    assert (facts.modality, facts.body_part, facts.kernel) == ("CT", "CHEST", "B70f")


@pytest.mark.parametrize(("stated", "slice_mm"), [("1.25", 1.25), ("0", None), ("thin", None), ("", None)])
def test_how_thick_a_slice_is_comes_from_the_header_or_stays_unknown(stated: str, slice_mm: float | None) -> None:
    assert acquisition_of(_header(SliceThickness=stated)).slice_mm == slice_mm
