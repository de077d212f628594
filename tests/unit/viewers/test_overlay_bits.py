"""Where the bits of an overlay lie is found once; what is drawn is what a look at every tile would draw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from viewers.scene import image as module
from viewers.scene.image import SliceImage
from viewers.scene.levels import Levels
from viewers.scene.overlay_bits import OverlayBits
from viewers.scene.picture import burned, picture
from viewers.scene.raster import GrayscaleTransform, Window

SHAPE = (621, 301)
"""Three bands of 256 rows; neither side is a multiple of eight"""


def _outline() -> npt.NDArray[np.bool_]:
    bits = np.zeros(SHAPE, np.bool_)
    bits[3, 5:] = bits[-1, 5:] = True
    bits[3:, 5] = bits[3:, -1] = True
    return bits


def _dots() -> npt.NDArray[np.bool_]:
    bits = np.zeros(SHAPE, np.bool_)
    bits[[0, 250, 255, 256, 300, 620], [300, 7, 290, 12, 77, 0]] = True
    return bits


def _box() -> npt.NDArray[np.bool_]:
    bits = np.zeros(SHAPE, np.bool_)
    bits[201:333, 50:292] = True
    return bits


OVERLAYS = [
    pytest.param(_outline(), id="outline"),
    pytest.param(_dots(), id="dots"),
    pytest.param(_box(), id="box"),
    pytest.param(_outline() | _box(), id="outline and box"),
]


def _expected(ground: npt.NDArray[np.uint8], bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """
    Return grey levels with the bits in them, one tile after the other.

    Tiles of 8 x 8 count from the leftmost bit of each 256 rows; one that reaches over the last row or the rightmost bit
    repeats it.
    """
    drawn = ground.copy()
    for top in range(0, SHAPE[0], 256):
        columns = np.flatnonzero(bits[top : top + 256].any(axis=0))
        for y in range(top, min(top + 256, SHAPE[0]) if columns.size else top, 8):
            for x in range(columns[0], columns[-1] + 1, 8):
                down, across = np.minimum(range(y, y + 8), SHAPE[0] - 1), np.minimum(range(x, x + 8), columns[-1])
                places = np.ix_(down, across)
                shade = 255.0 if np.floor(ground[places].astype(float).mean() + 0.5) < 128 else 0.0
                shades = np.where(abs(ground[places] - shade) >= 32, shade, 255.0 - shade)
                drawn[places] = np.where(bits[places], shades, ground[places])
    return drawn


def _ground() -> npt.NDArray[np.uint8]:
    """Noise about middle grey beside air and bone, whose edges cross tiles."""
    ground = np.random.default_rng(9).normal(128.0, 40.0, SHAPE).clip(0, 255).astype(np.uint8)
    ground[:, 90:141], ground[300:411, :77] = 0, 255
    return ground


@pytest.mark.parametrize("bits", OVERLAYS)
def test_every_bit_is_drawn_as_its_own_tile_asks_be_there_few_or_many(bits: npt.NDArray[np.bool_]) -> None:
    ground = _ground()
    kept = ground.copy()
    drawn = burned(ground, SliceImage(ground, graphics=bits))

    np.testing.assert_array_equal(drawn, _expected(ground, bits))
    np.testing.assert_array_equal(ground, kept)


@pytest.mark.parametrize("bits", OVERLAYS)
def test_a_marker_on_grey_colours_looks_as_it_does_on_the_same_grey(bits: npt.NDArray[np.bool_]) -> None:
    ground = _ground()
    colors = ground[:, :, None].repeat(3, axis=2)
    drawn = picture(SliceImage(colors, graphics=bits))
    np.testing.assert_array_equal(drawn, _expected(ground, bits)[:, :, None].repeat(3, axis=2))


def test_a_thin_outline_on_black_is_white_and_nothing_else_changes() -> None:
    bits = _outline()
    drawn = burned(np.zeros(SHAPE, np.uint8), SliceImage(np.zeros(SHAPE, np.uint8), graphics=bits))
    np.testing.assert_array_equal(drawn, np.where(bits, 255, 0))


def test_a_thin_outline_is_black_on_yellow_and_white_on_blue() -> None:
    """Yellow is bright though it holds no blue, blue is dark at its full."""
    bits = _outline()
    colors = np.zeros((*SHAPE, 3), np.uint8)
    colors[:, :149], colors[:, 149:] = (255, 255, 0), (0, 0, 255)
    drawn = picture(SliceImage(colors, graphics=bits))
    assert np.unique(drawn[:, :149][bits[:, :149]]).tolist() == [0]
    assert np.unique(drawn[:, 149:][bits[:, 149:]]).tolist() == [255]
    np.testing.assert_array_equal(drawn[~bits], colors[~bits])


def test_a_window_drag_over_a_film_does_not_look_for_the_overlay_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that decoded the film has found it: fourteen million pixels are too many for each step of a drag."""
    found: list[int] = []

    def counted(bits: npt.NDArray[np.bool_]) -> OverlayBits:
        found.append(int(bits.sum()))
        return OverlayBits(bits)

    monkeypatch.setattr(module, "OverlayBits", counted)
    bits = np.zeros((1024, 1024), np.bool_)
    bits[5, 7:10] = True
    film = SliceImage(np.zeros(bits.shape, np.uint16), graphics=bits).prepared()
    assert found == [3]

    for centre in (100.0, 200.0, 300.0):
        gray = Levels(film, GrayscaleTransform(Window(centre, 50.0))).whole()
        assert gray[5, 6:11].tolist() == [0, 255, 255, 255, 0]
    assert found == [3]
