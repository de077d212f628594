"""Cells that go on showing the same are not touched when the volume comes or another series is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.test_hanging import _english, make, stage_name  # noqa: F401 - fixtures
from tests.gui.test_hung_cells import BEFORE, NOW, delivered, pictures
from tests.helpers.comparing import ComparingBench, ct_study, shipped
from tests.helpers.priors import FakeProtocols, prior
from viewers.scene.camera import Camera
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import Window
from viewers.scene.slab import Projection, Slab
from viewers.scene.stack_scene import StackScene
from workstation.domain.hanging import HangingProtocol, ProtocolMatch, Stage
from workstation.domain.hanging_cells import Cell, CellView, ImageSelector
from workstation.ui.widgets.tiling import STACK

pytestmark = pytest.mark.gui

MINE = Window(centre=50, width=350)
CLOSE = Camera(zoom=2.5, pan=(12.0, -7.0))
BESIDE = HangingProtocol(
    "beside",
    {"zh_CN": "前后", "en": "Now and then"},
    ProtocolMatch(("CT",), ("CHEST",), needs_prior=True),
    (
        Stage(
            "beside",
            2,
            2,
            (Cell(NOW), Cell(BEFORE), Cell(NOW, CellView.CORONAL), Cell(ImageSelector(("MR",)))),
            same_scale=True,
        ),
    ),
    priority=100,
)


def seen(bench: ComparingBench) -> tuple[int, Window | None, Camera, bool]:
    """Return slice, window and camera of the prior, and whether it is linked."""
    scene = bench.page.grid.frame("cell.1").scene
    assert isinstance(scene, StackScene)
    voi = scene.state.voi
    assert voi is None or isinstance(voi, Window)
    return scene.index, voi, scene.state.camera, bench.page.grid.links.takes_part(scene)


def test_the_prior_keeps_slice_window_and_camera_when_planes_come_and_another_series_is_chosen(
    qtbot: QtBot,
    make: Callable[..., ComparingBench],  # noqa: F811 - a fixture
) -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.9", "20261121", frame="1.5", description="纵隔窗")
    both = replace(study, series=(*study.series, *other.series))
    bench = make(both, images | more, protocols=FakeProtocols((BESIDE, *shipped())))
    bench.source.known = [prior("1.1.3")]
    bench.serve_prior(*ct_study("1.1.3", "20251208", frame="1.6"))
    bench.open(qtbot.waitUntil)
    grid = bench.page.grid
    qtbot.waitUntil(lambda: stage_name(bench) == "beside")
    scene = grid.frame("cell.1").scene
    assert isinstance(scene, StackScene)
    bench.streams.made[0].deliver(6)
    qtbot.waitUntil(bench.page.has_image)
    scene.scroll_to(2)
    scene.set_window(MINE)
    scene.set_camera(CLOSE)
    grid.links.set_linked(scene, linked=False)
    grid._maximise("cell.1")

    delivered(qtbot, bench, lambda: bench.page.has_volume() and "coronal" in grid.tilings["hang"].keys)
    assert (grid.frame("cell.1").scene is scene, grid.visible_keys()) == (True, ("cell.1",))
    assert seen(bench) == (2, MINE, CLOSE, False)
    case = grid.frame(STACK).scene
    assert case is not None
    case.set_window(MINE)

    bench.page.series_requested.emit("1.2.9.2")
    assert (grid.stack is not None and grid.stack.series_instance_uid) == "1.2.9.2"
    assert (grid.frame("cell.1").scene is scene, grid.visible_keys()[:2]) == (True, (STACK, "cell.1"))
    assert seen(bench) == (2, MINE, CLOSE, False)
    delivered(qtbot, bench, lambda: bench.page.has_volume() and not scene.count - len(scene.arrived))
    assert seen(bench) == (2, MINE, CLOSE, False)

    bench.desk.close()
    assert grid.frame("cell.1").scene is None


def test_who_looks_at_the_case_alone_works_on_it_when_the_layout_beside_a_prior_is_chosen_anew(
    qtbot: QtBot,
    make: Callable[..., ComparingBench],  # noqa: F811 - a fixture
) -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.9", "20261121", frame="1.5", description="纵隔窗")
    beside = replace(BESIDE, stages=(Stage("beside", 1, 2, (Cell(BEFORE), Cell(NOW))),))
    both = replace(study, series=(*study.series, *other.series))
    bench = make(both, images | more, protocols=FakeProtocols((beside, *shipped())))
    bench.source.known = [prior("1.1.3")]
    bench.serve_prior(*ct_study("1.1.3", "20251208", frame="1.6"))
    bench.open(qtbot.waitUntil)
    grid = bench.page.grid
    qtbot.waitUntil(lambda: stage_name(bench) == "beside")
    pictures(qtbot, bench)
    grid.frames[STACK].setFocus()
    grid._maximise(STACK)

    bench.page.series_requested.emit("1.2.9.2")
    pictures(qtbot, bench)
    assert (grid.visible_keys(), grid.active is grid.frame(STACK)) == ((STACK,), True)
    assert [key for key, frame in grid.frames.items() if frame.canvas.hasFocus()] == [STACK]


def test_a_cell_that_stays_empty_lays_nothing_anew_when_the_volume_comes(
    qtbot: QtBot,
    make: Callable[..., ComparingBench],  # noqa: F811 - a fixture
) -> None:
    empty = replace(BESIDE, stages=(Stage("two", 1, 2, (Cell(NOW), Cell(ImageSelector(("MR",))))),))
    alone = replace(empty, match=ProtocolMatch(("CT",), ("CHEST",)))
    bench = make(*ct_study("1.2.3", "20261121", frame="1.5"), protocols=FakeProtocols((alone,)))
    bench.open(qtbot.waitUntil)
    qtbot.waitUntil(lambda: stage_name(bench) == "two")
    laid: list[str] = []
    bench.comparison.hanging.changed.connect(lambda: laid.append("again"))
    delivered(qtbot, bench, bench.page.has_volume)
    assert laid == []


def test_another_series_stands_where_the_linked_prior_stays_with_its_planes_and_slab(
    qtbot: QtBot,
    make: Callable[..., ComparingBench],  # noqa: F811 - a fixture
) -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.9", "20261121", frame="1.5", description="纵隔窗")
    planes = Stage("planes", 1, 3, (Cell(NOW), Cell(BEFORE), Cell(BEFORE, CellView.CORONAL)))
    protocols = FakeProtocols((replace(BESIDE, stages=(planes,)), *shipped()))
    bench = make(replace(study, series=(*study.series, *other.series)), images | more, protocols=protocols)
    bench.source.known = [prior("1.1.3")]
    bench.serve_prior(*ct_study("1.1.3", "20251208", frame="1.5"))
    bench.open(qtbot.waitUntil)
    qtbot.waitUntil(lambda: stage_name(bench) == "planes")
    _mine, then, coronal = pictures(qtbot, bench)
    assert isinstance(coronal, MprScene)
    grid = bench.page.grid
    grid.frame(STACK).scroll_to(2)
    coronal.set_slab(Slab(Projection.MIP, 20.0))
    assert (grid.stack is not None and grid.stack.index, then.index) == (2, 2)

    bench.page.series_requested.emit("1.2.9.2")
    mine, *others = pictures(qtbot, bench)
    assert others == [then, coronal]
    assert (mine.series_instance_uid, mine.index, then.index) == ("1.2.9.2", 2, 2)
    assert coronal.slab == Slab(Projection.MIP, 20.0)


@pytest.mark.parametrize("way", ["finding", "image"])
def test_what_the_reader_chose_on_the_middle_slice_is_not_scrolled_away_by_the_level_of_the_prior(
    way: str,
    qtbot: QtBot,
    make: Callable[..., ComparingBench],  # noqa: F811 - a fixture
) -> None:
    """Twelve slices 5 mm apart: the other series opens at slice 6, 30 mm; the prior stands at 10 mm."""
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.9", "20261121", frame="1.5", description="纵隔窗")
    beside = Stage("two", 1, 2, (Cell(NOW), Cell(BEFORE)))
    protocols = FakeProtocols((replace(BESIDE, stages=(beside,)), *shipped()))
    bench = make(replace(study, series=(*study.series, *other.series)), images | more, protocols=protocols)
    bench.source.known = [prior("1.1.3")]
    bench.serve_prior(*ct_study("1.1.3", "20251208", frame="1.5"))
    bench.open(qtbot.waitUntil)
    qtbot.waitUntil(lambda: stage_name(bench) == "two")
    mine, then = pictures(qtbot, bench)
    delivered(qtbot, bench, lambda: bench.page.grid.links.matrix(mine, then) is not None)
    bench.page.grid.frame(STACK).scroll_to(2)
    assert then.index == 2

    shown = bench.presenter.images
    shown.show_series("1.2.9.2")
    if way == "finding":
        shown.show_point((0.0, 0.0, 30.0))
    else:
        shown.show_slice(6)
    stream = bench.streams.last
    qtbot.waitUntil(lambda: stream.started)
    stream.deliver(0)
    qtbot.waitUntil(lambda: bool(shown.frame_of_reference_uid))  # its place is known before its picture is here
    mine, _then = pictures(qtbot, bench)
    assert (mine.series_instance_uid, mine.index, then.index) == ("1.2.9.2", 6, 6)
