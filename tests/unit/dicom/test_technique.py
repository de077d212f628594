"""Facts of acquisition come from the header or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from workstation.dicom.header import Header, header_from_json, header_of
from workstation.dicom.images.decode import read_header
from workstation.dicom.images.fast_reader import read_fast
from workstation.domain.technique import UNKNOWN, Moment, Technique


def technique(**values: object) -> Technique:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    direct = header_of(dataset).instance().technique
    assert header_from_json(dataset.to_json_dict()).instance().technique == direct
    return direct


def test_a_ct_says_thickness_voltage_exposure_and_agent() -> None:
    found = technique(
        SliceThickness="0.625", KVP="120", Exposure="85", ContrastBolusAgent="Omnipaque 350", StudyDate="20261121",
        AcquisitionDate="20261121", AcquisitionTime="101530.25",
    )  # fmt: skip
    assert found == Technique(0.625, "Omnipaque 350", 120.0, 85.0, taken="20261121101530", acquired="20261121101530")


def test_an_mr_says_echo_repetition_inversion_and_field() -> None:
    found = technique(EchoTime="90.5", RepetitionTime="4500", InversionTime="2500", MagneticFieldStrength="3")
    assert (found.echo_ms, found.repetition_ms, found.inversion_ms, found.field_t) == (90.5, 4500.0, 2500.0, 3.0)
    assert technique(MagneticFieldStrength="15000").field_t == 1.5


@pytest.mark.parametrize(
    ("values", "mas"),
    [
        ({"ExposureInuAs": "3200", "Exposure": "3"}, 3.2),
        ({"XRayTubeCurrent": "200", "ExposureTime": "500"}, 100.0),
        ({"XRayTubeCurrent": "200"}, None),
        ({"Exposure": "0"}, None),
    ],
)
def test_the_finest_statement_of_the_exposure_counts(values: dict[str, str], mas: float | None) -> None:
    assert technique(**values).mas == mas


@pytest.mark.parametrize("agent", ["", "NONE", "no contrast", "无"])
def test_a_word_for_no_agent_is_no_agent(agent: str) -> None:
    assert technique(ContrastBolusAgent=agent).contrast == ""


@pytest.mark.parametrize(
    ("values", "taken", "of"),
    [
        ({"SeriesTime": "0901", "SeriesDate": "20261121"}, "20261121090100", Moment.SERIES),
        ({"ContentTime": "090207", "ContentDate": "20261122"}, "20261122090207", Moment.CONTENT),  # past midnight
        ({"AcquisitionTime": "100000", "ContentTime": "173000"}, "20261121100000", Moment.ACQUIRED),
        ({"AcquisitionDateTime": "20261121100000", "SeriesTime": "0901"}, "20261121100000", Moment.ACQUIRED),
        (
            {"AcquisitionDate": "19990101", "AcquisitionTime": "100000", "SeriesTime": "1105"},
            "20261121110500",
            Moment.SERIES,
        ),
        ({"AcquisitionDate": "20261121"}, "", Moment.ACQUIRED),
    ],
)
def test_the_time_of_acquisition_comes_before_those_of_content_and_series_and_no_other_is_called_so(
    values: dict[str, str], taken: str, of: Moment
) -> None:
    found = technique(StudyDate="20261121", **values)
    assert (found.taken, found.taken_is) == (taken, of)


@pytest.mark.parametrize(
    ("values", "acquired"),
    [
        ({"StudyDate": "20261121", "AcquisitionTime": "1015"}, "20261121101500"),
        ({"AcquisitionDate": "20261122", "AcquisitionTime": "101530.25", "StudyDate": "20261121"}, "20261122101530"),
        ({"AcquisitionDateTime": "20261121101530.500000+0800", "StudyDate": "20261121"}, "20261121101530"),
        ({"AcquisitionDateTime": "202611211015"}, "20261121101500"),
        # those of content, series and study are no times of the acquisition
        ({"StudyDate": "20261121", "StudyTime": "090000", "SeriesTime": "1016", "ContentTime": "1017"}, ""),
        ({"AcquisitionTime": "101530"}, ""),
        ({"AcquisitionDateTime": "20261121"}, ""),
    ],
)
def test_the_moment_of_the_acquisition_is_told_by_the_acquisition_alone(values: dict[str, str], acquired: str) -> None:
    assert technique(**values).acquired == acquired


def test_a_broken_date_is_no_time() -> None:
    values = {"StudyDate": ("20261121",), "AcquisitionDate": ("20261141",), "AcquisitionTime": ("100000",)}
    assert Header(values).instance().technique.taken == ""


def test_without_a_study_date_a_whole_moment_is_believed() -> None:
    assert technique(SeriesDate="20261121", SeriesTime="080910").taken == "20261121080910"


def test_an_enhanced_object_says_it_in_its_functional_groups() -> None:
    measures, echo, timing = Dataset(), Dataset(), Dataset()
    measures.SliceThickness, echo.EffectiveEchoTime, timing.RepetitionTime = "4", 88.0, "3000"
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.MREchoSequence = Sequence([echo])
    shared.MRTimingAndRelatedParametersSequence = Sequence([timing])
    frames = [Dataset(), Dataset()]
    found = technique(SharedFunctionalGroupsSequence=Sequence([shared]), PerFrameFunctionalGroupsSequence=frames)
    assert (found.thickness_mm, found.echo_ms, found.repetition_ms) == (4.0, 88.0, 3000.0)


def test_an_empty_header_says_nothing() -> None:
    assert technique(Rows=1) == UNKNOWN


def test_the_fast_reader_and_pydicom_say_the_same_of_a_real_ct(lidc_0314: Path) -> None:
    path = min(lidc_0314.rglob("*.dcm"))
    fast = read_fast(path)
    assert fast is not None
    found = fast.header.instance().technique
    assert (found.thickness_mm, found.kvp) == (1.0, 120.0)
    assert header_of(read_header(path)).instance().technique == found


def test_an_image_says_whether_it_is_original() -> None:
    dataset = Dataset()
    dataset.ImageType = ["DERIVED", "SECONDARY", "MIP"]

    assert header_of(dataset).instance().image_type == ("DERIVED", "SECONDARY", "MIP")
    assert header_from_json(dataset.to_json_dict()).instance().image_type == ("DERIVED", "SECONDARY", "MIP")
    assert Header({}).instance().image_type == ()
