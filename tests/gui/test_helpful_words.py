"""Nothing is empty without a word, and nothing that comes up by itself lies over what one writes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QFrame, QLabel, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.fakes_ui import evening_list
from workstation.domain.workitem import WorklistTab
from workstation.ui.notice import Toast
from workstation.ui.widgets.preview_strip import PreviewStrip
from workstation.ui.widgets.worklist_tab_words import belongs_here

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


def test_every_empty_tab_says_what_belongs_into_it() -> None:
    told = {tab: belongs_here(tab) for tab in WorklistTab}
    assert len(set(told.values())) == len(WorklistTab)
    assert (
        told[WorklistTab.RETURNED] == "Reports that a senior has sent back to their author stand here with the reason."
    )


def test_a_preview_without_a_case_is_one_sentence_and_no_empty_boxes(qtbot: QtBot) -> None:
    strip = PreviewStrip()
    qtbot.addWidget(strip)
    strip.resize(1366, strip.height())
    strip.show()

    def words() -> list[str]:
        return [one.text() for one in strip.findChildren(QLabel) if one.isVisible() and one.text()]

    def lines() -> int:
        return len([one for one in strip.findChildren(QFrame) if one.isVisible() and one.property("rule") == "true"])

    hint = "Choose a case in the list: who it is, what is asked and its pictures appear here."
    assert (words(), lines()) == ([hint], 0)
    strip.show_row(evening_list()[0])
    assert hint not in words()
    assert lines() >= 2
    strip.show_row(None)
    strip.resize(1920, strip.height())
    assert (words(), lines()) == ([hint], 0)


def test_a_toast_lies_over_the_status_bar_and_covers_nothing_that_is_worked_with(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    toast = Toast(window)
    toast.say("Sent back to the author")
    assert toast.geometry().top() >= 768 - 28
    assert window.rect().contains(toast.geometry())
    toast.say("a patient with many names " * 20)
    assert window.rect().contains(toast.geometry())
    window.resize(1280, 720)
    qtbot.waitUntil(lambda: toast.geometry().bottom() == 719)
