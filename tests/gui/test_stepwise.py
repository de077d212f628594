"""Work that is too long for one turn of the window is done little by little, and at once for who cannot wait."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter, thread_time

import pytest
from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from tests.helpers import cases
from workstation.settings import ReadingSettings
from workstation.ui.jobs_qt import MainThread
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.report_form import ReportForm
from workstation.ui.widgets.tiling import STACK, Tile, Tiling


@pytest.fixture
def owner() -> QObject:
    return QObject()


def noting(done: list[int]) -> Iterator[None]:
    for number in range(5):
        done.append(number)
        yield


def test_steps_run_in_turns_of_the_window(qtbot: QtBot, owner: QObject) -> None:
    done: list[int] = []
    work = Stepwise(noting(done), owner)
    assert done == []
    with qtbot.waitSignal(work.finished):
        work.start()
    assert done == [0, 1, 2, 3, 4]
    assert work.is_done


def test_a_long_step_lets_the_window_turn_before_the_next(qtbot: QtBot, owner: QObject) -> None:
    order: list[str] = []

    def steps() -> Iterator[None]:
        for name in ("first", "second"):
            QTimer.singleShot(0, lambda name=name: order.append(f"turn after {name}"))
            order.append(name)
            until = perf_counter() + 0.02
            while perf_counter() < until:
                pass
            yield

    work = Stepwise(steps(), owner)
    with qtbot.waitSignal(work.finished):
        work.start()
    assert order.index("turn after first") < order.index("second")


def test_what_waits_shares_one_turn_and_takes_none_that_is_used_up(qtbot: QtBot, owner: QObject) -> None:
    order: list[str] = []

    def steps(name: str) -> Iterator[None]:
        for _ in range(3):
            order.append(name)
            until = thread_time() + 0.009  # more than the share of a turn
            while thread_time() < until:
                pass
            QTimer.singleShot(0, lambda: order.append("turn"))
            yield

    works = [Stepwise(steps(name), owner) for name in ("a", "b")]
    for work in works:
        work.start()
    qtbot.waitUntil(lambda: all(work.is_done for work in works))
    qtbot.waitUntil(lambda: order.count("turn") == 6)
    assert order == ["a", "turn", "b", "turn", "a", "turn", "b", "turn", "a", "turn", "b", "turn"]


def test_a_bug_in_one_answer_does_not_hold_up_the_others(qtbot: QtBot) -> None:
    told: list[str] = []

    def bug() -> None:
        raise ZeroDivisionError

    door = MainThread()
    with qtbot.capture_exceptions() as bugs:
        for callback in (lambda: told.append("first"), bug, lambda: told.append("last")):
            door.post(callback)
        qtbot.waitUntil(lambda: told == ["first", "last"])
    door.close()
    assert [kind for kind, _value, _trace in bugs] == [ZeroDivisionError]


def test_what_is_left_can_be_done_at_once(owner: QObject) -> None:
    done: list[int] = []
    work = Stepwise(noting(done), owner)
    work.finish()
    work.finish()
    assert done == [0, 1, 2, 3, 4]


def test_stopped_work_stays_undone(owner: QObject) -> None:
    done: list[int] = []
    work = Stepwise(noting(done), owner)
    work.stop()
    work.start()
    work.finish()
    assert done == []


def test_a_page_made_ahead_is_the_page_made_at_once(qtbot: QtBot) -> None:
    ahead, whole = ReadingPage(ReadingSettings(), in_steps=True), ReadingPage(ReadingSettings())
    qtbot.addWidget(ahead)
    qtbot.addWidget(whole)
    assert not ahead.building.is_done
    with qtbot.waitSignal(ahead.building.finished):
        ahead.building.start()
    assert [command.id for command in ahead.view_commands] == [command.id for command in whole.view_commands]


def test_a_form_that_nobody_sees_yet_holds_every_later_change(qtbot: QtBot) -> None:
    form = ReportForm()
    qtbot.addWidget(form)
    form.build(cases.template(), {}, read_only=False)
    form.show_values({"impression": "双肺未见异常。"})
    form.say({"impression": "Required"})
    assert form.value("impression") == "双肺未见异常。"


def test_a_form_is_whole_when_it_is_seen(qtbot: QtBot) -> None:
    form = ReportForm()
    qtbot.addWidget(form)
    form.build(cases.template(), {"impression": "a"}, read_only=False)
    form.show()
    assert form._building is not None
    assert form._building.is_done


def test_a_layout_that_a_feature_adds_has_key_menu_and_name(qtbot: QtBot) -> None:
    page = ReadingPage()
    qtbot.addWidget(page)
    page.add_layout(
        "pair",
        Tiling((Tile(STACK), Tile("prior", 1))),
        text="Prior beside",
        short="1×2",
        icon="layout-grid",
        key="Shift+2",
    )
    page.grid.choose_layout("pair")
    assert page.grid.visible_keys() == (STACK, "prior")
    assert page.view_commands.action("layout.pair").isChecked()
    assert page.view_commands.action("layout.pair") in page.header.layouts.menu.actions()
