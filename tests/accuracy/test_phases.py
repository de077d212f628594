"""A detector is given one phase of a series that holds two, not a pile of doubled slices."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from tests.helpers.models import Job
from workstation.bootstrap.detect import series_volume
from workstation.dicom.images.phantom import make_phantom_study
from workstation.dicom.images.source import scan
from workstation.dicom.images.volumes import load_volume
from workstation.domain.errors import NotAVolume
from workstation.services.jobs import NoJob
from workstation.services.series_choice import phase_of, readable_series

pytestmark = pytest.mark.accuracy


def two_phases(folder: Path) -> int:
    """Write a phantom's slices twice into one series, the second acquisition 1000 HU denser; return how many."""
    make_phantom_study(folder, slices=40, size=64, nodules=0)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    series = [file for file in files if dcmread(file, stop_before_pixels=True).Modality == "CT"]
    for file in series:
        dataset = dcmread(file)
        dataset.AcquisitionNumber = 1
        dataset.save_as(file)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.AcquisitionNumber = 2
        dataset.RescaleIntercept = float(dataset.RescaleIntercept) + 1000
        dataset.save_as(file.with_name(f"{file.stem}-2{file.suffix}"))
    return len(series)


def test_the_detector_is_given_the_first_of_two_phases_in_one_series(tmp_path: Path) -> None:
    count = two_phases(tmp_path)
    (study,) = scan(tmp_path, NoJob())

    (chosen,) = readable_series(study)
    volume = series_volume(tmp_path, Job())
    assert len(chosen.instances) == count
    assert volume.voxels.shape[0] == count
    assert int(volume.voxels.min()) < -900  # air of the first, not of the second
    assert phase_of(study, chosen) == "Time 1"


def test_the_slices_of_both_phases_together_are_no_volume(tmp_path: Path) -> None:
    two_phases(tmp_path)
    (study,) = scan(tmp_path, NoJob())

    with pytest.raises(NotAVolume) as refused:
        load_volume(study.series[0], NoJob())
    assert refused.value.detail == "duplicate"
