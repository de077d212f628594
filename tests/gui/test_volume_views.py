"""Planes, slabs, curved planes and 3D on the reading page, by the reader's own keys and mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.reading import Case, ReadingBench, case, part_of_ct
from viewers.qt.view_surface import ViewSurface
from viewers.qt.viewport import ViewportFrame
from viewers.scene.curved_scene import CurvedScene
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.slab import Projection
from viewers.scene.transfer_functions import VolumePreset
from viewers.scene.volume_scene import VolumeScene
from viewers.scene.volume_view import VolumeView
from workstation.settings import ReadingSettings
from workstation.ui.pages.image_menu import MenuPlace
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.reading_presenter import ReadingPresenter
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def slices(lidc_0314: Path) -> tuple[SliceImage, ...]:
    return part_of_ct(lidc_0314, 120, 240, 6)


@pytest.fixture
def bench(qtbot: QtBot, slices: tuple[SliceImage, ...]) -> Iterator[ReadingBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = ReadingBench(case(slices))
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.page.activateWindow()
    yield made
    made.close()


@pytest.fixture
def opened(qtbot: QtBot, bench: ReadingBench) -> ReadingBench:
    return open_case(qtbot, bench)


def open_case(qtbot: QtBot, bench: ReadingBench, one: Case | None = None) -> ReadingBench:
    bench.open(qtbot.waitUntil, one)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_volume)
    shown(qtbot, bench)
    return bench


def shown(qtbot: QtBot, bench: ReadingBench) -> None:
    grid = bench.page.grid
    qtbot.waitUntil(lambda: all(grid.frame(key).isVisible() for key in grid.visible_keys()))


def press(bench: ReadingBench, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    canvas = bench.page.grid.active.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, key, held)


def plane(bench: ReadingBench, which: MprPlane) -> MprScene:
    scene = bench.page.grid.frame(which.value).scene
    assert isinstance(scene, MprScene)
    return scene


def volume(bench: ReadingBench) -> VolumeScene:
    scene = bench.page.grid.frame("volume").scene
    assert isinstance(scene, VolumeScene)
    return scene


def request_has_cuts(scene: VolumeScene) -> bool:
    return bool(scene.edits.scissors)


def drag(frame: ViewportFrame, start: tuple[float, float], end: tuple[float, float]) -> None:
    first, last = (QPoint(round(x), round(y)) for x, y in (start, end))
    QTest.mousePress(frame.canvas, Qt.MouseButton.LeftButton, NONE, first)
    QTest.mouseMove(frame.canvas, last)
    QTest.mouseRelease(frame.canvas, Qt.MouseButton.LeftButton, NONE, last)


def test_three_planes_turn_together_by_the_arm_and_stand_upright_again(qtbot: QtBot, opened: ReadingBench) -> None:
    frame, axial = opened.page.grid.frame("axial"), plane(opened, MprPlane.AXIAL)
    assert plane(opened, MprPlane.CORONAL).planes is axial.planes
    press(opened, Qt.Key.Key_H)
    assert axial.crosshair is not None
    x, y = axial.view(frame.canvas.viewport).viewport_of(axial.crosshair)
    drag(frame, (x + 120, y), (x + 120, y + 40))
    assert plane(opened, MprPlane.CORONAL).title == "Coronal turned"
    upright = frame.header.current_chip()
    assert upright is not None
    assert upright.text == "Original slice"
    press(opened, Qt.Key.Key_U)
    assert plane(opened, MprPlane.CORONAL).title == "Coronal"
    chip = opened.page.grid.frame("coronal").header.current_chip()
    assert chip is not None
    assert chip.text == "Interpolated"


def test_the_wish_for_the_graphics_card_changes_nothing_on_a_machine_without_one(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    page = ReadingPage(ReadingSettings(planes_on_gpu=True))
    qtbot.addWidget(page)
    ReadingPresenter(page, bench.desk, bench.desk_bench.jobs, open_stream=bench.streams)
    canvas = page.grid.frame("axial").canvas
    qtbot.waitUntil(lambda: len(canvas.findChildren(ViewSurface)) == 1)
    bench.page.close_page()
    bench.page = page
    page.resize(1200, 800)
    page.show()
    open_case(qtbot, bench)
    picture = canvas.grab().toImage()
    assert any(picture.pixelColor(x, picture.height() // 2).lightness() > 60 for x in range(0, picture.width(), 9))


def test_keys_make_the_active_plane_a_slab_and_its_limits_show_in_the_others(opened: ReadingBench) -> None:
    press(opened, Qt.Key.Key_M)
    axial = plane(opened, MprPlane.AXIAL)
    assert axial.slab.projection is Projection.MIP
    press(opened, Qt.Key.Key_BracketRight)
    assert axial.slab.thickness_mm == 15.0
    press(opened, Qt.Key.Key_BracketLeft)
    press(opened, Qt.Key.Key_BracketLeft)
    assert axial.slab.thickness_mm == 8.0
    coronal = opened.page.grid.frame("coronal")
    guides = plane(opened, MprPlane.CORONAL).frame(coronal.canvas.viewport).overlay.guides
    assert {stroke.token for stroke in guides if stroke.dashed} == {"plane.axial"}
    assert not plane(opened, MprPlane.CORONAL).slab.is_thick


def test_the_volume_is_shown_and_its_picture_comes_off_the_main_thread(qtbot: QtBot, opened: ReadingBench) -> None:
    opened.page.grid.choose_layout("volume")
    shown(qtbot, opened)
    frame = opened.page.grid.frame("volume")
    surface = frame.canvas.findChild(ViewSurface)
    assert surface is not None
    # the first paint asks for the picture
    frame.canvas.grab()
    assert not surface.is_settled
    qtbot.waitUntil(lambda: surface.is_settled, timeout=120_000)
    picture = frame.canvas.grab().toImage()
    lit = sum(picture.pixelColor(x, y).lightness() > 60 for x in range(200, 900, 20) for y in range(300, 700, 20))
    assert lit > 20


def test_the_hand_turns_the_body_and_keys_change_preset_and_threshold(qtbot: QtBot, opened: ReadingBench) -> None:
    opened.page.grid.choose_layout("volume")
    shown(qtbot, opened)
    scene, frame = volume(opened), opened.page.grid.frame("volume")
    drag(frame, (300, 300), (400, 300))
    assert scene.looking.forward[0] > 0.2
    press(opened, Qt.Key.Key_M)
    assert scene.preset is VolumePreset.VESSELS
    press(opened, Qt.Key.Key_BracketRight)
    assert scene.shift == 25.0
    press(opened, Qt.Key.Key_U)
    assert scene.looking.forward == (0.0, 1.0, 0.0)


def test_scissors_cut_by_the_mouse_and_delete_brings_it_back(qtbot: QtBot, opened: ReadingBench) -> None:
    opened.page.grid.choose_layout("volume")
    shown(qtbot, opened)
    scene, frame = volume(opened), opened.page.grid.frame("volume")
    press(opened, Qt.Key.Key_Y)
    holding = scene.scissoring
    assert holding
    QTest.mousePress(frame.canvas, Qt.MouseButton.LeftButton, NONE, QPoint(300, 300))
    for x, y in ((500, 300), (500, 500), (300, 500)):
        QTest.mouseMove(frame.canvas, QPoint(x, y))
    QTest.mouseRelease(frame.canvas, Qt.MouseButton.LeftButton, NONE, QPoint(300, 500))
    assert len(scene.edits.scissors) == 1
    press(opened, Qt.Key.Key_Escape)
    holding = scene.scissoring
    assert not holding
    press(opened, Qt.Key.Key_Delete)
    assert not request_has_cuts(scene)


def test_the_key_that_undoes_brings_back_what_was_cut_from_the_active_volume_and_no_finding_goes(
    qtbot: QtBot, opened: ReadingBench
) -> None:
    opened.page.add_requested.emit((0.0, 0.0, 0.0))
    found = opened.session.findings.findings
    opened.page.grid.choose_layout("volume")
    shown(qtbot, opened)
    scene = volume(opened)
    opened.page.grid.activate("volume")
    press(opened, Qt.Key.Key_Y, SHIFT)
    cut = scene.edits
    assert len(cut.planes) == 1

    press(opened, Qt.Key.Key_Z, CTRL)
    assert scene.edits.planes == ()
    press(opened, Qt.Key.Key_Z, CTRL | SHIFT)
    assert scene.edits == cut
    press(opened, Qt.Key.Key_Z, CTRL)
    assert opened.session.findings.findings == found
    press(opened, Qt.Key.Key_Z, CTRL)  # nothing is cut any more: the act on the case is next
    assert len(opened.session.findings.findings) == len(found) - 1


def test_the_choice_of_windows_names_the_preset_of_a_rendering_and_no_window_of_ct(
    qtbot: QtBot, opened: ReadingBench
) -> None:
    opened.page.grid.choose_layout("volume")
    shown(qtbot, opened)
    scene = volume(opened)
    opened.page.show_window()
    assert opened.page.header.presets.text() == scene.title == "Bones"
    press(opened, Qt.Key.Key_M)
    assert opened.page.header.presets.text() == scene.title != "Bones"
    while scene.preset is not VolumePreset.MIP:
        press(opened, Qt.Key.Key_M)
    assert "600/200" in opened.page.header.presets.text()


def test_cut_planes_are_added_flipped_and_taken_away_by_key_from_beside_the_planes(
    qtbot: QtBot, opened: ReadingBench
) -> None:
    said: list[str] = []
    opened.page.toast.connect(said.append)
    press(opened, Qt.Key.Key_Y, SHIFT)
    assert said == ["Cut planes belong to a 3D view."]
    opened.page.grid.choose_layout("mpr3d")
    shown(qtbot, opened)
    scene = volume(opened)
    opened.page.grid.activate("axial")  # the 3D view beside it is meant
    press(opened, Qt.Key.Key_Y, SHIFT)
    scene.look(VolumeView((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)))
    press(opened, Qt.Key.Key_Y, SHIFT)
    first, second = (one.normal for one in scene.edits.planes)
    assert (first, second) == ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0))
    press(opened, Qt.Key.Key_X, SHIFT)
    assert scene.edits.planes[1].normal == (1.0, 0.0, 0.0)
    press(opened, Qt.Key.Key_J, SHIFT)
    assert scene.edits.held == 0
    press(opened, Qt.Key.Key_Delete, SHIFT)
    assert [one.normal for one in scene.edits.planes] == [(1.0, 0.0, 0.0)]
    opened.page.grid.activate("volume")
    press(opened, Qt.Key.Key_Delete)
    assert len(scene.edits.planes) == 2


def test_a_path_drawn_on_a_plane_opens_its_straightened_view(qtbot: QtBot, opened: ReadingBench) -> None:
    grid = opened.page.grid
    assert not opened.page.view_commands.action("layout.curved").isEnabled()
    press(opened, Qt.Key.Key_J)
    frame = grid.frame("axial")
    for x, y in ((300, 200), (400, 220), (450, 300)):
        QTest.mouseClick(frame.canvas, Qt.MouseButton.LeftButton, NONE, QPoint(x, y))
    press(opened, Qt.Key.Key_J)
    assert grid.layout_choice == "curved"
    scene = grid.frame("curved").scene
    assert isinstance(scene, CurvedScene)
    assert len(scene.path.points) == 3
    assert opened.page.view_commands.action("layout.curved").isEnabled()
    shown(qtbot, opened)
    levels = grid.frame("curved").canvas.grab().toImage()
    assert any(levels.pixelColor(levels.width() // 2, y).lightness() > 60 for y in range(0, levels.height(), 7))


def test_a_path_of_one_click_opens_nothing(opened: ReadingBench) -> None:
    press(opened, Qt.Key.Key_J)
    QTest.mouseClick(opened.page.grid.frame("axial").canvas, Qt.MouseButton.LeftButton, NONE, QPoint(300, 200))
    press(opened, Qt.Key.Key_J)
    assert opened.page.grid.layout_choice == "mpr"


def entries(menu: QMenu) -> dict[str, Callable[[], None]]:
    found: dict[str, Callable[[], None]] = {}
    for action in menu.actions():
        submenu = action.menu()
        if isinstance(submenu, QMenu):
            found |= entries(submenu)
        elif action.text():
            found[action.text()] = action.trigger
    return found


def test_the_context_menus_offer_presets_sides_and_slabs(opened: ReadingBench) -> None:
    menu = QMenu(opened.page)
    for fill in opened.page.image_menu.entries:
        fill(menu, MenuPlace("volume", 1, 1, None))
    found = entries(menu)
    found["Lungs"]()
    assert volume(opened).preset is VolumePreset.LUNG
    found["Patient's left"]()
    assert volume(opened).looking.forward == (-1.0, 0.0, 0.0)
    planes = QMenu(opened.page)
    for fill in opened.page.image_menu.entries:
        fill(planes, MenuPlace("coronal", 1, 1, None))
    entries(planes)["MinIP 10 mm"]()
    assert plane(opened, MprPlane.CORONAL).slab.text() == "MinIP 10 mm"
    entries(planes)["Thin plane"]()
    assert not plane(opened, MprPlane.CORONAL).slab.is_thick


def test_a_case_without_a_volume_offers_no_3d(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.open(qtbot.waitUntil)
    action = bench.page.view_commands.action("layout.volume")
    assert not action.isEnabled()
    assert action.toolTip() == "follows when all slices are here"
    bench.page.grid.choose_layout("volume")
    assert bench.page.grid.layout_choice == "one"


def test_the_next_case_shows_nothing_of_the_last_ones_volume(
    qtbot: QtBot, opened: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    opened.page.grid.choose_layout("volume")
    first = volume(opened)
    opened.open(qtbot.waitUntil, case(slices, uid="1.2.4", name="王芳", patient_id="QS2"))
    assert opened.page.grid.frame("volume").scene is None
    assert not opened.page.view_commands.action("layout.volume").isEnabled()
    opened.streams.last.deliver_all()
    qtbot.waitUntil(opened.page.has_volume)
    assert volume(opened) is not first
    assert volume(opened).volume is not first.volume


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_menu_opened_over_another_is_known_and_goes_with_its_case(qtbot: QtBot, opened: ReadingBench) -> None:
    grid, image_menu = opened.page.grid, opened.page.image_menu
    grid.open_menu()
    first = image_menu.menu
    assert first is not None
    gone: list[str] = []
    first.destroyed.connect(lambda: gone.append("first"))
    qtbot.wait(50)  # two that open in one turn would close each other
    grid.open_menu()
    second = image_menu.menu
    assert second is not None
    second.destroyed.connect(lambda: gone.append("second"))
    qtbot.waitUntil(lambda: gone == ["first"])
    opened.desk.close()
    qtbot.waitUntil(lambda: gone == ["first", "second"])
    assert image_menu.menu is None
