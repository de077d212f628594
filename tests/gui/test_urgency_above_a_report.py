"""Who writes a report sees how urgent it is and how much time is left, as above its images."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytestqt.qtbot import QtBot

from resources.translation import tr
from tests.helpers.desk import DeskBench
from workstation.domain.workitem import Priority
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.widgets.urgency import PriorityMark, SlaTimer

pytestmark = pytest.mark.gui
ARRIVED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def _mark(page: ReportPage) -> PriorityMark:
    return page.header.findChildren(PriorityMark)[0]


def test_an_urgent_report_says_so_and_counts_down_above_its_form(qtbot: QtBot) -> None:
    bench = DeskBench()  # its case is urgent
    page, _presenter = bench.page()
    page.resize(1366 - 48, 740)
    page.show()
    assert not page.timer.isVisible()
    assert not _mark(page).isVisible()
    bench.open(qtbot.waitUntil)
    qtbot.waitUntil(page.timer.isVisible)
    assert _mark(page).accessibleName() == tr("Urgent")
    assert page.timer.toolTip().startswith("Due ")
    assert page.sign.mapTo(page, page.sign.rect().topRight()).x() < page.width()
    bench.close()


def test_the_clock_stands_still_once_a_report_is_closed(qtbot: QtBot) -> None:
    page = ReportPage()
    qtbot.addWidget(page)
    page.show()
    page.show_urgency(Priority.HIGH, ARRIVED, ARRIVED + timedelta(minutes=30))
    assert page.timer.isVisible()
    page.show_urgency(Priority.HIGH, ARRIVED, None)
    assert not page.timer.isVisible()
    assert _mark(page).accessibleName() == tr("STAT")


def test_a_quarter_of_the_time_before_its_end_the_clock_warns(qtbot: QtBot) -> None:
    timer = SlaTimer(lambda: ARRIVED + timedelta(minutes=24))
    qtbot.addWidget(timer)
    timer.show_times(ARRIVED, ARRIVED + timedelta(minutes=30))
    look = timer.look()
    assert look is not None
    assert look.text == "00:06:00"
    assert (look.tone, look.bold) == ("warn", True)
