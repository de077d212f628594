"""What a reader sees on the report page on each act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.desk import DeskBench, preliminary
from tests.helpers.fakes import RESIDENT
from workstation.domain.errors import DiskFull, NoLongerUpdatable, TemplateViolation, Unreachable
from workstation.domain.known_prior import KnownPrior
from workstation.services.reading_session import ReadingSession
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.report_presenter import ReportPresenter
from workstation.ui.report.checks import CRITICAL_TARGET
from workstation.ui.report.way_dialogs import SendBackDialog
from workstation.ui.widgets.form_field import FormField
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.state_line import StepState

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


class Desk:
    """A shown page with its case."""

    def __init__(self, qtbot: QtBot, bench: DeskBench) -> None:
        self.bench, self.qtbot = bench, qtbot
        self.page, self.presenter = self.add_page()

    def add_page(self) -> tuple[ReportPage, ReportPresenter]:
        page, presenter = self.bench.page(certificate="" if self.bench.actor is RESIDENT else "CN=王启明")
        page.resize(1856, 1052)
        page.show()
        return page, presenter

    @property
    def session(self) -> ReadingSession:
        assert self.bench.desk.session is not None
        return self.bench.desk.session

    def open(self, *, read_only: bool = False) -> Desk:
        self.bench.open(self.qtbot.waitUntil, read_only=read_only)
        return self

    def drawn(self) -> None:
        self.qtbot.waitUntil(lambda: self.page.paper.page_count > 0)


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[DeskBench]:
    del qtbot
    made = DeskBench()
    yield made
    made.close()


@pytest.fixture
def desk(qtbot: QtBot, bench: DeskBench) -> Desk:
    return Desk(qtbot, bench)


def test_without_a_case_the_page_says_where_to_get_one(desk: Desk) -> None:
    assert not desk.page.sign.isVisible()
    assert not desk.page.state_line.isVisible()


def test_each_blocker_is_listed_and_locate_puts_the_cursor_into_its_field(desk: Desk) -> None:
    desk.open()
    assert desk.page.checks.lines() == [
        (False, "Technique is empty"),
        (False, "Impression is empty"),
        (True, "Every AI mark is decided"),
    ]
    assert not desk.page.sign.isEnabled()
    assert desk.page.sign.toolTip() == "Technique is empty"
    desk.page.checks.locate(1).click()
    assert desk.page.focusWidget() is desk.page.form.field("impression").editor


def test_an_undecided_mark_leads_to_the_images(qtbot: QtBot) -> None:
    bench = DeskBench(findings=(cases.ai_finding(1),))
    desk = Desk(qtbot, bench).open()
    wanted: list[str] = []
    pages: list[str] = []
    bench.desk.finding_wanted.connect(wanted.append)
    desk.page.go_to.connect(pages.append)
    assert desk.page.checks.lines()[0] == (False, "AI mark 1 is undecided")
    desk.page.checks.locate(0).click()
    bench.close()
    assert (pages, wanted) == (["reading"], ["2.25.1001"])


def test_typing_fills_the_report_and_frees_the_signature(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    QTest.keyClicks(desk.page.form.field("technique").editor, "low dose")
    QTest.keyClicks(desk.page.form.field("impression").editor, "nodule")
    assert desk.session.report.values == {"technique": "low dose", "impression": "nodule"}
    assert desk.page.sign.isEnabled()
    assert [ok for ok, _text in desk.page.checks.lines()] == [True, True]


def test_a_number_outside_its_range_is_said_below_its_field(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    QTest.keyClicks(desk.page.form.field("ctdi").editor, "140")
    assert desk.page.form.field("ctdi").message() == "CTDIvol is not a number in its range"
    desk.page.form.field("ctdi").editor.setFocus()
    QTest.keyClick(desk.page.form.field("ctdi").editor, Qt.Key.Key_Backspace)
    assert desk.page.form.field("ctdi").message() == ""


def test_the_button_with_the_focus_stays_while_the_checks_change(desk: Desk) -> None:
    desk.open()
    desk.page.checks.locate(0).setFocus()
    before = desk.page.focusWidget()
    desk.session.set_value("impression", "结节")
    assert desk.page.focusWidget() is before


def test_normal_phrases_fill_empty_fields_in_the_language_of_the_report(desk: Desk) -> None:
    use_language(CHINESE)
    desk.open()
    use_language(ENGLISH)
    desk.page.fill_normal.click()
    assert desk.page.form.value("airways") == "气管及主支气管通畅。"
    assert desk.session.report.values["airways"] == "气管及主支气管通畅。"


def test_the_phrase_button_never_replaces_what_was_typed(desk: Desk) -> None:
    desk.open()
    desk.session.set_value("airways", "Secretions.")
    desk.page.form.field("airways").normal.click()
    assert desk.session.report.values["airways"] == "Secretions. Trachea and main bronchi patent."


def test_text_that_is_being_composed_survives_a_refresh(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    editor = desk.page.form.field("impression").editor
    assert isinstance(editor, GrowingText)
    editor.setFocus()
    QApplication.sendEvent(editor, QInputMethodEvent("jie jie", []))
    desk.session.set_value("impression", "changed elsewhere")
    assert editor.toPlainText() == ""
    commit = QInputMethodEvent("", [])
    commit.setCommitString("结节")
    QApplication.sendEvent(editor, commit)
    assert desk.session.report.values["impression"] == "结节"


class Windows(QObject):
    """Notes every widget that is shown as a window of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() is QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(type(watched).__name__)
        return False


def test_no_field_opens_as_a_window_of_its_own_and_takes_the_keyboard_away(qapp: QApplication) -> None:
    windows = Windows()
    qapp.installEventFilter(windows)
    items = cases.template().fields
    fields = [FormField(item, "", read_only=False, report_language="zh_CN") for item in items]
    qapp.removeEventFilter(windows)
    assert any(item.required for item in items)
    assert windows.shown == []
    for field in fields:
        field.deleteLater()


def test_letters_typed_into_a_field_are_text_and_nothing_else(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    pages: list[str] = []
    desk.page.go_to.connect(pages.append)
    QTest.keyClicks(desk.page.form.field("impression").editor, "wtzshdbaer123")
    assert desk.page.form.value("impression") == "wtzshdbaer123"
    assert pages == []


def test_control_enter_opens_the_sign_dialog_from_inside_a_text_field(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    desk.bench.fill()
    editor = desk.page.form.field("impression").editor
    desk.page.activateWindow()
    editor.setFocus()
    qtbot.waitUntil(editor.hasFocus)
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert desk.presenter.dialog is not None
    desk.presenter.dialog.reject()
    assert desk.presenter.dialog is None


def asked(desk: Desk) -> bool:
    """Tell whether the sign dialog stands, and put it away."""
    dialog = desk.presenter.dialog
    if dialog is not None:
        dialog.reject()
    return dialog is not None


@pytest.mark.parametrize("act", ["sign", "submit"])
def test_handing_over_waits_for_a_sphere_that_is_still_measured_and_goes_on_by_itself(qtbot: QtBot, act: str) -> None:
    bench = DeskBench() if act == "sign" else DeskBench(actor=RESIDENT)
    desk = Desk(qtbot, bench).open()
    bench.fill()
    toasts: list[str] = []
    desk.page.toast.connect(toasts.append)
    pending = bench.desk.pending
    pending.begin("sphere")

    (desk.page.sign if act == "sign" else desk.page.submit).click()
    assert not asked(desk)
    assert toasts == ["A sphere is still being measured: this goes on as soon as its values are there."]
    pending.end("sphere")
    if act == "sign":
        assert asked(desk)
    else:
        qtbot.waitUntil(lambda: toasts[1:] == ["Submitted for review"])
    bench.close()


def test_control_enter_leads_to_what_is_missing(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    desk.page.commands.trigger("report.sign")
    assert desk.presenter.dialog is None
    assert desk.page.focusWidget() is desk.page.form.field("technique").editor


def test_after_signing_the_page_is_read_only_and_says_signed(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    desk.bench.fill()
    toasts: list[str] = []
    desk.page.toast.connect(toasts.append)
    desk.page.sign.click()
    dialog = desk.presenter.dialog
    assert dialog is not None
    dialog.pin.edit.setText("1234")
    dialog.confirm.setChecked(True)
    qtbot.waitUntil(dialog.primary_button.isEnabled)
    dialog.primary_button.click()
    qtbot.waitUntil(lambda: desk.presenter.dialog is None)
    assert toasts == ["Signed; the report is on its way to the sender"]
    assert not desk.page.sign.isVisible()
    assert not desk.page.fill_normal.isVisible()
    editor = desk.page.form.field("impression").editor
    QTest.keyClicks(editor, "x")
    assert desk.page.form.value("impression") == cases.complete_values()["impression"]
    steps = {step.word: step for step in desk.page.state_line.steps()}
    assert steps["Signed"].state is StepState.DONE
    assert steps["Signed"].note.endswith("王启明")
    assert steps["Receipt"].state is StepState.NOW


def test_a_wrong_pin_is_said_in_the_dialog(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    desk.bench.fill()
    desk.page.sign.click()
    dialog = desk.presenter.dialog
    assert dialog is not None
    dialog.pin.edit.setText("0000")
    dialog.confirm.setChecked(True)
    qtbot.waitUntil(dialog.primary_button.isEnabled)
    dialog.primary_button.click()
    qtbot.waitUntil(lambda: dialog.pin.message() != "")
    assert dialog.isVisible()
    assert dialog.pin.message() == "wrong PIN for expert"
    dialog.reject()


def test_a_resident_submits_and_cannot_sign(qtbot: QtBot) -> None:
    bench = DeskBench(actor=RESIDENT)
    desk = Desk(qtbot, bench).open()
    bench.fill()
    assert not desk.page.sign.isVisible()
    assert desk.page.submit.isVisible()
    toasts: list[str] = []
    desk.page.toast.connect(toasts.append)
    free: list[bool] = []
    bench.desk.busy_changed.connect(lambda _busy: free.append(desk.page.form.isEnabled()))
    desk.page.submit.click()
    qtbot.waitUntil(lambda: bool(toasts))
    assert free[0] is False
    assert toasts == ["Submitted for review"]
    assert desk.page.form.isEnabled()
    assert not desk.page.submit.isVisible()
    bench.close()


def test_a_senior_sends_a_report_back_with_a_reason(qtbot: QtBot, desk: Desk) -> None:
    desk.bench.reports.stored = preliminary()
    desk.open()
    desk.page.give_back.click()
    dialog = desk.page.findChild(SendBackDialog)
    assert isinstance(dialog, SendBackDialog)
    assert dialog.primary is not None
    assert not dialog.primary.isEnabled()
    assert dialog.primary.toolTip() == "Write the reason first"
    dialog.reason.setPlainText("Add the prior examination.")
    toasts: list[str] = []
    desk.page.toast.connect(toasts.append)
    QTest.keyClick(dialog.reason, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(toasts))
    assert toasts == ["Sent back to the author"]
    assert desk.bench.reports.stored is not None
    assert desk.bench.reports.stored.return_reason == "Add the prior examination."
    assert ("Returned", "Add the prior examination.") in [(s.word, s.note) for s in desk.page.state_line.steps()]


def test_a_hub_that_fails_is_a_notice_and_the_work_goes_on(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.bench.reports.stored = preliminary()
    desk.open()

    def refuse(*_args: object) -> None:
        raise Unreachable("The hub does not answer.", hint="Check the network.")

    monkeypatch.setattr(desk.bench.reports, "send_back", refuse)
    desk.bench.desk.send_back("reason")
    qtbot.waitUntil(lambda: bool(desk.page.notices.notices()))
    notice = desk.page.notices.notices()[0]
    assert notice.fact == "The hub does not answer."
    assert notice.still_works == "Nothing is lost, and it is not repeated by itself: try again once the hub answers."
    assert desk.page.form.isEnabled()
    assert desk.page.sign.isEnabled()
    monkeypatch.undo()
    (again,) = notice.actions
    assert again.text == "Try again"
    with qtbot.waitSignal(desk.bench.desk.returned):
        again.handler()
    assert desk.page.notices.notices() == []


def test_a_report_that_the_hub_must_refuse_again_offers_no_second_try(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.bench.reports.stored = preliminary()
    desk.open()

    def refuse(*_args: object) -> None:
        raise NoLongerUpdatable("This case has moved on", hint="Refresh the worklist.")

    monkeypatch.setattr(desk.bench.reports, "send_back", refuse)
    desk.bench.desk.send_back("reason")
    qtbot.waitUntil(lambda: bool(desk.page.notices.notices()))
    notice = desk.page.notices.notices()[0]
    assert (notice.fact, notice.still_works, notice.actions) == ("This case has moved on", "Refresh the worklist.", ())


def test_the_ring_round_a_focused_button_of_the_checks_is_whole(desk: Desk) -> None:
    desk.open()
    button = desk.page.checks.locate(0)
    line = button.parentWidget()
    assert line is not None
    assert line.rect().contains(button.geometry().adjusted(-4, -4, 4, 4))


def test_a_read_only_case_offers_no_act(qtbot: QtBot, desk: Desk) -> None:
    desk.open(read_only=True)
    assert not desk.page.sign.isVisible()
    assert not desk.page.submit.isVisible()
    QTest.keyClicks(desk.page.form.field("impression").editor, "x")
    assert desk.session.report.values == {}


def test_a_full_disk_is_a_notice_that_goes_once_the_draft_is_saved(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    desk.bench.drafts.fail_with = DiskFull("The disk is full.")
    desk.session.set_value("impression", "结节")
    qtbot.waitUntil(lambda: bool(desk.page.notices.notices()))
    notice = desk.page.notices.notices()[0]
    assert notice.fact == "The disk is full."
    assert notice.still_works == "What you typed is kept here and saved as soon as the disk takes it."
    desk.page.commands.trigger("report.save")
    assert desk.page.notices.notices()[0].fact == "The disk is full."
    desk.bench.drafts.fail_with = None
    desk.page.commands.trigger("report.save")
    assert desk.page.notices.notices() == []
    assert desk.bench.drafts.kept["1.2.3", "expert"].values == {"impression": "结节"}


def test_the_window_asks_before_it_closes_over_an_unsaved_draft(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.open()
    assert desk.page.may_close()
    desk.bench.drafts.fail_with = DiskFull("The disk is full.")
    desk.session.set_value("impression", "结节")
    monkeypatch.setattr(ConfirmDialog, "exec", lambda _self: ConfirmDialog.DialogCode.Rejected)
    assert not desk.page.may_close()
    desk.bench.drafts.fail_with = None
    assert desk.page.may_close()


def test_a_language_switch_loses_nothing_and_the_old_page_hears_no_more(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    QTest.keyClicks(desk.page.form.field("impression").editor, "half a sentence")
    old = desk.page
    old.close_page()
    page, _presenter = desk.add_page()
    desk.bench.pages.pop(0)
    gone: list[object] = []
    old.destroyed.connect(lambda: gone.append("page"))
    old.deleteLater()
    qtbot.waitUntil(lambda: bool(gone))
    assert page.form.value("impression") == "half a sentence"
    desk.bench.desk.draft_failed.emit(DiskFull("The disk is full."))
    desk.bench.desk.failed.emit(Unreachable("The hub does not answer."))
    assert len(page.notices.notices()) == 2


def test_the_preview_shows_the_newest_version(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    desk.drawn()
    desk.bench.preview.gate.clear()
    desk.session.set_value("impression", "first")
    desk.presenter._draw()
    desk.session.set_value("impression", "second")
    desk.presenter._draw()
    desk.bench.preview.gate.set()
    qtbot.waitUntil(lambda: desk.bench.preview.drawn[-1].values == {"impression": "second"})
    assert desk.page.paper.page_count == 1


def test_a_character_without_a_glyph_is_said_in_words_on_the_paper(qtbot: QtBot, desk: Desk) -> None:
    desk.bench.preview.fail_with = TemplateViolation("The font lacks 𰻝.", hint="Write it another way.")
    desk.open()
    qtbot.waitUntil(lambda: desk.page.paper.message().startswith("The font"))
    assert desk.page.paper.message() == "The font lacks 𰻝.\n\nWrite it another way."


def test_one_patients_pages_never_stand_under_anothers_name(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    desk.drawn()
    desk.bench.desk.close()
    assert desk.page.paper.page_count == 0
    desk.open()
    assert desk.page.paper.page_count == 0
    assert desk.page.paper.message() == "Drawing the preview…"


def test_the_next_case_starts_with_its_own_text_and_nothing_to_undo(qtbot: QtBot, desk: Desk) -> None:
    desk.open()
    editor = desk.page.form.field("impression").editor
    assert isinstance(editor, GrowingText)
    QTest.keyClicks(editor, "words about the first patient")
    desk.bench.desk.close()
    desk.bench.drafts.kept.clear()
    desk.open()
    after = desk.page.form.field("impression").editor
    assert isinstance(after, GrowingText)
    after.undo()
    assert after.toPlainText() == ""
    assert desk.session.report.values == {}


def test_in_a_narrow_window_the_preview_is_a_tab_and_locate_brings_the_form_back(desk: Desk) -> None:
    desk.open()
    desk.page.resize(1302, 740)
    desk.page._tabs.pick("preview")
    assert desk.page.paper.isVisible()
    assert not desk.page.form.isVisible()
    desk.page.checks.locate(0).click()
    assert desk.page.form.isVisible()


def test_the_table_lists_accepted_findings_and_enter_shows_one_on_the_images(qtbot: QtBot) -> None:
    bench = DeskBench(findings=(cases.ai_finding(1), cases.ai_finding(2)))
    desk = Desk(qtbot, bench).open()
    wanted: list[str] = []
    bench.desk.finding_wanted.connect(wanted.append)
    desk.session.review.accept("2.25.1001")
    desk.session.review.accept("2.25.1002")
    rows = desk.page.form.nodules()
    assert [(row.number, row.diameter, row.slice_number) for row in rows] == [
        (1, "16.1\u2009mm", "1"),
        (2, "16.1\u2009mm", "1"),
    ]
    table = desk.page.form._nodules
    assert table is not None
    QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Return)
    bench.close()
    assert wanted == ["2.25.1002"]


def test_the_state_line_names_steps_times_and_people(qtbot: QtBot, desk: Desk) -> None:
    desk.bench.reports.stored = preliminary()
    desk.open()
    noon = cases.NOON.astimezone().strftime("%H:%M")
    assert [(s.word, s.state, s.note) for s in desk.page.state_line.steps()] == [
        ("Received", StepState.DONE, f"{noon} · 5/5"),
        ("AI pre-read", StepState.DONE, "AI marks: 1"),
        ("Claimed", StepState.DONE, "王启明"),
        ("Reading", StepState.DONE, f"{noon} · 宋佳"),
        ("Review", StepState.NOW, ""),
        ("Signed", StepState.TODO, ""),
        ("Receipt", StepState.TODO, ""),
    ]


def test_a_long_name_is_cut_on_the_page_and_whole_in_its_tooltip(qtbot: QtBot) -> None:
    name = "阿卜杜热合曼·买买提江 Abdurahman Muhammadjan van der Heijden"
    bench = DeskBench(row=replace(cases.row(), patient_name=name))
    desk = Desk(qtbot, bench).open()
    desk.page.resize(1302, 740)
    shown = desk.page._who
    bench.close()
    assert shown.toolTip() == name
    assert shown.width() <= 248
    assert desk.page.minimumSizeHint().width() <= 1302


def test_beside_sign_stands_how_much_is_left_and_leads_to_the_first(desk: Desk) -> None:
    desk.open()
    assert (desk.page.missing.text(), desk.page.missing.isVisible()) == ("2 left to do", True)
    desk.page.missing.click()
    assert desk.page.focusWidget() is desk.page.form.field("technique").editor
    QTest.keyClicks(desk.page.form.field("technique").editor, "low dose")
    assert desk.page.missing.text() == "1 left to do"
    desk.page.missing.click()
    assert desk.page.focusWidget() is desk.page.form.field("impression").editor
    QTest.keyClicks(desk.page.form.field("impression").editor, "nodule")
    assert not desk.page.missing.isVisible()


def test_the_signer_reads_the_day_of_the_exam_before_the_pin(desk: Desk) -> None:
    desk.open()
    desk.session.set_value("technique", "low dose")
    desk.session.set_value("impression", "nodule")
    desk.page.sign.click()
    dialog = desk.presenter.dialog
    assert dialog is not None
    said = [one.text() for one in dialog.findChildren(QLabel)]
    assert "周丽华 · female · 58 y · QS0118793" in said
    assert "胸部低剂量 LDCT · 2026-11-21 · CT20261121-0793" in said
    dialog.reject()


def test_a_prior_that_becomes_known_stores_no_draft(desk: Desk) -> None:
    desk.open()
    desk.session.know_priors((KnownPrior("1.9", "20251208", "CT", "胸部 CT"),))
    assert not desk.bench.desk.has_unsaved


def test_what_keeps_a_report_back_is_red_what_asks_is_amber_and_a_waiting_call_stays_red(desk: Desk) -> None:
    page = desk.open().page
    missing, asks = ("impression", "The impression is empty"), ("technique", "“左” although found: “右”")
    call = (CRITICAL_TARGET, "A critical value waits for its call: 张力性气胸")
    page.show_checks([missing, call, asks], ["Every AI mark is decided"], {}, missing=1)
    assert [(text, tone) for (_good, text), tone in zip(page.checks.lines(), page.checks.tones(), strict=True)] == [
        (missing[1], "bad"),
        (call[1], "bad"),
        (asks[1], "warn"),
        ("Every AI mark is decided", "ok"),
    ]
    assert page._side_chip._kind == "bad"
    page.show_checks([asks], [], {}, missing=0)
    assert (page.checks.tones(), page._side_chip._kind) == (["warn"], "warn")
