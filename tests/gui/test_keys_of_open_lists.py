"""A key pressed in an open list, a menu or a combo box acts there: it confirms no pair and switches no tool."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QMenu, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.gui.test_former_report import Former
from tests.helpers.comparing import ComparingBench, case_of, mammogram_study
from workstation.ui.commands import Command, CommandSet
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.follow_up_panel import FollowUpPanel

pytestmark = [
    pytest.mark.gui,
    pytest.mark.qt_log_ignore("This plugin does not support", "Keyboard event not accepted", extend=True),
]
STUDIES = [("1.1", "2025-03-01 · nodules: 2"), ("1.2", "2024-03-01 · nodules: 1"), ("1.3", "2023-01-01 · none")]
KEYS = ("Down", "Up", "Return", "Left", "Right", "Backspace", "Esc", "N", "M", "R", "A", "P", "7")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def fired_of(widget: QWidget) -> list[str]:
    """Return a list that every command below a widget writes itself into when it fires."""
    fired: list[str] = []
    for action in widget.findChildren(QAction):
        action.triggered.connect(lambda *_, action=action: fired.append(action.objectName()))
    return fired


@pytest.fixture
def panel(qtbot: QtBot) -> FollowUpPanel:
    shown = FollowUpPanel()
    qtbot.addWidget(shown)
    shown.show_studies(STUDIES, "1.1")
    shown.show()
    shown.activateWindow()
    return shown


def pressed(target: QWidget, key: str) -> None:
    QTest.keyClick(target, _KEY[key])


_KEY = {one: getattr(Qt.Key, f"Key_{'Escape' if one == 'Esc' else one}") for one in KEYS}


def test_the_open_list_of_earlier_studies_is_walked_and_chosen_from_by_its_keys_and_no_pair_is_touched(
    qtbot: QtBot, panel: FollowUpPanel
) -> None:
    asked: list[str] = []
    fired = fired_of(panel)
    panel.study_asked.connect(asked.append)
    box = panel.studies
    for key in [one for one in KEYS if one not in {"Return", "Esc"}]:
        box.showPopup()
        qtbot.waitUntil(box.view().isVisible)
        pressed(box.view(), key)
        assert (key, fired) == (key, [])
        box.hidePopup()
    box.showPopup()
    qtbot.waitUntil(box.view().isVisible)
    box.view().setCurrentIndex(box.model().index(0, 0))
    rows = []
    for key in ("Down", "Down", "Up"):
        pressed(box.view(), key)
        rows.append(box.view().currentIndex().row())
    assert rows == [1, 2, 1]
    pressed(box.view(), "Return")
    assert (fired, asked) == ([], ["1.2"])


def test_return_on_the_closed_list_of_earlier_studies_confirms_no_pair_and_backspace_takes_none_back(
    qtbot: QtBot, panel: FollowUpPanel
) -> None:
    fired = fired_of(panel)
    panel.studies.setFocus()
    qtbot.waitUntil(panel.studies.hasFocus)
    for key in ("Return", "Backspace", "Down", "Up", "A", "M", "R", "7"):
        pressed(panel.studies, key)
    assert fired == []
    panel.setFocus()
    for key in ("Return", "Backspace"):
        pressed(panel, key)
    QTest.keyClick(panel, Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    assert fired == ["follow.confirm", "follow.part", "follow.measure"]


def test_a_closed_box_in_focus_chooses_by_the_keys_that_commands_have_too(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    box = ChoiceBox()
    box.addItems(["alpha", "beta", "gamma"])
    QVBoxLayout(owner).addWidget(box)
    fired: list[str] = []
    commands = CommandSet(owner)
    for key in ("Down", "G", "Ctrl+G", "Right"):
        commands.add(Command(key, key, "check", key, partial(fired.append, key)))
    owner.show()
    owner.activateWindow()
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == "beta"
    QTest.keyClick(box, Qt.Key.Key_G)
    assert (box.currentText(), fired) == ("gamma", [])
    QTest.keyClick(box, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(box, Qt.Key.Key_Right)
    assert fired == ["Ctrl+G", "Right"]  # what the box has no use for is a command still


def test_an_open_menu_keeps_its_keys_from_the_page_behind(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    fired: list[str] = []
    commands = CommandSet(owner)
    for key in ("M", "Ctrl+G", "Down"):
        commands.add(Command(key, key, "check", key, partial(fired.append, key), everywhere=True))
    menu = QMenu(owner)
    menu.addAction("&Measure").triggered.connect(lambda: fired.append("menu"))
    menu.addAction("&Other")
    owner.show()
    owner.activateWindow()
    menu.popup(owner.mapToGlobal(owner.rect().center()))
    qtbot.waitUntil(menu.isVisible)
    QTest.keyClick(menu, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert fired == []
    QTest.keyClick(menu, Qt.Key.Key_M)
    assert fired == ["menu"]
    qtbot.waitUntil(lambda: not menu.isVisible())
    commands.trigger("M")
    assert fired == ["menu", "M"]


_CLOSING = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_F4}


def open_each_box(qtbot: QtBot, page: QWidget) -> int:
    """Press the keys of all commands in the open list of every combo box of a page; return how many there were."""
    fired = fired_of(page)
    boxes = page.findChildren(QComboBox)
    for box in boxes:
        way: QWidget | None = box
        while way is not None and way is not page:
            way.setVisible(True)
            way = way.parentWidget()
        if not box.count():
            box.addItems(["alpha", "beta", "gamma"])
        box.showPopup()
        qtbot.waitUntil(box.view().isVisible)
        for action in page.findChildren(QAction):
            for sequence in action.shortcuts():
                pressed_key = sequence[0]  # type: ignore[index] # missing in the PySide6 stubs
                if sequence.count() != 1 or pressed_key.key() in _CLOSING:
                    continue
                QTest.keyClick(box.view(), pressed_key.key(), pressed_key.keyboardModifiers())
                assert (box.accessibleName(), sequence.toString(), fired) == (
                    box.accessibleName(), sequence.toString(), []
                )  # fmt: skip
                if not box.view().isVisible():
                    box.showPopup()
        box.hidePopup()
    return len(boxes)


def test_no_command_of_the_reading_page_fires_while_the_list_of_one_of_its_boxes_is_open(qtbot: QtBot) -> None:
    views = {("L", "CC"): ("P", "R"), ("R", "CC"): ("A", "R")}
    bench = ComparingBench(case_of(*mammogram_study("1.2.3", "20261121", views)))
    qtbot.addWidget(bench.page)
    bench.page.resize(1872, 1052)
    bench.page.show()
    bench.page.activateWindow()
    bench.open(qtbot.waitUntil)
    assert open_each_box(qtbot, bench.page) >= 7
    bench.close()


def test_no_command_of_the_report_page_fires_while_the_list_of_one_of_its_boxes_is_open(qtbot: QtBot) -> None:
    former = Former(qtbot)
    former.page.activateWindow()
    assert open_each_box(qtbot, former.page) >= 1
