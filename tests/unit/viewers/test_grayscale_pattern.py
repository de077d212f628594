"""The test picture of a monitor holds the values it promises, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from viewers.scene.grayscale_pattern import grayscale_pattern

SIZES = [(1920, 1080), (1366, 768), (2048, 2560), (640, 360)]


@pytest.mark.parametrize("size", SIZES)
def test_eighteen_steps_go_from_black_to_white_by_fifteen(size: tuple[int, int]) -> None:
    pattern = grayscale_pattern(*size)
    assert [int(pattern.pixels[box.centre]) for box in pattern.patches] == [
        0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165, 180, 195, 210, 225, 240, 255,
    ]  # fmt: skip
    for box in pattern.patches:
        part = pattern.pixels[box.y : box.y + box.height, box.x : box.x + box.width]
        assert part.min() == part.max()


@pytest.mark.parametrize("size", SIZES)
def test_five_per_cent_lies_in_black_and_ninety_five_in_white(size: tuple[int, int]) -> None:
    pattern = grayscale_pattern(*size)
    for box, inner, outer in ((pattern.dark, 13, 0), (pattern.bright, 242, 255)):
        square = pattern.pixels[box.y : box.y + box.height, box.x : box.x + box.width]
        assert set(np.unique(square)) == {inner}
        assert int(pattern.pixels[box.y - 1, box.x]) == outer
        assert int(pattern.pixels[box.y + box.height, box.x]) == outer


def test_the_ramp_rises_from_black_to_white_without_a_step_back() -> None:
    pattern = grayscale_pattern(1920, 1080)
    line = pattern.pixels[pattern.ramp.centre[0], pattern.ramp.x : pattern.ramp.x + pattern.ramp.width].astype(int)
    assert (line[0], line[-1]) == (0, 255)
    assert set(np.diff(line)) == {0, 1}


def test_line_pairs_change_with_every_pixel_and_every_second_one() -> None:
    pattern = grayscale_pattern(1920, 1080)
    assert len(pattern.line_pairs) == 20
    upright, level, coarse, _ = pattern.line_pairs[:4]
    assert pattern.pixels[upright.y, upright.x : upright.x + 4].tolist() == [0, 255, 0, 255]
    assert pattern.pixels[level.y : level.y + 4, level.x].tolist() == [0, 255, 0, 255]
    assert pattern.pixels[coarse.y, coarse.x : coarse.x + 4].tolist() == [0, 0, 255, 255]


def test_the_outermost_pixels_are_seen_on_every_side() -> None:
    pixels = grayscale_pattern(1366, 768).pixels
    assert pixels.shape == (768, 1366)
    assert {int(one) for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]) for one in edge} == {255}


def test_a_window_too_small_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="640 x 360"):
        grayscale_pattern(639, 800)
