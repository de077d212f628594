"""A fused plane is coarse only while it moves, and its overlay never lies over an image of another place."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.helpers.viewers import FRAME_OF_REFERENCE, uids
from viewers.qt import plane_pictures
from viewers.qt.plane_pictures import FusedPicture, PlanePictures
from viewers.qt.surface import RasterSurface
from viewers.qt.view_surface import ViewSurface
from viewers.qt.viewport import ViewportFrame
from viewers.scene.annotations import Annotations
from viewers.scene.fidelity import FidelityKind
from viewers.scene.fusion import FusedLayer, FusionLook
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import GrayscaleTransform, Window
from viewers.scene.reslice import ResliceRequest
from viewers.scene.slab import Projection, Slab
from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.domain.volume import Volume

pytestmark = pytest.mark.gui

DEAR, CHEAP = 1.0, 1e-12
"""Seconds a sample is said to take"""
DEPTH, ROWS, COLUMNS = 41, 60, 80
SLABS = [Slab(), Slab(Projection.MEAN, 5.0), Slab(Projection.MIP, 10.0)]
HALF = FusionLook(ValueScale(0.0, 40.0), ColourMap.INVERSE_GRAY, 0.5)
"""Inverse grey over grey: where both come of one place they add up to the same grey everywhere"""


def heights(columns: int, *, shift: float = 0.0) -> Volume:
    """Return voxels that say at which height they lie: 0 to 40 over 41 layers of 1 mm."""
    z = np.arange(DEPTH, dtype=np.float32)[:, None, None]
    voxels = np.ascontiguousarray(np.broadcast_to(z + np.float32(shift), (DEPTH, ROWS, columns)))
    return Volume(voxels, np.eye(4), FRAME_OF_REFERENCE, "1.9")


def scene(slab: Slab | None = None) -> MprScene:
    """Return axial planes of an image as wide as 80 mm, fused with an overlay that covers the first 40."""
    made = MprScene(heights(COLUMNS), MprPlane.AXIAL, annotations=Annotations("1"), new_uid=uids(), modality="NM")
    made.set_window(Window(20.0, 40.0))
    made.set_slab(slab or Slab())
    made.fuse(FusedLayer(heights(40), HALF))
    return made


def asked(made: MprScene) -> tuple[ResliceRequest, FusedLayer, GrayscaleTransform]:
    frame = made.frame((300.0, 260.0))
    assert isinstance(frame.source, ResliceRequest)
    assert frame.fused is not None
    assert frame.grayscale is not None
    return frame.source, frame.fused, frame.grayscale


def reference(made: MprScene) -> npt.NDArray[np.uint8]:
    """Return the fused plane as it is cut in one go."""
    source = made.frame((300.0, 260.0)).at_once().source
    assert isinstance(source, SliceImage)
    return source.pixels


def is_like(found: npt.NDArray[np.uint8], expected: npt.NDArray[np.uint8]) -> bool:
    """Tell whether two pictures are one within half a millimetre of height: VTK's slabs take whole layers."""
    return found.shape == expected.shape and bool(np.abs(found.astype(int) - expected).max() <= 4)


def is_of_one_place(found: FusedPicture, made: MprScene) -> bool:
    """Tell whether image and overlay lie where the scene stands, within 2 mm: coarse slabs have fewer samples."""
    across = found.rgb.shape[1]
    fused, alone = found.rgb[2:-2, 2 : across // 2 - 2], found.rgb[2:-2, across // 2 + 2 : -2]
    expected = reference(made)[20, 60]
    return bool(np.abs(fused.astype(int) - 128).max() <= 5 and np.abs(alone.astype(int) - expected).max() <= 12)


@pytest.fixture
def late() -> Iterator[threading.Event]:
    """Hold up the thread that cuts full planes until the event is set."""
    event = threading.Event()
    plane_pictures._cutter().submit(event.wait)
    yield event
    event.set()


@pytest.mark.parametrize("slab", SLABS)
def test_what_is_quick_to_cut_is_full_at_once(qtbot: QtBot, slab: Slab) -> None:
    pictures, made = PlanePictures(CHEAP), scene(slab)
    found = pictures.fused(*asked(made))
    assert (found.factor, pictures.is_settled) == (1, True)
    assert is_like(found.rgb, reference(made))


@pytest.mark.parametrize("slab", SLABS)
def test_what_is_slow_to_cut_is_coarse_while_it_moves_and_full_when_it_rests(qtbot: QtBot, slab: Slab) -> None:
    pictures, made = PlanePictures(DEAR), scene(slab)
    coarse = pictures.fused(*asked(made))
    assert (coarse.factor > 1, pictures.is_settled) == (True, False)
    assert coarse.rgb.size < reference(made).size / 3
    with qtbot.waitSignal(pictures.changed, timeout=60_000):
        pass
    found = pictures.fused(*asked(made))
    assert (found.factor, pictures.is_settled) == (1, True)
    assert is_like(found.rgb, reference(made))


@pytest.mark.parametrize("slab", SLABS)
def test_the_overlay_always_lies_over_the_image_of_its_own_place(qtbot: QtBot, slab: Slab) -> None:
    """
    Scrolled up and down while full cuts of former places come late: every picture is of where the reader is.

    Places lie 5 mm apart at least, 32 levels of grey; image and overlay of two places would differ by 16.
    """
    pictures, made = PlanePictures(DEAR), scene(slab)
    wrong: list[int] = []

    def look() -> None:
        if not is_of_one_place(pictures.fused(*asked(made)), made):
            wrong.append(made.index)

    pictures.changed.connect(look)
    for index, following in ((8, 33), (13, 28), (23, 18)):
        late = threading.Event()
        plane_pictures._cutter().submit(late.wait)
        made.scroll_to(index)
        look()
        qtbot.waitUntil(lambda: pictures._running is not None and not pictures._running.done())
        made.scroll_to(following)  # the full cut of the last place is under way
        look()
        late.set()
        qtbot.waitUntil(lambda: pictures.is_settled)
        look()
    assert wrong == []


def test_an_overlay_laid_anew_is_never_shown_where_the_last_registration_had_it(
    qtbot: QtBot, late: threading.Event
) -> None:
    pictures, made = PlanePictures(DEAR), scene()
    pictures.fused(*asked(made))
    qtbot.waitUntil(lambda: pictures._running is not None)
    made.fuse(FusedLayer(heights(40, shift=10.0), HALF))
    seen: list[bool] = []
    pictures.changed.connect(lambda: seen.append(np.array_equal(pictures.fused(*asked(made)).rgb, reference(made))))
    assert pictures.fused(*asked(made)).rgb[10, 5, 0] == reference(made)[20, 20, 0]
    late.set()
    qtbot.waitUntil(lambda: bool(seen))
    assert (seen, pictures.is_settled) == ([True], True)


def test_another_window_or_look_needs_no_new_cut(qtbot: QtBot) -> None:
    pictures, made = PlanePictures(DEAR), scene(Slab(Projection.MIP, 10.0))
    pictures.fused(*asked(made))
    with qtbot.waitSignal(pictures.changed, timeout=60_000):
        pass
    first = pictures.fused(*asked(made))
    assert pictures.fused(*asked(made)) is first
    made.set_window(Window(10.0, 20.0))
    second = pictures.fused(*asked(made))
    assert made.fused is not None
    made.fused.look = FusionLook(ValueScale(0.0, 20.0), ColourMap.HOT_IRON, 0.8)
    third = pictures.fused(*asked(made))
    assert pictures.is_settled
    assert np.array_equal(third.rgb, reference(made))
    assert not np.array_equal(first.rgb, second.rgb)
    assert not np.array_equal(second.rgb, third.rgb)


def test_without_its_overlay_a_plane_is_itself_again(qtbot: QtBot) -> None:
    """The full cut of the fused plane must not stay in the place of the plain one, nor the other way."""
    surface, made = ViewSurface(planes=PlanePictures(CHEAP)), scene()
    viewport = (160.0, 120.0)

    def same() -> bool:
        frame = made.frame(viewport)
        return levels(surface.render(frame, 1.0)) == levels(RasterSurface().render(frame, 1.0))

    layer = made.fused
    shown = [same()]
    made.fuse(None)
    shown.append(same())
    made.fuse(layer)
    shown.append(same())
    assert shown == [True, True, True]


def levels(picture: QImage) -> tuple[int, ...]:
    """Return the middle of both halves and what lies beside the plane."""
    return tuple(picture.pixelColor(x, 60).value() for x in (40, 120, 1))


def test_the_chip_says_preview_while_a_fused_plane_is_coarse(qtbot: QtBot) -> None:
    viewport = ViewportFrame()
    qtbot.addWidget(viewport)
    viewport.resize(302, 288)
    viewport.canvas.set_surface(ViewSurface(planes=PlanePictures(sample_s=DEAR)))
    viewport.set_scene(scene(Slab(Projection.MIP, 10.0)))
    viewport.canvas.grab()
    coarse = viewport.header.fidelity

    def settled() -> bool:
        viewport.canvas.grab()
        return viewport.canvas.is_settled

    qtbot.waitUntil(settled)
    kinds = [one.kind for one in (coarse, viewport.header.fidelity)]
    assert kinds == [FidelityKind.IMPROVING, FidelityKind.INTERPOLATED]


def test_nothing_of_a_closed_case_comes_back_from_a_cut_that_was_under_way(qtbot: QtBot, late: threading.Event) -> None:
    pictures, made = PlanePictures(DEAR), scene()
    told: list[bool] = []
    pictures.changed.connect(lambda: told.append(True))
    pictures.fused(*asked(made))
    qtbot.waitUntil(lambda: pictures._running is not None)
    pictures.forget()
    late.set()
    qtbot.waitUntil(lambda: pictures._running is not None and pictures._running.done())
    qtbot.wait(1)
    assert (told, pictures.is_settled) == ([], True)
