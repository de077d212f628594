"""What a tired reader and a technician at a small screen must never meet again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.desk import DeskBench
from workstation.domain.errors import Unreachable
from workstation.domain.study import Study
from workstation.domain.workitem import Claim, WorklistRow
from workstation.settings import ReadingSettings
from workstation.ui.commands import KeySheetRow
from workstation.ui.key_sheet import KeySheet
from workstation.ui.notice import Toast, in_one_line
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.patient_words import patient_identity
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.send_panel import SendPanel
from workstation.ui.widgets.sent_cases import SentCases

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english(qtbot: QtBot) -> Iterator[None]:
    del qtbot
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


@pytest.fixture
def bench() -> Iterator[DeskBench]:
    made = DeskBench()
    yield made
    made.close()


def know_every_case(bench: DeskBench) -> None:
    """Let the hub know any case by its UID."""
    bench.worklist.row = lambda ups: replace(bench.row, ups_instance_uid=ups)  # type: ignore[method-assign,assignment] # many cases


def held_back(bench: DeskBench) -> threading.Event:
    """Let the hub answer for a study only when the event is set."""
    gate, study = threading.Event(), bench.images.study

    def slow(study_instance_uid: str) -> Study:
        gate.wait(10)
        return study(study_instance_uid)

    bench.images.study = slow  # type: ignore[method-assign] # a slow line
    know_every_case(bench)
    return gate


def other_row() -> WorklistRow:
    return replace(cases.row(), ups_instance_uid="1.2.3.99", patient_name="李建国")


@pytest.mark.parametrize("lines", [2, 3, 5, 10, 12])
def test_every_chinese_line_that_was_typed_is_visible(qtbot: QtBot, lines: int) -> None:
    box = GrowingText("\n".join(f"第{n}行 右肺上叶实性结节" for n in range(lines)))
    qtbot.addWidget(box)
    box.resize(400, 10)
    box.show()
    assert box.verticalScrollBar().maximum() == 0


def test_a_case_that_was_left_while_it_loaded_goes_back_to_the_list(qtbot: QtBot, bench: DeskBench) -> None:
    gate = held_back(bench)
    told: list[WorklistRow] = []
    bench.desk.put_back.connect(told.append)
    released: list[str] = []
    release = bench.worklist.release

    def watched(claim: Claim) -> None:
        released.append(claim.ups_instance_uid)
        release(claim)

    bench.worklist.release = watched  # type: ignore[method-assign] # to see what is released
    bench.desk.open(bench.row)
    bench.desk.open(other_row(), read_only=True)
    gate.set()
    qtbot.waitUntil(lambda: bool(told))
    assert released == [bench.row.ups_instance_uid]
    assert told[0].patient_name == bench.row.patient_name


def test_a_case_that_cannot_be_put_back_is_told_to_be_kept(qtbot: QtBot, bench: DeskBench) -> None:
    gate = held_back(bench)
    kept: list[WorklistRow] = []
    bench.desk.kept.connect(kept.append)

    def refuse(_claim: object) -> None:
        raise Unreachable("the line is down")

    bench.worklist.release = refuse  # type: ignore[method-assign,assignment] # the line fails
    bench.desk.open(bench.row)
    bench.desk.open(other_row(), read_only=True)
    gate.set()
    qtbot.waitUntil(lambda: bool(kept))
    assert kept[0].ups_instance_uid == bench.row.ups_instance_uid


def test_leaving_a_claimed_case_for_another_says_that_it_stays_under_mine(qtbot: QtBot, bench: DeskBench) -> None:
    kept: list[WorklistRow] = []
    bench.desk.kept.connect(kept.append)
    know_every_case(bench)
    bench.open(qtbot.waitUntil)
    bench.desk.open(other_row(), read_only=True)
    assert [row.ups_instance_uid for row in kept] == [bench.row.ups_instance_uid]


def test_a_patient_without_a_name_is_named_so_beside_the_id(qtbot: QtBot) -> None:
    row = replace(cases.row(), patient_name="", patient_id="LIDC-1")
    assert patient_identity(row).startswith("No name · ")
    assert "LIDC-1" in patient_identity(row)
    listed = SentCases()
    qtbot.addWidget(listed)
    listed.show_rows([row])
    assert str(listed.list.model().index(0, 0).data()).startswith("No name · LIDC-1 · ")


def test_what_happened_and_what_to_do_are_two_sentences() -> None:
    assert in_one_line("Wrong PIN, 4 tries left", "The report is unchanged.") == (
        "Wrong PIN, 4 tries left. The report is unchanged."
    )
    assert in_one_line("Done.", "") == "Done."
    use_language(CHINESE)
    assert in_one_line("PIN 错误", "报告未受影响。") == "PIN 错误。报告未受影响。"
    assert in_one_line("报告已锁。", "请稍候。") == "报告已锁。请稍候。"


def test_a_toast_of_the_last_person_is_forgotten(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    toast = Toast(window)
    toast.say("周丽华 is yours.")
    toast.clear()
    assert (toast.text(), toast.accessibleName(), toast.isVisible()) == ("", "", False)


def test_the_key_sheet_fits_a_low_window(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(910, 512)  # 1366x768 at 150 %
    window.show()
    sheet = KeySheet(window, [KeySheetRow("Images", f"Act {n}", "W") for n in range(80)])
    sheet.show()
    shadow = 2 * 40
    assert sheet.height() - shadow <= 512
    sheet.close()


def test_the_buttons_of_the_drop_zone_are_whole_in_a_low_window(qtbot: QtBot) -> None:
    panel = SendPanel()
    qtbot.addWidget(panel)
    panel.resize(845, 420)
    panel.show()
    qtbot.waitExposed(panel)
    assert panel.zone.height() >= panel.zone.minimumSizeHint().height()
    assert panel.zone.geometry().bottom() < panel.question.mapTo(panel, panel.question.rect().topLeft()).y()


def test_the_reading_page_keeps_how_its_dock_is_divided(qtbot: QtBot) -> None:
    page = ReadingPage(ReadingSettings(findings_share=30))
    qtbot.addWidget(page)
    page.resize(1900, 1000)
    page.show()
    page.show_content()
    kept: list[ReadingSettings] = []
    page.preferences_changed.connect(kept.append)
    page.dock.split.setSizes([200, 600])
    page.dock.split.splitterMoved.emit(200, 1)
    qtbot.waitUntil(lambda: bool(kept), timeout=3000)
    assert kept[0].findings_share == 25


def test_the_clinical_question_stands_above_the_findings(qtbot: QtBot) -> None:
    page = ReadingPage()
    qtbot.addWidget(page)
    page.question.show_text("结节有无增大？")
    assert page.question.text() == "结节有无增大？"
    page.show_nothing()
    assert page.question.text() == ""
    assert page.question.isHidden()
