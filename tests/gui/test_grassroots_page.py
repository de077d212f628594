"""What the technician sees: finding, sending, stopping, going on, reading and acknowledging."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.fakes_ui import case
from tests.helpers.grassroots import returned_report
from tests.helpers.technician_page import STUDY, Station
from workstation.domain.dispatch import TimelineEvent, TimelineStep
from workstation.domain.errors import IntegrityMismatch, Refused, Unreachable
from workstation.domain.report_state import ReportKind, WithdrawalCode
from workstation.domain.signature import Verdict, VerificationResult
from workstation.domain.study import DecodeWarning, Patient
from workstation.domain.workitem import Priority, ReadingState
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.paint import metrics
from workstation.ui.widgets.inbox_panel import InboxItem, InboxPanel, two_lines
from workstation.ui.widgets.send_panel import SendState

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


@pytest.fixture
def station(qtbot: QtBot) -> Iterator[Station]:
    made = Station(qtbot)
    yield made
    made.bench.close()


def test_a_dropped_folder_lists_its_studies_with_their_warnings(station: Station) -> None:
    gap = DecodeWarning("gap", "One slice is missing.")
    station.bench.found = [replace(cases.study(188), warnings=(gap,))]
    station.drop()
    item = station.bench.queue.item(STUDY)
    assert (item.who, item.what, item.total) == ("周丽华", "CT · 胸部低剂量 LDCT", 188)
    assert item.which == "QS0118793 · 2026-11-21"
    assert item.warnings == ("One slice is missing.",)
    station.qtbot.waitUntil(lambda: bool(station.page.send.row(STUDY).send.isVisible()))


def test_two_studies_of_one_patient_and_kind_are_told_apart_before_they_are_sent(station: Station) -> None:
    station.bench.found = [cases.study(), replace(cases.study(uid="1.2.4"), study_date="20251208")]
    station.drop()
    names = [station.page.send.row(uid).accessibleName() for uid in ("1.2.3", "1.2.4")]
    assert "QS0118793 · 2026-11-21" in names[0]
    assert "QS0118793 · 2025-12-08" in names[1]
    station.page.resize(1856, 1000)
    station.page.show()
    row = station.page.send.row("1.2.4")
    # a bar has a width before it is laid out: wait for its place
    station.qtbot.waitUntil(lambda: row._which.geometry().right() < row._bar.geometry().left())
    assert row._which.width() >= metrics("caption").horizontalAdvance("QS0118793 · 2025-12-08")


def test_an_empty_folder_is_a_notice_with_the_next_step(qtbot: QtBot, station: Station, tmp_path: Path) -> None:
    station.bench.found = None
    station.page.send.zone.dropped.emit([str(tmp_path)])
    qtbot.waitUntil(lambda: bool(station.facts()))
    notice = station.page.notices.notices()[0]
    assert notice.fact == f"No DICOM images found in {tmp_path}."
    assert notice.still_works == "Choose the folder that holds the exported images, or the DICOMDIR file of a disc."
    assert station.page.send.zone.text().startswith("Grouped by study")


def test_text_files_named_dcm_are_a_notice_and_the_next_drop_clears_it(
    qtbot: QtBot, station: Station, tmp_path: Path
) -> None:
    (tmp_path / "letter.dcm").write_text("Dear colleague")
    station.bench.found = None
    station.page.send.zone.dropped.emit([str(tmp_path)])
    qtbot.waitUntil(lambda: bool(station.facts()))
    station.bench.found = [cases.study()]
    station.drop()
    assert station.facts() == []


def test_sending_shows_progress_and_then_that_the_hub_verified_it(qtbot: QtBot, station: Station) -> None:
    station.bench.found = [cases.study(10)]
    station.drop()
    station.page.send.choose_priority(Priority.HIGH)
    station.page.send.question.setText("结节有无增大？")
    station.bench.sender.gate.clear()
    station.page.send.row(STUDY).send.click()
    qtbot.waitUntil(lambda: station.bench.queue.item(STUDY).done == 5)
    assert station.page.send.row(STUDY).stop.isVisible()
    assert not station.page.send.row(STUDY).send.isVisible()
    station.bench.sender.gate.set()
    station.until(SendState.VERIFIED)
    assert station.toasts == ["周丽华: sent and verified"]
    request = station.bench.sender.requests[0]
    assert (request.priority, request.clinical_question) == (Priority.HIGH, "结节有无增大？")


def test_a_double_click_sends_once(qtbot: QtBot, station: Station) -> None:
    station.drop()
    station.bench.sender.gate.clear()
    row = station.page.send.row(STUDY)
    row.send.click()
    station.presenter.send(STUDY)
    station.bench.sender.gate.set()
    station.until(SendState.VERIFIED)
    assert len(station.bench.sender.requests) == 1


def test_stopping_keeps_what_arrived_and_sending_again_goes_on(qtbot: QtBot, station: Station) -> None:
    station.drop()
    station.bench.sender.gate.clear()
    row = station.page.send.row(STUDY)
    row.send.click()
    qtbot.waitUntil(lambda: bool(station.bench.sender.requests))
    row.stop.click()
    assert station.state() is SendState.STOPPED
    assert row.send.text() == "Go on"
    station.bench.sender.gate.set()
    row.send.click()
    station.until(SendState.VERIFIED)


def test_a_cut_line_is_told_and_the_send_goes_on_by_itself(qtbot: QtBot, station: Station) -> None:
    station.drop()
    station.bench.cut_line()
    station.page.send.row(STUDY).send.click()
    station.until(SendState.INTERRUPTED)
    assert station.facts() == ["The hub does not answer."]
    station.bench.sender.fail_with = None
    station.presenter.refresh()
    station.until(SendState.VERIFIED)
    assert station.facts() == []


def test_a_line_that_dies_in_the_middle_is_shown_as_interrupted_and_not_as_sending(
    qtbot: QtBot, station: Station
) -> None:
    station.bench.found = [cases.study(10)]
    station.drop()
    station.bench.sender.waiting_s = 12.4
    station.bench.sender.gate.clear()
    row = station.page.send.row(STUDY)
    row.send.click()
    station.until(SendState.INTERRUPTED)
    item = station.bench.queue.item(STUDY)
    assert (item.done, item.message) == (5, "The line is down; trying again in 12 s")
    assert (row.send.text(), row.send.isVisible(), row.stop.isVisible()) == ("Try now", True, True)


@pytest.mark.parametrize("by", ["hand", "itself"])
def test_once_the_centre_answers_a_waiting_send_does_not_wait_any_longer(
    qtbot: QtBot, station: Station, by: str
) -> None:
    station.drop()
    station.bench.sender.waiting_s = 60.0
    station.bench.sender.gate.clear()
    station.page.send.row(STUDY).send.click()
    station.until(SendState.INTERRUPTED)
    first = station.bench.sender.gate
    station.bench.sender.waiting_s, station.bench.sender.gate = 0.0, threading.Event()
    station.bench.sender.gate.set()
    station.page.send.row(STUDY).send.click() if by == "hand" else station.refresh()
    station.until(SendState.VERIFIED)
    first.set()
    assert station.toasts == ["周丽华: sent and verified"]


@pytest.mark.parametrize("answer", ["leave", "stay"])
def test_leaving_asks_while_a_study_is_on_its_way(qtbot: QtBot, station: Station, answer: str) -> None:
    assert station.page.may_close()
    station.drop()
    station.bench.sender.gate.clear()
    station.page.send.row(STUDY).send.click()
    qtbot.waitUntil(lambda: bool(station.bench.sender.requests))
    asked: list[str] = []

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ConfirmDialog)
        asked.append(dialog.windowTitle())
        dialog.accept() if answer == "leave" else dialog.reject()

    QTimer.singleShot(0, press)
    assert station.page.may_close() is (answer == "leave")
    assert asked == ["1 study is still being sent"]


def test_the_question_of_one_patient_is_never_asked_of_the_next(qtbot: QtBot, station: Station) -> None:
    first = cases.study()
    again = replace(first, study_instance_uid="1.2.4")
    other = replace(first, study_instance_uid="1.2.5", patient=Patient("QS2", "陈秀英"))
    station.bench.found = [first, again, other]
    station.drop()
    station.page.send.question.setText("结节有无增大？")
    for uid in (STUDY, "1.2.4"):
        station.page.send.row(uid).send.click()
        asks = next(one for one in station.page.findChildren(ConfirmDialog) if one.isVisible())
        assert "QS0118793" in asks.case.text()
        asks.accept()
    assert station.page.send.question.text() == ""
    station.page.send.row("1.2.5").send.click()
    qtbot.waitUntil(lambda: len(station.bench.sender.requests) == 3)
    asked = {request.study_instance_uid: request.clinical_question for request in station.bench.sender.requests}
    assert asked == {STUDY: "结节有无增大？", "1.2.4": "结节有无增大？", "1.2.5": ""}


@pytest.mark.parametrize("code", ["mixed_patient", "mixed_person"])
@pytest.mark.parametrize("answer", ["send", "do not send"])
def test_a_study_of_two_patients_under_two_ids_or_one_is_sent_only_after_the_technician_confirmed_it(
    qtbot: QtBot, station: Station, answer: str, code: str
) -> None:
    mixed = DecodeWarning(code, "Check the patient.")
    station.bench.found = [replace(cases.study(), warnings=(mixed,))]
    station.drop()
    station.page.send.row(STUDY).send.click()
    (dialog,) = station.page.findChildren(ConfirmDialog)
    assert dialog.windowTitle() == "Images of this study name different patients"
    assert dialog.focusWidget() is dialog.cancel
    dialog.accept() if answer == "send" else dialog.reject()
    if answer == "send":
        station.until(SendState.VERIFIED)
    assert len(station.bench.sender.requests) == (answer == "send")


def test_a_refused_send_says_why_and_can_be_repeated(station: Station) -> None:
    station.drop()
    station.bench.sender.fail_with = Refused("The hub refused the study.", hint="Ask the centre.")
    station.page.send.row(STUDY).send.click()
    station.until(SendState.FAILED)
    assert station.bench.queue.item(STUDY).message == "The hub refused the study. Ask the centre."
    assert station.page.send.row(STUDY).send.text() == "Try again"


def test_a_language_switch_in_the_middle_of_a_send_loses_nothing(qtbot: QtBot, station: Station) -> None:
    station.drop()
    station.bench.sender.gate.clear()
    station.page.send.row(STUDY).send.click()
    qtbot.waitUntil(lambda: bool(station.bench.sender.requests))
    old = station.bench.pages.pop(0)
    old.close_page()
    page, _presenter = station.add_page()
    gone: list[object] = []
    old.destroyed.connect(lambda: gone.append("page"))
    old.deleteLater()
    qtbot.waitUntil(lambda: bool(gone))
    station.bench.sender.gate.set()
    station.until(SendState.VERIFIED)
    assert not page.send.row(STUDY).send.isVisible()


def test_a_hub_that_does_not_answer_is_a_notice_until_it_does(station: Station) -> None:
    station.bench.worklist.down = True
    station.refresh()
    assert station.facts() == ["The hub does not answer."]
    station.bench.worklist.down = False
    station.refresh()
    assert station.facts() == []


def test_cases_of_other_sites_are_never_shown(station: Station) -> None:
    station.bench.worklist.rows["2.25.3"] = case(3, site_id="S2", patient_name="别院病人")
    station.refresh()
    assert station.page.cases.count() == 2
    assert station.page.cases.state_of("2.25.9002") == "Signed"
    with pytest.raises(KeyError):
        station.page.cases.state_of("2.25.9003")


def test_two_studies_of_one_patient_are_told_apart_by_their_day_and_each_patient_by_the_id(station: Station) -> None:
    one = replace(case(1), patient_name="王小明", patient_id="P7", modality="CT", description="胸部",
                  studied=datetime(2026, 3, 2, 4, tzinfo=UTC))  # fmt: skip
    later = replace(one, ups_instance_uid="2.25.2", study_instance_uid="2.25.9002",
                    studied=datetime(2026, 3, 5, 4, tzinfo=UTC))  # fmt: skip
    undated = replace(one, ups_instance_uid="2.25.3", study_instance_uid="2.25.9003", studied=None)
    station.bench.worklist.rows = {row.ups_instance_uid: row for row in (one, later, undated)}
    station.refresh()
    view = station.page.cases.list
    said = {str(view.model().index(at, 0).data()).rsplit(" · ", 1)[0] for at in range(3)}
    assert said == {"王小明 · P7 · CT 胸部 · 2026-03-02", "王小明 · P7 · CT 胸部 · 2026-03-05", "王小明 · P7 · CT 胸部"}
    view.resize(500, 160)
    assert not view.grab().isNull()


def test_a_refresh_keeps_selection_and_scroll_of_the_cases(qtbot: QtBot, station: Station) -> None:
    rows = {f"2.25.{n}": case(n) for n in range(1, 61)}
    station.bench.worklist.rows = rows
    station.refresh()
    view = station.page.cases.list
    view.setCurrentIndex(view.model().index(40, 0))
    view.verticalScrollBar().setValue(900)
    place = view.verticalScrollBar().value()
    rows["2.25.41"] = replace(rows["2.25.41"], state=ReadingState.READING)
    del rows["2.25.60"]
    station.refresh()
    assert place == 900
    assert view.verticalScrollBar().value() == 900
    assert view.currentIndex().row() == 40
    assert station.page.cases.state_of("2.25.90041") == "Reading"


def test_forty_reports_are_updated_in_place(qtbot: QtBot, station: Station) -> None:
    station.bench.inbox.reports = {f"2.25.{n}": returned_report(n) for n in range(1, 41)}
    station.refresh()
    qtbot.waitUntil(lambda: len(station.page.inbox.listed()) == 40)
    before = {uid: station.page.inbox.item(uid) for uid in station.page.inbox.listed()}
    station.page.activateWindow()
    before["2.25.20"].setFocus()
    station.bench.inbox.acknowledge("2.25.3")
    station.refresh()
    assert {uid: station.page.inbox.item(uid) for uid in before} == before
    assert station.page.inbox.listed()[-1] == "2.25.3"
    assert station.page.inbox.item("2.25.3").state_word() == "Acknowledged"
    assert station.page.focusWidget() is before["2.25.20"]


def test_old_reports_wait_behind_a_button_and_those_to_acknowledge_never_do(qtbot: QtBot, station: Station) -> None:
    done = {"acknowledged_at": "2026-11-20T12:00:00+00:00", "acknowledged_by": "何技师"}
    reports = {f"2.25.{n}": returned_report(n, **({} if n == 80 else done)) for n in range(1, 81)}
    station.bench.inbox.reports = reports
    station.refresh()
    qtbot.waitUntil(lambda: len(station.page.inbox.listed()) == 50)
    assert station.page.inbox.listed()[0] == "2.25.80"
    station.page.inbox._older.click()
    qtbot.waitUntil(lambda: len(station.page.inbox.listed()) == 80)


def test_the_summary_breaks_where_its_writer_broke_it(qtbot: QtBot) -> None:
    del qtbot
    assert two_lines("1. 右肺上叶结节。\n2. 余未见异常。\n3. 随访。", 400) == (
        "1. 右肺上叶结节。",
        "2. 余未见异常。 3. 随访。",
    )
    first, second = two_lines("Solid nodule in the right upper lobe, larger than before; contrast CT advised.", 200)
    assert f"{first} {second}".startswith("Solid nodule in the right")
    assert second.endswith("…")


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        (Verdict.VALID, "Signature valid"),
        (Verdict.ALTERED, "Report was altered"),
        (Verdict.UNTRUSTED, "Signer not trusted"),
        (Verdict.UNSIGNED, "Not signed"),
        (Verdict.UNKNOWN, "Signature cannot be checked"),
    ],
)
def test_a_report_opens_with_the_verdict_on_its_signature(
    qtbot: QtBot, station: Station, verdict: Verdict, word: str
) -> None:
    station.bench.verifier.result = VerificationResult("report.pdf.dcm", verdict, "what the check says")
    station.bench.inbox.reports = {"2.25.1": returned_report(1)}
    station.refresh()
    item: InboxItem = station.page.inbox.item("2.25.1")
    QTest.keyClick(item, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: station.page.paper.page_count == 1)
    assert station.page.verdict_text() == word
    assert station.page.explanation().startswith("what the check says")


def test_the_heading_of_a_returned_report_names_patient_id_exam_and_day(qtbot: QtBot, station: Station) -> None:
    station.bench.inbox.reports = {
        "2.25.1": returned_report(1, patient_id="QS0118793", studied="2025-12-08T04:00:00+00:00")
    }
    station.refresh()
    station.page.inbox.chosen.emit("2.25.1")
    qtbot.waitUntil(lambda: station.page.paper.page_count == 1, timeout=5000)
    assert station.page._report_who.text() == "病人1 · QS0118793 · 2025-12-08 · 胸部低剂量 LDCT"


def test_a_report_that_cannot_be_fetched_leaves_nothing_of_another_on_the_page(qtbot: QtBot, station: Station) -> None:
    station.bench.inbox.reports = {"2.25.1": returned_report(1), "2.25.2": returned_report(2)}
    station.refresh()
    station.page.inbox.item("2.25.1").pressed.emit("2.25.1")
    qtbot.waitUntil(lambda: station.page.paper.page_count == 1)
    station.bench.retrieve.fail_with = IntegrityMismatch("The report arrived damaged.", hint="Open it again.")
    station.page.inbox.item("2.25.2").pressed.emit("2.25.2")
    qtbot.waitUntil(lambda: station.page.verdict_text() == "Not checked")
    assert station.page.paper.page_count == 0
    assert station.page.paper.message() == "The report arrived damaged.\n\nOpen it again."


def test_a_signed_case_opens_its_report(qtbot: QtBot, station: Station) -> None:
    station.bench.inbox.reports = {"2.25.2": returned_report(2)}
    station.refresh()
    station.page.cases.chosen.emit("2.25.9001")
    assert station.bench.retrieve.asked == []
    station.page.cases.chosen.emit("2.25.9002")
    qtbot.waitUntil(lambda: station.bench.retrieve.asked == ["2.25.722"])


def test_acknowledging_confirms_the_receipt_once(qtbot: QtBot, station: Station) -> None:
    station.bench.inbox.reports = {"2.25.1": returned_report(1)}
    station.refresh()
    button = station.page.inbox.item("2.25.1").acknowledge
    button.click()
    button.click()
    qtbot.waitUntil(lambda: bool(station.toasts))
    assert station.toasts == ["Receipt confirmed"]
    assert station.bench.inbox.acknowledged == ["2.25.1"]
    assert station.page.inbox.item("2.25.1").state_word() == "Acknowledged"
    assert not button.isVisible()


def test_a_receipt_that_did_not_reach_the_hub_can_be_confirmed_again(qtbot: QtBot, station: Station) -> None:
    station.bench.inbox.reports = {"2.25.1": returned_report(1)}
    station.refresh()
    station.bench.inbox.fail_with = Unreachable("The hub does not answer.")
    button = station.page.inbox.item("2.25.1").acknowledge
    button.click()
    qtbot.waitUntil(button.isEnabled)
    assert station.facts() == ["The hub does not answer."]
    station.bench.inbox.fail_with = None
    station.page.notices.notices()[0].actions[0].handler()
    qtbot.waitUntil(lambda: station.bench.inbox.acknowledged == ["2.25.1"])


def test_in_a_narrow_window_the_columns_are_tabs_and_a_report_comes_to_the_front(
    qtbot: QtBot, station: Station
) -> None:
    station.bench.inbox.reports = {"2.25.1": returned_report(1)}
    station.refresh()
    station.page.resize(1302, 740)
    station.page.tabs.pick("inbox")
    assert not station.page.send.isVisible()
    station.page.inbox.item("2.25.1").pressed.emit("2.25.1")
    qtbot.waitUntil(lambda: station.page.paper.page_count == 1)
    assert station.page.tabs.current() == "cases"
    assert station.page.minimumSizeHint().width() <= 1302


def test_a_sender_sees_what_follows_a_report_and_what_does_not_hold_any_more(qtbot: QtBot) -> None:
    plain = returned_report()
    corrected = replace(plain, ups_instance_uid="2.25.2", kind=ReportKind.CORRECTED, change_reason="wrong side")
    superseded = replace(plain, ups_instance_uid="2.25.3", superseded_by="2.25.2")
    withdrawn = replace(
        plain, ups_instance_uid="2.25.4", withdrawn_code=WithdrawalCode.WRONG_PATIENT, withdrawn_reason="other person"
    )
    panel = InboxPanel()
    qtbot.addWidget(panel)
    panel.show_reports((plain, corrected, superseded, withdrawn))

    words = [panel.item(uid).standing_word() for uid in ("2.25.1", "2.25.2", "2.25.3", "2.25.4")]

    assert words == ["", "Corrected report", "Superseded", "Withdrawn"]
    assert [panel.item(uid).acknowledge.isVisibleTo(panel) for uid in ("2.25.2", "2.25.4")] == [True, True]


def test_a_report_that_was_altered_leaves_the_list_of_sent_studies_as_high_as_a_valid_one(station: Station) -> None:
    page = station.page
    page.show()
    page.resize(1318, 740)  # beside the rail of a window of 1366 x 768
    paper = np.full((1170, 827, 3), 233, np.uint8)
    heights = []
    for verdict, said in ((Verdict.VALID, ""), (Verdict.ALTERED, "The content was changed after it was signed")):
        page.show_report("周丽华", [paper], VerificationResult("report.pdf", verdict, said, "王启明"))
        page.timeline.show_events([TimelineEvent(cases.NOON, step, "王启明", "HIS", "") for step in TimelineStep])
        station.qtbot.wait(50)
        heights.append(page.cases.height())
    assert heights[0] > 200
    assert heights[1] >= heights[0] - 40
