"""What was written is seen whole, however little room the window leaves."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from workstation.ui.theme import apply_theme
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.report_dock import ReportDock

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _theme(qapp: QApplication) -> None:
    apply_theme(qapp)


def test_no_line_of_a_text_is_cut_in_a_low_window(qtbot: QtBot) -> None:
    area, inner = QScrollArea(), QWidget()
    qtbot.addWidget(area)
    area.setWidgetResizable(True)
    column = QVBoxLayout(inner)
    texts = [
        GrowingText("1. 右肺上叶实性结节，建议增强 CT 及多学科会诊。\n2. 余双肺未见明确活动性病变。") for _ in range(6)
    ]
    for text in texts:
        column.addWidget(text)
    area.setWidget(inner)
    area.resize(512, 160)
    area.show()
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
    for text in texts:
        last = text.document().lastBlock()
        lower = text.blockBoundingGeometry(last).translated(text.contentOffset()).bottom()
        assert lower <= text.viewport().height()
        assert (text.minimumHeight(), text.maximumHeight()) == (text.height(), text.height())


def test_no_line_of_a_text_is_cut_once_its_column_becomes_narrow(qtbot: QtBot) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    area.setWidgetResizable(True)
    inner = QWidget()
    text = GrowingText("以国卫医发〔2022〕6号为依据；互认项目、图像等级和有效天数为本产品的缺省值，须由联盟自行确定。")
    column = QVBoxLayout(inner)
    column.addWidget(text)
    column.addStretch(1)
    area.setWidget(inner)
    area.resize(900, 300)
    area.show()

    def is_whole(lines: int) -> bool:
        last = text.document().lastBlock()
        lower = text.blockBoundingGeometry(last).translated(text.contentOffset()).bottom()
        return last.layout().lineCount() == lines and lower <= text.viewport().height()

    qtbot.waitUntil(lambda: is_whole(1))
    wide = text.height()
    area.resize(330, 300)
    qtbot.waitUntil(lambda: is_whole(3))
    assert text.height() > wide
    area.resize(900, 300)
    qtbot.waitUntil(lambda: is_whole(1) and text.height() == wide)


def test_the_impression_beside_the_images_keeps_three_lines(qtbot: QtBot) -> None:
    dock = ReportDock()
    qtbot.addWidget(dock)
    dock.show_impression("impression", "诊断印象", "", writable=True, reason="")
    dock.resize(400, 90)
    dock.show()
    assert dock.impression.height() >= 84
