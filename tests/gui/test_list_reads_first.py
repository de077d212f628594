"""Who looks before the AI is shown is not told in the list either what it found; order and clocks stay (ADR 0022)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from resources.translation import ENGLISH, language, use_language
from tests.gui.test_objects_read_first import ReadFirstBench, bench, opened  # noqa: F401 - fixtures
from tests.helpers.fakes_ui import EXPERT, NOW, FakeWorklist, evening_list
from workstation.domain.workitem import ReadingState, WorklistTab
from workstation.services.jobs import JobRunner
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.worklist_page import WorklistPage
from workstation.ui.pages.worklist_presenter import WorklistPresenter
from workstation.ui.report_steps import steps
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.worklist_columns import COLUMNS, Column, Order

pytestmark = pytest.mark.gui

_TOLD = re.compile(r"\bmarks?\b|top \d|No finding|of 10")


@pytest.fixture
def jobs(qapp: QApplication) -> Iterator[JobRunner]:
    before = language()
    use_language(ENGLISH)
    apply_theme(qapp)
    runner, main_thread = runner_on_main_thread()
    yield runner
    main_thread.close()
    runner.close()
    use_language(before)


def page_of(qtbot: QtBot, jobs: JobRunner, *, looks_first: bool) -> WorklistPage:
    unsigned = [row for row in evening_list() if row.state is not ReadingState.FINAL]
    presenter = WorklistPresenter(
        FakeWorklist(unsigned), jobs, actor=lambda: EXPERT, transaction_uid=lambda _user, ups: ups,
        now=lambda: NOW, read_first=lambda actor: looks_first and actor is EXPERT,
    )  # fmt: skip
    presenter.set_query(tab=WorklistTab.ALL)  # the evening has cases of every tab
    page = WorklistPage(presenter)
    qtbot.addWidget(page)
    page.resize(1856, 1052)
    page.show()
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() > 0)
    return page


def said_of_ai(page: WorklistPage) -> dict[str, str]:
    """Return the AI column by Patient's Name."""
    column = COLUMNS.index(Column.AI)
    return {row.patient_name: str(page.model.data(page.model.index(at, column)))
            for at, row in enumerate(page.model.rows())}  # fmt: skip


def test_a_reader_who_looks_first_sees_that_the_pre_read_is_done_and_not_what_it_found(
    qtbot: QtBot, jobs: JobRunner
) -> None:
    page = page_of(qtbot, jobs, looks_first=True)
    said = said_of_ai(page)

    assert {said[name] for name in ("张建国", "陈秀英", "周丽华", "Aibek Nurlan")} == {"Done · read first"}
    assert said["赵晓梅"] == "— not applicable"
    assert not [words for words in said.values() if _TOLD.search(words)]
    page.table.selectRow(0)
    shown = [one.text() for one in page.preview.findChildren(QLabel) if one.isVisibleTo(page)]
    assert "The pre-read is done. The case shows it after your own look." in shown
    assert not [words for words in shown if _TOLD.search(words)]
    assert page.filters.with_ai.isHidden()
    page.close_page()


def test_the_order_of_urgency_is_the_same_for_who_looks_first_and_tells_nothing_of_the_ai(
    qtbot: QtBot, jobs: JobRunner
) -> None:
    told, kept = (page_of(qtbot, jobs, looks_first=first) for first in (False, True))

    assert [row.patient_name for row in kept.model.rows()] == [row.patient_name for row in told.model.rows()]
    assert said_of_ai(told)["Aibek Nurlan"] == "4 marks · top 8/10"
    waiting = [row for row in kept.model.rows() if row.ai.withheld and row.ai.state.value == "done"]
    assert Order(Column.AI).sorted(waiting) == waiting
    told.close_page()
    kept.close_page()


def test_a_filter_of_ai_findings_ends_where_its_reader_begins_to_look_first(qtbot: QtBot, jobs: JobRunner) -> None:
    roles: set[str] = set()
    presenter = WorklistPresenter(
        FakeWorklist(evening_list()), jobs, actor=lambda: EXPERT, transaction_uid=lambda _user, ups: ups,
        now=lambda: NOW, read_first=lambda _actor: bool(roles),
    )  # fmt: skip
    page = WorklistPage(presenter)
    qtbot.addWidget(page)
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() > 0)
    every = [row.patient_name for row in page.model.rows()]
    presenter.set_query(with_ai_findings=True)
    qtbot.waitUntil(lambda: page.model.rowCount() < len(every))

    roles.add("expert")
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == len(every))

    assert [row.patient_name for row in page.model.rows()] == every
    assert not presenter.query.with_ai_findings
    assert not page.filters.with_ai.isChecked()
    assert page.filters.clear.isHidden()
    page.close_page()


def test_a_signed_case_tells_what_the_ai_found(qtbot: QtBot, jobs: JobRunner) -> None:
    rows = [replace(row, state=ReadingState.FINAL) for row in evening_list()[:1]]
    presenter = WorklistPresenter(
        FakeWorklist(rows), jobs, actor=lambda: EXPERT, transaction_uid=lambda _user, ups: ups, now=lambda: NOW,
        read_first=lambda _actor: True,
    )  # fmt: skip
    page = WorklistPage(presenter)
    qtbot.addWidget(page)
    page.tabs.pick(WorklistTab.ALL)
    qtbot.waitUntil(lambda: page.model.rowCount() > 0)

    assert said_of_ai(page) == {"张建国": "1 mark · top 9/10"}
    page.close_page()


def test_the_way_of_an_open_case_does_not_count_the_marks_before_they_are_shown(
    qtbot: QtBot,
    bench: ReadFirstBench,  # noqa: F811 - a fixture
) -> None:
    opened(qtbot, bench, read_first=True)

    def note() -> str:
        return next(step.note for step in steps(bench.session) if step.word == "AI pre-read")

    assert bench.session.ai_hidden
    assert note() == ""
    bench.page.findings.ai.gate.button.click()
    qtbot.waitUntil(lambda: not bench.session.ai_hidden)
    assert note() == "AI marks: 1"
