"""Registrations of real scans: nonsense never comes without doubt, and the same patient again without one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.registration import RigidRegistrationBySimpleItk
from tests.helpers.fusion import turned
from tests.helpers.jobs import RecordingJob
from workstation.dicom.images.volumes import load_volume
from workstation.domain.geometry import Point
from workstation.domain.registration import RigidRegistration
from workstation.domain.volume import Volume

pytestmark = pytest.mark.accuracy
BESIDE = "30 mm beside they agree nearly as well"


@pytest.fixture(scope="module")
def chest(shared_data: Path) -> Volume:
    return load_volume(sorted((shared_data / "ct-chest-lungdx-A0001").glob("0*.dcm")))


def lying(volume: Volume, degrees: Point, shift: Point) -> Volume:
    """Return a volume as another scanner would tell it: turned about its middle and shifted, in a frame of its own."""
    z, y, x = volume.voxels.shape
    middle = np.eye(4)
    middle[:3, 3] = volume.lps_of(((x - 1) / 2, (y - 1) / 2, (z - 1) / 2))
    matrix = turned((0, 0, 0), shift) @ middle @ turned(degrees, (0, 0, 0)) @ np.linalg.inv(middle)
    return replace(volume, ijk_to_lps=matrix @ volume.ijk_to_lps, frame_of_reference_uid="9.9")


def registered(fixed: Volume, moving: Volume) -> RigidRegistration:
    return RigidRegistrationBySimpleItk().register(fixed, moving, RecordingJob())


def test_a_brain_laid_over_a_chest_is_doubted(shared_data: Path, chest: Volume) -> None:
    """It comes to lie 230 mm away with an agreement of 1.02, which was once no reason for doubt."""
    brain = load_volume(sorted((shared_data / "mr-brain-pgbm-001").glob("0*.dcm")))
    assert {"the images hardly agree", BESIDE} <= set(registered(chest, brain).doubts)


@pytest.mark.parametrize("degrees", [(0, 180, 0), (180, 0, 0), (0, 0, 180)])
def test_a_patient_whose_frame_is_turned_the_wrong_way_round_is_doubted(chest: Volume, degrees: Point) -> None:
    """Registration ends hundreds of millimetres off, with agreements of 1.08 to 1.16."""
    assert BESIDE in registered(chest, lying(chest, degrees, (0, 0, 0))).doubts


def test_a_mirrored_patient_is_doubted_though_everything_overlaps(chest: Volume) -> None:
    mirrored = replace(chest, voxels=chest.voxels[:, :, ::-1].astype(np.int16), frame_of_reference_uid="9.9")
    assert BESIDE in registered(chest, mirrored).doubts


@pytest.mark.parametrize(("degrees", "shift"), [((3, -4, 5), (30, -20, 15)), ((0, 2, 0), (0, -60, 400))])
def test_the_same_patient_on_another_table_is_laid_over_himself_without_doubt(
    chest: Volume, degrees: Point, shift: Point
) -> None:
    assert registered(chest, lying(chest, degrees, shift)).doubts == ()


def test_thick_slices_of_the_same_patient_are_laid_over_him_without_doubt(chest: Volume) -> None:
    thick = replace(
        chest,
        voxels=chest.voxels[::4].astype(np.int16),
        ijk_to_lps=chest.ijk_to_lps @ np.diag([1.0, 1.0, 4.0, 1.0]),
    )
    assert registered(chest, lying(thick, (2, 3, -4), (12, -8, 20))).doubts == ()
