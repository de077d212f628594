"""Who goes by the keyboard sees where they are: on a button of the rail and on a row of the list."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QFocusEvent, QImage
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from tests.helpers.fakes_ui import evening_list
from workstation.ui.style import FocusRing
from workstation.ui.theme import apply_theme, current_theme
from workstation.ui.widgets.main_rail import MainRail, RailItem
from workstation.ui.widgets.worklist_model import WorklistModel
from workstation.ui.widgets.worklist_view import WorklistTable

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _theme() -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)


def accents(picture: QImage, along: str) -> int:
    """Return how many pixels of one of the outermost three lines of a picture have the accent, the most of them."""
    accent, width, height = current_theme().color("acc").rgb(), picture.width(), picture.height()
    lines = {
        "left": [[(n, y) for y in range(height)] for n in range(3)],
        "right": [[(width - 1 - n, y) for y in range(height)] for n in range(3)],
        "top": [[(x, n) for x in range(width)] for n in range(3)],
        "bottom": [[(x, height - 1 - n) for x in range(width)] for n in range(3)],
    }
    return max(sum(picture.pixel(x, y) == accent for x, y in line) for line in lines[along])


@pytest.mark.parametrize("slim", [False, True])
def test_a_button_of_the_rail_wears_a_whole_ring_inside_the_rail(qtbot: QtBot, *, slim: bool) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = [QAction(name, window) for name in ("Worklist", "Settings")]
    rail = MainRail([RailItem("worklist", "task", actions[0])], [RailItem("settings", "settings-3", actions[1])])
    rail.setParent(window)
    rail.set_slim(slim)
    rail.resize(rail.width(), 400)
    window.resize(200, 400)
    window.show()
    for button in rail._buttons.values():
        at = button.geometry()
        before = [accents(rail.grab(at).toImage(), side) for side in ("left", "right", "top", "bottom")]
        button.hasFocus = lambda: True  # type: ignore[method-assign] # an off-screen window is not always active
        after = [accents(rail.grab(at).toImage(), side) for side in ("left", "right", "top", "bottom")]
        least = min(at.width(), at.height()) // 2
        assert all(more - one > least for one, more in zip(before, after, strict=True)), (before, after)


def test_the_ring_that_a_button_of_the_rail_paints_is_not_drawn_twice(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    action = QAction("Worklist", app)
    rail = MainRail([RailItem("worklist", "task", action)], [])
    qtbot.addWidget(rail)
    rail.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
    ring = FocusRing(app)
    app.focusChanged.disconnect(ring._moved)  # it would listen to all later tests
    ring._moved(None, rail._buttons["worklist"])
    assert ring.shown_for is None
    ring.deleteLater()


def test_a_ring_that_went_with_its_window_stops_nobody(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    other = QPushButton("Sign")
    qtbot.addWidget(other)
    ring = FocusRing(app)
    app.focusChanged.disconnect(ring._moved)
    window = QWidget()
    button = QPushButton("Locate", window)
    window.show()
    for one in (window, other):  # showing a window takes it away
        one.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
    ring._moved(None, button)
    assert ring.shown_for is button
    delete(window)
    ring._moved(None, other)
    assert ring._frame is not None
    ring.deleteLater()


@pytest.mark.parametrize(("by_keyboard", "lines"), [(True, True), (False, False)])
def test_the_row_shows_the_keyboard_when_a_window_that_is_worked_by_keys_comes_back(
    qtbot: QtBot, *, by_keyboard: bool, lines: bool
) -> None:
    model = WorklistModel()
    table = WorklistTable(model)
    qtbot.addWidget(table)
    model.merge(evening_list(), mark_new=False)
    table.resize(1200, 400)
    table.show()
    table.selectRow(0)
    table.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange, by_keyboard)
    QApplication.sendEvent(table, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.ActiveWindowFocusReason))
    assert table._keyboard is lines
