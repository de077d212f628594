"""One odd field of patient or study in the images never keeps a report from being stored, and never invents a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread

from resources.translation import use_language
from tests.helpers.cases import NOON
from tests.helpers.ct import axial, datasets, part10
from tests.helpers.full_reports import (
    OBJECTS,
    SENIOR,
    SIGNED,
    TEMPLATE,
    dciodvfy_errors,
    detected,
    final_report,
    real_study,
    worklist_row,
)
from tests.helpers.marked import marked
from workstation.dicom.header import header_of
from workstation.dicom.images.assemble import studies_of, study_from_json
from workstation.dicom.images.fast_reader import read_fast
from workstation.dicom.images.volumes import InstanceVolumes
from workstation.dicom.objects.secondary_capture import secondary_capture
from workstation.dicom.objects.segmentation import SegmentName, write_segmentation
from workstation.dicom.sr.common import patient_and_study
from workstation.domain.errors import TemplateViolation
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import SegmentMask
from workstation.domain.pictures import CaptureIdentity, Film
from workstation.domain.study import Study
from workstation.domain.template import Code
from workstation.domain.workitem import OutputReference
from workstation.services.jobs import NoJob


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


FIELDS = [
    ("PatientSex", "m", "M"),
    ("PatientSex", "Female", "F"),
    ("PatientSex", "男", "M"),
    ("PatientSex", "?", ""),
    ("PatientSex", "U", ""),
    ("PatientBirthDate", "1968-03-14", "19680314"),
    ("PatientBirthDate", "1968.03.14", "19680314"),
    ("PatientBirthDate", "1968", ""),
    ("PatientBirthDate", "068Y", ""),
    ("PatientBirthDate", "00000000", ""),
    ("PatientBirthDate", "19680231", ""),
    ("StudyDate", "2026.11.21", "20261121"),
    ("StudyDate", "21.11.2026", ""),
    ("StudyTime", "08:00:00", "080000"),
    ("StudyTime", "0800", "0800"),
    ("StudyTime", "8 Uhr", ""),
    ("AccessionNumber", "A-4711 ", "A-4711"),
    ("AccessionNumber", "CT2026112100000793", ""),
]
ATTRIBUTES = {
    "PatientSex": "sex",
    "PatientBirthDate": "birth_date",
    "StudyDate": "study_date",
    "StudyTime": "study_time",
    "AccessionNumber": "accession_number",
}
TAGS = {
    "PatientID": ("00100020", "LO"),
    "PatientSex": ("00100040", "CS"),
    "PatientBirthDate": ("00100030", "DA"),
    "StudyDate": ("00080020", "DA"),
    "StudyTime": ("00080030", "TM"),
    "AccessionNumber": ("00080050", "SH"),
}


def odd(study: Study, keyword: str, value: str) -> Study:
    name = ATTRIBUTES[keyword]
    if keyword.startswith("Patient"):
        return replace(study, patient=replace(study.patient, **{name: value}))
    return replace(study, **{name: value})  # type: ignore[arg-type] # all are text


def objects_of(study: Study) -> dict[str, Callable[[], dict[str, bytes]]]:
    """Return how each kind of object is made: reports, key images, looks, outlines, pictures, papers."""
    report, row = final_report(study), worklist_row(study)
    one = OutputReference(study.study_instance_uid, "1.2.3.4", "1.2.840.10008.5.1.4.1.1.88.22", "1.2.3.4.5")
    film = Film((np.zeros((8, 8, 3), np.uint8),), (40.0,), names_patient=False)
    return {
        "report": lambda: {"sr": OBJECTS.enhanced_sr(report, TEMPLATE, study, row)},
        "measurements": lambda: {"sr": OBJECTS.measurement_sr(report, study)},
        "pre-read": lambda: {"sr": OBJECTS.detection_sr(study, detected(study))},
        "on images": lambda: OBJECTS.image_objects(marked(report, study), study),
        "paper": lambda: {"pdf": OBJECTS.encapsulated_pdf(report, study, b"%PDF-1.4 x")},
        "rejection": lambda: {"ko": OBJECTS.rejection_note(study, (one,), note="x", author=SENIOR, language="en")},
        "picture": lambda: {
            "sc": secondary_capture(study, film, CaptureIdentity("2.25.1", "2.25.2", SIGNED, "CT")),
        },
    }


@pytest.mark.parametrize(("keyword", "said", "stored"), FIELDS)
def test_every_object_is_stored_and_holds_what_the_images_say_in_the_standards_form_or_nothing(
    lidc_0314: Path, keyword: str, said: str, stored: str
) -> None:
    kinds = set()
    for make in objects_of(odd(real_study(lidc_0314), keyword, said)).values():
        for content in make().values():
            ds = dcmread(BytesIO(content))
            kinds.add(str(ds.Modality))
            assert (ds.SOPClassUID.name, str(ds[keyword].value)) == (ds.SOPClassUID.name, stored)
    assert kinds >= {"SR", "KO", "PR", "SEG", "CT", "DOC"}


def from_data_set(keyword: str, value: str) -> Study:
    slices = datasets(axial([0, 2]))
    for one in slices:
        one.add_new(keyword, TAGS[keyword][1], value)  # as it stands in a file: a backslash parts two values
    return studies_of([header_of(one) for one in slices])[0]


def from_file(keyword: str, value: str) -> Study:
    slices = datasets(axial([0, 2]))
    for one in slices:
        one.add_new(keyword, TAGS[keyword][1], value)
    read = [read_fast(part10(one)) for one in slices]
    return studies_of([one.header for one in read if one is not None])[0]


def from_json(keyword: str, value: str) -> Study:
    told = heads(keyword, value)
    for one in told:
        one[TAGS[keyword][0]] = {"vr": TAGS[keyword][1], "Value": value.split("\\")}
    return study_from_json(told)


@pytest.mark.parametrize("read", [from_data_set, from_file, from_json])
@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # pydicom tells of the odd value that the test writes
def test_two_patient_ids_in_one_field_are_told_and_never_become_the_first_of_them(
    read: Callable[[str, str], Study], lidc_0314: Path
) -> None:
    study = read("PatientID", "P1\\P2")

    assert study.patient.patient_id == "P1\\P2"
    assert [one.code for one in study.warnings] == ["patient_id"]
    for make in objects_of(replace(real_study(lidc_0314), patient=study.patient)).values():
        with pytest.raises(TemplateViolation, match="patient ID"):
            make()


@pytest.mark.parametrize("read", [from_data_set, from_file, from_json])
@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_two_accession_numbers_in_one_field_stand_whole_and_none_of_them_is_stored(
    read: Callable[[str, str], Study],
) -> None:
    study = read("AccessionNumber", "A1\\A2")

    assert study.accession_number == "A1\\A2"
    assert [one.code for one in study.warnings] == ["accession_number"]
    assert patient_and_study(study).AccessionNumber == ""


def test_outlines_of_a_model_are_not_stored_under_one_of_two_patient_ids() -> None:
    def twice(ds: Dataset) -> None:
        ds.PatientID = "P1\\P2"

    with pytest.raises(TemplateViolation, match="patient ID"):
        outlined(twice)


@pytest.mark.parametrize("patient_id", ["X" * 65, "A\nB"])
def test_no_object_is_stored_under_a_patient_id_that_had_to_be_cut(lidc_0314: Path, patient_id: str) -> None:
    study = real_study(lidc_0314)
    made = objects_of(replace(study, patient=replace(study.patient, patient_id=patient_id)))

    for make in made.values():
        with pytest.raises(TemplateViolation, match="patient ID"):
            make()
    fits = replace(study, patient=replace(study.patient, patient_id="X" * 64))
    assert dcmread(BytesIO(objects_of(fits)["paper"]()["pdf"])).PatientID == "X" * 64


def heads(keyword: str, value: str) -> list[dict[str, object]]:
    found = []
    for ds in datasets(axial([0, 2])):
        told = ds.to_json_dict()
        told.pop("7FE00010", None)
        tag, vr = TAGS[keyword]
        told[tag] = {"vr": vr, "Value": [value]}
        found.append(told)
    return found


@pytest.mark.parametrize(("keyword", "said", "stored"), FIELDS)
def test_a_study_is_read_in_the_standards_form_and_what_is_no_value_is_told(
    keyword: str, said: str, stored: str
) -> None:
    study = study_from_json(heads(keyword, said))

    name = ATTRIBUTES[keyword]
    read = getattr(study.patient if keyword.startswith("Patient") else study, name)
    assert read == (stored if keyword != "AccessionNumber" else said.strip())  # on the screen it stands whole
    assert [one.code for one in study.warnings] == ([] if stored else [name])
    assert stored or f"“{said}”" in study.warnings[0].text


def test_a_patient_id_that_no_report_can_hold_is_told_when_the_images_are_read_and_never_cut() -> None:
    study = study_from_json(heads("PatientID", "X" * 65))

    assert study.patient.patient_id == "X" * 65
    assert [one.code for one in study.warnings] == ["patient_id"]


def outlined(change: Callable[[Dataset], None]) -> bytes:
    slices = datasets(axial([7.5, 5.0, 2.5, 0.0]))
    for one in slices:
        change(one)
    files = [part10(one) for one in slices]
    voxels = np.zeros((4, 16, 16), np.bool_)
    voxels[1, 3, 5] = True
    return write_segmentation(
        (SegmentMask("nodule", voxels),),
        (SegmentName("nodule", Code("427359005", "SCT", "Solitary nodule of lung"), "2.25.77"),),
        files,
        InstanceVolumes().from_instances(files, NoJob()),
        AlgorithmIdentity("lesion-mask", "1.2.3", "ab" * 32),
        at=NOON,
    )


def test_outlines_of_a_model_are_stored_where_the_images_lack_what_may_be_empty(tmp_path: Path) -> None:
    missing = (
        "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
        "AccessionNumber", "ReferringPhysicianName",
    )  # fmt: skip

    def without(ds: Dataset) -> None:
        for keyword in missing:
            ds.pop(keyword, None)

    path = tmp_path / "seg.dcm"
    path.write_bytes(outlined(without))
    ds = dcmread(path)

    assert [str(ds[keyword].value or "") for keyword in missing] == [""] * len(missing)
    assert dciodvfy_errors(path) == []


def test_outlines_of_a_model_are_stored_where_the_images_have_an_odd_field() -> None:
    def oddly(ds: Dataset) -> None:
        ds["PatientSex"]._value = "m"
        ds.AccessionNumber = "A1\\A2"
        ds["StudyDate"]._value = "2026.11.21"

    ds = dcmread(BytesIO(outlined(oddly)))

    assert (ds.PatientSex, ds.StudyDate, ds.AccessionNumber) == ("M", "20261121", "")
