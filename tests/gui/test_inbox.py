"""A returned report says what it is before it is opened."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.picture_rest import returned_reports
from workstation.domain.signature import Verdict
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


def test_two_reports_of_one_patient_and_one_name_are_told_apart_by_the_day_of_their_exams(
    qtbot: QtBot, qapp: QApplication
) -> None:
    apply_theme(qapp)
    panel = InboxPanel()
    qtbot.addWidget(panel)
    base = next(returned_reports())
    now = replace(base, patient_id="QS0118793", studied="2026-11-21T04:00:00+00:00")
    before = replace(now, ups_instance_uid="1.2.9", studied="2025-12-08T04:00:00+00:00")
    unnamed = replace(now, ups_instance_uid="1.2.10", patient_id="", accession_number="A77", studied="")
    panel.show_reports([now, before, unnamed])
    assert panel.item(now.ups_instance_uid).which.text() == "QS0118793 · 2026-11-21"
    assert panel.item("1.2.9").which.text() == "QS0118793 · 2025-12-08"
    assert panel.item("1.2.10").which.text() == "A77"


def test_what_an_altered_report_says_is_not_read_in_the_list(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    use_language(ENGLISH)
    panel = InboxPanel()
    qtbot.addWidget(panel)
    report = next(returned_reports())
    panel.show_reports([report])
    item = panel.item(report.ups_instance_uid)
    assert "16.8 mm" in item.summary()
    panel.show_verdict(report, Verdict.ALTERED, "altered")
    assert item.summary() == "Content not verified: do not act on it."
    panel.show_verdict(report, Verdict.UNTRUSTED)
    assert item.summary().startswith("Content not verified: 1. 右肺上叶实性结节 16.8 mm")
    panel.show_verdict(report, Verdict.VALID)
    assert item.summary().startswith("1. 右肺上叶实性结节 16.8 mm")
    use_language(CHINESE)
