"""What another maker's report tells is shown in its own unit and under the name of what found it."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from workstation.dicom.objects.algorithm_names import algorithm_names
from workstation.dicom.sr import codes as code
from workstation.dicom.sr.common import coded, container, number, text
from workstation.dicom.sr.group_numbers import numbers_of
from workstation.domain.annotation import Measure, MeasureName, Statistics
from workstation.domain.template import Code

HU = Code("[hnsf'U]", "UCUM", "HU")
SUV = Code("g/ml{SUVbw}", "UCUM", "SUV")
SHARES = {code.MEAN: 30.0, code.STANDARD_DEVIATION: 5.0, code.MINIMUM: 1.0, code.MAXIMUM: 50.0}


def group(units: dict[Code, Code], *, is_derived: bool) -> Dataset:
    """Return the four statistics, the derivation beside the quantity or as the concept itself."""
    items = [
        number(code.ATTENUATION, value, units[how], children=[coded(code.DERIVATION, how)])
        if is_derived
        else number(how, value, units[how])
        for how, value in SHARES.items()
    ]
    return container(code.GROUP, items)


@pytest.mark.parametrize("is_derived", [True, False])
def test_a_statistic_in_another_unit_is_not_shown_in_the_unit_of_the_mean(is_derived: bool) -> None:  # noqa: FBT001 - a table
    alike = numbers_of(group(dict.fromkeys(SHARES, HU), is_derived=is_derived))
    assert (alike.statistics, alike.unread) == (Statistics(30, 5, 1, 50, 1, "HU"), 0)

    mixed = numbers_of(group({**dict.fromkeys(SHARES, HU), code.MAXIMUM: SUV}, is_derived=is_derived))

    assert mixed.statistics is None
    assert mixed.measures == (
        Measure(MeasureName.MEAN, 30, "HU"),
        Measure(MeasureName.DEVIATION, 5, "HU"),
        Measure(MeasureName.MINIMUM, 1, "HU"),
    )
    assert mixed.unread == 1


def contributing(purpose: str, model: str, scheme: str = "DCM") -> Dataset:
    one, of = Dataset(), Dataset()
    of.CodeValue, of.CodingSchemeDesignator, of.CodeMeaning = purpose, scheme, "Purpose"
    one.PurposeOfReferenceCodeSequence = Sequence([of])
    one.ManufacturerModelName, one.SoftwareVersions = model, "1.0"
    return one


def test_equipment_that_changed_or_carried_images_is_no_algorithm() -> None:
    """*Source:* PS3.16 CID 7005."""
    ds = Dataset()
    ds.ContributingEquipmentSequence = Sequence(
        [
            *(
                contributing(one, f"device {one}")
                for one in ("109101", "109103", "109104", "109105", "109106", "FILMD", "DOCD", "VIDD", "MEDIM")
            ),
            contributing("109102", "LungCAD"),
            contributing("109100", "Synthesizer"),
            contributing("109104", "Of another scheme", "99ACME"),
        ]
    )

    assert algorithm_names(ds) == ("LungCAD 1.0", "Synthesizer 1.0", "Of another scheme 1.0")


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ("n:LungCAD v:2.1 n:Segmenter v:9.0", ("LungCAD 2.1", "Segmenter 9.0")),
        ("n:LungCAD v:2.1 n:Segmenter", ("LungCAD 2.1", "Segmenter")),
        ("n:LungCAD n:Segmenter v:9.0", ("LungCAD", "Segmenter 9.0")),
        ("v:2.1 n:LungCAD v:9.0 n:Segmenter", ("LungCAD 2.1", "Segmenter 9.0")),
        ("v:2.1", ()),
    ],
)
def test_each_algorithm_of_one_container_is_told_with_its_own_version(items: str, told: tuple[str, ...]) -> None:
    names = {"n": code.ALGORITHM_NAME, "v": code.ALGORITHM_VERSION}
    ds = Dataset()
    ds.ContentSequence = Sequence(text(names[one[0]], one[2:]) for one in items.split())

    assert algorithm_names(ds) == told
