"""Phrases, links to findings, marks and spelling as somebody writes a report by keyboard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputMethodEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.desk import DeskBench
from tests.helpers.writing import FakePhrases, finding
from workstation.domain.annotation import Annotation, AnnotationKind, AnnotationList, Measure, MeasureName
from workstation.domain.errors import StorageError
from workstation.domain.finding import RejectReason
from workstation.domain.phrase import Phrase
from workstation.domain.template import FieldType, ReportTemplate, TemplateField, Text
from workstation.domain.text_link import LinkKind, TextLink
from workstation.services.phrase_service import PhraseBook
from workstation.ui.report.aids import WritingAids
from workstation.ui.report.report_text import MarkKind, ReportText

pytestmark = pytest.mark.gui
WORDS = "右肺上叶实性结节，平均径 15.5 mm"
OWN = (
    Phrase("jj", "结节", "见{最大病灶}，边界{清楚|欠清}，密度{密度}。", "zh_CN"),
    Phrase("zc", "正常", "未见异常。", "zh_CN", (), (("impression", "胸部未见异常。"), ("no_such_field", "x"))),
)


def template() -> ReportTemplate:
    plain = cases.template()
    lungs = TemplateField("lungs", FieldType.TEXT, Text("肺", "Lungs"), multiline=True)
    section = plain.sections[0]
    return replace(plain, sections=(replace(section, fields=(*section.fields, lungs)),))


class Desk:
    def __init__(self, qtbot: QtBot, bench: DeskBench, phrases: FakePhrases) -> None:
        self.qtbot, self.bench = qtbot, bench
        use_language(CHINESE)  # the language of the report, not of the page
        bench.open(qtbot.waitUntil)
        use_language(ENGLISH)
        self.page, self.presenter = bench.page(aids=WritingAids(PhraseBook(phrases)))
        self.page.resize(1366, 700)
        self.page.show()
        assert bench.desk.session is not None
        self.session = bench.desk.session
        self.toasts: list[str] = []
        self.page.toast.connect(self.toasts.append)

    def text(self, key: str = "lungs") -> ReportText:
        text = self.page.form.texts()[key]
        text.setFocus()
        return text

    def value(self, key: str = "lungs") -> str:
        return self.session.report.values.get(key, "")

    def type(self, keys: str, key: str = "lungs") -> ReportText:
        text = self.text(key)
        QTest.keyClicks(text, keys)
        return text

    @property
    def offered(self) -> list[str]:
        return [row.words for row in self.presenter.writing.typing.popup.rows()]

    def kinds(self, key: str = "lungs") -> list[MarkKind]:
        return [mark.kind for mark in self.page.form.texts()[key].marks()]

    def press(self, command: str) -> None:
        self.page.commands.trigger(f"report.{command}")

    def insert_finding(self) -> ReportText:
        text = self.text()
        self.press("insert")
        QTest.keyClick(text, Qt.Key.Key_Return)
        return text


@pytest.fixture
def phrases() -> FakePhrases:
    return FakePhrases(OWN)


@pytest.fixture
def desk(qtbot: QtBot, phrases: FakePhrases) -> Iterator[Desk]:
    bench = DeskBench(findings=(finding(),), template=template())
    yield Desk(qtbot, bench, phrases)
    bench.close()


def compose(text: ReportText, preedit: str, commit: str = "") -> None:
    event = QInputMethodEvent(preedit, [])
    event.setCommitString(commit)
    QApplication.sendEvent(text, event)


@pytest.mark.parametrize("take", [Qt.Key.Key_Return, Qt.Key.Key_Tab])
def test_a_phrase_comes_by_its_abbreviation_with_what_is_known_filled_in(desk: Desk, take: Qt.Key) -> None:
    text = desk.type(";jj")
    assert desk.offered[0] == "jj · 结节"
    QTest.keyClick(text, take)
    assert desk.value() == f"见{WORDS}，边界{{清楚|欠清}}，密度{{密度}}。"
    assert text.textCursor().selectedText() == "{清楚|欠清}"
    assert [(link.target, link.quote, link.at) for link in desk.session.report.links] == [("2.25.1001", WORDS, 1)]


def test_a_gap_with_choices_offers_them_and_the_next_gap_follows(desk: Desk) -> None:
    text = desk.type(";jj")
    QTest.keyClick(text, Qt.Key.Key_Return)
    assert desk.offered == ["清楚", "欠清"]
    QTest.keyClick(text, Qt.Key.Key_Down)
    QTest.keyClick(text, Qt.Key.Key_Return)
    assert text.textCursor().selectedText() == "{密度}"
    QTest.keyClicks(text, "high")
    assert desk.value() == f"见{WORDS}，边界欠清，密度high。"
    assert desk.session.report.links[0].quote == WORDS


def test_tab_goes_from_gap_to_gap_and_leaves_the_field_behind_the_last(desk: Desk) -> None:
    desk.session.set_value("lungs", "{a}与{b}。")
    text = desk.text()
    text.choose(0, 0)
    QTest.keyClick(text, Qt.Key.Key_Tab)
    assert text.textCursor().selectedText() == "{a}"
    QTest.keyClick(text, Qt.Key.Key_Tab)
    assert text.textCursor().selectedText() == "{b}"
    QTest.keyClick(text, Qt.Key.Key_Tab)
    assert not text.hasFocus()


def test_nothing_is_offered_while_an_input_method_composes(desk: Desk) -> None:
    text = desk.text()
    compose(text, ";jj")
    assert desk.offered == []
    compose(text, "")
    QTest.keyClicks(text, ";j")
    assert desk.offered
    compose(text, "肺")
    QTest.keyClick(text, Qt.Key.Key_Return)
    assert "见" not in desk.value()


def test_a_chinese_sentence_behind_its_semicolon_offers_nothing_and_enter_is_a_new_line(desk: Desk) -> None:
    text = desk.text()
    compose(text, "", "见结节；")
    QTest.keyClick(text, Qt.Key.Key_Return)
    compose(text, "", "右肺清晰")
    assert desk.value() == "见结节；\n右肺清晰"
    assert desk.offered == []


def test_escape_and_moving_on_put_the_list_away(desk: Desk) -> None:
    text = desk.type(";")
    assert desk.offered
    QTest.keyClick(text, Qt.Key.Key_Escape)
    assert desk.offered == []
    QTest.keyClicks(text, "j")
    assert desk.offered
    text.choose(0, 0)
    assert desk.offered == []


def test_the_arrows_choose_in_the_list_of_everything(desk: Desk) -> None:
    desk.text()
    desk.press("phrases")
    text = desk.text()
    QTest.keyClick(text, Qt.Key.Key_Down)
    QTest.keyClick(text, Qt.Key.Key_Up)
    QTest.keyClick(text, Qt.Key.Key_Return)
    assert desk.value().startswith(f"见{WORDS}")


def test_a_macro_writes_into_other_fields_and_over_nothing(desk: Desk) -> None:
    desk.session.set_value("impression", "右肺结节。")
    text = desk.type(";zc")
    QTest.keyClick(text, Qt.Key.Key_Return)
    assert (desk.value(), desk.value("impression")) == ("未见异常。", "右肺结节。\n胸部未见异常。")
    QTest.keyClicks(text, ";zc")
    QTest.keyClick(text, Qt.Key.Key_Return)
    assert desk.value("impression") == "右肺结节。\n胸部未见异常。"


def test_phrases_that_cannot_be_read_are_a_notice_and_typing_goes_on(desk: Desk, phrases: FakePhrases) -> None:
    def broken() -> tuple[Phrase, ...]:
        raise StorageError("damaged", hint="call")

    phrases.load = broken  # type: ignore[method-assign] # the disk of one test
    desk.type(";jj")
    assert desk.value() == ";jj"
    assert desk.page.notices.isVisible()


def test_an_inserted_finding_is_a_link_and_a_click_shows_it_on_the_images(desk: Desk) -> None:
    text = desk.insert_finding()
    assert desk.value() == WORDS
    assert desk.kinds() == [MarkKind.LINK]
    with desk.qtbot.waitSignal(desk.bench.desk.finding_wanted) as asked:
        QTest.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=text.cursorRect().center() - QPoint(12, 0))
    assert asked.args == ["2.25.1001"]
    with desk.qtbot.waitSignal(desk.bench.desk.finding_wanted):
        desk.press("jump")


def test_what_leads_somewhere_has_a_hand_over_it_and_says_so(desk: Desk) -> None:
    text = desk.insert_finding()
    inside = text.cursorRect().center() - QPoint(12, 0)
    none = Qt.MouseButton.NoButton
    at = (QPointF(inside), QPointF(text.viewport().mapToGlobal(inside)))
    moved = QMouseEvent(QEvent.Type.MouseMove, *at, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(text.viewport(), moved)
    assert text.viewport().cursor().shape() is Qt.CursorShape.PointingHandCursor
    assert "Ctrl J" in text.tip_at(inside)
    assert text.tip_at(inside + QPoint(400, 0)) == ""


def test_a_new_size_is_marked_at_once_and_one_key_takes_it_over(desk: Desk) -> None:
    text = desk.insert_finding()
    text.moveCursor(text.textCursor().MoveOperation.End)
    QTest.keyClicks(text, " A")
    desk.session.review.edit("2.25.1001", diameter_mm=14.2)
    assert desk.kinds() == [MarkKind.OUTDATED]
    text.choose(2, 2)
    desk.press("renew")
    assert desk.value() == "右肺上叶实性结节，平均径 14.2 mm A"
    assert desk.kinds() == [MarkKind.LINK]
    desk.press("renew")
    assert desk.toasts[-1] == "Every link is up to date"


def test_a_rejected_finding_leaves_a_stale_link_that_is_listed_and_leads_to_its_words(desk: Desk) -> None:
    text = desk.insert_finding()
    desk.session.review.reject("2.25.1001", RejectReason.VESSEL)
    assert desk.kinds() == [MarkKind.GONE]
    desk.qtbot.waitUntil(lambda: any("no longer in the report" in line for _good, line in desk.page.checks.lines()))
    at = next(n for n, (_good, line) in enumerate(desk.page.checks.lines()) if "no longer" in line)
    desk.page.checks.locate(at).click()
    assert text.textCursor().selectedText() == WORDS


def test_a_measurement_is_inserted_and_shown_on_the_images(desk: Desk) -> None:
    drawn = Annotation(
        uid="2.25.500",
        tracking_uid="2.25.501",
        kind=AnnotationKind.LENGTH,
        points_lps_mm=((0.0, 0.0, 0.0), (0.0, 0.0, 23.0)),
        measures=(Measure(MeasureName.LENGTH, 23.0, "mm"),),
        created_at=cases.NOON,
    )
    desk.session.set_annotations(AnnotationList("1.2.3", (drawn,)))
    text = desk.text()
    desk.press("insert")
    assert desk.offered == [WORDS, "长度 23.0 mm"]
    QTest.keyClick(text, Qt.Key.Key_Down)
    QTest.keyClick(text, Qt.Key.Key_Return)
    assert desk.value() == "长度 23.0 mm"
    with desk.qtbot.waitSignal(desk.bench.desk.annotation_wanted) as asked:
        desk.press("jump")
    assert asked.args == ["2.25.500"]


def test_copied_words_are_marked_until_they_are_confirmed(desk: Desk) -> None:
    desk.session.set_value("lungs", "双肺清晰。")
    desk.session.tie([TextLink("lungs", LinkKind.COPY, "1.2.9", "双肺清晰。", 0, "2025-12-08")])
    assert desk.kinds() == [MarkKind.COPIED]
    desk.text().choose(1, 1)
    desk.press("confirm")
    assert desk.kinds() == []


def test_a_misspelt_term_is_underlined_and_one_key_mends_it(desk: Desk) -> None:
    desk.session.set_value("lungs", "双侧肺们影不大，纵膈居中。")
    desk.qtbot.waitUntil(lambda: desk.kinds().count(MarkKind.SPELLING) == 2)
    desk.press("spelling")
    desk.qtbot.waitUntil(lambda: desk.kinds().count(MarkKind.SPELLING) == 1)
    desk.press("spelling")
    assert desk.value() == "双侧肺门影不大，纵隔居中。"
    desk.qtbot.waitUntil(lambda: MarkKind.SPELLING not in desk.kinds())
    desk.press("spelling")
    assert desk.toasts[-1] == "No misspelt term"


def test_several_likely_terms_are_offered(desk: Desk) -> None:
    desk.session.set_value("lungs", "vertebraa")
    desk.qtbot.waitUntil(lambda: MarkKind.SPELLING in desk.kinds())
    text = desk.text()
    desk.press("spelling")
    assert len(desk.offered) == 3
    QTest.keyClick(text, Qt.Key.Key_Return)
    assert desk.value() == desk.page.form.value("lungs") != "vertebraa"


def test_a_wrong_side_is_underlined_where_it_stands(desk: Desk) -> None:
    desk.session.set_value("lungs", "右肺上叶见实性结节，直径8mm。")
    desk.session.set_value("impression", "左肺上叶结节。")
    desk.qtbot.waitUntil(lambda: desk.kinds("impression") == [MarkKind.FAULT])
    (mark,) = desk.page.form.texts()["impression"].marks()
    assert (mark.start, mark.length) == (0, 6)


def test_rare_ideographs_before_them_do_not_move_marks_and_links(desk: Desk) -> None:
    desk.session.set_value("lungs", "患者𠮷田，")
    text = desk.text()
    text.moveCursor(text.textCursor().MoveOperation.End)
    desk.press("insert")
    QTest.keyClick(text, Qt.Key.Key_Return)
    (mark,) = text.marks()
    assert desk.value()[mark.start : mark.end] == WORDS
    selected = text.extraSelections()[0]
    assert selected.cursor.selectedText() == WORDS


def test_without_a_cursor_in_a_text_the_page_says_where_to_put_it(desk: Desk) -> None:
    desk.page.header.setFocus()
    QApplication.processEvents()
    desk.presenter.writing.stop()
    for command in ("phrases", "insert"):
        desk.press(command)
    desk.press("jump")
    assert desk.toasts[-1] == "There is no link at the cursor"
    assert not desk.presenter.writing.put("words") or desk.value()


def test_a_read_only_report_offers_nothing_and_still_leads_to_the_images(qtbot: QtBot) -> None:
    bench = DeskBench(findings=(finding(),), template=template())
    bench.desk.open(bench.row, read_only=True)
    qtbot.waitUntil(lambda: bench.desk.session is not None)
    page, presenter = bench.page(aids=WritingAids(PhraseBook(FakePhrases(OWN))))
    page.show()
    for command in ("phrases", "insert", "renew", "spelling", "confirm"):
        page.commands.trigger(f"report.{command}")
    assert presenter.writing.typing.popup.rows() == ()
    assert not page.phrases.isVisible()
    bench.close()


def test_chosen_words_become_a_phrase_that_is_offered_at_once(desk: Desk, phrases: FakePhrases) -> None:
    desk.session.set_value("lungs", "双肺清晰。")
    desk.text().select("双肺清晰。")
    desk.press("manage")
    dialog = desk.presenter.writing.dialog
    assert dialog is not None
    assert dialog.text.toPlainText() == "双肺清晰。"
    dialog.accept()
    assert "needs words" in dialog.note.text()
    dialog.abbreviation.setText("sfqx")
    dialog.title.setText("双肺清晰")
    dialog.scope.setCurrentIndex(1)
    dialog.accept()
    assert phrases.kept[0] == Phrase("sfqx", "双肺清晰", "双肺清晰。", "zh_CN", ("ct-chest",))
    dialog.reject()
    text = desk.text()
    text.selectAll()
    QTest.keyClicks(text, ";sfqx")
    assert desk.offered == ["sfqx · 双肺清晰"]


def test_a_phrase_is_deleted_and_one_that_names_the_patient_is_refused(desk: Desk, phrases: FakePhrases) -> None:
    desk.press("manage")
    dialog = desk.presenter.writing.dialog
    assert dialog is not None
    dialog.text.setPlainText("患者周丽华")
    dialog.keep.click()
    assert "names the patient" in dialog.note.text()
    assert phrases.kept == OWN
    dialog.drop.click()
    assert [one.abbreviation for one in phrases.kept] == ["zc"]
    shipped = next(n for n in range(dialog.list.count()) if "own" not in dialog.list.item(n).text())
    dialog.list.setCurrentRow(shipped)
    assert not dialog.drop.isEnabled()
    dialog.fresh.click()
    assert dialog.abbreviation.text() == ""
    desk.bench.desk.close()
    assert desk.presenter.writing.dialog is None


class FakeDictation:
    """A ``DictationPort`` whose words a test says."""

    def __init__(self) -> None:
        self.listening = False
        self.language = ""
        self.heard: Callable[[str], None] = lambda _words: None
        self.failed: Callable[[str], None] = lambda _why: None

    def start(self, language: str, heard: Callable[[str], None], failed: Callable[[str], None]) -> None:
        self.listening, self.language, self.heard, self.failed = True, language, heard, failed

    def stop(self) -> None:
        self.listening = False


def test_spoken_words_go_to_the_cursor_of_the_field_in_use(qtbot: QtBot) -> None:
    bench, port = DeskBench(template=template()), FakeDictation()
    use_language(CHINESE)
    bench.open(qtbot.waitUntil)
    use_language(ENGLISH)
    page, presenter = bench.page(aids=WritingAids(PhraseBook(FakePhrases()), dictation=port))
    page.show()
    toasts: list[str] = []
    page.toast.connect(toasts.append)
    page.header.setFocus()
    assert bench.desk.session is not None
    bench.desk.session.set_value("lungs", "双肺。")
    text = page.form.texts()["lungs"]
    text.setFocus()
    text.choose(2, 2)
    page.commands.trigger("report.dictate")
    assert (port.listening, port.language) == (True, "zh_CN")
    worker = threading.Thread(target=port.heard, args=("清晰",))
    worker.start()
    worker.join()
    session = bench.desk.session
    qtbot.waitUntil(lambda: session.report.values["lungs"] == "双肺清晰。")
    port.failed("No microphone")
    qtbot.waitUntil(lambda: toasts == ["No microphone"])
    assert not port.listening
    page.commands.trigger("report.dictate")
    page.commands.trigger("report.dictate")
    assert not port.listening
    page.commands.trigger("report.dictate")
    bench.desk.close()
    assert not port.listening
    page.commands.trigger("report.dictate")
    assert presenter.speaking is not None
    assert not presenter.speaking.listening
    bench.close()
