"""What readers of the pictures stumbled over once, and must not again (ADR 0037)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QTableWidgetItem, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.fakes_ui import case
from workstation.settings import Settings
from workstation.storage.monitor_checks import MonitorCheckFile
from workstation.ui.monitor_check import MonitorChecking
from workstation.ui.pages.deliveries_page import DeliveriesPage
from workstation.ui.settings_dialog import SettingsDialog
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.paper_view import PaperView
from workstation.ui.widgets.worklist_columns import INDEX, Column
from workstation.ui.widgets.worklist_model import WorklistModel

pytestmark = pytest.mark.gui

_AT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("tongue", [CHINESE, ENGLISH])
def test_when_the_monitor_was_checked_is_read_without_rolling_at_1366_by_768(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, tongue: str
) -> None:
    apply_theme(qapp)
    use_language(tongue)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    checking = MonitorChecking(MonitorCheckFile(tmp_path / "monitors.json"), lambda: "王启明", lambda: _AT)
    dialog = SettingsDialog(window, Settings(), monitors=checking)
    qtbot.addWidget(dialog)
    dialog.show()

    qtbot.waitUntil(lambda: dialog.monitor.height() > 0)
    seen = dialog.monitor.visibleRegion().boundingRect()
    assert seen.height() == dialog.monitor.height()
    assert seen.width() >= dialog.monitor.fontMetrics().horizontalAdvance(dialog.monitor.text())
    dialog.reject()
    use_language(CHINESE)


def test_pages_of_a_new_width_are_rolled_before_sharper_ones_are_drawn(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    paper = PaperView()
    qtbot.addWidget(paper)
    paper.resize(300, 400)
    paper.show()
    paper.show_pages([np.full((376, 266, 3), 255, np.uint8)] * 2)
    qtbot.waitUntil(lambda: paper.verticalScrollBar().maximum() > 0)
    narrow = paper.verticalScrollBar().maximum()

    paper.resize(700, 400)  # nobody draws new pages

    qtbot.waitUntil(lambda: paper.verticalScrollBar().maximum() > 2 * narrow)


def test_the_tooltip_of_a_patient_tells_the_id_that_a_narrow_list_has_no_column_for() -> None:
    use_language(ENGLISH)
    model = WorklistModel()
    row = case(1, patient_name="周丽华", sex="F", birth_date="19680314", patient_id="QS0118793")
    model.merge([row], mark_new=False)
    said = model.data(model.index(0, INDEX[Column.PATIENT]), Qt.ItemDataRole.ToolTipRole)

    assert said is not None
    assert said.startswith("周丽华 · ")
    assert said.endswith("1968-03-14 · QS0118793")
    use_language(CHINESE)


def test_header_words_of_a_table_stand_above_the_words_of_their_columns(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    page = DeliveriesPage()
    qtbot.addWidget(page)
    page.resize(1366, 768)
    page.show()
    page.table.setVisible(True)
    page.table.setHorizontalHeaderLabels(["IIII"] * page.table.columnCount())
    page.table.setRowCount(1)
    page.table.setItem(0, 0, QTableWidgetItem("IIII"))
    qtbot.waitUntil(lambda: page.table.viewport().width() > 100)
    header, cells = page.table.horizontalHeader(), page.table.viewport()

    def first_column(widget: QWidget) -> int:
        """Return where the words of the first column begin, in pixels of the table."""
        image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        pixels = np.asarray(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
        band = pixels[4:28, 1 : page.table.columnWidth(0) - 2].astype(int)
        written = np.flatnonzero((band.max(axis=0) - band.min(axis=0)) > 40)
        return int(written[0]) + 1 + widget.mapTo(page.table, QPoint(0, 0)).x()

    assert abs(first_column(header) - first_column(cells)) <= 1
