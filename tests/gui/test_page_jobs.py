"""What a page asked for is answered to that page alone: one that has gone with its person is told nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

import pytest
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from workstation.domain.errors import Unreachable
from workstation.services.jobs import JobRunner, Pool
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.page_jobs import PageJobs
from workstation.ui.pages.page import Page

pytestmark = pytest.mark.gui


@pytest.fixture
def jobs() -> Iterator[JobRunner]:
    runner, _main = runner_on_main_thread()
    yield runner
    runner.close()


def _answered() -> str:
    return "answer"


def _refused() -> str:
    raise Unreachable("the line is dead")


def _after(qtbot: QtBot, jobs: JobRunner) -> None:
    """Wait until an answer that was asked for later has come."""
    later: list[int] = []
    jobs.submit(Pool.IO, lambda _job: 1, on_success=later.append)
    qtbot.waitUntil(lambda: later == [1])


def test_a_page_is_given_the_answer_and_shown_what_the_world_refused(qtbot: QtBot, jobs: JobRunner) -> None:
    page, told = Page(), list[str]()
    qtbot.addWidget(page)
    mine = PageJobs(page, jobs, "mine")
    mine.run(_answered, told.append)
    qtbot.waitUntil(lambda: told == ["answer"])
    mine.run(_refused, told.append)
    qtbot.waitUntil(lambda: len(page.notices.notices()) == 1)
    assert told == ["answer"]


@pytest.mark.parametrize("work", [_answered, _refused])
def test_a_page_that_went_while_its_work_was_under_way_is_told_nothing(
    qtbot: QtBot, jobs: JobRunner, work: Callable[[], str]
) -> None:
    page, told, begun, go, ended = Page(), list[str](), Event(), Event(), Event()

    def slow() -> str:
        begun.set()
        go.wait(30)
        ended.set()
        return work()

    PageJobs(page, jobs, "mine").run(slow, told.append)
    assert begun.wait(30)
    delete(page)
    go.set()
    assert ended.wait(30)
    _after(qtbot, jobs)
    _after(qtbot, jobs)
    assert told == []
