"""A repeated exam is asked about: before sending, or afterwards where the hub answered too late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.technician_page import STUDY, Station
from workstation.domain.errors import Unreachable
from workstation.domain.mutual_recognition import RepeatException, RepeatReason
from workstation.domain.study import Study
from workstation.ui.quality.repeat_dialog import RepeatDialog
from workstation.ui.widgets.send_panel import SendState

pytestmark = pytest.mark.gui


@pytest.fixture
def station(qtbot: QtBot) -> Iterator[Station]:
    made = Station(qtbot)
    yield made
    made.bench.close()


def test_before_sending_the_technician_is_told_of_a_recognised_result(station: Station) -> None:
    told = ("A recognised result exists", "Repeat it only for a reason")
    station.bench.services = replace(station.bench.services, repeated=lambda _study: told)
    station.page, station.presenter = station.add_page()
    station.drop()

    station.qtbot.waitUntil(lambda: "A recognised result exists" in station.facts())


def test_the_reason_of_a_repeated_exam_goes_with_its_request(station: Station) -> None:
    told = ("A recognised result exists", "Repeat it only for a reason")
    station.bench.services = replace(station.bench.services, repeated=lambda _study: told)
    station.page, station.presenter = station.add_page()
    station.drop()
    station.qtbot.waitUntil(lambda: "A recognised result exists" in station.facts())
    station.presenter.send(STUDY)
    dialog = station.page.findChild(RepeatDialog)
    assert isinstance(dialog, RepeatDialog)
    assert station.bench.sender.requests == []
    dialog.exception.setCurrentIndex(dialog.exception.findData(RepeatException.CONDITION_CHANGED))
    dialog.accept()

    station.until(SendState.VERIFIED)
    assert [request.repeat for request in station.bench.sender.requests] == [
        RepeatReason(RepeatException.CONDITION_CHANGED)
    ]


def test_no_answer_about_recognised_results_holds_nobody_up(station: Station) -> None:
    def fails(_study: Study) -> tuple[str, str]:
        raise Unreachable("The hub does not answer.")

    station.bench.services = replace(station.bench.services, repeated=fails)
    station.page, station.presenter = station.add_page()
    station.drop()
    station.presenter.send(STUDY)

    station.until(SendState.VERIFIED)
    assert station.facts() == []


class LateHub:
    """Tells of a recognised result only once somebody lets it, as a hub behind a dead line does."""

    def __init__(self) -> None:
        self.answers = False
        self.asked = 0

    def __call__(self, _study: Study) -> tuple[str, str]:
        self.asked += 1
        if not self.answers:
            raise Unreachable("The hub does not answer.")
        return "A recognised result exists", "Repeat it only for a reason"


@pytest.fixture
def late(station: Station) -> LateHub:
    hub = LateHub()
    station.page.close_page()  # it would tell the queue that nothing is repeated
    station.bench.services = replace(station.bench.services, repeated=hub)
    station.page, station.presenter = station.add_page()
    station.page.toast.connect(station.toasts.append)
    return hub


def sent_before_the_answer(station: Station, late: LateHub) -> None:
    """Send a study while nobody can tell what it repeats, then let the hub answer."""
    station.drop()
    station.presenter.send(STUDY)
    station.until(SendState.VERIFIED)
    assert [request.repeat for request in station.bench.sender.requests] == [None]
    assert not station.page.send.repeats.isVisible()
    late.answers = True
    station.refresh()
    station.qtbot.waitUntil(station.page.send.repeats.isVisible)


def test_why_an_exam_was_repeated_is_asked_afterwards_where_the_hub_answered_too_late(
    station: Station, late: LateHub
) -> None:
    sent_before_the_answer(station, late)
    assert QApplication.activeModalWidget() is None, "the question waits on the page, it stops nobody"
    assert [one.exists for one in station.bench.repeats.waiting] == ["A recognised result exists"]
    station.page.send.repeats.buttons[0].click()
    dialog = station.presenter.repeats.dialog
    assert dialog is not None
    assert dialog.primary is not None
    assert (dialog.primary.text(), dialog.primary.isEnabled()) == ("Keep this reason", False)
    dialog.exception.setCurrentIndex(dialog.exception.findData(RepeatException.EMERGENCY))
    dialog.accept()
    station.qtbot.waitUntil(lambda: not station.page.send.repeats.isVisible())
    assert station.bench.repeats.given == {STUDY: RepeatReason(RepeatException.EMERGENCY)}
    assert station.toasts[-1] == "The reason is kept at the centre"


def test_the_question_stays_open_over_cancelling_a_language_switch_and_another_sign_in(
    station: Station, late: LateHub
) -> None:
    sent_before_the_answer(station, late)
    station.page.send.repeats.buttons[0].click()
    dialog = station.presenter.repeats.dialog
    assert dialog is not None
    dialog.reject()
    assert station.page.send.repeats.isVisible()
    page, presenter = station.add_page()
    presenter.refresh()
    station.qtbot.waitUntil(page.send.repeats.isVisible)
    page.resize(1300, 700)
    assert page.tabs._counts["send"] == 1


def test_an_answer_that_comes_while_a_study_is_on_its_way_opens_the_question_once(
    station: Station, late: LateHub
) -> None:
    station.bench.sender.gate.clear()
    station.drop()
    station.presenter.send(STUDY)
    station.until(SendState.SENDING)
    late.answers = True
    station.refresh()
    station.qtbot.waitUntil(station.page.send.repeats.isVisible)
    station.bench.sender.gate.set()
    station.until(SendState.VERIFIED)
    station.refresh()
    assert len(station.bench.repeats.waiting) == 1
    assert late.asked <= 3


def test_a_late_answer_before_the_sending_asks_before_it_as_ever(station: Station, late: LateHub) -> None:
    station.drop()
    station.qtbot.waitUntil(lambda: late.asked == 1)
    late.answers = True
    station.refresh()
    station.qtbot.waitUntil(lambda: "A recognised result exists" in station.facts())
    station.presenter.send(STUDY)
    assert isinstance(station.page.findChild(RepeatDialog), RepeatDialog)
    assert station.bench.sender.requests == []
    assert station.bench.repeats.waiting == []


def test_a_reason_that_cannot_be_kept_now_can_be_given_again_and_one_of_somebody_else_stands(
    station: Station, late: LateHub
) -> None:
    sent_before_the_answer(station, late)
    station.page.send.repeats.buttons[0].click()
    dialog = station.presenter.repeats.dialog
    assert dialog is not None
    station.bench.repeats.fail_with = Unreachable("The hub does not answer.")
    dialog.exception.setCurrentIndex(dialog.exception.findData(RepeatException.EMERGENCY))
    dialog.accept()
    station.qtbot.waitUntil(lambda: "The hub does not answer." in station.facts())
    assert station.page.send.repeats.isVisible()
    station.bench.repeats.fail_with = None
    station.bench.repeats.given[STUDY] = RepeatReason(RepeatException.CHANGES_FAST)
    (notice,) = [one for one in station.page.notices.notices() if one.key == "repeat-reason"]
    notice.actions[0].handler()
    fact = "Somebody gave a reason before: The finding changes quickly"
    station.qtbot.waitUntil(lambda: fact in station.facts())


def test_another_reason_needs_words_and_no_more_than_the_centre_keeps(qtbot: QtBot) -> None:
    dialog = RepeatDialog(None, "周丽华", "A recognised result exists", afterwards=True)
    qtbot.addWidget(dialog)
    assert dialog.primary is not None
    dialog.exception.setCurrentIndex(dialog.exception.findData(RepeatException.OTHER))
    assert dialog.primary.toolTip() == "Write the reason first"
    dialog.words.setPlainText("x" * 2001)
    assert (dialog.primary.isEnabled(), dialog.primary.toolTip()) == (
        False,
        "The centre keeps at most 2000 characters",
    )
    dialog.words.setPlainText("x" * 2000)
    assert dialog.primary.isEnabled()
