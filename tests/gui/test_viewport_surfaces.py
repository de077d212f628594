"""Every surface paints the same levels at the same places."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.viewers import axial_plane, image, stack, uids, volume
from viewers.qt.surface import RasterSurface
from viewers.qt.vtk_reslice import VtkReslicer
from viewers.qt.vtk_surface import OffscreenVtkSurface, gray_levels
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.frame import Frame
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane, other_planes
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import Window
from viewers.scene.reslice import reslice
from viewers.scene.slab import Projection, Slab

pytestmark = pytest.mark.gui

VIEWPORT = (211.0, 157.0)
TURN = math.radians(30)
OBLIQUE = np.array(
    [
        [0.8 * math.cos(TURN), 0.0, 1.5 * math.sin(TURN), -20.0],
        [0.0, 1.1, 0.0, 5.0],
        [-0.8 * math.sin(TURN), 0.0, 1.5 * math.cos(TURN), 40.0],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
SHEARED = np.array([[0.7, 0, 0, 0], [0, 0.7, 0.9, 0], [0, 0, 2.5, 0], [0, 0, 0, 1.0]])
AFFINES = {"upright": np.diag([0.8, 0.6, 2.0, 1.0]), "oblique": OBLIQUE, "tilted": SHEARED}
CAMERAS = {
    "fitted": Camera(),
    "zoomed": Camera(zoom=2.7, pan=(13.0, -21.0)),
    "turned": Camera().rotated(90).flipped_horizontally(),
    "free": Camera(zoom=1.3).rotated(23),
}


SLABS = {"thin": Slab(), **{projection.value: Slab(projection, 7.0) for projection in Projection}}


def mpr_frame(affine: str, plane: MprPlane, camera: str, *, slab: str = "thin", turned: bool = False) -> Frame:
    scene = MprScene(volume(affine=AFFINES[affine]), plane, annotations=Annotations("1"), new_uid=uids())
    if turned:
        for about in other_planes(plane):
            frame = scene.planes.frame
            scene.planes.change(frame.turned(about, scene.crosshair or (0.0, 0.0, 0.0), math.radians(28)))
    scene.set_slab(SLABS[slab])
    scene.set_window(Window(centre=100, width=500))
    scene.set_camera(CAMERAS[camera])
    return scene.frame(VIEWPORT)


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("plane", list(MprPlane))
@pytest.mark.parametrize("affine", AFFINES)
def test_numpy_and_vtk_cut_the_same_plane(qtbot: QtBot, affine: str, plane: MprPlane, camera: str) -> None:
    frame = mpr_frame(affine, plane, camera)
    expected = gray_levels(RasterSurface(reslice).render(frame, 1.0)).astype(int)
    actual = gray_levels(RasterSurface(VtkReslicer()).render(frame, 1.0)).astype(int)
    assert expected.max() > 0
    # rim samples fall in or out of the volume by rounding: everything else agrees within two levels
    off = np.abs(expected - actual) > 2
    assert int(off.sum()) <= off.size // 500


@pytest.mark.parametrize("slab", SLABS)
@pytest.mark.parametrize("plane", list(MprPlane))
@pytest.mark.parametrize("affine", AFFINES)
def test_numpy_and_vtk_cut_the_same_turned_slab(qtbot: QtBot, affine: str, plane: MprPlane, slab: str) -> None:
    frame = mpr_frame(affine, plane, "zoomed", slab=slab, turned=True)
    expected = gray_levels(RasterSurface(reslice).render(frame, 1.0)).astype(int)
    actual = gray_levels(RasterSurface(VtkReslicer()).render(frame, 1.0)).astype(int)
    assert expected.max() > 0
    # in a slab every sample has a rim of its own
    off = np.abs(expected - actual) > 2
    assert int(off.sum()) <= off.size // 500


@pytest.mark.parametrize("slab", SLABS)
def test_the_render_window_shows_a_turned_slab_as_the_raster_path_does(qtbot: QtBot, slab: str) -> None:
    frame = mpr_frame("tilted", MprPlane.CORONAL, "free", slab=slab, turned=True)
    surface = OffscreenVtkSurface()
    expected = gray_levels(RasterSurface(VtkReslicer()).render(frame, 1.0)).astype(int)
    actual = gray_levels(surface.render(frame, 1.0)).astype(int)
    surface.close()
    assert expected.max() > 0
    assert np.abs(expected - actual).max() <= 2


@pytest.mark.parametrize("ratio", [1.0, 1.5])
@pytest.mark.parametrize("plane", list(MprPlane))
def test_the_render_window_shows_what_the_raster_path_shows(qtbot: QtBot, plane: MprPlane, ratio: float) -> None:
    frame = mpr_frame("oblique", plane, "fitted")
    surface = OffscreenVtkSurface()
    expected = gray_levels(RasterSurface(VtkReslicer()).render(frame, ratio)).astype(int)
    actual = gray_levels(surface.render(frame, ratio)).astype(int)
    surface.close()
    assert expected.shape == actual.shape
    assert np.abs(expected - actual).max() <= 2


@pytest.mark.parametrize("camera", ["fitted", "zoomed", "turned"])
def test_a_stack_slice_is_the_same_on_both_surfaces(qtbot: QtBot, camera: str) -> None:
    rows, columns = np.indices((60, 90))
    smooth = (500 * np.sin(columns / 9) + 400 * np.cos(rows / 7)).astype(np.int16)
    scene = stack([image(smooth, axial_plane(spacing=(0.8, 1.1)))])
    scene.set_window(Window(centre=0, width=2000))
    scene.set_camera(CAMERAS[camera])
    frame = scene.frame(VIEWPORT)
    surface = OffscreenVtkSurface()
    expected = gray_levels(RasterSurface().render(frame, 1.0)).astype(int)
    actual = gray_levels(surface.render(frame, 1.0)).astype(int)
    surface.close()
    assert expected.max() > 200
    # a graphics card decides by its own rounding whether a rim pixel is in
    off = np.abs(expected - actual) > 2
    assert int(off.sum()) <= off.size // 500


def test_an_empty_viewport_is_pure_black_on_both_surfaces(qtbot: QtBot) -> None:
    scene = stack([image(plane=axial_plane())])
    scene.drop(0)
    frame = scene.frame(VIEWPORT)
    surface = OffscreenVtkSurface()
    for picture in (RasterSurface().render(frame, 1.0), surface.render(frame, 1.0)):
        assert (picture.width(), picture.height()) == (211, 157)
        assert gray_levels(picture).max() == 0
    surface.close()


def test_beside_the_image_is_pure_black_even_inverted(qtbot: QtBot) -> None:
    scene = stack([image(np.zeros((40, 40), dtype=np.int16), axial_plane())])
    scene.set_window(Window(centre=0, width=100))
    scene.toggle_invert()
    levels = gray_levels(RasterSurface().render(scene.frame((200.0, 100.0)), 1.0))
    assert levels[:, :50].max() == 0
    assert levels[:, 150:].max() == 0
    assert levels[:, 51:149].min() == 126


def test_voxels_outside_the_volume_are_black_even_inverted(qtbot: QtBot) -> None:
    scene = MprScene(volume(), MprPlane.AXIAL, annotations=Annotations("1"), new_uid=uids())
    scene.toggle_invert()
    scene.set_window(Window(centre=5000, width=100))
    levels = gray_levels(RasterSurface().render(scene.frame((200.0, 100.0)), 1.0))
    assert levels[:, 0].max() == 0
    assert levels[50, 100] == 255


@pytest.mark.parametrize("turn", [0.0, 37.0])
def test_colour_passes_without_a_window(qtbot: QtBot, turn: float) -> None:
    pixels = np.zeros((20, 20, 3), dtype=np.uint8)
    pixels[...] = (200, 100, 50)
    scene = stack([SliceImage(pixels, axial_plane())])
    scene.set_window(Window(centre=0, width=10))
    scene.set_camera(Camera().rotated(turn))
    middle = RasterSurface().render(scene.frame((100.0, 100.0)), 1.0).pixelColor(50, 50)
    assert (middle.red(), middle.green(), middle.blue()) == (200, 100, 50)


def test_zoomed_pixels_are_interpolated_smoothly_and_in_place(qtbot: QtBot) -> None:
    """Two pixels of 0 and 200 on an 8-pixel grid: a ramp between their centres, flat outside."""
    pixels = np.array([[0, 200]], dtype=np.int16)
    scene = stack([image(pixels, axial_plane())])
    scene.set_window(Window(centre=128, width=256))
    levels = gray_levels(RasterSurface().render(scene.frame((16.0, 8.0)), 1.0))
    expected = [0, 0, 0, 0, 13, 38, 63, 88, 113, 138, 163, 188, 200, 200, 200, 200]
    assert expected == pytest.approx(levels[4].tolist(), abs=1)


def test_large_images_are_averaged_when_they_shrink(qtbot: QtBot) -> None:
    """A checkerboard shrunk eightfold is even grey, not a moire."""
    rows, columns = np.indices((800, 800))
    pixels = (((rows + columns) % 2) * 200).astype(np.int16)
    scene = stack([image(pixels, axial_plane())])
    scene.set_window(Window(centre=128, width=256))
    levels: npt.NDArray[np.uint8] = gray_levels(RasterSurface().render(scene.frame((100.0, 100.0)), 1.0))
    assert (int(levels.min()), int(levels.max())) == (100, 100)


def test_a_large_image_keeps_its_last_rows_when_it_shrinks(qtbot: QtBot) -> None:
    pixels = np.zeros((1003, 1003), dtype=np.int16)
    pixels[1001:, 1001:] = 255
    scene = stack([image(pixels, axial_plane())])
    scene.set_window(Window(centre=128, width=256))
    levels = gray_levels(RasterSurface().render(scene.frame((100.0, 100.0)), 1.0))
    assert levels[99, 99] > 0


def test_device_pixels_follow_the_scale_of_the_monitor(qtbot: QtBot) -> None:
    scene = stack([image(plane=axial_plane())])
    picture = RasterSurface().render(scene.frame((200.0, 100.0)), 1.5)
    assert (picture.width(), picture.height(), picture.devicePixelRatio()) == (300, 150, 1.5)
