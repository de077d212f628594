"""A study is read with the keyboard alone: from the list over images, marks and report to the signature."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QInputMethodEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import ENGLISH
from tests.helpers import cases
from tests.helpers.fakes_ui import EXPERT, NOW, FakeWorklist
from tests.helpers.reading import Case, ReadingBench, case, part_of_ct
from viewers.scene.tools.tool import ToolName
from workstation.domain.finding import Decision, RejectReason
from workstation.domain.report import ReportState
from workstation.settings import AppearanceSettings, Settings
from workstation.ui.main_window import MainWindow
from workstation.ui.pages.page import Page, PageSpec
from workstation.ui.pages.worklist_page import WorklistPage
from workstation.ui.pages.worklist_presenter import WorklistPresenter
from workstation.ui.sign_dialog import SignDialog
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.viewport_grid import ViewportGrid

pytestmark = pytest.mark.gui

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def two_marks(folder: Path) -> Case:
    images = part_of_ct(folder, 120, 150, 5)
    planes = images[1].plane, images[4].plane
    assert planes[0] is not None
    assert planes[1] is not None
    return case(images, (planes[0].lps_of(183, 246), 15.5), (planes[1].lps_of(370, 300), 6.4))


class Room:
    """The window of a reader with the three pages of a reading; hands never leave the keyboard."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.bench = bench = ReadingBench(two_marks(folder))
        self.reading = bench.page
        self.report, self.signing = bench.desk_bench.page()
        presenter = WorklistPresenter(
            FakeWorklist([replace(bench.desk_bench.row, ups_instance_uid="2.25.8")]), bench.desk_bench.jobs,
            actor=lambda: EXPERT, transaction_uid=lambda *_: "2.25.1", now=lambda: NOW,
        )  # fmt: skip
        self.worklist = WorklistPage(presenter)
        self.window = MainWindow(Settings(appearance=AppearanceSettings(language=ENGLISH)))
        pages: tuple[tuple[str, str, Page], ...] = (
            ("worklist", "F2", self.worklist), ("reading", "F3", self.reading), ("report", "F4", self.report),
        )  # fmt: skip
        for name, key, page in pages:
            self.window.register(PageSpec(name, name.title, "task", lambda page=page: page, key=key))  # type: ignore[misc]  # bound early
        self.worklist.open_requested.connect(self._open)
        self.window.resize(1872, 1052)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)
        for name, _key, _page in reversed(pages):
            self.window.show_page(name)
        qtbot.waitUntil(lambda: self.worklist.model.rowCount() > 0)

    def _open(self, _row: object, read_only: bool) -> None:  # noqa: FBT001 - the signal's argument
        self.bench.desk.open(self.bench.desk_bench.row, read_only=read_only)
        self.window.show_page("reading")

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.focus, key, held)

    @property
    def focus(self) -> QWidget:
        focus = QApplication.focusWidget()
        assert focus is not None, "the keys go nowhere"
        return focus

    def come_back(self) -> None:
        """Give the window the keys once a menu is gone, as a window system does and the off-screen one does not."""
        self.window.activateWindow()
        self.qtbot.waitUntil(self.window.isActiveWindow)

    def decisions(self) -> list[Decision]:
        return [one.decision for one in self.bench.session.findings.findings]

    def compose(self, pinyin: str, text: str) -> None:
        """Type as with a Chinese input method: letters are composed, then a word is committed."""
        target = self.focus
        for end in range(1, len(pinyin) + 1):
            QApplication.sendEvent(target, QInputMethodEvent(pinyin[:end], []))
        commit = QInputMethodEvent("", [])
        commit.setCommitString(text)
        QApplication.sendEvent(target, commit)

    def tab_to(self, wanted: QWidget) -> None:
        passed = []
        for _ in range(60):
            if self.focus is wanted or wanted.isAncestorOf(self.focus):
                return
            passed.append(f"{type(self.focus).__name__} {self.focus.accessibleName()}")
            self.press(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab never comes to {wanted}: {passed}")


@pytest.fixture
def room(qtbot: QtBot, lidc_0314: Path) -> Iterator[Room]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = Room(qtbot, lidc_0314)
    qtbot.addWidget(made.window)
    yield made
    made.worklist.close_page()
    made.bench.close()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_study_is_read_and_signed_without_touching_the_mouse(room: Room) -> None:
    room.qtbot.waitUntil(lambda: room.focus is room.worklist.table)
    room.press(Qt.Key.Key_Down)
    room.press(Qt.Key.Key_Return)
    room.qtbot.waitUntil(lambda: room.window.current_page == "reading" and room.bench.desk.session is not None)
    room.bench.streams.last.deliver_all()
    room.qtbot.waitUntil(room.reading.has_volume)
    grid = room.reading.grid
    room.qtbot.waitUntil(lambda: grid.isAncestorOf(room.focus))

    room.press(Qt.Key.Key_Home)
    assert grid.stack is not None
    assert grid.stack.index == 0
    room.press(Qt.Key.Key_Down)
    assert grid.stack.index == 1
    room.press(Qt.Key.Key_4)
    assert grid.stack.window.width == 2000
    room.press(Qt.Key.Key_N)
    room.press(Qt.Key.Key_Return)
    room.press(Qt.Key.Key_Backspace)
    menu = room.reading.findings.menu
    assert menu is not None
    QTest.keyClick(menu, Qt.Key.Key_4)
    room.qtbot.waitUntil(lambda: room.reading.findings.menu is None)
    room.come_back()
    assert room.decisions() == [Decision.ACCEPTED, Decision.REJECTED]
    assert room.bench.session.findings.findings[1].reject_reason is RejectReason.ARTEFACT

    room.press(Qt.Key.Key_F4)
    room.qtbot.waitUntil(lambda: room.report.isAncestorOf(room.focus))
    room.qtbot.waitUntil(lambda: all(room.report.form.field(key).editor.isVisible() for key in cases.complete_values()))
    for key, text in cases.complete_values().items():
        room.tab_to(room.report.form.field(key).editor)
        room.compose("jielun", text)
    assert {key: room.bench.session.report.values[key] for key in cases.complete_values()} == cases.complete_values()

    room.press(Qt.Key.Key_Return, CTRL)
    room.qtbot.waitUntil(lambda: room.signing.dialog is not None and room.signing.dialog.isVisible())
    dialog = room.signing.dialog
    assert isinstance(dialog, SignDialog)
    QTest.keyClicks(dialog.pin.edit, "1234")
    QTest.keyClick(dialog.pin.edit, Qt.Key.Key_Tab)
    QTest.keyClick(dialog.confirm, Qt.Key.Key_Space)
    room.qtbot.waitUntil(dialog.primary_button.isEnabled)
    with room.qtbot.waitSignal(room.bench.desk.signed):
        QTest.keyClick(dialog.confirm, Qt.Key.Key_Return)
    signed = room.bench.desk_bench.outbox.waiting[0].report if room.bench.desk_bench.outbox.waiting else None
    stored = room.bench.desk_bench.reports.stored
    assert ReportState.FINAL in {one.state for one in (signed, stored) if one is not None}


def test_composing_chinese_beside_the_images_is_text_and_nothing_else(room: Room) -> None:
    room.bench.open(room.qtbot.waitUntil)
    room.window.show_page("reading")
    room.bench.streams.last.deliver_all()
    room.qtbot.waitUntil(room.reading.has_volume)
    grid, impression = room.reading.grid, room.reading.report.impression
    assert isinstance(impression, QPlainTextEdit | QTextEdit)
    before = grid.active.navigator.tool, grid.stack.index if grid.stack is not None else None
    impression.setFocus()
    room.compose("youfeijiejie", "右肺结节")
    QTest.keyClicks(impression, " kgvn5")
    impression.moveCursor(QTextCursor.MoveOperation.Start)
    for key in (Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_Left, Qt.Key.Key_Right):
        QTest.keyClick(impression, key)
    assert room.bench.session.report.values["impression"] == "右肺结节 kgvn5"
    after = grid.active.navigator.tool, grid.stack.index if grid.stack is not None else None
    assert after == before == (ToolName.WINDOW, before[1])
    assert (room.decisions(), room.bench.session.report.key_images) == ([Decision.UNDECIDED] * 2, ())

    grid.active.setFocus()
    canvas = grid.active.canvas
    QApplication.sendEvent(canvas, QInputMethodEvent("jie", []))
    stack = grid.stack
    assert stack is not None
    shown = stack.index, stack.state, room.bench.presenter.images.series_instance_uid
    for letter in "ADGKNSVW159":
        QTest.keyClick(canvas, Qt.Key(ord(letter)))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Backspace):
        QTest.keyClick(canvas, key)
    assert (stack.index, stack.state, room.bench.presenter.images.series_instance_uid) == shown
    assert (grid.active.navigator.tool, room.decisions()) == (ToolName.WINDOW, [Decision.UNDECIDED] * 2)


def _opened(room: Room) -> ViewportGrid:
    room.bench.open(room.qtbot.waitUntil)
    room.window.show_page("reading")
    room.bench.streams.last.deliver_all()
    room.qtbot.waitUntil(room.reading.has_volume)
    grid = room.reading.grid
    grid.active.setFocus()
    room.qtbot.waitUntil(lambda: room.focus is grid.active.canvas)
    return grid


def test_the_keys_stay_with_the_images_in_every_layout(room: Room) -> None:
    grid = _opened(room)
    for key in (Qt.Key.Key_6, Qt.Key.Key_4, Qt.Key.Key_5, Qt.Key.Key_3, Qt.Key.Key_6, Qt.Key.Key_1, Qt.Key.Key_4):
        room.press(key, SHIFT)
        assert room.focus is grid.active.canvas, f"{key.name} takes them to {room.focus}"
    room.press(Qt.Key.Key_Tab)
    room.press(Qt.Key.Key_Tab)
    assert grid.frame("sagittal") is grid.active
    room.press(Qt.Key.Key_5, SHIFT)  # it stays on screen, and keys act on the first one
    assert room.focus is grid.active.canvas is grid.frame("axial").canvas


def test_who_edits_a_finding_goes_on_where_the_hand_came_from(room: Room) -> None:
    grid = _opened(room)
    canvas = grid.active.canvas
    room.press(Qt.Key.Key_N)
    room.press(Qt.Key.Key_E, CTRL)
    size = room.focus
    assert room.reading.findings.isAncestorOf(size)
    canvas.setFocus()
    room.press(Qt.Key.Key_E, CTRL)
    assert room.focus is size  # what is open already takes the keys again
    room.press(Qt.Key.Key_Escape)
    assert room.focus is canvas

    room.press(Qt.Key.Key_E, CTRL)
    QTest.keyClicks(room.focus, "7.1")
    room.press(Qt.Key.Key_Return)
    assert room.decisions() == [Decision.EDITED, Decision.UNDECIDED]
    assert room.focus is canvas

    edit = room.reading.findings.cards[0].edit
    edit.setFocus()
    room.press(Qt.Key.Key_Space)
    assert room.reading.findings.isAncestorOf(room.focus)
    room.press(Qt.Key.Key_Escape)
    assert edit.hasFocus()


def test_tab_goes_from_the_marks_to_the_impression_as_they_stand_below_each_other(room: Room) -> None:
    _opened(room)
    findings = room.reading.findings
    first, second = findings.cards
    findings.start_editing(first.tracking_uid)
    editor = first.editor
    assert editor is not None
    room.qtbot.waitUntil(editor.save.isVisible)
    findings.ai.rest.setFocus()
    stops = [first.accept, first.edit, first.reject, first.evidence, *editor.stops,
             second.accept, second.edit, second.reject, second.evidence, room.reading.report.impression]  # fmt: skip
    expected = [one for one in stops if one.isVisible()]
    assert {*editor.stops, second.accept, second.edit, second.reject} < {*expected}
    passed = []
    for _ in expected:
        room.press(Qt.Key.Key_Tab)
        passed.append(room.focus)
    assert passed == expected


@pytest.mark.qt_log_ignore("This plugin does not support")
@pytest.mark.parametrize("has_menu_key", [True, False])
def test_a_finding_is_added_at_the_crosshair_from_the_menu(room: Room, has_menu_key: bool) -> None:  # noqa: FBT001 - a table's column
    grid = _opened(room)
    room.press(Qt.Key.Key_N)
    frame = grid.active
    scene = frame.scene
    assert scene is not None
    there = scene.crosshair
    assert there is not None
    if has_menu_key:  # the platform makes this of it
        asked = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
        QApplication.sendEvent(frame.canvas, asked)
    else:
        room.press(Qt.Key.Key_F10, SHIFT)
    menu = room.reading.image_menu.menu
    assert menu is not None
    add = next(one for one in menu.actions() if one.objectName() == "menu.add")
    assert add.isEnabled()
    add.trigger()
    menu.close()
    room.come_back()

    added = room.bench.session.findings.findings[-1]
    assert added.decision is Decision.ADDED
    assert added.centre_lps_mm is not None
    assert math.dist(added.centre_lps_mm, there) < 1.0  # a pixel of the viewport
