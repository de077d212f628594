"""What a reader sees of the report's way: what follows a signed report, why one came back, and what changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.desk import DeskBench, preliminary
from tests.helpers.fakes import RESIDENT
from workstation.domain.critical import LEVELS, CriticalSource, CriticalValue, Party
from workstation.domain.errors import AlreadyClaimed
from workstation.domain.report import Person, Report
from workstation.domain.report_state import ReportKind, ReportState, ReturnCode, WithdrawalCode
from workstation.domain.report_version import CaseRules, DoubleReadingState, ReportVersion, VersionStep
from workstation.domain.succession import successor
from workstation.domain.workitem import Claim, ReadingState
from workstation.services.report_workflow import signed_objects
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.report_presenter import ReportPresenter
from workstation.ui.report.version_dialog import VersionDialog
from workstation.ui.report.way_dialogs import ReasonedDialog, SendBackDialog

pytestmark = pytest.mark.gui
SIGNER = Person("expert", "王启明", "省影像专科联盟远程诊断中心")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[DeskBench]:
    del qtbot
    made = DeskBench()
    yield made
    made.close()


def shown(bench: DeskBench) -> tuple[ReportPage, ReportPresenter]:
    page, presenter = bench.page()
    page.resize(1856, 1052)
    page.show()
    return page, presenter


def signed(before: Report | None = None) -> Report:
    start = before or cases.report(values=cases.complete_values())
    return replace(start.moved(ReportState.FINAL, at=cases.NOON), verifier=SIGNER, signed_at=cases.NOON)


def put_signed(bench: DeskBench, report: Report) -> None:
    bench.reports.stored = report
    bench.row = replace(bench.row, state=ReadingState.FINAL)
    bench.worklist.current = bench.row


def following(kind: ReportKind) -> Report:
    before = signed()
    return successor(
        before,
        kind,
        reason="wrong side",
        objects=signed_objects(before),
        report_uid="2.25.70",
        ups_instance_uid=cases.row().ups_instance_uid,
        author=SIGNER,
        at=cases.NOON,
    )


def version(number: int, report: Report, step: VersionStep, reason: str = "") -> ReportVersion:
    return ReportVersion(number, step, "王启明", cases.NOON, reason, report)


def dialog_of(presenter: ReportPresenter) -> ReasonedDialog:
    made = presenter.way.dialog
    assert isinstance(made, ReasonedDialog)
    return made


def test_a_signed_report_is_followed_by_another_once_kind_and_reason_are_given(qtbot: QtBot, bench: DeskBench) -> None:
    put_signed(bench, signed())
    page, presenter = shown(bench)
    bench.open(qtbot.waitUntil, read_only=True)
    assert [page.way.follow_up.isVisible(), page.way.withdraw.isVisible(), page.way.give_up.isVisible()] == [
        True,
        True,
        False,
    ]

    def begun(claim: Claim) -> None:
        bench.worklist.current = replace(
            bench.row, ups_instance_uid=claim.ups_instance_uid, state=ReadingState.READING, reader_id="expert"
        )

    bench.workflow.on_revise = begun
    page.way.follow_up.click()
    dialog = dialog_of(presenter)
    assert dialog.primary is not None
    assert dialog.primary.toolTip() == "Choose what it is first"
    dialog.choice.choose("addendum")
    dialog.reason.setPlainText("prior arrived")
    with qtbot.waitSignal(bench.desk.opened):
        dialog.accept()

    session = bench.desk.session
    assert session is not None
    ((_ups, kind, predecessor, claim),) = bench.workflow.revised
    assert (kind, predecessor, claim) == (ReportKind.ADDENDUM, signed().report_uid, session.claim)
    assert (session.report.kind, session.report.change_reason) == (ReportKind.ADDENDUM, "prior arrived")
    assert page.way.said.text().startswith("Addendum to what 王启明 signed at ")
    assert page.sign.toolTip() == "The addendum says nothing yet"
    page.way.addendum.setPlainText("No change since the prior.")
    assert session.report.addendum == "No change since the prior."
    assert page.sign.isEnabled()
    assert page.form.isEnabled()


def test_who_is_slower_is_told_who_writes(qtbot: QtBot, bench: DeskBench) -> None:
    put_signed(bench, signed())
    page, presenter = shown(bench)
    bench.open(qtbot.waitUntil, read_only=True)
    bench.workflow.error = AlreadyClaimed("李明 is already reading this case", hint="Ask.")
    page.way.follow_up.click()
    dialog = dialog_of(presenter)
    dialog.choice.choose("corrected")
    dialog.reason.setPlainText("wrong side")
    dialog.accept()
    qtbot.waitUntil(lambda: bool(page.notices.notices()))
    assert page.notices.notices()[0].fact == "李明 is already reading this case"
    assert bench.drafts.kept == {}


def test_an_addendum_that_lacks_its_words_is_found_by_locate(qtbot: QtBot, bench: DeskBench) -> None:
    bench.reports.stored = following(ReportKind.ADDENDUM)
    page, _presenter = shown(bench)
    bench.open(qtbot.waitUntil)
    page.locate_requested.emit("addendum")
    assert page.focusWidget() is page.way.addendum


def test_the_author_reads_first_why_the_report_came_back(qtbot: QtBot) -> None:
    bench = DeskBench(actor=RESIDENT)
    codes = (ReturnCode.SIDE_OR_PART, ReturnCode.WORDING)
    bench.reports.stored = preliminary().moved(
        ReportState.RETURNED, at=cases.NOON, reason="left, not right", codes=codes
    )
    page, _presenter = shown(bench)
    bench.open(qtbot.waitUntil)
    (notice,) = page.notices.notices()
    bench.close()
    assert (notice.fact, notice.still_works) == (
        "This report was sent back to you",
        "Side or part · Wording: left, not right",
    )


def test_a_senior_sends_back_with_coded_reasons(qtbot: QtBot, bench: DeskBench) -> None:
    bench.reports.stored = preliminary()
    page, _presenter = shown(bench)
    bench.open(qtbot.waitUntil)
    page.give_back.click()
    dialog = page.findChild(SendBackDialog)
    assert isinstance(dialog, SendBackDialog)
    dialog.boxes[ReturnCode.MISSED].setChecked(True)
    dialog.reason.setPlainText("the second nodule")
    with qtbot.waitSignal(bench.desk.returned):
        dialog.accept()
    assert bench.reports.stored is not None
    assert bench.reports.stored.return_codes == (ReturnCode.MISSED,)


def test_where_a_second_doctor_signs_the_page_says_so_before_any_pin(qtbot: QtBot, bench: DeskBench) -> None:
    bench.workflow.case_rules = CaseRules(second_signer=True)
    page, _presenter = shown(bench)
    bench.open(qtbot.waitUntil)
    assert not page.sign.isVisible()
    assert page.submit.isVisible()
    assert page.way.rule.text() == "A second doctor has to sign: submit the report for review."


def test_a_blind_reading_is_submitted_and_readings_that_disagree_lie_side_by_side(
    qtbot: QtBot, bench: DeskBench
) -> None:
    bench.workflow.case_rules = CaseRules(double_reading=DoubleReadingState.READING)
    page, presenter = shown(bench)
    bench.open(qtbot.waitUntil)
    assert not page.sign.isVisible()
    assert page.way.rule.text().startswith("This case is read twice, blind")
    assert not page.way.readings.isVisible()
    bench.desk.close()
    bench.workflow.case_rules = CaseRules(double_reading=DoubleReadingState.ARBITRATION)
    bench.workflow.both = (preliminary(), replace(preliminary(), values={"impression": "another"}))
    bench.open(qtbot.waitUntil)
    assert page.sign.isVisible()
    page.way.readings.click()
    qtbot.waitUntil(lambda: isinstance(presenter.way.dialog, VersionDialog))
    dialog = presenter.way.dialog
    assert isinstance(dialog, VersionDialog)
    assert [dialog.before.itemText(at) for at in range(2)] == ["Reading 1: 宋佳", "Reading 2: 宋佳"]
    assert "another" in dialog.text.toPlainText()


def test_a_waiting_case_is_marked_for_two_readings(qtbot: QtBot, bench: DeskBench) -> None:
    page, _presenter = shown(bench)
    bench.open(qtbot.waitUntil, read_only=True)
    page.way.double.click()
    qtbot.waitUntil(lambda: bench.workflow.ordered == [bench.row.ups_instance_uid])


def test_the_history_tells_changes_by_signs_and_by_colour(qtbot: QtBot, bench: DeskBench) -> None:
    first = signed()
    corrected = signed(
        following(ReportKind.CORRECTED).with_values({**first.values, "impression": "左肺"}, at=cases.NOON)
    )
    put_signed(bench, corrected)
    bench.workflow.history = (
        version(1, first, VersionStep.SIGNED),
        version(2, corrected, VersionStep.SIGNED, "wrong side"),
    )
    page, presenter = shown(bench)
    bench.open(qtbot.waitUntil, read_only=True)
    page.way.versions.click()
    qtbot.waitUntil(lambda: isinstance(presenter.way.dialog, VersionDialog))
    dialog = presenter.way.dialog
    assert isinstance(dialog, VersionDialog)
    assert dialog.before.currentText().startswith("1 · Final · signed by 王启明 · 2026-11-21 ")
    assert dialog.after.currentText().startswith("2 · Corrected · signed by 王启明 · ")
    assert dialog.reasons[1].text().startswith("wrong side · SHA-256 ")
    shown_text = dialog.text.toPlainText()
    assert "[+wrong side+]" in shown_text
    assert "[-" in shown_text
    assert "左" in shown_text
    found = dialog.text.document().find("wrong side")
    assert isinstance(found, QTextCursor)
    assert found.charFormat().fontUnderline()
    dialog.only_changes.setChecked(False)
    assert len(dialog.text.toPlainText()) > len(shown_text)
    dialog.after.setCurrentIndex(0)
    dialog.after.activated.emit(0)
    dialog.only_changes.setChecked(True)
    assert dialog.text.toPlainText() == "The texts of both versions are the same."


def test_a_case_without_history_says_so(qtbot: QtBot, bench: DeskBench) -> None:
    page, presenter = shown(bench)
    bench.open(qtbot.waitUntil, read_only=True)
    page.way.versions.click()
    qtbot.waitUntil(lambda: isinstance(presenter.way.dialog, VersionDialog))
    dialog = presenter.way.dialog
    assert isinstance(dialog, VersionDialog)
    assert dialog.text.toPlainText() == "There is no version yet: nothing was submitted or signed."


def test_one_version_alone_is_not_said_to_be_the_same_as_itself(qtbot: QtBot, bench: DeskBench) -> None:
    page, presenter = shown(bench)
    bench.open(qtbot.waitUntil)
    page.way.versions.click()
    qtbot.waitUntil(lambda: isinstance(presenter.way.dialog, VersionDialog))
    dialog = presenter.way.dialog
    assert isinstance(dialog, VersionDialog)
    assert dialog.before.count() == 1
    assert dialog.text.toPlainText() == "There is one version only so far."


def test_a_report_is_given_up_with_a_reason_and_its_words_stay_in_the_history(qtbot: QtBot, bench: DeskBench) -> None:
    page, presenter = shown(bench)
    bench.open(qtbot.waitUntil)
    page.way.give_up.click()
    dialog = dialog_of(presenter)
    dialog.reason.setPlainText("examination withdrawn")
    with qtbot.waitSignal(bench.desk.given_up):
        dialog.accept()
    (cancelled,) = bench.workflow.cancelled
    assert (cancelled.state, cancelled.ended_reason) == (ReportState.CANCELLED, "examination withdrawn")
    assert bench.drafts.kept == {}
    assert page.way.said.text() == "Does not hold: examination withdrawn"
    assert not page.sign.isVisible()

    page.way.versions.click()
    qtbot.waitUntil(lambda: isinstance(presenter.way.dialog, VersionDialog))
    history = presenter.way.dialog
    assert isinstance(history, VersionDialog)
    assert history.before.itemText(0).startswith("Draft on this machine")


def test_a_report_of_the_wrong_patient_is_withdrawn_with_a_note(qtbot: QtBot, bench: DeskBench) -> None:
    final = signed()
    put_signed(bench, final)
    bench.workflow.history = (version(1, final, VersionStep.SIGNED),)
    page, presenter = shown(bench)
    bench.open(qtbot.waitUntil, read_only=True)
    page.way.withdraw.click()
    dialog = dialog_of(presenter)
    assert dialog.primary is not None
    assert not dialog.primary.isEnabled()
    dialog.choice.choose("wrong_patient")
    dialog.reason.setPlainText("other person")
    dialog.accept()
    qtbot.waitUntil(lambda: page.way.said.text() == "Does not hold: other person")
    ((uid, code, reason, outputs),) = bench.workflow.withdrawn
    assert (uid, code, reason, len(outputs)) == (final.report_uid, WithdrawalCode.WRONG_PATIENT, "other person", 1)
    assert bench.images.stored == [b"rejection of 2 objects"]


def test_an_addendum_takes_up_the_record_of_the_call_once(qtbot: QtBot, bench: DeskBench) -> None:
    draft = following(ReportKind.ADDENDUM)
    bench.reports.stored = signed()
    bench.drafts.save(draft)
    page, _presenter = shown(bench)
    bench.open(qtbot.waitUntil)
    session = bench.desk.session
    assert session is not None
    assert not page.way.record.isVisible()
    value = CriticalValue(
        "2.25.8", draft.study_instance_uid, "2.25.7", "", LEVELS[1], "张力性气胸", CriticalSource.READER,
        Party("expert", "王启明", "senior", ""), cases.NOON,
    )  # fmt: skip
    session.know_critical((value,))
    page.way.addendum.setPlainText("补充如下。")
    page.way.record.click()
    page.way.record.click()

    lines = session.report.addendum.splitlines()
    assert lines[:2] == ["补充如下。", "危急所见：张力性气胸（1 级）"]
    assert lines[3:] == ["签发时尚未复述确认", "签发时尚未署名：通报方、接收方"]


def test_in_an_addendum_no_button_offers_to_change_the_signed_content(qtbot: QtBot, bench: DeskBench) -> None:
    bench.reports.stored = signed()
    bench.drafts.save(following(ReportKind.ADDENDUM))
    page, presenter = shown(bench)
    bench.open(qtbot.waitUntil)
    session = bench.desk.session
    assert session is not None
    assert session.report.kind is ReportKind.ADDENDUM
    assert (page.tools.template.isVisible(), page.tools.offers) == (False, {})

    before = session.report
    session._open.template = chest = replace(session.template, template_id="ct-other", categories=("lung-rads",))
    page.tools.template_requested.emit()
    page.tools.category_requested.emit("lung-rads")
    page.tools.category_dropped.emit("lung-rads")
    presenter.tools.use_template(replace(chest, template_id="ct-third"))
    assert (presenter.tools.dialog, page.tools.findChildren(QMenu), session.report) == (None, [], before)
