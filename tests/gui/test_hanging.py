"""Studies hang by their protocol: stages by key, mammograms back to back, empty cells with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.comparing import ComparingBench, case_of, ct_study, mammogram_study, shipped
from viewers.scene.mpr_scene import MprScene
from viewers.scene.note_scene import NoteScene
from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene
from workstation.domain.study import Study
from workstation.ui.hanging_words import stage_title
from workstation.ui.images.volume_views import VOLUME
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.tiling import STACK, Layout

pytestmark = pytest.mark.gui

VIEWS = {("R", "CC"): ("P", "L"), ("L", "CC"): ("A", "R"), ("R", "MLO"): ("P", "F"), ("L", "MLO"): ("A", "F")}


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

    def build(study: Study, images: dict[str, object], **more: object) -> ComparingBench:
        bench = ComparingBench(case_of(study, images), **more)  # type: ignore[arg-type] # passed on as given
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
    qtbot.waitUntil(lambda: bench.source.asked != [])
    bench.deliver_everything(qtbot.waitUntil)
    grid = bench.page.grid
    qtbot.waitUntil(lambda: all(grid.frames[key].isVisible() for key in grid.visible_keys()))
    return bench


def with_planes(qtbot: QtBot, bench: ComparingBench) -> ComparingBench:
    """Let everything arrive and wait for the planes and the 3D view of the series on screen."""
    if bench.desk.session is None:
        bench.open(qtbot.waitUntil)
    bench.deliver_everything(qtbot.waitUntil)
    qtbot.waitUntil(lambda: bench.page.has_volume() and not any(isinstance(one, NoteScene) for one in scenes(bench)))
    return bench


def press(bench: ComparingBench, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    bench.page.grid.active.canvas.setFocus()
    QTest.keyClick(bench.page.grid.active.canvas, key, held)


def scenes(bench: ComparingBench) -> list[Scene]:
    found = [bench.page.grid.frames[key].scene for key in bench.page.grid.visible_keys()]
    return [one for one in found if one is not None]


def views(bench: ComparingBench) -> list[SliceView]:
    grid = bench.page.grid
    found = [grid.frames[key].scene.view(grid.frames[key].canvas.viewport) for key in grid.visible_keys()]  # type: ignore[union-attr]
    assert all(one is not None for one in found)
    return [one for one in found if one is not None]


def stage_name(bench: ComparingBench) -> str:
    stage = bench.comparison.hanging.stage
    return stage.name if stage is not None else ""


def test_a_chest_ct_hangs_in_the_lung_window_and_the_stages_go_by_full_stop_and_comma(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = with_planes(qtbot, make(*ct_study("1.2.3", "20261121", frame="1.5")))
    told: list[str] = []
    bench.page.toast.connect(told.append)
    assert (stage_name(bench), bench.page.grid.visible_keys()) == ("planes", (STACK, "coronal", "sagittal", VOLUME))
    assert [(one.window.width, one.window.centre) for one in scenes(bench)[:3]] == [(1500, -600)] * 3
    assert bench.page.header.presets.text() == "Lung 1500/−600"

    press(bench, Qt.Key.Key_Period)
    assert (stage_name(bench), bench.page.grid.visible_keys()) == ("lung", (STACK,))
    press(bench, Qt.Key.Key_Period)
    assert [(one.window.width, one.window.centre) for one in scenes(bench)] == [(1500, -600), (350, 40)]
    assert told[-1] == "Chest CT · Lung + mediastinum (3 / 3)"

    press(bench, Qt.Key.Key_Comma)
    press(bench, Qt.Key.Key_Comma)
    press(bench, Qt.Key.Key_Comma)
    assert (stage_name(bench), told[-1]) == ("planes", "First stage")


def test_the_name_of_a_stage_does_not_outlive_the_stage(qtbot: QtBot, make: Callable[..., ComparingBench]) -> None:
    bench = with_planes(qtbot, make(*ct_study("1.2.3", "20261121", frame="1.5")))
    told: list[str] = []
    over: list[str] = []
    bench.page.toast.connect(told.append)
    bench.page.toast_over.connect(lambda text: over.append(text) if text else None)
    press(bench, Qt.Key.Key_Period)
    bench.page.grid.choose_layout(Layout.ONE)
    assert over == told
    assert len(told) == 1
    press(bench, Qt.Key.Key_Period)
    press(bench, Qt.Key.Key_Comma)
    assert over == told[:-1]


def test_the_planes_beside_the_stack_are_10_mm_projections_and_thin_again_elsewhere(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = with_planes(qtbot, make(*ct_study("1.2.3", "20261121", frame="1.5")))
    slabs = [one.slab.text() for one in scenes(bench) if isinstance(one, MprScene)]
    assert slabs == ["MIP 10 mm", "MIP 10 mm"]
    assert bench.page.grid.frame("coronal").header.text.mode == "MIP 10 mm · Lung"


def test_the_name_of_the_window_above_a_picture_is_that_of_the_picture(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = opened(qtbot, make(*ct_study("1.2.3", "20261121", frame="1.5")))
    grid = bench.page.grid
    press(bench, Qt.Key.Key_3)
    assert grid.frame(STACK).header.text.mode == "Mediastinum"
    press(bench, Qt.Key.Key_Period)
    assert (grid.frame(STACK).scene.window.width, grid.frame(STACK).header.text.mode) == (1500, "Lung")  # type: ignore[union-attr] # a stack


def test_the_header_names_the_window_that_the_image_brought_along(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5", description="knee")
    knee = replace(study, description="knee", series=(replace(study.series[0], body_part="KNEE"),))
    stored = {uid: replace(image, voi=Window(centre=50, width=250)) for uid, image in images.items()}
    bench = opened(qtbot, make(knee, stored))
    assert bench.page.header.presets.text() == "W 250 L 50"


def test_a_chest_ct_that_makes_no_volume_hangs_as_a_stack_alone(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    one = opened(qtbot, make(*ct_study("1.2.3", "20261121", frame="1.5", slices=1)))
    assert (stage_name(one), one.page.grid.visible_keys()) == ("lung", (STACK,))

    study, images = ct_study("1.2.4", "20261121", frame="1.5")
    lost = tuple(replace(each, plane=None) for each in study.series[0].instances)
    nowhere = replace(study, series=(replace(study.series[0], instances=lost),))
    bench = make(nowhere, {uid: replace(image, plane=None) for uid, image in images.items()})
    bench.open(qtbot.waitUntil)
    assert stage_name(bench) == "planes"
    bench.deliver_everything(qtbot.waitUntil)
    qtbot.waitUntil(lambda: stage_name(bench) == "lung")
    assert bench.page.grid.visible_keys() == (STACK,)


def test_another_series_takes_its_planes_with_it(qtbot: QtBot, make: Callable[..., ComparingBench]) -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.4", "20261121", frame="1.5", description="纵隔窗")
    bench = with_planes(qtbot, make(replace(study, series=(*study.series, *other.series)), images | more))
    bench.page.series_requested.emit("1.2.4.2")
    with_planes(qtbot, bench)
    assert [one.series_instance_uid for one in scenes(bench)[:3]] == ["1.2.4.2"] * 3
    assert bench.page.grid.visible_keys() == (STACK, "coronal", "sagittal", VOLUME)


def test_keys_act_on_the_picture_where_only_one_of_four_sequences_was_made(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5", description="t1 post")
    mr = replace(study, series=(replace(study.series[0], modality="MR", body_part="HEAD"),))
    bench = opened(qtbot, make(mr, images))
    assert (stage_name(bench), bench.page.grid.visible_keys()) == ("1", (STACK,))
    press(bench, Qt.Key.Key_Comma)
    assert stage_name(bench) == "T2 FLAIR DWI T1"
    assert isinstance(bench.page.grid.active.scene, StackScene)


def test_both_windows_of_one_series_keep_their_own_window_and_scroll_together(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = opened(qtbot, make(*ct_study("1.2.3", "20261121", frame="1.5")))
    press(bench, Qt.Key.Key_Period)
    press(bench, Qt.Key.Key_Period)
    first, second = scenes(bench)
    press(bench, Qt.Key.Key_4)
    assert (first.window.width, second.window.width) == (2000, 350)
    press(bench, Qt.Key.Key_Home)
    assert (first.index, second.index) == (0, 0)


def test_a_series_that_stood_in_two_windows_shares_its_window_again_where_it_stands_once(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.4", "20261121", frame="1.5", description="纵隔窗")
    bench = with_planes(
        qtbot, opened(qtbot, make(replace(study, series=(*study.series, *other.series)), images | more))
    )
    press(bench, Qt.Key.Key_2, Qt.KeyboardModifier.ShiftModifier)
    bench.deliver_everything(qtbot.waitUntil)
    links = bench.page.grid.links
    qtbot.waitUntil(lambda: len(scenes(bench)) == 2 and all(links.is_linked(one) for one in scenes(bench)))
    press(bench, Qt.Key.Key_4)
    assert [one.window.width for one in scenes(bench)] == [2000, 2000]


def test_the_planes_of_a_stage_follow_when_the_volume_is_built(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    bench = make(*ct_study("1.2.3", "20261121", frame="1.5"))
    bench.open(qtbot.waitUntil)
    bench.streams.made[0].deliver(6)
    qtbot.waitUntil(bench.page.has_image)
    assert stage_name(bench) == "planes"
    stack, coronal, _sagittal, volume = scenes(bench)
    assert isinstance(stack, StackScene)
    assert isinstance(coronal, NoteScene)
    assert isinstance(volume, NoteScene)
    assert coronal.text == "This plane follows when all slices are here"
    assert volume.text == "The 3D view follows when all slices are here"
    assert with_planes(qtbot, bench).page.grid.visible_keys() == (STACK, "coronal", "sagittal", VOLUME)


def test_four_mammograms_hang_back_to_back_whichever_way_they_were_stored(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    mirrored = {("R", "CC"): ("A", "R"), ("L", "CC"): ("P", "R"), ("R", "MLO"): ("A", "F"), ("L", "MLO"): ("P", "H")}
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", mirrored)))
    assert stage_name(bench) == "CC"
    right, left = views(bench)
    assert right.letters() == {"left": "A", "right": "P", "top": "R", "bottom": "L"}
    assert left.letters() == {"left": "P", "right": "A", "top": "L", "bottom": "R"}
    # the chest walls meet: the stored column at the wall lies at the edge between both cells
    walls = [max(right.transform.apply(c, 0)[0] for c in (-0.5, 299.5)),
             min(left.transform.apply(c, 0)[0] for c in (-0.5, 299.5))]  # fmt: skip
    assert walls == pytest.approx([right.viewport[0], 0.0])
    assert right.magnification == pytest.approx(left.magnification)

    press(bench, Qt.Key.Key_Period)
    assert stage_name(bench) == "MLO"
    bench.deliver_everything(qtbot.waitUntil)
    assert [one.letters()["bottom"] for one in views(bench)] == ["F", "F"]


def test_a_reset_mammogram_lies_as_it_was_hung_and_is_not_called_mirrored(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    mirrored = {("R", "CC"): ("A", "R"), ("L", "CC"): ("P", "R"), ("R", "MLO"): ("A", "F"), ("L", "MLO"): ("P", "H")}
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", mirrored)))
    key, scene = bench.page.grid.visible_keys()[1], scenes(bench)[1]
    hung = scene.state.camera
    assert hung.flipped

    def said() -> list[str]:
        captions = scene.frame(bench.page.grid.frame(key).canvas.viewport).overlay.captions
        return [one.text for one in captions if one.text == "Mirrored"]

    bench.page.grid.activate(key)
    scene.set_camera(hung.flipped_horizontally().zoomed(3.0))
    assert said() == ["Mirrored"]
    press(bench, Qt.Key.Key_Space)
    assert scene.state.camera == hung
    assert said() == []

    scene.set_camera(hung.zoomed(3.0))
    bench.page.resize(1366, 768)
    qtbot.waitUntil(lambda: scene.hung_camera != hung)
    press(bench, Qt.Key.Key_Space)
    wall = min(views(bench)[1].transform.apply(column, 0)[0] for column in (-0.5, 299.5))
    assert wall == pytest.approx(0.0)


def test_four_mammograms_in_one_series_hang_the_same(qtbot: QtBot, make: Callable[..., ComparingBench]) -> None:
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", dict(VIEWS), one_series=True)))
    assert [one.letters()["right"] for one in views(bench)] == ["P", "A"]
    shown = [one.image(one.index).sop_instance_uid for one in scenes(bench)]  # type: ignore[attr-defined] # stacks
    assert shown == ["1.2.3.1.1", "1.2.3.2.1"]


def test_a_view_that_was_not_taken_says_so_in_its_cell(qtbot: QtBot, make: Callable[..., ComparingBench]) -> None:
    study, images = mammogram_study("1.2.3", "20261121", dict(VIEWS))
    # the left CC is there, but without pixels: a broken object
    broken = replace(study.series[1], instances=(replace(study.series[1].instances[0], rows=0),))
    bench = make(replace(study, series=(study.series[0], broken, *study.series[2:])), images)
    bench.open(qtbot.waitUntil)
    bench.deliver_everything(qtbot.waitUntil)
    second = scenes(bench)[1]
    frame = bench.page.grid.frames[bench.page.grid.visible_keys()[1]]
    assert second.frame(frame.canvas.viewport).overlay.message == "The study has no such images: MG L CC"


def test_two_and_four_views_by_key_and_back_to_one(qtbot: QtBot, make: Callable[..., ComparingBench]) -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.4", "20261121", frame="1.5", description="纵隔窗")
    both = replace(study, series=(*study.series, *other.series))
    bench = opened(qtbot, make(both, images | more))
    shift = Qt.KeyboardModifier.ShiftModifier
    press(bench, Qt.Key.Key_2, shift)
    assert [one.series_instance_uid for one in scenes(bench)] == ["1.2.3.2", "1.2.4.2"]
    press(bench, Qt.Key.Key_3, shift)
    assert [type(one).__name__ for one in scenes(bench)] == ["StackScene", "StackScene", "NoteScene", "NoteScene"]
    press(bench, Qt.Key.Key_1, shift)
    assert (bench.page.grid.layout_choice, bench.page.grid.visible_keys()) == (Layout.ONE, (STACK,))
    press(bench, Qt.Key.Key_Period)
    assert stage_name(bench) == "planes"


def test_another_series_takes_the_place_of_the_last_one_and_the_other_cell_stays(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.4", "20261121", frame="1.5", description="纵隔窗")
    bench = opened(qtbot, make(replace(study, series=(*study.series, *other.series)), images | more))
    press(bench, Qt.Key.Key_Period)
    press(bench, Qt.Key.Key_Period)
    bench.page.series_requested.emit("1.2.4.2")
    assert [one.series_instance_uid for one in scenes(bench)] == ["1.2.4.2", "1.2.3.2"]


def levels(bench: ComparingBench) -> list[float]:
    planes = [one.plane for one in views(bench)]
    return [plane.origin[2] for plane in planes if plane is not None]


def test_two_series_of_one_study_open_at_the_same_place_in_the_patient(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    # 0 to 55 mm and 10 to 65 mm: the middles lie 10 mm apart
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.4", "20261121", frame="1.5", first_mm=10.0)
    second = replace(other.series[0], series_number=3)
    bench = opened(qtbot, make(replace(study, series=(*study.series, second)), {**images, **more}))
    bench.comparison.hanging.views(1, 2)
    bench.deliver_everything(qtbot.waitUntil)
    qtbot.waitUntil(lambda: all(one.has_window for one in scenes(bench)))
    assert [one.series_instance_uid for one in scenes(bench)] == ["1.2.3.2", "1.2.4.2"]
    qtbot.waitUntil(lambda: levels(bench) == [30.0, 30.0])

    press(bench, Qt.Key.Key_Home)
    press(bench, Qt.Key.Key_L)  # unlinked, it opens and stays where the reader leaves it
    at = levels(bench)[1]
    press(bench, Qt.Key.Key_End)
    assert levels(bench) == [55.0, at]


def test_the_window_box_names_the_window_of_the_mammogram_that_is_on_screen_in_every_stage(
    qtbot: QtBot, make: Callable[..., ComparingBench]
) -> None:
    study, images = mammogram_study("1.2.3", "20261121", dict(VIEWS))
    stored = {uid: replace(one, voi=Window(3000.0 + n, 1000.0 + n)) for n, (uid, one) in enumerate(images.items())}
    bench = opened(qtbot, make(study, stored))
    for _stage in range(3):
        press(bench, Qt.Key.Key_Period)
        bench.deliver_everything(qtbot.waitUntil)
        qtbot.waitUntil(lambda: all(one.has_window for one in scenes(bench)))
        scene = bench.page.grid.active.scene
        assert scene is not None
        wanted = f"W {scene.window.width:.0f} L {scene.window.centre:.0f}"
        assert scene.window.width in {1000.0, 1001.0, 1002.0, 1003.0}
        assert bench.page.header.presets.text() == wanted


def test_nothing_of_a_closed_case_stays_in_any_cell(qtbot: QtBot, make: Callable[..., ComparingBench]) -> None:
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", dict(VIEWS))))
    bench.desk.close()
    assert all(frame.scene is None for frame in bench.page.grid.frames.values())
    assert bench.comparison.hanging.cells == []


def test_every_shipped_stage_is_called_by_words_not_by_numbers() -> None:
    titles = {stage_title(stage) for protocol in shipped() for stage in protocol.stages}
    assert {"One view", "Two views", "Four views", "CC + MLO with prior"} <= titles
    assert [title for title in titles if not any(letter.isalpha() for letter in title)] == []
