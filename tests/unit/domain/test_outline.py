"""Plane geometry of outlines against figures known by heart."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.domain import outline

SQUARE = np.array([[0.0, 0], [4, 0], [4, 3], [0, 3]])
L_SHAPE = np.array([[0.0, 0], [10, 0], [10, 2], [2, 2], [2, 6], [0, 6]])


def test_a_rectangle_of_4_by_3_has_area_12_perimeter_14_and_diagonal_5() -> None:
    first, second = outline.longest_diameter(SQUARE)
    assert (outline.area(SQUARE), outline.perimeter(SQUARE)) == (12.0, 14.0)
    assert pytest.approx(np.linalg.norm(SQUARE[first] - SQUARE[second])) == 5.0


def test_the_area_does_not_depend_on_where_the_outline_lies_or_which_way_it_turns() -> None:
    assert pytest.approx(outline.area(SQUARE[::-1] + 1e6)) == 12.0


def test_a_figure_of_eight_has_the_area_of_both_its_halves_as_the_pixels_inside_have() -> None:
    """Two triangles of base 20 and height 10 that meet in their tips: 2 x 20 x 10 / 2."""
    eight = np.array([[10.0, 10], [30, 30], [30, 10], [10, 30]])
    assert outline.area(eight) == pytest.approx(200.0)
    assert outline.area(np.roll(eight, 1, axis=0)[:, ::-1]) == pytest.approx(200.0)


def test_two_halves_that_meet_in_a_corner_of_both_count_together() -> None:
    """Two squares of 2 by 2, drawn in one stroke through their common corner and turned against each other."""
    bow = np.array([[0.0, 0], [2, 0], [2, 2], [4, 2], [4, 4], [2, 4], [2, 2], [0, 2]])
    against = np.array([[0.0, 0], [2, 0], [2, 2], [2, 4], [4, 4], [4, 2], [2, 2], [0, 2]])
    assert (outline.area(bow), outline.area(against)) == (8.0, 8.0)


def test_what_a_stroke_goes_around_twice_lies_outside_as_it_does_for_the_pixels() -> None:
    """
    The five-pointed star in a circle of radius 1: its tips count, its heart, a pentagon of radius r, does not.

    r = cos 72 / cos 36 = 0.381966; tips and heart are 5 r sin 36 = 1.1225699, the heart is 2.5 r r sin 72 = 0.3468932.
    """
    turns = np.radians(90 + 144 * np.arange(5))
    star = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    assert outline.area(star) == pytest.approx(1.1225699 - 0.3468932, abs=1e-6)
    assert not outline.inside(star, np.zeros((1, 2)))[0]


def test_a_small_loop_where_a_stroke_closes_counts_once_with_the_region() -> None:
    """A square of 10 by 10 whose last line leaves it at (5/3, 0): it loses one triangle and a small one hangs below."""
    crossing = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10], [2, -2]])
    assert outline.area(crossing) == pytest.approx(100 - 10 * (5 / 3) / 2 + (5 / 3) * 2 / 2)


def test_the_area_of_a_stroke_that_crosses_itself_everywhere_is_that_of_a_fine_count_of_points() -> None:
    rng = np.random.default_rng(7)
    tangle = rng.uniform(0, 10, (40, 2))
    fine = (np.stack(np.meshgrid(np.arange(500), np.arange(500)), axis=-1).reshape(-1, 2) + 0.5) / 50
    assert outline.area(tangle) == pytest.approx(outline.inside(tangle, fine).mean() * 100, abs=0.1)


def test_scribbling_fast_over_a_region_does_not_hold_up_the_window() -> None:
    """400 strokes up and down that cross one another 41,000 times: cut at every crossing it took 1.7 s."""
    rng = np.random.default_rng(3)
    scribble = np.stack([rng.uniform(0, 200, 400), np.where(np.arange(400) % 2, 0.0, 200.0)], axis=1)
    scribble[:, 1] += rng.normal(0, 3, 400)
    fine = (np.stack(np.meshgrid(np.arange(300), np.arange(360)), axis=-1).reshape(-1, 2) + 0.5) / 1.5 - [0, 20]

    found = outline.area(scribble, most=41_500)  # counted one by one, 41,450 pairs of lines cross

    assert found == pytest.approx(outline.inside(scribble, fine).mean() * 200 * 240, rel=0.02)
    with pytest.raises(outline.Tangled):
        outline.area(scribble, most=41_000)


def hatching(strokes: int) -> np.ndarray:
    """Return quick strokes to and fro over 300 by 300 pixels, each at a height of its own: each crosses most others."""
    rng = np.random.default_rng(1)
    to_and_fro = np.where(np.arange(strokes) % 2, 400.0, 100.0) + rng.uniform(-20, 20, strokes)
    return np.stack([to_and_fro, rng.uniform(100, 400, strokes)], axis=1)


@pytest.mark.parametrize("strokes", [400, 1000, 5000])
def test_the_work_for_an_area_can_be_bounded_whatever_was_hatched(strokes: int) -> None:
    with pytest.raises(outline.Tangled):
        outline.area(hatching(strokes), most=20_000)


def test_a_bound_changes_no_area_within_it() -> None:
    few = hatching(150)  # about 150 * 150 / 4 crossings
    assert outline.area(few, most=20_000) == outline.area(few)
    with pytest.raises(outline.Tangled):
        outline.area(few, most=1_000)


@pytest.mark.parametrize("seed", range(20))
def test_a_grid_is_told_inside_or_outside_as_single_points_are_on_every_rim_and_corner(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ring = rng.uniform(-5, 60, (int(rng.integers(3, 60)), 2))
    if seed % 2:
        ring = np.rint(ring)  # corners and level lines on the points themselves
    x, y = np.arange(3.0, 50.0), np.arange(0.0, 55.0)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    told = outline.inside_grid(ring, x, y)
    assert told.any()
    assert (told == outline.inside(ring, points).reshape(55, 47)).all()


def test_a_stroke_drawn_to_and_fro_on_one_line_has_no_area() -> None:
    assert outline.area(np.array([[0.0, 5.0], [8.0, 5.0], [3.0, 5.0]])) == 0.0


def test_the_chord_across_the_long_side_of_a_rectangle_is_its_short_side() -> None:
    start, end = outline.chord_across(SQUARE, np.array([0.0, 1.5]), np.array([4.0, 1.5]))
    assert pytest.approx(np.linalg.norm(end - start)) == 3.0


def test_a_chord_stays_inside_an_outline_that_is_not_convex() -> None:
    """Across the foot of an L the longest inner chord is its 6 mm upright, not a line through the air."""
    start, end = outline.chord_across(L_SHAPE, np.array([0.0, 1.0]), np.array([10.0, 1.0]))
    assert pytest.approx(np.linalg.norm(end - start)) == 6.0
    u_shape = np.array([[0.0, 0], [9, 0], [9, 4], [6, 4], [6, 1], [3, 1], [3, 4], [0, 4]])
    start, end = outline.chord_across(u_shape, np.array([0.0, 0.0]), np.array([0.0, 4.0]))
    assert pytest.approx(np.linalg.norm(end - start)) == 9.0
    above = outline.chord_across(u_shape[[0, 1, 2, 3, 4, 5, 6, 7]], np.array([0.0, 3.0]), np.array([9.0, 3.0]))
    assert pytest.approx(np.linalg.norm(above[1] - above[0])) == 4.0


def test_points_are_told_inside_or_outside_a_ring_that_is_not_convex() -> None:
    asked = np.array([[1.0, 1.0], [1.0, 5.0], [5.0, 5.0], [9.0, 1.0], [11.0, 1.0]])
    assert outline.inside(L_SHAPE, asked).tolist() == [True, True, False, True, False]


def test_what_has_no_extent_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        outline.longest_diameter(SQUARE[:1])
    with pytest.raises(ValueError, match="no direction"):
        outline.chord_across(SQUARE, SQUARE[0], SQUARE[0])
    with pytest.raises(ValueError, match="no chord"):
        outline.chord_across(SQUARE[:1], np.array([0.0, 0.0]), np.array([1.0, 0.0]))


def test_a_thinned_outline_leaves_the_corners_and_drops_what_lies_between_them() -> None:
    sides = [np.linspace(a, b, 50, endpoint=False) for a, b in zip(SQUARE, np.roll(SQUARE, -1, axis=0), strict=True)]
    kept = outline.thinned(np.concatenate(sides), 1e-6)
    assert kept.tolist() == [0, 50, 100, 150]


@pytest.mark.parametrize("seed", range(5))
def test_a_thinned_outline_moves_nowhere_by_more_than_is_said(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 800, endpoint=False)
    drawn = np.stack([300 + 200 * np.cos(turn), 300 + 120 * np.sin(2 * turn)], axis=1) + rng.normal(0, 0.05, (800, 2))
    kept = outline.thinned(drawn, 0.1)
    assert kept[0] == 0
    assert len(kept) < 400
    fine = []  # the thinned outline as points 0.01 apart: the nearest one tells how far a point lies from the line
    for place, first in enumerate(kept):
        ends = drawn[first], drawn[kept[(place + 1) % len(kept)]]
        steps = max(2, int(np.linalg.norm(ends[1] - ends[0]) / 0.01))
        last = kept[place + 1] if place + 1 < len(kept) else len(drawn)
        fine.append((np.linspace(*ends, steps), drawn[first:last]))
    away = [np.linalg.norm(line[:, None] - points, axis=2).min(axis=0).max() for line, points in fine]
    assert max(away) < 0.1 + 0.005


def test_thinning_leaves_three_points_of_an_outline_without_extent() -> None:
    assert len(outline.thinned(np.zeros((9, 2)), 0.1)) >= 3
    assert outline.thinned(SQUARE[:3], 100.0).tolist() == [0, 1, 2]
