"""A series that is chosen alone opens where the reader stood in the last one, if both lie in one frame of reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.test_hanging import _english, make  # noqa: F401 - fixtures
from tests.helpers.comparing import ComparingBench, ct_study
from workstation.ui.widgets.tiling import STACK, Layout

pytestmark = pytest.mark.gui

LAST_CHOSEN = "1.2.9.2"


def alone(
    qtbot: QtBot,
    make: Callable[..., ComparingBench],  # noqa: F811 - a fixture
    frame: str,
) -> ComparingBench:
    """Show the first of two series alone at 10 mm: slices 5 mm apart, the second series begins at −10 mm."""
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.9", "20261121", frame=frame, first_mm=-10.0, description="纵隔窗")
    bench = make(replace(study, series=(*study.series, *other.series)), images | more)
    bench.open(qtbot.waitUntil)
    bench.deliver_everything(qtbot.waitUntil)
    bench.page.grid.choose_layout(Layout.ONE)
    bench.page.grid.frame(STACK).scroll_to(2)
    return bench


def chosen(qtbot: QtBot, bench: ComparingBench, before: Callable[[], object] = lambda: None) -> int:
    """Choose the other series and return the slice that it shows once its images are here."""
    bench.page.series_requested.emit(LAST_CHOSEN)
    before()
    bench.deliver_everything(qtbot.waitUntil)
    stack = bench.page.grid.stack
    assert stack is not None
    assert stack.series_instance_uid == LAST_CHOSEN
    return stack.index


def test_another_series_of_the_frame_of_reference_opens_at_the_place_that_was_read(
    qtbot: QtBot,
    make: Callable[..., ComparingBench],  # noqa: F811 - a fixture
) -> None:
    assert chosen(qtbot, alone(qtbot, make, "1.5")) == 4  # −10 mm + 4 × 5 mm = 10 mm


def test_a_series_of_another_frame_of_reference_opens_at_its_middle(
    qtbot: QtBot,
    make: Callable[..., ComparingBench],  # noqa: F811 - a fixture
) -> None:
    bench = alone(qtbot, make, "1.7")
    bench.page.grid.frame(STACK).scroll_to(1)
    assert chosen(qtbot, bench) == 6  # of twelve


def test_who_scrolls_the_new_series_before_its_place_is_known_is_left_there(
    qtbot: QtBot,
    make: Callable[..., ComparingBench],  # noqa: F811 - a fixture
) -> None:
    bench = alone(qtbot, make, "1.5")
    bench.page.grid.frame(STACK).scroll_to(3)  # 15 mm: slice 5 of the other
    assert chosen(qtbot, bench, lambda: bench.page.grid.frame(STACK).scroll_to(1)) == 1
