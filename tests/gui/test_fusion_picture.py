"""PET over CT as it stands on the screen."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage, QPainter

from tests.unit.viewers.test_fusion import LESION, layer, mpr
from viewers.qt.overlay_painter import OverlayPainter
from viewers.qt.surface import RasterSurface
from viewers.scene.camera import Camera
from viewers.scene.colour_bar import colour_bar
from viewers.scene.mpr_plane import MprPlane
from workstation.domain.colour_map import ColourMap

pytestmark = pytest.mark.gui
SIZE = (500.0, 400.0)


def painted(colour_map: ColourMap, plane: MprPlane = MprPlane.AXIAL) -> tuple[QImage, tuple[float, float]]:
    scene = mpr(plane)
    scene.crosshair = None
    scene.fuse(layer(alpha=0.6, colour_map=colour_map))
    frame = scene.frame(SIZE)
    picture = RasterSurface().render(frame, 1.0)
    assert picture.size().toTuple() == (500, 400)
    painter = QPainter(picture)
    OverlayPainter().paint(painter, frame.overlay, SIZE)
    painter.end()
    return picture, scene.view(SIZE).viewport_of(LESION)


@pytest.mark.parametrize("plane", list(MprPlane))
def test_the_lesion_glows_in_the_hot_end_of_the_map(qapp: object, plane: MprPlane) -> None:
    """12 on a scale to 10 is white in hot iron: 60 % white over soft tissue."""
    picture, (x, y) = painted(ColourMap.HOT_IRON, plane)

    lit = picture.pixelColor(int(x), int(y))
    assert min(lit.red(), lit.green(), lit.blue()) >= 0.6 * 255 - 2


def test_the_bar_beside_it_runs_from_the_hot_to_the_cold_end(qapp: object) -> None:
    picture, _ = painted(ColourMap.HOT_IRON)
    bar = colour_bar(layer().legend(), SIZE)
    assert bar is not None

    x = int(bar.x + bar.width / 2)
    top, bottom = picture.pixelColor(x, int(bar.y) + 1), picture.pixelColor(x, int(bar.y + bar.height) - 2)

    assert min(top.red(), top.green(), top.blue()) > 240
    assert max(bottom.red(), bottom.green(), bottom.blue()) < 12
    assert [text for _, text in bar.ticks] == ["10.0", "7.50", "5.00", "2.50", "0.00"]
    assert [y for y, _ in bar.ticks] == pytest.approx([120.0, 160.0, 200.0, 240.0, 280.0])


@pytest.mark.parametrize("size", [(150.0, 400.0), (500.0, 150.0)])
def test_a_small_viewport_keeps_its_room_for_the_image(size: tuple[float, float]) -> None:
    assert colour_bar(layer().legend(), size) is None


def test_an_overlay_follows_zoom_pan_turn_and_flip_with_its_image(qapp: object) -> None:
    """The glow stays on the lesion wherever the reader puts the picture."""
    scene = mpr(MprPlane.CORONAL)
    scene.crosshair = None
    scene.fuse(layer(alpha=1.0))
    for change in (
        Camera().zoomed(1.7).panned(20, -15),
        Camera(rotation_deg=90.0),
        Camera(flipped=True, rotation_deg=30),
    ):
        scene.set_camera(change)
        picture = RasterSurface().render(scene.frame(SIZE), 1.0)
        x, y = scene.view(SIZE).viewport_of(LESION)
        lit = picture.pixelColor(int(x), int(y))
        assert min(lit.red(), lit.green(), lit.blue()) >= 250, change
