"""A large image on a small screen: only what is seen is computed, and it is what the whole would show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from viewers.scene import levels as module
from viewers.scene.camera import PixelTransform
from viewers.scene.fusion import FusedLayer, FusionLook
from viewers.scene.image import SliceImage
from viewers.scene.levels import Levels, seen
from viewers.scene.picture import burned, picture
from viewers.scene.raster import Gray, GrayscaleTransform, Window, to_gray
from viewers.scene.resample import Resampler, of_blocks, reduced, reduction
from workstation.domain.colour_map import ValueScale
from workstation.domain.geometry import ImagePlane
from workstation.domain.volume import Volume

GRAYSCALE = GrayscaleTransform(Window(30000.0, 40000.0), padding=(0.0, 0.0))
PIXELS: npt.NDArray[np.uint16] = np.random.default_rng(3).integers(0, 65535, (300, 211), dtype=np.uint16)
SIZE = (64, 48)
TURNS = [
    pytest.param(PixelTransform(2.5, 0, 0, 2.5, -200.0, -310.0), id="a part"),
    pytest.param(PixelTransform(2.5, 0, 0, 2.5, 30.0, 20.0), id="its corner"),
    pytest.param(PixelTransform(-1.5, 0, 0, 1.5, 250.0, -390.0), id="mirrored"),
    pytest.param(PixelTransform(0, -1.5, 1.5, 0, 400.0, -60.0), id="a quarter turn"),
    pytest.param(PixelTransform(2.5, 0, 0, 2.5, 900.0, 20.0), id="beside the image"),
    pytest.param(PixelTransform(0.9, 0, 0, 0.9, 0.0, 0.0), id="a little smaller"),
]


def painted(gray: Gray, transform: PixelTransform) -> Gray:
    out = np.full((SIZE[1], SIZE[0]), 77, dtype=np.uint8)
    Resampler().scale(gray, transform, out)
    return out


@pytest.mark.parametrize("transform", TURNS)
def test_what_is_seen_looks_as_if_the_whole_had_been_computed(transform: PixelTransform) -> None:
    levels = Levels(SliceImage(PIXELS), GRAYSCALE)

    gray, (row, column) = levels.of(seen(transform, SIZE, PIXELS.shape))

    x, y = transform.apply(column, row)
    moved = PixelTransform(transform.a, transform.b, transform.c, transform.d, x, y)
    expected = painted(to_gray(PIXELS, GRAYSCALE), transform)
    np.testing.assert_array_equal(painted(gray, moved), expected)


def test_a_drag_of_the_window_computes_what_is_on_screen_and_a_pan_the_rest_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computed: list[int] = []

    def counted(pixels: npt.NDArray[np.uint16], transform: GrayscaleTransform) -> Gray:
        computed.append(pixels.size)
        return to_gray(pixels, transform)

    monkeypatch.setattr(module, "to_gray", counted)
    levels = Levels(SliceImage(PIXELS), GRAYSCALE)

    levels.of((slice(10, 60), slice(20, 90)))
    levels.of((slice(12, 58), slice(20, 90)))
    assert computed == [50 * 70]
    levels.of((slice(12, 62), slice(20, 90)))
    levels.of((slice(100, 162), slice(20, 90)))
    assert computed == [50 * 70, 300 * 211]


def test_what_is_burned_in_is_never_cut_off() -> None:
    graphics = np.zeros(PIXELS.shape, dtype=bool)
    graphics[30, 40] = True
    gray, (row, column) = Levels(SliceImage(PIXELS, graphics=graphics), GRAYSCALE).of((slice(10, 60), slice(20, 90)))

    assert (row, column) == (0, 0)
    assert gray[30, 40] == 255


@pytest.mark.parametrize(
    ("air", "kind"), [(0, {"monochrome1": False}), (4095, {"monochrome1": True})], ids=["MONOCHROME2", "MONOCHROME1"]
)
@pytest.mark.parametrize(("inverted", "bit"), [({"inverted": False}, 255), ({"inverted": True}, 0)])
def test_a_marker_stays_apart_from_the_air_when_the_reader_inverts_the_picture(
    air: int, kind: dict[str, bool], inverted: dict[str, bool], bit: int
) -> None:
    """Air is black by nature and white inverted, however the pixels are stored; a marker must not be white on white."""
    graphics = np.zeros((8, 8), dtype=bool)
    graphics[3, 4] = True
    image = SliceImage(np.full((8, 8), air, np.uint16), graphics=graphics, **kind)  # type: ignore[arg-type]
    inverse = inverted["inverted"] != kind["monochrome1"]
    gray = Levels(image, GrayscaleTransform(Window(2048.0, 4096.0), inverse)).whole()

    assert (gray[3, 4], gray[3, 3]) == (bit, 255 - bit)
    assert np.array_equal(gray, picture(image, Window(2048.0, 4096.0), **inverted))


LINE, DOTS, BOX = "line", "dots", "box"


def _marker(kind: str) -> npt.NDArray[np.bool_]:
    bits = np.zeros((64, 96), dtype=np.bool_)
    if kind == LINE:
        bits[:, 40:43] = True
    elif kind == DOTS:
        bits[5::9, 3::7] = True
    else:
        bits[10:30, 11:60] = True
    return bits


@pytest.mark.parametrize("marker", [LINE, DOTS, BOX])
@pytest.mark.parametrize("monochrome1", [False, True])
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("padding", [None, (0.0, 0.0), (4095.0, 4095.0)])
def test_no_bit_of_a_marker_looks_like_what_it_stands_on(
    marker: str, padding: tuple[float, float] | None, *, monochrome1: bool, inverted: bool
) -> None:
    """Air, padding that stays black when the reader inverts, noise and bright bone, side by side and in any order."""
    pixels = np.random.default_rng(7).normal(2400.0, 150.0, (64, 96)).clip(1, 4094).astype(np.uint16)
    pixels[:, :20], pixels[:, 41:60], pixels[20:40, 60:] = 0, 4095, 0
    bits = _marker(marker)
    image = SliceImage(pixels, monochrome1=monochrome1, padding=padding, graphics=bits)
    bare = picture(replace(image, graphics=None), Window(2048.0, 4096.0), inverted=inverted)
    drawn = picture(image, Window(2048.0, 4096.0), inverted=inverted)

    assert np.array_equal(drawn[~bits], bare[~bits])
    assert set(np.unique(drawn[bits])) <= {0, 255}
    assert np.abs(drawn[bits].astype(int) - bare[bits]).min() >= 32


def test_a_marker_is_of_one_shade_on_noise_of_middle_grey() -> None:
    pixels = np.random.default_rng(7).normal(150.0, 20.0, (64, 96)).clip(60, 220).astype(np.uint8)
    bits = _marker(BOX)
    drawn = burned(pixels, SliceImage(pixels.astype(np.uint16), graphics=bits))
    assert np.unique(drawn[bits]).tolist() == [0]


def test_a_marker_is_seen_on_colours_bright_and_dark() -> None:
    """Palette and true colour: yellow is bright though it holds no blue, blue is dark at its full."""
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16], pixels[:, 16:] = (255, 255, 0), (0, 0, 255)
    bits = np.ones((16, 32), np.bool_)
    drawn = picture(SliceImage(pixels, graphics=bits))
    assert np.unique(drawn[:, :16]).tolist() == [0]
    assert np.unique(drawn[:, 16:]).tolist() == [255]


def test_a_marker_beside_the_patient_is_seen_under_a_fused_layer_of_an_inverted_picture() -> None:
    bits = np.zeros((8, 8), dtype=np.bool_)
    bits[1:3, 1:3] = True
    plane = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))
    image = SliceImage(np.zeros((8, 8), np.uint16), plane, graphics=bits)
    away = np.diag([1.0, 1.0, 1.0, 1.0])
    away[:3, 3] = 500.0
    layer = FusedLayer(Volume(np.zeros((2, 4, 4), np.float32), away, "1.2", "1.3"), FusionLook(ValueScale(0.0, 5.0)))
    fused = layer.over(image, GrayscaleTransform(Window(2048.0, 4096.0), inverse=True))
    drawn = burned(fused.pixels, fused)

    assert (drawn[0, 0].tolist(), drawn[1, 1].tolist()) == ([255, 255, 255], [0, 0, 0])


@pytest.mark.parametrize(("shape", "factor"), [((12, 8), 4), ((13, 9), 4), ((300, 211), 7), ((530, 600), 260)])
def test_a_reduced_picture_holds_the_means_of_its_blocks(shape: tuple[int, int], factor: int) -> None:
    gray = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    rows, columns = -(-shape[0] // factor), -(-shape[1] // factor)
    padded = np.pad(gray, ((0, rows * factor - shape[0]), (0, columns * factor - shape[1])), mode="edge")

    means = np.array(
        [
            [
                padded[r * factor : (r + 1) * factor, c * factor : (c + 1) * factor].astype(float).mean()
                for c in range(columns)
            ]
            for r in range(rows)
        ]
    )

    np.testing.assert_array_equal(reduced(gray, factor), np.floor(means + 0.5).astype(np.uint8))


def test_a_white_picture_stays_white_however_small_it_gets() -> None:
    assert reduced(np.full((4096, 512), 255, dtype=np.uint8), 512).tolist() == [[255]] * 8


def test_blocks_lie_where_their_pixels_lie() -> None:
    transform = PixelTransform(0, -0.24, 0.2, 0, 50.0, 7.0)

    assert reduction(transform) == 4
    blocks = of_blocks(transform, 4)
    assert blocks.apply(3, 5) == pytest.approx(transform.apply(4 * 3 + 1.5, 4 * 5 + 1.5))
    assert reduction(blocks) == 1


def test_one_reduction_serves_every_step_of_a_pan() -> None:
    levels = Levels(SliceImage(PIXELS), GRAYSCALE)

    assert levels.blocks(4) is levels.blocks(4)
    np.testing.assert_array_equal(levels.blocks(3), reduced(to_gray(PIXELS, GRAYSCALE), 3))
