"""Two frames of reference are related when a reader said so, and not before."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.fusion import turned
from tests.helpers.viewers import volume
from workstation.domain.geometry import Point
from workstation.domain.registration import (
    Origin,
    RegistrationQuality,
    Registrations,
    RigidRegistration,
    Verdict,
    laid_into,
    moved,
    shifted_by_hand,
)

GOOD = RegistrationQuality(agreement=1.3, agreement_before=1.1, overlap=0.95, agreement_beside=1.1)


def proposal(degrees: Point = (0, 0, 90), shift: Point = (10, 0, 0), **more: object) -> RigidRegistration:
    return RigidRegistration("1.1", "1.2", turned(degrees, shift), **more)  # type: ignore[arg-type] # any field


def test_a_point_follows_the_matrix_both_ways() -> None:
    """Turned 90 degrees about the head axis, L becomes P; then 10 mm to the left."""
    known = Registrations([proposal().accepted()])

    assert known.point((5.0, 0.0, 7.0), "1.2", "1.1") == pytest.approx((10.0, 5.0, 7.0))
    assert known.point((10.0, 5.0, 7.0), "1.1", "1.2") == pytest.approx((5.0, 0.0, 7.0))


def test_one_frame_is_related_to_itself_and_an_empty_one_to_nothing() -> None:
    known = Registrations()

    assert known.point((1.0, 2.0, 3.0), "1.1", "1.1") == (1.0, 2.0, 3.0)
    assert known.matrix("", "") is None
    assert known.matrix("1.1", "") is None
    assert known.point((1.0, 2.0, 3.0), "1.1", "1.2") is None


def test_relations_are_not_followed_over_a_third_frame() -> None:
    known = Registrations([shifted_by_hand("1.1", "1.2", (1, 0, 0)), shifted_by_hand("1.2", "1.3", (1, 0, 0))])

    assert known.matrix("1.3", "1.1") is None


@pytest.mark.parametrize("one", [proposal(), proposal().rejected()])
def test_what_no_reader_accepted_joins_nothing(one: RigidRegistration) -> None:
    with pytest.raises(ValueError, match="accepted"):
        Registrations().add(one)


def test_a_new_registration_replaces_the_old_one_in_either_direction_and_can_be_taken_back() -> None:
    told: list[int] = []
    known = Registrations([shifted_by_hand("1.1", "1.2", (1, 0, 0))])
    known.watch(lambda: told.append(1))

    known.add(shifted_by_hand("1.2", "1.1", (5, 0, 0)))
    assert known.point((0, 0, 0), "1.1", "1.2") == (5.0, 0.0, 0.0)
    assert known.between("1.1", "1.2") is known.between("1.2", "1.1")
    known.remove("1.1", "1.2")
    known.remove("1.1", "1.2")

    assert (known.matrix("1.1", "1.2"), known.between("1.1", "1.2"), len(told)) == (None, None, 2)


def scaled() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.diag([1.0, 1.0, 1.1, 1.0])


@pytest.mark.parametrize(
    ("fixed", "moving", "matrix"),
    [
        ("1.1", "1.2", scaled()),
        ("1.1", "1.2", np.diag([1.0, 1.0, -1.0, 1.0])),
        ("1.1", "1.1", np.eye(4)),
        ("", "1.2", np.eye(4)),
    ],
)
def test_only_turns_and_shifts_of_two_frames_are_registrations(
    fixed: str, moving: str, matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> None:
    with pytest.raises(ValueError, match="registration"):
        RigidRegistration(fixed, moving, matrix)


def test_the_sentence_says_what_was_done_and_how_well_it_fits() -> None:
    one = proposal((0, 0, 3), (12, 5, 0), quality=GOOD)

    assert one.turn_degrees == pytest.approx(3.0)
    assert one.shift_mm == pytest.approx(13.0)
    assert one.sentence() == (
        "Moved by 13.0 mm and turned by 3.0°. Agreement 1.100 before, 1.300 after; 95 % of the image overlaps. "
        "Check the edges of organs before accepting."
    )


def test_the_shift_is_that_of_the_images_middle() -> None:
    """A turn of 180 degrees about the middle itself moves nothing."""
    matrix = turned((0, 0, 180), (200, 0, 0))

    assert RigidRegistration("1.1", "1.2", matrix, pivot_mm=(100, 0, 0)).shift_mm == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("quality", "degrees", "doubt"),
    [
        (RegistrationQuality(1.04, 1.0, 0.9, 1.0), (0, 0, 0), "the images hardly agree"),
        # a frame turned by 180 degrees, wrong by 364 mm, and a mirrored patient: as measured on real scans
        (RegistrationQuality(1.159, 1.1, 0.48, 1.126), (0, 0, 0), "30 mm beside they agree nearly as well"),
        (RegistrationQuality(1.187, 1.18, 1.0, 1.122), (0, 0, 0), "30 mm beside they agree nearly as well"),
        (RegistrationQuality(1.2, 1.3, 0.9, 1.05), (0, 0, 0), "the images agreed better before"),
        (RegistrationQuality(1.2, 1.1, 0.2, 1.05), (0, 0, 0), "the images hardly overlap"),
        (GOOD, (0, 0, 21), "the image was turned far"),
    ],
)
def test_what_speaks_against_a_result_is_said(quality: RegistrationQuality, degrees: Point, doubt: str) -> None:
    one = proposal(degrees, quality=quality)

    assert one.doubts == (doubt,)
    assert f"Doubtful: {doubt}." in one.sentence()


@pytest.mark.parametrize("beside", [1.0, 1.119, 1.06])
def test_a_patient_who_breathed_by_15_mm_is_laid_over_himself_without_doubt(beside: float) -> None:
    """The true pairs that kept most beside the result kept 0.56 of their 1.212."""
    assert proposal((0, 0, 3), quality=RegistrationQuality(1.212, 1.131, 1.0, beside)).doubts == ()


def test_images_that_share_nothing_are_no_better_here_than_beside() -> None:
    one = proposal((0, 0, 0), quality=RegistrationQuality(1.0, 1.0, 0.9, 1.0))
    assert one.doubts == ("the images hardly agree", "30 mm beside they agree nearly as well")


def test_what_was_known_before_is_told_first_whatever_the_numbers_say() -> None:
    one = proposal((0, 0, 0), quality=GOOD, further_doubts=("not one place: head here, chest there",))
    assert one.doubts == ("not one place: head here, chest there",)
    assert one.sentence().endswith("Doubtful: not one place: head here, chest there.")


def test_an_alignment_by_hand_says_so_and_is_in_force() -> None:
    one = shifted_by_hand("1.1", "1.2", (0.0, 3.0, 4.0))

    assert (one.origin, one.verdict, one.doubts) == (Origin.BY_HAND, Verdict.ACCEPTED, ())
    assert one.sentence() == "Moved by 5.0 mm and turned by 0.0°. Aligned by hand."


def test_a_volume_laid_into_another_frame_keeps_its_voxels() -> None:
    matrix = turned((0, 0, 90), (10, 0, 0))
    one = volume()

    there = laid_into(one, matrix, "1.9")

    assert there.voxels is one.voxels
    assert there.frame_of_reference_uid == "1.9"
    assert there.lps_of((1, 2, 3)).tolist() == pytest.approx(list(moved((1.0, 2.0, 3.0), matrix)))
