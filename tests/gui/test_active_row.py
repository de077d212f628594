"""The list of series marks the series that tools and keys act on, after every change of the stage."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.test_hanging import VIEWS, _english, make, opened, press, scenes, stage_name
from tests.helpers.comparing import ComparingBench, mammogram_study
from tests.helpers.priors import prior

pytestmark = pytest.mark.gui
__all__ = ["_english", "make"]


def marked(bench: ComparingBench) -> list[str]:
    return [uid for uid, row in bench.page.series._rows.items() if row._selected]


def test_the_row_of_the_series_that_keys_act_on_is_marked_whatever_the_stage_shows(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", dict(VIEWS))))
    assert (stage_name(bench), marked(bench)) == ("CC", ["1.2.3.1"])
    press(bench, Qt.Key.Key_Period)
    bench.deliver_everything(qtbot.waitUntil)
    assert (stage_name(bench), marked(bench)) == ("MLO", ["1.2.3.3"])
    bench.page.grid.activate(bench.page.grid.visible_keys()[1])
    assert marked(bench) == ["1.2.3.4"]
    press(bench, Qt.Key.Key_Comma)
    bench.deliver_everything(qtbot.waitUntil)
    active = bench.page.grid.active.scene
    assert active is not None
    assert (stage_name(bench), marked(bench)) == ("CC", [active.series_instance_uid])


def test_the_series_that_was_chosen_first_comes_back_from_the_list_where_the_stage_does_not_show_it(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", dict(VIEWS))))
    press(bench, Qt.Key.Key_Period)
    bench.deliver_everything(qtbot.waitUntil)
    bench.page.series_requested.emit("1.2.3.1")
    bench.deliver_everything(qtbot.waitUntil)
    assert (scenes(bench)[0].series_instance_uid, marked(bench)) == ("1.2.3.1", ["1.2.3.1"])


def test_no_row_of_the_case_is_marked_while_keys_act_on_a_prior(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    before, former = mammogram_study("1.2.2", "20250301", dict(VIEWS))
    bench = make(*mammogram_study("1.2.3", "20261121", dict(VIEWS)))
    bench.source.known.append(prior("1.2.2", "20250301", "MG"))
    bench.serve_prior(before, former)
    bench.open(qtbot.waitUntil)
    hanging = bench.comparison.hanging
    qtbot.waitUntil(lambda: len(hanging.priors) == 1)
    hanging.views(2, 2)
    bench.deliver_everything(qtbot.waitUntil)
    bench.page.grid.activate(bench.page.grid.visible_keys()[2])
    assert marked(bench) == []
    bench.page.grid.activate(bench.page.grid.visible_keys()[0])
    assert marked(bench) == ["1.2.3.1"]
