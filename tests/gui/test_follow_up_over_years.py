"""A nodule over all studies of the patient: every study is offered, confirmed sizes only are told and reported."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.test_follow_up import ALT, aligned, key, states
from tests.helpers.follow_up import OLD_UID, FollowUpBench
from workstation.dicom.sr.report_words import compared_with, comparison_sentence
from workstation.domain.follow_up import PairState
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.nodule_timeline import NoduleTimeline, TimelineFacts, TimelineRow

pytestmark = pytest.mark.gui

OLDER = {"20240301": (6.0, OLD_UID), "20230110": (5.0, "2.25.555")}


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[FollowUpBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = FollowUpBench(older=OLDER)
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.page.activateWindow()
    yield made
    made.close()


def followed(qtbot: QtBot, bench: FollowUpBench) -> FollowUpBench:
    aligned(qtbot, bench)
    qtbot.waitUntil(lambda: len(bench.view.history.studies) == 3 and states(bench)[0][1] is PairState.PROPOSED)
    bench.view.choose("1.2.3.7.1")
    return bench


def rows(bench: FollowUpBench) -> list[tuple[str, ...]]:
    return [row.cells for row in bench.view.panel.timeline.facts.rows]


def told(bench: FollowUpBench) -> list[str]:
    return [one.fact for one in bench.page.notices.notices() if one.fact.startswith("Former reports")]


def test_of_many_studies_the_first_and_the_newest_stand_in_the_table(qtbot: QtBot) -> None:
    widget = NoduleTimeline()
    qtbot.addWidget(widget)
    widget.resize(340, widget.height())
    rows = tuple(TimelineRow((f"20{n}-01-01", "6.0", "113", "", "3"), 400 * n, 6.0) for n in range(10, 19))
    widget.show_facts(TimelineFacts("Over 9 studies", rows))
    whole = widget.height()
    widget.grab()

    # title, spark line, heads, the first, those between, and the four newest
    assert whole == 28 + 64 + 7 * 20 + 4
    assert widget.accessibleName().count("113") == 9
    widget.set_compact(compact=True)
    assert widget.height() == whole - 64


def test_every_earlier_study_with_nodules_is_offered_and_the_one_on_screen_is_marked(
    qtbot: QtBot, bench: FollowUpBench
) -> None:
    followed(qtbot, bench)
    chooser = bench.view.panel.studies

    assert [chooser.itemText(at) for at in range(chooser.count())] == [
        "2025-12-08 · nodules: 1", "2024-03-01 · nodules: 1", "2023-01-10 · nodules: 1"
    ]  # fmt: skip
    assert chooser.currentData() == "1.9.1"
    key(bench, Qt.Key.Key_H, ALT)
    qtbot.waitUntil(lambda: bench.view.panel.studies.currentData() == "1.9.2")
    assert bench.view.panel.heading_text().startswith("Prior 2024-03-01")


def test_sizes_of_former_studies_count_once_the_pair_is_confirmed_and_not_before(
    qtbot: QtBot, bench: FollowUpBench
) -> None:
    followed(qtbot, bench)
    timeline = bench.view.panel.timeline
    assert (rows(bench), timeline.facts.hint) == ([], "Confirm the pair: only confirmed ones are counted")
    assert bench.view.panel.tell.toolTip() == "Confirm a pair first: only confirmed sizes enter the report"
    key(bench, Qt.Key.Key_Return)
    bench.view.choose(OLD_UID)

    # solid in the former reports: 3 at first, then slow growth over 647 days, which the reader judges
    # 113.1 mm³ is under the sphere of 7 mm, 179.6: what begins there is told in mm (ADR 0017), 268.1 to 606.1 mm³ in %;
    # the nodule of 2023 bears another tracking UID: nobody confirmed it
    assert rows(bench) == [
        ("2024-03-01", "6.0", "113", "", "3"),
        ("2025-12-08", "8.0", "268", "+2.0\u2009mm", "–"),
        ("2026-11-21", "10.5", "606", "+126\u2009%", "–"),
    ]  # fmt: skip
    # 6.0 to 10.5 mm in 995 days: 995 · ln 2 / (3 ln 1.75) = 411, of 12.0 / 6.0 to 9.0 / 6.0: 332 to 567
    assert [words for words, _tone in timeline.facts.lines] == [
        "Since the first +4.5\u2009mm · doubling 411 d (332–567)",
        "Last interval +126\u2009% · doubling 296 d (232–407)",
    ]  # fmt: skip
    bench.page.grab()
    key(bench, Qt.Key.Key_Backspace)
    bench.view.choose("1.2.3.7.1")
    assert rows(bench) == []


def test_the_reader_takes_the_sizes_into_the_report_and_out_again(qtbot: QtBot, bench: FollowUpBench) -> None:
    followed(qtbot, bench)
    key(bench, Qt.Key.Key_Return)
    bench.view.choose(OLD_UID)
    key(bench, Qt.Key.Key_B, ALT)
    finding = bench.session.findings.findings[0]

    assert comparison_sentence(finding, "zh_CN").endswith(
        "历次直径：2024-03-01 6.0 mm；2025-12-08 8.0 mm（268 立方毫米）；2026-11-21 10.5 mm（606 立方毫米）；"
        "995 天内变化 +4.5 mm，其余体积不作比较（结节过小），按直径计算倍增时间约 411 天（332 至 567 天）。"
    )
    assert compared_with(bench.session.findings, "zh_CN") == "与 2025-12-08、2024-03-01 的检查比较。"
    assert bench.view.panel.tell.text() == "Sizes out of the report"
    bench.page.undo_requested.emit()
    assert "历次" not in comparison_sentence(bench.session.findings.findings[0], "zh_CN")
    key(bench, Qt.Key.Key_B, ALT)
    key(bench, Qt.Key.Key_B, ALT)
    assert "历次" not in comparison_sentence(bench.session.findings.findings[0], "zh_CN")
    bench.view.choose("1.2.3.7.2")
    assert bench.view.panel.tell.toolTip() == "Confirm a pair first: only confirmed sizes enter the report"


def test_a_pair_confirmed_in_one_study_is_known_in_another_and_words_on_both_stay(
    qtbot: QtBot, bench: FollowUpBench
) -> None:
    followed(qtbot, bench)
    key(bench, Qt.Key.Key_Return)
    bench.view.panel.study_asked.emit("1.9.2")
    qtbot.waitUntil(lambda: bench.view.panel.heading_text().startswith("Prior 2024-03-01"))
    bench.deliver_everything(qtbot.waitUntil)
    qtbot.waitUntil(lambda: states(bench)[0] == (OLD_UID, PairState.CARRIED))
    assert bench.view.panel.cards[0].facts.chip.text == "Known from former reports"
    bench.view.choose(OLD_UID)
    key(bench, Qt.Key.Key_Return)
    words = bench.session.findings.findings[0].confirmed
    assert [one.prior_study_instance_uid for one in words] == ["1.9.1", "1.9.2"]
    assert len(rows(bench)) == 3
    key(bench, Qt.Key.Key_Backspace)
    assert [one.prior_study_instance_uid for one in bench.session.findings.findings[0].confirmed] == ["1.9.1"]


def test_former_reports_that_cannot_be_had_are_said_and_asked_for_again(qtbot: QtBot, bench: FollowUpBench) -> None:
    aligned(qtbot, bench)
    qtbot.waitUntil(lambda: len(bench.view.history.studies) == 3)
    history = bench.view.history
    history._asked.clear()
    history.studies = ()
    bench.archive.dead = True
    history.read()
    qtbot.waitUntil(lambda: told(bench) != [])
    assert told(bench) == ["Former reports could not be read: 线路中断"]
    assert not history.is_reading
    bench.archive.dead = False
    next(one for one in bench.page.notices.notices() if one.fact in told(bench)).actions[0].handler()
    qtbot.waitUntil(lambda: len(history.studies) == 3)
    assert told(bench) == []
    bench.desk.close()
    assert (history.studies, bench.view.panel.timeline.facts.rows) == ((), ())
