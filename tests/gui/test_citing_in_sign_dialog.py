"""What a signer sees of the studies that a report cites, before the PIN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.desk import DeskBench
from tests.helpers.priors import FakeArchive, FakePriors, prior, structure
from workstation.services.citing import CiteOthers
from workstation.ui.sign_dialog import SignDialog

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


class House:
    """A desk with one prior at the hub."""

    def __init__(self, *, dead: bool) -> None:
        self.archive = FakeArchive({"1.9": structure("1.9")}, dead=dead)
        self.bench = DeskBench(citing=CiteOthers(FakePriors([prior("1.9")]), self.archive.study))

    def asked(self, qtbot: QtBot, comparison: str = "与 2025-12-08 CT 比较。") -> SignDialog:
        """Return the sign dialog of a report that was compared, with PIN and confirmation given."""
        _page, presenter = self.bench.page()
        self.bench.open(qtbot.waitUntil)
        self.bench.fill()
        session = self.bench.desk.session
        assert session is not None
        # the short template of the tests has no field of comparison; the report may carry one all the same
        session.moved_to(replace(session.report, values={**session.report.values, "comparison": comparison}))
        presenter.ask_signature()
        dialog = presenter.dialog
        assert dialog is not None
        qtbot.waitUntil(lambda: dialog.primary_button.toolTip() != "Looking for your certificate…")
        dialog.pin.edit.setText("1234")
        dialog.confirm.setChecked(True)
        return dialog


@pytest.fixture
def silent(qtbot: QtBot) -> Iterator[House]:
    del qtbot
    house = House(dead=True)
    yield house
    house.bench.close()


@pytest.fixture
def answering(qtbot: QtBot) -> Iterator[House]:
    del qtbot
    house = House(dead=False)
    yield house
    house.bench.close()


def test_a_silent_hub_is_told_before_the_pin_and_holds_the_signature_until_somebody_chose(
    qtbot: QtBot, silent: House
) -> None:
    dialog = silent.asked(qtbot)
    qtbot.waitUntil(dialog.cited.sign_without.isVisible)
    assert "线路中断: nobody can tell which images of other studies this report cites" in dialog.cited.said.text()
    assert not dialog.primary_button.isEnabled()
    assert dialog.primary_button.toolTip() == "Try again, or choose to sign without the cited images"
    dialog.cited.sign_without.click()
    assert dialog.primary_button.isEnabled()
    assert dialog.cited.said.text() == "Is signed without naming the cited images of other studies"
    assert dialog.pin.text() == "1234"
    dialog.primary_button.click()
    qtbot.waitUntil(lambda: bool(silent.bench.outbox.waiting))
    assert silent.bench.outbox.waiting[0].report.cited == ()


def test_trying_again_once_the_hub_answers_names_the_images(qtbot: QtBot, silent: House) -> None:
    dialog = silent.asked(qtbot)
    qtbot.waitUntil(dialog.cited.try_again.isVisible)
    silent.archive.dead = False
    dialog.cited.try_again.click()
    qtbot.waitUntil(lambda: dialog.cited.said.text() == "Names the images of 1 other study")
    assert not dialog.cited.try_again.isVisible()
    dialog.primary_button.click()
    qtbot.waitUntil(lambda: bool(silent.bench.outbox.waiting))
    assert [one.study_instance_uid for one in silent.bench.outbox.waiting[0].report.cited] == ["1.9"]


def test_a_dialog_that_is_opened_again_asks_again_whatever_was_chosen_before(qtbot: QtBot, silent: House) -> None:
    dialog = silent.asked(qtbot)
    qtbot.waitUntil(dialog.cited.sign_without.isVisible)
    dialog.cited.sign_without.click()
    dialog.reject()
    _page, presenter = silent.bench.pages[0]
    qtbot.waitUntil(lambda: presenter.dialog is None)
    presenter.ask_signature()
    again = presenter.dialog
    assert again is not None
    qtbot.waitUntil(again.cited.sign_without.isVisible)
    assert not again.primary_button.isEnabled()


def test_a_day_of_which_the_hub_holds_nothing_is_said_and_holds_nobody_up(qtbot: QtBot, answering: House) -> None:
    dialog = answering.asked(qtbot, "与 2019-01-02 CT 比较。")
    qtbot.waitUntil(dialog.primary_button.isEnabled)
    assert dialog.cited.said.text() == "The centre holds nothing of the studies that this report cites"


def test_a_report_that_compares_with_nothing_says_nothing_of_it(qtbot: QtBot, silent: House) -> None:
    dialog = silent.asked(qtbot, "无既往检查。")
    qtbot.waitUntil(dialog.primary_button.isEnabled)
    assert dialog.cited.isHidden()
