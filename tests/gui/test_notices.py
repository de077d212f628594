"""A notice tells when it began and what to name on the telephone; one outage has one bar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.fakes_ui import case
from tests.helpers.technician_page import STUDY, Station
from workstation.domain.errors import Unreachable
from workstation.domain.study import Study
from workstation.domain.workitem import Priority, ReadingState
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.notice import Notice, NoticeBar, Severity, code_of
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.send_panel import SendState

pytestmark = pytest.mark.gui


@pytest.fixture
def station(qtbot: QtBot, qapp: QApplication) -> Iterator[Station]:
    use_language(ENGLISH)
    apply_theme(qapp)
    station = Station(qtbot)
    yield station
    station.bench.close()
    use_language(CHINESE)


def test_what_is_lost_or_degraded_has_code_and_time_and_keeps_the_time_at_which_it_began(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, qapp: QApplication
) -> None:
    apply_theme(qapp)
    bar = NoticeBar()
    qtbot.addWidget(bar)
    error = Unreachable("The hub does not answer.")
    bar.show_notice(Notice("hub", Severity.LOST, error.user_text, code=code_of(error)))
    told = bar.stamp("hub")
    assert re.fullmatch(r"Unreachable \d\d:\d\d:\d\d", told)
    assert told in [words.text() for words in bar.findChildren(QLabel)]
    monkeypatch.setitem(bar._came, "hub", "06:00:00")
    bar.show_notice(Notice("hub", Severity.LOST, "It still does not answer.", code=code_of(error)))
    assert bar.stamp("hub") == "Unreachable 06:00:00"
    use_language(CHINESE)
    assert "06:00:00" in bar.stamp("hub")
    assert "Unreachable" not in bar.stamp("hub")
    use_language(ENGLISH)
    bar.show_notice(Notice("news", Severity.NEWS, "A newer template is here."))
    assert bar.stamp("news") == ""


def test_one_outage_has_one_bar_also_while_a_study_is_being_sent(qtbot: QtBot, station: Station) -> None:
    station.bench.cut_line()
    station.drop()
    station.page.send.send_requested.emit(STUDY)
    station.until(SendState.INTERRUPTED)
    station.bench.worklist.down = True
    station.refresh()
    assert station.facts() == ["The hub does not answer."]
    assert station.page.notices.notices()[0].code == "Unreachable"
    station.bench.worklist.down = False
    station.bench.sender.fail_with = None
    station.refresh()
    assert station.facts() == []


def test_two_patients_wait_and_a_request_goes_with_the_one_that_was_named(qtbot: QtBot, station: Station) -> None:
    station.bench.found = [cases.study(), _other()]
    station.drop()
    qtbot.waitUntil(lambda: len(station.bench.queue.items) == 2)
    station.page.send.question.setText("has the nodule grown?")
    station.page.send.row(STUDY).send.click()
    (dialog,) = station.page.findChildren(ConfirmDialog)
    assert dialog.case.text().startswith("周丽华 · QS0118793 · 2026-11-21")
    assert "has the nodule grown?" in _words(dialog)
    assert station.bench.sender.requests == []
    dialog.accept()
    station.until(SendState.VERIFIED)
    assert [one.clinical_question for one in station.bench.sender.requests] == ["has the nodule grown?"]
    assert station.page.send.question.text() == ""
    assert station.page.send.goes_with.text().startswith("Goes with: 黄志强")


def test_what_the_centre_has_already_says_so_and_is_sent_again_only_when_asked_for(
    qtbot: QtBot, station: Station
) -> None:
    station.bench.worklist.rows["2.25.77"] = replace(
        case(7), study_instance_uid=STUDY, ups_instance_uid="2.25.77", arrived=datetime(2026, 11, 20, 9, tzinfo=UTC)
    )
    station.refresh()
    station.drop()
    row = station.page.send.row(STUDY)
    qtbot.waitUntil(lambda: row.send.text() == "Send again…")
    assert "Sent on 2026-11-20, the centre has it" in row._note.text()
    assert "0 / " not in row._count.text()
    assert row._bar._fraction is None
    row.send.click()
    (dialog,) = station.page.findChildren(ConfirmDialog)
    dialog.reject()
    assert station.bench.sender.requests == []
    row.send.click()
    again = next(one for one in station.page.findChildren(ConfirmDialog) if one.isVisible())
    again.accept()
    station.until(SendState.VERIFIED)
    assert len(station.bench.sender.requests) == 1


def test_a_study_that_is_sent_again_takes_no_clinical_question_of_another_patient(
    qtbot: QtBot, station: Station
) -> None:
    station.bench.worklist.rows["2.25.77"] = replace(
        case(7), study_instance_uid=STUDY, ups_instance_uid="2.25.77", state=ReadingState.FINAL
    )
    station.bench.found = [cases.study(), _other()]
    station.refresh()
    station.drop()
    row = station.page.send.row(STUDY)
    qtbot.waitUntil(lambda: row.send.text() == "Send again…")
    assert station.page.send.goes_with.text().startswith("Goes with: 黄志强")
    station.page.send.question.setText("has the nodule of Huang grown?")
    station.page.send.choose_priority(Priority.HIGH)
    row.send.click()
    (dialog,) = station.page.findChildren(ConfirmDialog)
    dialog.accept()
    station.until(SendState.VERIFIED)

    (sent,) = station.bench.sender.requests
    assert (sent.study_instance_uid, sent.clinical_question, sent.priority) == (STUDY, "", Priority.LOW)
    assert station.page.send.question.text() == "has the nodule of Huang grown?"


def test_a_withdrawn_request_is_asked_for_anew_and_is_not_said_to_be_at_the_centre(
    qtbot: QtBot, station: Station
) -> None:
    station.bench.worklist.rows["2.25.77"] = replace(
        case(7), study_instance_uid=STUDY, ups_instance_uid="2.25.77", state=ReadingState.CANCELLED
    )
    station.bench.found = [cases.study(), _other()]
    station.refresh()
    station.drop()
    qtbot.waitUntil(lambda: len(station.bench.queue.items) == 2)
    station.refresh()
    assert station.page.send.row(STUDY).send.text() == "Send"
    station.page.send.question.setText("has the nodule grown?")
    station.page.send.row(STUDY).send.click()
    (dialog,) = station.page.findChildren(ConfirmDialog)
    assert dialog.windowTitle() == "Does this request belong to this patient?"
    dialog.accept()
    station.until(SendState.VERIFIED)
    assert [one.clinical_question for one in station.bench.sender.requests] == ["has the nodule grown?"]


def _other() -> Study:
    return replace(cases.study(uid="1.2.4"), patient=replace(cases.study().patient, name="黄志强", patient_id="QS2"))


def _words(dialog: ConfirmDialog) -> str:
    return " ".join(words.text() for words in dialog.findChildren(QLabel))
