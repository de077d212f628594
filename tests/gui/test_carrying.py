"""What a reader sees of carrying the text of a withdrawn report to the right study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Event

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.desk import DeskBench
from workstation.domain.audit import AuditAction
from workstation.domain.errors import DiskFull, Unreachable
from workstation.domain.finding import FindingList
from workstation.domain.report import Person, Report
from workstation.domain.report_state import ReportState, WithdrawalCode
from workstation.domain.report_version import ReportVersion, VersionStep
from workstation.domain.study import Patient
from workstation.domain.withdrawn import Withdrawn
from workstation.domain.workitem import OutputReference, ReadingState
from workstation.services.carry_over import CarriedText
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.report_presenter import ReportPresenter
from workstation.ui.report.carry_dialog import CarryDialog
from workstation.ui.report.way_dialogs import ReasonedDialog

pytestmark = pytest.mark.gui
SIGNER = Person("expert", "王启明", "省影像专科联盟远程诊断中心")
RIGHT = Patient("QS0200001", "赵建国", "19550102", "M")


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


def signed() -> Report:
    start = cases.report(values=cases.complete_values())
    return replace(start.moved(ReportState.FINAL, at=cases.NOON), verifier=SIGNER, signed_at=cases.NOON)


def withdraw(qtbot: QtBot, bench: DeskBench) -> tuple[ReportPage, ReportPresenter]:
    """Open a signed report and withdraw it as another patient's."""
    page, presenter = ask_to_withdraw(qtbot, bench)
    qtbot.waitUntil(lambda: page.way.said.text() == "Does not hold: other person")
    assert not page.way.carry.isVisible()
    return page, presenter


def ask_to_withdraw(qtbot: QtBot, bench: DeskBench) -> tuple[ReportPage, ReportPresenter]:
    """Open a signed report and ask the hub to withdraw it."""
    bench.reports.stored = final = signed()
    bench.row = bench.worklist.current = replace(bench.row, state=ReadingState.FINAL)
    bench.workflow.history = (ReportVersion(1, VersionStep.SIGNED, "王启明", cases.NOON, "", final),)
    page, presenter = bench.page()
    page.resize(1856, 1052)
    page.show()
    bench.open(qtbot.waitUntil, read_only=True)
    page.way.withdraw.click()
    dialog = presenter.way.dialog
    assert isinstance(dialog, ReasonedDialog)
    dialog.choice.choose(WithdrawalCode.WRONG_PATIENT.value)
    dialog.reason.setPlainText("other person")
    dialog.accept()
    return page, presenter


def open_right(qtbot: QtBot, bench: DeskBench) -> None:
    """Leave the case and claim the study of the right patient."""
    bench.desk.close()
    qtbot.waitUntil(lambda: bench.desk.session is None)
    bench.images.the_study = replace(cases.study(uid="1.2.4"), patient=RIGHT)
    bench.findings.result = FindingList("1.2.4")
    bench.reports.stored = None
    bench.row = bench.worklist.current = replace(
        cases.row(), ups_instance_uid="2.25.18", study_instance_uid="1.2.4", patient_id=RIGHT.patient_id,
        patient_name=RIGHT.name, sex="M", birth_date=RIGHT.birth_date,
    )  # fmt: skip
    bench.open(qtbot.waitUntil)


def carry_dialog(presenter: ReportPresenter) -> CarryDialog:
    dialog = presenter.way.carrying.dialog
    assert isinstance(dialog, CarryDialog)
    return dialog


def test_the_text_of_a_withdrawn_report_is_taken_over_once_the_right_patient_is_named(
    qtbot: QtBot, bench: DeskBench
) -> None:
    page, presenter = withdraw(qtbot, bench)
    (withdrawn,) = [one for one in page.notices.notices() if one.key == "report-way"]
    assert "Its text waits, encrypted on this machine, until you take it over in the right study or" in str(withdrawn)
    open_right(qtbot, bench)
    qtbot.waitUntil(page.way.carry.isVisible)
    page.way.carry.click()
    dialog = carry_dialog(presenter)
    assert dialog.primary is not None
    dialog.typed.setText("QS0118793")
    assert not dialog.primary.isEnabled()
    dialog.accept()
    assert presenter.way.carrying.dialog is dialog
    dialog.typed.setText("qs0200001")
    assert dialog.primary.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Return)

    session = bench.desk.session
    assert session is not None
    qtbot.waitUntil(lambda: bool(session.report.links))
    qtbot.waitUntil(lambda: not page.way.carry.isVisible())
    assert session.report.values["impression"] == cases.complete_values()["impression"]
    assert AuditAction.REPORT_TEXT_CARRIED in bench.audit.actions
    (notice,) = [one for one in page.notices.notices() if one.key == "report-carrying"]
    assert notice.fact == "2 fields were taken over"
    qtbot.waitUntil(lambda: not bench.withdrawn.kept)
    assert bench.drafts.kept["1.2.4", "expert"].values == session.report.values, "the draft is on disk before it goes"


def test_a_study_without_a_patient_id_is_named_by_another_number(qtbot: QtBot, bench: DeskBench) -> None:
    del bench
    withdrawn = Withdrawn(
        signed().moved(ReportState.ENTERED_IN_ERROR, at=cases.NOON, reason="other person"),
        cases.study(),
        WithdrawalCode.WRONG_PATIENT,
    )
    nameless = replace(cases.study(uid="1.2.4"), patient=replace(RIGHT, patient_id=""))
    by_number = CarryDialog(None, (withdrawn,), nameless)
    by_day = CarryDialog(None, (withdrawn,), replace(nameless, accession_number=""))
    for dialog in (by_number, by_day):
        qtbot.addWidget(dialog)
    assert by_number.typed.accessibleName() == "Type the accession number of this study"
    assert by_day.typed.accessibleName() == "Type the date of this study as eight digits"
    QTest.keyClick(by_day, Qt.Key.Key_A)
    with qtbot.waitSignal(by_day.confirmed) as told:
        by_day.typed.setText("20261121")
        by_day.accept()
    assert told.args == [withdrawn, "20261121"]


def test_what_the_hub_could_not_record_is_not_taken_over_and_stays_on_offer(qtbot: QtBot, bench: DeskBench) -> None:
    page, presenter = withdraw(qtbot, bench)
    open_right(qtbot, bench)
    qtbot.waitUntil(page.way.carry.isVisible)
    bench.audit.fail_with = Unreachable("The hub does not answer")
    page.way.carry.click()
    dialog = carry_dialog(presenter)
    dialog.typed.setText("QS0200001")
    dialog.accept()
    qtbot.waitUntil(lambda: any(one.fact == "The hub does not answer" for one in page.notices.notices()))

    session = bench.desk.session
    assert session is not None
    assert session.report.links == ()
    assert page.way.carry.isVisible()
    page.way.carry.click()
    carry_dialog(presenter)
    bench.desk.close()
    qtbot.waitUntil(lambda: presenter.way.carrying.dialog is None)


def test_the_text_is_on_offer_though_the_case_was_left_before_the_hub_answered(
    qtbot: QtBot, bench: DeskBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answer, withdraw_at_hub = Event(), Event(), bench.workflow.withdraw

    def late(ups: str, uid: str, code: WithdrawalCode, reason: str, outputs: Sequence[OutputReference]) -> Report:
        asked.set()
        answer.wait(10)
        return withdraw_at_hub(ups, uid, code, reason, outputs)

    monkeypatch.setattr(bench.workflow, "withdraw", late)
    page, presenter = ask_to_withdraw(qtbot, bench)
    qtbot.waitUntil(asked.is_set)  # the hub has it before the fakes tell of another case
    open_right(qtbot, bench)
    assert not page.way.carry.isVisible()
    answer.set()

    qtbot.waitUntil(page.way.carry.isVisible)
    page.way.carry.click()
    assert carry_dialog(presenter).typed.isVisible()
    assert page.way.said.text() == ""


def test_words_without_a_field_are_told_and_a_template_without_words_keeps_the_offer(
    qtbot: QtBot, bench: DeskBench
) -> None:
    """The template of the withdrawn report is gone, and the open one has fewer fields, or none for words."""
    page, presenter = withdraw(qtbot, bench)
    open_right(qtbot, bench)
    session = bench.desk.session
    assert session is not None
    carrying, whole = presenter.way.carrying, session.template
    carried = CarriedText({"own_field": "右肺上叶结节 12 mm", "impression": "右肺上叶结节。"}, None, "2026-11-21")
    session._open.template = replace(
        whole, sections=(replace(whole.sections[0], fields=whole.sections[0].fields[1:3]),)
    )
    (kept,) = bench.withdrawn.kept.values()
    carrying._put(session, kept, carried)
    assert [one.fact for one in page.notices.notices() if one.key == "report-carrying"] == [
        "This template has no field for the words"
    ]
    assert carrying.may(session)

    session._open.template = whole
    carrying._put(session, kept, carried)
    (notice,) = [one for one in page.notices.notices() if one.key == "report-carrying"]
    assert session.report.values["impression"] == "右肺上叶结节。\n右肺上叶结节 12 mm"
    assert "1 field is not in this template: its words stand below the findings." in str(notice)
    assert not carrying.may(session)


def test_the_text_waits_over_sign_out_and_restart_until_it_is_used(qtbot: QtBot, bench: DeskBench) -> None:
    withdraw(qtbot, bench)
    (kept,) = bench.withdrawn.kept.values()
    later = DeskBench()  # another window, another desk: only what the disk has is the same
    try:
        later.withdrawn.kept = {"2.25.7": kept.without_images()}
        page, presenter = later.page()
        page.resize(1310, 740)
        page.show()
        open_right(qtbot, later)
        qtbot.waitUntil(page.way.carry.isVisible)
        page.way.carry.click()
        dialog = carry_dialog(presenter)
        assert "other person" in dialog.why.text()
        assert page.way.mapTo(page, QPoint(page.way.width(), 0)).x() <= page.width(), "a long word cuts nothing off"
        assert not dialog.which.isVisible()
        dialog.typed.setText("QS0200001")
        dialog.accept()
        qtbot.waitUntil(lambda: not later.withdrawn.kept)
        assert later.drafts.kept["1.2.4", "expert"].values["impression"] == cases.complete_values()["impression"]
    finally:
        later.close()


def test_a_text_is_deleted_from_the_disk_only_once_the_draft_that_has_it_is_there(
    qtbot: QtBot, bench: DeskBench
) -> None:
    page, presenter = withdraw(qtbot, bench)
    open_right(qtbot, bench)
    qtbot.waitUntil(page.way.carry.isVisible)
    bench.drafts.fail_with = DiskFull("The disk of this machine is full")
    page.way.carry.click()
    dialog = carry_dialog(presenter)
    dialog.typed.setText("QS0200001")
    dialog.accept()
    session = bench.desk.session
    assert session is not None
    qtbot.waitUntil(lambda: bool(session.report.links))
    assert len(bench.withdrawn.kept) == 1
    assert not page.way.carry.isVisible()
    bench.drafts.fail_with = None
    session.set_value("impression", "another pause")
    qtbot.waitUntil(lambda: not bench.withdrawn.kept)


def test_a_refused_text_goes_after_a_question_and_is_never_offered_again(qtbot: QtBot, bench: DeskBench) -> None:
    page, presenter = withdraw(qtbot, bench)
    open_right(qtbot, bench)
    qtbot.waitUntil(page.way.carry.isVisible)
    page.way.carry.click()
    carry_dialog(presenter).discard.click()
    confirm = presenter.way.carrying.confirm
    assert confirm is not None
    confirm.reject()
    assert len(bench.withdrawn.kept) == 1
    page.way.carry.click()
    carry_dialog(presenter).discard.click()
    confirm = presenter.way.carrying.confirm
    assert confirm is not None
    confirm.accept()
    qtbot.waitUntil(lambda: not page.way.carry.isVisible())
    assert not bench.withdrawn.kept


def test_of_several_waiting_texts_the_reader_chooses_one_and_types_the_identity_for_that_one(
    qtbot: QtBot, bench: DeskBench
) -> None:
    withdrawn = [
        Withdrawn(
            replace(signed().moved(ReportState.ENTERED_IN_ERROR, at=cases.NOON, reason=why), report_uid=uid),
            cases.study(),
            WithdrawalCode.WRONG_PATIENT,
        )
        for uid, why in (("2.25.71", "first"), ("2.25.72", "second"))
    ]
    bench.withdrawn.kept = {one.report.report_uid: one for one in withdrawn}
    page, presenter = bench.page()
    page.show()
    open_right(qtbot, bench)
    qtbot.waitUntil(page.way.carry.isVisible)
    page.way.carry.click()
    dialog = carry_dialog(presenter)
    assert dialog.which.isVisible()
    dialog.typed.setText("QS0200001")
    dialog.which.setCurrentIndex(1)
    assert dialog.typed.text() == ""
    assert "second" in dialog.why.text()
    dialog.typed.setText("QS0200001")
    dialog.accept()
    qtbot.waitUntil(lambda: list(bench.withdrawn.kept) == ["2.25.71"])
    qtbot.waitUntil(page.way.carry.isVisible)


def test_a_text_that_this_machine_could_not_keep_is_told_and_the_withdrawal_stands(
    qtbot: QtBot, bench: DeskBench
) -> None:
    bench.withdrawn.fail_with = DiskFull("The disk of this machine is full")
    page, _presenter = withdraw(qtbot, bench)
    (notice,) = [one for one in page.notices.notices() if one.key == "report-way"]
    assert "could not keep its text for the right study: The disk of this machine is full" in str(notice)


def test_a_waiting_text_that_does_not_open_is_told(qtbot: QtBot, bench: DeskBench) -> None:
    bench.withdrawn.unreadable = 1
    page, _presenter = bench.page()
    qtbot.waitUntil(lambda: any(one.key == "report-carrying" for one in page.notices.notices()))
    (notice,) = [one for one in page.notices.notices() if one.key == "report-carrying"]
    assert "cannot be opened" in notice.fact
