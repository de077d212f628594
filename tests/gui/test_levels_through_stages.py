"""Stages of a PET/CT follow one another at the level that the reader has come to; going back returns to the slice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.test_fusion import FRAME
from tests.gui.test_hanging import _english, make, press, stage_name  # noqa: F401 - fixtures
from tests.gui.test_hung_cells import pet_ct_bench, pictures
from tests.helpers.comparing import ComparingBench
from viewers.scene.linking import displayed_plane
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scene import Scene
from viewers.scene.volume_scene import VolumeScene

pytestmark = pytest.mark.gui

Make = Callable[..., ComparingBench]


def level(scene: Scene) -> float:
    """Return the height of an axial slice, else of the crosshair in a plane across or a rendering."""
    plane = displayed_plane(scene)
    if isinstance(scene, MprScene) and scene.plane is not MprPlane.AXIAL:
        assert scene.crosshair is not None
        return scene.crosshair[2]
    assert plane is not None
    return plane.origin[2]


def levels(qtbot: QtBot, bench: ComparingBench, stage: str) -> list[float]:
    """Return the levels of the pictures of a stage once all are there, without the rendering of the PET."""
    assert stage_name(bench) == stage
    return [level(one) for one in pictures(qtbot, bench) if not isinstance(one, VolumeScene)]


@pytest.mark.parametrize("index", [0, 3, 16])
def test_planes_and_stacks_of_every_stage_stand_at_the_level_that_the_reader_has_come_to(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
    index: int,
) -> None:
    """Slices of the CT lie 6 mm apart from -27 mm on, those of the PET 3.3 mm."""
    bench = pet_ct_bench(make, FRAME)
    bench.open(qtbot.waitUntil)
    pictures(qtbot, bench)
    bench.page.grid.frame("stack").scroll_to(index)
    at = -27.0 + 6.0 * index
    ct, pet, fused = levels(qtbot, bench, "PET-CT")
    assert [ct, fused] == pytest.approx([at, at])
    assert pet == pytest.approx(at, abs=3.3 / 2)

    press(bench, Qt.Key.Key_Period)
    assert levels(qtbot, bench, "fused planes") == pytest.approx([at, at, at])
    press(bench, Qt.Key.Key_Period)
    assert levels(qtbot, bench, "CT + PET") == pytest.approx([at, pet])
    press(bench, Qt.Key.Key_Comma)
    assert levels(qtbot, bench, "fused planes") == pytest.approx([at, at, at])
    press(bench, Qt.Key.Key_Comma)
    assert levels(qtbot, bench, "PET-CT") == pytest.approx([at, pet, at])
    stack = bench.page.grid.stack
    assert stack is not None
    assert stack.index == index


def test_a_level_come_to_in_the_planes_is_kept_by_the_stacks_of_the_other_stages(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = pet_ct_bench(make, FRAME)
    bench.open(qtbot.waitUntil)
    pictures(qtbot, bench)
    press(bench, Qt.Key.Key_Period)
    pictures(qtbot, bench)
    bench.page.grid.frame("cell.0").scroll_to(4)
    assert levels(qtbot, bench, "fused planes") == pytest.approx([-3.0, -3.0, -3.0])
    press(bench, Qt.Key.Key_Comma)
    assert levels(qtbot, bench, "PET-CT") == pytest.approx([-3.0, -3.0, -3.0], abs=3.3 / 2)
    press(bench, Qt.Key.Key_Period)
    assert levels(qtbot, bench, "fused planes") == pytest.approx([-3.0, -3.0, -3.0])


@pytest.mark.parametrize("active", ["stack", "cell.1", "cell.3"])
def test_planes_that_come_with_a_stage_all_stand_at_the_crosshair_whatever_is_in_hand(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
    active: str,
) -> None:
    bench = pet_ct_bench(make, FRAME)
    bench.open(qtbot.waitUntil)
    pictures(qtbot, bench)
    grid = bench.page.grid
    grid.show_point((-50.3, 10.6, 31.2))
    grid.activate(active)
    press(bench, Qt.Key.Key_Period)
    assert stage_name(bench) == "fused planes"
    planes = [one for one in pictures(qtbot, bench) if isinstance(one, MprScene)]
    assert [one.crosshair for one in planes] == [pytest.approx((-50.3, 10.6, 31.2))] * len(planes)
    assert {one.plane for one in planes} == set(MprPlane)


def test_planes_stand_at_the_slice_that_was_scrolled_to_after_the_crosshair_was_put(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    """Slices of the CT lie 6 mm apart from -27 mm on: the second lies at -21 mm."""
    bench = pet_ct_bench(make, FRAME)
    bench.open(qtbot.waitUntil)
    pictures(qtbot, bench)
    grid = bench.page.grid
    grid.show_point((-50.3, 10.6, 31.2))
    grid.activate("stack")
    grid.frame("stack").scroll_to(1)
    press(bench, Qt.Key.Key_Period)
    planes = [one for one in pictures(qtbot, bench) if isinstance(one, MprScene)]
    assert [one.crosshair for one in planes] == [pytest.approx((-50.3, 10.6, -21.0))] * 3
