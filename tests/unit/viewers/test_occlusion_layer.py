"""What a score comes from lies over exactly its film, through the matrix on screen, and a weak effect stays faint."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from tests.helpers.viewers import image, stack
from viewers.qt.tint_painter import paint_tint
from viewers.scene.camera import Camera
from viewers.scene.occlusion_layer import OcclusionLayer
from viewers.scene.stack_scene import StackScene
from workstation.domain.image_place import ImagePlace

VIEWPORT = (400.0, 400.0)
# four cells of 25 x 40 pixels along a row, two down; centres at 12, 37 ... and 19.5, 59.5
TO_PIXELS = np.array([[25.0, 0, 0, 12.0], [0, 40.0, 0, 19.5], [0, 0, 1, 0], [0, 0, 0, 1]])


def layer(drop: list[list[float]], sop: str = "1.9.1") -> OcclusionLayer:
    return OcclusionLayer(ImagePlace(sop), np.array(drop, np.float32), TO_PIXELS, "Score falls by", "Explanation")


def films() -> StackScene:
    scene = stack([replace(image(uid=uid), frame_of_reference_uid="") for uid in ("1.9.1", "1.9.2")])
    scene.scroll_to(0)
    return scene


def painted(scene: StackScene) -> QImage:
    """Return what the layer paints over black, with its own rim."""
    tint = scene.frame(VIEWPORT).overlay.tint
    assert tint is not None
    picture = QImage(400, 400, QImage.Format.Format_RGB888)
    picture.fill(0)
    painter = QPainter(picture)
    paint_tint(painter, tint)
    painter.end()
    return picture


def red(picture: QImage, x: float, y: float) -> int:
    return picture.pixelColor(round(x), round(y)).red()


HOT = [[0.0, 0.0, 0.0, 0.4], [0.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "camera",
    [Camera(), Camera(flipped=True), Camera(rotation_deg=90.0), Camera(zoom=1.2, pan=(9.0, -7.0), rotation_deg=33.0)],
    ids=["plain", "mirrored", "turned", "oblique"],
)
def test_the_colour_lies_where_covering_lowers_the_score_however_the_film_is_shown(camera: Camera) -> None:
    scene = films()
    scene.explained = layer(HOT)
    scene.set_camera(camera)
    view = scene.view(VIEWPORT)
    assert view is not None

    picture = painted(scene)

    assert red(picture, *view.transform.apply(87.0, 19.5)) > 100
    for cold in ((12.0, 19.5), (37.0, 19.5), (12.0, 59.5), (87.0, 70.0)):
        assert red(picture, *view.transform.apply(*cold)) == 0


def test_nothing_is_painted_outside_the_film() -> None:
    scene = films()
    scene.explained = layer([[0.4] * 4, [0.4] * 4])

    picture = painted(scene)

    # 100 x 80 pixels fill 400 x 320 of the viewport, from 40 to 360
    assert [red(picture, 200, y) > 100 for y in (20, 60, 340, 380)] == [False, True, True, False]


def test_another_film_and_hidden_marks_show_no_layer() -> None:
    scene = films()
    scene.explained = layer(HOT)
    assert scene.frame(VIEWPORT).overlay.tint is not None
    warnings = [line.text for line in scene.frame(VIEWPORT).overlay.captions if line.is_warning]
    assert "Explanation" in warnings

    scene.show_marks = False
    assert scene.frame(VIEWPORT).overlay.tint is None
    scene.show_marks = True
    scene.scroll_to(1)
    assert (scene.frame(VIEWPORT).overlay.tint, scene.frame(VIEWPORT).overlay.colour_bar) == (None, None)


def test_the_legend_says_how_far_the_score_falls_and_a_weak_effect_does_not_glow() -> None:
    assert layer(HOT).legend(3).values == ("0.40", "0.20", "0.00")
    weak = layer([[0.0, 0.0, 0.0, 0.004], [0.0, 0.0, 0.0, 0.0]])
    assert weak.legend(3).values == ("0.050", "0.025", "0.000")
    scene = films()
    scene.explained = weak
    assert max(red(painted(scene), x, y) for x in range(0, 400, 20) for y in range(0, 400, 20)) == 0


def test_what_is_no_map_of_an_image_is_refused() -> None:
    with pytest.raises(ValueError, match=r"row, column"):
        OcclusionLayer(ImagePlace("1.9"), np.zeros((2, 2, 2), np.float32), np.eye(4), "", "")
    with pytest.raises(ValueError, match="finite"):
        layer([[float("nan")]])
