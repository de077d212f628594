"""A code of more than 16 characters is stored, read back, and found by others where the standard puts it."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.contract.test_annotation_report import K, M, drawn, written
from tests.helpers.full_reports import dciodvfy_errors, real_study
from workstation.dicom.coded_value import code_value
from workstation.dicom.sr.annotation_reader import read_drawn
from workstation.domain.annotation import Annotation, Measure
from workstation.domain.study import Study
from workstation.domain.suv import SuvType
from workstation.domain.voi import Threshold

JAMES = "g/ml{SUVlbm(James128)}"
JANMA = "g/ml{SUVlbm(Janma)}"


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return real_study(lidc_0314)


def in_uptake(study: Study, kind: SuvType) -> Annotation:
    ellipse = drawn(K.ELLIPSE, study)
    assert ellipse.statistics is not None
    return replace(ellipse, statistics=replace(ellipse.statistics, unit=kind.measured_unit))


@pytest.mark.parametrize("kind", list(SuvType))
def test_a_region_in_every_uptake_value_is_stored_and_comes_back_in_its_own_unit(kind: SuvType, study: Study) -> None:
    mine = in_uptake(study, kind)

    assert read_drawn(written((mine,), study)).annotations.annotations == (mine,)


@pytest.mark.parametrize(("kind", "unit"), [(SuvType.LBM_JANMAHASATIAN, JANMA), (SuvType.LBM_JAMES, JAMES)])
def test_a_unit_of_more_than_16_characters_is_a_long_code_value_alone(kind: SuvType, unit: str, study: Study) -> None:
    ds = dcmread(BytesIO(written((in_uptake(study, kind),), study)))

    units = [one for item in ds.iterall() if item.keyword == "MeasurementUnitsCodeSequence" for one in item.value]
    long = [one for one in units if "LongCodeValue" in one]
    assert {(one.LongCodeValue, one["LongCodeValue"].VR, one.CodingSchemeDesignator) for one in long} == {
        (unit, "UC", "UCUM")
    }
    assert len(long) == 4  # mean, deviation, least, most
    assert not any("CodeValue" in one for one in long)
    assert all(len(one.CodeValue) <= 16 for one in units if one not in long)


def test_numbers_of_a_report_that_lost_our_own_item_keep_the_long_unit(study: Study) -> None:
    mine = in_uptake(study, SuvType.LBM_JAMES)
    ds = dcmread(BytesIO(written((mine,), study)))
    for item in ds.iterall():
        if item.keyword == "TextValue" and str(item.value).startswith("{"):
            item.value = "{}"
    buffer = BytesIO()
    ds.save_as(buffer)

    (read,) = read_drawn(buffer.getvalue()).annotations.annotations

    assert read.statistics == mine.statistics


@pytest.mark.parametrize(
    "threshold",
    [Threshold(1 / 3, relative=True), Threshold(2.1234567), Threshold(12345.678), Threshold(1e-7), Threshold(0.41)],
)
def test_a_volume_above_any_threshold_comes_back_as_ours_with_that_very_threshold(
    threshold: Threshold, study: Study
) -> None:
    mine = replace(drawn(K.SPHERE, study), measures=(Measure(M.METABOLIC_VOLUME, 1.5, "ml", threshold),))

    assert read_drawn(written((mine,), study)).annotations.annotations == (mine,)


def test_a_volume_whose_threshold_another_system_changed_is_not_taken_for_ours(study: Study) -> None:
    mine = replace(drawn(K.SPHERE, study), measures=(Measure(M.METABOLIC_VOLUME, 1.5, "ml", Threshold(2.5)),))
    ds = dcmread(BytesIO(written((mine,), study)))
    for item in ds.iterall():
        if item.keyword == "CodeValue" and item.value == "TH_2.5":
            item.value = "TH_4"
    buffer = BytesIO()
    ds.save_as(buffer)

    (read,) = read_drawn(buffer.getvalue()).annotations.annotations
    assert read.origin == ds.SOPInstanceUID
    assert [one.threshold for one in read.measures] == [Threshold(4.0)]


@pytest.mark.parametrize(
    ("typed", "kept"), [("a\vb\x1b[1m", "a\vb\x1b[1m"), ("\u2028x", "\u2028x"), ("a\x85b\x7f\x9fc", "abc")]
)
def test_words_with_signs_that_nobody_sees_are_still_our_own_text(typed: str, kept: str, study: Study) -> None:
    mine = replace(drawn(K.TEXT, study), text=typed)

    assert read_drawn(written((mine,), study)).annotations.annotations == (replace(mine, text=kept),)


def test_a_volume_above_a_third_of_the_maximum_keeps_its_threshold(study: Study) -> None:
    third = Threshold(1 / 3, relative=True)  # TH_33.3333_PCT_MAX has 18 characters
    mine = replace(drawn(K.SPHERE, study), measures=(Measure(M.METABOLIC_VOLUME, 1.5, "ml", third),))
    ds = dcmread(BytesIO(written((mine,), study)))

    methods = {str(item.value) for item in ds.iterall() if item.keyword == "LongCodeValue"}

    assert "TH_33.3333_PCT_MAX" in methods


@pytest.mark.dcmtk
def test_the_judges_accept_long_codes(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "long.dcm"
    path.write_bytes(written((in_uptake(study, SuvType.LBM_JANMAHASATIAN),), study))

    assert dciodvfy_errors(path) == []


def test_the_value_of_a_code_is_read_from_each_of_its_three_places() -> None:
    places = {"CodeValue": "mm", "LongCodeValue": JAMES, "URNCodeValue": "urn:iso:std:iso:11073:1234"}
    items = {}
    for place, value in places.items():
        items[place] = Dataset()
        setattr(items[place], place, value)

    assert {place: code_value(item) for place, item in items.items()} == places
    assert code_value(Dataset()) == ""
