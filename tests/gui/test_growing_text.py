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


def test_the_impression_beside_the_images_keeps_three_lines(qtbot: QtBot) -> None:
    dock = ReportDock()
    qtbot.addWidget(dock)
    dock.show_impression("impression", "诊断印象", "", writable=True, reason="")
    dock.resize(400, 90)
    dock.show()
    assert dock.impression.height() >= 84
