"""The session at the hub ends while somebody reads: the password again, and the work stays where it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import ENGLISH, use_language
from tests.helpers.fakes import EXPERT
from workstation.domain.access import Actor
from workstation.domain.errors import SignInFailed
from workstation.services.jobs import JobRunner
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.sign_in_again import LATER_S, SignInAgain, SignInAgainDialog
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui


class Hub:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def sign_in(self, password: str) -> Actor:
        self.asked.append(password)
        if password != "right":
            raise SignInFailed("User name or password is wrong")
        return EXPERT


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(qapp: QApplication) -> Iterator[JobRunner]:
    use_language(ENGLISH)
    apply_theme(qapp)
    runner, main_thread = runner_on_main_thread()
    yield runner
    main_thread.close()
    runner.close()


@pytest.fixture
def again(qtbot: QtBot, jobs: JobRunner, clock: Clock) -> SignInAgain:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(880, 480)
    window.show()
    return SignInAgain(window, jobs, clock=clock)


def asked(again: SignInAgain, hub: Hub) -> SignInAgainDialog:
    again.ask(EXPERT, hub.sign_in)
    assert again.dialog is not None
    return again.dialog


def typed(dialog: SignInAgainDialog, password: str) -> None:
    dialog.password.edit.setText(password)
    QTest.keyClick(dialog.password.edit, Qt.Key.Key_Return)


def test_the_password_again_is_all_it_takes(qtbot: QtBot, again: SignInAgain, hub: Hub) -> None:
    dialog = asked(again, hub)
    assert not dialog.enter.isEnabled()
    with qtbot.waitSignal(again.signed_in):
        typed(dialog, "right")
    assert hub.asked == ["right"]
    assert again.dialog is None


def test_a_wrong_password_is_told_at_its_field_and_may_be_typed_again(
    qtbot: QtBot, again: SignInAgain, hub: Hub
) -> None:
    dialog = asked(again, hub)
    typed(dialog, "wrong")
    qtbot.waitUntil(lambda: bool(dialog.password.message()))
    assert dialog.password.message() == "User name or password is wrong"
    with qtbot.waitSignal(again.signed_in):
        typed(dialog, "right")


def test_many_refused_requests_ask_once(again: SignInAgain, hub: Hub) -> None:
    first = asked(again, hub)
    assert asked(again, hub) is first


def test_who_goes_on_without_the_hub_is_left_alone_for_a_while(again: SignInAgain, hub: Hub, clock: Clock) -> None:
    asked(again, hub).cancel.click()
    again.ask(EXPERT, hub.sign_in)
    assert again.dialog is None
    clock.now += LATER_S
    asked(again, hub)


def test_signing_out_is_the_other_way(qtbot: QtBot, again: SignInAgain, hub: Hub) -> None:
    dialog = asked(again, hub)
    with qtbot.waitSignal(again.sign_out_wanted):
        dialog.sign_out.click()
    assert again.dialog is None
