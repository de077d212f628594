"""An overlay arrives in uptake values or says why not; a series of slices that do not fit is never scaled."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.fusion import turned
from tests.helpers.jobs import RecordingJob
from tests.helpers.pet import SCAN, pet, slices
from workstation.domain.errors import JobCancelled, Unreachable
from workstation.domain.pet import PetAcquisition
from workstation.domain.ports import JobContext
from workstation.domain.registration import RigidRegistration
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType
from workstation.domain.volume import Volume
from workstation.services.fusion_service import PreparedOverlay, PrepareOverlay, RegisterSeries

VOLUME = Volume(np.full((2, 3, 4), 5000, dtype=np.int16), np.eye(4), "1.1", "1.5", unit="BQML")


class Headers:
    """Implements ``PetHeaderPort``."""

    def __init__(self, answer: PetAcquisition | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, float | None]] = []

    def acquisition(
        self, study_instance_uid: str, series_instance_uid: str, *, largest_value: float | None = None
    ) -> PetAcquisition:
        self.asked.append((study_instance_uid, series_instance_uid, largest_value))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def prepared(answer: PetAcquisition | Exception, modality: str = "PT", wanted: SuvType = SuvType.BW) -> PreparedOverlay:
    job = RecordingJob()
    return PrepareOverlay(Headers(answer))(VOLUME, study_instance_uid="1.2", modality=modality, job=job, wanted=wanted)


def test_pet_becomes_uptake_values() -> None:
    """5000 Bq/ml, 70 kg, 370 MBq an hour before."""
    headers = Headers(pet(slices=slices(SCAN, SCAN)))
    found = PrepareOverlay(headers)(VOLUME, study_instance_uid="1.2", modality="PT", job=RecordingJob())

    assert isinstance(found.suv, SuvScale)
    assert found.volume.voxels[0, 0, 0] == pytest.approx(1.38168, abs=5e-6)
    assert headers.asked == [("1.2", "1.5", 5000.0)]


def test_other_modalities_keep_their_values_and_ask_for_nothing() -> None:
    found = prepared(AssertionError("asked"), modality="MR")

    assert (found.volume, found.suv) == (VOLUME, None)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Unreachable("The hub does not answer."), "headers"),
        (pet(slices=slices(SCAN, SCAN), dose=None), "dose_missing"),
        (pet(slices=slices(SCAN)), "slices"),
    ],
)
def test_without_uptake_values_the_overlay_keeps_its_unit_and_the_reason(
    answer: PetAcquisition | Exception, code: str
) -> None:
    found = prepared(answer)

    assert isinstance(found.suv, SuvRefusal)
    assert (found.suv.code, found.volume) == (code, VOLUME)
    assert found.suv.text


def test_a_cancelled_preparation_stops() -> None:
    job = RecordingJob()
    job.cancelled.set()

    with pytest.raises(JobCancelled):
        PrepareOverlay(Headers(pet()))(VOLUME, study_instance_uid="1.2", modality="PT", job=job)


class Registrar:
    """Implements ``RigidRegistrar``."""

    def register(self, fixed: Volume, moving: Volume, job: JobContext) -> RigidRegistration:
        return RigidRegistration("1.1", "1.2", turned((0, 0, 0), (1, 2, 3)))


def test_a_registration_is_a_proposal() -> None:
    assert RegisterSeries(Registrar())(VOLUME, VOLUME, RecordingJob()).verdict == "proposed"
