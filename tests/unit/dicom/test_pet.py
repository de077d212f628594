"""PET headers are read as they stand: classic, enhanced, with the vendors' private blocks."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.helpers.jobs import RecordingJob
from tests.helpers.pet import SCAN, pet_header
from workstation.dicom.images.pet import pet_acquisition, read_pet
from workstation.domain.errors import JobCancelled, NotAVolume
from workstation.domain.study import Instance, Series
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType, suv_scale

EXPECTED = 70000 / (370e6 * 2 ** (-3600 / 6586.2))


def factor(*datasets: Dataset, **options: Any) -> float | None:  # noqa: ANN401 - options of the reader
    scale = suv_scale(pet_acquisition(datasets, **options))
    assert isinstance(scale, SuvScale), scale
    return scale.factor


def refusal(*datasets: Dataset) -> str:
    found = suv_scale(pet_acquisition(datasets))
    assert isinstance(found, SuvRefusal), found
    return found.code


def test_a_classic_header_gives_the_published_factor() -> None:
    assert factor(pet_header()) == pytest.approx(EXPECTED)


def test_slices_come_by_rising_position_whatever_their_order() -> None:
    found = pet_acquisition([pet_header(2), pet_header(0), pet_header(1), pet_header(1)])

    assert [one.sop_instance_uid for one in found.slices] == ["2.25.700", "2.25.701", "2.25.702"]


def test_siemens_ge_and_dated_injections_are_read() -> None:
    for group, creator, element in ((0x0071, "SIEMENS MED PT", 0x22), (0x0009, "GEMS_PETD_01", 0x0D)):
        dataset = pet_header()
        dataset.private_block(group, creator, create=True).add_new(element, "DT", "20260301095500.500000")
        assert datetime(2026, 3, 1, 9, 55, 0, 500000) == pet_acquisition([dataset]).reference  # noqa: DTZ001 - DICOM times have no zone
    dated = pet_header(RadiopharmaceuticalStartDateTime="20260301085900")
    assert pet_acquisition([dated]).injection.at == datetime(2026, 3, 1, 8, 59)  # noqa: DTZ001 - as above


def test_private_blocks_of_implicit_files_are_found_though_their_creator_is_raw_bytes() -> None:
    dataset = pet_header(Units="CNTS")
    dataset.add_new((0x7053, 0x0011), "UN", b"Philips PET Private Group ")
    dataset.add_new((0x7053, 0x1100), "UN", b"0.000551")
    dataset.add_new((0x7053, 0x1109), "UN", b"2.5 ")
    found = pet_acquisition([dataset], largest_value=1000.0)

    assert (found.philips_suv_factor, found.philips_activity_factor) == (0.000551, 2.5)
    assert factor(dataset) == 0.000551


def test_a_private_block_without_the_element_is_nothing() -> None:
    dataset = pet_header()
    dataset.private_block(0x7053, "Philips PET Private Group", create=True)

    assert pet_acquisition([dataset]).philips_suv_factor is None


def test_an_injection_in_another_time_zone_is_the_same_moment() -> None:
    """09:00 at +0800 is 01:00 UTC."""
    moved = pet_header(RadiopharmaceuticalStartDateTime="20260301010000+0000", TimezoneOffsetFromUTC="+0800")
    unsaid = pet_header(RadiopharmaceuticalStartDateTime="20260301090000-0500")

    assert factor(moved) == pytest.approx(EXPECTED)
    assert factor(unsaid) == pytest.approx(EXPECTED)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PatientWeight": None}, "weight_missing"),
        ({"PatientWeight": ""}, "weight_missing"),
        ({"RadionuclideTotalDose": None}, "dose_missing"),
        ({"RadionuclideHalfLife": None}, "half_life_missing"),
        ({"RadiopharmaceuticalStartTime": None}, "injection_missing"),
        ({"RadiopharmaceuticalStartTime": "9 a.m."}, "injection_missing"),
        ({"RadiopharmaceuticalStartTime": "256000"}, "injection_missing"),
        ({"AcquisitionTime": None}, "acquisition_time_missing"),
        ({"AcquisitionDate": "20261301"}, "acquisition_time_missing"),
        ({"AcquisitionDate": "today"}, "acquisition_time_missing"),
        ({"Units": None}, "units_missing"),
        ({"CorrectedImage": None}, "not_attenuation_corrected"),
        ({"CorrectedImage": "ATTN"}, "not_decay_corrected"),
        ({"DecayCorrection": None}, "decay_correction"),
        ({"RadiopharmaceuticalInformationSequence": None}, "dose_missing"),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value")
def test_what_a_header_lacks_is_refused(changes: dict[str, Any], code: str) -> None:
    assert code == refusal(pet_header(**changes))


def test_the_acquisition_date_time_serves_where_date_and_time_are_missing() -> None:
    dataset = pet_header(AcquisitionDate=None, AcquisitionTime=None, AcquisitionDateTime="20260301100000")

    assert factor(dataset) == pytest.approx(EXPECTED)


def test_slices_of_two_doses_are_no_series_for_an_uptake_value() -> None:
    found = suv_scale(pet_acquisition([pet_header(0), pet_header(1, RadionuclideTotalDose="100000000")]))

    assert isinstance(found, SuvRefusal)
    assert "RadionuclideTotalDose" in found.text


def enhanced(**changes: Any) -> Dataset:  # noqa: ANN401 - any attribute
    """Return an Enhanced PET of two frames: dose in MBq, reference and injection dated."""
    dataset = pet_header()
    tracer = dataset.RadiopharmaceuticalInformationSequence[0]
    tracer.RadionuclideTotalDose, tracer.RadiopharmaceuticalStartDateTime = "370", "20260301090000"
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.130"
    dataset.DecayCorrected = dataset.AttenuationCorrected = "YES"
    dataset.DecayCorrectionDateTime = "20260301100000"
    code, value_map, rescale, shared = Dataset(), Dataset(), Dataset(), Dataset()
    code.CodeValue = "Bq/ml"
    value_map.RealWorldValueSlope, value_map.RealWorldValueIntercept = 2.0, 0.0
    value_map.MeasurementUnitsCodeSequence = [code]
    rescale.RescaleSlope, rescale.RescaleIntercept = "2", "0"
    orientation, measures = Dataset(), Dataset()
    orientation.ImageOrientationPatient, measures.PixelSpacing = [1, 0, 0, 0, 1, 0], [4, 4]
    shared.RealWorldValueMappingSequence, shared.PixelValueTransformationSequence = [value_map], [rescale]
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for height in (3.0, 0.0):
        content, position, frame = Dataset(), Dataset(), Dataset()
        content.FrameAcquisitionDateTime, content.FrameAcquisitionDuration = "20260301100000", 120000.0
        position.ImagePositionPatient = [0, 0, height]
        frame.FrameContentSequence, frame.PlanePositionSequence = [content], [position]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence, dataset.NumberOfFrames = frames, 2
    for keyword, value in changes.items():
        holder = code if keyword == "CodeValue" else value_map if keyword.startswith("RealWorldValue") else dataset
        setattr(holder, keyword, value)
    return dataset


def test_an_enhanced_image_has_its_dose_in_megabecquerels_and_names_its_reference() -> None:
    found = pet_acquisition([enhanced()])

    assert factor(enhanced()) == pytest.approx(EXPECTED)
    assert (found.dose_in_mbq, found.reference) == (True, SCAN)
    assert [one.frame for one in found.slices] == [1, 0]


def test_an_uncorrected_enhanced_image_is_corrected_frame_by_frame() -> None:
    expected = 70000 / (370e6 * 2 ** (-3659.937 / 6586.2))

    assert factor(enhanced(DecayCorrected="NO")) == pytest.approx(expected, rel=1e-6)


def test_an_enhanced_image_of_uptake_values_is_taken_as_it_is() -> None:
    scale = suv_scale(pet_acquisition([enhanced(CodeValue="{SUVbsa}cm2/ml")]), SuvType.BSA)

    assert isinstance(scale, SuvScale)
    assert scale.factor == 1.0


@pytest.mark.parametrize(
    ("unit", "kind"),
    [("{SUVlbm(Janma)}g/ml", SuvType.LBM_JANMAHASATIAN), ("{SUVlbm(James128)}g/ml", SuvType.LBM_JAMES)],
)
def test_an_enhanced_image_whose_unit_is_a_long_code_is_taken_as_it_is(unit: str, kind: SuvType) -> None:
    """Units of CID 85 with more than 16 characters stand in Long Code Value (PS3.3 8.8)."""
    dataset = enhanced()
    (code,) = dataset.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0].MeasurementUnitsCodeSequence
    del code.CodeValue
    code.LongCodeValue = unit

    scale = suv_scale(pet_acquisition([dataset]), kind)

    assert isinstance(scale, SuvScale)
    assert scale.factor == 1.0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        # the real world values are not the values that the volume holds
        ({"RealWorldValueSlope": 3.0}, "units_missing"),
        ({"SharedFunctionalGroupsSequence": []}, "units_missing"),
        ({"CodeValue": "1"}, "units"),
        ({"DecayCorrectionDateTime": "2026"}, "decay_correction"),
        ({"DecayCorrected": ""}, "decay_correction"),
        ({"AttenuationCorrected": "NO"}, "not_attenuation_corrected"),
    ],
)
def test_enhanced_images_with_doubts_are_refused(changes: dict[str, Any], code: str) -> None:
    assert code == refusal(enhanced(**changes))


def test_a_series_without_images_has_no_pet() -> None:
    with pytest.raises(NotAVolume):
        pet_acquisition([])
    with pytest.raises(NotAVolume):
        read_pet(Series("1.2", "PT", instances=(Instance("1.3", "1.4", 1),)))


def test_reading_can_be_cancelled(shared_data: Path) -> None:
    job = RecordingJob()
    job.cancelled.set()

    with pytest.raises(JobCancelled):
        read_pet([shared_data / "pet-qin-hn-0024" / "000000.dcm"], job)


def test_a_series_of_files_is_read(shared_data: Path) -> None:
    path = shared_data / "pet-qin-hn-0024" / "000000.dcm"
    instance = Instance("1.3", "1.4", 1, rows=128, columns=128, path=str(path))

    found = read_pet(Series("1.2", "PT", instances=(instance,)), RecordingJob())

    assert (found.units, found.injection.time_only, found.patient.weight_kg) == ("BQML", time(11, 39), 66.2)


def test_the_tracer_is_named_by_its_code_then_by_its_text_then_by_its_nuclide() -> None:
    header = pet_header()
    tracer = header.RadiopharmaceuticalInformationSequence[0]
    assert pet_acquisition([header]).tracer == ""
    nuclide, drug = Dataset(), Dataset()
    nuclide.CodeMeaning, drug.CodeMeaning = "^18^Fluorine", "Fluorodeoxyglucose F^18^"
    tracer.RadionuclideCodeSequence = [nuclide]
    assert pet_acquisition([header]).tracer == "18Fluorine"
    tracer.Radiopharmaceutical = "FDG"
    assert pet_acquisition([header]).tracer == "FDG"
    tracer.RadiopharmaceuticalCodeSequence = [drug]
    assert pet_acquisition([header]).tracer == "Fluorodeoxyglucose F18"
    del header.RadiopharmaceuticalInformationSequence
    assert pet_acquisition([header]).tracer == ""
