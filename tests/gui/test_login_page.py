"""What a person sees at the sign-in page."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from resources.translation import ENGLISH, language, use_language
from tests.helpers.fakes_ui import EXPERT, FakeSession
from workstation.bootstrap.desktop import tell_doubts
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.login_page import LoginPage
from workstation.ui.pages.login_presenter import LoginPresenter
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def page(qtbot: QtBot, qapp: QApplication, session: FakeSession) -> Iterator[LoginPage]:
    before = language()
    use_language(ENGLISH)
    apply_theme(qapp)
    runner, main_thread = runner_on_main_thread()
    shown = LoginPage(LoginPresenter(session, runner), hub="the hub", version="0.1.0")
    qtbot.addWidget(shown)
    shown.resize(1920, 1080)
    shown.show()
    yield shown
    shown.close_page()
    main_thread.close()
    runner.close()
    use_language(before)


def fill(page: LoginPage, user: str, password: str) -> None:
    page.user.edit.setText(user)
    page.password.edit.setText(password)


def test_enter_signs_in_and_the_password_does_not_stay(qtbot: QtBot, page: LoginPage) -> None:
    fill(page, " expert ", "lianyue-demo")
    with qtbot.waitSignal(page.signed_in) as entered:
        QTest.keyClick(page.password.edit, Qt.Key.Key_Return)
    assert entered.args == [EXPERT]
    assert page.password.text() == ""


def test_settings_that_could_not_be_read_are_told_before_anybody_signs_in(page: LoginPage) -> None:
    tell_doubts(page, ("newer_version",))
    assert page.problem() == ""
    tell_doubts(page, ("unreadable:settings.toml",))
    assert page.problem() == "The settings could not be read; the defaults are used"


def test_a_wrong_password_is_said_at_its_field_with_what_to_try(qtbot: QtBot, page: LoginPage) -> None:
    fill(page, "expert", "wrong")
    page.enter_button.click()
    qtbot.waitUntil(lambda: page.password.message() == "User name or password is wrong. Check the Caps Lock key.")
    assert page.problem() == ""
    assert page.user.text() == "expert"


@pytest.mark.parametrize(("user", "password"), [("", "x"), ("  ", "x"), ("expert", "")])
def test_what_is_missing_is_said_without_asking_the_hub(
    page: LoginPage, session: FakeSession, user: str, password: str
) -> None:
    asked: list[int] = []
    session.wait = lambda: asked.append(1)
    fill(page, user, password)
    page.enter_button.click()
    said = page.user.message() or page.password.message()
    assert said in {"Enter the user name.", "Enter the password."}
    assert asked == []


def test_an_unreachable_hub_says_what_happened_and_what_to_do(
    qtbot: QtBot, page: LoginPage, session: FakeSession
) -> None:
    session.down = True
    fill(page, "expert", "lianyue-demo")
    page.enter_button.click()
    qtbot.waitUntil(lambda: page.problem() == "The hub does not answer.")
    assert page._problem._hint.text() == "Check the network."
    assert page.password.text() == "lianyue-demo"
    assert page.enter_button.isEnabled()


def test_the_window_stays_alive_while_the_hub_is_slow(qtbot: QtBot, page: LoginPage, session: FakeSession) -> None:
    go = threading.Event()
    session.wait = lambda: go.wait(10)
    fill(page, "expert", "lianyue-demo")
    page.enter_button.click()
    assert not page.enter_button.isEnabled()
    assert page.enter_button.toolTip() == "Asking the hub…"
    with qtbot.waitSignal(page.signed_in):
        go.set()
    assert page.enter_button.isEnabled()


def test_the_password_is_hidden_until_the_eye_is_clicked(page: LoginPage) -> None:
    assert page.password.edit.echoMode() is QLineEdit.EchoMode.Password
    page.password.edit.actions()[0].trigger()
    assert page.password.edit.echoMode() is QLineEdit.EchoMode.Normal


def test_the_picture_goes_in_a_narrow_window(page: LoginPage) -> None:
    assert page.picture.isVisible()
    page.resize(1279, 720)
    assert not page.picture.isVisible()


def test_the_language_is_chosen_here(qtbot: QtBot, page: LoginPage) -> None:
    with qtbot.waitSignal(page.language_chosen) as chosen:
        page.language._buttons["zh_CN"].click()
    assert chosen.args == ["zh_CN"]
