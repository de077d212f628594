"""A time-line that goes with its page hears of nothing any more: the desk and the hub's answers outlive it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import shiboken6
from pytestqt.qtbot import QtBot

from workstation.domain.dispatch import TimelineEvent
from workstation.services.jobs import JobRunner, Pool
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.timelines import TimelineFollower
from workstation.ui.widgets.timeline_panel import TimelinePanel

pytestmark = pytest.mark.gui


@pytest.fixture
def jobs() -> Iterator[JobRunner]:
    runner, main_thread = runner_on_main_thread()
    yield runner
    main_thread.close()
    runner.close()


class SlowHub:
    """Answers when the gate opens."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.asked: list[str] = []

    def timeline(self, ups_instance_uid: str) -> list[TimelineEvent]:
        self.asked.append(ups_instance_uid)
        assert self.gate.wait(60)
        return []


def test_an_answer_and_a_case_that_come_after_the_page_is_gone_do_nothing(qtbot: QtBot, jobs: JobRunner) -> None:
    panel, hub = TimelinePanel(), SlowHub()
    follower = TimelineFollower(panel, hub, jobs)
    follower.follow("1.2")
    qtbot.waitUntil(lambda: hub.asked == ["1.2"])
    shiboken6.delete(panel)
    hub.gate.set()
    told = []
    jobs.submit(Pool.IO, lambda _job: None, on_success=lambda _none: told.append(1))
    qtbot.waitUntil(lambda: told == [1])
    follower.follow("1.3")
    follower.refresh()
    assert hub.asked == ["1.2"]
