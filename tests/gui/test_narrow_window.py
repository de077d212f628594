"""What a reader must reach stays in reach: in a dock of 320 px, in a window of 911 x 512, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QApplication, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, tr, trn, use_language
from tests.helpers import cases
from tests.helpers.comparing import ZHOU, ComparingBench
from tests.helpers.reading import Case, sr_series
from workstation.bootstrap.desktop import Desktop
from workstation.bootstrap.desktop_pages import page_specs
from workstation.domain.access import Actor, Role
from workstation.domain.finding import Decision, Finding, FindingList, Mark, MarkEvidence
from workstation.domain.study import Study
from workstation.settings import ReadingSettings, Settings
from workstation.ui.key_sheet import KeySheet
from workstation.ui.paint import metrics
from workstation.ui.settings_dialog import SettingsDialog
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.buttons import SegmentedChoice
from workstation.ui.widgets.document_view import DocumentView
from workstation.ui.widgets.finding_card import CardFacts, FindingCard
from workstation.ui.widgets.finding_panel import FindingPanel
from workstation.ui.widgets.follow_up_panel import FollowUpPanel
from workstation.ui.widgets.labels import ElidedLabel
from workstation.ui.widgets.main_rail import RailButton
from workstation.ui.widgets.reading_dock import FINDINGS_TAB, ReadingDock
from workstation.ui.widgets.report_dock import DockFooter, ReportDock

pytestmark = pytest.mark.gui


@pytest.fixture(params=[CHINESE, ENGLISH], autouse=True)
def tongue(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    apply_theme(qapp)
    use_language(request.param)
    yield str(request.param)
    use_language(ENGLISH)


def mark(decision: Decision = Decision.UNDECIDED) -> Finding:
    evidence = MarkEvidence(volume_mm3=2477.0)
    original = Mark((0.0, 0.0, 0.0), 16.8, 0.8, shown=True, out_of_ten=8, evidence=evidence)
    return Finding("1.2.3", 1, (0.0, 0.0, 0.0), 16.8, decision, original=original)


def test_both_tabs_of_a_narrow_dock_are_whole_and_no_arrows_cover_them(qtbot: QtBot) -> None:
    dock = ReadingDock(ReadingSettings(), FindingPanel(), ReportDock())
    qtbot.addWidget(dock)
    dock.resize(400, 900)
    dock.set_compact(compact=False)
    dock.show()
    dock.set_compact(compact=True)
    dock.resize(320, 700)
    dock.tabs.show_counts({FINDINGS_TAB: 18})
    tabs = dock.tabs
    qtbot.waitUntil(lambda: tabs.width() >= 300)
    assert all(tabs.rect().contains(tabs.tabRect(at)) for at in range(tabs.count()))
    assert not any(arrow.isVisible() for arrow in tabs.findChildren(QToolButton))


def test_a_finding_can_be_decided_in_a_narrow_dock(qtbot: QtBot) -> None:
    card = FindingCard(CardFacts(mark(), 115))
    qtbot.addWidget(card)
    card.set_compact(compact=True)
    card.resize(303, card.height())
    card.show()
    buttons = [card.accept, card.edit, card.reject, card.evidence]
    frame = QRect(0, 0, 303, card.height())
    for button in buttons:
        place = QRect(button.mapTo(card, button.rect().topLeft()), button.size())
        assert frame.contains(place), button.accessibleName()
        assert button.width() >= button.sizeHint().width()


def test_the_slice_of_a_finding_stands_clear_of_its_volume(qtbot: QtBot) -> None:
    def painted(slice_number: int | None) -> QImage:
        card = FindingCard(CardFacts(mark(Decision.ACCEPTED), slice_number))
        qtbot.addWidget(card)
        card.resize(303, card.height())
        return card.grab().toImage()

    with_slice, without = painted(115), painted(None)
    changed = {
        y
        for y in range(without.height())
        for x in range(without.width())
        if with_slice.pixel(x, y) != without.pixel(x, y)
    }
    # heading 10 to 30, sizes 34 to 56, dots 56 to 78
    assert changed
    assert min(changed) >= 56


@pytest.mark.parametrize("kind", ["settings", "keys"])
def test_the_buttons_of_a_dialog_stay_in_a_window_at_150_percent_of_a_small_screen(qtbot: QtBot, kind: str) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(911, 512)
    dialog = SettingsDialog(window, Settings()) if kind == "settings" else KeySheet(window, [])
    dialog.adjustSize()
    assert dialog.primary is not None
    below = dialog.primary.mapTo(dialog, dialog.primary.rect().bottomLeft()).y()
    shadow = 40
    assert below - shadow <= 512


def test_a_study_of_papers_says_so_where_images_would_be_and_names_no_window(qtbot: QtBot, tongue: str) -> None:
    study = Study("1.2.3", ZHOU, "20261121", description="外院报告", series=(sr_series("1.2.3.4"),))
    row = replace(cases.row(), study_instance_uid="1.2.3", ups_instance_uid="1.2.3.8", patient_id=ZHOU.patient_id)
    bench = ComparingBench(Case(row, study, FindingList("1.2.3", "", "", None, ()), {}))
    qtbot.addWidget(bench.page)
    bench.page.resize(1872, 1052)
    bench.page.show()
    bench.open(qtbot.waitUntil)
    frame = bench.page.grid.active
    qtbot.waitUntil(lambda: frame.scene is not None)
    assert frame.scene is not None
    said = frame.scene.frame(frame.canvas.viewport).overlay.message
    assert said == {CHINESE: "此检查没有图像", ENGLISH: "This study has no images"}[tongue]
    assert (bench.page.header.presets.text(), bench.page.header.layouts.text()) == ("—", "—")
    bench.close()


def test_a_model_card_of_strangers_is_laid_out_but_loads_nothing_and_links_nowhere(qtbot: QtBot) -> None:
    view = DocumentView(
        "# Card\n\n- a\n- b\n\n<b>bold</b> ![x](file:///etc/hostname) [y](http://example.org)\n\n" + 9 * "words "
    )
    qtbot.addWidget(view)
    view.resize(480, view.heightForWidth(480))
    assert not view.grab().isNull()
    assert view.accessibleName().splitlines()[:3] == ["Card", "a", "b"]
    assert "<b>bold</b>" in view.accessibleName()
    assert view.heightForWidth(120) > view.heightForWidth(480)


@pytest.mark.parametrize("compact", [False, True])
def test_where_no_model_reads_such_images_the_report_has_the_column(qtbot: QtBot, *, compact: bool) -> None:
    dock = ReadingDock(ReadingSettings(), FindingPanel(), ReportDock())
    qtbot.addWidget(dock)
    dock.set_compact(compact=compact)
    dock.resize(320 if compact else 400, 900)
    dock.show()
    dock.findings.show_cards((), "此检查不适用 AI 预读。")
    dock.give_report_room(given=True)
    qtbot.waitUntil(lambda: dock.report.height() > 700)
    assert dock.findings.isVisible() is not compact
    dock.clear()
    qtbot.waitUntil(lambda: dock.findings.height() > 300)
    assert dock.report.isVisible() is not compact


def test_what_an_earlier_study_has_on_record_is_read_whole_in_the_follow_up(qtbot: QtBot) -> None:
    panel = FollowUpPanel()
    qtbot.addWidget(panel)
    words = tr("{date} · no nodule confirmed", date="2025-12-08")
    panel.show_studies([("1.2.3", words)], "1.2.3")
    panel.resize(panel.width(), 600)
    panel.show()
    arrow_px = 36
    room = metrics("body").horizontalAdvance(words) + arrow_px
    qtbot.waitUntil(lambda: panel.studies.isVisible() and panel.studies.width() >= room)


SIGNED_IN = {
    "admin": Actor("admin", "系统管理员", Role.ADMIN, "centre", "省影像专科联盟远程诊断中心"),
    "expert": Actor("expert", "王启明", Role.SENIOR, "centre", "省影像专科联盟远程诊断中心"),
}


def _rail(actor: Actor) -> list[str]:
    desktop = cast(Desktop, SimpleNamespace(actor=actor))
    return [spec.text() for spec in page_specs(desktop) if spec.in_rail]


def test_the_rail_calls_the_page_of_reports_under_way_as_the_page_calls_itself() -> None:
    assert tr("Outbox") in _rail(SIGNED_IN["expert"])  # that page is "My outbox"
    assert tr("Deliveries") not in _rail(SIGNED_IN["expert"])
    assert tr("Deliveries") in _rail(SIGNED_IN["admin"])


def test_no_word_of_the_rail_is_cut(qtbot: QtBot) -> None:
    words = _rail(SIGNED_IN["admin"]) + _rail(SIGNED_IN["expert"])
    words += [tr("Keys"), tr("Settings"), tr("Sign out")]
    action = QAction()
    room = RailButton("task", action).sizeHint().width() - 2
    assert [word for word in words if metrics("caption").horizontalAdvance(word) > room] == []


def test_what_is_left_is_said_whole_in_a_narrow_dock(qtbot: QtBot) -> None:
    footer = DockFooter()
    qtbot.addWidget(footer)
    footer.offer_critical(offered=True)
    words = trn("{count} left to do", "{count} left to do", 12)
    footer.say(words)
    footer.resize(320, 48)
    footer.show()
    label = footer.findChild(ElidedLabel)
    assert label is not None
    qtbot.waitUntil(lambda: label.width() >= metrics("caption").horizontalAdvance(words))
    assert footer.width() == 320


@pytest.mark.parametrize("width", [320, 400])
def test_the_button_of_critical_values_has_its_word_in_the_dock_of_every_window(qtbot: QtBot, width: int) -> None:
    footer = DockFooter()
    qtbot.addWidget(footer)
    footer.offer_critical(offered=True)
    footer.resize(width, footer.height())
    footer.show()
    qtbot.waitUntil(lambda: footer.report.width() > 0)
    assert footer.width() == width
    for button in (footer.critical, footer.report, footer.finish):
        assert button.text() != ""
        assert button.width() >= button.sizeHint().width()


def test_choices_draw_together_before_they_leave_a_narrow_form(qtbot: QtBot) -> None:
    words = ("Category 1 (minutes)", "Category 2 (hours)", "Category 3 (days)")
    choice = SegmentedChoice([(word, word) for word in words])
    qtbot.addWidget(choice)
    choice.resize(418, 30)
    choice.show()
    wanted = sum(metrics("body", 600).horizontalAdvance(word) for word in words)
    assert wanted + 24 <= choice.minimumSizeHint().width() <= 418 < choice.sizeHint().width()


def test_the_key_that_finishes_a_report_is_seen_on_its_button_where_it_has_room(qtbot: QtBot) -> None:
    use_language(CHINESE)
    dock = QWidget()
    qtbot.addWidget(dock)
    column = QVBoxLayout(dock)
    column.setContentsMargins(0, 0, 0, 0)
    footer = DockFooter()
    column.addWidget(footer)
    footer.offer_critical(offered=True)
    dock.setFixedWidth(400)
    dock.show()
    qtbot.waitUntil(lambda: footer.finish.shown_key == "Ctrl ↵", timeout=5000)
    assert footer.critical.text() == "危急值"
    assert footer.critical.accessibleName() == "危急值"
    assert footer.width() == 400
    dock.setFixedWidth(320)
    qtbot.waitUntil(lambda: footer.finish.shown_key == "" and footer.width() == 320, timeout=5000)
    for button in (footer.critical, footer.report, footer.finish):
        assert button.width() >= button.sizeHint().width()
