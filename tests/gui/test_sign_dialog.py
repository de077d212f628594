"""What the signer sees before, while and after the PIN is tried."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from resources.translation import ENGLISH, use_language
from workstation.ui.dialogs import Scrim
from workstation.ui.report.way_dialogs import SendBackDialog
from workstation.ui.sign_dialog import SignDialog, SigningFacts

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


def dialog(qtbot: QtBot, certificate: str = "CN=王启明") -> SignDialog:
    facts = SigningFacts(
        "周丽华 · female · 58 y · QS0118793", "LDCT · CT20261121-0793", "清水镇中心卫生院 (SR + PDF)",
        "SHA-256 8b1e 47d0", "王启明",
    )  # fmt: skip
    made = SignDialog(None, facts)
    made.show_certificate(certificate)
    qtbot.addWidget(made)
    made.show()
    return made


def ready(made: SignDialog) -> list[str]:
    asked: list[str] = []
    made.sign_requested.connect(asked.append)
    made.pin.edit.setText("123456")
    made.confirm.setChecked(True)
    return asked


def test_the_button_says_what_is_still_missing(qtbot: QtBot) -> None:
    made = dialog(qtbot)
    assert not made.primary_button.isEnabled()
    assert made.primary_button.toolTip() == "Type the PIN of the certificate"
    made.pin.edit.setText("123456")
    assert made.primary_button.toolTip() == "Confirm that you have checked the report"
    made.confirm.setChecked(True)
    assert made.primary_button.isEnabled()


def test_nobody_signs_without_a_certificate(qtbot: QtBot) -> None:
    made = dialog(qtbot, certificate="")
    ready(made)
    assert not made.primary_button.isEnabled()
    assert made.primary_button.toolTip() == "A certificate is needed to sign"


def test_the_pin_field_has_the_focus_and_enter_signs(qtbot: QtBot) -> None:
    made = dialog(qtbot)
    assert made.focusWidget() is made.pin.edit
    asked = ready(made)
    QTest.keyClick(made.pin.edit, Qt.Key.Key_Return)
    assert asked == ["123456"]


def test_a_dialog_that_goes_with_its_page_leaves_no_veil_over_the_window(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    page = QWidget(window)
    window.show()
    dialog = SendBackDialog(page, "宋佳")
    dialog.open()
    qtbot.waitUntil(lambda: len(window.findChildren(Scrim)) == 1)
    page.deleteLater()
    qtbot.waitUntil(lambda: window.findChildren(Scrim) == [])


def test_a_double_click_asks_once(qtbot: QtBot) -> None:
    made = dialog(qtbot)
    asked = ready(made)
    QTest.mouseDClick(made.primary_button, Qt.MouseButton.LeftButton)
    QTest.mouseClick(made.primary_button, Qt.MouseButton.LeftButton)
    QTest.keyClick(made, Qt.Key.Key_Return)
    assert asked == ["123456"]


def test_the_dialog_stays_while_the_signature_is_made(qtbot: QtBot) -> None:
    made = dialog(qtbot)
    ready(made)
    made.primary_button.click()
    assert made.signing
    assert made.primary_button.text() == "Signing…"
    QTest.keyClick(made, Qt.Key.Key_Escape)
    made.cancel.click()
    assert made.isVisible()


def test_a_wrong_pin_keeps_the_dialog_with_the_tries_left_and_an_empty_field(qtbot: QtBot) -> None:
    made = dialog(qtbot)
    asked = ready(made)
    made.primary_button.click()
    made.say("Wrong PIN, 4 tries left")
    assert made.isVisible()
    assert made.pin.message() == "Wrong PIN, 4 tries left"
    assert made.pin.text() == ""
    assert made.confirm.isChecked()
    made.pin.edit.setText("654321")
    assert made.pin.message() == ""
    made.primary_button.click()
    assert asked == ["123456", "654321"]


def test_escape_closes_without_signing(qtbot: QtBot) -> None:
    made = dialog(qtbot)
    asked = ready(made)
    QTest.keyClick(made, Qt.Key.Key_Escape)
    assert not made.isVisible()
    assert asked == []


def test_tab_goes_from_pin_to_confirmation_to_the_buttons(qtbot: QtBot) -> None:
    made = dialog(qtbot)
    ready(made)
    way = [made.focusWidget()]
    for _ in range(3):
        made.focusNextPrevChild(True)
        way.append(made.focusWidget())
    assert way == [made.pin.edit, made.confirm, made.cancel, made.primary_button]
