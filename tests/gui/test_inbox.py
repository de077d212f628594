"""A returned report says what it is before it is opened."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, use_language
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
