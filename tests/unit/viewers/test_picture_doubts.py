"""Red words of one image: how it lost detail, pixels of odd shape, and a window that shows none of it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.viewers import axial_plane, stack
from viewers.scene.fidelity import chip
from viewers.scene.fidelity_of import fidelity_of
from viewers.scene.image import SliceImage
from viewers.scene.picture_doubts import image_doubts
from viewers.scene.raster import VoiFunction, VoiLut, Window
from workstation.domain.geometry import ImagePlane
from workstation.domain.pixel_size import PixelSize, SpacingBasis

PLANE = axial_plane()
LUNG, BONE = Window(-600, 1500), Window(500, 2000)
VALUES = np.arange(-1024, -768, dtype=np.int16).reshape(16, 16)


def of(values: object = VALUES, **what: object) -> SliceImage:
    return SliceImage(np.asarray(values), **{"plane": PLANE, **what})  # type: ignore[arg-type]


def test_a_loss_names_its_method_in_red_and_on_the_chip() -> None:
    scene = stack([of(lossy_ratio=12.3, lossy_method="JPEG 2000", voi=LUNG)])
    red = [line.text for line in scene.frame((600.0, 600.0)).overlay.captions if line.is_warning]
    assert red == ["Lossy 12.3:1 JPEG 2000"]
    shown = chip(fidelity_of(scene), 0.0)
    assert shown is not None
    assert shown.text == "Lossy 12.3:1 JPEG 2000"


@pytest.mark.parametrize(
    ("spacing", "said"), [((0.7, 0.7), ()), ((0.7, 0.705), ()), ((0.7, 0.8), ("Non-square pixels",))]
)
def test_pixels_that_are_not_square_are_told(spacing: tuple[float, float], said: tuple[str, ...]) -> None:
    plane = ImagePlane(PLANE.origin, PLANE.right, PLANE.down, spacing)
    assert image_doubts(of(plane=plane), LUNG) == said
    size = PixelSize(spacing, SpacingBasis.CALIBRATED)
    assert image_doubts(of(plane=None, pixel_size=size, aspect=spacing[1] / spacing[0]), LUNG) == said


@pytest.mark.parametrize("pixels_of", ["plane", "aspect"])
def test_pixels_that_are_not_square_are_drawn_in_their_true_shape(pixels_of: str) -> None:
    """16 columns of 1 mm and 16 rows of 2 mm are twice as tall as wide."""
    plane = ImagePlane(PLANE.origin, PLANE.right, PLANE.down, (1.0, 2.0)) if pixels_of == "plane" else None
    view = stack([of(plane=plane, aspect=2.0)]).view((640.0, 640.0))
    assert view is not None
    left, top = view.transform.apply(-0.5, -0.5)
    right, bottom = view.transform.apply(15.5, 15.5)
    assert (right - left, bottom - top) == pytest.approx((320.0, 640.0))


@pytest.mark.parametrize(
    ("image", "voi", "said"),
    [
        (of(), LUNG, ()),
        (of(), BONE, ("Outside window levels",)),
        (of(-VALUES), LUNG, ("Outside window levels",)),
        (of(np.where(VALUES == -1000, 600, VALUES)), BONE, ()),  # one pixel, beside those looked at first
        (of(padding=(-1024, -900)), Window(-1000, 150), ("Outside window levels",)),
        (of(padding=(-1024, 0)), BONE, ()),  # nothing but padding is black by right
        (of(VALUES.astype(np.float32) * np.nan), BONE, ()),
        (of(), Window(500, 2000, VoiFunction.SIGMOID), ()),  # its curve never ends
        (of(), VoiLut(0, np.arange(256, dtype=np.uint16), 8), ("Outside window levels",)),  # begins above all values
        (of(), VoiLut(-2000, np.arange(256, dtype=np.uint16), 8), ("Outside window levels",)),  # ends below them
        (of(), VoiLut(-2000, np.zeros(4000, dtype=np.uint16), 8), ("Outside window levels",)),
        (of(), VoiLut(-770, np.arange(2, dtype=np.uint16), 8), ()),
        (of(VALUES * 0), VoiLut(-9, np.arange(20, dtype=np.uint16), 8), ()),  # an even image is even by right
        (of(np.zeros((4, 4, 3), dtype=np.uint8)), BONE, ()),
    ],
)
def test_a_window_that_shows_no_value_of_the_image_is_told(
    image: SliceImage, voi: Window | VoiLut, said: tuple[str, ...]
) -> None:
    assert image_doubts(image, voi) == said
