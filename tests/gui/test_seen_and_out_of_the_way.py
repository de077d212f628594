"""What cannot be pressed can still be read, and what was said goes out of the way of the hand."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QCursor
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from workstation.ui.notice import Toast
from workstation.ui.theme import Theme, apply_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.page_header import CountTabs
from workstation.ui.widgets.report_dock import ReportDock, ReportRow
from workstation.ui.widgets.status_bar import StatusBar, StatusFact
from workstation.ui.widgets.worklist_columns import Column, plan_columns

pytestmark = pytest.mark.gui


def luminance(colour: QColor) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in colour.getRgbF()[:3]]  # type: ignore[index] # the stubs give an object
    return float(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])


@pytest.mark.parametrize("kind", ["primary", "secondary", "danger", "accept", "ghost"])
@pytest.mark.parametrize("contrast", [False, True])
def test_the_words_of_a_disabled_button_keep_a_contrast_of_four_and_a_half(
    qtbot: QtBot, kind: str, *, contrast: bool
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, high_contrast=contrast)
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.setStyleSheet(f"background: {Theme().hex('bg2')};")  # the lightest ground that a button stands on
    button = Button("Sign", kind)
    button.setParent(holder)
    button.setEnabled(False)
    holder.resize(200, 60)
    holder.show()
    picture = holder.grab(button.geometry()).toImage()
    pixels = [picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())]
    ground = luminance(picture.pixelColor(6, picture.height() // 2))
    letters = max(luminance(one) for one in pixels)
    apply_theme(app)
    assert (letters + 0.05) / (ground + 0.05) >= 4.5


def test_what_an_empty_field_asks_for_keeps_a_contrast_of_four_and_a_half(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    field = QLineEdit()
    qtbot.addWidget(field)
    field.setPlaceholderText("█████")
    field.resize(200, 32)
    field.show()
    picture = field.grab().toImage()
    inner = [picture.pixelColor(x, y) for x in range(4, 150) for y in range(4, picture.height() - 4)]
    ground, letters = min(map(luminance, inner)), max(map(luminance, inner))
    assert (letters + 0.05) / (ground + 0.05) >= 4.5


def test_a_toast_goes_when_the_pointer_comes_to_what_it_covers(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    toast = Toast(window)
    at = QPoint(10, 10)
    monkeypatch.setattr(QCursor, "pos", lambda: window.mapToGlobal(at))
    toast.say("Saved")
    toast._give_way()
    assert toast.isVisible()
    at = toast.geometry().center()
    toast._give_way()
    assert not toast.isVisible()
    toast.say("Saved again")  # it came up where the pointer rests
    toast._give_way()
    assert toast.isVisible()


def test_a_toast_goes_when_what_it_said_holds_no_longer_and_another_one_stays(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    toast = Toast(window)
    toast.say("Stage 1 / 3")
    toast.take_back("Stage 1 / 3")
    assert not toast.isVisible()
    toast.say("Saved")
    toast.take_back("Stage 1 / 3")
    assert toast.isVisible()
    assert toast.text() == "Saved"


def test_the_tab_that_the_keyboard_has_reached_wears_the_ring(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme = apply_theme(app)
    tabs = CountTabs([("a", "To read"), ("b", "Mine")])
    qtbot.addWidget(tabs)
    tabs.resize(300, 56)
    tabs.show()

    def ring() -> int:
        picture = tabs.grab().toImage()
        row = picture.height() // 2  # between the ring's upper line and the underline of the tab in front
        return sum(picture.pixelColor(x, row) == theme.color("acc") for x in range(picture.width()))

    assert ring() == 0
    tabs.hasFocus = lambda: True  # type: ignore[method-assign] # an off-screen window is not always the active one
    assert ring() >= 2


def test_a_caption_that_is_too_long_for_the_dock_takes_a_second_line(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    dock = ReportDock()
    qtbot.addWidget(dock)
    dock.resize(320, 600)
    dock.show()
    rows = [
        ReportRow("a", "Lung", "clear", required=True),
        ReportRow("b", "Type of the dominant nodule", "", required=True),
    ]
    dock.show_rows(rows)
    qtbot.waitUntil(lambda: _heights(dock) == [30, 42])
    dock.resize(600, 600)
    qtbot.waitUntil(lambda: _heights(dock) == [30, 30])


def _heights(dock: ReportDock) -> list[int]:
    found = (dock._rows.itemAt(at).widget() for at in range(2))  # type: ignore[union-attr] # two rows
    return [one.height() for one in found if one is not None]


def test_in_a_window_of_1280_pixels_a_count_goes_before_description_and_hospital_are_cut() -> None:
    widths = plan_columns(1280 - 48).widths
    assert Column.IMAGES not in widths
    assert widths[Column.DESCRIPTION] >= 168
    assert Column.SITE in widths


def test_a_toast_leaves_name_and_clock_to_be_read_and_cuts_no_field_of_the_status_bar(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1366, 768)
    bar = StatusBar()
    bar.setParent(window)
    bar.setGeometry(0, 740, 1366, 28)
    bar.show_fact(StatusFact("hub", "http://127.0.0.1:43465", "base-station"))
    bar.show_fact(StatusFact("ai", "AI: 3 models are at hand, one waits", "cpu"))
    bar.show_fact(StatusFact("who", "韩梅 · 技师 · 清水镇中心卫生院", right=True))
    window.show()
    qtbot.waitUntil(lambda: len(bar.left_fields()) == 2 and bar.left_fields()[1][0] > 100)
    toast = Toast(window)
    who = bar._facts["who"][1]
    for length in (4, 40, 60, 80, 100, 120, 160):
        toast.say("字" * length)
        box = toast.geometry()
        assert box.right() < who.x() < bar._clock.x()
        for left, right in bar.left_fields():
            assert box.left() <= left or box.left() > right
