"""Real series outside the detector's intended use are refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread

from models.engine.detect_command import detect_path
from tests.helpers.models import Job, marking, refused
from workstation.bootstrap.detect import mark_series
from workstation.dicom.images.source import scan
from workstation.dicom.images.volumes import load_volume
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.volume import Volume
from workstation.services.jobs import NoJob

pytestmark = pytest.mark.accuracy


def _longest(path: Path) -> Volume:
    series = [one for study in scan(path, NoJob()) for one in study.series]
    return load_volume(max(series, key=lambda one: len(one.instances)), NoJob())


def test_5_mm_slices_of_a_real_chest_are_refused(shared_data: Path) -> None:
    with refused(InputOutsideIntendedUse, "slices are 5.0 mm apart, at most 3 mm are allowed"):
        detect_path(shared_data / "ct-chest-lungdx-A0001", None, "cpu", mark_series, Job())


@pytest.mark.parametrize("folder", ["pet-qin-hn-0024", "mr-brain-pgbm-001"])
def test_a_real_pet_and_a_real_brain_mr_are_refused(shared_data: Path, folder: str) -> None:
    with refused(InputOutsideIntendedUse, "There is no CT series here"):
        detect_path(shared_data / folder, None, "cpu", mark_series, Job())
    with refused(InputOutsideIntendedUse, "it is not a CT"):
        detect_path(shared_data / folder, None, "cpu", marking(lambda path, _job: _longest(path)), Job())


def test_a_short_real_slab_is_refused(shared_data: Path) -> None:
    with refused(InputOutsideIntendedUse, "16 slices"):
        detect_path(shared_data / "ct-chest-lidc-0001-part", None, "cpu", mark_series, Job())


def test_every_third_of_the_thin_slices_of_a_real_chest_is_refused_not_marked(shared_data: Path) -> None:
    files = sorted((shared_data / "ct-chest-lidc-0314").glob("*.dcm"))
    order = sorted(files, key=lambda file: float(dcmread(file, stop_before_pixels=True).ImagePositionPatient[2]))

    with refused(InputOutsideIntendedUse, "slices are 1 mm thick and 3.0 mm apart"):
        detect_path(shared_data, None, "cpu", marking(lambda _path, _job: load_volume(order[::3], NoJob())), Job())
