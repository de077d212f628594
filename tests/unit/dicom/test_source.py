"""Folders as they come from the world: discs, exports, mistakes."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from tests.helpers.ct import axial, datasets, part10, write
from tests.helpers.jobs import RecordingJob
from workstation.dicom.header import instance_from_json, plane_of
from workstation.dicom.images import source
from workstation.dicom.images.assemble import study_from_json
from workstation.dicom.images.source import scan, scan_report
from workstation.domain.errors import DecodeError, JobCancelled
from workstation.domain.study import Study
from workstation.services.case_priors import persons_in

FIVE = axial([0, 2, 4, 6, 8])


def codes(study: Study) -> list[str]:
    return [warning.code for warning in study.warnings]


def test_a_study_shows_its_patient_and_series_in_chinese(tmp_path: Path) -> None:
    write(tmp_path, FIVE)

    (study,) = scan(tmp_path)

    assert (
        study.patient.name,
        study.patient.patient_id,
        study.description,
        study.institution,
        study.study_date,
        study.study_time,
    ) == ("林晚晴", "LY-DEMO-0001", "胸部CT平扫", "联阅演示医院", "20260105", "093000")
    assert (
        study.series[0].modality,
        study.series[0].series_number,
        study.series[0].body_part,
        len(study.series[0].instances),
    ) == ("CT", 2, "CHEST", 5)
    assert codes(study) == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (FIVE, [0.0, 2.0, 4.0, 6.0, 8.0]),
        (FIVE[::-1], [8.0, 6.0, 4.0, 2.0, 0.0]),  # numbered from head to foot: slice 1 is the console's slice 1
        ((FIVE[0], FIVE[4], FIVE[1], FIVE[3], FIVE[2]), [0.0, 2.0, 4.0, 6.0, 8.0]),  # numbers decide no order
    ],
)
def test_instances_stand_in_the_order_of_their_positions_from_the_end_where_numbering_begins(
    tmp_path: Path, written: Sequence[tuple[float, float, float]], shown: list[float]
) -> None:
    write(tmp_path, list(written))

    planes = [one.plane for one in scan(tmp_path)[0].series[0].instances]

    assert [plane.origin[2] for plane in planes if plane] == shown


def test_an_empty_folder_says_so_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DecodeError) as error:
        scan(tmp_path)

    assert str(tmp_path) in error.value.user_text
    assert error.value.hint


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DecodeError) as error:
        scan(tmp_path / "missing")

    assert "missing" in error.value.user_text


def test_text_files_named_dcm_are_counted_and_skipped(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "er", FIVE)
    (tmp_path / "note.dcm").write_text("not an image")
    (tmp_path / "readme.txt").write_text("x" * 500)
    (tmp_path / "empty").touch()

    found = scan_report(tmp_path)

    assert (found.not_dicom, found.damaged, codes(found.studies[0])) == (3, 0, ["not_dicom"])


@pytest.mark.parametrize("keep", [140, 600, 1500, -10])
def test_a_cut_off_file_is_left_out_with_a_warning(tmp_path: Path, keep: int) -> None:
    first = write(tmp_path, FIVE)[0]
    first.write_bytes(first.read_bytes()[:keep])

    (study,) = scan(tmp_path)

    assert (codes(study), study.instance_count) == (["damaged"], 4)


def test_a_cut_off_compressed_file_is_left_out(tmp_path: Path, lidc_0314: Path) -> None:
    for name in ("0001.dcm", "0002.dcm", "0003.dcm"):
        shutil.copy(lidc_0314 / name, tmp_path)
    (tmp_path / "0002.dcm").write_bytes((lidc_0314 / "0002.dcm").read_bytes()[:-1000])

    (study,) = scan(tmp_path)

    assert (codes(study), study.instance_count) == (["damaged"], 2)


def test_a_folder_of_damaged_files_only_asks_for_a_new_copy(tmp_path: Path) -> None:
    path = write(tmp_path, FIVE[:1])[0]
    path.write_bytes(path.read_bytes()[:500])

    with pytest.raises(DecodeError) as error:
        scan(tmp_path)
    assert "1" in error.value.hint


def test_two_patients_in_one_folder_are_told_on_both_studies(tmp_path: Path) -> None:
    def other(_: int, dataset: FileDataset) -> None:
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.PatientID = "2.25.1", "2.25.2", "OTHER"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID("2.25.3")

    write(tmp_path / "a", FIVE)
    write(tmp_path / "b", FIVE[:1], change=other)

    assert [codes(study) for study in scan(tmp_path)] == [["mixed_study"], ["mixed_study"]]


def test_two_patient_ids_in_one_study_are_told(tmp_path: Path) -> None:
    def other(n: int, dataset: FileDataset) -> None:
        dataset.PatientID = f"P{n // 4}"

    write(tmp_path, FIVE, change=other)

    assert codes(scan(tmp_path)[0]) == ["mixed_patient"]


def test_a_second_person_under_the_same_id_in_one_study_is_told_and_kept(tmp_path: Path) -> None:
    def other(n: int, dataset: FileDataset) -> None:
        if n == 4:
            dataset.PatientName, dataset.PatientBirthDate = "ZHAO^TIEZHU", "19420101"
        else:
            dataset.PatientName, dataset.PatientBirthDate = "ZHOU^LIHUA", "19680314"

    write(tmp_path, FIVE, change=other)
    (study,) = scan(tmp_path)
    named = {study.patient.name, *(one.name for one in study.also_of)}

    assert (codes(study), len(study.also_of), named) == (["mixed_person"], 1, {"ZHOU LIHUA", "ZHAO TIEZHU"})


def test_a_name_that_devices_spell_otherwise_is_one_person(tmp_path: Path) -> None:
    def other(n: int, dataset: FileDataset) -> None:
        dataset.PatientName = "LIHUA^ZHOU" if n == 4 else "Zhou^Lihua"

    write(tmp_path, FIVE, change=other)

    (study,) = scan(tmp_path)
    assert codes(study) == []
    assert sorted((study.patient.name, *(one.name for one in study.also_of))) == ["LIHUA ZHOU", "Zhou Lihua"]


@pytest.mark.parametrize("at", [0, 4])
def test_a_document_with_the_id_alone_hides_neither_whose_study_it_is_nor_a_second_person(
    tmp_path: Path, at: int
) -> None:
    def other(n: int, dataset: FileDataset) -> None:
        dataset.PatientID = "QS0118793"
        name, born = ("ZHAO^TIEZHU", "19420101") if n == 2 else ("ZHOU^LIHUA", "19680314")
        dataset.PatientName, dataset.PatientBirthDate = ("", "") if n == at else (name, born)
        dataset.PatientSex = "" if n == at else "F"

    write(tmp_path, FIVE, change=other)
    (study,) = scan(tmp_path)

    named = {(one.name, one.birth_date) for one in persons_in(study)}
    assert named == {("ZHOU LIHUA", "19680314"), ("ZHAO TIEZHU", "19420101")}
    assert (codes(study), study.patient.sex) == (["mixed_person"], "F")


def test_a_repeated_image_is_left_out_and_told(tmp_path: Path) -> None:
    paths = write(tmp_path, FIVE)
    shutil.copy(paths[0], tmp_path / "copy")

    (study,) = scan(tmp_path)

    assert (study.instance_count, [one.code for one in study.series[0].warnings]) == (5, ["repeated"])


def test_a_single_file_is_a_study(tmp_path: Path) -> None:
    assert scan(write(tmp_path, FIVE)[2])[0].instance_count == 1


def test_a_bare_dataset_without_preamble_is_read(tmp_path: Path) -> None:
    content = part10(datasets(FIVE)[0])
    (tmp_path / "old").write_bytes(content[132:])
    start = content.index(b"\x08\x00\x05\x00CS")
    (tmp_path / "older").write_bytes(content[start:])

    (study,) = scan(tmp_path)

    assert (codes(study), study.patient.name) == ([], "林晚晴")


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    folder = tmp_path / "disc"
    (folder / "IMAGES").mkdir(parents=True)
    records = [Dataset()]
    records[0].DirectoryRecordType = "PATIENT"
    for n, one in enumerate(datasets(FIVE)):
        (folder / "IMAGES" / f"I{n}").write_bytes(part10(one))
        record = Dataset()
        record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", ["IMAGES", f"I{n}"]
        records.append(record)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MediaStorageDirectoryStorage, UID("2.25.9")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    directory = FileDataset("", Dataset(), preamble=bytes(128), file_meta=meta)
    directory.DirectoryRecordSequence = records
    (folder / "DICOMDIR").write_bytes(part10(directory))
    return tmp_path / "disc"


def test_a_dicomdir_leads_to_its_images(disc: Path) -> None:
    (by_file,) = scan(disc / "DICOMDIR")
    (by_folder,) = scan(disc)

    assert (by_file.instance_count, by_folder.instance_count, codes(by_folder)) == (5, 5, [])


def test_images_missing_from_a_disc_are_told(disc: Path) -> None:
    victim = next(path for path in disc.rglob("*") if path.is_file() and path.name != "DICOMDIR")
    victim.unlink()

    assert [codes(scan(path)[0]) for path in (disc / "DICOMDIR", disc)] == [["missing"], ["missing"]]


def test_a_disc_without_any_of_its_images_says_what_is_missing_and_to_bring_the_whole_disc(disc: Path) -> None:
    for path in disc.rglob("*"):
        if path.is_file() and path.name != "DICOMDIR":
            path.unlink()

    hints = []
    for path in (disc / "DICOMDIR", disc):
        with pytest.raises(DecodeError) as error:
            scan(path)
        hints.append(error.value.hint)

    hint = "The DICOMDIR names 5 images that are not here. Insert the whole disc, or copy it with its folders."
    assert hints == [hint, hint]


def test_a_folder_that_may_not_be_opened_is_told_and_not_called_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_folder: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", closed)  # file rights do not hold for the administrator who runs the tests
    with pytest.raises(DecodeError) as error:
        scan(tmp_path)

    assert error.value.hint.startswith("1 file or folder cannot be opened. Ask for the right to read it")


def test_a_file_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path) -> None:
    write(tmp_path, FIVE)
    (tmp_path / "gone.dcm").symlink_to(tmp_path / "nowhere")

    found = scan_report(tmp_path)

    assert (found.unreadable, found.damaged, codes(found.studies[0])) == (1, 0, ["unreadable"])


def test_a_path_that_the_system_refuses_to_look_at_is_told_like_any_other(tmp_path: Path) -> None:
    with pytest.raises(DecodeError) as error:
        scan(tmp_path / ("x" * 300))

    assert error.value.user_text.endswith("cannot be opened.")
    assert error.value.hint == "Ask for the right to read it, or copy the images to this computer first."


def test_a_disc_copied_with_lower_case_names_is_read(disc: Path) -> None:
    for path in sorted(disc.rglob("*"), reverse=True):
        if path.name != "DICOMDIR":
            path.rename(path.with_name(path.name.lower()))

    assert scan(disc / "DICOMDIR")[0].instance_count == 5


def test_a_dicomdir_cannot_reach_outside_its_folder(disc: Path, tmp_path: Path) -> None:
    (tmp_path / "SECR").mkdir()
    (tmp_path / "SECR/I0").write_bytes((disc / "IMAGES/I0").read_bytes())
    directory = (disc / "DICOMDIR").read_bytes()
    assert b"IMAGES\\I0 " in directory
    (disc / "DICOMDIR").write_bytes(directory.replace(b"IMAGES\\I0 ", b"..\\SECR\\I0"))

    (study,) = scan(disc / "DICOMDIR")

    assert (study.instance_count, codes(study)) == (4, ["missing"])


def test_a_cancelled_scan_stops(tmp_path: Path) -> None:
    write(tmp_path, FIVE)
    job = RecordingJob()
    job.cancelled.set()

    with pytest.raises(JobCancelled):
        scan(tmp_path, job)


def test_a_scan_tells_its_progress(tmp_path: Path) -> None:
    write(tmp_path, FIVE)
    job = RecordingJob()

    scan(tmp_path, job)

    assert [fraction for fraction, _ in job.told] == [0.0, 1.0]


def test_a_slow_disk_is_read_in_parallel_with_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, axial([float(n) for n in range(20)]))
    fast = scan(tmp_path)
    monkeypatch.setattr(source, "_SLOW_SECONDS", 0.0)

    assert fast == scan(tmp_path)


def test_scouts_and_radiographs_are_not_called_irregular(shared_data: Path) -> None:
    study = scan(shared_data / "dicom-zoo/highdicom/data/test_files/dx_image.dcm")[0]

    assert study.series[0].warnings == ()


def as_json(dataset: Dataset) -> dict[str, object]:
    found: dict[str, object] = dataset.to_json_dict(bulk_data_element_handler=lambda _: "bulk", bulk_data_threshold=64)
    found["00083002"] = {"vr": "UI", "Value": ["1.2.840.10008.1.2.1"]}
    return found


def test_metadata_of_the_hub_gives_the_same_study_as_the_files(tmp_path: Path) -> None:
    paths = write(tmp_path, FIVE[::-1])
    (from_files,) = scan(tmp_path)

    from_hub = study_from_json([as_json(pydicom.dcmread(path)) for path in paths])

    assert from_files.patient == from_hub.patient
    assert [(one.sop_instance_uid, one.plane, one.rows) for one in from_files.series[0].instances] == [
        (one.sop_instance_uid, one.plane, one.rows) for one in from_hub.series[0].instances
    ]
    assert (
        from_hub.series[0].instances[0].path,
        from_hub.series[0].instances[0].transfer_syntax_uid,
    ) == (None, "1.2.840.10008.1.2.1")


def test_metadata_with_a_gap_warns_like_the_files(tmp_path: Path) -> None:
    paths = write(tmp_path, axial([0, 2, 4, 10]))

    study = study_from_json([as_json(pydicom.dcmread(path)) for path in paths])

    assert [one.code for one in study.series[0].warnings] == ["gap"]


def test_metadata_of_a_multi_frame_object_has_the_plane_of_its_first_frame(shared_data: Path) -> None:
    dataset = pydicom.dcmread(shared_data / "dicom-zoo/dcmqi/data/segmentations/24x38x3/multiframe/mf.dcm")

    instance = instance_from_json(as_json(dataset))

    assert (3, plane_of(dataset)) == (instance.number_of_frames, instance.plane)
    assert instance.plane is not None
    assert instance.plane.spacing_mm == (0.7, 0.7)


@pytest.mark.parametrize("far", [1e308, -1e308, 1.1e6])
def test_an_image_whose_position_is_damaged_is_shown_and_told_and_the_study_opens(tmp_path: Path, far: float) -> None:
    """Sums of such numbers are no numbers: an image a kilometre from its patient has no place."""
    paths = write(tmp_path, axial([0, 2, 4]))
    headers = [as_json(pydicom.dcmread(path)) for path in paths]
    headers[0]["00200032"] = {"vr": "DS", "Value": [far, far, far]}

    study = study_from_json(headers)

    (series,) = study.series
    assert sorted(one.plane is None for one in series.instances) == [False, False, True]
    assert [one.code for one in series.warnings] == ["position"]


def test_metadata_of_no_study_is_refused() -> None:
    with pytest.raises(DecodeError):
        study_from_json([])


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0]),
        ("ImageOrientationPatient", [0, 0, 0, 0, 0, 0]),
        ("PixelSpacing", [0, 0.5]),
        ("PixelSpacing", [0.5]),
        ("PixelSpacing", [1e200, 1e200]),
        ("ImagePositionPatient", [0, 0]),
    ],
)
def test_unusable_geometry_gives_no_plane(keyword: str, value: list[float]) -> None:
    dataset = datasets(FIVE)[0]
    setattr(dataset, keyword, value)

    assert plane_of(dataset) is None
