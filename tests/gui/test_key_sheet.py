"""The key sheet lies in the window in painted lines: fast to open, and told to who cannot see it."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workstation.ui.commands import KeySheetRow
from workstation.ui.key_sheet import KeyArea, KeySheet

pytestmark = pytest.mark.gui

ROWS = [
    *(KeySheetRow("General", f"General act {n}", f"F{n}") for n in range(3)),
    *(KeySheetRow("Images", f"Image act {n}", "Ctrl M") for n in range(40)),
]


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    return made


def test_a_key_adds_no_widget_to_the_sheet(window: QWidget) -> None:
    few, many = KeySheet(window, ROWS[:4]), KeySheet(window, ROWS)
    assert len(many.findChildren(QWidget)) == len(few.findChildren(QWidget))


def test_every_key_is_told_to_a_screen_reader_by_area(window: QWidget) -> None:
    areas = KeySheet(window, ROWS).findChildren(KeyArea)
    assert [area.accessibleName() for area in areas] == ["General", "Images"]
    assert areas[0].accessibleDescription() == "F0: General act 0\nF1: General act 1\nF2: General act 2"


def test_every_line_of_an_area_is_painted(qtbot: QtBot, window: QWidget) -> None:
    sheet = KeySheet(window, ROWS)
    sheet.open()
    qtbot.waitExposed(sheet)
    area = sheet.findChildren(KeyArea)[1]
    picture = area.grab().toImage()
    ground = picture.pixel(picture.width() - 1, 0)
    painted = {
        y // 26 for y in range(picture.height()) for x in range(0, picture.width(), 2) if picture.pixel(x, y) != ground
    }
    assert painted == set(range(20))  # forty keys, two on a line
    sheet.close()


def test_the_sheet_opens_when_it_is_whole(qtbot: QtBot, window: QWidget) -> None:
    sheet = KeySheet(window, ROWS, in_steps=True)
    sheet.open_soon()
    assert not sheet.isVisible()
    qtbot.waitUntil(sheet.isVisible)
    assert sheet.building.is_done
    sheet.close()
