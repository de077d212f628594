"""What cannot be pressed can still be read, and what was said goes out of the way of the hand."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QCursor
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from workstation.ui.notice import Toast
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.buttons import Button

pytestmark = pytest.mark.gui


def luminance(colour: QColor) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in colour.getRgbF()[:3]]  # type: ignore[index] # the stubs give an object
    return float(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])


@pytest.mark.parametrize("contrast", [False, True])
def test_the_words_of_a_disabled_primary_button_keep_a_contrast_of_four_and_a_half(
    qtbot: QtBot, *, contrast: bool
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, high_contrast=contrast)
    holder = QWidget()
    qtbot.addWidget(holder)
    button = Button("Sign", "primary")
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
