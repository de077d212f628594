"""A returned report says what it is before it is opened."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.picture_rest import returned_reports
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.inbox_panel import InboxPanel

pytestmark = pytest.mark.gui


def test_a_critical_value_is_told_in_the_list_of_returned_reports(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    use_language(CHINESE)
    panel = InboxPanel()
    qtbot.addWidget(panel)
    critical, plain, _read = returned_reports()
    panel.show_reports([critical, plain])
    assert panel.item(critical.ups_instance_uid).accessibleName().endswith("危急值 · 待签收")
    assert "危急值" not in panel.item(plain.ups_instance_uid).accessibleName()


def test_who_signed_and_when_is_read_whole_beside_a_report_to_acknowledge(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    use_language(ENGLISH)
    panel = InboxPanel()
    qtbot.addWidget(panel)
    panel.resize(432, 600)
    critical, addendum, _read = returned_reports()
    panel.show_reports([critical, addendum])
    panel.show()
    item = panel.item(critical.ups_instance_uid)
    assert item.signed.text().startswith("王启明, ")
    qtbot.waitUntil(lambda: item.signed.width() >= item.signed.sizeHint().width() > 0)
    use_language(CHINESE)
