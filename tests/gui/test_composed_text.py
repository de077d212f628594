"""Words that an input method composes are read while they are composed."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage, QInputMethodEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workstation.ui.theme import apply_theme
from workstation.ui.widgets.composed_text import ComposedText

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _theme(qapp: QApplication) -> None:
    apply_theme(qapp)


def picture(qtbot: QtBot, placeholder: str, composed: str) -> tuple[QImage, ComposedText]:
    box = ComposedText()
    qtbot.addWidget(box)
    box.resize(300, 80)
    box.setPlaceholderText(placeholder)
    box.show()
    if composed:
        QApplication.sendEvent(box, QInputMethodEvent(composed, []))
        box.setPlaceholderText(placeholder)  # the page shows itself anew meanwhile
    return box.grab().toImage(), box


def test_no_placeholder_lies_below_the_letters_that_are_being_composed(qtbot: QtBot) -> None:
    plain, _ = picture(qtbot, "", "you'fei")
    assert picture(qtbot, "在此书写诊断印象", "you'fei")[0] == plain
    assert picture(qtbot, "在此书写诊断印象", "")[0] != picture(qtbot, "", "")[0]  # it is a picture that shows words


def test_the_placeholder_comes_back_when_composing_is_given_up(qtbot: QtBot) -> None:
    before, box = picture(qtbot, "在此书写诊断印象", "")
    QApplication.sendEvent(box, QInputMethodEvent("you", []))
    assert box.grab().toImage() != before
    QApplication.sendEvent(box, QInputMethodEvent())
    assert (box.grab().toImage(), box.toPlainText()) == (before, "")
