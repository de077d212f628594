"""Registration finds how a patient lay, says how well it fits, and stops when asked."""

from __future__ import annotations

import threading
import time
from functools import cache

import numpy as np
import pytest

from models.registration import RigidRegistrationBySimpleItk
from tests.helpers.fusion import body, grid, turned
from tests.helpers.jobs import RecordingJob
from workstation.domain.errors import JobCancelled, NotRegistrable
from workstation.domain.geometry import Point
from workstation.domain.registration import Verdict
from workstation.domain.volume import Volume

REGISTRAR = RigidRegistrationBySimpleItk()
PET_VOXEL_MM = 4.0
LANDMARKS = np.array([(x, y, z) for x in (-90, 90) for y in (-60, 60) for z in (-90, 90)] + [(-50, 10, 30)])


@cache
def ct() -> Volume:
    return body("CT", (200, 150, 70), grid((200, 150, 70), (1.6, 1.6, 4.0), (0, 0, 0)), uid="1.1")


@cache
def pet(degrees: Point, shift: Point) -> tuple[Volume, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """Return the same body as PET in another frame of reference, and how it was moved there."""
    matrix = turned(degrees, shift)
    return body("PT", (90, 80, 80), grid((90, 80, 80), (4.0, 4.0, 4.0), shift), uid="1.2", moved=matrix), matrix


@pytest.mark.parametrize(
    ("degrees", "shift"), [((4, -3, 6), (22, -14, 31)), ((0, 0, 0), (300, 200, -500)), ((10, 5, -12), (-8, 5, 60))]
)
def test_pet_comes_to_lie_on_ct_within_half_a_pet_voxel(degrees: Point, shift: Point) -> None:
    """Nine places all over the body, against the movement that was put in."""
    moving, matrix = pet(degrees, shift)
    job = RecordingJob()

    found = REGISTRAR.register(ct(), moving, job)

    there = LANDMARKS @ matrix[:3, :3].T + matrix[:3, 3]
    back = there @ found.matrix[:3, :3].T + found.matrix[:3, 3]
    errors = np.linalg.norm(back - LANDMARKS, axis=1)
    assert errors.max() < PET_VOXEL_MM / 2, errors.round(2)
    assert (found.verdict, found.fixed_uid, found.moving_uid) == (Verdict.PROPOSED, "1.1", "1.2")
    assert found.quality is not None
    assert found.quality.agreement > found.quality.agreement_before
    assert found.quality.overlap > 0.9
    assert found.doubts == ()
    assert job.told[-1][0] == 1.0
    assert job.told == sorted(job.told, key=lambda one: one[0])


class CancelledAt(RecordingJob):
    """Is cancelled by another thread as soon as the progress passes a point."""

    def __init__(self, fraction: float) -> None:
        super().__init__()
        self.fraction = fraction
        self.asked_at = 0.0

    def progress(self, fraction: float, text: str = "") -> None:
        super().progress(fraction, text)
        if fraction >= self.fraction and not self.cancelled.is_set():
            self.asked_at = time.thread_time()
            canceller = threading.Thread(target=self.cancelled.set)
            canceller.start()
            canceller.join()


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.38, 0.66])
def test_a_registration_cancelled_at_any_level_ends_at_the_next_step(fraction: float) -> None:
    """Measured in the worker's processor time, which no other program's load changes: less than half a second."""
    job = CancelledAt(fraction)
    moving, _ = pet((4, -3, 6), (22, -14, 31))

    with pytest.raises(JobCancelled):
        REGISTRAR.register(ct(), moving, job)

    assert time.thread_time() - job.asked_at < 0.5


def test_images_of_different_things_are_doubted() -> None:
    """Noise has nothing in common with a body."""
    noise = Volume(
        np.random.default_rng(1).normal(size=(40, 40, 40)).astype(np.float32),
        grid((40, 40, 40), (4.0, 4.0, 4.0), (0, 0, 0)),
        "1.3",
        "1.4",
    )

    found = REGISTRAR.register(ct(), noise, RecordingJob())

    assert "the images hardly agree" in found.doubts


def test_a_head_laid_over_a_chest_is_doubted_wherever_it_comes_to_lie() -> None:
    points = np.stack(np.meshgrid(*(np.arange(-95.0, 96.0, 5.0),) * 3, indexing="ij"), axis=-1)
    radius = np.linalg.norm(points / np.array((1.0, 1.15, 0.9)), axis=-1)
    values = np.where(radius < 75, 600.0 + 200 * np.sin(points[..., 0] / 9) * np.cos(points[..., 1] / 7), 0.0)
    values[(radius >= 75) & (radius < 82)] = 60.0
    head = Volume(values.astype(np.float32), grid((39, 39, 39), (5.0, 5.0, 5.0), (400, 100, -700)), "1.8", "1.9")

    found = REGISTRAR.register(ct(), head, RecordingJob())

    assert "30 mm beside they agree nearly as well" in found.doubts


def small(change: str) -> Volume:
    one = body("CT", (24, 24, 12), grid((24, 24, 12), (8.0, 8.0, 8.0), (0, 0, 0)), uid="1.5")
    matrix, voxels = one.ijk_to_lps.copy(), one.voxels
    if change == "sheared":
        matrix[1, 2] = 3.0
    if change == "thin":
        voxels = voxels[:2]
    if change == "empty":
        voxels = np.zeros_like(voxels)
    return Volume(voxels, matrix, "1.5", "1.6")


@pytest.mark.parametrize("change", ["sheared", "thin", "empty"])
def test_what_cannot_be_registered_is_refused_in_words(change: str) -> None:
    with pytest.raises(NotRegistrable) as refused:
        REGISTRAR.register(ct(), small(change), RecordingJob())
    assert refused.value.user_text
