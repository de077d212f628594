"""Lines of a crosshair end alike: each as far inside the edge as a line that meets a letter there."""

from __future__ import annotations

import math

import pytest

from viewers.scene.overlay import gapped_line

VIEWPORT = (460.0, 646.0)


def test_both_arms_of_a_crosshair_end_22_pixels_inside_whether_a_letter_is_there_or_not() -> None:
    across = gapped_line(VIEWPORT, (166.0, 311.0), (1.0, 0.0), 20.0, "plane.coronal")
    upright = gapped_line(VIEWPORT, (166.0, 311.0), (0.0, 1.0), 20.0, "plane.sagittal")
    assert [(one.start, one.end) for one in across] == [
        ((146.0, 311.0), (22.0, 311.0)),
        ((186.0, 311.0), (438.0, 311.0)),
    ]
    assert [(one.start, one.end) for one in upright] == [
        ((166.0, 291.0), (166.0, 22.0)),
        ((166.0, 331.0), (166.0, 624.0)),
    ]


def test_an_arm_along_the_very_edge_stays_and_one_outside_is_not_drawn() -> None:
    assert len(gapped_line(VIEWPORT, (2.0, 311.0), (0.0, 1.0), 20.0, "plane.sagittal")) == 2
    assert gapped_line(VIEWPORT, (-2.0, 311.0), (0.0, 1.0), 20.0, "plane.sagittal") == []


def test_of_a_point_outside_the_viewport_the_line_that_crosses_it_is_drawn_once() -> None:
    (line,) = gapped_line(VIEWPORT, (-50.0, 100.0), (1.0, 0.0), 20.0, "plane.coronal")
    assert sorted((line.start, line.end)) == [(22.0, 100.0), (438.0, 100.0)]


def test_a_turned_arm_ends_as_far_before_the_edge_along_itself() -> None:
    half = math.sqrt(0.5)
    ends = [one.end for one in gapped_line((400.0, 400.0), (200.0, 200.0), (half, half), 20.0, "plane.coronal")]
    inset = 22.0 * half
    assert [value for end in ends for value in end] == pytest.approx([inset, inset, 400 - inset, 400 - inset])
