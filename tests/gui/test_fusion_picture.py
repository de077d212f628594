"""PET over CT as it stands on the screen."""

from __future__ import annotations

import math

import pytest
from PySide6.QtGui import QImage, QPainter

from tests.unit.viewers.test_fusion import LESION, layer, mpr
from viewers.qt.overlay_painter import OverlayPainter
from viewers.qt.surface import RasterSurface
from viewers.scene.camera import Camera
from viewers.scene.captions import StudyCaptions
from viewers.scene.colour_bar import Surroundings, colour_bar
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
    scene = mpr(MprPlane.AXIAL)
    scene.fuse(layer())
    bar = scene.frame(SIZE).overlay.colour_bar
    assert bar is not None

    x = int(bar.x + bar.width / 2)
    top, bottom = picture.pixelColor(x, int(bar.y) + 1), picture.pixelColor(x, int(bar.y + bar.height) - 2)

    # the second of 94 rows for 256 colours: blue, which rises by four, ends there five entries below white
    assert min(top.red(), top.green(), top.blue()) > 234
    assert max(bottom.red(), bottom.green(), bottom.blue()) < 12
    assert [text for _, text in bar.ticks] == ["10", "8", "6", "4", "2", "0"]
    assert [y for y, _ in bar.ticks] == pytest.approx([242.0, 260.8, 279.6, 298.4, 317.2, 336.0])


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


@pytest.mark.parametrize(
    ("size", "plane"),
    [((520.0, 322.0), MprPlane.SAGITTAL), ((540.0, 322.0), MprPlane.AXIAL), ((360.0, 700.0), MprPlane.AXIAL)],
)
def test_in_a_narrow_viewport_the_bar_stands_beside_or_below_the_picture_and_clear_of_letter_and_text(
    size: tuple[float, float], plane: MprPlane
) -> None:
    """A quarter of a page at 1366 x 768, and a tall one; the values take 36 px left of the bar, the title 29 above."""
    scene = mpr(plane)
    scene.captions = StudyCaptions(study_description="PET-CT", study_date_time="2026-11-21 09:30", series="CT AC")
    scene.fuse(layer())
    overlay = scene.frame(size).overlay
    bar, view = overlay.colour_bar, scene.view(size)
    assert bar is not None
    left, top, bottom = bar.x - 36, bar.y - 29, bar.y + bar.height
    right_of_picture = max(view.transform.apply(x - 0.5, y)[0] for x in (0, view.size[0]) for y in (0, view.size[1]))
    below_picture = max(view.transform.apply(x, y - 0.5)[1] for x in (0, view.size[0]) for y in (0, view.size[1]))
    assert left >= right_of_picture or top >= below_picture
    assert bar.height >= 56
    (letter,) = (one for one in overlay.letters if one.x > 0.8 * size[0])
    assert top >= letter.y + 8 or bottom <= letter.y - 8
    assert all(line.y + 16 <= top or line.y >= bottom for line in overlay.captions if line.aligned_right)


def test_a_picture_that_fills_the_viewport_leaves_the_bar_the_edge() -> None:
    scene = mpr(MprPlane.AXIAL)
    scene.fuse(layer())
    scene.set_camera(Camera().zoomed(4.0))
    bar = scene.frame(SIZE).overlay.colour_bar
    assert bar is not None
    assert bar.x + bar.width == SIZE[0] - 8


@pytest.mark.parametrize(
    ("picture_right", "texts", "place"),
    [
        (500.0, (150.0, 250.0), (450.0, 180.0, 62.0)),
        (300.0, (150.0, 250.0), (450.0, 180.0, 62.0)),  # beside the picture too: the unit above it stays to be read
        (300.0, (150.0, math.inf), (450.0, 180.0, 100.0)),
        (300.0, (60.0, 330.0), (450.0, 120.0, 160.0)),
        (500.0, (170.0, 230.0), (450.0, 120.0, 160.0)),  # no room at all
    ],
)
def test_where_no_stretch_of_the_edge_is_long_enough_the_bar_stays_in_the_middle_between_the_texts(
    picture_right: float, texts: tuple[float, float], place: tuple[float, float, float]
) -> None:
    around = Surroundings(picture_right, 400.0, text_ends=texts[0], text_begins=texts[1])
    bar = colour_bar(layer().legend(), SIZE, around)
    assert bar is not None
    assert (bar.x, bar.y, bar.height) == place


def test_where_text_leaves_no_room_below_the_letter_the_bar_stands_above_it() -> None:
    around = Surroundings(500.0, 400.0, text_ends=50.0, text_begins=250.0)
    bar = colour_bar(layer().legend(), SIZE, around)
    assert bar is not None
    assert (bar.x, bar.y, bar.height) == (482.0, 80.0, 108.0)
