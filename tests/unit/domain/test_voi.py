"""Numbers of a volume of interest, against counting by hand."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from workstation.domain.voi import Threshold, Voi, mask_voi, sphere_voi, voi_statistics
from workstation.domain.voi_peak import PEAK_RADIUS_MM
from workstation.domain.volume import Volume


def volume(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]], *spacing: float) -> Volume:
    matrix = np.diag([*(spacing or (4.0, 4.0, 3.0)), 1.0])
    matrix[:3, 3] = (10.0, -20.0, 30.0)
    return Volume(values, matrix, "1.2", "1.3", unit="g/ml")


def random_volume(seed: int = 1) -> Volume:
    return volume(np.random.default_rng(seed).uniform(0, 8, (9, 11, 10)).astype(np.float32))


def peak_by_hand(one: Volume, marked: set[tuple[int, int, int]]) -> float:
    """Average over every voxel centre within the 1 cm³ sphere, voxel by voxel in patient space."""
    places = list(itertools.product(*(range(length) for length in one.voxels.shape)))
    points = {place: one.lps_of(place[::-1]) for place in places}
    best = -math.inf
    for centre in marked:
        near = [p for p in places if math.dist(points[p], points[centre]) <= PEAK_RADIUS_MM and is_data(one, p)]
        best = max(best, sum(float(one.voxels[p]) for p in near) / len(near))
    return best


def is_data(one: Volume, place: tuple[int, ...]) -> bool:
    low, high = one.padding or (math.inf, -math.inf)
    return math.isfinite(one.voxels[place]) and not low <= float(one.voxels[place]) <= high


def test_the_peak_sphere_holds_one_cubic_centimetre() -> None:
    assert 4 / 3 * math.pi * PEAK_RADIUS_MM**3 == pytest.approx(1000.0)


@pytest.mark.parametrize("seed", range(4))
def test_the_peak_is_the_highest_mean_of_a_sphere_round_any_marked_voxel(seed: int) -> None:
    one = random_volume(seed)
    voi = sphere_voi(one, (24.0, -4.0, 42.0), 9.0)
    marked = {tuple(int(v) for v in place + np.array(voi.first)) for place in np.argwhere(voi.marks)}

    found = voi_statistics(one, voi)

    assert found.peak == pytest.approx(peak_by_hand(one, marked), rel=1e-6)  # type: ignore[arg-type] # triples
    assert found.peak is not None
    assert found.peak <= found.maximum


def test_at_the_edge_of_the_volume_the_peak_counts_what_is_there() -> None:
    one = random_volume()
    voi = Voi(np.ones((1, 1, 1), dtype=np.bool_), (0, 5, 5))

    assert voi_statistics(one, voi).peak == pytest.approx(peak_by_hand(one, {(0, 5, 5)}), rel=1e-6)


def test_a_peak_whose_sphere_lies_mostly_outside_the_data_is_not_told() -> None:
    """In a corner an eighth of the sphere and its rims is there: the mean of a rest, not of 1 cm³."""
    found = voi_statistics(random_volume(), Voi(np.ones((1, 1, 1), dtype=np.bool_)))

    assert (found.peak, found.peak_lps_mm) == (None, None)
    assert found.maximum == pytest.approx(float(random_volume().voxels[0, 0, 0]))


def test_one_voxel_in_the_corner_does_not_take_the_peak_of_a_lesion_away_and_is_told_where_it_is_the_highest() -> None:
    """Voxels of 2 mm, 27 of 8 among the 123 of the sphere of 1 cm³; in the corner 9, with too little data round it."""
    values = np.ones((20, 20, 20), dtype=np.float32)
    values[9:12, 9:12, 9:12] = 8.0
    voi = Voi(np.ones((12, 12, 12), dtype=np.bool_))

    inside = voi_statistics(volume(values, 2.0, 2.0, 2.0), voi)
    values[0, 0, 0] = 7.5
    lower = voi_statistics(volume(values, 2.0, 2.0, 2.0), voi)
    values[0, 0, 0] = 9.0
    higher = voi_statistics(volume(values, 2.0, 2.0, 2.0), voi)

    assert inside.peak == lower.peak == higher.peak == pytest.approx((96 + 27 * 8) / 123)
    assert inside.peak_lps_mm == lower.peak_lps_mm == higher.peak_lps_mm
    assert [one.peak_without_maximum for one in (inside, lower, higher)] == [False, False, True]


@pytest.mark.parametrize(("nothing", "padding"), [(-5.0, (-5.0, -4.5)), (math.nan, None)])
@pytest.mark.parametrize("seed", range(3))
def test_padding_and_what_is_no_number_enter_no_peak(
    seed: int, nothing: float, padding: tuple[float, float] | None
) -> None:
    values = np.random.default_rng(seed).uniform(0, 8, (9, 11, 10)).astype(np.float32)
    values[:, :, 6:] = nothing
    one = replace(volume(values), padding=padding)
    voi = sphere_voi(one, (26.0, -4.0, 42.0), 9.0)
    z, y, x = voi.first
    marked = {(int(a) + z, int(b) + y, int(c) + x) for a, b, c in np.argwhere(voi.marks)}

    found = voi_statistics(one, voi)

    assert any(not is_data(one, place) for place in marked)
    by_hand = peak_by_hand(one, {place for place in marked if is_data(one, place)})
    assert found.peak == pytest.approx(by_hand, rel=1e-6)
    assert found.mean < by_hand < found.maximum


def test_even_uptake_beside_padding_has_that_uptake_for_its_peak() -> None:
    """Padding of -1000 beside 4.0: the sphere round a voxel next to it once held as much of it as of the lesion."""
    values = np.full((9, 11, 10), 4.0, dtype=np.float32)
    values[:, :, 6:] = -1000.0
    one = replace(volume(values), padding=(-1000.0, -1000.0))

    assert voi_statistics(one, Voi(np.ones((1, 1, 1), dtype=np.bool_), (4, 5, 5))).peak == 4.0


def test_the_peak_on_a_sheared_grid_and_of_marks_with_holes_is_counted_in_patient_space() -> None:
    matrix = np.diag([3.0, 2.5, 4.0, 1.0])
    matrix[:3, 2] = (0.7, -1.1, 4.0)
    random = np.random.default_rng(5)
    one = Volume(random.uniform(0, 8, (6, 8, 7)).astype(np.float32), matrix, "1.2", "1.3", unit="g/ml")
    marks = random.uniform(size=(4, 5, 7)) < 0.5
    marked = {(int(z) + 1, int(y) + 3, int(x)) for z, y, x in np.argwhere(marks)}

    assert voi_statistics(one, Voi(marks, (1, 3, 0))).peak == pytest.approx(peak_by_hand(one, marked), rel=1e-6)


def test_a_large_sphere_counts_every_voxel_once() -> None:
    """The points of a cubic lattice within 40 steps are 267 761 (OEIS A000605)."""
    one = volume(np.random.default_rng(2).uniform(0, 8, (90, 90, 90)).astype(np.float32), 1.0, 1.0, 1.0)
    voi = sphere_voi(one, (55.0, 25.0, 75.0), 40.0)

    assert voi_statistics(one, voi).voxel_count == 267_761


def test_a_stack_thinner_than_the_peak_sphere_has_a_peak_where_most_of_the_sphere_is_there() -> None:
    one = volume(np.full((3, 7, 7), 1.5, dtype=np.float32), 4.0, 4.0, 3.0)
    mask = np.zeros((3, 7, 7), dtype=np.bool_)
    mask[1, 3, 3] = True

    assert voi_statistics(one, mask_voi(mask)).peak == 1.5
    layer = volume(np.full((1, 7, 7), 1.5, dtype=np.float32), 4.0, 4.0, 3.0)
    assert voi_statistics(layer, mask_voi(mask[1:2])).peak is None


def test_a_sphere_marks_exactly_the_centres_within_its_radius() -> None:
    one = random_volume()
    centre = (25.3, -3.1, 44.0)
    voi = sphere_voi(one, centre, 7.5)

    places = itertools.product(*(range(length) for length in one.voxels.shape))
    expected = {place for place in places if math.dist(one.lps_of(place[::-1]), centre) <= 7.5}
    marked = {tuple(int(v) for v in place + np.array(voi.first)) for place in np.argwhere(voi.marks)}
    assert expected == marked


def test_a_sphere_smaller_than_a_voxel_takes_the_voxel_it_lies_in() -> None:
    voi = sphere_voi(random_volume(), (19.0, -11.0, 34.0), 0.5)

    assert (voi.marks.sum(), voi.first[::-1]) == (1, (2, 2, 1))


@pytest.mark.parametrize(("centre", "radius"), [((7.0, -20.0, 30.0), 5.0), ((10.0, -20.0, 30.0), 0.0)])
def test_a_sphere_outside_the_volume_is_refused(centre: tuple[float, float, float], radius: float) -> None:
    with pytest.raises(ValueError, match="outside the volume"):
        sphere_voi(random_volume(), centre, radius)


def test_a_known_box_of_uptake_has_its_known_numbers() -> None:
    """Voxels of 48 mm³; eight of 10, one of 4.1, one of 4.0, one of 2.5 and one of 1."""
    values = np.zeros((6, 6, 6), dtype=np.float32)
    values[2:4, 2:4, 2:4] = 10
    values[1, 1, 1:5] = (4.1, 4.0, 2.5, 1.0)
    mask = values > 0

    found = voi_statistics(volume(values), mask_voi(mask))

    assert (found.maximum, found.minimum, found.voxel_count) == (10.0, 1.0, 12)
    assert found.volume_ml == pytest.approx(12 * 0.048)
    assert found.mean == pytest.approx(91.6 / 12)
    assert found.standard_deviation == pytest.approx(float(np.std([10] * 8 + [4.1, 4, 2.5, 1])), rel=1e-6)
    assert [round(one.volume_ml / 0.048) for one in found.metabolic] == [8, 11, 10]
    assert [one.level for one in found.metabolic] == pytest.approx([4.1, 2.5, 4.0])
    assert found.metabolic[0].total == pytest.approx(8 * 0.048 * 10)
    assert (found.maximum_lps_mm, found.unit) == ((18.0, -12.0, 36.0), "g/ml")


def test_a_threshold_above_everything_leaves_no_metabolic_volume() -> None:
    found = voi_statistics(random_volume(), sphere_voi(random_volume(), (24.0, -4.0, 42.0), 9.0), (Threshold(99.0),))

    assert (found.metabolic[0].volume_ml, found.metabolic[0].total) == (0.0, 0.0)


def test_an_empty_mask_is_no_volume_of_interest() -> None:
    with pytest.raises(ValueError, match="marks no voxel"):
        mask_voi(np.zeros((2, 2, 2), dtype=np.bool_))
    with pytest.raises(ValueError, match="at least one voxel"):
        Voi(np.zeros((2, 2, 2), dtype=np.bool_))
