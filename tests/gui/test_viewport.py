"""What the reader's hands do in a viewport."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QInputMethodEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from resources.theme_tokens import color
from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import axial_plane, axial_stack, finding, findings, image, stack, uids, volume
from tests.unit.viewers.test_fusion import layer, mpr
from viewers.qt.header_strip import HeaderStrip
from viewers.qt.viewport import ViewportFrame, show_in_all
from viewers.scene.annotations import Annotations
from viewers.scene.captions import Identity
from viewers.scene.fidelity import Fidelity, FidelityKind
from viewers.scene.link_group import LinkGroup
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import Window
from viewers.scene.stack_scene import StackScene
from viewers.scene.tools.tool import ToolName
from workstation.domain.annotation import AnnotationKind

pytestmark = pytest.mark.gui
LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


@pytest.fixture
def frame(qtbot: QtBot) -> ViewportFrame:
    widget = ViewportFrame()
    qtbot.addWidget(widget)
    widget.resize(402, 346)
    widget.show()
    widget.set_scene(axial_stack(30))
    widget.setFocus()
    return widget


def shown(frame: ViewportFrame) -> StackScene:
    assert isinstance(frame.scene, StackScene)
    return frame.scene


def drag(frame: ViewportFrame, start: tuple[int, int], end: tuple[int, int], button: Qt.MouseButton = LEFT) -> None:
    send(frame, QEvent.Type.MouseButtonPress, start, button)
    send(frame, QEvent.Type.MouseMove, end, Qt.MouseButton.NoButton, held=button)
    send(frame, QEvent.Type.MouseButtonRelease, end, button)


def send(
    frame: ViewportFrame,
    kind: QEvent.Type,
    at: tuple[int, int],
    button: Qt.MouseButton,
    *,
    held: Qt.MouseButton = Qt.MouseButton.NoButton,
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    position = QPointF(*at)
    glob = frame.canvas.mapToGlobal(position)
    QApplication.sendEvent(frame.canvas, QMouseEvent(kind, position, glob, button, held, modifiers))


def wheel(frame: ViewportFrame, delta: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
    at = QPointF(200, 160)
    event = QWheelEvent(
        at,
        frame.canvas.mapToGlobal(at),
        QPoint(0, 0),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(frame.canvas, event)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Qt.Key.Key_Down, 16),
        (Qt.Key.Key_Up, 14),
        (Qt.Key.Key_PageDown, 25),
        (Qt.Key.Key_PageUp, 5),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_End, 29),
    ],
)
def test_keys_move_through_the_stack_and_tell_which_slice_is_needed(
    qtbot: QtBot, frame: ViewportFrame, key: Qt.Key, expected: int
) -> None:
    with qtbot.waitSignal(frame.scrolled) as heard:
        QTest.keyClick(frame.canvas, key)
    assert heard.args == [expected]
    assert shown(frame).index == expected


@pytest.mark.parametrize(
    ("delta", "modifiers", "expected"),
    [
        (-120, NONE, 16),
        (120, NONE, 14),
        (-120, Qt.KeyboardModifier.ShiftModifier, 25),
        (-60, NONE, 15),
    ],
)
def test_the_wheel_scrolls_one_slice_or_ten_with_shift(
    frame: ViewportFrame, delta: int, modifiers: Qt.KeyboardModifier, expected: int
) -> None:
    wheel(frame, delta, modifiers)
    assert shown(frame).index == expected


def test_parts_of_a_notch_add_up(frame: ViewportFrame) -> None:
    for _ in range(4):
        wheel(frame, -30)
    assert shown(frame).index == 16


def test_ctrl_wheel_zooms_about_the_pointer(frame: ViewportFrame) -> None:
    view = shown(frame).view(frame.canvas.viewport)
    assert view is not None
    before = view.lps_of(200, 160)
    wheel(frame, 120, Qt.KeyboardModifier.ControlModifier)
    after = shown(frame).view(frame.canvas.viewport)
    assert after is not None
    assert shown(frame).state.camera.zoom == pytest.approx(1.15)
    assert after.lps_of(200, 160) == pytest.approx(before)


def test_left_drag_right_widens_the_window_and_back_again_returns_it(frame: ViewportFrame) -> None:
    frame.set_window(Window(40, 400))
    send(frame, QEvent.Type.MouseButtonPress, (100, 100), LEFT)
    send(frame, QEvent.Type.MouseMove, (150, 80), Qt.MouseButton.NoButton, held=LEFT)
    assert shown(frame).window == Window(20, 450)
    send(frame, QEvent.Type.MouseMove, (100, 100), Qt.MouseButton.NoButton, held=LEFT)
    assert shown(frame).window == Window(40, 400)


def test_middle_drag_pans_and_right_drag_zooms(frame: ViewportFrame) -> None:
    drag(frame, (100, 100), (130, 90), MIDDLE)
    assert shown(frame).state.camera.pan == (30, -10)
    drag(frame, (100, 100), (100, 50), RIGHT)
    assert shown(frame).state.camera.zoom == pytest.approx(1.01**50)


def test_right_click_asks_for_the_menu_and_a_drag_does_not(qtbot: QtBot, frame: ViewportFrame) -> None:
    with qtbot.waitSignal(frame.context_menu_requested):
        drag(frame, (100, 100), (101, 100), RIGHT)
    with qtbot.assertNotEmitted(frame.context_menu_requested):
        drag(frame, (100, 100), (100, 60), RIGHT)


def test_double_click_asks_to_maximise(qtbot: QtBot, frame: ViewportFrame) -> None:
    with qtbot.waitSignal(frame.maximise_requested):
        send(frame, QEvent.Type.MouseButtonDblClick, (100, 100), LEFT)
    with qtbot.waitSignal(frame.maximise_requested):
        frame.header._maximise.click()


@pytest.mark.parametrize(
    ("key", "window"),
    [(Qt.Key.Key_2, Window(-600, 1500)), (Qt.Key.Key_3, Window(40, 350)), (Qt.Key.Key_0, Window(50, 100))],
)
def test_digits_set_the_presets(qtbot: QtBot, frame: ViewportFrame, key: Qt.Key, window: Window) -> None:
    with qtbot.waitSignal(frame.window_changed) as heard:
        QTest.keyClick(frame.canvas, key)
    assert heard.args == [window]
    assert shown(frame).window == window


def test_ct_presets_do_nothing_on_other_modalities(qtbot: QtBot, frame: ViewportFrame) -> None:
    shown(frame).modality = "MR"
    before = shown(frame).window
    with qtbot.assertNotEmitted(frame.window_changed):
        QTest.keyClick(frame.canvas, Qt.Key.Key_2)
    assert shown(frame).window == before


@pytest.mark.parametrize(
    ("key", "tool"),
    [
        (Qt.Key.Key_T, ToolName.PAN),
        (Qt.Key.Key_Z, ToolName.ZOOM),
        (Qt.Key.Key_S, ToolName.SCROLL),
        (Qt.Key.Key_H, ToolName.CROSSHAIR),
        (Qt.Key.Key_D, ToolName.DISTANCE),
        (Qt.Key.Key_E, ToolName.ELLIPSE),
        (Qt.Key.Key_P, ToolName.PROBE),
    ],
)
def test_letters_choose_tools_and_escape_returns_to_the_window(
    qtbot: QtBot, frame: ViewportFrame, key: Qt.Key, tool: ToolName
) -> None:
    QTest.keyClick(frame.canvas, key)
    assert frame.navigator.tool is tool
    QTest.keyClick(frame.canvas, Qt.Key.Key_Escape)
    assert frame.navigator.tool is ToolName.WINDOW


def test_i_v_f_space_and_g_change_the_view(qtbot: QtBot, frame: ViewportFrame) -> None:
    QTest.keyClick(frame.canvas, Qt.Key.Key_I)
    assert shown(frame).identity is Identity.ANONYMOUS
    QTest.keyClick(frame.canvas, Qt.Key.Key_V)
    assert shown(frame).state.inverted
    drag(frame, (100, 100), (130, 90), MIDDLE)
    QTest.keyClick(frame.canvas, Qt.Key.Key_F)
    assert shown(frame).state.camera.pan == (0, 0)
    assert shown(frame).state.inverted
    QTest.keyClick(frame.canvas, Qt.Key.Key_Space)
    assert not shown(frame).state.inverted
    with qtbot.waitSignal(frame.marks_toggled) as heard:
        QTest.keyClick(frame.canvas, Qt.Key.Key_G)
    assert heard.args == [False]


def test_letters_of_a_chinese_composition_are_no_commands(qtbot: QtBot, frame: ViewportFrame) -> None:
    QApplication.sendEvent(frame.canvas, QInputMethodEvent("di", []))
    QTest.keyClick(frame.canvas, Qt.Key.Key_D)
    QTest.keyClick(frame.canvas, Qt.Key.Key_V)
    assert frame.navigator.tool is ToolName.WINDOW
    assert not shown(frame).state.inverted
    done = QInputMethodEvent("", [])
    done.setCommitString("地")
    QApplication.sendEvent(frame.canvas, done)
    QTest.keyClick(frame.canvas, Qt.Key.Key_D)
    assert frame.navigator.tool.value == "distance"


def test_letters_typed_into_a_text_field_beside_the_image_stay_there(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    field, frame = QLineEdit(), ViewportFrame()
    layout = QVBoxLayout(host)
    layout.addWidget(field)
    layout.addWidget(frame)
    frame.set_scene(axial_stack())
    host.show()
    field.setFocus()
    QTest.keyClicks(field, "vdg2")
    assert field.text() == "vdg2"
    assert frame.navigator.tool is ToolName.WINDOW
    assert not shown(frame).state.inverted


def test_a_drawn_distance_is_kept_in_patient_millimetres(qtbot: QtBot, frame: ViewportFrame) -> None:
    """The 100 x 80 mm image fills 400 pixels: 4 pixels a millimetre."""
    QTest.keyClick(frame.canvas, Qt.Key.Key_D)
    with qtbot.waitSignal(frame.annotation_finished) as heard:
        drag(frame, (100, 100), (220, 260))
    assert heard.args is not None
    measured = heard.args[0]
    assert measured.kind is AnnotationKind.LENGTH
    assert measured.measures[0].value == pytest.approx(50.0)
    assert shown(frame).annotations.items == (measured,)


def test_delete_removes_the_selected_measurement_and_undo_brings_it_back(qtbot: QtBot, frame: ViewportFrame) -> None:
    frame.choose_tool(ToolName.ELLIPSE)
    drag(frame, (100, 100), (220, 200))
    assert len(shown(frame).annotations.items) == 1
    with qtbot.waitSignal(frame.annotation_deleted):
        QTest.keyClick(frame.canvas, Qt.Key.Key_Delete)
    assert shown(frame).annotations.items == ()
    shown(frame).annotations.undo()
    assert len(shown(frame).annotations.items) == 1


def test_measuring_without_spacing_counts_pixels_and_says_so(qtbot: QtBot, frame: ViewportFrame) -> None:
    frame.set_scene(stack([image()]))
    frame.choose_tool(ToolName.DISTANCE)
    drag(frame, (100, 100), (220, 260))
    (drawn,) = shown(frame).frame(frame.canvas.viewport).overlay.callipers
    assert drawn.lines == ("50.0 px", "not calibrated")


def test_clicking_a_mark_names_its_finding(qtbot: QtBot, frame: ViewportFrame) -> None:
    scene = shown(frame)
    scene.findings = findings(finding(centre=(50.0, 40.0, 30.0)))
    view = scene.view(frame.canvas.viewport)
    assert view is not None
    x, y = view.viewport_of((50.0, 40.0, 30.0))
    with qtbot.waitSignal(frame.finding_clicked) as heard:
        drag(frame, (round(x), round(y)), (round(x), round(y)))
    assert heard.args == ["2.25.9001"]


def test_shift_and_move_puts_all_linked_views_on_the_point(qtbot: QtBot) -> None:
    links, notes = LinkGroup(), Annotations("1.2.3")
    host = QWidget()
    qtbot.addWidget(host)
    frames = []
    for plane in MprPlane:
        frame = ViewportFrame(parent=host)
        frame.resize(302, 246)
        frame.set_scene(MprScene(volume(), plane, annotations=notes, new_uid=uids()), links)
        frames.append(frame)
    host.show()
    axial = frames[0]
    assert axial.scene is not None
    view = axial.scene.view(axial.canvas.viewport)
    assert view is not None
    x, y = view.viewport_of((10.0, 20.0, 10.0))
    with qtbot.waitSignal(axial.crosshair_moved):
        send(
            axial,
            QEvent.Type.MouseMove,
            (round(x), round(y)),
            Qt.MouseButton.NoButton,
            modifiers=Qt.KeyboardModifier.ShiftModifier,
        )
    coronal, sagittal = frames[1].scene, frames[2].scene
    assert coronal is not None
    assert sagittal is not None
    assert (sagittal.index, coronal.index) == (10, 20)


def test_a_closed_viewport_no_longer_takes_part(qtbot: QtBot) -> None:
    links, notes = LinkGroup(), Annotations("1.2.3")
    first, second = ViewportFrame(), ViewportFrame()
    qtbot.addWidget(first)
    for frame in (first, second):
        frame.set_scene(MprScene(volume(), MprPlane.AXIAL, annotations=notes, new_uid=uids()), links)
    second.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    first.set_window(Window(0, 100))
    assert first.scene is not None
    assert not links.is_linked(first.scene)


def test_l_unlinks_and_links_again(qtbot: QtBot, frame: ViewportFrame) -> None:
    frame.set_scene(axial_stack(), LinkGroup())
    for expected in (False, True):
        with qtbot.waitSignal(frame.link_toggled) as heard:
            QTest.keyClick(frame.canvas, Qt.Key.Key_L)
        assert heard.args == [expected]


def test_a_missing_slice_says_so_on_black(qtbot: QtBot, frame: ViewportFrame) -> None:
    shown(frame).drop(15)
    frame.refresh()
    overlay = shown(frame).frame(frame.canvas.viewport).overlay
    assert overlay.message == "Fetching slice 16…"
    picture = frame.canvas.grab().toImage()
    assert picture.pixelColor(5, 150).name() == color("image.bg")


def test_the_image_background_is_exactly_black(frame: ViewportFrame) -> None:
    frame.resize(702, 346)
    picture = frame.canvas.grab().toImage()
    assert picture.pixelColor(60, 250).name() == "#000000"
    assert picture.pixelColor(640, 250).name() == "#000000"


def test_the_header_says_plane_and_preset_and_stays_24_pixels(qtbot: QtBot, frame: ViewportFrame) -> None:
    QTest.keyClick(frame.canvas, Qt.Key.Key_2)
    assert (frame.header.text.plane, frame.header.text.mode) == ("Axial", "Lung")
    assert frame.header.text.plane_token == "plane.axial"
    assert frame.header.height() == 24
    assert frame.header._maximise.toolTip() == "Maximise or restore (double click)"
    frame.set_scene(stack([image()]))
    assert frame.header.text.plane == "CT"
    frame.set_scene(None)
    assert frame.header.text.plane == ""


def test_the_header_tells_the_planes_of_a_pet_ct_apart(qtbot: QtBot, frame: ViewportFrame) -> None:
    scene = axial_stack()
    frame.set_scene(scene)
    modes = [frame.header.text.mode]
    scene.modality = "PT"
    frame.refresh()
    modes.append(frame.header.text.mode)
    fused = mpr(MprPlane.AXIAL)
    frame.set_scene(fused)
    modes.append(frame.header.text.mode)
    fused.fuse(layer())
    frame.refresh()
    modes.append(frame.header.text.mode)
    assert modes == ["", "PET", "Mediastinum", "Fused · Mediastinum"]


class Painted(QObject):
    """Keeps what chip stood in a strip at each of its own paintings."""

    def __init__(self, strip: HeaderStrip) -> None:
        super().__init__(strip)
        self.chips: list[str] = []
        self._strip = strip
        strip.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - the name is Qt's
        if event.type() == QEvent.Type.Paint:
            shown = self._strip.current_chip()
            self.chips.append("" if shown is None else shown.text)
        return super().eventFilter(watched, event)


def test_a_picture_that_became_full_says_so_for_a_moment_and_paints_itself_without_it(qtbot: QtBot) -> None:
    """Nobody moves the pointer meanwhile, and what goes on being full is not told again."""
    strip = HeaderStrip()
    qtbot.addWidget(strip)
    strip.resize(460, 24)
    strip.show()
    qtbot.waitExposed(strip)
    painted = Painted(strip)
    strip.show_fidelity(Fidelity(FidelityKind.IMPROVING))
    qtbot.waitUntil(lambda: painted.chips[-1:] == ["Preview quality"])
    assert strip.is_passing
    strip.show_fidelity(Fidelity())
    qtbot.waitUntil(lambda: painted.chips[-1] == "Full")
    assert strip.is_passing
    strip.show_fidelity(Fidelity())
    qtbot.waitUntil(lambda: painted.chips[-1] == "")
    strip.show_fidelity(Fidelity())
    assert (strip.current_chip(), strip.is_passing) == (None, False)


def test_the_fidelity_chip_is_readable_without_pixels(frame: ViewportFrame) -> None:
    """Two of three slices, the last one, then a lossy one of the same stack, then another series."""
    images = [image(plane=axial_plane(float(n)), uid=f"1.9.{n}") for n in range(3)]
    scene = stack(images)
    scene.drop(0)
    frame.set_scene(scene)

    def chip() -> tuple[str, str]:
        frame.header.grab()
        shown = frame.header.current_chip()
        return ("", "") if shown is None else (shown.text, shown.token)

    assert chip() == ("Partial · 66 %", "warn")
    scene.put(0, images[0])
    frame.refresh()
    assert frame.header.fidelity.kind is FidelityKind.COMPLETE
    scene.put(2, replace(images[2], lossy_ratio=9.2))
    frame.refresh()
    assert frame.header.fidelity.kind is FidelityKind.COMPLETE
    scene.scroll_to(2)
    frame.refresh()
    assert chip() == ("Lossy 9.2:1", "bad")
    frame.set_scene(stack(images))
    assert chip() == ("", "")
    frame.set_scene(scene)  # coming back to a lossy series says so again
    assert chip() == ("Lossy 9.2:1", "bad")


def test_the_next_study_starts_without_the_last_ones_half_drawn_line(frame: ViewportFrame) -> None:
    frame.choose_tool(ToolName.DISTANCE)
    send(frame, QEvent.Type.MouseButtonPress, (100, 100), LEFT)
    send(frame, QEvent.Type.MouseMove, (200, 200), Qt.MouseButton.NoButton, held=LEFT)
    assert shown(frame).frame(frame.canvas.viewport, frame.navigator.preview).overlay.callipers != ()
    following = stack([image(np.zeros((80, 100), dtype=np.int16), axial_plane())], study="9.9.9")
    frame.set_scene(following)
    send(frame, QEvent.Type.MouseButtonRelease, (250, 200), LEFT)
    assert frame.navigator.preview is None
    assert following.annotations.items == ()


def test_an_empty_viewport_takes_keys_and_clicks_without_harm(qtbot: QtBot, frame: ViewportFrame) -> None:
    frame.set_scene(None)
    for key in (Qt.Key.Key_V, Qt.Key.Key_2, Qt.Key.Key_Down, Qt.Key.Key_D, Qt.Key.Key_Delete):
        QTest.keyClick(frame.canvas, key)
    drag(frame, (10, 10), (50, 50))
    frame.set_window(Window(0, 10))
    frame.show_point((0, 0, 0))
    assert frame.canvas.grab().toImage().pixelColor(20, 20).name() == "#000000"


def test_the_probe_value_goes_when_the_pointer_leaves(frame: ViewportFrame) -> None:
    send(frame, QEvent.Type.MouseMove, (200, 160), Qt.MouseButton.NoButton)
    assert any(line.text == "50 HU" for line in shown(frame).frame(frame.canvas.viewport).overlay.captions)
    QApplication.sendEvent(frame.canvas, QEvent(QEvent.Type.Leave))
    assert not any(line.text.endswith(" HU") for line in shown(frame).frame(frame.canvas.viewport).overlay.captions)


def test_findings_can_be_shown_in_all_viewports_at_once(frame: ViewportFrame) -> None:
    marks = findings(finding())
    show_in_all([frame, ViewportFrame()], lambda scene: setattr(scene, "findings", marks))
    assert shown(frame).findings is marks
