"""Critical values on the screen: the clock runs, F8 calls without a mouse, nothing is lost on a dead line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.critical import EXPERT, party
from tests.helpers.critical_bed import Bed
from workstation.dicom.critical_policy import default_policy
from workstation.domain.access import Actor, Role
from workstation.domain.audit import AuditAction
from workstation.domain.critical import CallOutcome, CriticalSource, CriticalState
from workstation.domain.critical_board import CallReport, Recognition
from workstation.domain.critical_policy import CriticalPolicy, CriticalSuggestion, free_entry
from workstation.domain.errors import Locked, NoLongerUpdatable
from workstation.services.report_service import RecordDecisions
from workstation.ui.critical.dialogs import (
    CallDialog,
    ReasonDialog,
    RecogniseDialog,
    SuggestedDialog,
)
from workstation.ui.critical.words import last_call

pytestmark = pytest.mark.gui
RESIDENT = Actor("resident", "宋佳", Role.READER, "centre", "省影像专科联盟远程诊断中心", "住院医师")
READ_BACK = CallReport("9", "王护士", "护士", "0571", "脑出血", read_back=True, read_back_text="已知晓")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


@pytest.fixture
def bed(qtbot: QtBot) -> Iterator[Bed]:
    made = Bed(qtbot)
    yield made
    made.close()


def test_what_a_template_suggests_at_a_lower_urgency_is_recognised_at_that(qtbot: QtBot) -> None:
    own = free_entry(3, "新发脊柱转移")
    suggestion = CriticalSuggestion(own, "新发脊柱转移", CriticalSource.TEMPLATE, "spine")
    asks = RecogniseDialog(None, "赵勇", CriticalPolicy("county", "3", "", ()), (suggestion,))
    qtbot.addWidget(asks)
    with qtbot.waitSignal(asks.recognised) as told:
        asks.accept()
    assert told.args is not None
    assert told.args[1:] == ["新发脊柱转移", CriticalSource.TEMPLATE, 3]


def test_f8_recognises_what_the_form_suggests_and_the_next_f8_calls_it_through(bed: Bed) -> None:
    bed.page()
    assert bed.panel.isHidden()
    assert bed.bench.desk.session is not None
    bed.bench.desk.session.set_value("haemorrhage", "subarachnoid")
    assert bed.panel.isVisible()
    assert "subarachnoid" in bed.panel.suggestion_text().lower()
    bed.page_.commands.trigger("critical")
    asks = bed.dialog()
    assert isinstance(asks, RecogniseDialog)
    assert asks.case.text() == "周丽华 · female · 58 y · QS0118793 · 胸部低剂量 LDCT · 2026-11-21"
    assert asks.focusWidget() is asks.entries
    with bed.qtbot.waitSignal(bed.critical.changed):
        QTest.keyClick(asks.entries, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bed.qtbot.waitUntil(lambda: len(bed.hub.values) == 1)
    assert bed.value().entry_key == "subarachnoid-haemorrhage"
    assert bed.panel.suggestion_text() == ""
    bed.refresh()

    bed.page_.commands.trigger("critical")
    call = bed.dialog()
    assert isinstance(call, CallDialog)
    assert call.case.text() == "周丽华 · female · 58 y · QS0118793 · 胸部低剂量 LDCT · 2026-11-21"
    assert call.focusWidget() is call.receiver.edit
    call.outcome.choose(CallOutcome.REACHED.value)
    QTest.keyClicks(call.receiver.edit, "Wang")
    call.read_back.setChecked(True)
    assert call.primary is not None
    assert call.primary.toolTip() == "Give the number, or say that it was in person"
    QTest.keyClicks(call.number.edit, "0571-1")
    assert call.primary.toolTip() == "Write the words of the read-back"
    call.words.setPlainText("。")
    assert not call.primary.isEnabled()
    call.words.setPlainText("已知晓")
    QTest.keyClick(call.words, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bed.qtbot.waitUntil(lambda: bed.value().state is CriticalState.CONFIRMED)
    bed.refresh()
    bed.panel.shut.click()
    bed.qtbot.waitUntil(lambda: bed.value().state is CriticalState.CLOSED)


def test_the_clock_on_the_panel_reminds_and_escalates_by_the_hubs_time(bed: Bed) -> None:
    bed.page()
    bed.known()
    assert bed.panel.ring.accessibleName() == "10:00 left"
    bed.pass_(299)
    assert (bed.panel.ring.accessibleName(), bed.panel.stage_text()) == (
        "05:01 left",
        "Reminder after 5 min, escalation after 10 min",
    )
    bed.pass_(1)
    assert bed.panel.stage_text() == "Reminded at 5 min, escalates at 10 min"
    bed.pass_(360)
    assert (bed.panel.ring.accessibleName(), bed.panel.stage_text()) == ("+01:00 overdue", "Over 10 min: escalated")
    assert not bed.panel.ring.grab().isNull()
    bed.hub.call("2.25.1", READ_BACK)
    bed.refresh()
    assert bed.panel.ring.accessibleName() == "11:00 to read-back"


def test_the_panel_tells_that_the_receiver_has_not_signed_yet(bed: Bed) -> None:
    bed.page()
    bed.known()
    bed.hub.call("2.25.1", READ_BACK)
    bed.refresh()
    assert bed.panel.read_back_text() == "Confirmed, not signed by the receiver"
    bed.hub.acknowledge("2.25.1", "韩梅", "已知晓")
    bed.refresh()
    assert bed.panel.read_back_text().startswith("Acknowledged by ")


def test_a_dead_line_keeps_recognition_and_call_and_the_clock_runs(bed: Bed) -> None:
    bed.page()
    bed.hub.is_up = False
    entry = default_policy().entries[0]
    with bed.qtbot.waitSignal(bed.critical.changed):
        bed.critical.recognise(bed.bench.row, entry, "脑出血")
    (shown,) = bed.case.values()
    assert shown.text == "脑出血"
    bed.critical.call(shown, CallReport("", "王护士", "", "", "脑出血"))
    bed.qtbot.waitUntil(lambda: bed.case.values()[0].state is CriticalState.CALLED)
    assert len(bed.pending.acts) == 2
    bed.hub.is_up = True
    bed.critical.refresh()
    bed.qtbot.waitUntil(lambda: bed.pending.acts == () and len(bed.hub.values) == 1)
    assert [call.receiver for call in bed.value().calls] == ["王护士"]


def test_a_final_report_waits_for_the_read_back_or_a_reason(bed: Bed) -> None:
    bed.page()
    bed.bench.fill()
    session = bed.bench.desk.session
    assert session is not None
    bed.known()
    assert [value.critical_uid for value in session.report.critical_values] == ["2.25.1"]
    gone_on: list[bool] = []
    assert bed.case.hold_up(lambda: gone_on.append(True))
    asks = bed.dialog()
    assert isinstance(asks, ReasonDialog)
    assert asks.case.text() == "周丽华 · female · 58 y · QS0118793 · 胸部低剂量 LDCT · 2026-11-21"
    asks.accept()
    assert gone_on == []
    asks.reason.setPlainText("对方三次未接，已派人当面通知")
    asks.accept()
    assert gone_on == [True]
    assert [one.reason for one in session.report.norm_overrides] == ["对方三次未接，已派人当面通知"]
    assert not bed.case.hold_up(lambda: None)


def test_a_value_that_waits_for_its_call_stands_red_among_the_checks_and_leads_to_the_call(bed: Bed) -> None:
    bed.page()
    bed.bench.fill()
    bed.known()
    waits = (False, "A critical value waits for its call: 消化道穿孔")
    bed.qtbot.waitUntil(lambda: waits in bed.page_.checks.lines())
    assert bed.page_.checks_words() != "Complete"

    bed.page_.checks.locate(bed.page_.checks.lines().index(waits)).click()
    assert isinstance(bed.case.dialog, CallDialog)
    bed.case.dialog.done(0)
    bed.hub.call("2.25.1", READ_BACK)
    bed.refresh()

    assert waits not in bed.page_.checks.lines()
    assert (True, "No critical value waits for its call") in bed.page_.checks.lines()


def test_an_open_call_is_never_beside_an_all_green_list_also_after_its_signer_answered_for_it(bed: Bed) -> None:
    bed.page()
    bed.bench.fill()
    bed.known()
    session = bed.bench.desk.session
    assert session is not None
    session.answer_critical("对方三次未接，已派人当面通知")
    told = (False, "Not read back yet, you answer for signing without: 消化道穿孔")
    bed.qtbot.waitUntil(lambda: told in bed.page_.checks.lines())
    assert bed.page_.checks_words() != "Complete"
    assert not bed.case.hold_up(lambda: None)  # the answer holds, nobody is asked again


def test_an_open_call_stands_red_beside_a_report_that_is_read_only(qtbot: QtBot) -> None:
    bed = Bed(qtbot)
    bed.page(read_only=True)
    session = bed.bench.desk.session
    assert session is not None
    assert session.read_only
    bed.known()
    waits = (False, "A critical value waits for its call: 消化道穿孔")
    qtbot.waitUntil(lambda: waits in bed.page_.checks.lines())
    assert bed.page_.checks_words() != "Complete"
    assert session.report.critical_values == ()  # what is read only stays as it was
    bed.close()


def test_what_the_form_or_the_impression_suggests_holds_the_signature_up_until_it_is_recognised(bed: Bed) -> None:
    bed.page()
    session = bed.bench.desk.session
    assert session is not None
    session.set_value("haemorrhage", "intraparenchymal")
    session.set_value("impression", "左侧基底节区脑出血；未见脑疝。")
    assert bed.case.hold_up(lambda: None)
    asks = bed.dialog()
    assert isinstance(asks, SuggestedDialog)
    assert not asks.dismiss.isEnabled()
    asks.accept()
    chooses = bed.dialog()
    assert isinstance(chooses, RecogniseDialog)
    chooses.accept()
    bed.qtbot.waitUntil(lambda: len(bed.hub.values) == 1)
    bed.refresh()
    assert bed.value().entry_key == "intracerebral-haemorrhage"
    assert bed.case.hold_up(lambda: None)
    assert isinstance(bed.dialog(), ReasonDialog)  # and now it has to be called through


def test_a_suggestion_is_dismissed_with_a_reason_that_is_audited_and_holds_for_these_words_only(bed: Bed) -> None:
    bed.page()
    session = bed.bench.desk.session
    assert session is not None
    session.set_value("impression", "右侧硬膜下血肿。")
    gone_on: list[bool] = []
    assert bed.case.hold_up(lambda: gone_on.append(True))
    asks = bed.dialog()
    assert isinstance(asks, SuggestedDialog)
    asks.dismiss.click()
    assert gone_on == []
    asks.reason.setPlainText("三日前已通报，随诊复查")
    asks.dismiss.click()
    assert gone_on == [True]
    assert not bed.case.hold_up(lambda: None)
    assert bed.panel.suggestion_text() == ""
    RecordDecisions(bed.bench.audit)(session.report)
    (act,) = [act for act in bed.bench.audit.recorded if act[0] is AuditAction.CRITICAL_OVERRIDDEN]
    assert "critical_suggested extra-axial-haematoma by" in str(act)
    session.set_value("impression", "右侧急性硬膜下血肿，较前明显增多。")
    assert bed.case.hold_up(lambda: None)
    again = bed.dialog()
    assert isinstance(again, SuggestedDialog)
    again.reason.setPlainText("复查示增多，已当面告知管床医生")
    again.dismiss.click()
    assert not bed.case.hold_up(lambda: None)
    session.set_value("impression", "右侧急性硬膜下血肿，较前明显增多，中线移位。")
    assert bed.case.hold_up(lambda: None)
    third = bed.dialog()
    shown = [words.text() for words in third.findChildren(QLabel) if "Answered for by" in words.text()]
    assert len(shown) == 1  # what was said last to the former words
    assert shown[0].endswith(": 复查示增多，已当面告知管床医生")


def test_a_suspicion_is_told_as_one_on_the_panel_in_both_dialogs_and_in_the_call(bed: Bed) -> None:
    bed.page()
    session = bed.bench.desk.session
    assert session is not None
    session.set_value("impression", "蛛网膜下腔出血不除外。")
    told = "Suspected: Acute subarachnoid haemorrhage"
    assert bed.case.hold_up(lambda: None)
    assert told in bed.panel.suggestion_text()
    asks = bed.dialog()
    assert isinstance(asks, SuggestedDialog)
    assert [line.text() for line in asks.findChildren(QLabel) if told in line.text()] == [f"· {told}"]
    asks.accept()
    chooses = bed.dialog()
    assert isinstance(chooses, RecogniseDialog)
    chooses.accept()
    bed.qtbot.waitUntil(lambda: len(bed.hub.values) == 1)
    bed.refresh()
    assert (bed.value().entry_key, bed.value().text) == ("subarachnoid-haemorrhage", told)
    assert bed.case.suggestions() == ()


def test_an_open_value_of_a_draft_still_holds_the_signature_up_while_the_line_is_dead(bed: Bed) -> None:
    value = bed.hub.recognise(bed.bench.row.ups_instance_uid, Recognition("2.25.1", "perforation", "消化道穿孔"))
    bed.hub.is_up = False
    bed.page()
    session = bed.bench.desk.session
    assert session is not None
    session.know_critical((value,))
    bed.refresh()
    assert session.report.critical_values == (value,)
    assert bed.case.hold_up(lambda: None)
    bed.dialog().close()
    bed.hub.dismiss_and_lift("2.25.1")
    bed.refresh()
    assert not bed.case.hold_up(lambda: None)


def test_no_way_leads_past_the_gate_and_an_answer_is_audited_under_its_own_name(qtbot: QtBot) -> None:
    bed = Bed(qtbot, template=cases.template())
    try:
        bed.page()
        bed.bench.fill()
        bed.known()
        desk, session = bed.bench.desk, bed.bench.desk.session
        assert session is not None
        with qtbot.waitSignal(desk.sign_failed) as refused:
            desk.sign("1234")
        assert refused.args is not None
        assert refused.args[0].user_text == "Critical values without a read-back: 消化道穿孔"
        session.answer_critical("对方三次未接")
        RecordDecisions(bed.bench.audit)(session.report)
        acts = [act for act in bed.bench.audit.recorded if act[0] is AuditAction.CRITICAL_OVERRIDDEN]
        assert len(acts) == 1
        with qtbot.waitSignal(desk.signed):
            desk.sign("1234")
    finally:
        bed.close()


def test_what_is_no_critical_value_is_dismissed_with_a_reason(bed: Bed) -> None:
    bed.page()
    bed.known()
    bed.panel.dismiss.click()
    asks = bed.dialog()
    assert isinstance(asks, ReasonDialog)
    assert asks.case.text() == "周丽华 · female · 58 y · QS0118793 · 胸部低剂量 LDCT · 2026-11-21"
    asks.reason.setPlainText("术后改变")
    asks.accept()
    bed.qtbot.waitUntil(lambda: bed.value().state is CriticalState.DISMISSED)
    bed.refresh()
    assert bed.panel.isHidden()


def test_two_keys_never_start_the_clock_of_a_finding_that_nobody_chose(bed: Bed) -> None:
    bed.page()
    bed.case.act()
    asks = bed.dialog()
    assert isinstance(asks, RecogniseDialog)
    asks.accept()
    assert asks.isVisible()
    assert (asks.entries.currentIndex(), asks.text.toPlainText(), bed.hub.values) == (-1, "", {})
    asks.entries.setCurrentIndex(0)
    assert asks.text.toPlainText()


def test_own_words_ask_for_their_urgency_and_nothing_is_sent_without_words(bed: Bed) -> None:
    bed.page()
    bed.case.act()
    asks = bed.dialog()
    assert isinstance(asks, RecogniseDialog)
    bed.case.act()
    assert bed.case.dialog is asks
    asks.entries.setCurrentIndex(asks.entries.count() - 1)
    asks.accept()
    assert asks.isVisible()
    asks.text.setPlainText("导管移位")
    asks.level.choose("2")
    asks.accept()
    bed.qtbot.waitUntil(lambda: len(bed.hub.values) == 1)
    assert (bed.value().level.value, bed.value().text) == ("RID49481", "导管移位")


def test_a_call_that_reached_nobody_needs_no_name(bed: Bed) -> None:
    bed.page()
    value = bed.known()
    call = CallDialog(bed.page_, "周丽华", "清水镇中心卫生院", value)
    bed.qtbot.addWidget(call)
    told: list[CallReport] = []
    call.told.connect(told.append)
    call.accept()
    assert told == []
    call.outcome.choose(CallOutcome.NO_ANSWER.value)
    call.accept()
    assert [(one.outcome, one.read_back) for one in told] == [(CallOutcome.NO_ANSWER, False)]


def test_what_the_hub_refuses_is_told(bed: Bed) -> None:
    bed.page()
    value = bed.known()
    bed.hub.refuses = NoLongerUpdatable("It is closed")
    with bed.qtbot.waitSignal(bed.critical.failed) as told:
        bed.critical.recognise(bed.bench.row, default_policy().entries[0], "脑出血")
    assert told.args is not None
    assert told.args[0].user_text == "It is closed"
    bed.settle()
    with bed.qtbot.waitSignal(bed.critical.failed):
        bed.critical.close_value(value)


def test_a_refused_recognition_stays_on_the_panel_and_holds_the_signature_up_until_it_is_let_go(bed: Bed) -> None:
    bed.page()
    bed.bench.fill()
    bed.hub.refuses = NoLongerUpdatable("The case was withdrawn")
    bed.critical.recognise(bed.bench.row, default_policy().entries[0], "脑出血")
    said = "The hub did not take it (The case was withdrawn). Tell the receiver all the same."
    bed.qtbot.waitUntil(lambda: bed.panel.refusal_text() == said)
    bed.refresh()
    assert bed.panel.refusal_text() == said
    assert bed.case.hold_up(lambda: None)
    bed.dialog().close()

    bed.panel.dismiss.click()
    asks = bed.dialog()
    assert isinstance(asks, ReasonDialog)
    asks.reason.setPlainText("已电话通知王护士")
    asks.accept()
    bed.qtbot.waitUntil(lambda: bed.pending.acts == ())
    bed.qtbot.waitUntil(lambda: bed.case.values() == ())
    assert AuditAction.CRITICAL_DISMISSED in bed.bench.audit.actions
    bed.hub.refuses = None
    assert not bed.case.hold_up(lambda: None)


def test_acts_that_cannot_be_read_are_told_once(bed: Bed) -> None:
    told: list[object] = []
    bed.critical.failed.connect(told.append)
    bed.pending.fails = Locked("The key is missing")
    bed.refresh()
    bed.refresh()
    assert [str(one) for one in told] == ["The key is missing"]


def test_the_desk_polls_until_it_is_stopped(bed: Bed) -> None:
    bed.hub.recognise("2.25.8", Recognition("2.25.1", "perforation", "消化道穿孔"))
    bed.critical.start()
    bed.qtbot.waitUntil(lambda: len(bed.critical.notices()) == 1)
    bed.critical.stop()
    bed.hub.values.clear()
    bed.critical.refresh()
    assert not bed.critical.is_fetching
    assert len(bed.critical.notices()) == 1


def test_only_who_recognised_it_or_a_senior_is_offered_to_dismiss_it(qtbot: QtBot) -> None:
    bed = Bed(qtbot, RESIDENT)
    try:
        bed.page()
        bed.hub.actor = EXPERT
        senior_s = bed.known()
        assert bed.panel.dismiss.isHidden()
        assert not bed.critical.may_dismiss(senior_s)
        assert bed.critical.may_dismiss(replace(senior_s, recognised_by=party(RESIDENT)))
    finally:
        bed.close()


def test_a_call_that_the_hub_heard_of_late_says_so_on_the_panel(bed: Bed) -> None:
    value = bed.hub.recognise("2.25.8", Recognition("2.25.1", "perforation", "消化道穿孔", age_s=1800))
    called = bed.hub.call(value.critical_uid, replace(READ_BACK, age_s=1500))
    assert last_call(called) == ("护士 王护士", "Telephone 0571 · told the hub 25 min later")
