"""Mammograms lie with their chest walls back to back, at one scale, whatever layout the reader chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.comparing import ComparingBench, case_of, mammogram_study
from tests.helpers.priors import prior
from viewers.scene.note_scene import NoteScene
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene
from workstation.domain.pixel_size import PixelSize
from workstation.domain.study import Study
from workstation.domain.view_modifier import ViewModifier
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.tiling import STACK, Layout

pytestmark = pytest.mark.gui

VIEWS = {("L", "CC"): ("P", "R"), ("R", "MLO"): ("A", "F"), ("L", "MLO"): ("P", "H"), ("R", "CC"): ("A", "R")}
"""Stored in a mixed order and mirrored: nothing lies as it was stored"""
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Callable[..., ComparingBench]]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made: list[ComparingBench] = []

    def build(study: Study, images: dict[str, object]) -> ComparingBench:
        bench = ComparingBench(case_of(study, images))  # type: ignore[arg-type] # passed on as given
        made.append(bench)
        qtbot.addWidget(bench.page)
        bench.page.resize(1872, 1052)
        bench.page.show()
        bench.page.activateWindow()
        return bench

    yield build
    for bench in made:
        bench.close()


def opened(qtbot: QtBot, bench: ComparingBench) -> ComparingBench:
    bench.open(qtbot.waitUntil)
    all_here(qtbot, bench)
    return bench


def all_here(qtbot: QtBot, bench: ComparingBench) -> None:
    bench.deliver_everything(qtbot.waitUntil)
    grid = bench.page.grid
    qtbot.waitUntil(lambda: all(grid.frames[key].isVisible() for key in grid.visible_keys()))
    qtbot.waitUntil(lambda: all(one is not None for one in views(bench)))


def press(qtbot: QtBot, bench: ComparingBench, key: Qt.Key, held: Qt.KeyboardModifier = SHIFT) -> None:
    bench.page.grid.active.canvas.setFocus()
    QTest.keyClick(bench.page.grid.active.canvas, key, held)
    all_here(qtbot, bench)


def views(bench: ComparingBench) -> list[SliceView | None]:
    grid = bench.page.grid
    frames = [grid.frames[key] for key in grid.visible_keys()]
    return [one.scene.view(one.canvas.viewport) for one in frames if isinstance(one.scene, StackScene)]


def named(bench: ComparingBench) -> list[str]:
    grid = bench.page.grid
    scenes = [grid.frames[key].scene for key in grid.visible_keys()]
    return [one.view_name if isinstance(one, StackScene) else "" for one in scenes]


def walls(bench: ComparingBench) -> list[str]:
    """Return the edge of its viewport that each picture's chest wall touches, by the letters and by the pixels."""
    found = []
    for view in views(bench):
        assert view is not None
        columns, rows = view.size
        edges = [view.transform.apply(x, y)[0] for x in (-0.5, columns - 0.5) for y in (-0.5, rows - 0.5)]
        left, right = min(edges), max(edges)
        letters = view.letters()
        if letters["left"] == "P" and left == pytest.approx(0.0, abs=1e-6):
            found.append("left")
        elif letters["right"] == "P" and right == pytest.approx(view.viewport[0]):
            found.append("right")
        else:
            found.append("")
    return found


def px_per_mm(bench: ComparingBench, sizes_mm: list[float]) -> list[float]:
    return [view.magnification / mm for view, mm in zip(views(bench), sizes_mm, strict=True) if view is not None]


def mixed(study: Study, images: dict[str, object], sop: str, pixel_mm: float) -> dict[str, object]:
    """Return the images with one from a detector of another pixel size."""
    size = replace(images[sop].pixel_size, spacing_mm=(pixel_mm, pixel_mm))  # type: ignore[attr-defined] # SliceImage
    return {**images, sop: replace(images[sop], pixel_size=size)}  # type: ignore[type-var] # SliceImage


def test_four_mammograms_by_key_hang_in_pairs_back_to_back_at_one_scale(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = mammogram_study("1.2.3", "20261121", VIEWS)
    # the left MLO comes from a detector of 0.05 mm: 20 mm high instead of 40
    bench = opened(qtbot, make(study, mixed(study, dict(images), "1.2.3.3.1", 0.05)))
    press(qtbot, bench, Qt.Key.Key_3)
    assert named(bench) == ["R CC", "L CC", "R MLO", "L MLO"]
    qtbot.waitUntil(lambda: walls(bench) == ["right", "left", "right", "left"])
    scales = px_per_mm(bench, [0.1, 0.1, 0.1, 0.05])
    heights = [view.viewport[1] for view in views(bench) if view is not None]
    assert scales == pytest.approx([heights[0] / 40.0] * 4)


def test_one_mammogram_alone_has_its_chest_wall_at_the_edge_and_every_series_its_own(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", VIEWS)))
    bench.page.grid.choose_layout(Layout.ONE)
    all_here(qtbot, bench)
    assert bench.page.grid.visible_keys() == (STACK,)
    shown = named(bench)[0]
    qtbot.waitUntil(lambda: walls(bench) == ["right" if shown.startswith("R") else "left"])
    for uid, name, wall in (("1.2.3.1", "L CC", "left"), ("1.2.3.2", "R MLO", "right")):
        bench.page.series_requested.emit(uid)
        all_here(qtbot, bench)
        assert named(bench) == [name]
        qtbot.waitUntil(partial(lambda expected: walls(bench) == expected, [wall]))


def test_the_mammograms_of_one_series_are_each_laid_to_their_own_chest_wall_while_scrolling(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", VIEWS, one_series=True)))
    bench.page.grid.choose_layout(Layout.ONE)
    all_here(qtbot, bench)
    for number, wall in enumerate(("left", "right", "left", "right")):
        bench.page.grid.frame(STACK).scroll_to(number)
        assert (named(bench), walls(bench)) == ([" ".join(list(VIEWS)[number])], [wall])


def test_a_maximised_mammogram_fills_the_area_with_its_wall_at_the_edge_and_goes_back_to_the_scale_of_the_stage(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", VIEWS)))
    press(qtbot, bench, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: walls(bench) == ["right", "left", "right", "left"])
    small = px_per_mm(bench, [0.1] * 4)
    key = bench.page.grid.visible_keys()[1]
    bench.page.grid.frames[key].maximise_requested.emit()
    qtbot.waitUntil(lambda: walls(bench) == ["left"])
    view = views(bench)[0]
    assert view is not None
    assert px_per_mm(bench, [0.1]) == pytest.approx([view.viewport[1] / 40.0])
    bench.page.grid.frames[key].maximise_requested.emit()
    qtbot.waitUntil(lambda: walls(bench) == ["right", "left", "right", "left"])
    assert px_per_mm(bench, [0.1] * 4) == pytest.approx(small)


def test_eight_mammograms_hang_the_prior_below_the_case_back_to_back_at_one_scale(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = mammogram_study("1.2.3", "20261121", VIEWS)
    before, former = mammogram_study("1.2.2", "20250301", VIEWS, pixel_mm=0.05)
    bench = make(study, dict(images))
    bench.source.known.append(prior("1.2.2", "20250301", "MG"))
    bench.serve_prior(before, former)
    bench.open(qtbot.waitUntil)
    hanging = bench.comparison.hanging
    qtbot.waitUntil(lambda: len(hanging.priors) == 1)
    stage = next(one for one in hanging.stages if len(one.cells) == 8)
    assert (stage.name, stage.rows, stage.columns) == ("CC + MLO / prior", 2, 4)
    hanging.show_stage(stage)
    all_here(qtbot, bench)
    assert named(bench) == ["R CC", "L CC", "R MLO", "L MLO"] * 2
    qtbot.waitUntil(lambda: walls(bench) == ["right", "left"] * 4)
    # 40 and 20 mm high, 30 and 15 mm wide: the larger one fills its cell, the others follow
    cells = [view.viewport for view in views(bench) if view is not None]
    assert px_per_mm(bench, [0.1] * 4 + [0.05] * 4) == pytest.approx([min(cells[0][0] / 30.0, cells[0][1] / 40.0)] * 8)

    press(qtbot, bench, Qt.Key.Key_3)
    assert named(bench) == ["R CC", "L CC", "R CC", "L CC"]
    assert [one.study.study_instance_uid for one in (cell.stack for cell in hanging.cells) if one is not None][-2:] == [
        "1.2.2",
        "1.2.2",
    ]
    qtbot.waitUntil(lambda: walls(bench) == ["right", "left"] * 2)


def test_of_four_views_in_one_series_the_one_being_looked_at_hangs_beside_the_same_view_of_the_prior(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = mammogram_study("1.2.3", "20261121", VIEWS, one_series=True)
    before, former = mammogram_study("1.2.2", "20250301", VIEWS, one_series=True)
    bench = make(study, dict(images))
    bench.source.known.append(prior("1.2.2", "20250301", "MG"))
    bench.serve_prior(before, former)
    bench.open(qtbot.waitUntil)
    hanging = bench.comparison.hanging
    qtbot.waitUntil(lambda: len(hanging.priors) == 1)
    all_here(qtbot, bench)
    press(qtbot, bench, Qt.Key.Key_1)
    assert bench.page.grid.active is bench.page.grid.frames[STACK]  # tools act on what is on screen
    bench.page.grid.frame(STACK).scroll_to(2)
    assert named(bench) == ["L MLO"]
    press(qtbot, bench, Qt.Key.Key_2)
    assert named(bench) == ["L MLO", "L MLO"]
    beside = [one.study.study_instance_uid for one in (cell.stack for cell in hanging.cells) if one is not None]
    assert beside == ["1.2.3", "1.2.2"]
    press(qtbot, bench, Qt.Key.Key_3)
    assert named(bench) == ["R MLO", "L MLO", "R MLO", "L MLO"]


def test_one_mammogram_of_unknown_scale_says_so_and_the_other_three_stay_at_one_scale(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = mammogram_study("1.2.3", "20261121", VIEWS)
    left_cc, _, left_mlo, _ = images
    images[left_cc] = replace(images[left_cc], pixel_size=None)
    images[left_mlo] = replace(images[left_mlo], pixel_size=PixelSize((0.05, 0.05)))
    bench = opened(qtbot, make(study, dict(images)))
    press(qtbot, bench, Qt.Key.Key_3)
    assert named(bench) == ["R CC", "L CC", "R MLO", "L MLO"]
    qtbot.waitUntil(lambda: walls(bench) == ["right", "left", "right", "left"])
    shown = [one for one in views(bench) if one is not None]
    scales = [one.magnification / mm for one, mm in zip(shown, (0.1, 1.0, 0.1, 0.05), strict=True)]
    assert [scales[0], scales[2], scales[3]] == pytest.approx([shown[0].viewport[1] / 40.0] * 3)
    assert scales[1] == pytest.approx(shown[1].viewport[1] / 400.0)  # 400 rows fill its own cell
    assert warned(bench) == [False, True, False, False]

    press(qtbot, bench, Qt.Key.Key_1)  # alone there is nothing that it could be compared with
    assert not any(warned(bench))


def test_mammograms_that_were_stored_on_their_side_stand_upright_back_to_back_with_the_others(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = mammogram_study("1.2.3", "20261121", VIEWS)
    left_cc, right_mlo, *_ = images
    parts = list(study.series)
    for at, (sop, orientation) in enumerate(((left_cc, ("R", "P")), (right_mlo, ("F", "A")))):
        images[sop] = replace(images[sop], pixels=images[sop].pixels.T.copy(), patient_orientation=orientation)
        stored = replace(parts[at].instances[0], rows=300, columns=400)
        parts[at] = replace(parts[at], instances=(stored,))
    bench = opened(qtbot, make(replace(study, series=tuple(parts)), dict(images)))
    press(qtbot, bench, Qt.Key.Key_3)
    assert named(bench) == ["R CC", "L CC", "R MLO", "L MLO"]
    qtbot.waitUntil(lambda: walls(bench) == ["right", "left", "right", "left"])
    shown = [one for one in views(bench) if one is not None]
    assert [one.letters()["bottom"] for one in shown] == ["L", "R", "F", "F"]
    assert [one.magnification / 0.1 for one in shown] == pytest.approx([shown[0].viewport[1] / 40.0] * 4)


def test_a_picture_too_small_for_the_scale_of_the_others_says_so(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = mammogram_study("1.2.3", "20261121", VIEWS)
    left_cc = next(iter(images))
    images[left_cc] = replace(images[left_cc], pixel_size=PixelSize((0.009, 0.009)))
    bench = opened(qtbot, make(study, dict(images)))
    press(qtbot, bench, Qt.Key.Key_3)
    assert named(bench) == ["R CC", "L CC", "R MLO", "L MLO"]
    qtbot.waitUntil(lambda: walls(bench) == ["right", "left", "right", "left"])
    assert warned(bench, "Far smaller than the others: not at one scale with them") == [False, True, False, False]
    assert not any(warned(bench))


def warned(bench: ComparingBench, said: str = "Scale not known: not at one scale with the others") -> list[bool]:
    scenes = [bench.page.grid.frames[key].scene for key in bench.page.grid.visible_keys()]
    return [isinstance(one, StackScene) and said in one._view_captions().warnings for one in scenes]


def test_a_spot_view_that_comes_first_in_the_study_leaves_the_cell_to_the_full_view_and_bears_its_name(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = mammogram_study("1.2.3", "20261121", VIEWS)
    extra, spot = mammogram_study("1.2.3.9", "20261121", {("L", "CC"): ("P", "R")}, pixel_mm=0.03)
    modified = replace(extra.series[0].instances[0], view_modifiers=(ViewModifier.SPOT, ViewModifier.MAGNIFICATION))
    series = replace(extra.series[0], description="L CC spot", instances=(modified,), series_number=0)
    bench = opened(qtbot, make(replace(study, series=(series, *study.series)), {**images, **spot}))
    for stage in bench.comparison.hanging.stages:
        bench.comparison.hanging.show_stage(stage)
        all_here(qtbot, bench)
        hung = [cell.hung.series for cell in bench.comparison.hanging.cells]
        assert "1.2.3.9.1" not in [one.series_instance_uid for one in hung if one is not None]
    bench.page.series_requested.emit("1.2.3.9.1")
    bench.page.grid.choose_layout(Layout.ONE)
    all_here(qtbot, bench)
    assert named(bench) == ["L CC spot magnified view"]


def test_a_view_that_is_missing_keeps_its_place_and_one_breast_alone_leaves_none(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    three = {key: one for key, one in VIEWS.items() if key != ("L", "MLO")}
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", three)))
    press(qtbot, bench, Qt.Key.Key_3)
    assert named(bench) == ["R CC", "L CC", "R MLO", ""]
    last = bench.page.grid.frames[bench.page.grid.visible_keys()[3]]
    assert isinstance(last.scene, NoteScene)
    assert last.scene.text == "The study has no such images: MG L MLO"

    left = {key: one for key, one in VIEWS.items() if key[0] == "L"}
    alone = opened(qtbot, make(*mammogram_study("1.2.4", "20261121", left)))
    press(qtbot, alone, Qt.Key.Key_2)
    assert named(alone) == ["L CC", "L MLO"]
    qtbot.waitUntil(lambda: walls(alone) == ["left", "left"])


def test_a_mammogram_that_the_reader_zoomed_stays_as_it_is_in_another_layout_of_the_window(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", VIEWS)))
    press(qtbot, bench, Qt.Key.Key_3)
    scene = bench.page.grid.active.scene
    assert scene is not None
    zoomed = scene.state.camera.zoomed(3.0)
    scene.set_camera(zoomed)
    bench.page.resize(1366, 768)
    qtbot.waitUntil(lambda: scene.hung_camera.pan != zoomed.pan)
    assert scene.state.camera == zoomed
