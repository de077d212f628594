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
