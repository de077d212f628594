"""Strength and colours of a fused cell by keyboard: the overlay's key opens the bar of the cell that is active."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.test_fusion import FRAME, OTHER
from tests.gui.test_hanging import _english, make, press  # noqa: F401 - fixtures
from tests.gui.test_hung_cells import delivered, pet_ct_bench, pictures
from tests.helpers.comparing import ComparingBench
from viewers.scene.fusion import FusedLayer, FusionLook
from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.ui.widgets.fusion_bar import FusionBar

pytestmark = pytest.mark.gui

Make = Callable[..., ComparingBench]
FUSED = "cell.2"


def opened(qtbot: QtBot, make: Make, frame: str = FRAME) -> tuple[ComparingBench, FusionBar]:  # noqa: F811 - a fixture
    bench = pet_ct_bench(make, frame)
    bench.open(qtbot.waitUntil)
    bench.page.activateWindow()
    pictures(qtbot, bench)
    return bench, bench.comparison.fused_bar.bar


def enter(bench: ComparingBench, key: str) -> None:
    """Let the keys act on a viewport."""
    bench.page.grid.activate(key)
    bench.page.grid.frame(key).canvas.setFocus()


def overlay_key(bench: ComparingBench) -> None:
    canvas = bench.page.grid.active.canvas
    QTest.keyClick(canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)


def layer(bench: ComparingBench) -> FusedLayer:
    scene = bench.page.grid.frame(FUSED).scene
    assert scene is not None
    assert scene.fused is not None
    return scene.fused


def test_strength_colours_and_scale_of_the_active_fused_cell_are_changed_without_the_mouse(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench, bar = opened(qtbot, make)
    enter(bench, FUSED)
    overlay_key(bench)
    assert (bar.isVisible(), bar.overlays.currentText() != "", bar.overlays.isEnabled()) == (True, True, False)
    assert (bar.alpha.value(), bar.colours.currentText(), bar.scales.currentText()) == (50, "Hot iron", "SUV 0\u20135")
    assert bar.words.text() == "SUVbw · same frame of reference"
    qtbot.waitUntil(bar.alpha.hasFocus)

    QTest.keyClick(bar.alpha, Qt.Key.Key_Right)
    QTest.keyClick(bar.alpha, Qt.Key.Key_Right)
    bar.colours.setFocus()
    QTest.keyClick(bar.colours, Qt.Key.Key_Down)
    assert layer(bench).look.alpha == 0.6
    assert layer(bench).look.colour_map is not ColourMap.HOT_IRON
    bar.scales.activated.emit(4)
    assert layer(bench).look.scale == ValueScale(0.0, 10.0)
    others = [frame.scene for key, frame in bench.page.grid.frames.items() if key != FUSED]
    assert [one.fused for one in others if one is not None] == [None] * sum(one is not None for one in others)

    QTest.keyClick(bar.scales, Qt.Key.Key_Escape)
    canvas = bench.page.grid.frame(FUSED).canvas
    qtbot.waitUntil(canvas.hasFocus)
    overlay_key(bench)
    assert not bar.isVisible()
    assert layer(bench).look.alpha == 0.6


def test_the_bar_follows_to_the_cell_that_is_active_and_goes_where_nothing_lies_over_one(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench, bar = opened(qtbot, make)
    enter(bench, FUSED)
    overlay_key(bench)
    bench.page.grid.activate("cell.1")
    assert not bar.isVisible()
    layer(bench).look = FusionLook(ValueScale(0.0, 8.0), ColourMap.PET, 0.75)
    bench.page.grid.activate(FUSED)
    assert (bar.isVisible(), bar.alpha.value()) == (True, 75)
    press(bench, Qt.Key.Key_1, Qt.KeyboardModifier.ShiftModifier)  # a plain layout
    assert not bar.isVisible()


def test_on_a_cell_without_an_overlay_the_key_lays_a_series_over_the_stack_as_ever(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench, bar = opened(qtbot, make)
    enter(bench, "cell.1")
    overlay_key(bench)
    assert not bar.isVisible()
    assert bench.page.view_commands.action("view.fusion").isChecked()


def test_an_overlay_that_lies_there_by_a_registration_says_so_and_is_parted_from_the_bar(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = pet_ct_bench(make, OTHER)
    bench.open(qtbot.waitUntil)
    bar, fused_cells = bench.comparison.fused_bar.bar, bench.comparison.hanging.fused
    delivered(qtbot, bench, lambda: any(one.key == "fused cell" for one in bench.page.notices.notices()))
    qtbot.waitUntil(bench.page.has_volume)
    next(one for one in bench.page.notices.notices() if one.key == "fused cell").actions[0].handler()
    qtbot.waitUntil(lambda: fused_cells.question is not None)
    assert fused_cells.question is not None
    fused_cells.question.accept()
    pictures(qtbot, bench)
    bench.page.activateWindow()  # the question had the keys
    enter(bench, FUSED)
    qtbot.waitUntil(bench.page.grid.frame(FUSED).canvas.hasFocus)
    overlay_key(bench)
    assert (bar.words.text(), bar.act.text()) == ("Overlay registered: check alignment", "Part again")
    bar.act.click()
    assert fused_cells.cell_at(FUSED) is None
    assert not bar.isVisible()
