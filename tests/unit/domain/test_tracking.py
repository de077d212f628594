"""Nodules over time: matching, growth, doubling."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from workstation.domain.geometry import Point
from workstation.domain.mark import GrowthLimit, NoduleType
from workstation.domain.observation import NoduleObservation
from workstation.domain.tracking import (
    CategoryInputs,
    GrowthVerdict,
    category_inputs,
    doubling_days,
    doubling_days_of_diameters,
    doubling_range_days,
    growth,
    match_nodules,
)

BEFORE, NOW = date(2026, 1, 1), date(2026, 7, 1)  # 181 days


def seen(
    uid: str,
    centre: Point = (0, 0, 0),
    *,
    on: date = NOW,
    mm: float = 8.0,
    mm3: float | None = None,
    solid: float | None = None,
) -> NoduleObservation:
    return NoduleObservation(uid, on, centre, mm, mm3, solid)


def shift(x: float, y: float, z: float) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, 3] = (x, y, z)
    return matrix


def test_nodules_are_paired_where_the_registration_puts_them() -> None:
    prior = [seen("a", (0, 0, 0), on=BEFORE), seen("b", (60, 0, 0), on=BEFORE)]
    current = [seen("x", (62, 0, 100)), seen("y", (1, 0, 100))]
    found = match_nodules(prior, current, shift(0, 0, 100))
    assert [(p.prior.tracking_uid, p.current.tracking_uid, p.gap_mm) for p in found.pairs] == [
        ("a", "y", 1),
        ("b", "x", 2),
    ]
    assert not any(p.ambiguous or p.confirmed for p in found.pairs)
    assert (found.only_prior, found.only_current) == ((), ())


def test_a_new_and_a_vanished_nodule_stay_alone() -> None:
    gone, new = seen("a", (0, 0, 0), on=BEFORE), seen("x", (80, 0, 0))
    found = match_nodules([gone], [new], np.eye(4))
    assert (found.pairs, found.only_prior, found.only_current) == ((), (gone,), (new,))


def test_two_neighbours_are_offered_as_ambiguous_and_each_only_once() -> None:
    prior = [seen("a", (0, 0, 0), on=BEFORE), seen("b", (6, 0, 0), on=BEFORE)]
    current = [seen("x", (2, 0, 0))]
    found = match_nodules(prior, current, np.eye(4))
    assert [(p.prior.tracking_uid, p.ambiguous) for p in found.pairs] == [("a", True)]
    assert [p.tracking_uid for p in found.only_prior] == ["b"]


def test_a_large_mass_may_have_moved_by_its_own_radius_more() -> None:
    far = (24.0, 0.0, 0.0)
    small = match_nodules([seen("a", on=BEFORE)], [seen("x", far)], np.eye(4))
    large = match_nodules([seen("a", on=BEFORE, mm=20)], [seen("x", far, mm=20)], np.eye(4))
    assert (len(small.pairs), len(large.pairs)) == (0, 1)


def test_nothing_is_joined_before_the_reader_confirms_it() -> None:
    pair = match_nodules([seen("a", on=BEFORE)], [seen("x")], np.eye(4)).pairs[0]
    assert (pair.confirmed, pair.confirm().confirmed) == (False, True)


def test_a_matrix_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="4 x 4"):
        match_nodules([], [], np.eye(3))


@pytest.mark.parametrize(
    ("prior_mm3", "current_mm3", "days", "expected"),
    [
        (100, 200, 90, 90.0),
        (100, 400, 90, 45.0),
        (100, 150, 100, 100 * math.log(2) / math.log(1.5)),
        (200, 100, 90, -90.0),
        (100, 100, 90, None),
        (100, 200, 0, None),
    ],
)
def test_the_doubling_time_follows_schwartz(
    prior_mm3: float, current_mm3: float, days: int, expected: float | None
) -> None:
    assert doubling_days(prior_mm3, current_mm3, days) == (None if expected is None else pytest.approx(expected))


def test_26_per_cent_of_diameter_are_one_doubling() -> None:
    assert doubling_days_of_diameters(10, 10 * 2 ** (1 / 3), 100) == pytest.approx(100)
    assert doubling_days_of_diameters(10, 10, 100) is None


def test_growth_is_told_in_mm_in_volume_and_as_doubling_time() -> None:
    found = growth(seen("a", on=BEFORE, mm=8, mm3=268), seen("a", mm=10, mm3=536))
    assert (found.days, found.diameter_change_mm, found.volume_change_mm3) == (181, 2, 268)
    assert (found.volume_change_share, found.from_volume, found.verdict) == (1.0, True, GrowthVerdict.GROWN)
    assert found.doubling_days == pytest.approx(181)


@pytest.mark.parametrize(
    ("current_mm3", "verdict"),
    [(124, GrowthVerdict.STABLE), (126, GrowthVerdict.GROWN), (76, GrowthVerdict.STABLE), (74, GrowthVerdict.SHRUNK)],
)
def test_a_change_within_25_per_cent_of_volume_is_measurement_error(current_mm3: float, verdict: GrowthVerdict) -> None:
    assert growth(seen("a", on=BEFORE, mm3=1000), seen("a", mm3=10 * current_mm3)).verdict is verdict


@pytest.mark.parametrize(
    ("mm", "verdict"), [(9.5, GrowthVerdict.STABLE), (9.6, GrowthVerdict.GROWN), (6.4, GrowthVerdict.SHRUNK)]
)
def test_without_volumes_more_than_one_and_a_half_mm_are_growth(mm: float, verdict: GrowthVerdict) -> None:
    found = growth(seen("a", on=BEFORE, mm=8, mm3=268), seen("a", mm=mm))
    assert (found.verdict, found.from_volume, found.volume_change_mm3) == (verdict, False, None)


def test_two_scans_of_one_day_have_a_change_and_no_doubling_time() -> None:
    found = growth(seen("a", mm3=1000), seen("a", mm3=1300))
    assert (found.days, found.doubling_days, found.volume_change_mm3) == (0, None, 300)


def test_time_does_not_run_backwards_and_nothing_has_no_size() -> None:
    with pytest.raises(ValueError, match="older"):
        growth(seen("a"), seen("a", on=BEFORE))
    with pytest.raises(ValueError, match="positive"):
        seen("a", mm=0)
    with pytest.raises(ValueError, match="positive"):
        seen("a", mm3=-1)


@pytest.mark.parametrize("now_mm3", [179.0, 181.0, 240.0])
def test_a_volume_below_the_smallest_that_counts_never_makes_growth_of_what_its_axes_call_stable(
    now_mm3: float,
) -> None:
    """A ball of 5 mm is outlined with 111 mm3 (ADR 0017); the sphere of 7 mm has 179.6 mm3, the step of 1.2 mm is below
    the 1.5 mm of Lung-RADS v2022."""
    before, now = seen("a", on=BEFORE, mm=5.0, mm3=111), seen("a", mm=6.2, mm3=now_mm3)
    for first, second in ((before, now), (replace(now, observed_on=BEFORE), replace(before, observed_on=NOW))):
        found = growth(first, second)
        assert (found.from_volume, found.volume_change_share, found.verdict) == (False, None, GrowthVerdict.STABLE)
    between = doubling_range_days(before, now)
    assert between is not None
    assert between[1] is None


def test_two_volumes_from_seven_millimetres_on_are_compared() -> None:
    found = growth(seen("a", on=BEFORE, mm=7, mm3=180), seen("a", mm=8, mm3=268))
    assert (found.from_volume, found.verdict) == (True, GrowthVerdict.GROWN)


def test_a_pair_of_nodules_too_small_for_volume_growth_is_judged_by_its_diameters() -> None:
    """Balls of 6 mm by volume, 113 mm3: 179.6 mm3 is the sphere of 7 mm, above which volumes count."""
    small = growth(seen("a", on=BEFORE, mm=5, mm3=113), seen("a", mm=5.5, mm3=170))
    assert (small.from_volume, small.volume_change_share, small.verdict) == (False, None, GrowthVerdict.STABLE)
    grown = growth(seen("a", on=BEFORE, mm=5, mm3=113), seen("a", mm=7, mm3=181))
    assert (grown.from_volume, grown.verdict) == (False, GrowthVerdict.GROWN)
    between = doubling_range_days(seen("a", on=BEFORE, mm=5, mm3=100), seen("a", mm=5, mm3=170))
    assert between is not None
    assert between[0] == pytest.approx(159.4, abs=0.1)  # 181 ln 2 / (3 ln 1.3): 1.5 mm more than 5
    assert between[1] is None


def test_growth_counts_for_the_category_within_twelve_months_only() -> None:
    quick = category_inputs(seen("a", mm=10, solid=6), seen("a", on=BEFORE, mm=8, solid=4))
    slow = category_inputs(seen("a", mm=10), seen("a", on=date(2025, 6, 1), mm=8, solid=4))
    assert quick == CategoryInputs(
        is_new=False,
        is_growing=True,
        is_slow_growing=False,
        mean_diameter_mm=10,
        solid_diameter_mm=6,
        solid_change_mm=2,
        days=181,
    )
    assert (slow.is_growing, slow.is_slow_growing, slow.solid_change_mm) == (False, True, None)


def test_a_nodule_without_a_prior_is_new() -> None:
    found = category_inputs(seen("a", mm=6, solid=2), None)
    assert (found.is_new, found.is_growing, found.days, found.solid_diameter_mm) == (True, False, None, 2)


def test_the_doubling_time_has_a_range_open_where_the_nodule_may_be_stable() -> None:
    def between(first: NoduleObservation, second: NoduleObservation) -> list[float | None] | None:
        found = doubling_range_days(first, second)
        return None if found is None else [None if one is None else round(one, 1) for one in found]

    before = seen("a", on=BEFORE, mm=8, mm3=1000)
    # 181 ln 2 / ln(1.2 x 1.25), and no upper end: 1.2 / 1.25 is smaller than 1
    assert between(before, seen("x", mm3=1200)) == [309.4, None]
    assert between(before, seen("x", mm3=700)) is None
    assert between(seen("a", on=NOW, mm3=1000), seen("x", mm3=2000)) is None
    # 8 mm to 12 mm, each with 1.5 mm: 181 ln 2 / (3 ln(13.5 / 8)) and 181 ln 2 / (3 ln(10.5 / 8))
    assert between(seen("a", on=BEFORE, mm=8), seen("x", mm=12)) == [79.9, 153.8]
    assert between(seen("a", on=BEFORE, mm=1), seen("x", mm=1.2)) == [42.1, None]


@pytest.mark.parametrize("limit", list(GrowthLimit))
@pytest.mark.parametrize("is_prior", [True, False])
def test_volumes_with_a_known_weakness_are_not_compared_whichever_of_the_two_has_it(
    limit: GrowthLimit, *, is_prior: bool
) -> None:
    """A ball of 12 mm cut off by the first slice of the prior: +73 % of volume, 0.7 mm of the mean axis."""
    before, now = seen("a", on=BEFORE, mm=12.3, mm3=905), seen("a", mm=13.0, mm3=1566)
    assert growth(before, now).verdict is GrowthVerdict.GROWN
    weak, strong = (replace(before if is_prior else now, growth_limits=(limit,)), now if is_prior else before)
    found = growth(weak, strong) if is_prior else growth(strong, weak)
    assert (found.verdict, found.volume_change_share, found.from_volume) == (GrowthVerdict.STABLE, None, False)
    assert found.limits == (limit,)
    # 181 ln 2 / (3 ln(14.5 / 12.3)), and no upper end: 11.5 mm is less than 12.3
    least, most = (doubling_range_days(weak, strong) if is_prior else doubling_range_days(strong, weak)) or (0, 0)
    assert (round(least, 1), most) == (254.1, None)


def test_the_reasons_of_both_volumes_and_their_size_are_told_once_each_in_one_order() -> None:
    before = seen("a", on=BEFORE, mm=6, mm3=110)
    before = replace(before, growth_limits=(GrowthLimit.SUBSOLID, GrowthLimit.THICK_SLICES))
    now = replace(seen("a", mm=6, mm3=600), growth_limits=(GrowthLimit.THICK_SLICES,))
    both = (GrowthLimit.THICK_SLICES, GrowthLimit.SUBSOLID, GrowthLimit.TOO_SMALL)
    assert growth(before, now).limits == both
    # that the other volume is missing makes this one no better
    assert growth(before, replace(now, volume_mm3=None, growth_limits=())).limits == both
    assert growth(replace(before, volume_mm3=None), replace(now, volume_mm3=None)).limits == ()


@pytest.mark.parametrize(
    ("said", "limits"),
    [
        (NoduleType.UNSPECIFIED, (GrowthLimit.THICK_SLICES, GrowthLimit.SUBSOLID)),
        (NoduleType.SOLID, (GrowthLimit.THICK_SLICES,)),
        (NoduleType.CALCIFIED, (GrowthLimit.THICK_SLICES, GrowthLimit.SUBSOLID)),
        (NoduleType.PART_SOLID, (GrowthLimit.THICK_SLICES, GrowthLimit.SUBSOLID)),
        (NoduleType.GROUND_GLASS, (GrowthLimit.THICK_SLICES, GrowthLimit.SUBSOLID)),
    ],
)
@pytest.mark.parametrize("is_prior", [True, False])
def test_what_a_person_calls_a_nodule_goes_before_the_tools_guess_that_it_is_subsolid(
    said: NoduleType, limits: tuple[GrowthLimit, ...], *, is_prior: bool
) -> None:
    guessed = (GrowthLimit.THICK_SLICES, GrowthLimit.SUBSOLID)
    before, now = seen("a", on=BEFORE, mm=10.0, mm3=524), seen("a", mm=10.9, mm3=678)
    if is_prior:
        before = replace(before, growth_limits=guessed, nodule_type=said)
    else:
        now = replace(now, growth_limits=guessed, nodule_type=said)
    assert growth(before, now).limits == limits
