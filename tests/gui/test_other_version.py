"""A newer report of the centre never takes the place of a draft without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.desk import DeskBench
from workstation.domain.report import Person, Report, ReportState
from workstation.ui.notice import Notice
from workstation.ui.other_version import OtherVersion
from workstation.ui.pages.report_page import ReportPage

pytestmark = pytest.mark.gui
DRAFT = replace(cases.report(values={"impression": "右肺上叶结节"}), author=Person("expert", "王启明", ""))
STORED = replace(
    cases.report(values={"impression": "未见异常"}),
    report_uid="2.25.99",
    state=ReportState.PRELIMINARY,
    author=Person("resident", "宋佳", ""),
    updated_at=cases.NOON + timedelta(hours=1),
    revision=3,
)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[DeskBench]:
    del qtbot  # the application must stand
    made = DeskBench()
    made.drafts.kept["1.2.3", "expert"] = DRAFT
    yield made
    made.close()


def opened(bench: DeskBench, qtbot: QtBot, stored: Report) -> tuple[ReportPage, OtherVersion]:
    bench.reports.stored = stored
    bench.open(qtbot.waitUntil)
    page, presenter = bench.page()
    return page, presenter.other


def told(page: ReportPage) -> list[Notice]:
    return [notice for notice in page.notices.notices() if notice.key == "other-version"]


def impression(bench: DeskBench) -> str:
    assert bench.desk.session is not None
    return bench.desk.session.report.values["impression"]


def test_a_passed_over_draft_is_told_and_compared(qtbot: QtBot, bench: DeskBench) -> None:
    page, other = opened(bench, qtbot, STORED)
    assert told(page)[0].fact.startswith("The centre's report by 宋佳 of ")
    assert impression(bench) == "未见异常"
    told(page)[0].actions[0].handler()
    assert other.dialog is not None
    texts = [one.text() for one in other.dialog.findChildren(QLabel)]
    words = [text for text in texts if text.startswith("·")]
    assert words == ["· Impression: draft “右肺上叶结节”, report “未见异常”"]


def test_the_reader_goes_on_with_the_draft_and_back(qtbot: QtBot, bench: DeskBench) -> None:
    page, other = opened(bench, qtbot, STORED)
    for expected in ("右肺上叶结节", "未见异常"):
        other.compare()
        assert other.dialog is not None
        other.dialog.accept()
        assert impression(bench) == expected
        assert page.form.value("impression") == expected
    assert bench.desk.session is not None
    assert bench.desk.session.report.report_uid == "2.25.99"
    assert bench.desk.session.report.state is ReportState.PRELIMINARY


def test_the_same_words_on_both_sides_are_not_told(qtbot: QtBot, bench: DeskBench) -> None:
    page, _other = opened(bench, qtbot, replace(STORED, values=DRAFT.values))
    assert told(page) == []


def test_a_draft_beside_a_signed_report_is_for_comparison_only(qtbot: QtBot, bench: DeskBench) -> None:
    page, other = opened(bench, qtbot, replace(STORED, state=ReportState.FINAL))
    assert len(told(page)) == 1
    other.compare()
    assert other.dialog is not None
    other.dialog.accept()
    assert impression(bench) == "未见异常"


def test_what_the_disk_had_not_taken_is_told_too(qtbot: QtBot, bench: DeskBench) -> None:
    """The line came back with a newer revision while the words were in memory only."""
    bench.drafts.kept.clear()
    bench.desk._drafts.touch(replace(DRAFT, revision=1))
    page, _other = opened(bench, qtbot, STORED)
    assert len(told(page)) == 1
