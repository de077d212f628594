"""The page in the hand: keys, tabs, narrow windows, the way to the report."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.reading import ReadingBench
from tests.helpers.reading_page import decisions, opened, press
from workstation.domain.annotation import AnnotationKind
from workstation.domain.finding import Decision, RejectReason

pytestmark = pytest.mark.gui


def test_letters_do_nothing_while_an_input_method_composes(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    canvas = bench.page.grid.active.canvas
    canvas.setFocus()
    QApplication.sendEvent(canvas, QInputMethodEvent("jie", []))
    for key in (Qt.Key.Key_N, Qt.Key.Key_Return, Qt.Key.Key_D, Qt.Key.Key_3):
        QTest.keyClick(canvas, key)
    assert bench.page.findings.selected == ""
    assert bench.page.grid.active.navigator.tool == "window"
    assert decisions(bench) == [Decision.UNDECIDED, Decision.UNDECIDED]
    QApplication.sendEvent(canvas, QInputMethodEvent())
    QTest.keyClick(canvas, Qt.Key.Key_D)
    assert bench.page.grid.active.navigator.tool == "distance"


def test_letters_typed_into_the_impression_are_text(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    bench.page.report.impression.setFocus()
    QTest.keyClicks(bench.page.report.impression, "Nodule")
    assert bench.session.report.values["impression"] == "Nodule"
    assert bench.page.findings.selected == ""


def test_the_impression_goes_to_the_report_and_sign_leads_to_its_page(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    bench.page.report.impression.setPlainText("右上叶结节。")
    assert bench.session.report.values["impression"] == "右上叶结节。"
    with qtbot.waitSignal(bench.page.go_to) as went:
        bench.page.footer.finish.click()
    assert went.args == ["report"]
    assert bench.page.footer.text().startswith("3 left to do")  # two marks and a field


def test_a_narrow_window_shows_one_tab_at_a_time_and_thumbnails(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    page = bench.page
    assert (page.findings.isVisible(), page.report.isVisible(), page.series.width()) == (True, True, 232)
    page.resize(1318, 740)
    qtbot.waitUntil(lambda: page.series.width() == 72)
    assert (page.findings.isVisible(), page.report.isVisible()) == (True, False)
    page.tabs.pick("report")
    assert (page.findings.isVisible(), page.report.isVisible()) == (False, True)
    assert (page.header.height(), page.footer.width()) == (40, 319)


def test_tab_walks_through_the_viewports(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    grid = bench.page.grid
    grid.frames["axial"].canvas.setFocus()
    QTest.keyClick(grid.frames["axial"].canvas, Qt.Key.Key_Tab)
    assert grid.active is grid.frames["coronal"]


def test_f6_walks_from_the_series_to_the_images_to_the_findings(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    page = bench.page
    bench.page.jump_to(uids[0])
    canvas = page.grid.active.canvas
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    for target in (page.findings.card(uids[0]).accept, page.series.row("1.2.3.2"), canvas):
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, Qt.Key.Key_F6)
        qtbot.waitUntil(target.hasFocus)


def test_the_reader_can_measure_with_the_mouse_and_delete_it_again(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    press(bench, Qt.Key.Key_D)
    canvas = bench.page.grid.active.canvas
    start, end = (
        QPoint(canvas.width() // 2, canvas.height() // 2),
        QPoint(canvas.width() // 2 + 60, canvas.height() // 2),
    )
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)
    kept = bench.session.report.annotations
    assert [m.kind for m in kept] == [AnnotationKind.LENGTH]
    press(bench, Qt.Key.Key_Delete)
    assert bench.session.report.annotations == ()


def test_every_action_has_icon_text_and_tooltip(qtbot: QtBot, bench: ReadingBench) -> None:
    for command in bench.page.view_commands:
        action = bench.page.view_commands.action(command.id)
        assert (bool(action.text()), bool(action.toolTip()), action.icon().isNull()) == (True, True, False), command.id
    rows = bench.page.commands.key_sheet()
    # the follow-up panel has keys of its own, which work in the panel alone
    for part in (True, False):
        keys = [row.key for row in rows if (row.area == "Follow-up") is part]
        assert len(keys) == len(set(keys))


def test_sign_beside_the_images_is_lit_only_where_nothing_is_left_and_leads_to_the_first(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    opened(qtbot, bench)
    footer, led = bench.page.footer, list[str]()
    bench.desk.place_wanted.connect(led.append)
    for finding in bench.session.displayed.undecided:
        bench.session.review.reject(finding.tracking_uid, RejectReason.VESSEL)
    assert footer.text().startswith("2 left to do")  # of the template's required fields technique and impression
    assert not footer.looks_ready()
    footer.finish.click()
    assert led == ["technique"]
    for field in ("technique", "impression"):
        bench.session.set_value(field, "nodule")
    assert footer.looks_ready()
    assert "left to do" not in footer.text()
    footer.finish.click()
    assert len(led) == 1
