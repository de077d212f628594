"""An open critical value stands on every page until it is read back, signed for or understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.critical import AT, EXPERT, TECHNICIAN, notice, party
from tests.helpers.critical_bed import Bed
from workstation.dicom.critical_policy import default_policy
from workstation.domain.access import Actor, Role
from workstation.domain.critical import CallMethod, CallOutcome, CriticalState, Dismissal
from workstation.domain.critical_board import CallReport
from workstation.domain.errors import NoLongerUpdatable
from workstation.settings import Settings
from workstation.ui.critical.alarm import CriticalAlarm
from workstation.ui.critical.dialogs import (
    AcknowledgeDialog,
    CallDialog,
    ReasonDialog,
)
from workstation.ui.errors_ui import CrashPage, CrashReport
from workstation.ui.main_window import MainWindow
from workstation.ui.notice import Severity
from workstation.ui.pages.page import Page, PageSpec
from workstation.ui.widgets.worklist_columns import Column
from workstation.ui.widgets.worklist_model import WorklistModel

pytestmark = pytest.mark.gui
RESIDENT = Actor("resident", "宋佳", Role.READER, "centre", "省影像专科联盟远程诊断中心", "住院医师")
READ_BACK = CallReport("9", "王护士", "护士", "0571", "脑出血", read_back=True, read_back_text="已知晓")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


class Station:
    """A window with a page, and the alarm of whoever is signed in."""

    def __init__(self, qtbot: QtBot, actor: Actor) -> None:
        self.bed = Bed(qtbot, actor)
        self.window = MainWindow(Settings())
        qtbot.addWidget(self.window)
        self.pages: list[Page] = []
        self.window.register(PageSpec("one", lambda: "One", "task", self._page))
        self.window.register(PageSpec("two", lambda: "Two", "task", self._page))
        self.window.resize(1366, 768)
        self.window.show_page("one")
        self.window.show()
        self.alarm = CriticalAlarm(self.window, self.bed.critical)

    def _page(self) -> Page:
        page = Page()
        page.add_header(QWidget())
        self.pages.append(page)
        return page

    def facts(self) -> list[tuple[Severity, str]]:
        bar = self.window.page(self.window.current_page).notices
        return [(notice.severity, notice.fact) for notice in bar.notices()]


@pytest.fixture(params=[EXPERT, TECHNICIAN], ids=["reader", "technician"])
def station(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[Station]:
    made = Station(qtbot, request.param)
    yield made
    made.bed.close()


@pytest.mark.parametrize("station", [EXPERT], indirect=True)
def test_a_reader_is_reminded_on_every_page(station: Station) -> None:
    station.bed.known()
    assert station.facts() == []
    assert station.window.status.fact("critical") == "Critical values: 1 · 10:00"
    station.bed.pass_(300)
    assert station.facts() == [
        (Severity.DEGRADED, "Critical value not read back for 5 min: 周丽华 · QS0118793 · 消化道穿孔")
    ]
    station.window.show_page("two")
    station.bed.pass_(300)
    assert station.facts() == [
        (Severity.LOST, "Critical value not read back for 10 min: 周丽华 · QS0118793 · 消化道穿孔")
    ]
    station.alarm.act()
    assert isinstance(station.alarm.dialog, CallDialog)
    assert station.alarm.dialog.case.text() == "周丽华 · QS0118793 · 颅脑平扫 · 2026-03-02 · 清水镇中心卫生院"
    station.alarm.dialog.receiver.edit.setText("王护士")
    station.alarm.dialog.method.choose(CallMethod.IN_PERSON.value)
    station.alarm.dialog.outcome.choose(CallOutcome.REACHED.value)
    station.alarm.dialog.accept()
    station.bed.qtbot.waitUntil(lambda: station.bed.value().state is CriticalState.CALLED)
    station.bed.hub.call("2.25.1", READ_BACK)
    station.bed.refresh()
    assert station.facts() == []
    assert station.window.status.fact("critical") == ""
    station.alarm.stop()


@pytest.mark.parametrize("station", [EXPERT], indirect=True)
def test_an_overdue_critical_value_is_seen_above_the_message_of_a_bug(station: Station) -> None:
    station.bed.known()
    station.bed.pass_(600)
    told = "Critical value not read back for 10 min: 周丽华 · QS0118793 · 消化道穿孔"
    station.window.show_crash(CrashReport("LY-261122-0A1B2C", None))
    crash = station.window.findChild(CrashPage)
    assert crash is not None
    assert crash.notices.isVisible()
    assert [one.fact for one in crash.notices.notices()] == [told]
    crash.back.click()
    assert station.facts() == [(Severity.LOST, told)]
    station.alarm.stop()


@pytest.mark.parametrize("station", [RESIDENT], indirect=True)
def test_who_recognised_it_is_told_that_a_senior_dismissed_it_until_it_is_understood(station: Station) -> None:
    value = station.bed.known()
    station.bed.hub.taken_back = (notice(value.dismissed(Dismissal(party(EXPERT), AT, "术后改变"))),)
    station.bed.refresh()
    told = (Severity.DEGRADED, "王启明 dismissed your critical value: 周丽华 · QS0118793 · 消化道穿孔")
    assert told in station.facts()
    station.window.show_page("two")
    assert told in station.facts()
    bar = station.window.page("two").notices
    (shown,) = [one for one in bar.notices() if one.fact == told[1]]
    assert shown.still_works == "Reason: 术后改变. Recognise it anew (F8) if you do not agree."
    shown.actions[0].handler()
    assert told not in station.facts()


@pytest.mark.parametrize("station", [EXPERT], indirect=True)
def test_what_the_hub_did_not_take_stands_on_every_page_before_any_other_value(station: Station) -> None:
    bed = station.bed
    bed.known()
    bed.hub.refuses = NoLongerUpdatable("The case was withdrawn")
    bed.critical.recognise(bed.bench.row, default_policy().entries[0], "脑出血")
    lost = [
        (Severity.LOST, f"The hub did not take a critical value: {bed.bench.row.patient_name} · QS0118793 · 脑出血")
    ]
    bed.qtbot.waitUntil(lambda: station.facts() == lost)
    station.window.show_page("two")
    assert station.facts() == lost

    station.alarm.let_go()
    assert isinstance(station.alarm.dialog, ReasonDialog)
    assert station.alarm.dialog.case.text() == "周丽华 · QS0118793 · 胸部低剂量 LDCT · 2026-11-21 · 清水镇中心卫生院"
    station.alarm.dialog.reason.setPlainText("已电话通知王护士")
    station.alarm.dialog.accept()
    bed.qtbot.waitUntil(lambda: station.facts() == [])
    assert bed.pending.acts == ()
    station.alarm.stop()


@pytest.mark.parametrize("station", [TECHNICIAN], indirect=True)
def test_the_technician_sees_it_at_once_and_acknowledges_with_name_and_words(station: Station) -> None:
    station.bed.known()
    assert station.facts() == [(Severity.LOST, "Critical value: 周丽华 · QS0118793 · 消化道穿孔")]
    station.alarm.act()
    asks = station.alarm.dialog
    assert isinstance(asks, AcknowledgeDialog)
    assert asks.case.text() == "周丽华 · QS0118793 · 颅脑平扫 · 2026-03-02 · 清水镇中心卫生院"
    assert asks.name.text() == "韩梅"
    asks.accept()
    assert asks.isVisible()
    asks.words.setPlainText("消化道穿孔，已通知外科")
    asks.accept()
    station.bed.qtbot.waitUntil(lambda: station.bed.value().received is not None)
    station.bed.refresh()
    assert station.facts() == []
    assert station.bed.value().acknowledgement == "消化道穿孔，已通知外科"


@pytest.mark.parametrize(
    ("left_s", "shown"),
    [(600, "10:00"), (61, "01:01"), (0, "00:00"), (-125, "+02:05"), (7200, "2 h"), (-90_000, "+25 h")],
)
def test_the_worklist_counts_down_to_the_read_back(left_s: int, shown: str) -> None:
    model = WorklistModel()
    model.tick(AT)
    row = replace(cases.row(), critical=True, critical_due=AT + timedelta(seconds=left_s))
    assert model.cell_text(row, Column.CRITICAL) == shown
    before = model.has_critical
    model.merge([row], mark_new=False)
    assert (before, model.has_critical) == (False, True)
    assert model.cell_text(replace(row, critical_due=None), Column.CRITICAL) == "Critical"
